package iam_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iam"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	oidcRole     = "arn:aws:iam::444455556666:role/tip-oidc-role"
	enhancedRole = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	issuer       = "https://dev-123456789.okta.com/oauth2/default"
)

// healthy is the chain of the default world before the section has looked.
func healthy(l *lab.Lab) *chain.Chain {
	c := &chain.Chain{
		Asked:  chain.Asked{ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}},
		Config: config.Config{OIDCRoleARN: oidcRole, IDEnhancedRoleARN: enhancedRole},
		Login:  config.Login{Issuer: issuer, ClientID: labtest.ClientID},
		Token:  token(nil),
		HTTP:   awshttp.NewBuildableClient(),
	}
	if l != nil {
		cfg := labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
		c.Regions.Region, c.Regions.IdentityCenterRegion = l.Region(), l.Region()
		c.Application = chain.Access{Config: &cfg, Profile: "app", Account: labtest.ApplicationAccount}
	}
	return c
}

// token is the analyst's with further claims.
func token(claims map[string]any) *chain.Token {
	t := &chain.Token{Issuer: issuer, Subject: "00uAnalystEXAMPLE", Audience: []string{labtest.ClientID}, Claims: claims}
	if iss, ok := claims["iss"].(string); ok {
		t.Issuer = iss
	}
	t.AuthorizedParty, _ = claims["azp"].(string)
	return t
}

// look runs the section and returns the results that are of some status; every check must have one.
func look(t *testing.T, c *chain.Chain, statuses ...finding.Status) map[string]finding.Result {
	t.Helper()
	results := iam.Run(t.Context(), c)
	all := map[string]finding.Result{}
	for _, check := range iam.Checks() {
		of := slices.DeleteFunc(slices.Clone(results), func(r finding.Result) bool { return r.Check != check.ID })
		if len(of) != 1 && (len(of) == 0 || of[0].Status != finding.Fail && of[0].Status != finding.Warn) {
			t.Errorf("%s has %d results: %+v", check.ID, len(of), of)
		}
	}
	for _, r := range results {
		if slices.Contains(statuses, r.Status) {
			all[r.ID] = r
		}
	}
	return all
}

var bad = []finding.Status{finding.Fail, finding.Warn, finding.Unknown}

// only wants one result that is not well.
func only(t *testing.T, c *chain.Chain, id, culprit, seen, fix string) {
	t.Helper()
	all := look(t, c, bad...)
	r, ok := all[id]
	switch {
	case !ok || len(all) != 1:
		t.Errorf("%s: %+v", id, all)
	case !strings.Contains(r.Culprit, culprit) || !strings.Contains(r.Seen, seen) || len(r.Fixes) != 1:
		t.Errorf("%s: %+v", id, r)
	case !strings.Contains(r.Fixes[0].Command+r.Fixes[0].Does, fix):
		t.Errorf("%s: the fix is %+v", id, r.Fixes[0])
	}
}

func TestHealthy(t *testing.T) {
	l := labtest.Start(t)
	c := healthy(l)
	if all := look(t, c, bad...); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	if c.Roles.Application.ARN != oidcRole || c.Roles.Enhanced.ARN != enhancedRole {
		t.Errorf("%+v", c.Roles)
	}
	c.Token = nil
	if all := look(t, c, bad...); len(all) > 0 {
		t.Errorf("without a token: %+v", all)
	}
	c.Asked.Services = []chain.Service{chain.S3, chain.AthenaService, chain.LakeFormation}
	if all := look(t, c, bad...); len(all) > 0 {
		t.Errorf("all services: %+v", all)
	}
}

// The application is in the account of the roles: its actor policy may be enough. The
// bench's application is in another account.
func TestExchangeUnsaid(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) { delete(w.Accounts[1].Roles[0].Policies, "exchange") }))
	c := healthy(l)
	c.Asked.ApplicationARN = "arn:aws:sso::444455556666:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	only(t, c, "iam.exchange-unsaid", oidcRole, "no identity-based policy allows it", "--policy-name tip-cli-exchange")
}

// IAM admits no MaxSessionDuration under an hour, and a configuration no session_duration
// above: only a file that was written by hand has one.
func TestSessionTooLong(t *testing.T) {
	c := healthy(labtest.Start(t))
	c.Config.SessionDuration = 7200
	only(t, c, "iam.session-too-long", "session_duration", "1h0m0s at most, session_duration is 2h0m0s", `{"session_duration":3600}`)
	c.Config.SessionDuration = 3600
	if all := look(t, c, bad...); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}

// What AWS admits with an identity is AWS's: nothing that can be mended at a bench.
func TestAllowList(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) { w.Switches.IdentityContextAllowList = []string{"athena:*", "sts:SetContext"} }))
	only(t, healthy(l), "iam.not-on-allow-list", "AWSIAMIdentityCenterAllowListForIdentityContext", "s3:GetDataAccess", "without an identity")
}

// A right that AWS does not admit either is not said to be all that is missing.
func TestAllowListFirst(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.Switches.IdentityContextAllowList = []string{"athena:*", "sts:SetContext"}
		delete(w.Accounts[1].Roles[1].Policies, "access-grants")
	}))
	for _, r := range look(t, healthy(l), bad...) {
		if r.ID == "iam.service-not-allowed" && strings.Contains(r.Fixes[0].Does, "alone does not help: see iam.not-on-allow-list") {
			return
		}
	}
	t.Errorf("%+v", look(t, healthy(l), bad...))
}

// Certificates of an authority that nobody knows. At the bench the machine trusts the lab's.
func TestThumbprint(t *testing.T) {
	idp := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			_, _ = w.Write([]byte(`{"jwks_uri":"https://example.com/keys"}`))
		}
	}))
	t.Cleanup(idp.Close)
	l := labtest.Start(t)
	c := healthy(l)
	c.Token = token(map[string]any{"iss": "https://example.com/private"})
	c.HTTP = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.Proxy, tr.TLSClientConfig = nil, idp.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, idp.Listener.Addr().String())
		}
	})
	client := awsiam.NewFromConfig(*c.Application.Config)
	thumbprints := []string{strings.Repeat("ab", 20)}
	out, err := client.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://example.com/private"), ClientIDList: []string{labtest.ClientID}, ThumbprintList: thumbprints})
	if err != nil {
		t.Fatal(err)
	}
	r := look(t, c, finding.Warn)["iam.thumbprint-mismatch"]
	if r.Culprit != *out.OpenIDConnectProviderArn || len(r.Fixes) != 1 {
		t.Fatalf("%+v", r)
	}
	_, right, _ := strings.Cut(r.Fixes[0].Command, "--thumbprint-list ")
	right, _, _ = strings.Cut(right, " ")
	if _, err := client.UpdateOpenIDConnectProviderThumbprint(t.Context(), &awsiam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: out.OpenIDConnectProviderArn, ThumbprintList: []string{strings.ToUpper(right)}}); err != nil {
		t.Fatal(err)
	}
	if ok := look(t, c, finding.OK)["iam.thumbprint"]; ok.Seen != right {
		t.Errorf("%+v", ok)
	}
	idp.Close()
	if all := look(t, c, finding.Unknown); all["iam.thumbprint.unread"].Seen == "" {
		t.Errorf("nobody answers: %+v", all)
	}
}

// STS takes Google's tokens without an OIDC provider: the trust policy names it by host.
func TestGoogle(t *testing.T) {
	l := labtest.Start(t)
	c := healthy(l)
	c.Token = token(map[string]any{"iss": "https://accounts.google.com", "azp": "x.apps.googleusercontent.com"})
	trust := func(text string) {
		t.Helper()
		if _, err := awsiam.NewFromConfig(*c.Application.Config).UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("tip-oidc-role"), PolicyDocument: &text}); err != nil {
			t.Fatal(err)
		}
	}
	trust(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"accounts.google.com:aud":"x.apps.googleusercontent.com"}}}}`)
	if all := look(t, c, bad...); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	trust(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"accounts.google.com:oaud":"y"}}}}`)
	only(t, c, "iam.trust-condition", oidcRole, "accounts.google.com:oaud wants y", "update-assume-role-policy")
}

// Tags that the first trust policy does not take are told though the second one lets nobody in.
func TestTagsBeforeHop(t *testing.T) {
	l := labtest.Start(t)
	admin := awsiam.NewFromConfig(labtest.Config(l, l.Administrator(labtest.ApplicationAccount)))
	nobody := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if _, err := admin.UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("tip-id-enhanced-role"), PolicyDocument: &nobody}); err != nil {
		t.Fatal(err)
	}
	c := healthy(l)
	c.Token = token(map[string]any{"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"team": "analysts"}}})
	all := look(t, c, bad...)
	if _, ok := all["iam.tag-session"]; !ok || len(all) != 2 {
		t.Errorf("%+v", all)
	}
}
