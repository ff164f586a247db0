package s3_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func TestParseHost(t *testing.T) {
	type result struct{ Bucket, Region string }
	for host, want := range map[string]result{
		"127.0.0.1:4000":                                {"", ""},
		"localhost:4000":                                {"", ""},
		"[::1]:4000":                                    {"", ""},
		"reports.localhost:4000":                        {"reports", ""},
		"s3.localhost:4000":                             {"", ""},
		"reports.s3.localhost":                          {"reports", ""},
		"s3.amazonaws.com":                              {"", "us-east-1"},
		"s3.eu-west-1.amazonaws.com":                    {"", "eu-west-1"},
		"s3-eu-west-1.amazonaws.com":                    {"", "eu-west-1"},
		"s3.dualstack.eu-west-1.amazonaws.com:443":      {"", "eu-west-1"},
		"s3-fips.us-east-1.amazonaws.com":               {"", "us-east-1"},
		"s3-fips.dualstack.us-gov-west-1.amazonaws.com": {"", "us-gov-west-1"},
		"reports.s3.amazonaws.com":                      {"reports", ""},
		"reports.s3.eu-west-1.amazonaws.com":            {"reports", "eu-west-1"},
		"REPORTS.S3.EU-WEST-1.AMAZONAWS.COM.":           {"reports", "eu-west-1"},
		"my.dotted.name.s3.eu-west-1.amazonaws.com":     {"my.dotted.name", "eu-west-1"},
		"a.s3.b.s3.dualstack.eu-west-1.amazonaws.com":   {"a.s3.b", "eu-west-1"},
		"reports.s3.cn-north-1.amazonaws.com.cn":        {"reports", "cn-north-1"},
		"example.com":                                   {"", ""},
	} {
		bucket, region := s3.ParseHost(host)
		if diff := cmp.Diff(want, result{bucket, region}); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}

func TestVirtualHosts(t *testing.T) {
	f := start(t)
	for _, host := range []string{"reports.localhost", "reports.s3.eu-west-1.amazonaws.com", "reports.s3.dualstack.eu-west-1.amazonaws.com", "reports.s3.amazonaws.com"} {
		if a := f.do(request{method: "GET", target: "/seed.txt", host: host}); a.body != "seed" {
			t.Errorf("%s: %d %s", host, a.status, a.body)
		}
	}
	for _, host := range []string{"s3.eu-west-1.amazonaws.com", "localhost"} {
		if a := f.do(request{method: "GET", target: "/reports/seed.txt", host: host}); a.body != "seed" {
			t.Errorf("%s: %d %s", host, a.status, a.body)
		}
	}
	if a := f.do(request{method: "GET", target: "/?list-type=2", host: "reports.localhost"}); !strings.Contains(a.body, "<Name>reports</Name>") {
		t.Error(a.body)
	}
}

func TestRegions(t *testing.T) {
	f := start(t)
	const east, west = "us-east-1", "us-west-2"
	for _, test := range []struct {
		name, method, target, host, region string
		status                             int
		code, element, header              string
	}{
		{"wrong scope on loopback", "GET", "/far-away", "", homeRegion, 400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>", west},
		{"wrong scope, HEAD", "HEAD", "/far-away", "", homeRegion, 400, "", "", west},
		{"wrong scope, global host", "GET", "/", "far-away.s3.amazonaws.com", east, 400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>", west},
		{"wrong scope, host's region", "GET", "/reports", "s3.eu-west-1.amazonaws.com", east, 400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>", homeRegion},
		{"wrong host, path style", "GET", "/far-away/k", "s3.eu-west-1.amazonaws.com", homeRegion, 301, "PermanentRedirect", "<Endpoint>far-away.s3.us-west-2.amazonaws.com</Endpoint><Bucket>far-away</Bucket>", west},
		{"wrong host, virtual", "GET", "/k", "far-away.s3.eu-west-1.amazonaws.com", homeRegion, 301, "PermanentRedirect", "", west},
		{"wrong host, HEAD", "HEAD", "/far-away", "s3.eu-west-1.amazonaws.com", homeRegion, 301, "", "", west},
		{"global host, path style", "GET", "/far-away/k", "s3.amazonaws.com", east, 301, "PermanentRedirect", "", west},
		{"location from anywhere", "GET", "/far-away?location", "s3.amazonaws.com", east, 200, "", ">us-west-2</LocationConstraint>", ""},
		{"location on loopback", "GET", "/far-away?location", "", "ap-south-1", 200, "", ">us-west-2</LocationConstraint>", ""},
		{"right region", "GET", "/far-away", "", west, 200, "", "<Name>far-away</Name>", west},
		{"no bucket to bind the region", "GET", "/", "", "ap-south-1", 200, "", "<Name>far-away</Name>", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server}
			a := f.refuses(request{method: test.method, target: test.target, host: test.host, region: test.region}, test.status, test.code)
			if !strings.Contains(a.body, test.element) || a.header.Get("x-amz-bucket-region") != test.header {
				t.Errorf("region header %q, body %s", a.header.Get("x-amz-bucket-region"), a.body)
			}
			if test.method == "HEAD" && a.body != "" {
				t.Errorf("HEAD has a body: %s", a.body)
			}
		})
	}
}

func TestSignatureRefusals(t *testing.T) {
	f := start(t)
	admin, ok := f.world.IAMUser("arn:aws:iam::444455556666:user/admin")
	if !ok {
		t.Fatal("there is no user admin")
	}
	f.world.AddSession(&world.Session{AccessKeyID: "ASIAENDEDENDEDENDED1", SecretAccessKey: keySecret, SessionToken: "t", Account: ownerAccount,
		Kind: world.KindIAMUser, ARN: admin.ARN(), UserID: admin.ID, Expires: time.Now().Add(-time.Minute)})
	f.world.AddSession(&world.Session{AccessKeyID: "AKIAORPHANORPHANORPH", SecretAccessKey: keySecret, Account: ownerAccount,
		Kind: world.KindIAMUser, ARN: "arn:aws:iam::444455556666:user/gone"})
	for _, test := range []struct {
		name   string
		r      request
		status int
		code   string
	}{
		{"unknown key", request{key: "AKIANOBODYNOBODYNOBO"}, 403, "InvalidAccessKeyId"},
		{"wrong secret", request{secret: "guessed"}, 403, "SignatureDoesNotMatch"},
		{"token on a long-term key", request{token: "superfluous"}, 403, "InvalidAccessKeyId"},
		{"session over", request{key: "ASIAENDEDENDEDENDED1", token: "t"}, 400, "ExpiredToken"},
		{"session token left out", request{key: "ASIAENDEDENDEDENDED1"}, 403, "InvalidAccessKeyId"},
		{"user gone", request{key: "AKIAORPHANORPHANORPH"}, 403, "InvalidAccessKeyId"},
		{"hash of another body", request{header: map[string]string{"X-Amz-Content-Sha256": strings.Repeat("0", 64)}}, 400, "XAmzContentSHA256Mismatch"},
		{"bad Authorization", request{unsigned: true, header: map[string]string{"Authorization": "Basic dXNlcjpwYXNz"}}, 400, "InvalidArgument"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server, world: f.world}
			test.r.method, test.r.target, test.r.body = "PUT", "/reports/new", "x"
			f.refuses(test.r, test.status, test.code)
			f.refuses(request{method: "GET", target: "/reports/new"}, 404, "NoSuchKey")
		})
	}
}

// TestUnusedBodiesAreVerified: a body that the operation has no use for must
// still be the one that was signed.
func TestUnusedBodiesAreVerified(t *testing.T) {
	f := start(t)
	r := request{method: "DELETE", target: "/reports/seed.txt", body: "x", header: map[string]string{"X-Amz-Content-Sha256": strings.Repeat("0", 64)}}
	f.refuses(r, 400, "XAmzContentSHA256Mismatch")
	if f.get(bucketName, "seed.txt") != "seed" {
		t.Error("the object was deleted")
	}
	f.refuses(request{method: "PUT", target: "/reports?policy", body: strings.Repeat(" ", 9<<20)}, 400, "EntityTooLarge")
}

func TestTrailerIsChecked(t *testing.T) {
	f := start(t)
	const body = "4\r\nWiki\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
	r := request{method: "PUT", target: "/reports/new", body: body, header: map[string]string{
		"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
		"X-Amz-Decoded-Content-Length": "4", "X-Amz-Trailer": "x-amz-checksum-crc32"}}
	f.refuses(r, 400, "BadDigest")
	f.refuses(request{method: "GET", target: "/reports/new"}, 404, "NoSuchKey")
	if used := f.service.Store().Used(); used != start(t).service.Store().Used() {
		t.Errorf("a refused body leaves %d bytes", used)
	}
}

func TestNotOffered(t *testing.T) {
	f := start(t)
	for _, sub := range []string{"cors", "lifecycle", "encryption", "website", "replication", "logging", "notification", "tagging", "object-lock",
		"ownershipControls", "publicAccessBlock", "policyStatus", "requestPayment", "accelerate", "analytics", "inventory", "metrics",
		"intelligent-tiering", "session", "metadataTable"} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			f.refuses(request{method: method, target: "/reports?" + sub}, 501, "NotImplemented")
		}
	}
	for _, sub := range []string{"legal-hold", "retention", "torrent", "restore", "select", "renameObject", "encryption"} {
		for _, method := range []string{"GET", "PUT", "POST"} {
			f.refuses(request{method: method, target: "/reports/seed.txt?" + sub}, 501, "NotImplemented")
		}
	}
	f.refuses(request{method: "POST", target: "/reports", body: "form"}, 501, "NotImplemented")
	f.refuses(request{method: "POST", target: "/reports/seed.txt"}, 501, "NotImplemented")
	f.refuses(request{method: "PATCH", target: "/reports/seed.txt"}, 405, "MethodNotAllowed")
	f.refuses(request{method: "DELETE", target: "/reports?location"}, 405, "MethodNotAllowed")
	f.refuses(request{method: "DELETE", target: "/"}, 405, "MethodNotAllowed")
	f.refuses(request{method: "GET", target: "/reports?cors", unsigned: true}, 501, "NotImplemented")
	f.refuses(request{method: "GET", target: "/reports?cors", secret: "guessed"}, 403, "SignatureDoesNotMatch")
	if b, ok := f.world.Bucket(bucketName); !ok || b == nil || f.get(bucketName, "seed.txt") != "seed" {
		t.Error("something was changed")
	}
}

func TestErrorDocument(t *testing.T) {
	f := start(t)
	a := f.do(request{method: "GET", target: "/reports/none%20%26%20%3Cnone%3E"})
	for _, want := range []string{"<Code>NoSuchKey</Code>", "<Message>The specified key does not exist.</Message>", "<Key>none &amp; &lt;none&gt;</Key>",
		"<RequestId>" + a.header.Get("x-amz-request-id") + "</RequestId>", "<HostId>" + a.header.Get("x-amz-id-2") + "</HostId>"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if a.header.Get("Server") != "AmazonS3" || a.header.Get("Content-Type") != "application/xml" || len(a.header.Get("x-amz-request-id")) != 16 {
		t.Errorf("header %v", a.header)
	}
	a = f.do(request{method: "GET", target: "/no-such-bucket"})
	if !strings.Contains(a.body, "<BucketName>no-such-bucket</BucketName>") || a.code != "NoSuchBucket" {
		t.Error(a.body)
	}
	f.refuses(request{method: "GET", target: "/reports/seed.txt", header: map[string]string{"x-amz-expected-bucket-owner": otherAccount}}, 403, "AccessDenied")
	f.refuses(request{method: "GET", target: "/reports/seed.txt", header: map[string]string{"x-amz-expected-bucket-owner": ownerAccount}}, 200, "")
}

func TestObserver(t *testing.T) {
	f := start(t, s3.WithAuthorizer(but{"s3:GetObject", "arn:aws:s3:::reports/private/plan.txt"}))
	a := f.do(request{method: "GET", target: "/reports/private/plan.txt", header: map[string]string{"User-Agent": "tester"}})
	e := f.last()
	want := s3.Exchange{
		Session: e.Session, AccessKeyID: keyID, Operation: "GetObject", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/private/plan.txt",
		Bucket: bucketName, Key: "private/plan.txt", Account: ownerAccount, Region: homeRegion, Status: 403, Code: "AccessDenied",
		Message: "no right to s3:GetObject on arn:aws:s3:::reports/private/plan.txt", RequestID: a.header.Get("x-amz-request-id"),
		Method: "GET", SourceIP: "127.0.0.1", UserAgent: "tester", Host: e.Host, Start: e.Start, Duration: e.Duration, BytesSent: int64(len(a.body)),
	}
	if diff := cmp.Diff(want, e, cmp.AllowUnexported(), cmp.Comparer(func(a, b *world.Session) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if e.Session == nil || e.Session.ARN != "arn:aws:iam::444455556666:user/admin" || e.Start.IsZero() {
		t.Errorf("session %+v", e.Session)
	}
	f.do(request{method: "GET", target: "/reports/seed.txt", secret: "guessed"})
	if e := f.last(); e.Code != "SignatureDoesNotMatch" || e.Session == nil || e.AccessKeyID != keyID || e.Operation != "GetObject" {
		t.Errorf("refused signature: %+v", e)
	}
	f.do(request{method: "GET", target: "/reports/seed.txt", key: "AKIANOBODYNOBODYNOBO"})
	if e := f.last(); e.Code != "InvalidAccessKeyId" || e.Session != nil || e.AccessKeyID != "AKIANOBODYNOBODYNOBO" {
		t.Errorf("unknown key: %+v", e)
	}
	f.do(request{method: "GET", target: "/reports/seed.txt"})
	if e := f.last(); e.Status != 200 || e.Code != "" || e.BytesSent != 4 {
		t.Errorf("success: %+v", e)
	}
	if len(f.exchanges) != 4 {
		t.Errorf("%d exchanges for 4 requests", len(f.exchanges))
	}
}

func TestBucketsFollowTheWorld(t *testing.T) {
	f := start(t)
	f.world.CreateBucket(&world.Bucket{Name: "later", Account: ownerAccount, Region: homeRegion, Versioning: true, Seed: []world.ObjectFile{{Key: "k", Body: "v"}}})
	if f.get("later", "k") != "v" {
		t.Error("the seed of a bucket that came later is missing")
	}
	f.put("later", "other", "x")
	f.world.DeleteBucket("later")
	f.refuses(request{method: "GET", target: "/later/other"}, 404, "NoSuchBucket")
	f.world.CreateBucket(&world.Bucket{Name: "later", Account: ownerAccount, Region: homeRegion})
	f.refuses(request{method: "GET", target: "/later/other"}, 404, "NoSuchKey")
}

func TestSeedBeyondTheLimit(t *testing.T) {
	if _, err := s3.New(newWorld(t), s3.WithStorageLimit(3)); err == nil {
		t.Error("a seed of more bytes than the limit was stored")
	}
}

func TestHungUpClient(t *testing.T) {
	f := start(t)
	before := f.service.Store().Used()
	body := &brokenBody{strings.NewReader(strings.Repeat("x", 5000))}
	r := httptest.NewRequestWithContext(context.Background(), "PUT", "/reports/new", body)
	r.Host, r.ContentLength = "127.0.0.1", 10_000
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	f.sign(r, request{})
	w := httptest.NewRecorder()
	f.service.ServeHTTP(w, r)
	if w.Code != 400 || f.last().Code != "IncompleteBody" || f.service.Store().Used() != before {
		t.Errorf("%d %s, %d bytes left", w.Code, f.last().Code, f.service.Store().Used()-before)
	}
}

// brokenBody ends in an error of the connection.
type brokenBody struct{ *strings.Reader }

func (b *brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		err = errors.New("connection reset by peer")
	}
	return n, err
}

func TestMissingLength(t *testing.T) {
	f := start(t)
	r := httptest.NewRequest("PUT", "/reports/new", &brokenBody{strings.NewReader("x")})
	r.Host, r.ContentLength = "127.0.0.1", -1
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	f.sign(r, request{})
	w := httptest.NewRecorder()
	f.service.ServeHTTP(w, r)
	if w.Code != 411 || f.last().Code != "MissingContentLength" {
		t.Errorf("%d %s", w.Code, f.last().Code)
	}
	r = httptest.NewRequest("PUT", "/reports/new", &brokenBody{strings.NewReader("x")})
	r.Host, r.ContentLength = "127.0.0.1", 5<<30+1
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	f.sign(r, request{})
	w = httptest.NewRecorder()
	f.service.ServeHTTP(w, r)
	if w.Code != 400 || f.last().Code != "EntityTooLarge" {
		t.Errorf("%d %s", w.Code, f.last().Code)
	}
}

func TestClientOfTheSDKFollowsRegions(t *testing.T) {
	f := start(t)
	region, err := f.client().GetBucketLocation(t.Context(), &awss3.GetBucketLocationInput{Bucket: aws.String("far-away")})
	f.must(err)
	if region.LocationConstraint != "us-west-2" {
		t.Errorf("location %q", region.LocationConstraint)
	}
}
