package bearer_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// roundTrip is a transport of a test.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func clientContext(transport roundTrip) context.Context {
	return oidc.ClientContext(context.Background(), &http.Client{Transport: transport})
}

// hang is an answer that does not come, or whose body does not.
func hang(r *http.Request, header bool) (*http.Response, error) {
	if !header {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(hangingBody{r.Context()})}, nil
}

type hangingBody struct{ ctx context.Context }

func (b hangingBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

// TestHungKeys: a fetch that gets no answer ends, also with a client that waits for
// ever, and the next one may come.
func TestHungKeys(t *testing.T) {
	for name, header := range map[string]bool{"no answer": false, "no body": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newIssuer()
				first := true
				v, err := bearer.NewVerifier(clientContext(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/keys") && first {
						first = false
						return hang(r, header)
					}
					return f.RoundTrip(r)
				}), issuer, &oidc.Config{ClientID: audience})
				if err != nil {
					t.Fatal(err)
				}
				h := protected(t, fakePool(t, &clients{}), v, who)
				if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 503 {
					t.Errorf("while it hangs: %+v", got)
				}
				time.Sleep(time.Second)
				if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 200 {
					t.Errorf("then: %+v", got)
				}
			})
		})
	}
}

// TestHungDiscovery ends as well.
func TestHungDiscovery(t *testing.T) {
	for name, header := range map[string]bool{"no answer": false, "no body": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(clientContext(func(r *http.Request) (*http.Response, error) { return hang(r, header) }), time.Hour)
				defer cancel()
				began := time.Now()
				_, err := bearer.NewVerifier(ctx, issuer, &oidc.Config{ClientID: audience})
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != bearer.DefaultVerifyTimeout {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		})
	}
}

// TestLongAnswers: of an endless answer, an end is read.
func TestLongAnswers(t *testing.T) {
	for _, tt := range []struct {
		path   string
		status int
		limit  int
	}{
		{"/keys", 200, 2 << 20}, {"/keys", 500, 1 << 16}, {"/.well-known/openid-configuration", 200, 2 << 20}, {"/.well-known/openid-configuration", 500, 1 << 16},
	} {
		t.Run(tt.path+" "+http.StatusText(tt.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, read := newIssuer(), counter(0)
				v, err := bearer.NewVerifier(clientContext(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path != tt.path {
						return f.RoundTrip(r)
					}
					body := io.TeeReader(io.LimitReader(endless{}, 32<<20), &read)
					return &http.Response{StatusCode: tt.status, Body: io.NopCloser(body)}, nil
				}), issuer, &oidc.Config{ClientID: audience})
				if err == nil {
					_, err = v.Verify(t.Context(), mint(t, "a", nil))
				}
				if err == nil || read == 0 || int(read) > tt.limit || len(err.Error()) > 1<<13 {
					t.Errorf("%d bytes read: %.200v", read, err)
				}
			})
		})
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
