package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// explainJSON knows JSON documents by their members.
func explainJSON(text string, k Knowledge) []Explanation {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil
	}
	documents := parse(text)
	if events := cloudTrail(documents); len(events) > 0 {
		return explainEvents(events)
	}
	if len(documents) != 1 {
		return nil
	}
	o, ok := documents[0].(map[string]any)
	if !ok {
		return nil
	}
	switch {
	case holdsKeys(o):
		return []Explanation{aboutCredentials("AWS credentials, as JSON")}
	case hasAny(o, "idToken", "id_token", "access_token", "accessToken", "refresh_token", "refreshToken"):
		return explainTokens(o, k)
	case hasAny(o, "iss") && hasAny(o, "sub", "aud", "exp"):
		return []Explanation{aboutClaims(&jwt{claims: o, now: k.Now})}
	case hasAny(o, "alg") && hasAny(o, "kid", "typ"):
		return nil
	}
	if r := refusedJSON(o); r != nil {
		if e, ok := r.explain(); ok {
			return []Explanation{e}
		}
	}
	return nil
}

// parse reads JSON documents that stand one behind the other, as CloudTrail's and logs'
// do. What is behind the last that can be read is left.
func parse(text string) []any {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var all []any
	const most = 1000
	for len(all) < most {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) || err != nil {
			break
		}
		all = append(all, v)
	}
	return all
}

func hasAny(o map[string]any, names ...string) bool {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
}

// holdsKeys knows the documents of credential_process, of STS, of the container
// endpoint and of Identity Center's portal.
func holdsKeys(o map[string]any) bool {
	if hasAny(o, "SecretAccessKey", "secretAccessKey", "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "SessionToken", "AWS_SESSION_TOKEN") {
		return true
	}
	for _, name := range []string{"Credentials", "credentials", "roleCredentials", "AccessKey", "AssumeRoleResponse", "AssumeRoleResult"} {
		if inner, ok := o[name].(map[string]any); ok && holdsKeys(inner) {
			return true
		}
	}
	return false
}

// explainTokens is about the answer of a token endpoint, or of CreateTokenWithIAM.
func explainTokens(o map[string]any, k Knowledge) []Explanation {
	e := aboutCredentials("the answer of a token endpoint")
	e.ID, e.Causes = "credentials.token-answer", nil
	e.Means = "The tokens in it are secrets and are not shown; do not paste them anywhere. If others have seen them, sign out: tip-cli auth logout revokes the refresh token."
	if _, ok := o["awsAdditionalDetails"]; ok {
		e.Title = "the answer of CreateTokenWithIAM"
	}
	all := []Explanation{e}
	for _, name := range []string{"idToken", "id_token"} {
		if token, ok := o[name].(string); ok {
			all = append(all, explainToken(token, k)...)
		}
	}
	return all
}
