package bearer_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// TestOneTokenManyRequests: the same token on concurrent requests is exchanged once.
// When the session has ended, the token, though valid still, is answered with 401 and
// costs no call to AWS; a fresh one brings a new session.
func TestOneTokenManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: 15 * time.Minute}
		h := protected(t, fakePool(t, c), staticVerifier(), who)
		token := mint(t, "a", map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if got := seen(t, get(h, "Bearer "+token)); got.Status != 200 || got.Body != "a ASIA0000000000000001" {
					t.Errorf("%+v", got)
				}
			})
		}
		wg.Wait()
		if got := c.exchanges.Load(); got != 1 {
			t.Errorf("%d exchanges", got)
		}
		time.Sleep(15 * time.Minute)
		for range 2 {
			if got := seen(t, get(h, "Bearer "+token)); got.Status != 401 || got.Challenge != used {
				t.Errorf("spent: %+v", got)
			}
		}
		if got := c.exchanges.Load(); got != 1 {
			t.Errorf("%d exchanges with the spent token", got)
		}
		if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 200 || got.Body != "a ASIA0000000000000002" {
			t.Errorf("fresh: %+v", got)
		}
		if got := seen(t, get(h, "Bearer "+token)); got.Status != 200 || c.exchanges.Load() != 2 {
			t.Errorf("the spent one again, with the session of the fresh one: %+v", got)
		}
	})
}

// TestUsedElsewhere: a token that another process exchanged is refused by Identity
// Center, and the client hears the same.
func TestUsedElsewhere(t *testing.T) {
	token := mint(t, "a", nil)
	c := &clients{spent: map[string]bool{token: true}}
	if got := seen(t, get(protected(t, fakePool(t, c), staticVerifier(), who), "Bearer "+token)); got.Status != 401 || got.Challenge != used {
		t.Errorf("%+v", got)
	}
}

// TestRetrieve: with that option the middleware exchanges, and the handler of a
// request whose token is used up never runs.
func TestRetrieve(t *testing.T) {
	c := &clients{}
	ran := 0
	h := protected(t, fakePool(t, c), staticVerifier(), func(http.ResponseWriter, *http.Request) { ran++ },
		func(o *bearer.Options) { o.Retrieve = true })
	token := mint(t, "a", nil)
	c.spent = map[string]bool{token: true}
	if got := seen(t, get(h, "Bearer "+token)); got.Challenge != used || ran != 0 {
		t.Errorf("%+v, %d runs", got, ran)
	}
	if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 200 || ran != 1 || c.sessions.Load() != 1 {
		t.Errorf("%+v, %d runs", got, ran)
	}
}

// TestTokenSource: the access token opens the server, another JWT is exchanged; one of
// another user is not, and nothing reaches AWS.
func TestTokenSource(t *testing.T) {
	const login, id = "analyst@example.com", "00uAnalystEXAMPLE"
	tests := []struct {
		name   string
		jwtOf  string
		status int
		body   string
	}{
		{"the user's", id, 200, id + " ASIA0000000000000001"},
		{"another's", "00uEngineerEXAMPLE", 500, `{"error":"server_error","error_description":"the server cannot answer"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clients{}
			h := protected(t, fakePool(t, c), staticVerifier(), who, func(o *bearer.Options) {
				o.Subject = func(_ context.Context, token *oidc.IDToken) (tipcreds.Subject, error) {
					var claims struct{ UID string }
					err := token.Claims(&claims)
					return tipcreds.Subject{Issuer: token.Issuer, ID: claims.UID}, err
				}
				o.TokenSource = func(r *http.Request, verified *oidc.IDToken, rawToken string) tipcreds.WebTokenProvider {
					return func(context.Context) (string, error) {
						if verified.Subject != login || !strings.HasSuffix(r.Header.Get("Authorization"), rawToken) {
							return "", fmt.Errorf("token of %s", verified.Subject)
						}
						return mint(t, tt.jwtOf, nil), nil
					}
				}
			})
			got := seen(t, get(h, "Bearer "+mint(t, login, map[string]any{"uid": id})))
			if got.Status != tt.status || got.Body != tt.body || (c.exchanges.Load() == 1) != (tt.status == 200) {
				t.Errorf("%+v, %d exchanges", got, c.exchanges.Load())
			}
		})
	}
}

// TestWrongUser: a handler that keeps the credentials of one request for another gets
// none, and the client of the second hears of a mistake of the server.
func TestWrongUser(t *testing.T) {
	var first *tipcreds.User
	h := protected(t, fakePool(t, &clients{}), staticVerifier(), func(w http.ResponseWriter, r *http.Request) {
		if first == nil {
			first, _ = tipcreds.UserFrom(r.Context())
		}
		if _, err := first.Retrieve(r.Context()); err != nil {
			bearer.Error(w, r, err)
		}
	})
	if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 200 {
		t.Errorf("the first: %+v", got)
	}
	if got := seen(t, get(h, "Bearer "+mint(t, "b", nil))); got.Status != 500 || strings.Contains(got.Body, issuer) {
		t.Errorf("the second: %+v", got)
	}
}
