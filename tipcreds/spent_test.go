package tipcreds_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestRetrieveSpentToken: a provider that gives the same JWT again costs no further
// call, unless the JWT is known to be unspent.
func TestRetrieveSpentToken(t *testing.T) {
	bootstrapDenied := stsError(403, "AccessDenied", "x")
	tests := []struct {
		name   string
		op     string
		answer http.HandlerFunc
		sent   int // how often CreateTokenWithIAM was called in three attempts
	}{
		{"refused", createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant", "x"), 1},
		{"in doubt", createTokenCall, reset, 1},
		{"spent, no session", assumeRoleCall, stsError(403, "AccessDenied", "x"), 1},
		{"throttled", createTokenCall, oauthError(400, "SlowDownException", "slow_down", "x"), 3},
		{"signature", createTokenCall, iamError(403, "InvalidSignatureException"), 3},
		{"not sent", webIdentityCall, bootstrapDenied, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(tt.op, tt.answer, tt.answer, tt.answer)
			p := f.provider(t)
			_, first := p.Retrieve(t.Context())
			spent := exchangeError(t, first).JWTSpent
			for range 2 {
				before := len(f.ops())
				_, err := p.Retrieve(t.Context())
				e := exchangeError(t, err)
				if errors.Is(err, tipcreds.ErrWebTokenSpent) != spent {
					t.Errorf("after %v: %v", first, err)
				}
				if spent && (e.Step != tipcreds.StepWebToken || !e.JWTSpent || e.InDoubt || len(f.ops()) != before) {
					t.Errorf("step %s, spent %v, in doubt %v, calls %v", e.Step, e.JWTSpent, e.InDoubt, f.ops())
				}
			}
			if got := count(f.ops(), createTokenCall); got != tt.sent {
				t.Errorf("sent %d times, want %d", got, tt.sent)
			}
		})
	}
}

// TestRetrieveSpentByTheSession: the JWT that bought the credentials at hand does
// not renew them; they are used to their end.
func TestRetrieveSpentByTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		jwt := "first-jwt"
		p := retriever(t, c, func(context.Context) (string, error) { return jwt, nil })
		first := mustRetrieve(t, p)
		time.Sleep(58 * time.Minute)
		if got := mustRetrieve(t, p); got != first || c.exchanges.Load() != 1 {
			t.Errorf("same %v, %d exchanges", got == first, c.exchanges.Load())
		}
		time.Sleep(2 * time.Minute)
		if _, err := p.Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrWebTokenSpent) || c.exchanges.Load() != 1 {
			t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
		}
		jwt = "second-jwt"
		if got := mustRetrieve(t, p); got == first || c.exchanges.Load() != 2 {
			t.Errorf("same %v, %d exchanges", got == first, c.exchanges.Load())
		}
	})
}

// TestRetrieveSharesFailure: callers of one provider have one source of JWTs, so that
// those who waited for a renewal that failed by its JWT do not spend another each.
func TestRetrieveSharesFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, c := &counter{}, &clients{life: time.Hour, delay: time.Second}
		c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
		p := retriever(t, c, source.token)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := p.Retrieve(t.Context()); err == nil {
					t.Error("no error")
				}
			})
		}
		wg.Wait()
		if source.used() != 1 {
			t.Errorf("%d JWTs", source.used())
		}
	})
}

// TestExchangeSpentToken: whoever calls Exchange decides, before Retrieve and after.
func TestExchangeSpentToken(t *testing.T) {
	c := &clients{life: time.Hour}
	c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
	p := retriever(t, c, token(webToken))
	if _, err := p.Exchange(t.Context(), webToken); exchangeError(t, err).Step != tipcreds.StepCreateToken {
		t.Error(err)
	}
	if _, err := p.Retrieve(t.Context()); exchangeError(t, err).Step != tipcreds.StepCreateToken {
		t.Error(err) // not spent by Retrieve
	}
	if _, err := p.Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrWebTokenSpent) {
		t.Error(err)
	}
	if _, err := p.Exchange(t.Context(), webToken); exchangeError(t, err).Step != tipcreds.StepCreateToken || c.exchanges.Load() != 3 {
		t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
	}
}
