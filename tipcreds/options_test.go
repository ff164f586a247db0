package tipcreds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func withRole(o *tipcreds.Options) {
	o.ApplicationRoleARN, o.Region = applicationRole, "eu-west-1"
}

func withClients(o *tipcreds.Options) {
	o.STSClient, o.SSOOIDCClient = sts.New(sts.Options{}), ssooidc.New(ssooidc.Options{})
}

func TestNewRefuses(t *testing.T) {
	type set = func(*tipcreds.Options)
	tests := []struct {
		name        string
		access, app string
		fns         []set
		option      string
		want        error
	}{
		{"no role, no client", accessRole, application, nil, "ApplicationRoleARN", tipcreds.ErrClientsMissing},
		{"no role, STS only", accessRole, application,
			[]set{func(o *tipcreds.Options) { o.STSClient = sts.New(sts.Options{}) }}, "ApplicationRoleARN", tipcreds.ErrClientsMissing},
		{"no role, SSO OIDC only", accessRole, application,
			[]set{func(o *tipcreds.Options) { o.SSOOIDCClient = ssooidc.New(ssooidc.Options{}) }}, "ApplicationRoleARN", tipcreds.ErrClientsMissing},
		{"same role", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationRoleARN = accessRole }}, "ApplicationRoleARN", tipcreds.ErrSameRole},
		{"same role, both clients", accessRole, application,
			[]set{withClients, func(o *tipcreds.Options) { o.ApplicationRoleARN = accessRole }}, "ApplicationRoleARN", tipcreds.ErrSameRole},
		{"empty access role", "", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"access role is a user", "arn:aws:iam::444455556666:user/Analyst", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"access role without name", "arn:aws:iam::444455556666:role/", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"access role of a session", "arn:aws:sts::444455556666:assumed-role/A/s", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"access role of another service", "arn:aws:s3::444455556666:role/Analyst", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"access role with a region", "arn:aws:iam:eu-west-1:444455556666:role/Analyst", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"application of another service", accessRole, strings.Replace(application, ":sso:", ":iam:", 1), []set{withRole}, "application", tipcreds.ErrMalformedARN},
		{"application without account", accessRole, strings.Replace(application, "111122223333", "", 1), []set{withRole}, "application", tipcreds.ErrMalformedARN},
		{"no partition", "arn::iam::444455556666:role/Analyst", strings.Replace(application, ":aws:", "::", 1), []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"short account", "arn:aws:iam::4444:role/Analyst", application, []set{withRole}, "access role", tipcreds.ErrMalformedARN},
		{"application is an instance", accessRole, instanceARN, []set{withRole}, "application", tipcreds.ErrMalformedARN},
		{"application without id", accessRole, "arn:aws:sso::111122223333:application/ssoins-1", []set{withRole}, "application", tipcreds.ErrMalformedARN},
		{"application is a role", accessRole, applicationRole, []set{withRole}, "application", tipcreds.ErrMalformedARN},
		{"application role malformed", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationRoleARN = "TIPApplication" }}, "ApplicationRoleARN", tipcreds.ErrMalformedARN},
		{"application in China", accessRole, strings.Replace(application, ":aws:", ":aws-cn:", 1), []set{withRole},
			"application", tipcreds.ErrPartitionMismatch},
		{"application role in China", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) {
				o.ApplicationRoleARN = strings.Replace(applicationRole, ":aws:", ":aws-cn:", 1)
			}},
			"ApplicationRoleARN", tipcreds.ErrPartitionMismatch},
		{"no region", accessRole, application, []set{withRole, func(o *tipcreds.Options) { o.Region = "" }}, "Region", tipcreds.ErrRegionMissing},
		{"no Identity Center region", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) {
				o.Region, o.STSClient, o.WebIdentityClient = "", sts.New(sts.Options{}), sts.New(sts.Options{})
			}}, "IdentityCenterRegion", tipcreds.ErrRegionMissing},
		{"session name", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationSessionName = "a b" }}, "ApplicationSessionName", tipcreds.ErrSessionName},
		{"session name too short", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationSessionName = "a" }}, "ApplicationSessionName", tipcreds.ErrSessionName},
		{"session name too long", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationSessionName = strings.Repeat("a", 65) }}, "ApplicationSessionName", tipcreds.ErrSessionName},
		{"application duration short", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationDuration = time.Minute }}, "ApplicationDuration", tipcreds.ErrDurationRange},
		{"application duration long", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.ApplicationDuration = 13 * time.Hour }}, "ApplicationDuration", tipcreds.ErrDurationRange},
		{"duration beyond role chaining", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.Duration = time.Hour + time.Second }}, "Duration", tipcreds.ErrDurationRange},
		{"duration long with a client", accessRole, application,
			[]set{withClients, func(o *tipcreds.Options) { o.Duration = 13 * time.Hour }}, "Duration", tipcreds.ErrDurationRange},
		{"duration in fractions", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.Duration = 15*time.Minute + time.Millisecond }}, "Duration", tipcreds.ErrDurationRange},
		{"duration negative", accessRole, application,
			[]set{withRole, func(o *tipcreds.Options) { o.Duration = -time.Second }}, "Duration", tipcreds.ErrDurationRange},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tipcreds.New(tt.access, tt.app, token(webToken), tt.fns...)
			e, ok := errors.AsType[*tipcreds.OptionError](err)
			if !ok || p != nil {
				t.Fatalf("provider %v, error %v", p, err)
			}
			if !errors.Is(err, tt.want) || e.Option != tt.option {
				t.Errorf("option %s: %v; want %s: %v", e.Option, err, tt.option, tt.want)
			}
		})
	}
	if _, err := tipcreds.New(accessRole, application, nil, withRole); !errors.Is(err, tipcreds.ErrTokenProviderMissing) {
		t.Errorf("no token provider: %v", err)
	}
}

func TestOptionErrorText(t *testing.T) {
	_, err := tipcreds.New(accessRole, application, token(webToken), withRole,
		func(o *tipcreds.Options) { o.ApplicationRoleARN = accessRole })
	const want = `tipcreds: ApplicationRoleARN "` + accessRole + `": the application role must not be the access role: ` +
		`it would have to assume itself, which IAM refuses unless the role's own trust policy names it`
	if err.Error() != want {
		t.Errorf("got %q", err)
	}
	_, err = tipcreds.New(accessRole, application, nil)
	if want := "tipcreds: token: a web token provider is required"; err.Error() != want {
		t.Errorf("got %q", err)
	}
}

func TestNewAccepts(t *testing.T) {
	type set = func(*tipcreds.Options)
	tests := []struct {
		name string
		fns  []set
	}{
		{"role", []set{withRole}},
		{"clients, no region", []set{withClients}},
		{"clients and role", []set{withClients, withRole}},
		{"role and STS", []set{withRole, func(o *tipcreds.Options) { o.STSClient = sts.New(sts.Options{}) }}},
		{"role and SSO OIDC", []set{withRole, func(o *tipcreds.Options) { o.SSOOIDCClient = ssooidc.New(ssooidc.Options{}) }}},
		{"region of the config", []set{withRole, func(o *tipcreds.Options) {
			o.Region, o.AWSConfig = "", aws.Config{Region: "eu-west-1"}
		}}},
		{"long session with a client", []set{withClients, func(o *tipcreds.Options) { o.Duration = 12 * time.Hour }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tipcreds.New(accessRole, application, token(webToken), tt.fns...); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDefaultEndpoints: without a base endpoint the two built clients go to the
// two regions.
func TestDefaultEndpoints(t *testing.T) {
	var hosts []string
	refuse := roundTrip(func(host string) { hosts = append(hosts, host) })
	for _, own := range []bool{false, true} {
		p, err := tipcreds.New(accessRole, application, token(webToken), func(o *tipcreds.Options) {
			o.ApplicationRoleARN, o.Region, o.IdentityCenterRegion = applicationRole, "eu-west-1", "us-east-2"
			o.AWSConfig = aws.Config{HTTPClient: refuse, RetryMaxAttempts: 1}
			if own {
				o.WebIdentityClient = staticWebIdentity{}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Exchange(context.Background(), webToken); err == nil {
			t.Fatal("no error")
		}
	}
	if len(hosts) != 2 || hosts[0] != "sts.eu-west-1.amazonaws.com" || hosts[1] != "oidc.us-east-2.amazonaws.com" {
		t.Errorf("hosts %v", hosts)
	}
}
