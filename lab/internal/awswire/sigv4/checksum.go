package sigv4

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

const checksumPrefix = "x-amz-checksum-"

// crc64NVME is the polynomial of the NVM Express specification, reversed.
const crc64NVME = 0x9a6c9329ac4bc9b5

// newChecksum makes the hash of an x-amz-checksum- header; nil if unknown. The
// xxHash family, which S3 knows too, is not there.
func newChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(crc64NVME))
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	case "md5":
		return md5.New()
	}
	return nil
}

// sum is one digest of a payload and what it must come to.
type sum struct {
	name     string // lower-case header or trailer name
	hash     hash.Hash
	want     []byte
	trailing bool // want comes with the trailer
}

// sums collects what a body must come to: its signed hash, Content-MD5 and the
// one x-amz-checksum-* of the header or the trailer.
func (c *check) sums(mode string, declared []string, mayTrail bool) ([]*sum, *Error) {
	var sums []*sum
	if isSHA256(mode) {
		want, _ := hex.DecodeString(mode)
		sums = append(sums, &sum{name: strings.ToLower(contentSHA256), hash: sha256.New(), want: want})
	}
	if value := c.r.Header.Get("Content-Md5"); value != "" {
		want, err := base64.StdEncoding.DecodeString(value)
		if err != nil || len(want) != md5.Size {
			return nil, &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidDigest", Status: http.StatusBadRequest,
				Message: "The Content-MD5 you specified was invalid."}
		}
		sums = append(sums, &sum{name: "content-md5", hash: md5.New(), want: want})
	}
	checksum, fail := c.checksum(declared, mayTrail)
	if checksum != nil {
		sums = append(sums, checksum)
	}
	return sums, fail
}

func (c *check) checksum(declared []string, mayTrail bool) (*sum, *Error) {
	names := c.checksumHeaders()
	switch {
	case len(declared) > 0 && !mayTrail:
		return nil, malformedTrailer()
	case len(declared) > 0 && len(names) > 0:
		return nil, invalidRequest(awswire.VerifyIncomplete, "Expecting a single x-amz-checksum- header")
	case len(declared)+len(names) > 1:
		return nil, invalidRequest(awswire.VerifyIncomplete,
			"Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	case len(declared) == 1:
		h := newChecksum(strings.TrimPrefix(declared[0], checksumPrefix))
		if h == nil || !strings.HasPrefix(declared[0], checksumPrefix) {
			return nil, invalidRequest(awswire.VerifyIncomplete, "The value specified in the x-amz-trailer header is not supported")
		}
		return &sum{name: declared[0], hash: h, trailing: true}, nil
	case len(names) == 1:
		return headerChecksum(names[0], c.r.Header.Get(names[0]))
	}
	return nil, nil
}

// checksumHeaders lists the headers that carry a checksum of this very body. That
// of CompleteMultipartUpload is of the object.
func (c *check) checksumHeaders() []string {
	if c.r.Method == http.MethodPost && c.hasParam("uploadId") {
		return nil
	}
	var names []string
	for key := range c.r.Header {
		name := strings.ToLower(key)
		algorithm, ok := strings.CutPrefix(name, checksumPrefix)
		if ok && !slices.Contains([]string{"algorithm", "mode", "type"}, algorithm) {
			names = append(names, name)
		}
	}
	return names
}

func headerChecksum(name, value string) (*sum, *Error) {
	h := newChecksum(strings.TrimPrefix(name, checksumPrefix))
	if h == nil {
		return nil, invalidRequest(awswire.VerifyIncomplete, "The algorithm type you specified in x-amz-checksum- header is invalid.")
	}
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(want) != h.Size() {
		return nil, invalidRequest(awswire.VerifyIncomplete, "Value for %s header is invalid.", name)
	}
	return &sum{name: name, hash: h, want: want}, nil
}

// check compares, after the last byte.
func (s *sum) check(trailer http.Header) *Error {
	if s.trailing {
		want, err := base64.StdEncoding.DecodeString(trailer.Get(s.name))
		if err != nil || len(want) != s.hash.Size() {
			return invalidRequest(awswire.VerifyPayloadMismatch, "Value for %s trailing header is invalid.", s.name)
		}
		s.want = want
	}
	got := s.hash.Sum(nil)
	if subtle.ConstantTimeCompare(got, s.want) == 1 {
		return nil
	}
	return s.mismatch(got)
}

func (s *sum) mismatch(got []byte) *Error {
	fail := &Error{Kind: awswire.VerifyPayloadMismatch, Code: "BadDigest", Status: http.StatusBadRequest}
	switch s.name {
	case "x-amz-content-sha256":
		fail.Code, fail.Status = "", 0
		fail.Detail = map[string]string{
			"ClientComputedContentSHA256": hex.EncodeToString(s.want),
			"S3ComputedContentSHA256":     hex.EncodeToString(got),
		}
	case "content-md5":
		fail.Message = "The Content-MD5 you specified did not match what we received."
		fail.Detail = map[string]string{
			"ExpectedDigest":   base64.StdEncoding.EncodeToString(s.want),
			"CalculatedDigest": base64.StdEncoding.EncodeToString(got),
		}
	default:
		label := strings.ToUpper(strings.TrimPrefix(s.name, checksumPrefix))
		fail.Message = "The " + label + " you specified did not match the calculated checksum."
	}
	return fail
}
