package lab_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world.
const (
	center   = "111122223333"
	appl     = "444455556666"
	okta     = "https://dev-123456789.okta.com/oauth2/default"
	clientID = "0oaTipCliEXAMPLE"
	instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	appARN   = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	oidcRole = "arn:aws:iam::444455556666:role/tip-oidc-role"
	enhanced = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	provider = "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default"
	analyst  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineer = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
	contexts = "arn:aws:iam::aws:contextProvider/IdentityCenter"
	jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// answer is what a request was answered with; the zero answer is success.
type answer probe.Answer

// answerOf is [probe.AnswerOf].
func answerOf(err error) answer { return answer(probe.AnswerOf(err)) }

// expect is [probe.Expect].
func expect(tb testing.TB, want answer, err error) {
	tb.Helper()
	probe.Expect(tb, probe.Answer(want), err)
}

// Statements and policies, as the tests of the services write them.
var (
	statement = probe.Statement
	policyOf  = probe.PolicyOf
)

// bench is a lab with clients for it.
type bench struct {
	testing.TB
	lab    *lab.Lab
	clock  *labtest.Clock
	client *http.Client
	// send replaces client in SDK clients, nil for client.
	send aws.HTTPClient
	// door is the base endpoint of SDK clients, empty for real host names.
	door string
}

func start(tb testing.TB, edits ...func(*lab.World)) *bench {
	tb.Helper()
	b := &bench{TB: tb, clock: &labtest.Clock{}}
	opts := []func(*lab.Options){b.clock.With}
	for _, edit := range edits {
		opts = append(opts, labtest.Edit(edit))
	}
	b.lab = labtest.Start(tb, opts...)
	b.client = b.lab.HTTPClient()
	tb.Cleanup(b.client.CloseIdleConnections)
	return b
}

// on is the bench for a subtest.
func (b *bench) on(tb testing.TB) *bench {
	return &bench{TB: tb, lab: b.lab, clock: b.clock, client: b.client}
}

// strict takes the loopback issuer out of the world and enforces the URL rules
// of IAM and Identity Center.
func strict(w *lab.World) {
	labtest.WithoutNotebook(w)
	off := false
	w.Switches.LoopbackIssuers = &off
	a := &w.Accounts[1]
	a.OIDCProviders = a.OIDCProviders[:1]
	c := &w.IdentityCenter[0]
	c.TrustedTokenIssuers = c.TrustedTokenIssuers[:1]
	c.Applications[0].JWTBearer = c.Applications[0].JWTBearer[:1]
	w.Issuers = w.Issuers[:1]
	// Nothing depends on the algorithm, and an EC key is made faster.
	w.Switches.CentralTokenAlgorithm = "ES256"
}

// principal is a Principal element of IAM principals.
func principal(arns ...any) map[string]any { return map[string]any{"AWS": arns} }

// allowing is an identity policy for everything under an action pattern.
func allowing(actions ...any) map[string]any {
	return map[string]any{"p": policyOf(statement("Allow", actions, "Resource", "*"))}
}

func addRole(w *lab.World, account int, name string, trust any, policies map[string]any) *world.RoleFile {
	a := &w.Accounts[account]
	a.Roles = append(a.Roles, world.RoleFile{Name: name, Trust: trust, Policies: policies})
	return &a.Roles[len(a.Roles)-1]
}

func roleIn(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// jwt mints an ID token of the Okta-like issuer.
func (b *bench) jwt(login string, edits ...func(*lab.IDToken)) string {
	b.Helper()
	token, err := b.lab.IssueIDToken("okta", login, clientID, edits...)
	if err != nil {
		b.Fatal(err)
	}
	return token
}

// claims puts claims over those of a token; nil takes one away.
func claims(kv ...any) func(*lab.IDToken) {
	return func(o *lab.IDToken) {
		if o.Claims == nil {
			o.Claims = map[string]any{}
		}
		for i := 0; i < len(kv); i += 2 {
			o.Claims[kv[i].(string)] = kv[i+1]
		}
	}
}

// static are the credentials of STS's answer.
func static(c *types.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func (b *bench) config(p aws.CredentialsProvider) aws.Config {
	c := labtest.Config(b.lab, p)
	c.HTTPClient = labtest.Steady(b.client)
	if b.send != nil {
		c.HTTPClient = b.send
	}
	if b.door != "" {
		c.BaseEndpoint = &b.door
	}
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return c
}

func (b *bench) sts(p aws.CredentialsProvider) *sts.Client { return sts.NewFromConfig(b.config(p)) }

func (b *bench) webIdentity(role, token string, edits ...func(*sts.AssumeRoleWithWebIdentityInput)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("session"), WebIdentityToken: &token}
	for _, edit := range edits {
		edit(in)
	}
	return b.sts(nil).AssumeRoleWithWebIdentity(context.Background(), in)
}

func (b *bench) createToken(p aws.CredentialsProvider, edits ...func(*ssooidc.CreateTokenWithIAMInput)) (*ssooidc.CreateTokenWithIAMOutput, error) {
	in := &ssooidc.CreateTokenWithIAMInput{ClientId: aws.String(appARN), GrantType: aws.String(jwtGrant)}
	for _, edit := range edits {
		edit(in)
	}
	return ssooidc.NewFromConfig(b.config(p)).CreateTokenWithIAM(context.Background(), in)
}

// asserting is the assertion of CreateTokenWithIAM.
func asserting(token string) func(*ssooidc.CreateTokenWithIAMInput) {
	return func(in *ssooidc.CreateTokenWithIAMInput) { in.Assertion = &token }
}

func forClient(arn string) func(*ssooidc.CreateTokenWithIAMInput) {
	return func(in *ssooidc.CreateTokenWithIAMInput) { in.ClientId = &arn }
}

func (b *bench) assume(p aws.CredentialsProvider, role string, edits ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")}
	for _, edit := range edits {
		edit(in)
	}
	return b.sts(p).AssumeRole(context.Background(), in)
}

// providing is the ProvidedContexts of AssumeRole.
func providing(assertion string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		in.ProvidedContexts = append(in.ProvidedContexts, types.ProvidedContext{ProviderArn: aws.String(contexts), ContextAssertion: &assertion})
	}
}

// context makes the identity context of a user as CreateTokenWithIAM does.
func (b *bench) context(user string, edits ...func(*world.IdentityContext)) string {
	b.Helper()
	now := b.clock.Now().UTC()
	id := &world.IdentityContext{
		UserID: user, IdentityStoreID: "d-1234567890", IdentityStoreARN: "arn:aws:identitystore::111122223333:identitystore/d-1234567890",
		InstanceARN: instance, ApplicationARN: appARN, CredentialID: "credential", Issued: now, Expires: now.Add(time.Hour),
		Scopes: []string{"s3:access_grants:read_write", "openid", "aws", "sts:identity_context"},
	}
	for _, edit := range edits {
		edit(id)
	}
	sealed, err := b.lab.State().SealContext(id)
	if err != nil {
		b.Fatal(err)
	}
	return sealed
}

// session are credentials of a role put into the world as they are, without any exchange.
func (b *bench) session(role string, edits ...func(*world.Session)) aws.CredentialsProvider {
	b.Helper()
	r, ok := b.lab.State().Role(role)
	if !ok {
		b.Fatalf("no role %s", role)
	}
	id, secret, token := world.NewCredentials()
	now := b.clock.Now()
	s := &world.Session{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Issued: now, Expires: now.Add(time.Hour),
		Kind: world.KindAssumedRole, Account: r.Account, RoleARN: role, SessionName: "session",
		ARN: b.lab.State().AssumedRoleARN(r, "session"), UserID: r.ID + ":session",
	}
	for _, edit := range edits {
		edit(s)
	}
	b.lab.State().AddSession(s)
	return credentials.NewStaticCredentialsProvider(id, secret, token)
}

// person are identity-enhanced credentials of the default role for a user.
func (b *bench) person(user string, edits ...func(*world.IdentityContext)) aws.CredentialsProvider {
	b.Helper()
	return b.personAs(enhanced, user, edits...)
}

func (b *bench) personAs(role, user string, edits ...func(*world.IdentityContext)) aws.CredentialsProvider {
	b.Helper()
	return b.session(role, func(s *world.Session) {
		id, err := b.lab.State().OpenContext(b.context(user, edits...))
		if err != nil {
			b.Fatal(err)
		}
		s.Identity = id
	})
}

func (b *bench) control(p aws.CredentialsProvider) *s3control.Client {
	return s3control.NewFromConfig(b.config(p))
}
