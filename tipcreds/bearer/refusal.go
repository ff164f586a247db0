package bearer

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error codes of RFC 6750 section 3.1, which challenges carry.
const (
	// CodeInvalidRequest: the request is malformed, as with two tokens (400).
	CodeInvalidRequest = "invalid_request"
	// CodeInvalidToken: the token is expired, used up, or not acceptable; another one
	// may do (401).
	CodeInvalidToken = "invalid_token"
	// CodeInsufficientScope: the token does not suffice (403).
	CodeInsufficientScope = "insufficient_scope"
)

// Error codes of RFC 6749 section 4.1.2.1, which only bodies carry.
const (
	// CodeAccessDenied: AWS refuses the user; no other token helps (403).
	CodeAccessDenied = "access_denied"
	// CodeServerError: the server cannot do it for anybody (500, 502, 504).
	CodeServerError = "server_error"
	// CodeTemporarilyUnavailable: the same request may do later (503).
	CodeTemporarilyUnavailable = "temporarily_unavailable"
)

// RefusalError is why a request was refused, and what the client is told. Hooks of
// [Options] and handlers ([Error]) may return one of their own. It is an
// [http.Handler] that gives the answer.
type RefusalError struct {
	// Status is the HTTP status, of 400 to 599. Default, and in place of any other: 500.
	Status int
	// Code is for programs: one of the constants above. Empty if the client showed no
	// credentials (RFC 6750 section 3.1).
	Code string
	// Description is for developers of clients. It goes out as it is, except for what
	// cannot stand in a header: no claims, no texts of AWS or of the verifier.
	Description string
	// Scope is what would suffice, for CodeInsufficientScope: names separated by spaces.
	Scope string
	// RetryAfter is when to try again, in whole seconds; 0 if nothing is known.
	RetryAfter time.Duration
	// Realm of the challenge. Default: that of the middleware, else [DefaultRealm].
	Realm string
	// Err is the reason, for the log. The client does not see it.
	Err error
}

// errNilRefusal is what a nil [*RefusalError] means that is returned as an error, which
// is not nil then.
var errNilRefusal = errors.New("a nil *RefusalError was returned as an error")

// Error implements error, for logs: it has the reason.
func (e *RefusalError) Error() string {
	if e == nil {
		return errNilRefusal.Error()
	}
	text := strconv.Itoa(e.status())
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", text, e.Err)
	}
	return text + ": " + e.Description
}

// Unwrap returns Err.
func (e *RefusalError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// InsufficientScope is the refusal of a token that lacks scopes, for an
// [Options.Check]; scope are the names that would do, separated by spaces.
func InsufficientScope(scope string) *RefusalError {
	return &RefusalError{
		Status: http.StatusForbidden, Code: CodeInsufficientScope, Scope: scope,
		Description: "the token has not the scope that is required", Err: errors.New("the token lacks scope"),
	}
}

func (e *RefusalError) status() int {
	if e.Status < http.StatusBadRequest || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// ServeHTTP answers with the status, a challenge where RFC 6750 section 3 has one, and
// a JSON object with error and error_description (browsers do not show challenges of
// other origins to scripts). Nothing may store the answer, and headers that a handler
// has set for another one are removed.
func (e *RefusalError) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Etag", "Last-Modified", "Expires"} {
		header.Del(name)
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	if e.challenges() {
		header.Add("Www-Authenticate", e.challenge())
	}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(e.status())
	_ = json.NewEncoder(w).Encode(struct {
		Error       string `json:"error,omitempty"`
		Description string `json:"error_description,omitempty"`
	}{e.Code, e.Description})
}

// challenges reports whether the answer is one to credentials or their lack.
func (e *RefusalError) challenges() bool {
	switch e.Code {
	case CodeInvalidRequest, CodeInvalidToken, CodeInsufficientScope:
		return true
	default:
		return e.Status == http.StatusUnauthorized
	}
}

// challenge is that of RFC 6750 section 3.
func (e *RefusalError) challenge() string {
	realm := e.Realm
	if realm == "" {
		realm = DefaultRealm
	}
	var b strings.Builder
	fmt.Fprintf(&b, `Bearer realm="%s"`, quoted.Replace(strings.Map(headerRune, realm)))
	if e.Code == "" {
		return b.String()
	}
	for _, p := range []struct{ name, value string }{{"error", e.Code}, {"error_description", e.Description}, {"scope", e.Scope}} {
		if p.value != "" {
			fmt.Fprintf(&b, `, %s="%s"`, p.name, strings.Map(descriptionRune, p.value))
		}
	}
	return b.String()
}

// quoted escapes for a quoted-string (RFC 9110 section 5.6.4).
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func headerRune(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// descriptionRune replaces what error_description must not hold: all but %x20-21,
// %x23-5B and %x5D-7E (RFC 6750 section 3).
func descriptionRune(r rune) rune {
	if r == '"' || r == '\\' {
		return '\''
	}
	return headerRune(r)
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
