package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// TestRefusalAnswer: headers of the answer that was meant for the request are gone,
// and nothing that a program puts into a refusal breaks out of a header.
func TestRefusalAnswer(t *testing.T) {
	w := httptest.NewRecorder()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Etag", "Last-Modified", "Expires"} {
		w.Header().Set(name, "x")
	}
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Set("Www-Authenticate", "Negotiate")
	w.Header().Set("X-Request-Id", "1")
	refusal := &bearer.RefusalError{
		Status: http.StatusUnauthorized, Code: "invalid_token", Description: "say \"x\"\r\nor \\y ü", Scope: "a\nb", Realm: "r\n",
		RetryAfter: 1500 * time.Millisecond,
	}
	refusal.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	want := http.Header{
		"Cache-Control": {"no-store"}, "Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}, "X-Request-Id": {"1"},
		"Retry-After":      {"2"},
		"Www-Authenticate": {"Negotiate", `Bearer realm="r?", error="invalid_token", error_description="say 'x'??or 'y ?", scope="a?b"`},
	}
	if diff := cmp.Diff(want, w.Result().Header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRefusalText: the log has the reason, a refusal without a status is a mistake.
func TestRefusalText(t *testing.T) {
	reason := errors.New("because")
	for want, e := range map[string]*bearer.RefusalError{
		"500: because":               {Err: reason},
		"401 invalid_token: because": {Status: 401, Code: "invalid_token", Err: reason},
		"403: no":                    {Status: 403, Description: "no"},
	} {
		if e.Error() != want || e.Err != nil && !errors.Is(e, reason) {
			t.Errorf("got %q, want %q", e, want)
		}
	}
	w := httptest.NewRecorder()
	(&bearer.RefusalError{Err: reason}).ServeHTTP(w, nil)
	if got := seen(t, w.Result()); got.Status != 500 || got.Challenge != "" || strings.Contains(got.Body, "because") {
		t.Errorf("%+v", got)
	}
}

// TestStrangeRefusals: a nil refusal that is an error admits nobody, whichever hook
// returned it, and a status that is none of an error is a mistake.
func TestStrangeRefusals(t *testing.T) {
	var none *bearer.RefusalError
	check := func(err error) func(*bearer.Options) {
		return func(o *bearer.Options) { o.Check = func(context.Context, *oidc.IDToken) error { return err } }
	}
	for name, tt := range map[string]struct {
		set  func(*bearer.Options)
		want int
	}{
		"nil":         {check(none), 500},
		"wrapped nil": {check(fmt.Errorf("check: %w", none)), 500},
		"nil of the token": {func(o *bearer.Options) {
			o.Token = func(*http.Request) (string, error) { return "x", none }
		}, 500},
		"nil of the subject": {func(o *bearer.Options) {
			o.Subject = func(context.Context, *oidc.IDToken) (tipcreds.Subject, error) {
				return tipcreds.Subject{Issuer: issuer, ID: "a"}, none
			}
		}, 500},
		"nil of the source": {func(o *bearer.Options) {
			o.Retrieve = true
			o.TokenSource = func(*http.Request, *oidc.IDToken, string) tipcreds.WebTokenProvider {
				return func(context.Context) (string, error) { return "", none }
			}
		}, 500},
		"42":  {check(&bearer.RefusalError{Status: 42}), 500},
		"200": {check(&bearer.RefusalError{Status: 200}), 500},
		"302": {check(&bearer.RefusalError{Status: 302}), 500},
		"399": {check(&bearer.RefusalError{Status: 399}), 500},
		"400": {check(&bearer.RefusalError{Status: 400}), 400},
		"599": {check(&bearer.RefusalError{Status: 599}), 599},
		"600": {check(&bearer.RefusalError{Status: 600}), 500},
		"-1":  {check(&bearer.RefusalError{Status: -1}), 500},
	} {
		t.Run(name, func(t *testing.T) {
			handed := 0
			h := protected(t, fakePool(t, &clients{}), staticVerifier(), func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") },
				tt.set, func(o *bearer.Options) {
					o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
						handed = refusal.Status
						refusal.ServeHTTP(w, r)
					}
				})
			if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != tt.want || handed != tt.want {
				t.Errorf("%+v, %d for the handler of errors", got, handed)
			}
		})
	}
	nilVerifier := verifierFunc(func(context.Context, string) (*oidc.IDToken, error) { return nil, none })
	if got := seen(t, get(protected(t, fakePool(t, &clients{}), nilVerifier, who), "Bearer x")); got.Status != 500 {
		t.Errorf("nil of the verifier: %+v", got)
	}
	if none.Error() == "" || errors.Unwrap(none) != nil {
		t.Error("a nil refusal says nothing")
	}
}
