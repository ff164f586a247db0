package bearer_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
