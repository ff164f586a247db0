package sigv4_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

var (
	docTime  = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	docScope = awswire.Scope{Service: "s3", Region: "us-east-1"}
)

func docAuthorization(signedHeaders, signature string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
		"SignedHeaders=" + signedHeaders + ",Signature=" + signature
}

// The examples of "Signature Calculations for the Authorization Header:
// Transferring Payload in a Single Chunk", Amazon S3 API reference.
func TestS3DocumentationHeaderExamples(t *testing.T) {
	tests := []struct {
		name, method, path, body, signedHeaders, signature string
		headers                                            map[string]string
	}{
		{
			name: "GetObject with a range", method: "GET", path: "/test.txt",
			headers:       map[string]string{"Range": "bytes=0-9"},
			signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
			signature:     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
		},
		{
			name: "PutObject with a dollar", method: "PUT", path: "/test$file.text", body: "Welcome to Amazon S3.",
			headers:       map[string]string{"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY"},
			signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			signature:     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
		},
		{
			name: "GetBucketLifecycle", method: "GET", path: "/?lifecycle",
			signedHeaders: "host;x-amz-content-sha256;x-amz-date",
			signature:     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
		},
		{
			name: "ListObjects", method: "GET", path: "/?max-keys=2&prefix=J",
			signedHeaders: "host;x-amz-content-sha256;x-amz-date",
			signature:     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(tt.method, "https://examplebucket.s3.amazonaws.com"+tt.path, tt.body)
			r.Header.Set("X-Amz-Date", "20130524T000000Z")
			r.Header.Set("X-Amz-Content-Sha256", hashOf(tt.body))
			for name, value := range tt.headers {
				r.Header.Set(name, value)
			}
			r.Header.Set("Authorization", docAuthorization(tt.signedHeaders, tt.signature))
			verified, err := verifierAt(docTime).VerifyS3(r, docScope)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(verified.Body); err != nil || string(body) != tt.body {
				t.Errorf("body %q, %v", body, err)
			}
		})
	}
}

// The example of "Authenticating Requests: Using Query Parameters".
func TestS3DocumentationPresignedExample(t *testing.T) {
	r := request("GET", "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"+
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"+
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"+
		"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", "")
	for _, at := range []time.Time{docTime, docTime.Add(24 * time.Hour)} {
		verified, err := verifierAt(at).VerifyS3(r, docScope)
		if err != nil {
			t.Fatal(err)
		}
		if !verified.Presigned || verified.Anonymous || !verified.SignedAt.Equal(docTime) || verified.AccessKeyID != longKey {
			t.Errorf("verified %+v", verified)
		}
	}
	if _, err := verifierAt(docTime.Add(24*time.Hour+time.Second)).VerifyS3(r, docScope); kindOf(err) != awswire.VerifySkewed {
		t.Errorf("a second after its end: %v", err)
	}
}

// docChunks writes the body of the chunked examples: 64 KiB, 1 KiB and nothing.
func docChunks(signatures [3]string, tail string) []byte {
	var body bytes.Buffer
	for i, size := range []int{65536, 1024} {
		fmt.Fprintf(&body, "%x;chunk-signature=%s\r\n%s\r\n", size, signatures[i], strings.Repeat("a", size))
	}
	fmt.Fprintf(&body, "0;chunk-signature=%s\r\n%s\r\n", signatures[2], tail)
	return body.Bytes()
}

func docChunkedRequest(body []byte, mode, authorization string) *http.Request {
	r := httptest.NewRequest("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", bytes.NewReader(body))
	r.Host = "s3.amazonaws.com"
	r.Header.Set("X-Amz-Date", "20130524T000000Z")
	r.Header.Set("X-Amz-Storage-Class", "REDUCED_REDUNDANCY")
	r.Header.Set("X-Amz-Content-Sha256", mode)
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", "66560")
	r.Header.Set("Authorization", authorization)
	return r
}

// The example of "Transferring Payload in Multiple Chunks (Chunked Upload)".
func TestS3DocumentationChunkedExample(t *testing.T) {
	body := docChunks([3]string{
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	}, "")
	if len(body) != 66824 {
		t.Fatalf("the example has 66824 bytes, not %d", len(body))
	}
	r := docChunkedRequest(body, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", docAuthorization(
		"content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
		"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
	checkDocBody(t, r)
}

// The example of "Including Trailing Headers (Chunked Upload)".
func TestS3DocumentationTrailerExample(t *testing.T) {
	body := docChunks([3]string{
		"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
	}, "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n")
	r := docChunkedRequest(body, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", docAuthorization(
		"content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
		"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"))
	r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	verified := checkDocBody(t, r)
	if got := verified.Trailer().Get("X-Amz-Checksum-Crc32c"); got != "sOO8/Q==" {
		t.Errorf("trailer %q", got)
	}
}

func checkDocBody(t *testing.T, r *http.Request) *sigv4.Verified {
	t.Helper()
	verified, err := verifierAt(docTime).VerifyS3(r, docScope)
	if err != nil {
		t.Fatal(err)
	}
	if verified.ContentLength != 66560 || verified.ContentEncoding != "" {
		t.Errorf("length %d, encoding %q", verified.ContentLength, verified.ContentEncoding)
	}
	body, err := io.ReadAll(verified.Body)
	if err != nil || string(body) != strings.Repeat("a", 66560) {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	return verified
}

// Vectors of the Signature Version 4 test suite (service "service", us-east-1).
func TestSuiteVectors(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suite := sigv4.New(func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{AccessKeyID: id, SecretAccessKey: secret}, id == "AKIDEXAMPLE"
	}, func(o *sigv4.Options) {
		o.Now = func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }
	})
	tests := []struct{ name, path, signature string }{
		{"get-vanilla", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-relative", "/example/..", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-relative-relative", "/example1/example2/../..", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-slash", "//", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-slash-dot-slash", "/./", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"get-vanilla-query-order-key-case", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request("GET", "http://example.amazonaws.com/", "")
			r.RequestURI = tt.path
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "+
				"SignedHeaders=host;x-amz-date, Signature="+tt.signature)
			mustAccept(t, suite, r, nil, awswire.Scope{Service: "service", Region: "us-east-1"})
		})
	}
}
