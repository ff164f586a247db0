package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// defaultAlgorithm is what S3 computes when the client names none (S3 user guide,
// "Checking object integrity for data uploads in Amazon S3").
const defaultAlgorithm = "CRC64NVME"

// Types of checksum.
const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"
)

var crc64NVME = crc64.MakeTable(0x9a6c9329ac4bc9b5)

// algorithms of x-amz-checksum-* that the lab offers, by their names in the API.
var algorithms = []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}

func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	}
	return crc64.New(crc64NVME)
}

func isCRC(algorithm string) bool { return strings.HasPrefix(algorithm, "CRC") }

// checksumHeader is the header of an algorithm, as x-amz-checksum-crc32.
func checksumHeader(algorithm string) string { return "x-amz-checksum-" + strings.ToLower(algorithm) }

// sums is the MD5 and the checksum of what is written to it.
type sums struct {
	algorithm string
	md5, sum  hash.Hash
	io.Writer
}

func newSums(algorithm string) *sums {
	s := &sums{algorithm: algorithm, md5: md5.New(), sum: newHash(algorithm)}
	s.Writer = io.MultiWriter(s.md5, s.sum)
	return s
}

func (s *sums) etag() string { return hex.EncodeToString(s.md5.Sum(nil)) }

func (s *sums) checksum() store.Checksum {
	return store.Checksum{Algorithm: s.algorithm, Type: fullObject, Value: base64.StdEncoding.EncodeToString(s.sum.Sum(nil))}
}

// sumsOf reads a stored body.
func sumsOf(b *store.Blob, algorithm string) (*sums, error) {
	s := newSums(algorithm)
	_, err := io.Copy(s, b.Section(0, b.Size()))
	return s, err
}

// namedAlgorithm is the algorithm of the checksum that a request carries in a
// header or announces as a trailer, or only names; empty if none.
func namedAlgorithm(h http.Header) (string, error) {
	names := []string{h.Get("x-amz-sdk-checksum-algorithm"), strings.TrimPrefix(strings.ToLower(h.Get("x-amz-trailer")), "x-amz-checksum-")}
	for name := range h {
		algorithm, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-")
		if ok && !slices.Contains([]string{"algorithm", "mode", "type"}, algorithm) {
			names = append(names, algorithm)
		}
	}
	found := ""
	for _, name := range names {
		name = strings.ToUpper(name)
		switch {
		case name == "" || name == found:
		case !slices.Contains(algorithms, name):
			return "", notImplemented(checksumHeader(name))
		case found != "":
			return "", invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
		default:
			found = name
		}
	}
	return found, nil
}

// receive reads the verified body into the store, with its sums. Whoever does not
// store the blob must release it.
func (c *call) receive(algorithm string) (*store.Blob, *sums, error) {
	length := c.verified.ContentLength
	switch {
	case length < 0:
		return nil, nil, refusal("MissingContentLength")
	case length > maxObjectSize:
		return nil, nil, refusal("EntityTooLarge", "ProposedSize", itoa(length), "MaxSizeAllowed", itoa(maxObjectSize))
	}
	s := newSums(algorithm)
	blob, err := c.s.store.Read(io.TeeReader(c.verified.Body, s), length)
	if err != nil {
		return nil, nil, c.bodyError(err)
	}
	return blob, s, nil
}

// setChecksum answers a checksum.
func setChecksum(h http.Header, sum store.Checksum) {
	if sum.Algorithm != "" {
		h.Set(checksumHeader(sum.Algorithm), sum.Value)
		h.Set("x-amz-checksum-type", sum.Type)
	}
}

// checksumElements are the elements of a checksum in XML bodies.
type checksumElements struct {
	CRC32     string `xml:"ChecksumCRC32,omitempty"`
	CRC32C    string `xml:"ChecksumCRC32C,omitempty"`
	CRC64NVME string `xml:"ChecksumCRC64NVME,omitempty"`
	SHA1      string `xml:"ChecksumSHA1,omitempty"`
	SHA256    string `xml:"ChecksumSHA256,omitempty"`
}

func elementsOf(sum store.Checksum) checksumElements {
	var e checksumElements
	if field := e.field(sum.Algorithm); field != nil {
		*field = sum.Value
	}
	return e
}

func (e *checksumElements) field(algorithm string) *string {
	switch algorithm {
	case "CRC32":
		return &e.CRC32
	case "CRC32C":
		return &e.CRC32C
	case "CRC64NVME":
		return &e.CRC64NVME
	case "SHA1":
		return &e.SHA1
	case "SHA256":
		return &e.SHA256
	}
	return nil
}
