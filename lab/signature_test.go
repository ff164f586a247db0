package lab_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// rewriter changes a signed request before it is sent.
type rewriter struct {
	next   *http.Client
	change func(*http.Request)
}

// Do implements aws.HTTPClient.
func (r rewriter) Do(req *http.Request) (*http.Response, error) {
	r.change(req)
	return labtest.Steady(r.next).Do(req)
}

// families are the services with an operation each that the default world allows.
func families(b *bench) map[string]func(aws.Config) error {
	sealed := b.context(analyst)
	return map[string]func(aws.Config) error{
		"sts": func(c aws.Config) error {
			_, err := b.with(c).assume(c.Credentials, enhanced, providing(sealed))
			return err
		},
		"sso-oauth": func(c aws.Config) error {
			_, err := b.with(c).createToken(c.Credentials, asserting(b.jwt("analyst")))
			return err
		},
		"s3control": func(c aws.Config) error {
			_, err := b.with(c).control(c.Credentials).GetDataAccess(context.Background(), &s3control.GetDataAccessInput{
				AccountId: aws.String(appl), Target: aws.String("s3://tip-demo-data/reports/*"), Permission: "READ"})
			return err
		},
		"s3": func(c aws.Config) error {
			return get(context.Background(), b.with(c).s3(c.Credentials), "reports/summary.txt")
		},
	}
}

// with is a bench whose clients send as config does.
func (b *bench) with(c aws.Config) *bench {
	next := b.on(b.TB)
	next.send = c.HTTPClient
	return next
}

// caller has a right to every family's operation.
func (b *bench) caller(family string, edits ...func(*world.Session)) aws.CredentialsProvider {
	switch family {
	case "sts", "sso-oauth":
		return b.session(oidcRole, edits...)
	case "s3control":
		id, err := b.lab.State().OpenContext(b.context(analyst))
		if err != nil {
			b.Fatal(err)
		}
		return b.session(enhanced, append(edits, func(s *world.Session) { s.Identity = id })...)
	}
	return b.session(roleIn(appl, "s3-access-grants-location"), append(edits, func(s *world.Session) {
		s.AccessGrant = &world.VendedGrant{InstanceARN: grantsARN}
	})...)
}

func TestSignatures(t *testing.T) {
	b := start(t, strict)
	scope := func(from, to string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if value == "" {
				r.Header.Del(name)
				return
			}
			r.Header.Set(name, value)
		}
	}
	keep := func(*http.Request) {}
	retrieve := func(family string, edits ...func(*world.Session)) aws.Credentials {
		c, err := b.caller(family, edits...).Retrieve(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	altered := func(f func(*aws.Credentials)) func(string) aws.CredentialsProvider {
		return func(family string) aws.CredentialsProvider {
			c := retrieve(family)
			f(&c)
			return credentials.StaticCredentialsProvider{Value: c}
		}
	}
	same := altered(func(*aws.Credentials) {})
	like := func(status int, code string) answer { return answer{status, code, "*"} }
	const badToken = "The security token included in the request is invalid."
	const noRegion, noService = "Credential should be scoped to a valid region. ", "Credential should be scoped to correct service: '"
	malformed := like(400, "AuthorizationHeaderMalformed")
	unknownKey := answer{403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."}
	for name, c := range map[string]struct {
		credentials func(family string) aws.CredentialsProvider
		change      func(*http.Request)
		want        map[string]answer
	}{
		"good": {same, keep, map[string]answer{"sts": {}, "sso-oauth": {}, "s3control": {}, "s3": {}}},
		"wrong region": {same, scope("/eu-west-1/", "/eu-west-2/"), map[string]answer{"sts": {403, "SignatureDoesNotMatch", noRegion},
			"sso-oauth": {403, "InvalidSignatureException", noRegion}, "s3control": malformed, "s3": malformed}},
		"wrong service": {same, func(r *http.Request) {
			for _, name := range []string{"/sts/", "/sso-oauth/", "/s3/"} {
				scope(name, "/iam/")(r)
			}
		}, map[string]answer{"sts": {403, "SignatureDoesNotMatch", noService + "sts'. "}, "sso-oauth": {403, "InvalidSignatureException", noService + "sso-oauth'. "}, "s3control": malformed, "s3": malformed}},
		"unknown key": {altered(func(c *aws.Credentials) { c.AccessKeyID = "ASIAUNKNOWNUNKNOWN12" }), keep, map[string]answer{"sts": {403, "InvalidClientTokenId", badToken},
			"sso-oauth": {403, "UnrecognizedClientException", badToken}, "s3control": unknownKey, "s3": unknownKey}},
		"wrong secret": {altered(func(c *aws.Credentials) { c.SecretAccessKey = "wrong" }), keep, map[string]answer{"sts": like(403, "SignatureDoesNotMatch"),
			"sso-oauth": like(403, "InvalidSignatureException"), "s3control": like(403, "SignatureDoesNotMatch"), "s3": like(403, "SignatureDoesNotMatch")}},
		"wrong token": {altered(func(c *aws.Credentials) { c.SessionToken = "wrong" }), keep, map[string]answer{"sts": {403, "InvalidClientTokenId", badToken},
			"sso-oauth": {403, "UnrecognizedClientException", badToken}, "s3control": unknownKey, "s3": unknownKey}},
		"no token": {altered(func(c *aws.Credentials) { c.SessionToken = "" }), keep, map[string]answer{"sts": {403, "InvalidClientTokenId", badToken},
			"sso-oauth": {403, "UnrecognizedClientException", badToken}, "s3control": unknownKey, "s3": unknownKey}},
		"another's token": {altered(func(c *aws.Credentials) { c.SessionToken = retrieve("sts").SessionToken }), keep, map[string]answer{"sts": {403, "InvalidClientTokenId", badToken},
			"sso-oauth": {403, "UnrecognizedClientException", badToken}, "s3control": unknownKey, "s3": unknownKey}},
		"expired session": {func(family string) aws.CredentialsProvider {
			return credentials.StaticCredentialsProvider{Value: retrieve(family, func(s *world.Session) { s.Expires = time.Now().Add(-time.Second) })}
		}, keep, map[string]answer{"sts": {403, "ExpiredToken", "The security token included in the request is expired"},
			"sso-oauth": {403, "ExpiredTokenException", "*"},
			"s3control": {400, "ExpiredToken", "The provided token has expired."}, "s3": {400, "ExpiredToken", "The provided token has expired."}}},
		"unsigned": {same, header("Authorization", ""), map[string]answer{"sts": {403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
			"sso-oauth": {403, "MissingAuthenticationTokenException", "Missing Authentication Token"}, "s3control": like(403, "AccessDenied"), "s3": like(403, "AccessDenied")}},
		"changed after signing": {same, header("X-Amz-Date", time.Now().Add(2*time.Minute).UTC().Format("20060102T150405Z")), map[string]answer{"sts": like(403, "SignatureDoesNotMatch"),
			"sso-oauth": like(403, "InvalidSignatureException"), "s3control": like(403, "SignatureDoesNotMatch"), "s3": like(403, "SignatureDoesNotMatch")}},
		"changed query": {same, func(r *http.Request) { r.URL.RawQuery += "&x=y" }, map[string]answer{"sts": like(403, "SignatureDoesNotMatch"),
			"sso-oauth": like(403, "InvalidSignatureException"), "s3control": like(403, "SignatureDoesNotMatch"), "s3": like(403, "SignatureDoesNotMatch")}},
	} {
		for family, ask := range families(b) {
			t.Run(name+", "+family, func(t *testing.T) {
				config := b.on(t).config(c.credentials(family))
				config.HTTPClient = rewriter{b.client, c.change}
				expect(t, c.want[family], ask(config))
			})
		}
	}
}

// The clock of the lab is another than that of the client.
func TestSkewedClock(t *testing.T) {
	b := start(t, strict)
	b.clock.Advance(16 * time.Minute)
	for family, want := range map[string]answer{
		"sts":       {403, "SignatureDoesNotMatch", "Signature expired: ..."},
		"sso-oauth": {403, "InvalidSignatureException", "Signature expired: ..."},
		"s3control": {403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
		"s3":        {403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."},
	} {
		t.Run(family, func(t *testing.T) {
			b := b.on(t)
			expect(t, want, families(b)[family](b.config(b.caller(family))))
		})
	}
}

// A session whose role is gone is as unknown as any other key.
func TestSessionOfAnUnknownRole(t *testing.T) {
	b := start(t, strict)
	gone := func(s *world.Session) { s.RoleARN = roleIn(appl, "gone") }
	unknownKey := answer{403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."}
	for family, want := range map[string]answer{
		"sts":       {403, "InvalidClientTokenId", "The security token included in the request is invalid."},
		"sso-oauth": {403, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"s3control": unknownKey, "s3": unknownKey,
	} {
		t.Run(family, func(t *testing.T) {
			b := b.on(t)
			expect(t, want, families(b)[family](b.config(b.caller(family, gone))))
		})
	}
}
