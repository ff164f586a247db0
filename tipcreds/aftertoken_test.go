package tipcreds_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// kept is what AfterCreateToken was given, and what had been called by then.
type kept struct {
	Tokens []string
	Calls  []string
	Err    error // of the context
	Value  any
}

type contextKey struct{}

func keeper(f *fakeAWS, k *kept) func(*tipcreds.Options) {
	return func(o *tipcreds.Options) {
		o.AfterCreateToken = func(ctx context.Context, token string) {
			k.Tokens, k.Calls = append(k.Tokens, token), f.ops()
			k.Err, k.Value = ctx.Err(), ctx.Value(contextKey{})
		}
	}
}

// TestAfterCreateToken: the refresh token is handed out before the access role is
// assumed, whatever becomes of that.
func TestAfterCreateToken(t *testing.T) {
	before := []string{webIdentityCall, createTokenCall}
	tests := []struct {
		name    string
		refresh bool // by refresh token
		answer  string
		fail    bool // AssumeRole
		want    kept
	}{
		{"none", false, "", false, kept{}},
		{"new", false, "aoaAAAAAnew", false, kept{Tokens: []string{"aoaAAAAAnew"}, Calls: before, Value: "v"}},
		{"access role refused", false, "aoaAAAAAnew", true, kept{Tokens: []string{"aoaAAAAAnew"}, Calls: before, Value: "v"}},
		{"refresh without one", true, "", true, kept{}},
		{"refresh with the same", true, refreshToken, true, kept{Tokens: []string{refreshToken}, Calls: before, Value: "v"}},
		{"refresh with another", true, "aoaAAAAAnext", true, kept{Tokens: []string{"aoaAAAAAnext"}, Calls: before, Value: "v"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			var got kept
			p := f.provider(t, keeper(f, &got))
			if tt.answer != "" {
				f.token["refreshToken"] = tt.answer
			}
			if tt.fail {
				f.on(assumeRoleCall, stsError(403, "AccessDenied", "x"))
			}
			ctx := context.WithValue(t.Context(), contextKey{}, "v")
			call := func() (*tipcreds.Session, error) { return p.Exchange(ctx, webToken) }
			if tt.refresh {
				call = func() (*tipcreds.Session, error) { return p.ExchangeRefreshToken(ctx, refreshToken, webToken) }
			}
			if _, err := call(); (err != nil) != tt.fail {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAfterCreateTokenWithoutContext: the token is kept even of an answer that is no
// good otherwise.
func TestAfterCreateTokenWithoutContext(t *testing.T) {
	f := newFakeAWS(t)
	var got kept
	f.token["awsAdditionalDetails"], f.token["refreshToken"] = nil, refreshToken
	_, err := f.provider(t, keeper(f, &got)).Exchange(t.Context(), webToken)
	if e := exchangeError(t, err); !errors.Is(err, tipcreds.ErrNoIdentityContext) || !e.JWTSpent || e.InDoubt || e.HTTPStatus != 200 {
		t.Errorf("spent %v, in doubt %v, HTTP %d: %v", e.JWTSpent, e.InDoubt, e.HTTPStatus, err)
	}
	if diff := cmp.Diff([]string{refreshToken}, got.Tokens); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAfterCreateTokenCancelled: a caller that goes away does not stop the storing.
func TestAfterCreateTokenCancelled(t *testing.T) {
	f := newFakeAWS(t)
	f.token["refreshToken"] = refreshToken
	ctx, cancel := context.WithCancel(t.Context())
	var inside, outside error
	p := f.provider(t, func(o *tipcreds.Options) {
		o.AfterCreateToken = func(hook context.Context, _ string) {
			cancel()
			inside, outside = hook.Err(), ctx.Err()
		}
	})
	_, err := p.Exchange(ctx, webToken)
	if inside != nil || outside == nil || exchangeError(t, err).Step != tipcreds.StepAssumeAccessRole {
		t.Errorf("context of the hook %v, of the caller %v: %v", inside, outside, err)
	}
	if !errors.Is(err, context.Canceled) || count(f.ops(), assumeRoleCall) != 0 {
		t.Errorf("calls %v: %v", f.ops(), err)
	}
}

// TestRefreshTokenRefused: which errors mean that only a fresh JWT helps. The others
// of both kinds of exchange are in the table of captured answers.
func TestRefreshTokenRefused(t *testing.T) {
	tests := []struct {
		name   string
		op     string
		answer http.HandlerFunc
		want   bool
	}{
		{"bad", createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided"), true},
		{"expired", createTokenCall, oauthError(400, "ExpiredTokenException", "expired_token", "x"), true},
		{"without the header", createTokenCall, oauthError(400, "", "invalid_grant", "x"), true},
		{"throttled", createTokenCall, jsonAnswer(429, "InvalidGrantException", nil), false},
		{"JWT for STS expired", webIdentityCall, stsError(400, "ExpiredTokenException", "x"), false},
		{"context expired", assumeRoleCall, stsError(400, "ExpiredTokenException", "x"), false},
	}
	for _, tt := range tests {
		f := newFakeAWS(t)
		f.on(tt.op, tt.answer, tt.answer, tt.answer)
		_, err := f.provider(t).ExchangeRefreshToken(t.Context(), refreshToken, webToken)
		e := exchangeError(t, err)
		if e.RefreshTokenRefused() != tt.want || e.JWTSpent || e.InDoubt {
			t.Errorf("%s: refused %v, spent %v, in doubt %v", tt.name, e.RefreshTokenRefused(), e.JWTSpent, e.InDoubt)
		}
	}
}
