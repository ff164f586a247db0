package s3_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

func FuzzParseRange(f *testing.F) {
	for _, v := range []string{"bytes=0-0", "bytes=-5", "bytes=5-", "bytes=9-1", "bytes=", "bytes=1-2,3-4", "bytes=-0", "bytes=99999999999999999999-"} {
		f.Add(v, int64(10))
	}
	f.Fuzz(func(t *testing.T, v string, size int64) {
		if size < 0 {
			return
		}
		offset, length, ok, satisfiable := s3.ParseRange(v, size)
		if ok && satisfiable && (offset < 0 || length < 1 || offset+length > size) {
			t.Errorf("%q of %d: %d+%d", v, size, offset, length)
		}
	})
}

func FuzzParseCopySource(f *testing.F) {
	for _, v := range []string{"b/k", "/b/k", "b/a%20b?versionId=x", "b", "", "arn:aws:s3", "b/%zz", "b/k?a=b"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		bucket, key, version, err := s3.ParseCopySource(v)
		if err != nil {
			return
		}
		if bucket == "" || key == "" || strings.Contains(bucket, "/") {
			t.Errorf("%q: bucket %q, key %q", v, bucket, key)
		}
		again := url.QueryEscape(bucket + "/" + key)
		if version != "" {
			again += "?versionId=" + url.QueryEscape(version)
		}
		b, k, ver, err := s3.ParseCopySource(again)
		if b != bucket || k != key || ver != version || err != nil {
			t.Errorf("%q becomes %q, %q, %q, %v", v, b, k, ver, err)
		}
	})
}

func FuzzParseTagging(f *testing.F) {
	f.Add("a=b&c=d")
	f.Add("a=1&a=2")
	f.Add("%zz")
	f.Fuzz(func(t *testing.T, v string) {
		if tags, err := s3.ParseTagging(v); err == nil && len(tags) > 10 {
			t.Errorf("%q has %d tags", v, len(tags))
		}
	})
}

func FuzzParseTagSet(f *testing.F) {
	f.Add(tagging("a", "b", "c", ""))
	f.Add(tagging("a", "1", "a", "2"))
	f.Add("<Tagging><TagSet><Tag/></TagSet></Tagging>")
	f.Fuzz(func(t *testing.T, body string) {
		tags, err := s3.ParseTagSet([]byte(body))
		if err != nil {
			return
		}
		query := url.Values{}
		for _, tag := range tags {
			query.Set(tag.Key, tag.Value)
		}
		again, err := s3.ParseTagging(query.Encode()) // the same tags as a header has them
		if diff := cmp.Diff(tags, again); diff != "" || err != nil || len(tags) > 10 {
			t.Errorf("%q: %v %s", body, err, diff)
		}
	})
}

func FuzzParseHost(f *testing.F) {
	f.Add("b.s3.eu-west-1.amazonaws.com")
	f.Add("b.localhost:80")
	f.Fuzz(func(t *testing.T, host string) {
		if bucket, _ := s3.ParseHost(host); len(bucket) > len(host) {
			t.Errorf("%q has the bucket %q", host, bucket)
		}
	})
}

// FuzzUnsigned sends anything without a signature: it must be refused by S3's
// errors, and no request may end in a failure of the lab.
func FuzzUnsigned(f *testing.F) {
	w := newWorld(f)
	service, err := s3.New(w)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", "/reports/seed.txt", "list-type=2", "reports.localhost", "")
	f.Add("PUT", "/reports", "policy", "", "{")
	f.Add("POST", "/reports", "delete", "", "<Delete/>")
	f.Fuzz(func(t *testing.T, method, path, query, host, body string) {
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.Host = method, host
		r.URL = &url.URL{Path: "/" + strings.TrimPrefix(path, "/"), RawQuery: query}
		r.RequestURI = r.URL.RequestURI()
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, r)
		if answer.Code < 300 || answer.Code == 500 {
			t.Errorf("%s %s?%s at %q: %d %s", method, path, query, host, answer.Code, answer.Body)
		}
	})
}
