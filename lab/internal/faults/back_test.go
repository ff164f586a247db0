package faults_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const farAway = 26 * time.Hour

// busy has the lab make a session and spend a JWT, which has it forget what is over.
func busy(b *probe.Bench) {
	b.Helper()
	jwt := idToken(b, "engineer")
	web, err := sts.NewFromConfig(retrying(b, nil)).AssumeRoleWithWebIdentity(b.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(oidcRole), RoleSessionName: aws.String("session"), WebIdentityToken: &jwt,
	})
	probe.Must(b, web, err)
}

// TestClockForwardAndBack: a JWT that was spent stays spent, and what was good is
// good again.
func TestClockForwardAndBack(t *testing.T) {
	b := probe.Start(t, withRefreshTokens)
	jwt := idToken(b, "analyst")
	web, err := webIdentity(b, jwt)
	app := static(probe.Must(t, web, err).Credentials)
	token, err := createToken(b, app, jwt)
	probe.Must(t, token, err)
	p := party(t, b)
	signedIn := p.mustSignIn(t)
	b.Lab.AdvanceClock(farAway)
	busy(b)
	_ = p.mustSignIn(t)
	b.Lab.AdvanceClock(-farAway)
	probe.Expect(t, probe.Answer{}, whoami(b, app))
	_, err = createToken(b, app, jwt)
	if got := ended(err); got != "InvalidGrantException" {
		t.Errorf("the JWT that was spent gives %q", got)
	}
	probe.Expect(t, probe.Answer{}, renew(b, signed{app: app, token: token}))
	if _, err := p.refresh(signedIn); err != nil {
		t.Errorf("the sign-in: %v", err)
	}
}

// TestExpiryOutlastsTheClock: what was ended does not come back with the clock.
func TestExpiryOutlastsTheClock(t *testing.T) {
	b := probe.Start(t, withRefreshTokens)
	jwt, mine := idToken(b, "analyst"), exchangeOf(b, "analyst")
	for _, what := range []lab.Expiring{lab.ExpireIDTokens, lab.ExpireIdentityContexts, lab.ExpireRefreshTokens} {
		_, err := b.Lab.Expire(lab.Expiry{What: what})
		probe.Must(t, 0, err)
	}
	b.Lab.AdvanceClock(-4 * time.Minute) // within what signatures may be off
	_, err := webIdentity(b, jwt)
	if got := ended(err); got != "ExpiredTokenException" {
		t.Errorf("the ID token gives %q", got)
	}
	if _, err = mine.enhance(); ended(err) != "ExpiredTokenException" {
		t.Errorf("the identity context gives %v", err)
	}
	if got := ended(renew(b, mine)); got == "" {
		t.Error("the refresh token is good")
	}
	n, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireCredentials})
	if probe.Must(t, n, err); n == 0 {
		t.Error("no credentials ended")
	}
	b.Lab.AdvanceClock(-time.Minute / 2)
	if got := ended(whoami(b, mine.app)); got != "ExpiredToken" {
		t.Errorf("the credentials give %q", got)
	}
}

// TestTooFar: the clock stays where it is.
func TestTooFar(t *testing.T) {
	b := probe.Start(t)
	const century = 100 * 365 * 24 * time.Hour
	for name, move := range map[string]func(){
		"forward": func() { b.Lab.AdvanceClock(century) }, "back": func() { b.Lab.AdvanceClock(-century - 2*time.Hour) },
		"set": func() { b.Lab.SetClock(time.Time{}) },
	} {
		b.Lab.ResetClock()
		b.Lab.AdvanceClock(time.Hour)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			move()
		}()
		if b.Lab.ClockOffset() != time.Hour {
			t.Errorf("%s: offset %v", name, b.Lab.ClockOffset())
		}
	}
	b.Lab.ResetClock()
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultMoveClock, By: lab.FaultDuration(century), Times: 2, Service: "idp"})
	for range 2 {
		_ = exchange(t, b, getting(t, okta+"/v1/keys"))
	}
	if b.Lab.ClockOffset() != century {
		t.Errorf("offset %v after two moves", b.Lab.ClockOffset())
	}
}
