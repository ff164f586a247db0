package bearer

import (
	"errors"
	"net/http"
	"strings"
)

// ErrNoToken means that a request has no token. An [Options.Token] of the program
// returns it for a client that did not try to authenticate.
var ErrNoToken = errors.New("the request has no bearer token")

// Why a request is refused that has a token, or nearly.
var (
	errSeveralTokens  = errors.New("the request has several tokens")
	errSeveralMethods = errors.New("the request has a token in the query besides that in Authorization (RFC 6750 section 2)")
	errTokenSyntax    = errors.New("the token is not of RFC 6750's syntax b64token")
)

// queryToken is the parameter of RFC 6750 section 2.3, which is not read.
const queryToken = "access_token"

// FromAuthorization returns the token in the request's Authorization header,
// "Bearer" b64token (RFC 6750 section 2.1), the scheme in any case (RFC 9110 section
// 11.1). Without the header, and with any other scheme, it gives [ErrNoToken]; several
// headers, or a token of another syntax, are refused with 400 invalid_request. So is a
// token in the query besides; alone, it counts as none.
func FromAuthorization(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", ErrNoToken
	}
	if len(values) > 1 {
		return "", errSeveralTokens
	}
	token, err := parseAuthorization(values[0])
	if err == nil && r.URL.RawQuery != "" && r.URL.Query().Has(queryToken) {
		return "", errSeveralMethods
	}
	return token, err
}

// parseAuthorization reads the value of an Authorization header.
func parseAuthorization(value string) (string, error) {
	scheme, token, found := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrNoToken
	}
	token = strings.TrimLeft(token, " ")
	if !found || !isB64Token(token) {
		return "", errTokenSyntax
	}
	return token, nil
}

// FromHeader returns an [Options.Token] that takes the token from a header of which it
// is the whole value. Whoever can reach the server can set the header: it is for
// servers behind a proxy that replaces it, such as Amazon's load balancer with
// X-Amzn-Oidc-Accesstoken. (X-Amzn-Oidc-Data is signed by the load balancer, and
// Identity Center does not take it.)
func FromHeader(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) { return single(r.Header.Values(name)) }
}

// FromCookie returns an [Options.Token] that takes the token from a cookie. Browsers
// send cookies with requests that other sites cause: set SameSite, and refuse
// cross-site requests (http.CrossOriginProtection).
func FromCookie(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		var values []string
		for _, c := range r.CookiesNamed(name) {
			values = append(values, c.Value)
		}
		return single(values)
	}
}

func single(values []string) (string, error) {
	switch {
	case len(values) == 0, len(values) == 1 && values[0] == "":
		return "", ErrNoToken
	case len(values) > 1:
		return "", errSeveralTokens
	case !isB64Token(values[0]):
		return "", errTokenSyntax
	}
	return values[0], nil
}

// isB64Token reports whether s is a b64token of RFC 6750 section 2.1, which is the
// token68 of RFC 9110 section 11.2.
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		if !isTokenByte(body[i]) {
			return false
		}
	}
	return body != ""
}

func isTokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	switch c {
	case '-', '.', '_', '~', '+', '/':
		return true
	}
	return false
}
