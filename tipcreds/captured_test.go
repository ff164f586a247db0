package tipcreds_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// captured is an error answer as AWS gives it. In body TEXT stands for the message.
type captured struct {
	name      string
	op        string
	status    int
	errorType string // the header x-amzn-ErrorType, "" for none
	body      string
	text      string
	want      decision
}

// decision is everything about an error that a caller may branch on.
type decision struct {
	Step                       tipcreds.Step
	Code                       string
	Status                     int
	Spent, InDoubt             bool
	Throttled, RefreshRefused  bool
	Requests                   int // of that operation, if the answer stays the same
	Types                      string
	ForgetsApplicationRoleKeys bool
}

const coral = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"

// xmlError is an error of STS; a denial by IAM has the same form.
func xmlError(code string) string {
	return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>` + code + `</Code>
    <Message>TEXT</Message>
  </Error>
  <RequestId>6b4e3cd9-0f5c-4b5e-8f8c-0a4b2d8b7f11</RequestId>
</ErrorResponse>
`
}

// oauthBody is an error of CreateTokenWithIAM.
func oauthBody(oauth string) string {
	return `{"error":"` + oauth + `","error_description":"TEXT"}`
}

// answer is the HTTP answer with text for the message.
func (c captured) answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		contentType, escaped := "text/xml", new(strings.Builder)
		if c.op == createTokenCall {
			contentType = "application/json"
			quoted, err := json.Marshal(text)
			if err != nil {
				panic(err)
			}
			escaped.Write(quoted[1 : len(quoted)-1])
		} else if err := xml.EscapeText(escaped, []byte(text)); err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Amzn-RequestId", "6b4e3cd9-0f5c-4b5e-8f8c-0a4b2d8b7f11")
		if c.errorType != "" {
			w.Header().Set("X-Amzn-ErrorType", c.errorType)
		}
		w.WriteHeader(c.status)
		_, _ = io.WriteString(w, strings.ReplaceAll(c.body, "TEXT", escaped.String()))
	}
}

// wantMessage is what the error says.
func (c captured) wantMessage() string {
	if !strings.Contains(c.body, "TEXT") {
		return ""
	}
	return c.text
}

func (c captured) grant(p *tipcreds.Provider, t *testing.T) (*tipcreds.Session, error) {
	if strings.HasPrefix(c.name, "refresh") {
		return p.ExchangeRefreshToken(t.Context(), refreshToken, webToken)
	}
	return p.Exchange(t.Context(), webToken)
}

// replay answers op with c for ever and returns what came of it.
func (c captured) replay(t *testing.T, text string) (decision, *tipcreds.ExchangeError) {
	t.Helper()
	f := newFakeAWS(t)
	f.on(c.op, slices.Repeat([]http.HandlerFunc{c.answer(text)}, 9)...)
	p := f.provider(t)
	_, err := c.grant(p, t)
	e := exchangeError(t, err)
	var types []string
	for cause := e.Unwrap(); cause != nil; cause = errors.Unwrap(cause) {
		types = append(types, fmt.Sprintf("%T", cause))
	}
	requests, bootstraps := count(f.ops(), c.op), count(f.ops(), webIdentityCall)
	forgets := false
	if c.op != webIdentityCall {
		if _, err := c.grant(p, t); err == nil {
			t.Error("the answer did not stay")
		}
		forgets = count(f.ops(), webIdentityCall) > bootstraps
	}
	return decision{
		Step: e.Step, Code: e.Code, Status: e.HTTPStatus, Spent: e.JWTSpent, InDoubt: e.InDoubt,
		Throttled: e.Throttled(), RefreshRefused: e.RefreshTokenRefused(), Requests: requests,
		Types: strings.Join(types, " "), ForgetsApplicationRoleKeys: forgets,
	}, e
}

// TestCapturedAnswers replays the answers of AWS.
func TestCapturedAnswers(t *testing.T) {
	for _, c := range capturedAnswers() {
		t.Run(c.name, func(t *testing.T) {
			got, e := c.replay(t, c.text)
			if got.Types == "" {
				t.Error("no cause")
			}
			got.Types = ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if e.Message != c.wantMessage() {
				t.Errorf("message %q, want %q", e.Message, c.wantMessage())
			}
			if c.body != "" && e.RequestID != "6b4e3cd9-0f5c-4b5e-8f8c-0a4b2d8b7f11" {
				t.Errorf("request id %q", e.RequestID)
			}
		})
	}
}

// noises are texts that AWS does not write, some of which mean something to
// somebody: to the SDK, to our hints, to a terminal.
var noises = []string{
	"", "x", "Ünverständlich \u2028 \x1b[31m\r\nsecond line", "connection reset by peer", "use of closed network connection",
	"verification key audience No OpenIDConnect provider role chaining MaxSessionDuration sts:SetContext KMS not authorized to perform",
	"InvalidGrantException ThrottlingException ExpiredToken", strings.Repeat("long ", 4000), `</Message>"}`,
}

// TestNoiseChangesNoDecision: whatever the texts are, everything that callers
// branch on stays the same, and the error is one line.
func TestNoiseChangesNoDecision(t *testing.T) {
	for _, c := range capturedAnswers() {
		t.Run(c.name, func(t *testing.T) {
			want, _ := c.replay(t, c.text)
			for _, noise := range noises {
				if c.op != createTokenCall {
					noise = strings.ReplaceAll(noise, "\x1b", "") // not in XML
				}
				got, e := c.replay(t, noise)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%.40q (-want +got):\n%s", noise, diff)
				}
				if line := e.Error() + e.Hint(); strings.ContainsAny(line, "\r\n\x1b\u2028") {
					t.Errorf("%.40q: not one line: %q", noise, line)
				}
			}
		})
	}
}
