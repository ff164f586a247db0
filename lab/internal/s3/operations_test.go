package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// refuser refuses every signature.
type refuser struct{}

func (refuser) VerifyS3(*http.Request, awswire.Scope) (*sigv4.Verified, error) {
	return nil, &sigv4.Error{Kind: awswire.VerifyBadSignature}
}

// watcher counts what is asked of it and allows nothing.
type watcher struct{ asked int }

func (w *watcher) Allow(*authz.Request) error {
	w.asked++
	return errors.New("no")
}

// everyOperation lists a request for each operation that the lab offers.
func everyOperation() map[string]request {
	return map[string]request{
		"ListBuckets":             {method: "GET", target: "/"},
		"CreateBucket":            {method: "PUT", target: "/fresh", body: "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"},
		"HeadBucket":              {method: "HEAD", target: "/reports"},
		"DeleteBucket":            {method: "DELETE", target: "/far-away", region: "us-west-2"},
		"ListObjects":             {method: "GET", target: "/reports"},
		"ListObjectsV2":           {method: "GET", target: "/reports?list-type=2"},
		"ListObjectVersions":      {method: "GET", target: "/reports?versions"},
		"ListMultipartUploads":    {method: "GET", target: "/reports?uploads"},
		"GetBucketLocation":       {method: "GET", target: "/reports?location"},
		"GetBucketVersioning":     {method: "GET", target: "/reports?versioning"},
		"PutBucketVersioning":     {method: "PUT", target: "/reports?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"},
		"GetBucketPolicy":         {method: "GET", target: "/reports?policy"},
		"PutBucketPolicy":         {method: "PUT", target: "/reports?policy", body: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::reports/*"}}`},
		"DeleteBucketPolicy":      {method: "DELETE", target: "/reports?policy"},
		"GetBucketAcl":            {method: "GET", target: "/reports?acl"},
		"PutBucketAcl":            {method: "PUT", target: "/reports?acl", header: map[string]string{"x-amz-acl": "private"}},
		"DeleteObjects":           deletion("<Delete><Object><Key>seed.txt</Key></Object></Delete>"),
		"GetObject":               {method: "GET", target: "/reports/seed.txt"},
		"HeadObject":              {method: "HEAD", target: "/reports/seed.txt"},
		"GetObjectAttributes":     {method: "GET", target: "/reports/seed.txt?attributes", header: map[string]string{"x-amz-object-attributes": "ETag"}},
		"PutObject":               {method: "PUT", target: "/reports/seed.txt", body: "new"},
		"CopyObject":              {method: "PUT", target: "/reports/copy", header: map[string]string{"x-amz-copy-source": "reports/seed.txt"}},
		"DeleteObject":            {method: "DELETE", target: "/reports/seed.txt"},
		"GetObjectTagging":        {method: "GET", target: "/reports/seed.txt?tagging"},
		"PutObjectTagging":        {method: "PUT", target: "/reports/seed.txt?tagging", body: "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"},
		"DeleteObjectTagging":     {method: "DELETE", target: "/reports/seed.txt?tagging"},
		"GetObjectAcl":            {method: "GET", target: "/reports/seed.txt?acl"},
		"PutObjectAcl":            {method: "PUT", target: "/reports/seed.txt?acl", header: map[string]string{"x-amz-acl": "private"}},
		"CreateMultipartUpload":   {method: "POST", target: "/reports/big?uploads"},
		"UploadPart":              {method: "PUT", target: "/reports/big?uploadId=ID&partNumber=1", body: "x"},
		"UploadPartCopy":          {method: "PUT", target: "/reports/big?uploadId=ID&partNumber=1", header: map[string]string{"x-amz-copy-source": "reports/seed.txt"}},
		"ListParts":               {method: "GET", target: "/reports/big?uploadId=ID"},
		"CompleteMultipartUpload": {method: "POST", target: "/reports/big?uploadId=ID", body: "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"},
		"AbortMultipartUpload":    {method: "DELETE", target: "/reports/big?uploadId=ID"},
	}
}

// TestNothingPassesUnverified sends every operation with a signature that does not hold: nobody is asked for rights and nothing changes.
func TestNothingPassesUnverified(t *testing.T) {
	w := &watcher{}
	for _, opts := range [][]s3.Option{{s3.WithVerifier(refuser{}), s3.WithAuthorizer(w)}, {s3.WithAuthorizer(w)}} {
		f := start(t, opts...)
		before := snapshot(f)
		for name, r := range everyOperation() {
			r.secret = "guessed"
			a := f.do(r)
			if a.status != 403 || r.method != "HEAD" && a.code != "SignatureDoesNotMatch" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		if diff := cmp.Diff(before, snapshot(f)); diff != "" {
			t.Error(diff)
		}
	}
	if w.asked != 0 {
		t.Errorf("the authorizer was asked %d times", w.asked)
	}
}

// TestNothingPassesUnauthorized is the same with a good signature and no rights.
func TestNothingPassesUnauthorized(t *testing.T) {
	f := start(t, s3.WithAuthorizer(&watcher{}))
	before := snapshot(f)
	for name, r := range everyOperation() {
		a := f.do(r)
		if name == "DeleteObjects" {
			if !strings.Contains(a.body, "<Error><Key>seed.txt</Key><Code>AccessDenied</Code>") || strings.Contains(a.body, "<Deleted>") {
				t.Errorf("%s: %s", name, a.body)
			}
			continue
		}
		if a.status != 403 || r.method != "HEAD" && a.code != "AccessDenied" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if diff := cmp.Diff(before, snapshot(f)); diff != "" {
		t.Error(diff)
	}
}

// snapshot is the state of world and store in short.
func snapshot(f *fixture) map[string]any {
	state := map[string]any{"used": f.service.Store().Used()}
	for _, b := range f.world.Buckets() {
		info, _ := f.service.Store().Bucket(b.Name)
		state[b.Name] = []any{b.Versioning, b.Policy != nil, info.Versioning}
	}
	if o, err := f.service.Store().Get(bucketName, "seed.txt", ""); err == nil {
		state["seed"] = []any{o.ETag, o.DeleteMarker, len(o.Tags)}
	}
	return state
}

func TestEveryOperationIsListed(t *testing.T) {
	listed := everyOperation()
	for name := range s3.ActionsOf() {
		if _, ok := listed[name]; !ok {
			t.Errorf("%s is in no table of these tests", name)
		}
	}
}
