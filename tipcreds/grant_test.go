package tipcreds_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// lived is a JWT that expires in d.
func lived(d time.Duration) string {
	s := subjectOf(1)
	return idToken(map[string]any{"iss": s.Issuer, "sub": s.ID, "exp": time.Now().Add(d).Unix()})
}

// jwts gives the tokens in order, and how many were asked for.
func jwts(tokens ...string) (tipcreds.WebTokenProvider, *int) {
	n := new(int)
	return func(context.Context) (string, error) {
		*n++
		return tokens[min(*n, len(tokens))-1], nil
	}, n
}

// granting is a fake whose application has the refresh_token grant. Its first session
// is over when it comes, so that the next Retrieve renews.
func granting(t *testing.T, source tipcreds.WebTokenProvider, optFns ...func(*tipcreds.Options)) (*fakeAWS, *tipcreds.Provider) {
	t.Helper()
	f := newFakeAWS(t)
	f.expires = time.Now().UTC()
	f.token["refreshToken"] = refreshToken
	fns := append([]func(*tipcreds.Options){func(o *tipcreds.Options) {
		o.ApplicationRoleARN, o.AWSConfig, o.ExpiryWindow = applicationRole, f.config(), -1
	}}, optFns...)
	p, err := tipcreds.New(accessRole, application, source, fns...)
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// last makes the sessions of f last from now on.
func last(f *fakeAWS) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expires = time.Now().Add(time.Hour).UTC()
}

// TestRenewByRefreshToken: with a refresh token, one JWT serves several renewals, at
// STS for as long as it lasts.
func TestRenewByRefreshToken(t *testing.T) {
	const refused, expired = "InvalidGrantException", "ExpiredTokenException"
	oauth := func(code string) http.HandlerFunc { return oauthError(400, code, "x", "y") }
	exchange := []string{webIdentityCall, createTokenCall, assumeRoleCall}
	tests := []struct {
		name   string
		first  string // the JWT of the first exchange
		op     string
		answer http.HandlerFunc
		calls  []string // of the second renewal
		jwts   int      // asked for in all
		fails  bool
	}{
		{"refreshed", lived(time.Hour), "", nil, exchange, 1, false},
		{"the JWT has expired", lived(30 * time.Second), "", nil, exchange, 2, false},
		{"the JWT says no end", idToken(map[string]any{"sub": "x"}), "", nil, exchange, 2, false},
		{"the refresh token is refused", lived(time.Hour), createTokenCall, oauth(refused), []string{webIdentityCall, createTokenCall, createTokenCall, assumeRoleCall}, 2, false},
		{"the refresh token has expired", lived(time.Hour), createTokenCall, oauth(expired), append([]string{webIdentityCall, createTokenCall}, exchange...), 2, false}, // it may speak of the signing credentials,
		{"the grant was taken away", lived(time.Hour), createTokenCall, oauth("UnauthorizedClientException"), []string{webIdentityCall, createTokenCall, createTokenCall, assumeRoleCall}, 2, false},
		{"STS refuses the JWT", lived(time.Hour), webIdentityCall, stsError(400, expired, "x"), append([]string{webIdentityCall}, exchange...), 2, false},
		{"Identity Center is busy", lived(time.Hour), createTokenCall, oauthError(400, "SlowDownException", "slow_down", "x"), []string{webIdentityCall, createTokenCall}, 1, true},
		{"the role is refused", lived(time.Hour), assumeRoleCall, stsError(403, "AccessDenied", "x"), exchange, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, asked := jwts(tt.first, lived(2*time.Hour))
			f, p := granting(t, source)
			mustRetrieve(t, p)
			before := len(f.ops())
			last(f)
			if tt.answer != nil {
				f.on(tt.op, tt.answer)
			}
			if _, err := p.Retrieve(t.Context()); (err != nil) != tt.fails {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.calls, f.ops()[before:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if *asked != tt.jwts {
				t.Errorf("%d JWTs, want %d", *asked, tt.jwts)
			}
		})
	}
}

// TestRefreshTokenOfAFailedSession: the refresh token that came before the access role
// could be assumed is not lost.
func TestRefreshTokenOfAFailedSession(t *testing.T) {
	source, asked := jwts(lived(time.Hour))
	f, p := granting(t, source)
	f.on(assumeRoleCall, stsError(403, "AccessDenied", "x"))
	if _, err := p.Retrieve(t.Context()); exchangeError(t, err).Step != tipcreds.StepAssumeAccessRole {
		t.Fatal(err)
	}
	mustRetrieve(t, p)
	if got := f.seen()[4]; *asked != 1 || got.Op != createTokenCall || got.Body["refreshToken"] != refreshToken {
		t.Errorf("%d JWTs, calls %v", *asked, f.ops())
	}
}

// TestRotatedRefreshToken: the newest refresh token is used, and one that is not
// replaced is used again (RFC 6749 section 6).
func TestRotatedRefreshToken(t *testing.T) {
	source, _ := jwts(lived(time.Hour))
	f, p := granting(t, source)
	sent := func() string {
		seen := f.seen()
		for i := len(seen) - 1; ; i-- {
			if seen[i].Op == createTokenCall {
				token, _ := seen[i].Body["refreshToken"].(string)
				return token
			}
		}
	}
	for _, step := range []struct{ answered, want string }{{"one", ""}, {"two", "one"}, {"", "two"}, {"three", "two"}, {"four", "three"}} {
		f.mu.Lock()
		f.token["refreshToken"] = step.answered
		f.mu.Unlock()
		mustRetrieve(t, p)
		if got := sent(); got != step.want {
			t.Errorf("sent %q, want %q", got, step.want)
		}
	}
}

// TestRotatedAndDenied: a refresh token that was rotated before the access role was
// refused is the one that is used next.
func TestRotatedAndDenied(t *testing.T) {
	source, _ := jwts(lived(time.Hour))
	f, p := granting(t, source)
	mustRetrieve(t, p)
	f.token["refreshToken"] = "rotated"
	f.on(assumeRoleCall, stsError(403, "AccessDenied", "x"))
	if _, err := p.Retrieve(t.Context()); exchangeError(t, err).Step != tipcreds.StepAssumeAccessRole {
		t.Fatal(err)
	}
	before := len(f.seen())
	mustRetrieve(t, p)
	if got := f.seen()[before+1]; got.Body["refreshToken"] != "rotated" {
		t.Errorf("%s sent %v", got.Op, got.Body["refreshToken"])
	}
}

// TestRefreshTokenNotRenewed: an exchange that brings none ends the use of the last.
func TestRefreshTokenNotRenewed(t *testing.T) {
	source, asked := jwts(lived(30*time.Second), lived(time.Hour), lived(2*time.Hour))
	f, p := granting(t, source)
	mustRetrieve(t, p)
	delete(f.token, "refreshToken")
	mustRetrieve(t, p)
	before := len(f.seen())
	mustRetrieve(t, p)
	if got := f.seen()[before:]; *asked != 3 || len(got) != 3 || got[1].Body["refreshToken"] != nil {
		t.Errorf("%d JWTs, calls %v", *asked, f.ops()[before:])
	}
}

// TestNoRefreshToken: an application without the grant gets a JWT for each exchange.
func TestNoRefreshToken(t *testing.T) {
	source, asked := jwts(lived(time.Hour), lived(2*time.Hour))
	f, p := granting(t, source)
	delete(f.token, "refreshToken")
	mustRetrieve(t, p)
	last(f)
	mustRetrieve(t, p)
	if *asked != 2 || f.seen()[len(f.seen())-2].Body["refreshToken"] != nil {
		t.Errorf("%d JWTs", *asked)
	}
}

// TestRefreshWithOwnClients: there is nothing to bootstrap, so that one JWT lasts for as
// long as Identity Center takes its refresh token.
func TestRefreshWithOwnClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &refreshing{clients: clients{life: time.Hour}}
		source, asked := jwts(lived(time.Minute))
		p, err := tipcreds.New(accessRole, application, source, func(o *tipcreds.Options) { o.STSClient, o.SSOOIDCClient = c, c })
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			mustRetrieve(t, p)
			time.Sleep(time.Hour)
		}
		if *asked != 1 || c.exchanges.Load() != 10 {
			t.Errorf("%d JWTs, %d exchanges", *asked, c.exchanges.Load())
		}
	})
}

// TestRefreshByAnotherReplica: the refresh token goes with the session.
func TestRefreshByAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &refreshing{clients: clients{life: time.Hour}}, newMemory()
		with := func(o *tipcreds.PoolOptions) { o.Cache = cache }
		source, asked := jwts(lived(time.Minute))
		if _, err := retrieve(t, pool(t, c, c, with), source); err != nil {
			t.Fatal(err)
		}
		time.Sleep(56 * time.Minute)
		if _, err := retrieve(t, pool(t, c, c, with), source); err != nil || *asked != 1 || c.exchanges.Load() != 2 {
			t.Errorf("%d JWTs, %d exchanges: %v", *asked, c.exchanges.Load(), err)
		}
	})
}

// refreshing are clients whose application has the refresh_token grant.
type refreshing struct{ clients }

func (c *refreshing) CreateTokenWithIAM(
	ctx context.Context, in *ssooidc.CreateTokenWithIAMInput, optFns ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	out, err := c.clients.CreateTokenWithIAM(ctx, in, optFns...)
	if err == nil && (in.Assertion != nil || strings.HasPrefix(aws.ToString(in.RefreshToken), "canary")) {
		out.RefreshToken = aws.String(refreshToken)
	}
	return out, err
}
