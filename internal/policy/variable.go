package policy

import (
	"errors"
	"fmt"
	"strings"
)

// variable is a policy variable: ${aws:username} or ${aws:username, 'nobody'}.
type variable struct {
	key        string
	fallback   string
	hasDefault bool
	literal    byte // *, ? or $ of ${*}, ${?} and ${$}
}

// resolve returns the value of v. Only a key with exactly one value resolves:
// multivalued keys cannot be used as variables (IAM user guide, "Single-valued
// vs. multivalued context keys").
func (v *variable) resolve(c Context) (string, bool) {
	values, _ := c.Get(v.key)
	if len(values) == 1 {
		return values[0], true
	}
	return v.fallback, v.hasDefault && len(values) == 0
}

// parseVariable reads the variable that s starts with and returns its length.
func parseVariable(s string) (*variable, int, error) {
	end := variableEnd(s)
	if end < 0 {
		return nil, 0, errors.New("policy variable is not closed: " + s)
	}
	body := s[len("${") : end-1]
	if body == "*" || body == "?" || body == "$" {
		return &variable{literal: body[0]}, end, nil
	}
	v := &variable{key: body}
	if key, rest, ok := strings.Cut(body, ", '"); ok {
		fallback, closed := strings.CutSuffix(rest, "'")
		if !closed || strings.Contains(fallback, "'") {
			return nil, 0, fmt.Errorf("policy variable ${%s} has a malformed default value", body)
		}
		v.key, v.fallback, v.hasDefault = key, fallback, true
	}
	if !knownVariable(v.key) {
		return nil, 0, fmt.Errorf("policy variable ${%s} is not known", body)
	}
	return v, end, nil
}

// variableEnd returns the index after the brace that closes the variable s
// starts with, or -1. A brace inside a quoted default value does not close.
func variableEnd(s string) int {
	quoted := false
	for i := len("${"); i < len(s); i++ {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return i + 1
			}
		}
	}
	return -1
}

// knownVariable reports whether key may be used as a policy variable: a listed
// key, a listed prefix with something behind it, or a claim of an OIDC provider
// such as dev-1.okta.com/oauth2/default:sub. The vendor ends at the last colon,
// because an issuer may carry a port.
func knownVariable(key string) bool {
	for known := range strings.FieldsSeq(variableKeys) {
		if strings.EqualFold(known, key) {
			return true
		}
	}
	for prefix := range strings.FieldsSeq(variablePrefixes) {
		if n := len(prefix); len(key) > n && strings.EqualFold(prefix, key[:n]) && onlyOf(key[n:], tagChars) {
			return true
		}
	}
	colon := strings.LastIndexByte(key, ':')
	return colon > 0 && validIssuer(key[:colon]) && colon+1 < len(key) && onlyOf(key[colon+1:], claimChars)
}

const (
	alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	claimChars   = alphanumeric + "-_./"
	tagChars     = alphanumeric + " _.:/=+-@"
	issuerChars  = alphanumeric + "-_.~/:%"
)

func onlyOf(s, chars string) bool {
	for i := range len(s) {
		if strings.IndexByte(chars, s[i]) < 0 {
			return false
		}
	}
	return true
}

// validIssuer reports whether s is an issuer without its scheme: a host with a
// dot in it, or localhost, then an optional port and path.
func validIssuer(s string) bool {
	host, _, _ := strings.Cut(s, "/")
	host, port, hasPort := strings.Cut(host, ":")
	if hasPort && (port == "" || !onlyOf(port, "0123456789")) {
		return false
	}
	if host != "localhost" && !strings.Contains(strings.Trim(host, "."), ".") {
		return false
	}
	return onlyOf(s, issuerChars)
}
