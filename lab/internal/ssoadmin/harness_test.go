package ssoadmin_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/document"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// Things of the default world.
const (
	instance    = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	store       = "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	analyst     = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineer    = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
	analysts    = "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
	custom      = "arn:aws:sso::aws:applicationProvider/custom"
	oidcRole    = "arn:aws:iam::444455556666:role/tip-oidc-role"
	jwtBearer   = types.GrantTypeJwtBearer
)

// bench is a lab with an administrator of the Identity Center account, one of the
// application account, and somebody in the first without rights.
type bench struct {
	*probe.Bench
	admin, member, nobody aws.CredentialsProvider
}

func start(tb testing.TB, edits ...func(*lab.World)) *bench {
	b := &bench{}
	b.Bench = probe.Start(tb, append(edits, func(w *lab.World) {
		b.admin, b.member = probe.Administrator(w, probe.Center), probe.Administrator(w, probe.Application)
		b.nobody = probe.Actor(w, probe.Center, "nobody")
	})...)
	return b
}

// on is the bench for a subtest.
func (b *bench) on(tb testing.TB) *bench {
	c := *b
	c.Bench = b.On(tb)
	return &c
}

func (b *bench) client(p aws.CredentialsProvider, opts ...func(*ssoadmin.Options)) *ssoadmin.Client {
	return ssoadmin.NewFromConfig(b.Config(p), opts...)
}

// operation is the name of the operation of an input.
func operation(in any) string {
	return strings.TrimSuffix(reflect.TypeOf(in).Elem().Name(), "Input")
}

// ask sends an input, a pointer to a structure of the SDK, in somebody's name.
func (b *bench) ask(p aws.CredentialsProvider, in any, opts ...func(*ssoadmin.Options)) (any, error) {
	method := reflect.ValueOf(b.client(p, opts...)).MethodByName(operation(in))
	got := method.Call([]reflect.Value{reflect.ValueOf(b.Context()), reflect.ValueOf(in)})
	err, _ := got[1].Interface().(error)
	return got[0].Interface(), err
}

// must asks as the administrator of Identity Center; T is a pointer to the output.
func must[T any](b *bench, in any) T {
	b.Helper()
	out, err := b.ask(b.admin, in)
	if err != nil {
		b.Fatalf("%s: %v", operation(in), err)
	}
	return out.(T)
}

// elsewhere sends a request to another Region.
func elsewhere(o *ssoadmin.Options) { o.Region = "us-east-1" }

func issuerConfig(url string) types.TrustedTokenIssuerConfiguration {
	return &types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtConfiguration{
		IssuerUrl: &url, ClaimAttributePath: aws.String("email"), IdentityStoreAttributePath: aws.String("emails.value"),
		JwksRetrievalOption: types.JwksRetrievalOptionOpenIdDiscovery,
	}}
}

func issuerUpdate(claim, attribute string) types.TrustedTokenIssuerUpdateConfiguration {
	return &types.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtUpdateConfiguration{
		ClaimAttributePath: &claim, IdentityStoreAttributePath: &attribute,
	}}
}

func newIssuer(name, url string, edits ...func(*ssoadmin.CreateTrustedTokenIssuerInput)) *ssoadmin.CreateTrustedTokenIssuerInput {
	in := &ssoadmin.CreateTrustedTokenIssuerInput{
		InstanceArn: aws.String(instance), Name: &name, TrustedTokenIssuerType: types.TrustedTokenIssuerTypeOidcJwt,
		TrustedTokenIssuerConfiguration: issuerConfig(url),
	}
	for _, edit := range edits {
		edit(in)
	}
	return in
}

func newApplication(name string, edits ...func(*ssoadmin.CreateApplicationInput)) *ssoadmin.CreateApplicationInput {
	in := &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(instance), ApplicationProviderArn: aws.String(custom), Name: &name}
	for _, edit := range edits {
		edit(in)
	}
	return in
}

// addApplication makes an application and returns its ARN.
func (b *bench) addApplication(name string, edits ...func(*ssoadmin.CreateApplicationInput)) *string {
	b.Helper()
	return must[*ssoadmin.CreateApplicationOutput](b, newApplication(name, edits...)).ApplicationArn
}

// addIssuer makes a trusted token issuer and returns its ARN.
func (b *bench) addIssuer(name, url string) *string {
	b.Helper()
	return must[*ssoadmin.CreateTrustedTokenIssuerOutput](b, newIssuer(name, url)).TrustedTokenIssuerArn
}

func policyMethod(policy any) types.AuthenticationMethod {
	return &types.AuthenticationMethodMemberIam{Value: types.IamAuthenticationMethod{ActorPolicy: document.NewLazyDocument(policy)}}
}

// actorPolicy lets a principal call CreateTokenWithIAM.
func actorPolicy(principal string) map[string]any {
	return probe.PolicyOf(probe.Statement("Allow", "sso-oauth:CreateTokenWithIAM", "Principal", map[string]any{"AWS": principal}, "Resource", "*"))
}

func bearer(issuers ...types.AuthorizedTokenIssuer) types.Grant {
	return &types.GrantMemberJwtBearer{Value: types.JwtBearerGrant{AuthorizedTokenIssuers: issuers}}
}

func trusting(arn *string, audiences ...string) types.AuthorizedTokenIssuer {
	return types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: arn, AuthorizedAudiences: audiences}
}

// jsonOf is a value as JSON with sorted keys.
func jsonOf(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	probe.Must(tb, text, err)
	var again any
	probe.Must(tb, 0, json.Unmarshal(text, &again))
	text, err = json.Marshal(again)
	return string(probe.Must(tb, text, err))
}

// answered is an error on the wire.
type answered struct {
	Code    string `json:"__type"`
	Message string
}

// raw sends a body as it is in the name of the administrator.
func (b *bench) raw(name, body string) answered {
	b.Helper()
	c := b.Config(b.admin)
	credentials, err := b.admin.Retrieve(b.Context())
	probe.Must(b, credentials, err)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://sso.eu-west-1.amazonaws.com/", strings.NewReader(body))
	probe.Must(b, r, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "SWBExternalService."+name)
	sum := sha256.Sum256([]byte(body))
	probe.Must(b, 0, v4.NewSigner().SignHTTP(b.Context(), credentials, r, hex.EncodeToString(sum[:]), "sso", "eu-west-1", b.Clock.Now()))
	resp, err := c.HTTPClient.Do(r)
	probe.Must(b, resp, err)
	defer func() { _ = resp.Body.Close() }()
	var a answered
	probe.Must(b, 0, json.NewDecoder(resp.Body).Decode(&a))
	return a
}
