package lab_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Under the host name of a bucket, every path is a key of that bucket.
func TestABucketsHostHasNoOwnPaths(t *testing.T) {
	b := start(t, strict)
	_, port, _ := net.SplitHostPort(address(b.lab))
	resp, body := raw(t, b.lab, fmt.Sprintf("GET /_lab/health HTTP/1.1\r\nHost: tip-demo-data.localhost:%s\r\nConnection: close\r\n\r\n", port))
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
}

// Host names have no case.
func TestOwnPathsUnderAnyCase(t *testing.T) {
	b := start(t, strict)
	_, port, _ := net.SplitHostPort(address(b.lab))
	for _, host := range []string{"localhost", "LocalHost", "LOCALHOST"} {
		resp, body := raw(t, b.lab, fmt.Sprintf("GET /_lab/health HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", host, port))
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, `"status": "ok"`) {
			t.Errorf("%s: status %d, %s", host, resp.StatusCode, body)
		}
	}
}

// The trail names people: no page of another origin may read it.
func TestTheTrailIsNotForOtherOrigins(t *testing.T) {
	b := start(t, strict)
	for _, method := range []string{"GET", "OPTIONS"} {
		resp, _ := raw(t, b.lab, fmt.Sprintf("%s /_lab/events HTTP/1.1\r\nHost: %s\r\nOrigin: https://page.example\r\nAccess-Control-Request-Method: GET\r\nConnection: close\r\n\r\n", method, address(b.lab)))
		for name := range resp.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s answers %s", method, name)
			}
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" && method == "GET" {
			t.Error("a script element could read it")
		}
	}
}

// These names look like S3's, but belong to other services.
func TestHostsBesideS3AreRefused(t *testing.T) {
	b := start(t, strict)
	for _, host := range []string{
		"tip-demo-data.s3-website-eu-west-1.amazonaws.com", "tip-demo-data.s3-website.eu-west-1.amazonaws.com",
		"s3-control-eu-west-1.amazonaws.com", "point-444455556666.s3-accesspoint.eu-west-1.amazonaws.com", "s3-outposts.eu-west-1.amazonaws.com",
		"sts.nowhere.amazonaws.com", "oidc.nowhere.amazonaws.com", "444455556666.s3-control.nowhere.amazonaws.com",
	} {
		if resp, _ := raw(t, b.lab, fmt.Sprintf("CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", host)); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", host, resp.StatusCode)
		}
	}
}

// Tags that a session hands on have to be admitted at every hop, as its source
// identity has.
func TestInheritedTagsNeedTagSession(t *testing.T) {
	b := start(t, assumeWorld)
	caller := b.session(roleIn(appl, "plain"), func(s *world.Session) {
		s.Tags, s.TransitiveTags = map[string]string{"team": "data"}, []string{"team"}
	})
	_, err := b.assume(caller, roleIn(appl, "by-role"))
	expect(t, deniedTo(appl, "plain", "sts:TagSession", roleIn(appl, "by-role")), err)
	_, err = b.assume(caller, roleIn(appl, "tags"))
	expect(t, answer{}, err)
	notHandedOn := b.session(roleIn(appl, "plain"), func(s *world.Session) { s.Tags = map[string]string{"team": "data"} })
	_, err = b.assume(notHandedOn, roleIn(appl, "by-role"))
	expect(t, answer{}, err)
}

// sts:TransitiveTagKeys is what TransitiveTagKeys says.
func TestTransitiveTagKeysAreACondition(t *testing.T) {
	b := start(t, assumeWorld, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if r := &w.Accounts[1].Roles[i]; r.Name == "tags" {
				r.Trust = policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:TagSession"}, "Principal", principal(roleIn(appl, "plain")),
					"Condition", map[string]any{"ForAllValues:StringEquals": map[string]any{"sts:TransitiveTagKeys": []any{"team"}}}))
			}
		}
	})
	for key, want := range map[string]answer{
		"team":  {},
		"stage": deniedTo(appl, "plain", "sts:AssumeRole", roleIn(appl, "tags")),
	} {
		_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "tags"), tagged("team", "data", "stage", "prod"),
			func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{key} })
		expect(t, want, err)
	}
}

// The same key where the tags come in the JWT.
func TestTransitiveTagKeysOfAJWT(t *testing.T) {
	b := start(t, webIdentityWorld, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if r := &w.Accounts[1].Roles[i]; r.Name == "tags" {
				r.Trust = policyOf(statement("Allow", []any{"sts:AssumeRoleWithWebIdentity", "sts:TagSession"}, "Principal", map[string]any{"Federated": provider},
					"Condition", map[string]any{"ForAnyValue:StringEquals": map[string]any{"sts:TransitiveTagKeys": []any{"team"}}}))
			}
		}
	})
	for key, want := range map[string]answer{
		"team":  {},
		"stage": {403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		tags := map[string]any{"principal_tags": map[string]any{"team": []any{"data"}, "stage": []any{"prod"}}, "transitive_tag_keys": []any{key}}
		_, err := b.webIdentity(roleIn(appl, "tags"), b.jwt("analyst", claims("https://aws.amazon.com/tags", tags)))
		expect(t, want, err)
	}
}

// Nobody chooses in whose trail an event lies.
func TestTheTrailsAccountCannotBeChosen(t *testing.T) {
	b := start(t, strict)
	last := func() lab.Event { events := b.lab.Events(); return events[len(events)-1] }
	send := func(role string) {
		t.Helper()
		form := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {"session"}, "WebIdentityToken": {b.jwt("analyst")}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.eu-west-1.amazonaws.com/", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("x-amz-account-id", center)
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	send(oidcRole)
	if got := last(); got.RecipientAccountID != appl || got.ErrorCode != "" {
		t.Errorf("the event is in the trail of %q: %+v", got.RecipientAccountID, got)
	}
	send("arn:aws:iam::somebody-elses:role/any")
	if got := last().RecipientAccountID; got != "" {
		t.Errorf("the event is in the trail of %q", got)
	}
}

// Requests about buckets are management events, those about objects are data events.
func TestBucketsAreManaged(t *testing.T) {
	b := start(t, strict)
	client := b.s3(labtest.Admin())
	name := aws.String("tip-demo-data")
	_, _ = client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	_, _ = client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: name})
	_, _ = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: name})
	_, _ = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: name})
	_ = get(t.Context(), client, "reports/summary.txt")
	var got []string
	for _, e := range b.lab.Events() {
		got = append(got, fmt.Sprint(e.EventName, " ", e.EventCategory, " ", e.ManagementEvent))
	}
	want := []string{"ListBuckets Management true", "GetBucketPolicy Management true", "HeadBucket Data false", "ListObjectsV2 Data false", "GetObject Data false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever a list is asked for, credentials for a prefix see nothing beside it.
func TestListsStayWithinTheTarget(t *testing.T) {
	b := start(t, reachWorld)
	client := b.vended(b.person(analyst), "s3://"+bucket+"/r/a/*", "READ")
	keys, err := client.Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, query := range []string{
		"prefix=r/a/", "prefix=r%2Fa%2F", "list-type=2&prefix=r/a/&start-after=r/z", "versions&prefix=r/a/", "uploads&prefix=r/a/",
		"prefix=r/a/../", "prefix=r/a/&prefix=r/", "prefix=r/&prefix=r/a/", "prefix=r/a/&delimiter=r", "prefix=r/a/&delimiter=%2F&marker=p",
		"prefix=r/a/&marker=", "prefix=r/a/&encoding-type=url&delimiter=k", "versions&prefix=r/a/&key-marker=private/&version-id-marker=null",
		"uploads&prefix=r/a/&key-marker=a&upload-id-marker=x", "prefix=", "", "list-type=2", "versions", "uploads", "prefix=r/a", "prefix=%72", "prefix=r%252Fa%252F",
		"list-type=2&prefix=r/a/&continuation-token=MTpwcml2YXRlLw%3D%3D", "prefix=r/a/*", "Prefix=r/a/", "prefix=R/a/",
	} {
		status, body := b.sign(keys, http.MethodGet, "/"+bucket+"?"+query)
		if status == http.StatusOK {
			seen++
		}
		for rest := body; strings.Contains(rest, "<Key>"); {
			var key string
			_, rest, _ = strings.Cut(rest, "<Key>")
			if key, _, _ = strings.Cut(rest, "<"); !strings.HasPrefix(key, "r/a/") {
				t.Errorf("?%s lists %s", query, key)
			}
		}
		for _, foreign := range []string{"r/ab/", "r/other", "<Prefix>r/</Prefix>"} {
			if status == http.StatusOK && strings.Contains(body, foreign) {
				t.Errorf("?%s tells of %s: %s", query, foreign, body)
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d lists were answered", seen)
	}
}

// sign sends a request to S3 as it is written, signed.
func (b *bench) sign(keys aws.Credentials, method, target string) (status int, body string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, "https://s3.eu-west-1.amazonaws.com"+target, nil)
	if err != nil {
		b.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	hash := hex.EncodeToString(empty[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(b.Context(), keys, req, hash, "s3", "eu-west-1", time.Now()); err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// An object that a browser shows at the endpoint door is no page of the lab's origin.
func TestObjectsOpenInASandbox(t *testing.T) {
	b := start(t, strict)
	for dest, want := range map[string]string{"document": "sandbox", "iframe": "sandbox", "empty": "", "": ""} {
		resp, _ := raw(t, b.lab, fmt.Sprintf("GET /tip-demo-data/page.html HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Dest: %s\r\nConnection: close\r\n\r\n", address(b.lab), dest))
		if got := resp.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%q: policy %q, want %q", dest, got, want)
		}
	}
}

// A JWT is spent at one Identity Center instance, not at every one that trusts its issuer.
func TestAnotherInstanceHasItsOwnMemory(t *testing.T) {
	const second = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	const app = "arn:aws:sso::111122223333:application/ssoins-fedcba0987654321/apl-fedcba0987654321"
	b := start(t, func(w *lab.World) {
		i := w.IdentityCenter[0]
		i.ARN, i.IdentityStoreID = second, "d-0987654321"
		i.Applications = slices.Clone(i.Applications[:1])
		i.Applications[0].ARN = app
		w.IdentityCenter = append(w.IdentityCenter, i)
	})
	token := b.jwt("analyst")
	session := b.session(oidcRole)
	for i, c := range []struct {
		application string
		refused     bool
	}{{appARN, false}, {app, false}, {appARN, true}, {app, true}} {
		_, err := b.createToken(session, asserting(token), func(in *ssooidc.CreateTokenWithIAMInput) { in.ClientId = &c.application })
		if (err != nil) != c.refused {
			t.Errorf("exchange %d: %v", i+1, err)
		}
	}
}

// The proxy door answers for both hosts of a Cognito user pool.
func TestBothHostsOfAUserPool(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		pool := w.Issuers[0]
		pool.Name, pool.Face, pool.URL, pool.RotationGrace = "pool", "cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", 0
		pool.Domain = "people.auth.eu-west-1.amazoncognito.com"
		w.Issuers = append(w.Issuers, pool)
	})
	for address, want := range map[string]int{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/.well-known/openid-configuration": http.StatusOK,
		"https://people.auth.eu-west-1.amazoncognito.com/oauth2/token":                                     http.StatusMethodNotAllowed,
	} {
		resp, err := b.client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", address, resp.StatusCode, want)
		}
	}
	if resp, err := b.client.Get("https://other.auth.eu-west-1.amazoncognito.com/oauth2/token"); err == nil {
		_ = resp.Body.Close()
		t.Error("a domain of nobody is answered")
	}
}
