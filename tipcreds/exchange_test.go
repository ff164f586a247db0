package tipcreds_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func token(jwt string) tipcreds.WebTokenProvider {
	return func(context.Context) (string, error) { return jwt, nil }
}

// wire is what of a call must be exactly so.
type wire struct {
	Op    string
	Form  url.Values
	Body  map[string]any
	Key   string // access key that signed
	Scope string // region/service of the signature
	Token string // session token
}

func onWire(c awsCall) wire {
	w := wire{Op: c.Op, Form: c.Form, Body: c.Body, Token: c.Header.Get("X-Amz-Security-Token")}
	_, credential, ok := strings.Cut(c.Header.Get("Authorization"), "Credential=")
	if !ok {
		return w
	}
	parts := strings.Split(credential, "/")
	w.Key, w.Scope = parts[0], parts[2]+"/"+parts[3]
	return w
}

func onWires(calls []awsCall) []wire {
	var ws []wire
	for _, c := range calls {
		ws = append(ws, onWire(c))
	}
	return ws
}

var (
	wireWebIdentity = wire{
		Op: webIdentityCall,
		Form: url.Values{
			"Action": {webIdentityCall}, "Version": {"2011-06-15"},
			"RoleArn": {applicationRole}, "RoleSessionName": {"tipcreds-application"},
			"WebIdentityToken": {webToken}, "DurationSeconds": {"900"},
		},
	}
	wireCreateToken = wire{
		Op: createTokenCall,
		Body: map[string]any{
			"clientId":  application,
			"grantType": "urn:ietf:params:oauth:grant-type:jwt-bearer",
			"assertion": webToken,
		},
		Key: applicationKey, Scope: "eu-central-1/sso-oauth", Token: applicationToken,
	}
	wireAssumeRole = wire{
		Op: assumeRoleCall,
		Form: url.Values{
			"Action": {assumeRoleCall}, "Version": {"2011-06-15"},
			"RoleArn": {accessRole}, "RoleSessionName": {"tip-" + userID},
			"ProvidedContexts.member.1.ProviderArn":      {"arn:aws:iam::aws:contextProvider/IdentityCenter"},
			"ProvidedContexts.member.1.ContextAssertion": {identityContext},
		},
		Key: applicationKey, Scope: "eu-west-1/sts", Token: applicationToken,
	}
)

func TestExchangeWire(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT000000001")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "ambient")
	f := newFakeAWS(t)
	p := f.provider(t, func(o *tipcreds.Options) {
		o.AWSConfig.Credentials = credentials.NewStaticCredentialsProvider("AKIAAMBIENT000000002", "ambient", "")
	})
	got, err := p.Exchange(t.Context(), webToken)
	if err != nil {
		t.Fatal(err)
	}
	want := tipcreds.Session{
		Credentials: aws.Credentials{
			AccessKeyID: enhancedKey, SecretAccessKey: enhancedPlain, SessionToken: enhancedToken,
			Source: "TIPProvider", CanExpire: true, Expires: f.expires, AccountID: "444455556666",
		},
		ExpiresAt:       f.expires,
		AssumedRoleARN:  assumedRoleARN,
		UserID:          userID,
		IdentityStoreID: "d-1234567890", IdentityStoreARN: storeARN,
		InstanceARN: instanceARN, ApplicationARN: application, TrustedTokenIssuerARN: tokenIssuerARN, CredentialID: "credential-1",
		Scopes: []string{"s3:access_grants:read_write", "openid", "aws", "sts:identity_context"},
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	calls := f.seen()
	if diff := cmp.Diff([]wire{wireWebIdentity, wireCreateToken, wireAssumeRole}, onWires(calls)); diff != "" {
		t.Errorf("wire (-want +got):\n%s", diff)
	}
	if got := calls[0].Header.Get("Authorization"); got != "" {
		t.Errorf("AssumeRoleWithWebIdentity is signed: %s", got)
	}
	for _, c := range calls {
		if got := c.Header.Get("User-Agent"); !strings.Contains(got, " tipcreds/1") {
			t.Errorf("%s: user agent %q", c.Op, got)
		}
	}
}

func TestExchangeOptions(t *testing.T) {
	f := newFakeAWS(t)
	p := f.provider(t, func(o *tipcreds.Options) {
		o.Region = "eu-north-1"
		o.ApplicationSessionName = "first"
		o.ApplicationDuration = time.Hour
		o.Duration = 20 * time.Minute
		o.SessionName = func(id string) string { return "user/" + id + strings.Repeat("x", 60) }
	})
	if _, err := p.Exchange(t.Context(), webToken); err != nil {
		t.Fatal(err)
	}
	calls := f.seen()
	got := []string{
		calls[0].Form.Get("RoleSessionName"), calls[0].Form.Get("DurationSeconds"),
		calls[2].Form.Get("RoleSessionName"), calls[2].Form.Get("DurationSeconds"), onWire(calls[2]).Scope,
	}
	want := []string{"first", "3600", ("user-" + userID + strings.Repeat("x", 60))[:64], "1200", "eu-north-1/sts"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExchangePartition(t *testing.T) {
	f := newFakeAWS(t)
	p, err := tipcreds.New(
		"arn:aws-us-gov:iam::444455556666:role/path/Analyst",
		"arn:aws-us-gov:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		token(webToken), func(o *tipcreds.Options) {
			o.ApplicationRoleARN = "arn:aws-us-gov:iam::444455556666:role/TIPApplication"
			o.AWSConfig = f.config()
		})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exchange(t.Context(), webToken); err != nil {
		t.Fatal(err)
	}
	const want = "arn:aws-us-gov:iam::aws:contextProvider/IdentityCenter"
	if got := f.seen()[2].Form.Get("ProvidedContexts.member.1.ProviderArn"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIdentityContextSources(t *testing.T) {
	tests := []struct {
		name        string
		details     any
		idToken     string
		wantContext string
		wantSession string
	}{
		{"member wins", map[string]any{"identityContext": "from-member"},
			idToken(map[string]any{"sub": userID, "sts:identity_context": "from-claim"}), "from-member", "tip-" + userID},
		{"claim", nil, idToken(map[string]any{"sub": userID, "sts:identity_context": "from-claim"}), "from-claim", "tip-" + userID},
		{"empty member", map[string]any{"identityContext": ""},
			idToken(map[string]any{"sub": userID, "sts:identity_context": "from-claim"}), "from-claim", "tip-" + userID},
		{"no id token", map[string]any{"identityContext": "from-member"}, "", "from-member", "tip"},
		{"unreadable id token", map[string]any{"identityContext": "from-member"}, "a.%%.c", "from-member", "tip"},
		{"neither", nil, idToken(map[string]any{"sub": userID}), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.token["awsAdditionalDetails"], f.token["idToken"] = tt.details, tt.idToken
			_, err := f.provider(t).Exchange(t.Context(), webToken)
			if tt.wantContext == "" {
				e := exchangeError(t, err)
				if !errors.Is(err, tipcreds.ErrNoIdentityContext) || e.Step != tipcreds.StepCreateToken || !e.JWTSpent {
					t.Errorf("error %v, step %s, spent %v", err, e.Step, e.JWTSpent)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			form := f.seen()[2].Form
			got := []string{form.Get("ProvidedContexts.member.1.ContextAssertion"), form.Get("RoleSessionName")}
			if diff := cmp.Diff([]string{tt.wantContext, tt.wantSession}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOwnClients checks that clients given by the caller sign with their own
// credentials, and that CreateTokenWithIAM is sent once by them as well.
func TestOwnClients(t *testing.T) {
	f := newFakeAWS(t)
	config := f.config()
	config.Credentials = credentials.NewStaticCredentialsProvider("AKIAOWN0000000000001", "own", "")
	config.RetryMaxAttempts = 7
	own := func(o *tipcreds.Options) {
		o.STSClient = sts.NewFromConfig(config)
		o.SSOOIDCClient = ssooidc.NewFromConfig(config)
	}
	p, err := tipcreds.New(accessRole, application, token(webToken), own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exchange(t.Context(), webToken); err != nil {
		t.Fatal(err)
	}
	create, assume := wireCreateToken, wireAssumeRole
	create.Key, create.Scope, create.Token = "AKIAOWN0000000000001", "eu-west-1/sso-oauth", ""
	assume.Key, assume.Token = "AKIAOWN0000000000001", ""
	if diff := cmp.Diff([]wire{create, assume}, onWires(f.seen())); diff != "" {
		t.Errorf("wire (-want +got):\n%s", diff)
	}
	f.on(createTokenCall, jsonAnswer(http.StatusInternalServerError, "InternalServerException", nil))
	if _, err := p.Exchange(t.Context(), webToken); err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff([]string{createTokenCall, assumeRoleCall, createTokenCall}, f.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestRoleWithOneClient checks the mixed forms: the given client signs for
// itself, the other with the application role.
func TestRoleWithOneClient(t *testing.T) {
	tests := []struct {
		name      string
		give      func(*tipcreds.Options, aws.Config)
		createKey string
		assumeKey string
	}{
		{"STS given", func(o *tipcreds.Options, c aws.Config) { o.STSClient = sts.NewFromConfig(c) },
			applicationKey, "AKIAOWN0000000000001"},
		{"SSO OIDC given", func(o *tipcreds.Options, c aws.Config) { o.SSOOIDCClient = ssooidc.NewFromConfig(c) },
			"AKIAOWN0000000000001", applicationKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			config := f.config()
			config.Credentials = credentials.NewStaticCredentialsProvider("AKIAOWN0000000000001", "own", "")
			p := f.provider(t, func(o *tipcreds.Options) { tt.give(o, config) })
			if _, err := p.Exchange(t.Context(), webToken); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range onWires(f.seen()) {
				got = append(got, w.Op+" "+w.Key)
			}
			want := []string{webIdentityCall + " ", createTokenCall + " " + tt.createKey, assumeRoleCall + " " + tt.assumeKey}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func exchangeError(t *testing.T, err error) *tipcreds.ExchangeError {
	t.Helper()
	e, ok := errors.AsType[*tipcreds.ExchangeError](err)
	if !ok {
		t.Fatalf("error %T %v, want an ExchangeError", err, err)
	}
	return e
}

// TestOwnClientsUnchanged: clients that are given are used as they are, however often:
// what this package adds to a call is on that call only.
func TestOwnClientsUnchanged(t *testing.T) {
	f := newFakeAWS(t)
	cfg := f.config()
	cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIAOWN", "x", "")
	mine := sts.NewFromConfig(cfg)
	p, err := tipcreds.New(accessRole, application, (&counter{}).token, func(o *tipcreds.Options) {
		o.STSClient, o.SSOOIDCClient, o.ExpiryWindow = mine, ssooidc.NewFromConfig(cfg), -1
	})
	if err != nil {
		t.Fatal(err)
	}
	var agents []string
	for range 3 {
		f.expires = time.Now().UTC()
		mustRetrieve(t, p)
		calls := f.seen()
		agents = append(agents, calls[len(calls)-1].Header.Get("User-Agent"))
	}
	if agents[0] != agents[2] || strings.Count(agents[2], "tipcreds") != 1 {
		t.Errorf("%q", agents)
	}
	if _, err := mine.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Log(err) // the fake's answer is another's
	}
	calls := f.seen()
	if got := calls[len(calls)-1].Header.Get("User-Agent"); strings.Contains(got, "tipcreds") {
		t.Errorf("a call of the program's own: %s", got)
	}
}

// TestNothingBeforeRetrieve: making a provider or a pool asks nobody.
func TestNothingBeforeRetrieve(t *testing.T) {
	f := newFakeAWS(t)
	source := &counter{}
	options := func(o *tipcreds.Options) { o.ApplicationRoleARN, o.AWSConfig = applicationRole, f.config() }
	if _, err := tipcreds.New(accessRole, application, source.token, options); err != nil {
		t.Fatal(err)
	}
	p, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) { options(&o.Options) })
	if err != nil {
		t.Fatal(err)
	}
	p.For(subjectOf(1), source.token)
	if source.used() != 0 || len(f.ops()) != 0 {
		t.Errorf("%d JWTs, calls %v", source.used(), f.ops())
	}
}
