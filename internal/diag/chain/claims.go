package chain

import "strings"

// KindOf says what a claim of a JWT is.
func KindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

// WellKnown is what follows an issuer in the URL of its discovery document.
const WellKnown = "/.well-known/openid-configuration"

// Discovery is the URL of an issuer's discovery document (OpenID Connect Discovery 1.0
// section 4.1).
func Discovery(issuer string) string { return strings.TrimSuffix(issuer, "/") + WellKnown }

// SameIssuer reports whether two URLs of issuers differ at most in what people get wrong
// about them: the scheme, the default port, case, slashes at the end, and the path of the
// discovery document. To AWS such issuers are two.
func SameIssuer(a, b string) bool { return bareIssuer(a) == bareIssuer(b) }

func bareIssuer(iss string) string {
	iss = strings.ToLower(strings.TrimSpace(iss))
	iss = strings.TrimPrefix(strings.TrimPrefix(iss, "https://"), "http://")
	iss = strings.TrimRight(strings.TrimSuffix(strings.TrimRight(iss, "/"), WellKnown), "/")
	host, path, _ := strings.Cut(iss, "/")
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80") + "/" + path
}
