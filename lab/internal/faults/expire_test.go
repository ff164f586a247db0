package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	analyst  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	contexts = "arn:aws:iam::aws:contextProvider/IdentityCenter"
)

func static(c *types.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// signed is somebody's way through the whole exchange.
type signed struct {
	app     aws.CredentialsProvider // of the application role
	token   *ssooidc.CreateTokenWithIAMOutput
	enhance func() (aws.CredentialsProvider, error)
}

// exchangeOf makes the exchange for somebody up to the identity context.
func exchangeOf(b *probe.Bench, login string) signed {
	b.Helper()
	jwt := idToken(b, login)
	web, err := webIdentity(b, jwt)
	s := signed{app: static(probe.Must(b, web, err).Credentials)}
	s.token, err = createToken(b, s.app, jwt)
	probe.Must(b, 0, err)
	s.enhance = func() (aws.CredentialsProvider, error) {
		out, err := sts.NewFromConfig(b.Config(s.app)).AssumeRole(b.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String(enhanced), RoleSessionName: aws.String("session"),
			ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String(contexts), ContextAssertion: s.token.AwsAdditionalDetails.IdentityContext}},
		})
		if err != nil {
			return nil, err
		}
		return static(out.Credentials), nil
	}
	return s
}

func createToken(b *probe.Bench, p aws.CredentialsProvider, jwt string) (*ssooidc.CreateTokenWithIAMOutput, error) {
	return ssooidc.NewFromConfig(b.Config(p)).CreateTokenWithIAM(b.Context(), &ssooidc.CreateTokenWithIAMInput{
		ClientId: aws.String(application), GrantType: aws.String(jwtGrant), Assertion: &jwt,
	})
}

func renew(b *probe.Bench, s signed) error {
	_, err := ssooidc.NewFromConfig(b.Config(s.app)).CreateTokenWithIAM(b.Context(), &ssooidc.CreateTokenWithIAMInput{
		ClientId: aws.String(application), GrantType: aws.String("refresh_token"), RefreshToken: s.token.RefreshToken,
	})
	return err
}

func whoami(b *probe.Bench, p aws.CredentialsProvider) error {
	_, err := sts.NewFromConfig(b.Config(p)).GetCallerIdentity(b.Context(), nil)
	return err
}

func withRefreshTokens(w *lab.World) {
	for i := range w.IdentityCenter[0].Applications {
		w.IdentityCenter[0].Applications[i].RefreshToken = true
	}
}

// TestExpireCredentials ends the sessions that are meant, and no others.
func TestExpireCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		expiry lab.Expiry
		ended  string // of the analyst's and the engineer's enhanced session, and the application's
	}{
		"everybody's": {lab.Expiry{}, "analyst engineer application"},
		"a person's":  {lab.Expiry{Person: analyst}, "analyst"},
		"a role's":    {lab.Expiry{Role: "tip-id-enhanced-role"}, "analyst engineer"},
		"by ARN":      {lab.Expiry{Role: oidcRole}, "application"},
		"nobody's":    {lab.Expiry{Role: "role"}, ""},
		"a key's":     {lab.Expiry{AccessKey: "?"}, "analyst"},
	} {
		t.Run(name, func(t *testing.T) {
			b := probe.Start(t)
			sessions := map[string]aws.CredentialsProvider{}
			for _, login := range []string{"analyst", "engineer"} {
				s := exchangeOf(b, login)
				p, err := s.enhance()
				sessions[login], sessions["application"] = probe.Must(t, p, err), s.app
			}
			c.expiry.What = lab.ExpireCredentials
			if c.expiry.AccessKey != "" {
				c.expiry.AccessKey = credentialsOf(t, sessions["analyst"]).AccessKeyID
			}
			n, err := b.Lab.Expire(c.expiry)
			if probe.Must(t, n, err); n == 0 && c.ended != "" {
				t.Error("none ended")
			}
			var ended []string
			for _, name := range []string{"analyst", "engineer", "application"} {
				switch got := probe.AnswerOf(whoami(b, sessions[name])).Code; got {
				case "":
				case "ExpiredToken":
					ended = append(ended, name)
				default:
					t.Errorf("%s: %s", name, got)
				}
			}
			if got := strings.Join(ended, " "); got != c.ended {
				t.Errorf("ended %q, want %q", got, c.ended)
			}
			probe.Must(t, 0, whoami(b, labtest.Admin())) // a long-term key
		})
	}
}

// TestExpireContexts: what was issued before is refused, what comes after is not,
// and sessions go on.
func TestExpireContexts(t *testing.T) {
	b := probe.Start(t)
	mine, others := exchangeOf(b, "analyst"), exchangeOf(b, "engineer")
	session, err := mine.enhance()
	probe.Must(t, 0, err)
	_, err = b.Lab.Expire(lab.Expiry{What: lab.ExpireIdentityContexts, Person: analyst})
	probe.Must(t, 0, err)
	_, err = mine.enhance()
	probe.Expect(t, probe.Answer{Status: 400, Code: "ExpiredTokenException", Message: "The provided context assertion has expired."}, err)
	_, err = others.enhance()
	probe.Expect(t, probe.Answer{}, err)
	probe.Expect(t, probe.Answer{}, whoami(b, session))
	_, err = exchangeOf(b, "analyst").enhance()
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.Lab.Expire(lab.Expiry{What: lab.ExpireIdentityContexts})
	probe.Must(t, 0, err)
	_, err = others.enhance()
	probe.Expect(t, probe.Answer{Status: 400, Code: "ExpiredTokenException", Message: "The provided context assertion has expired."}, err)
}

// TestExpireCentralRefreshTokens: those of one person, or everybody's.
func TestExpireCentralRefreshTokens(t *testing.T) {
	b := probe.Start(t, withRefreshTokens)
	mine, others := exchangeOf(b, "analyst"), exchangeOf(b, "engineer")
	n, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireRefreshTokens, Person: analyst})
	if probe.Must(t, n, err); n != 1 {
		t.Errorf("%d ended", n)
	}
	if got := ended(renew(b, mine)); !strings.Contains(got, "Exception") {
		t.Errorf("the ended one: %q", got)
	}
	probe.Expect(t, probe.Answer{}, renew(b, others))
	if n, err = b.Lab.Expire(lab.Expiry{What: lab.ExpireRefreshTokens}); probe.Must(t, n, err) == 0 {
		t.Error("none ended")
	}
}

// TestExpireSignIns: refresh tokens of an OIDC provider, by login.
func TestExpireSignIns(t *testing.T) {
	b := probe.Start(t)
	p := party(t, b)
	token := p.mustSignIn(t)
	for _, c := range []struct {
		login string
		ended int
		ok    bool
	}{{"engineer", 0, true}, {"Analyst", 1, false}} {
		n, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireRefreshTokens, Issuer: "okta", Login: c.login})
		if probe.Must(t, n, err); c.ended > 0 != (n > 0) {
			t.Errorf("%s: %d ended", c.login, n)
		}
		next, err := p.refresh(token)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.login, err)
		}
		if err == nil {
			token = next
		}
	}
	if _, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireRefreshTokens, Issuer: "nobody"}); err == nil {
		t.Error("tokens of nobody end")
	}
}

// TestExpireIDTokens: STS and Identity Center refuse them as expired; those that
// come after, in the same second even, are good.
func TestExpireIDTokens(t *testing.T) {
	b := probe.Start(t)
	old, others := idToken(b, "analyst"), idToken(b, "engineer")
	app := exchangeOf(b, "analyst").app
	n, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireIDTokens, Issuer: "okta", Login: "analyst"})
	if probe.Must(t, n, err); n != 2 {
		t.Errorf("%d ended", n)
	}
	fresh := idToken(b, "analyst")
	_, err = webIdentity(b, old)
	probe.Expect(t, probe.Answer{Status: 400, Code: "ExpiredTokenException", Message: "*"}, err)
	_, err = createToken(b, app, old)
	if got := ended(err); !strings.Contains(got, "Exception") {
		t.Errorf("Identity Center: %q", got)
	}
	for _, good := range []string{others, fresh} {
		_, err = webIdentity(b, good)
		probe.Expect(t, probe.Answer{}, err)
	}
	n, err = b.Lab.Expire(lab.Expiry{What: lab.ExpireIDTokens})
	if probe.Must(t, n, err); n != 2 {
		t.Errorf("%d of all ended", n)
	}
	if _, err := b.Lab.Expire(lab.Expiry{What: lab.ExpireIDTokens, Issuer: "nobody"}); err == nil {
		t.Error("tokens of nobody end")
	}
}

// TestRefusedExpiries: what would end something else than was asked for.
func TestRefusedExpiries(t *testing.T) {
	b := probe.Start(t)
	for want, x := range map[string]lab.Expiry{
		`expire: "" is none of credentials, identity-contexts, refresh-tokens, id-tokens`:     {},
		`expire: "keys" is none of credentials, identity-contexts, refresh-tokens, id-tokens`: {What: "keys"},
		`expire: credentials cannot be told by issuer, only by accessKey or role or person`:   {What: lab.ExpireCredentials, Issuer: "okta"},
		`expire: identity-contexts cannot be told by role, only by person`:                    {What: lab.ExpireIdentityContexts, Role: "x"},
		`expire: refresh-tokens cannot be told by login, only by person`:                      {What: lab.ExpireRefreshTokens, Login: "x"},
		`expire: refresh-tokens cannot be told by person, only by issuer or login`:            {What: lab.ExpireRefreshTokens, Issuer: "okta", Person: "x"},
		`expire: id-tokens cannot be told by accessKey, only by issuer or login`:              {What: lab.ExpireIDTokens, AccessKey: "x"},
	} {
		if _, err := b.Lab.Expire(x); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestSelectedCallers: a fault strikes the requests of one person's session only,
// whatever role and account they share.
func TestSelectedCallers(t *testing.T) {
	b := probe.Start(t)
	var sessions []aws.CredentialsProvider
	for _, login := range []string{"analyst", "engineer"} {
		p, err := exchangeOf(b, login).enhance()
		sessions = append(sessions, probe.Must(t, p, err))
	}
	for name, f := range map[string]lab.Fault{
		"person": {Person: analyst}, "access key": {AccessKey: credentialsOf(t, sessions[0]).AccessKeyID},
	} {
		t.Run(name, func(t *testing.T) {
			f.Do = lab.FaultThrottle
			labtest.Fault(t, b.Lab, f)
			if got := []string{ended(whoami(b, sessions[0])), ended(whoami(b, sessions[1]))}; got[0] != "Throttling" || got[1] != "" {
				t.Errorf("the analyst gets %q, the engineer %q", got[0], got[1])
			}
		})
	}
	for name, f := range map[string]lab.Fault{"role": {Role: "tip-id-*"}, "account": {Account: probe.Application}, "region": {Region: b.Lab.Region()}} {
		t.Run(name, func(t *testing.T) {
			f.Do, f.Service = lab.FaultThrottle, "sts"
			labtest.Fault(t, b.Lab, f)
			config := b.Config(labtest.Admin())
			config.Region = "us-east-1"
			_, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
			if got := []string{ended(whoami(b, sessions[0])), ended(err)}; got[0] != "Throttling" || name != "account" && got[1] != "" {
				t.Errorf("the analyst gets %q, the administrator in another region %q", got[0], got[1])
			}
		})
	}
}

// TestAllowReplay: a JWT is taken again while a fault allows it, and not after.
func TestAllowReplay(t *testing.T) {
	b := probe.Start(t)
	jwt := idToken(b, "analyst")
	web, err := webIdentity(b, jwt)
	app := static(probe.Must(t, web, err).Credentials)
	send := func() string {
		_, err := createToken(b, app, jwt)
		return ended(err)
	}
	got := []string{send(), send()}
	if _, err := b.Lab.AddFaults(lab.Fault{Name: "again", Do: lab.FaultAllowReplay, Operation: "CreateTokenWithIAM", Times: 2}); err != nil {
		t.Fatal(err)
	}
	got = append(got, send(), send(), send())
	if want := []string{"", got[1], "", "", got[1]}; strings.Join(want, ",") != strings.Join(got, ",") || got[1] == "" {
		t.Errorf("got %q", got)
	}
}

// TestMoveClock: a fault moves the clock under a session that is in use.
func TestMoveClock(t *testing.T) {
	b := probe.Start(t)
	app := exchangeOf(b, "analyst").app
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultMoveClock, By: lab.FaultDuration(13 * time.Hour), Service: "sts", Nth: 2})
	for i, want := range []string{"", "", "SignatureDoesNotMatch"} {
		if got := ended(whoami(b, app)); got != want {
			t.Errorf("request %d: %q, want %q", i+1, got, want)
		}
	}
	if b.Lab.ClockOffset() != 13*time.Hour {
		t.Errorf("offset %v", b.Lab.ClockOffset())
	}
}
