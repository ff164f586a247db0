package s3_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

const (
	ofBucket = "arn:aws:s3:::reports"
	ofSeed   = "arn:aws:s3:::reports/seed.txt"
	ofBig    = "arn:aws:s3:::reports/big"
)

// needs says which rights an operation needs; the name is that of
// everyOperation, the rest of the request may be changed.
type needs struct {
	operation, action, resource string
	change                      func(*request)
}

func with(header, value string) func(*request) {
	return func(r *request) {
		r.header = maps.Clone(r.header)
		if r.header == nil {
			r.header = map[string]string{}
		}
		r.header[header] = value
	}
}

func query(more string) func(*request) {
	return func(r *request) {
		separator := "?"
		if strings.Contains(r.target, "?") {
			separator = "&"
		}
		r.target += separator + more
	}
}

func mapping() []needs {
	version := query("versionId=null")
	return []needs{
		{"ListBuckets", "s3:ListAllMyBuckets", "arn:aws:s3:::*", nil},
		{"CreateBucket", "s3:CreateBucket", "arn:aws:s3:::fresh", nil},
		{"HeadBucket", "s3:ListBucket", ofBucket, nil},
		{"DeleteBucket", "s3:DeleteBucket", "arn:aws:s3:::far-away", nil},
		{"ListObjects", "s3:ListBucket", ofBucket, nil},
		{"ListObjectsV2", "s3:ListBucket", ofBucket, nil},
		{"ListObjectVersions", "s3:ListBucketVersions", ofBucket, nil},
		{"ListMultipartUploads", "s3:ListBucketMultipartUploads", ofBucket, nil},
		{"GetBucketLocation", "s3:GetBucketLocation", ofBucket, nil},
		{"GetBucketVersioning", "s3:GetBucketVersioning", ofBucket, nil},
		{"PutBucketVersioning", "s3:PutBucketVersioning", ofBucket, nil},
		{"GetBucketPolicy", "s3:GetBucketPolicy", ofBucket, nil},
		{"PutBucketPolicy", "s3:PutBucketPolicy", ofBucket, nil},
		{"DeleteBucketPolicy", "s3:DeleteBucketPolicy", ofBucket, nil},
		{"GetBucketAcl", "s3:GetBucketAcl", ofBucket, nil},
		{"PutBucketAcl", "s3:PutBucketAcl", ofBucket, nil},
		{"GetObject", "s3:GetObject", ofSeed, nil},
		{"GetObject", "s3:GetObjectVersion", ofSeed, version},
		{"HeadObject", "s3:GetObject", ofSeed, nil},
		{"HeadObject", "s3:GetObjectVersion", ofSeed, version},
		{"GetObject", "s3:ListBucket", ofBucket, func(r *request) { r.target = "/reports/none" }},
		{"HeadObject", "s3:ListBucket", ofBucket, func(r *request) { r.target = "/reports/none" }},
		{"GetObjectTagging", "s3:ListBucket", ofBucket, func(r *request) { r.target = "/reports/none?tagging" }},
		{"GetObjectAttributes", "s3:GetObjectAttributes", ofSeed, nil},
		{"GetObjectAttributes", "s3:GetObject", ofSeed, nil},
		{"GetObjectAttributes", "s3:GetObjectVersionAttributes", ofSeed, version},
		{"GetObjectAttributes", "s3:GetObjectVersion", ofSeed, version},
		{"PutObject", "s3:PutObject", ofSeed, nil},
		{"PutObject", "s3:PutObjectTagging", ofSeed, with("x-amz-tagging", "a=b")},
		{"PutObject", "s3:PutObjectAcl", ofSeed, with("x-amz-acl", "private")},
		{"PutObject", "s3:PutObjectAcl", ofSeed, with("x-amz-grant-read", "id=1")},
		{"PutObject", "s3:GetObject", ofSeed, with("If-Match", `"x"`)},
		{"CopyObject", "s3:PutObject", "arn:aws:s3:::reports/copy", nil},
		{"CopyObject", "s3:PutObjectTagging", "arn:aws:s3:::reports/copy", with("x-amz-tagging", "a=b")},
		{"CopyObject", "s3:PutObjectAcl", "arn:aws:s3:::reports/copy", with("x-amz-acl", "private")},
		{"CopyObject", "s3:GetObject", ofSeed, nil},
		{"CopyObject", "s3:GetObjectVersion", ofSeed, with("x-amz-copy-source", "reports/seed.txt?versionId=null")},
		{"CopyObject", "s3:ListBucket", ofBucket, with("x-amz-copy-source", "reports/none")},
		{"CopyObject", "s3:GetObjectTagging", "arn:aws:s3:::reports/tagged", with("x-amz-copy-source", "reports/tagged")},
		{"CopyObject", "s3:GetObjectVersionTagging", "arn:aws:s3:::reports/tagged", with("x-amz-copy-source", "reports/tagged?versionId=null")},
		{"CopyObject", "s3:PutObjectTagging", "arn:aws:s3:::reports/copy", with("x-amz-copy-source", "reports/tagged")},
		{"DeleteObject", "s3:DeleteObject", ofSeed, nil},
		{"DeleteObject", "s3:DeleteObjectVersion", ofSeed, version},
		{"DeleteObject", "s3:GetObject", ofSeed, with("If-Match", "*")},
		{"GetObjectTagging", "s3:GetObjectTagging", ofSeed, nil},
		{"GetObjectTagging", "s3:GetObjectVersionTagging", ofSeed, version},
		{"PutObjectTagging", "s3:PutObjectTagging", ofSeed, nil},
		{"PutObjectTagging", "s3:PutObjectVersionTagging", ofSeed, version},
		{"DeleteObjectTagging", "s3:DeleteObjectTagging", ofSeed, nil},
		{"DeleteObjectTagging", "s3:DeleteObjectVersionTagging", ofSeed, version},
		{"GetObjectAcl", "s3:GetObjectAcl", ofSeed, nil},
		{"GetObjectAcl", "s3:GetObjectVersionAcl", ofSeed, version},
		{"PutObjectAcl", "s3:PutObjectAcl", ofSeed, nil},
		{"PutObjectAcl", "s3:PutObjectVersionAcl", ofSeed, version},
		{"CreateMultipartUpload", "s3:PutObject", ofBig, nil},
		{"CreateMultipartUpload", "s3:PutObjectTagging", ofBig, with("x-amz-tagging", "a=b")},
		{"CreateMultipartUpload", "s3:PutObjectAcl", ofBig, with("x-amz-acl", "private")},
		{"UploadPart", "s3:PutObject", ofBig, nil},
		{"UploadPartCopy", "s3:PutObject", ofBig, nil},
		{"UploadPartCopy", "s3:GetObject", ofSeed, nil},
		{"UploadPartCopy", "s3:GetObjectVersion", ofSeed, with("x-amz-copy-source", "reports/seed.txt?versionId=null")},
		{"UploadPartCopy", "s3:ListBucket", ofBucket, with("x-amz-copy-source", "reports/none")},
		{"ListParts", "s3:ListMultipartUploadParts", ofBig, nil},
		{"CompleteMultipartUpload", "s3:PutObject", ofBig, nil},
		{"CompleteMultipartUpload", "s3:GetObject", ofBig, with("If-Match", `"x"`)},
		{"AbortMultipartUpload", "s3:AbortMultipartUpload", ofBig, nil},
	}
}

// TestEveryRightIsNeeded takes one right away at a time: the answer must be
// AccessDenied, and with the right it must be another.
func TestEveryRightIsNeeded(t *testing.T) {
	operations := everyOperation()
	for _, need := range mapping() {
		t.Run(need.operation+" "+need.action, func(t *testing.T) {
			r := operations[need.operation]
			if need.change != nil {
				need.change(&r)
			}
			denied := prepared(t, but{need.action, need.resource})
			a := denied.do(denied.withUpload(r))
			if a.status != 403 || r.method != "HEAD" && a.code != "AccessDenied" {
				t.Errorf("without the right: %d %s", a.status, a.body)
			}
			if e := denied.last(); e.Action != need.action || e.Resource != need.resource || e.Operation != need.operation || e.Code != "AccessDenied" {
				t.Errorf("observed %s %s on %s: %s", e.Operation, e.Action, e.Resource, e.Code)
			}
			allowed := prepared(t, yes{})
			if a := allowed.do(allowed.withUpload(r)); a.status == 403 {
				t.Errorf("with every right: %s", a.body)
			}
		})
	}
}

// TestEveryOperationIsMapped keeps the table whole.
func TestEveryOperationIsMapped(t *testing.T) {
	var got, want []string
	for _, n := range mapping() {
		got = append(got, n.operation+" "+n.action)
	}
	for name, actions := range s3.ActionsOf() {
		for _, action := range actions {
			if action != "" {
				want = append(want, name+" "+action)
			}
		}
	}
	for _, each := range want {
		if !slices.Contains(got, each) {
			t.Errorf("%s is tested nowhere", each)
		}
	}
}

// prepared is a service with a tagged object and an upload to reports/big.
func prepared(t *testing.T, a s3.Authorizer) *fixture {
	t.Helper()
	late := &lateAuthorizer{Authorizer: yes{}}
	f := start(t, s3.WithAuthorizer(late))
	f.do(request{method: "PUT", target: "/reports/tagged", body: "x", header: map[string]string{"x-amz-tagging": "a=b"}})
	late.set(a)
	return f
}

// withUpload puts the id of a real upload into a request.
func (f *fixture) withUpload(r request) request {
	f.Helper()
	if strings.Contains(r.target, "uploadId=ID") {
		id, err := f.service.NewUpload(bucketName, "big")
		f.must(err)
		r.target = strings.Replace(r.target, "ID", id, 1)
	}
	return r
}

// lateAuthorizer can be exchanged while it serves.
type lateAuthorizer struct {
	mu sync.Mutex
	s3.Authorizer
	seen []*authz.Request
}

func (l *lateAuthorizer) set(a s3.Authorizer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Authorizer, l.seen = a, nil
}

func (l *lateAuthorizer) Allow(r *authz.Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, r)
	return l.Authorizer.Allow(r)
}

func TestConditionKeys(t *testing.T) {
	always := policy.Context{
		"aws:SourceIp": {"127.0.0.1"}, "aws:SecureTransport": {"false"}, "aws:RequestedRegion": {homeRegion},
		"aws:UserAgent": {"tester"}, "s3:authType": {"REST-HEADER"}, "s3:signatureversion": {"AWS4-HMAC-SHA256"},
		"s3:ResourceAccount": {ownerAccount}, "aws:ResourceAccount": {ownerAccount},
	}
	for name, test := range map[string]struct {
		r    request
		more policy.Context
	}{
		"list": {request{method: "GET", target: "/reports?list-type=2&prefix=a%2F&delimiter=%2F&max-keys=5"},
			policy.Context{"s3:prefix": {"a/"}, "s3:delimiter": {"/"}, "s3:max-keys": {"5"}}},
		"list with empty prefix": {request{method: "GET", target: "/reports?prefix="}, policy.Context{"s3:prefix": {""}}},
		"list without prefix":    {request{method: "GET", target: "/reports"}, nil},
		"get with prefix":        {request{method: "GET", target: "/reports/seed.txt?prefix=a"}, nil},
		"version":                {request{method: "GET", target: "/reports/seed.txt?versionId=null"}, policy.Context{"s3:VersionId": {"null"}}},
		"existing tags":          {request{method: "GET", target: "/reports/tagged"}, policy.Context{"s3:ExistingObjectTag/a": {"b"}}},
		"put": {request{method: "PUT", target: "/reports/tagged", header: map[string]string{"x-amz-acl": "private", "x-amz-tagging": "k=v", "x-amz-storage-class": "STANDARD_IA", "Referer": "https://dev-123456789.okta.com/"}},
			policy.Context{"s3:x-amz-acl": {"private"}, "s3:RequestObjectTag/k": {"v"}, "s3:RequestObjectTagKeys": {"k"}, "s3:x-amz-storage-class": {"STANDARD_IA"}, "s3:ObjectCreationOperation": {"true"}, "aws:Referer": {"https://dev-123456789.okta.com/"}}},
		"copy": {request{method: "PUT", target: "/reports/new", header: map[string]string{"x-amz-copy-source": "/reports/a%20b", "x-amz-metadata-directive": "COPY"}},
			policy.Context{"s3:x-amz-copy-source": {"reports/a b"}, "s3:x-amz-metadata-directive": {"COPY"}, "s3:ObjectCreationOperation": {"true"}}},
	} {
		t.Run(name, func(t *testing.T) {
			late := &lateAuthorizer{Authorizer: yes{}}
			f := start(t, s3.WithAuthorizer(late))
			f.do(request{method: "PUT", target: "/reports/tagged", body: "x", header: map[string]string{"x-amz-tagging": "a=b"}})
			late.set(yes{})
			with("User-Agent", "tester")(&test.r)
			f.do(test.r)
			want := maps.Clone(always)
			maps.Copy(want, test.more)
			ignored := cmpopts.IgnoreMapEntries(func(k string, _ []string) bool { return k == "s3:signatureAge" || k == "s3:x-amz-content-sha256" })
			if diff := cmp.Diff(want, late.seen[0].Context, ignored); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOwnershipReachesTheAuthorizer(t *testing.T) {
	late := &lateAuthorizer{Authorizer: yes{}}
	f := start(t, s3.WithAuthorizer(late))
	f.do(request{method: "PUT", target: "/foreign?policy", body: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::foreign/*"}}`})
	late.set(yes{})
	f.do(request{method: "PUT", target: "/foreign/copy", header: map[string]string{"x-amz-copy-source": "reports/seed.txt"}})
	if len(late.seen) < 2 {
		t.Fatalf("asked %d times", len(late.seen))
	}
	target, source := late.seen[0], late.seen[1]
	if target.ResourceAccount != otherAccount || target.ResourcePolicy == nil || source.ResourceAccount != ownerAccount || source.ResourcePolicy != nil {
		t.Errorf("target of %s, source of %s", target.ResourceAccount, source.ResourceAccount)
	}
	late.set(yes{})
	f.do(request{method: "GET", target: "/reports/seed.txt", unsigned: true})
	if late.seen[0].Session != nil {
		t.Error("an anonymous request has a session")
	}
	if _, ok := late.seen[0].Context["s3:authType"]; ok {
		t.Error("an anonymous request has s3:authType")
	}
}

// TestEveryKeyOfDeleteObjects takes the rights of single keys away.
func TestEveryKeyOfDeleteObjects(t *testing.T) {
	for action, object := range map[string]string{
		"s3:DeleteObject":        "<Object><Key>seed.txt</Key></Object>",
		"s3:DeleteObjectVersion": "<Object><Key>seed.txt</Key><VersionId>null</VersionId></Object>",
		"s3:GetObject":           "<Object><Key>seed.txt</Key><ETag>*</ETag></Object>",
	} {
		f := start(t, s3.WithAuthorizer(but{action, ofSeed}))
		a := f.do(deletion("<Delete>" + object + "<Object><Key>private/plan.txt</Key></Object></Delete>"))
		if strings.Count(a.body, "<Code>AccessDenied</Code>") != 1 || strings.Count(a.body, "<Deleted>") != 1 {
			t.Errorf("%s: %s", action, a.body)
		}
		if _, err := f.service.Store().Get(bucketName, "seed.txt", ""); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestTagCountNeedsItsRight(t *testing.T) {
	for allowed, count := range map[bool]string{true: "1", false: ""} {
		var a s3.Authorizer = yes{}
		if !allowed {
			a = but{action: "s3:GetObjectTagging"}
		}
		got := prepared(t, a).do(request{method: "GET", target: "/reports/tagged"})
		if got.status != 200 || got.header.Get("x-amz-tagging-count") != count {
			t.Errorf("allowed %v: %d, count %q", allowed, got.status, got.header.Get("x-amz-tagging-count"))
		}
	}
}
