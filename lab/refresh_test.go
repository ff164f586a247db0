package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// refresher gives the application the refresh_token grant, for two minutes.
func refresher(w *lab.World) {
	strict(w)
	w.IdentityCenter[0].Applications[0].RefreshToken = true
	w.IdentityCenter[0].Applications[0].RefreshTokenLifetime = 120
}

// refreshing is the grant refresh_token of CreateTokenWithIAM.
func refreshing(token string, scope ...string) func(*ssooidc.CreateTokenWithIAMInput) {
	return func(in *ssooidc.CreateTokenWithIAMInput) {
		in.GrantType, in.RefreshToken, in.Scope = aws.String("refresh_token"), &token, scope
	}
}

// centralToken is a refresh token of Identity Center.
func (b *bench) centralToken(scope ...string) string {
	b.Helper()
	out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")), func(in *ssooidc.CreateTokenWithIAMInput) { in.Scope = scope })
	if err != nil || out.RefreshToken == nil {
		b.Fatalf("refresh token %v, %v", out, err)
	}
	return *out.RefreshToken
}

// refreshReadings are those about Identity Center's refresh tokens and its answer.
func refreshReadings() map[string]reading {
	grant := []func(*lab.World){refresher}
	return map[string]reading{
		"AdditionalDetails": {[]func(*lab.World){strict}, func(s *world.Switches) { s.AdditionalDetails = off() }, func(b *bench) string {
			out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")))
			switch {
			case err != nil:
				return err.Error()
			case !strings.Contains(mustClaim(b, *out.IdToken, "sts:identity_context"), "AQoJ"):
				return "no context in the ID token"
			case out.AwsAdditionalDetails == nil:
				return "absent"
			}
			return "present"
		}, "present", "absent"},
		"ExpiredRefreshToken": {grant, func(s *world.Switches) { s.ExpiredRefreshToken = "InvalidGrantException" }, func(b *bench) string {
			token := b.centralToken()
			b.clock.Advance(2 * time.Minute)
			_, err := b.createToken(b.session(oidcRole), refreshing(token))
			return short(err)
		}, "400 ExpiredTokenException", "400 InvalidGrantException"},
		"RefreshTokenRotation": {grant, func(s *world.Switches) { s.RefreshTokenRotation = "single-use" }, func(b *bench) string {
			return rotation(b, b.centralToken())
		}, "the same, 0 ", "another, 400 InvalidGrantException"},
	}
}

// rotation says what a refresh answers and what the token that it used is then worth.
func rotation(b *bench, token string) string {
	out, err := b.createToken(b.session(oidcRole), refreshing(token))
	if err != nil {
		return err.Error()
	}
	_, err = b.createToken(b.session(oidcRole), refreshing(token))
	if *out.RefreshToken == token {
		return "the same, " + short(err)
	}
	if _, err := b.createToken(b.session(oidcRole), refreshing(*out.RefreshToken)); err != nil {
		return err.Error()
	}
	return "another, " + short(err)
}

func mustClaim(b *bench, token, name string) string {
	b.Helper()
	text, _ := claimsOf(b, token)[name].(string)
	return text
}

func TestRenewedRefreshToken(t *testing.T) {
	b := start(t, refresher, func(w *lab.World) { w.Switches.RefreshTokenRotation = "renewed" })
	if got, want := rotation(b, b.centralToken()), "another, 0 "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A new token has the scopes and the end of the one that it came from.
func TestRotatedRefreshTokenInherits(t *testing.T) {
	b := start(t, refresher, func(w *lab.World) { w.Switches.RefreshTokenRotation = "single-use" })
	caller, token := b.session(oidcRole), b.centralToken("s3:access_grants:read_write")
	b.clock.Advance(70 * time.Second)
	out, err := b.createToken(caller, refreshing(token, "openid"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.createToken(caller, refreshing(*out.RefreshToken, "lakeformation:query")); answerOf(err).Code != "InvalidScopeException" {
		t.Errorf("a scope that was never granted: %v", err)
	}
	out, err = b.createToken(caller, refreshing(*out.RefreshToken))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s3:access_grants:read_write", "openid", "aws", "sts:identity_context"}, out.Scope); diff != "" {
		t.Error(diff)
	}
	b.clock.Advance(50 * time.Second)
	_, err = b.createToken(caller, refreshing(*out.RefreshToken))
	expect(t, answer{400, "ExpiredTokenException", "Refresh token expired"}, err)
}

func TestRevokeCentralRefreshTokens(t *testing.T) {
	b := start(t, refresher)
	token := b.centralToken()
	b.lab.RevokeCentralRefreshTokens()
	_, err := b.createToken(b.session(oidcRole), refreshing(token))
	expect(t, invalidGrant("Invalid refresh token provided"), err)
	_, err = b.createToken(b.session(oidcRole), refreshing(b.centralToken()))
	expect(t, answer{}, err)
}

// Of many uses of a single-use token at once one succeeds.
func TestSingleUseRefreshTokenAtOnce(t *testing.T) {
	b := start(t, refresher, func(w *lab.World) { w.Switches.RefreshTokenRotation = "single-use" })
	caller, token := b.session(oidcRole), b.centralToken()
	answers, begin := make(chan error), make(chan struct{})
	for range 32 {
		go func() {
			<-begin
			_, err := b.createToken(caller, refreshing(token))
			answers <- err
		}()
	}
	close(begin)
	granted := 0
	for range 32 {
		if <-answers == nil {
			granted++
		}
	}
	if granted != 1 {
		t.Errorf("%d refreshes succeeded", granted)
	}
}

// Opaque values are as long as AWS's: session tokens over 1,000 characters, and
// contexts that use up what AssumeRole admits.
func TestSizesOfOpaqueValues(t *testing.T) {
	b := start(t, strict)
	token := b.jwt("analyst")
	web, err := b.webIdentity(oidcRole, token)
	if err != nil {
		t.Fatal(err)
	}
	created, err := b.createToken(static(web.Credentials), asserting(token))
	if err != nil {
		t.Fatal(err)
	}
	person, err := b.assume(static(web.Credentials), enhanced, providing(*created.AwsAdditionalDetails.IdentityContext))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{
		"first session": len(*web.Credentials.SessionToken), "second session": len(*person.Credentials.SessionToken),
		"context": len(*created.AwsAdditionalDetails.IdentityContext), "audit context": len(mustClaim(b, *created.IdToken, "sts:audit_context")),
	}
	want := map[string]int{"first session": 1216, "second session": 1216, "context": 2048, "audit context": 2048}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
