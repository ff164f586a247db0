package s3_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// constraint is a CreateBucketConfiguration.
func constraint(region string) string {
	return "<CreateBucketConfiguration><LocationConstraint>" + region + "</LocationConstraint></CreateBucketConfiguration>"
}

func TestCreateBucket(t *testing.T) {
	f := start(t)
	for _, test := range []struct{ name, body, endpoint, region, location string }{
		{"here", constraint(homeRegion), homeRegion, homeRegion, "http://here.s3.amazonaws.com/"},
		{"east", "", "us-east-1", "us-east-1", "/east"},
		{"elsewhere", constraint("us-west-2"), "us-east-1", "us-west-2", "http://elsewhere.s3.amazonaws.com/"},
		{"old-name", constraint("EU"), "us-east-1", "eu-west-1", "http://old-name.s3.amazonaws.com/"},
		{"empty", "<CreateBucketConfiguration/>", "us-east-1", "us-east-1", "/empty"},
	} {
		header := map[string]string{"x-amz-object-ownership": "BucketOwnerEnforced", "x-amz-bucket-object-lock-enabled": "False", "x-amz-acl": "private"}
		a := f.do(request{method: "PUT", target: "/" + test.name, body: test.body, region: test.endpoint, header: header})
		if a.status != 200 || a.header.Get("Location") != test.location || a.body != "" {
			t.Errorf("%s: %d at %s %s", test.name, a.status, a.header.Get("Location"), a.body)
		}
		if b, ok := f.world.Bucket(test.name); !ok || b.Account != ownerAccount || b.Region != test.region {
			t.Errorf("%s: the world has %+v", test.name, b)
		}
	}
}

// TestCreateBucketAgain: in us-east-1 one's own bucket can be created again, and
// keeps what it holds.
func TestCreateBucketAgain(t *testing.T) {
	f := start(t)
	again := request{method: "PUT", target: "/east", region: "us-east-1"}
	for range 2 {
		if a := f.do(again); a.status != 200 || a.header.Get("Location") != "/east" {
			t.Errorf("%d %s", a.status, a.body)
		}
		f.do(request{method: "PUT", target: "/east/k", region: "us-east-1", body: "v"})
	}
	f.do(again)
	if a := f.do(request{method: "GET", target: "/east/k", region: "us-east-1"}); a.body != "v" {
		t.Errorf("%d %s", a.status, a.body)
	}
	again.key, again.secret = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
	a := f.refuses(again, 409, "BucketAlreadyExists")
	if !strings.Contains(a.body, "<BucketName>east</BucketName>") {
		t.Error(a.body)
	}
	again.body = constraint("eu-west-1")
	again.key, again.secret = "", ""
	f.refuses(again, 409, "BucketAlreadyOwnedByYou")
}

func TestCreateBucketRefusals(t *testing.T) {
	f := start(t)
	for _, test := range []struct {
		name, bucket, body, region string
		header                     map[string]string
		status                     int
		code                       string
	}{
		{"taken by another", "foreign", constraint(homeRegion), "", nil, 409, "BucketAlreadyExists"},
		{"taken by oneself", "reports", constraint(homeRegion), "", nil, 409, "BucketAlreadyOwnedByYou"},
		{"no constraint", "fresh", "", "", nil, 400, "IllegalLocationConstraintException"},
		{"other region", "fresh", constraint("us-west-2"), "", nil, 400, "IllegalLocationConstraintException"},
		{"us-east-1 by name", "fresh", constraint("us-east-1"), "us-east-1", nil, 400, "InvalidLocationConstraint"},
		{"no region", "fresh", constraint("moon"), "us-east-1", nil, 400, "InvalidLocationConstraint"},
		{"oneself, elsewhere", "far-away", constraint(homeRegion), "", nil, 409, "BucketAlreadyOwnedByYou"},
		{"oneself, from us-east-1", "reports", "", "us-east-1", nil, 409, "BucketAlreadyOwnedByYou"},
		{"another XML", "fresh", "<Other/>", "", nil, 400, "MalformedXML"},
		{"tags", "fresh", "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>", "us-east-1", nil, 501, "NotImplemented"},
		{"upper case", "Fresh", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"short", "ab", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"address", "192.168.1.1", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"bad XML", "fresh", "<CreateBucket", "", nil, 400, "MalformedXML"},
		{"directory bucket", "fresh", "<CreateBucketConfiguration><Location/></CreateBucketConfiguration>", "us-east-1", nil, 501, "NotImplemented"},
		{"object lock", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-bucket-object-lock-enabled": "true"}, 501, "NotImplemented"},
		{"ACL", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-acl": "public-read"}, 400, "InvalidBucketAclWithObjectOwnership"},
		{"grant", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-grant-read": "id=1"}, 400, "InvalidBucketAclWithObjectOwnership"},
		{"ACLs on", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-object-ownership": "ObjectWriter"}, 501, "NotImplemented"},
		{"own namespace", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-bucket-namespace": "account-regional"}, 501, "NotImplemented"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server, world: f.world}
			f.refuses(request{method: "PUT", target: "/" + test.bucket, body: test.body, region: test.region, header: test.header}, test.status, test.code)
			if _, ok := f.world.Bucket("fresh"); ok {
				t.Error("the bucket exists")
			}
		})
	}
	f.refuses(request{method: "PUT", target: "/fresh", unsigned: true}, 403, "AccessDenied")
}

func TestBucketNames(t *testing.T) {
	f := start(t)
	create := func(name string) answer {
		return f.do(request{method: "PUT", target: "/" + name, body: constraint(homeRegion)})
	}
	long := strings.Repeat("a", 63)
	for _, name := range []string{"abc", "1-2", "a.b.c", "a--b", "10.0.0", "1.2.3.4.5", "xn-a", long} {
		if a := create(name); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	for _, name := range []string{
		"ab", long + "a", "Fresh", "a_b", "a%20b", "%C3%A4bc", "-ab", "ab-", ".ab", "ab.", "a..b", "a.-b", "a-.b", "192.168.1.1",
		"xn--ab", "sthree-ab", "amzn-s3-demo-ab", "ab-s3alias", "ab--ol-s3", "ab.mrap", "ab--x-s3", "ab--table-s3",
	} {
		a := create(name)
		if diff := cmp.Diff([]any{400, "InvalidBucketName"}, []any{a.status, a.code}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
