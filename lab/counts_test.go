package lab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/lab"
)

func TestCounts(t *testing.T) {
	b := start(t, refresher, func(w *lab.World) { w.Issuers[0].RotationGrace = 0 })
	config := b.discovered(okta, clientID, "openid", "email", "offline_access")
	first := b.signIn(config)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, b.client)
	refresh := func(text string) (*oauth2.Token, error) {
		return config.TokenSource(ctx, &oauth2.Token{RefreshToken: text}).Token()
	}
	second, err := refresh(first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{first.RefreshToken, second.RefreshToken} { // an alarm, and a revoked token
		if _, err := refresh(text); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
			t.Errorf("reuse: %v", err)
		}
	}
	b.reach(idToken(first))
	_, err = b.createToken(b.session(oidcRole), asserting(idToken(first)))
	expect(t, invalidGrant("The assertion has already been used"), err)
	if _, err := b.createToken(b.session(oidcRole), refreshing(b.centralToken())); err != nil {
		t.Error(err)
	}
	want := lab.Counts{
		SignIns: lab.Tally{Granted: 1}, Codes: lab.Tally{Granted: 1}, Refreshes: lab.Tally{Granted: 1, Refused: 2},
		ReuseAlarms: 1, WebIdentities: lab.Tally{Granted: 1}, AssumedRoles: lab.Tally{Granted: 1},
		TokenCalls: lab.Tally{Granted: 3, Refused: 1},
		Exchanges:  lab.Tally{Granted: 2, Refused: 1}, CentralRefreshes: lab.Tally{Granted: 1}, Replays: 1, DataAccesses: lab.Tally{Granted: 1},
	}
	got := b.lab.Counts()
	// x/oauth2 tries the Authorization header first, once.
	if extra := got.TokenRequests; extra.Granted != 2 || extra.Refused < 2 {
		t.Errorf("token requests %+v", extra)
	}
	if diff := cmp.Diff(got, b.publishedCounts()); diff != "" {
		t.Errorf("/_lab/counts: %s", diff)
	}
	got.TokenRequests = lab.Tally{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// publishedCounts are those that other processes can ask for.
func (b *bench) publishedCounts() lab.Counts {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.lab.Endpoint()+"/_lab/counts", nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var got lab.Counts
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		b.Fatal(err)
	}
	return got
}

// The grace and its end, as a test of a client that crashes counts them.
func TestCountsOfRotation(t *testing.T) {
	b := start(t, refresher)
	config := b.discovered(okta, clientID, "openid", "offline_access")
	config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	first := b.signIn(config)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, b.client)
	refresh := func() error {
		_, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: first.RefreshToken}).Token()
		return err
	}
	for range 3 {
		if err := refresh(); err != nil {
			t.Error(err)
		}
	}
	b.clock.Advance(31 * time.Second)
	for range 2 {
		if refresh() == nil {
			t.Error("reuse after the grace")
		}
	}
	if err := b.lab.EndSignIns("okta"); err != nil {
		t.Error(err)
	}
	b.replayCode(config)
	want := lab.Counts{
		SignIns: lab.Tally{Granted: 2}, Codes: lab.Tally{Granted: 2, Refused: 1}, TokenRequests: lab.Tally{Granted: 5, Refused: 3},
		Refreshes: lab.Tally{Granted: 3, Refused: 2}, GraceUses: 2, ReuseAlarms: 1, CodeReplays: 1,
	}
	if diff := cmp.Diff(want, b.lab.Counts()); diff != "" {
		t.Error(diff)
	}
}

// replayCode signs in and redeems the code twice.
func (b *bench) replayCode(config oauth2.Config) {
	b.Helper()
	ctx, code, verifier := b.code(&config)
	for _, refused := range []bool{false, true} {
		if _, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier)); (err != nil) != refused {
			b.Errorf("refused %v: %v", refused, err)
		}
	}
}

// A request whose grant the lab does not get to see, or that has another one,
// counts as neither an exchange nor a refresh.
func TestCountsOfUnreadGrants(t *testing.T) {
	b := start(t, refresher)
	caller, token := b.session(oidcRole), b.centralToken()
	for _, grant := range []string{"authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange", "nonsense"} {
		_, err := b.createToken(caller, func(in *ssooidc.CreateTokenWithIAMInput) { in.GrantType = &grant })
		if err == nil {
			t.Errorf("%s was granted", grant)
		}
	}
	b.clock.Advance(13 * time.Hour)
	for _, edit := range []func(*ssooidc.CreateTokenWithIAMInput){refreshing(token), asserting("a.b.c")} {
		_, err := b.createToken(caller, edit)
		expect(t, answer{403, "InvalidSignatureException", "*"}, err) // hours after the keys ended
	}
	want := lab.Counts{TokenCalls: lab.Tally{Granted: 1, Refused: 5}, Exchanges: lab.Tally{Granted: 1}}
	if diff := cmp.Diff(want, b.lab.Counts()); diff != "" {
		t.Error(diff)
	}
}
