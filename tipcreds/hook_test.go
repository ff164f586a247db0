package tipcreds_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestBeforeCreateTokenOrder: the hook runs after the application role is
// assumed and before the JWT is sent, with that JWT.
func TestBeforeCreateTokenOrder(t *testing.T) {
	f := newFakeAWS(t)
	var before []string
	var got string
	p := f.provider(t, func(o *tipcreds.Options) {
		o.BeforeCreateToken = func(_ context.Context, jwt string) error {
			before, got = f.ops(), jwt
			return nil
		}
	})
	if _, err := p.Exchange(t.Context(), webToken); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{webIdentityCall}, before); diff != "" || got != webToken {
		t.Errorf("token %q, calls before the hook (-want +got):\n%s", got, diff)
	}
	if diff := cmp.Diff([]string{webIdentityCall, createTokenCall, assumeRoleCall}, f.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestBeforeCreateTokenAborts(t *testing.T) {
	f := newFakeAWS(t)
	diskFull := errors.New("disk full")
	p := f.provider(t, func(o *tipcreds.Options) {
		o.BeforeCreateToken = func(context.Context, string) error { return diskFull }
	})
	_, err := p.Exchange(t.Context(), webToken)
	e := exchangeError(t, err)
	if !errors.Is(err, diskFull) || e.Step != tipcreds.StepCreateToken || e.JWTSpent {
		t.Errorf("step %s, spent %v: %v", e.Step, e.JWTSpent, err)
	}
	const want = "create token with IAM: before the web token is sent: disk full"
	if err.Error() != want {
		t.Errorf("text %q, want %q", err, want)
	}
	if diff := cmp.Diff([]string{webIdentityCall}, f.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestApplicationCredentialsReused: one assumption of the application role
// serves several exchanges while it lasts.
func TestApplicationCredentialsReused(t *testing.T) {
	tests := []struct {
		name string
		life time.Duration
		want int
	}{
		{"alive", 15 * time.Minute, 1},
		{"nearly expired", 50 * time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.expires = time.Now().Add(tt.life)
			p := f.provider(t)
			for range 2 {
				if _, err := p.Exchange(t.Context(), webToken); err != nil {
					t.Fatal(err)
				}
			}
			if got := count(f.ops(), webIdentityCall); got != tt.want {
				t.Errorf("%d assumptions, want %d", got, tt.want)
			}
		})
	}
}

// TestApplicationCredentialsForgotten: credentials that AWS refuses are not
// used again; those of a call refused for other reasons are.
func TestApplicationCredentialsForgotten(t *testing.T) {
	tests := []struct {
		name   string
		op     string
		answer http.HandlerFunc
		want   int
	}{
		{"unknown key", assumeRoleCall, stsError(403, "InvalidClientTokenId", "x"), 2},
		{"expired", assumeRoleCall, stsError(403, "ExpiredToken", "x"), 2},
		{"unrecognized", createTokenCall, jsonAnswer(400, "UnrecognizedClientException", nil), 2},
		{"denied", assumeRoleCall, stsError(403, "AccessDenied", "x"), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(tt.op, tt.answer)
			p := f.provider(t)
			if _, err := p.Exchange(t.Context(), webToken); err == nil {
				t.Fatal("no error")
			}
			if _, err := p.Exchange(t.Context(), webToken); err != nil {
				t.Fatal(err)
			}
			if got := count(f.ops(), webIdentityCall); got != tt.want {
				t.Errorf("%d assumptions, want %d", got, tt.want)
			}
		})
	}
}

const refreshToken = "aoaAAAAAcanary-refresh-token"

func TestExchangeRefreshToken(t *testing.T) {
	wantBody := map[string]any{"clientId": application, "grantType": "refresh_token", "refreshToken": refreshToken}
	tests := []struct {
		name   string
		answer string // the refresh token of the answer
		want   string
	}{
		{"rotated", "aoaAAAAAnext", "aoaAAAAAnext"},
		{"kept", "", refreshToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			if tt.answer != "" {
				f.token["refreshToken"] = tt.answer
			}
			p := f.provider(t, func(o *tipcreds.Options) {
				o.BeforeCreateToken = func(context.Context, string) error { return errors.New("not for a refresh token") }
			})
			s, err := p.ExchangeRefreshToken(t.Context(), refreshToken, webToken)
			if err != nil {
				t.Fatal(err)
			}
			if s.ApplicationRefreshToken != tt.want || s.UserID != userID {
				t.Errorf("refresh token %q, user %s", s.ApplicationRefreshToken, s.UserID)
			}
			if diff := cmp.Diff(wantBody, f.seen()[1].Body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExchangeRefreshTokenBootstrap: with application role credentials at hand
// no JWT is needed, without either there is nothing to be done.
func TestExchangeRefreshTokenBootstrap(t *testing.T) {
	f := newFakeAWS(t)
	p := f.provider(t)
	_, err := p.ExchangeRefreshToken(t.Context(), refreshToken, "")
	if e := exchangeError(t, err); !errors.Is(err, tipcreds.ErrNoBootstrap) || e.Step != tipcreds.StepAssumeApplicationRole {
		t.Errorf("step %s: %v", e.Step, err)
	}
	if len(f.ops()) != 0 {
		t.Errorf("calls %v", f.ops())
	}
	if _, err := p.Exchange(t.Context(), webToken); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ExchangeRefreshToken(t.Context(), refreshToken, ""); err != nil {
		t.Fatal(err)
	}
	want := []string{webIdentityCall, createTokenCall, assumeRoleCall, createTokenCall, assumeRoleCall}
	if diff := cmp.Diff(want, f.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	_, err = p.ExchangeRefreshToken(t.Context(), "", webToken)
	if !errors.Is(err, tipcreds.ErrNoRefreshToken) {
		t.Errorf("empty refresh token: %v", err)
	}
}

// TestExchangeRefreshTokenFailure: refreshing never spends a JWT, and its
// request may be repeated.
func TestExchangeRefreshTokenFailure(t *testing.T) {
	f := newFakeAWS(t)
	p := f.provider(t)
	f.on(createTokenCall,
		jsonAnswer(500, "InternalServerException", nil), nil,
		oauthError(400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided"))
	if _, err := p.ExchangeRefreshToken(t.Context(), refreshToken, webToken); err != nil {
		t.Fatal(err)
	}
	_, err := p.ExchangeRefreshToken(t.Context(), refreshToken, webToken)
	e := exchangeError(t, err)
	if e.JWTSpent || e.Code != "InvalidGrantException" || e.Message != "Invalid refresh token provided" {
		t.Errorf("spent %v: %v", e.JWTSpent, err)
	}
	f.on(assumeRoleCall, stsError(403, "AccessDenied", "x"))
	_, err = p.ExchangeRefreshToken(t.Context(), refreshToken, webToken)
	if e := exchangeError(t, err); e.JWTSpent || e.Step != tipcreds.StepAssumeAccessRole {
		t.Errorf("step %s, spent %v", e.Step, e.JWTSpent)
	}
}
