package s3_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

// listed is a page in short: objects, then common prefixes with a trailing mark.
func listed(contents []types.Object, groups []types.CommonPrefix) []string {
	out := []string{}
	for _, o := range contents {
		out = append(out, *o.Key)
	}
	for _, g := range groups {
		out = append(out, *g.Prefix+" ...")
	}
	return out
}

func TestListObjectsV2(t *testing.T) {
	f := start(t)
	for _, key := range []string{"a", "b/1", "b/2", "b/c/3", "b!", "c d", "ä"} {
		f.put("foreign", key, key)
	}
	client := f.client()
	for _, test := range []struct {
		name string
		in   awss3.ListObjectsV2Input
		want []string
	}{
		{"all", awss3.ListObjectsV2Input{}, []string{"a", "b!", "b/1", "b/2", "b/c/3", "c d", "ä"}},
		{"delimiter", awss3.ListObjectsV2Input{Delimiter: aws.String("/")}, []string{"a", "b!", "c d", "ä", "b/ ..."}},
		{"prefix", awss3.ListObjectsV2Input{Prefix: aws.String("b/"), Delimiter: aws.String("/")}, []string{"b/1", "b/2", "b/c/ ..."}},
		{"prefix within a name", awss3.ListObjectsV2Input{Prefix: aws.String("b"), Delimiter: aws.String("/")}, []string{"b!", "b/ ..."}},
		{"long delimiter", awss3.ListObjectsV2Input{Delimiter: aws.String("/c/")}, []string{"a", "b!", "b/1", "b/2", "c d", "ä", "b/c/ ..."}},
		{"start after a key", awss3.ListObjectsV2Input{StartAfter: aws.String("b/1")}, []string{"b/2", "b/c/3", "c d", "ä"}},
		{"start after no key", awss3.ListObjectsV2Input{StartAfter: aws.String("b/15")}, []string{"b/2", "b/c/3", "c d", "ä"}},
		{"start after in a group", awss3.ListObjectsV2Input{StartAfter: aws.String("b/1"), Delimiter: aws.String("/")}, []string{"c d", "ä", "b/ ..."}},
		{"start after a group", awss3.ListObjectsV2Input{StartAfter: aws.String("b/"), Delimiter: aws.String("/")}, []string{"c d", "ä"}},
		{"start before prefix", awss3.ListObjectsV2Input{StartAfter: aws.String("a"), Prefix: aws.String("b/")}, []string{"b/1", "b/2", "b/c/3"}},
		{"start behind prefix", awss3.ListObjectsV2Input{StartAfter: aws.String("c"), Prefix: aws.String("b/")}, []string{}},
		{"nothing", awss3.ListObjectsV2Input{MaxKeys: aws.Int32(0)}, []string{}},
		{"no match", awss3.ListObjectsV2Input{Prefix: aws.String("zz")}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.Bucket = aws.String("foreign")
			out, err := client.ListObjectsV2(t.Context(), &test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, listed(out.Contents, out.CommonPrefixes)); diff != "" {
				t.Error(diff)
			}
			if *out.IsTruncated || int(*out.KeyCount) != len(test.want) {
				t.Errorf("truncated %v, KeyCount %d", *out.IsTruncated, *out.KeyCount)
			}
			for size := range int32(4) {
				if diff := cmp.Diff(test.want, pages(t, client, test.in, size+1)); diff != "" && *out.MaxKeys > 0 {
					t.Errorf("pages of %d: %s", size+1, diff)
				}
			}
		})
	}
}

// pages collects a list page by page, objects before groups.
func pages(t *testing.T, client *awss3.Client, in awss3.ListObjectsV2Input, size int32) []string {
	t.Helper()
	in.MaxKeys = &size
	var objects []types.Object
	var groups []types.CommonPrefix
	for range 20 {
		out, err := client.ListObjectsV2(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		if *out.KeyCount > size {
			t.Errorf("a page of %d has %d", size, *out.KeyCount)
		}
		objects, groups = append(objects, out.Contents...), append(groups, out.CommonPrefixes...)
		if in.ContinuationToken = out.NextContinuationToken; !*out.IsTruncated {
			return listed(objects, groups)
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestListObjectsV1(t *testing.T) {
	f := start(t)
	for _, key := range []string{"a", "b/1", "b/2", "c"} {
		f.put("foreign", key, key)
	}
	in := &awss3.ListObjectsInput{Bucket: aws.String("foreign"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)}
	got := []string{}
	for range 10 {
		out, err := f.client().ListObjects(t.Context(), in)
		f.must(err)
		got = append(got, listed(out.Contents, out.CommonPrefixes)...)
		if !*out.IsTruncated {
			break
		}
		in.Marker = out.NextMarker
	}
	if diff := cmp.Diff([]string{"a", "b/ ...", "c"}, got); diff != "" {
		t.Error(diff)
	}
	out, err := f.client().ListObjects(t.Context(), &awss3.ListObjectsInput{Bucket: aws.String("foreign"), Marker: aws.String("b/0")})
	f.must(err)
	if diff := cmp.Diff([]string{"b/1", "b/2", "c"}, listed(out.Contents, nil)); diff != "" {
		t.Error(diff)
	}
	if out.NextMarker != nil || out.Contents[0].Owner == nil || len(*out.Contents[0].Owner.ID) != 64 {
		t.Errorf("NextMarker %v, owner %v", out.NextMarker, out.Contents[0].Owner)
	}
}

func TestListEncodingAndOwner(t *testing.T) {
	f := start(t)
	f.put("foreign", "a b+c/ä*", "x")
	a := f.do(request{method: "GET", target: "/foreign?list-type=2&encoding-type=url&delimiter=%2F&prefix=a%20"})
	for _, want := range []string{"<Prefix>a+</Prefix>", "<Prefix>a+b%2Bc/</Prefix>", "<EncodingType>url</EncodingType>", "<KeyCount>1</KeyCount>", "<Delimiter>/</Delimiter>"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if strings.Contains(a.body, "<Owner>") {
		t.Errorf("version 2 shows the owner unasked: %s", a.body)
	}
	a = f.do(request{method: "GET", target: "/foreign?list-type=2&fetch-owner=true"})
	if !strings.Contains(a.body, "<Owner><ID>") || !strings.Contains(a.body, "<Key>a b+c/ä*</Key>") {
		t.Error(a.body)
	}
	a = f.do(request{method: "GET", target: "/foreign?list-type=2&prefix=none"})
	if !strings.Contains(a.body, "<KeyCount>0</KeyCount>") {
		t.Errorf("no KeyCount of 0 in %s", a.body)
	}
}

func TestListRefusals(t *testing.T) {
	f := start(t)
	for target, code := range map[string]string{
		"/reports?max-keys=x":                           "InvalidArgument",
		"/reports?max-keys=-1":                          "InvalidArgument",
		"/reports?encoding-type=xml":                    "InvalidArgument",
		"/reports?list-type=3":                          "InvalidArgument",
		"/reports?list-type=2&continuation-token=YQ==":  "InvalidArgument",
		"/reports?list-type=2&continuation-token=":      "InvalidArgument",
		"/reports?list-type=2&max-keys=9999999999999":   "InvalidArgument",
		"/reports?versions&version-id-marker=":          "InvalidArgument",
		"/reports?versions&version-id-marker=abc":       "InvalidArgument",
		"/reports?uploads&max-uploads=x":                "InvalidArgument",
		"/reports?versions&uploads":                     "InvalidArgument",
		"/?max-buckets=0":                               "InvalidArgument",
		"/reports/seed.txt?versionId=":                  "InvalidArgument",
		"/reports/seed.txt?versionId=made-up":           "InvalidArgument",
		"/reports/seed.txt?partNumber=0":                "InvalidArgument",
		"/reports/seed.txt?partNumber=1&versionId=null": "",
	} {
		status := 400
		if code == "" {
			status = 206
		}
		f.refuses(request{method: "GET", target: target}, status, code)
	}
	if a := f.do(request{method: "GET", target: "/reports?max-keys=5000"}); !strings.Contains(a.body, "<MaxKeys>1000</MaxKeys>") {
		t.Error(a.body)
	}
}

func TestListBuckets(t *testing.T) {
	f := start(t)
	out, err := f.client().ListBuckets(t.Context(), &awss3.ListBucketsInput{})
	f.must(err)
	type bucket struct{ Name, Region string }
	var got []bucket
	for _, b := range out.Buckets {
		got = append(got, bucket{*b.Name, *b.BucketRegion})
		if b.CreationDate == nil {
			t.Errorf("%s has no date", *b.Name)
		}
	}
	want := []bucket{{"far-away", "us-west-2"}, {"reports", "eu-west-1"}, {"versioned", "eu-west-1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var names []string
	p := awss3.NewListBucketsPaginator(f.client(), &awss3.ListBucketsInput{MaxBuckets: aws.Int32(1), Prefix: aws.String("r")})
	for p.HasMorePages() {
		page, err := p.NextPage(t.Context())
		f.must(err)
		for _, b := range page.Buckets {
			names = append(names, *b.Name)
		}
	}
	if diff := cmp.Diff([]string{"reports"}, names); diff != "" {
		t.Error(diff)
	}
	f.refuses(request{method: "GET", target: "/", unsigned: true}, 403, "AccessDenied")
}

func TestListManyKeys(t *testing.T) {
	f := start(t)
	var want []string
	for i := range 2500 {
		key := fmt.Sprintf("k%05d", i)
		a := f.do(request{method: "PUT", target: "/foreign/" + url.PathEscape(key)})
		if a.status != 200 {
			t.Fatal(a.body)
		}
		want = append(want, key)
	}
	var got []string
	p := awss3.NewListObjectsV2Paginator(f.client(), &awss3.ListObjectsV2Input{Bucket: aws.String("foreign")})
	for p.HasMorePages() {
		page, err := p.NextPage(t.Context())
		f.must(err)
		got = append(got, listed(page.Contents, nil)...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
