package tokensource

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// members are where JSON answers keep a token, in order of preference. An ID
// token comes first: it is what a trusted token issuer is mostly set up for.
var members = [][]string{
	{"id_token"}, {"idToken"}, // OpenID Connect, and what JavaScript clients make of it
	{"token"},
	{"access_token"}, {"accessToken"}, // OAuth 2.0; az account get-access-token
	{"value"},           // GitHub Actions' ACTIONS_ID_TOKEN_REQUEST_URL
	{"status", "token"}, // Kubernetes' ExecCredential, as kubelogin prints it
}

const jwtHint = "it must be a signed JWT, alone or as id_token, token or access_token of a JSON object"

func noJWT(description string) error {
	return &Error{Kind: KindContent, Description: description, Hint: jwtHint}
}

// JWT finds the JWT in what a program, a file or stdin gave: alone, as a JSON
// string, or in a JSON object as id_token, idToken, token, access_token,
// accessToken, value or status.token, the first of these that is not empty. A
// prefix "Bearer " and white space around are dropped.
//
// It refuses whatever is not a JWS in compact serialization with a signature
// (RFC 7515 section 3.1) whose header and payload are JSON objects (RFC 7519
// section 7.2). The error is an [*Error] and never has anything of the content.
func JWT(content secret.Value) (secret.Value, error) {
	found, err := locate(trim(content.Reveal()))
	if err != nil {
		return secret.Value{}, err
	}
	token := trim(found)
	if prefix := "bearer "; len(token) > len(prefix) && strings.EqualFold(token[:len(prefix)], prefix) {
		token = trim(token[len(prefix):])
	}
	if err := checkJWS(token); err != nil {
		return secret.Value{}, err
	}
	return secret.New(token), nil
}

// trim drops white space and a byte order mark.
func trim(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
}

// locate takes a token out of JSON.
func locate(text string) (string, error) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	var outer any
	if json.Unmarshal([]byte(text), &outer) != nil {
		return "", noJWT("what begins like JSON is not JSON")
	}
	if token, ok := outer.(string); ok {
		return token, nil
	}
	for _, path := range members {
		switch token := member(outer, path).(type) {
		case nil:
		case string:
			if token != "" {
				return token, nil
			}
		default:
			return "", noJWT(strings.Join(path, ".") + " in the JSON is not a string")
		}
	}
	return "", noJWT("the JSON has no token")
}

// member returns what is at a path of members, or nil.
func member(value any, path []string) any {
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func checkJWS(token string) error {
	parts := strings.Split(token, ".")
	switch {
	case token == "":
		return noJWT("there is no token")
	case strings.ContainsAny(token, " \t\r\n"):
		return &Error{Kind: KindContent, Description: "there is more than a token", Hint: "print the token on stdout and everything else on stderr"}
	case len(parts) == 5:
		return &Error{Kind: KindContent, Description: "the token is encrypted (JWE), and nobody but its audience can read it", Hint: "have the provider sign it without encryption"}
	case len(parts) != 3:
		return noJWT("the token is opaque, not a JWT")
	case parts[2] == "":
		return noJWT("the JWT is not signed")
	}
	for i, name := range []string{"header", "payload", "signature"} {
		part, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return noJWT("the " + name + " of the JWT is not base64url")
		}
		if name != "signature" && !isObject(part) {
			return noJWT("the " + name + " of the JWT is not a JSON object")
		}
	}
	return nil
}

func isObject(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Valid(text)
}
