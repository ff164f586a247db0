package sigv4_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

// checksummed is a signed PutObject of "123456789" with one more header.
func checksummed(t *testing.T, method, target, name, value string) answerable {
	t.Helper()
	r := request(method, target, "123456789")
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	if name != "" {
		r.Header.Set(name, value)
	}
	sign(t, r, temporary, "UNSIGNED-PAYLOAD", s3Scope)
	_, body, err := readS3(verifierAt(testTime), r)
	_, buffered := verifierAt(testTime).Verify(r, []byte("123456789"), s3Scope)
	return answerable{string(body), err, buffered}
}

type answerable struct {
	body          string
	err, buffered error
}

// The check values of "123456789" in the catalogues of each algorithm.
func TestChecksumHeaders(t *testing.T) {
	const target = "https://bucket.s3.eu-west-1.amazonaws.com/key"
	good := map[string]string{
		"X-Amz-Checksum-Crc32":     "y/Q5Jg==",                                     // CBF43926
		"X-Amz-Checksum-Crc32c":    "4waSgw==",                                     // E3069283
		"X-Amz-Checksum-Crc64nvme": "rosUhgp5mIg=",                                 // AE8B14860A799888
		"X-Amz-Checksum-Sha1":      "98O8HYCOBHMq32eZZczDTKeuNEE=",                 // F7C3BC1D...
		"X-Amz-Checksum-Sha256":    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=", // 15E2B0D3...
		"X-Amz-Checksum-Sha512":    "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==",
		"X-Amz-Checksum-Md5":       "JfnnlDI7RTiF9RgfG2JNCw==",
		"Content-Md5":              "JfnnlDI7RTiF9RgfG2JNCw==",
		"X-Amz-Checksum-Mode":      "ENABLED",
		"X-Amz-Checksum-Type":      "FULL_OBJECT",
		"X-Amz-Checksum-Algorithm": "CRC32",
	}
	for name, value := range good {
		if got := checksummed(t, "PUT", target, name, value); got.err != nil || got.buffered != nil || got.body != "123456789" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	badDigest := func(text string) answer { return answer{awswire.VerifyPayloadMismatch, "BadDigest", 400, text} }
	invalid := answer{awswire.VerifyIncomplete, "InvalidRequest", 400, ""}
	bad := []struct {
		name, value string
		want        answer
	}{
		{"X-Amz-Checksum-Crc32", "AAAAAA==", badDigest("The CRC32 you specified did not match the calculated checksum.")},
		{"X-Amz-Checksum-Crc32c", "AAAAAA==", badDigest("The CRC32C you")},
		{"X-Amz-Checksum-Crc64nvme", "AAAAAAAAAAA=", badDigest("The CRC64NVME you")},
		{"X-Amz-Checksum-Sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", badDigest("The SHA1 you")},
		{"X-Amz-Checksum-Sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", badDigest("The SHA256 you")},
		{"Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA==", badDigest("The Content-MD5 you specified did not match what we received.")},
		{"Content-Md5", "AAAA", answer{awswire.VerifyIncomplete, "InvalidDigest", 400, "The Content-MD5 you specified was invalid."}},
		{"Content-Md5", "!", answer{awswire.VerifyIncomplete, "InvalidDigest", 400, ""}},
		{"X-Amz-Checksum-Crc32", "AAAA", invalid},
		{"X-Amz-Checksum-Crc32", "!", invalid},
		{"X-Amz-Checksum-Adler32", "AAAAAA==", invalid},
	}
	for _, tt := range bad {
		got := checksummed(t, "PUT", target, tt.name, tt.value)
		tt.want.check(t, got.err)
		if kindOf(got.buffered) != tt.want.kind {
			t.Errorf("%s: the buffered body gave %v", tt.name, got.buffered)
		}
	}
	// The checksum of CompleteMultipartUpload is of the object, not of this body.
	if got := checksummed(t, "POST", target+"?uploadId=1", "X-Amz-Checksum-Crc32", "AAAAAA=="); got.err != nil {
		t.Error(got.err)
	}
}

func TestChecksumsConflict(t *testing.T) {
	r := request("PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "123456789")
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	r.Header.Set("X-Amz-Checksum-Crc32", "y/Q5Jg==")
	r.Header.Set("X-Amz-Checksum-Crc32c", "4waSgw==")
	sign(t, r, temporary, "UNSIGNED-PAYLOAD", s3Scope)
	_, _, err := readS3(verifierAt(testTime), r)
	answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."}.check(t, err)

	r = upload{mode: streamingUnsignedTrailer, chunks: []string{"x"}, trailer: "x-amz-checksum-crc32"}.request(t)
	r.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	names := []string{"host", "x-amz-checksum-crc32", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token", "x-amz-trailer"}
	handSign(r, names, streamingUnsignedTrailer, s3Scope)
	_, _, err = readS3(verifierAt(testTime), r)
	if _, _, message := sigv4.S3Error(err); message != "Expecting a single x-amz-checksum- header" {
		t.Errorf("%q, %v", message, err)
	}
}

// S3Error of what Verify returns is that of what VerifyS3 returns.
func TestVerifyS3ControlErrors(t *testing.T) {
	r := signedS3(t, "GET", "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/accessgrantsinstance", "")
	r.Header.Set("X-Amz-Security-Token", "other")
	_, err := verifierAt(testTime).Verify(r, nil, s3Scope)
	want := &awswire.VerifyError{Kind: awswire.VerifyTokenMismatch, Code: "InvalidAccessKeyId", Status: 403,
		Message: "The AWS Access Key Id you provided does not exist in our records."}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Error(diff)
	}
}

// S3 Control: Verify with the signing name s3.
func TestVerifyS3Control(t *testing.T) {
	const target = "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/accessgrantsinstance/dataaccess?permission=READ&target=s3%3A%2F%2Fb%2F%2A"
	r := signedS3(t, "GET", target, "")
	mustAccept(t, verifierAt(testTime), r, nil, s3Scope)
	r = signedS3(t, "POST", target, "<a/>")
	mustAccept(t, verifierAt(testTime), r, []byte("<a/>"), s3Scope)

	r.ContentLength = -1
	r.Header.Set("Content-Length", "4")
	_, err := verifierAt(testTime).Verify(r, []byte("<b/>"), s3Scope)
	if kindOf(err) != awswire.VerifyPayloadMismatch {
		t.Errorf("another body: %v", err)
	}
	r = upload{mode: streamingUnsignedTrailer, chunks: []string{"x"}}.request(t)
	_, err = verifierAt(testTime).Verify(r, []byte("1\r\nx\r\n0\r\n\r\n"), s3Scope)
	answer{awswire.VerifyPayloadMismatch, "NotImplemented", 501, ""}.check(t, err)
	r = request("GET", target, "")
	r.Header.Set("X-Amz-Date", "20260801T120000Z")
	sign(t, r, temporary, hashOf(""), s3Scope)
	_, err = verifierAt(testTime).Verify(r, nil, s3Scope)
	answer{awswire.VerifyIncomplete, "InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"}.check(t, err)
}
