package s3_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

func TestObjectRoundTrip(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		body := noise(3<<20 + 17)
		expires := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		put, err := client.PutObject(f.Context(), &awss3.PutObjectInput{
			Bucket: aws.String(bucketName), Key: aws.String("dir/report.bin"), Body: bytes.NewReader(body),
			ContentType: aws.String("application/x-report"), CacheControl: aws.String("max-age=60"),
			ContentDisposition: aws.String("attachment"), ContentEncoding: aws.String("gzip"),
			ContentLanguage: aws.String("de"), Expires: &expires,
			Metadata: map[string]string{"author": "Alice", "Two-Words": "b"},
			Tagging:  aws.String("team=red&x=1"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
		})
		f.must(err)
		if put.ChecksumCRC32C == nil || put.ETag == nil || put.ServerSideEncryption != types.ServerSideEncryptionAes256 {
			t.Errorf("PutObject answered checksum %v, ETag %v, encryption %q", put.ChecksumCRC32C, put.ETag, put.ServerSideEncryption)
		}
		get, err := client.GetObject(f.Context(), &awss3.GetObjectInput{
			Bucket: aws.String(bucketName), Key: aws.String("dir/report.bin"), ChecksumMode: types.ChecksumModeEnabled,
		})
		f.must(err)
		if got := f.read(get.Body); got != string(body) {
			t.Errorf("got %d bytes that differ from the %d sent", len(got), len(body))
		}
		type view struct {
			Type, Cache, Disposition, Encoding, Language, Expires, ETag, Checksum string
			Metadata                                                              map[string]string
			Tags                                                                  int32
		}
		want := view{"application/x-report", "max-age=60", "attachment", "gzip", "de", "Wed, 02 Jan 2030 03:04:05 GMT",
			*put.ETag, *put.ChecksumCRC32C, map[string]string{"author": "Alice", "two-words": "b"}, 2}
		got := view{*get.ContentType, *get.CacheControl, *get.ContentDisposition, *get.ContentEncoding, *get.ContentLanguage,
			*get.ExpiresString, *get.ETag, *get.ChecksumCRC32C, get.Metadata, *get.TagCount}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		head, err := client.HeadObject(f.Context(), &awss3.HeadObjectInput{Bucket: aws.String(bucketName), Key: aws.String("dir/report.bin")})
		f.must(err)
		if *head.ContentLength != int64(len(body)) || *head.ETag != *put.ETag || head.ChecksumCRC32C != nil {
			t.Errorf("HeadObject answered length %d, ETag %s, checksum %v", *head.ContentLength, *head.ETag, head.ChecksumCRC32C)
		}
	})
}

func TestOddKeys(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		for _, key := range []string{
			"a b", "ä/ö", "a+b", "a%20b", "/leading", "x//y", "..", "a/../b", "./c", "dir/", "q?x=1&y", "#h", "a&b=c;d", "'\"<>", "日本語", "~!*()",
			strings.Repeat("k", 1024),
		} {
			put := &awss3.PutObjectInput{Bucket: aws.String("foreign"), Key: &key, Body: strings.NewReader("of " + key)}
			if _, err := client.PutObject(f.Context(), put); err != nil {
				t.Errorf("put %q: %v", key, err)
				continue
			}
			if got := f.get("foreign", key); got != "of "+key {
				t.Errorf("get %q: %q", key, got)
			}
			list, err := client.ListObjectsV2(f.Context(), &awss3.ListObjectsV2Input{Bucket: aws.String("foreign"), Prefix: &key})
			f.must(err)
			if len(list.Contents) != 1 || *list.Contents[0].Key != key {
				t.Errorf("list %q: %v", key, list.Contents)
			}
			_, err = client.DeleteObject(f.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("foreign"), Key: &key})
			f.must(err)
		}
	})
	f := start(t)
	f.refuses(request{method: "PUT", target: "/reports/" + strings.Repeat("k", 1025)}, 400, "KeyTooLongError")
	f.refuses(request{method: "GET", target: "/reports/%FF"}, 400, "InvalidURI")
}

func TestEmptyObjectAndDefaults(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		_, err := client.PutObject(f.Context(), &awss3.PutObjectInput{Bucket: aws.String(bucketName), Key: aws.String("empty")})
		f.must(err)
		get, err := client.GetObject(f.Context(), &awss3.GetObjectInput{Bucket: aws.String(bucketName), Key: aws.String("empty")})
		f.must(err)
		if body := f.read(get.Body); body != "" || *get.ContentLength != 0 {
			t.Errorf("got %q of length %d", body, *get.ContentLength)
		}
		if *get.ETag != `"d41d8cd98f00b204e9800998ecf8427e"` {
			t.Errorf("ETag %s", *get.ETag)
		}
		f.do(request{method: "PUT", target: "/reports/untyped", body: "x"})
		if a := f.do(request{method: "GET", target: "/reports/untyped"}); a.header.Get("Content-Type") != "binary/octet-stream" {
			t.Errorf("default type %q", a.header.Get("Content-Type"))
		}
	})
}

func TestSeed(t *testing.T) {
	f := start(t)
	a := f.do(request{method: "GET", target: "/reports/seed.txt", header: map[string]string{"x-amz-checksum-mode": "ENABLED"}})
	if a.status != 200 || a.body != "seed" || a.header.Get("Content-Type") != "text/plain" || a.header.Get("x-amz-checksum-crc64nvme") == "" {
		t.Errorf("got %d %q %v", a.status, a.body, a.header)
	}
}

func TestRanges(t *testing.T) {
	f := start(t)
	f.put(bucketName, "ten", "0123456789")
	f.put(bucketName, "none", "")
	for _, test := range []struct {
		key, header  string
		status       int
		body         string
		contentRange string
	}{
		{"ten", "bytes=0-0", 206, "0", "bytes 0-0/10"},
		{"ten", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"ten", "bytes=7-", 206, "789", "bytes 7-9/10"},
		{"ten", "bytes=5-99", 206, "56789", "bytes 5-9/10"},
		{"ten", "bytes=0-99999999999999999999", 206, "0123456789", "bytes 0-9/10"},
		{"ten", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"ten", "bytes=-30", 206, "0123456789", "bytes 0-9/10"},
		{"ten", "bytes=-0", 416, "", "bytes */10"},
		{"ten", "bytes=10-", 416, "", "bytes */10"},
		{"ten", "bytes=10-12", 416, "", "bytes */10"},
		{"none", "bytes=0-0", 416, "", "bytes */0"},
		{"none", "bytes=-1", 416, "", "bytes */0"},
		{"ten", "bytes=4-2", 200, "0123456789", ""},
		{"ten", "bytes=0-1,3-4", 200, "0123456789", ""},
		{"ten", "bytes=a-b", 200, "0123456789", ""},
		{"ten", "bytes=", 200, "0123456789", ""},
		{"ten", "bytes=-", 200, "0123456789", ""},
		{"ten", "lines=1-2", 200, "0123456789", ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := f.do(request{method: method, target: "/reports/" + test.key, header: map[string]string{"Range": test.header}})
			want := test.body
			if method == "HEAD" || test.status == 416 {
				want = ""
			}
			if a.status == 416 && method == "GET" {
				if a.code != "InvalidRange" || !strings.Contains(a.body, "<ActualObjectSize>") {
					t.Errorf("%s: %s", test.header, a.body)
				}
				a.body = ""
			}
			if a.status != test.status || a.body != want || a.header.Get("Content-Range") != test.contentRange {
				t.Errorf("%s %s of %s: got %d %q %q, want %d %q %q", method, test.header, test.key, a.status, a.body,
					a.header.Get("Content-Range"), test.status, want, test.contentRange)
			}
		}
	}
}

func TestIfRange(t *testing.T) {
	f := start(t)
	f.put(bucketName, "ten", "0123456789")
	etag := f.do(request{method: "HEAD", target: "/reports/ten"}).header.Get("ETag")
	for condition, status := range map[string]int{etag: 206, `"other"`: 200, "Mon, 02 Jan 2006 15:04:05 GMT": 200} {
		a := f.do(request{method: "GET", target: "/reports/ten", header: map[string]string{"Range": "bytes=1-1", "If-Range": condition}})
		if a.status != status {
			t.Errorf("If-Range %s: %d, want %d", condition, a.status, status)
		}
	}
}

func TestConditionalReads(t *testing.T) {
	f := start(t)
	a := f.do(request{method: "HEAD", target: "/reports/seed.txt"})
	etag, modified := a.header.Get("ETag"), a.header.Get("Last-Modified")
	const past, future = "Mon, 02 Jan 2006 15:04:05 GMT", "Tue, 02 Jan 2046 15:04:05 GMT"
	for _, test := range []struct {
		header map[string]string
		status int
	}{
		{map[string]string{"If-Match": etag}, 200},
		{map[string]string{"If-Match": "*"}, 200},
		{map[string]string{"If-Match": `"x", ` + etag}, 200},
		{map[string]string{"If-Match": `"x"`}, 412},
		{map[string]string{"If-None-Match": `"x"`}, 200},
		{map[string]string{"If-None-Match": etag}, 304},
		{map[string]string{"If-None-Match": "*"}, 304},
		{map[string]string{"If-Modified-Since": past}, 200},
		{map[string]string{"If-Modified-Since": modified}, 304},
		{map[string]string{"If-Unmodified-Since": past}, 412},
		{map[string]string{"If-Unmodified-Since": modified}, 200},
		{map[string]string{"If-Match": etag, "If-Unmodified-Since": past}, 200},
		{map[string]string{"If-None-Match": etag, "If-Modified-Since": past}, 304},
		{map[string]string{"If-None-Match": `"x"`, "If-Modified-Since": future}, 200},
		{map[string]string{"If-Modified-Since": "yesterday"}, 200},
		{map[string]string{"If-Match": `"x"`, "Range": "bytes=99-"}, 412},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := f.do(request{method: method, target: "/reports/seed.txt", header: test.header})
			if a.status != test.status {
				t.Errorf("%s %v: %d, want %d", method, test.header, a.status, test.status)
			}
			if a.status == 412 && method == "GET" && a.code != "PreconditionFailed" {
				t.Errorf("%v: code %s", test.header, a.code)
			}
			if a.status == 304 && (a.body != "" || a.header.Get("ETag") != etag) {
				t.Errorf("304 with body %q and ETag %s", a.body, a.header.Get("ETag"))
			}
		}
	}
}

func TestConditionalWrites(t *testing.T) {
	f := start(t)
	etag := f.do(request{method: "HEAD", target: "/reports/seed.txt"}).header.Get("ETag")
	put := func(key string, header map[string]string) request {
		return request{method: "PUT", target: "/reports/" + key, body: "new", header: header}
	}
	f.refuses(put("seed.txt", map[string]string{"If-None-Match": "*"}), 412, "PreconditionFailed")
	f.refuses(put("seed.txt", map[string]string{"If-Match": `"x"`}), 412, "PreconditionFailed")
	f.refuses(put("missing", map[string]string{"If-Match": etag}), 404, "NoSuchKey")
	f.refuses(put("seed.txt", map[string]string{"If-None-Match": `"x"`}), 501, "NotImplemented")
	f.refuses(put("seed.txt", map[string]string{"If-Match": "*"}), 501, "NotImplemented")
	if got := f.get(bucketName, "seed.txt"); got != "seed" {
		t.Fatalf("a refused write left %q", got)
	}
	if a := f.do(put("fresh", map[string]string{"If-None-Match": "*"})); a.status != 200 {
		t.Errorf("put of a new key: %d %s", a.status, a.body)
	}
	if a := f.do(put("seed.txt", map[string]string{"If-Match": etag})); a.status != 200 || f.get(bucketName, "seed.txt") != "new" {
		t.Errorf("put with the right ETag: %d %s", a.status, a.body)
	}
}

func TestPutRefusals(t *testing.T) {
	f := start(t, s3.WithStorageLimit(1000))
	long := strings.Repeat("v", 2049)
	for _, test := range []struct {
		name   string
		header map[string]string
		body   string
		status int
		code   string
	}{
		{"metadata too large", map[string]string{"x-amz-meta-a": long}, "", 400, "MetadataTooLarge"},
		{"customer key", map[string]string{"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "", 501, "NotImplemented"},
		{"KMS", map[string]string{"x-amz-server-side-encryption": "aws:kms"}, "", 501, "NotImplemented"},
		{"unknown encryption", map[string]string{"x-amz-server-side-encryption": "rot13"}, "", 400, "InvalidArgument"},
		{"object lock", map[string]string{"x-amz-object-lock-mode": "GOVERNANCE"}, "", 400, "InvalidRequest"},
		{"public ACL", map[string]string{"x-amz-acl": "public-read"}, "", 400, "AccessControlListNotSupported"},
		{"grant", map[string]string{"x-amz-grant-read": "id=1"}, "", 400, "AccessControlListNotSupported"},
		{"archive", map[string]string{"x-amz-storage-class": "GLACIER"}, "", 501, "NotImplemented"},
		{"storage class", map[string]string{"x-amz-storage-class": "ATTIC"}, "", 400, "InvalidStorageClass"},
		{"eleven tags", map[string]string{"x-amz-tagging": "a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k="}, "", 400, "BadRequest"},
		{"long tag", map[string]string{"x-amz-tagging": "k=" + strings.Repeat("v", 257)}, "", 400, "InvalidTag"},
		{"long tag key", map[string]string{"x-amz-tagging": strings.Repeat("k", 129) + "=v"}, "", 400, "InvalidTag"},
		{"reserved tag", map[string]string{"x-amz-tagging": "aws:k=v"}, "", 400, "InvalidTag"},
		{"tags not encoded", map[string]string{"x-amz-tagging": "%zz"}, "", 400, "InvalidArgument"},
		{"tag twice", map[string]string{"x-amz-tagging": "a=1&a=2"}, "", 400, "InvalidArgument"},
		{"MD5", map[string]string{"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "x", 400, "BadDigest"},
		{"checksum", map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}, "x", 400, "BadDigest"},
		{"checksum of no length", map[string]string{"x-amz-checksum-sha256": "AAAA"}, "x", 400, "InvalidRequest"},
		{"two algorithms", map[string]string{"x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "SHA1"}, "", 400, "InvalidRequest"},
		{"full", nil, strings.Repeat("x", 2000), 507, "InsufficientStorage"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server}
			f.refuses(request{method: "PUT", target: "/reports/new", header: test.header, body: test.body}, test.status, test.code)
			f.refuses(request{method: "GET", target: "/reports/new"}, 404, "NoSuchKey")
		})
	}
}

func TestResponseOverrides(t *testing.T) {
	f := start(t)
	a := f.do(request{method: "GET", target: "/reports/seed.txt?response-content-type=image%2Fpng&response-cache-control=no-store"})
	if a.header.Get("Content-Type") != "image/png" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v", a.header)
	}
	f.refuses(request{method: "GET", target: "/reports/seed.txt?response-content-type=a", unsigned: true}, 400, "InvalidRequest")
}

func TestPresigned(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		p := awss3.NewPresignClient(client)
		get, err := p.PresignGetObject(f.Context(), &awss3.GetObjectInput{Bucket: aws.String(bucketName), Key: aws.String("seed.txt")})
		f.must(err)
		res, err := f.server.Client().Get(get.URL)
		f.must(err)
		if body := f.read(res.Body); res.StatusCode != http.StatusOK || body != "seed" {
			t.Errorf("got %d %q", res.StatusCode, body)
		}
		put, err := p.PresignPutObject(f.Context(), &awss3.PutObjectInput{Bucket: aws.String(bucketName), Key: aws.String("by link")})
		f.must(err)
		req, err := http.NewRequestWithContext(f.Context(), put.Method, put.URL, strings.NewReader("linked"))
		f.must(err)
		for name, values := range put.SignedHeader {
			req.Header[name] = values
		}
		res, err = f.server.Client().Do(req)
		f.must(err)
		if f.read(res.Body); res.StatusCode != http.StatusOK || f.get(bucketName, "by link") != "linked" {
			t.Errorf("put by link: %d", res.StatusCode)
		}
	})
}
