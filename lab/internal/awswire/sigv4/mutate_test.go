package sigv4_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// errAnonymous: a presigned URL that lost its algorithm is an anonymous request,
// which VerifyS3 leaves to the policy.
var errAnonymous = &awswire.VerifyError{Kind: awswire.VerifyMissing}

// mutations are all texts that differ from s in one byte (three flips of each) or
// lack one.
func mutations(s string) []string {
	var out []string
	for i := range len(s) {
		for _, mask := range []byte{0x01, 0x02, 0x20} {
			mutant := []byte(s)
			mutant[i] ^= mask
			out = append(out, string(mutant))
		}
		out = append(out, s[:i]+s[i+1:])
	}
	return out
}

// sameTarget: two spellings of one path and query are one request to AWS.
func sameTarget(a, b string) bool {
	ua, errA := url.ParseRequestURI(a)
	ub, errB := url.ParseRequestURI(b)
	return errA == nil && errB == nil && ua.Path == ub.Path && ua.Query().Encode() == ub.Query().Encode()
}

// foldedSpaces is what SigV4 makes of white space in a header.
func foldedSpaces(s string) string { return strings.Join(strings.Fields(s), " ") }

// partsOf is the header without the white space that may separate its parts.
func partsOf(authorization string) string {
	parts := strings.Split(authorization, ",")
	for i := range parts[1:] {
		parts[i+1] = strings.TrimSpace(parts[i+1])
	}
	return strings.Join(parts, ",")
}

// refusesMutants changes a valid request in every way and wants each refused.
func refusesMutants(t *testing.T, fresh func() *http.Request, verify func(*http.Request) error) {
	t.Helper()
	if err := verify(fresh()); err != nil {
		t.Fatalf("the request itself: %v", err)
	}
	tried := 0
	try := func(what, mutant string, change func(*http.Request)) {
		r := fresh()
		change(r)
		tried++
		if err := verify(r); kindOf(err) == 0 {
			t.Errorf("%s %q: %v", what, mutant, err)
		}
	}
	base := fresh()
	for _, m := range mutations(base.Method) {
		try("method", m, func(r *http.Request) { r.Method = m })
	}
	for _, m := range mutations(base.Host) {
		try("host", m, func(r *http.Request) { r.Host = m })
	}
	for _, m := range mutations(base.RequestURI) {
		if m != "" && !sameTarget(m, base.RequestURI) {
			try("target", m, func(r *http.Request) { r.RequestURI = m })
		}
	}
	for name, values := range base.Header {
		for _, m := range mutations(values[0]) {
			same := foldedSpaces(m) == foldedSpaces(values[0]) || name == "Authorization" && partsOf(m) == partsOf(values[0])
			if !same {
				try(name, m, func(r *http.Request) { r.Header.Set(name, m) })
			}
		}
		try(name, "doubled", func(r *http.Request) { r.Header.Add(name, values[0]) })
		try(name, "removed", func(r *http.Request) { r.Header.Del(name) })
	}
	try("header", "x-amz-added", func(r *http.Request) { r.Header.Set("X-Amz-Added", "1") })
	if tried < 1000 {
		t.Errorf("only %d mutants", tried)
	}
}

func TestMutantsOfAnSTSRequest(t *testing.T) {
	body := []byte("Action=GetCallerIdentity&Version=2011-06-15")
	fresh := func() *http.Request { r, _ := signedSTS(t); return r }
	refusesMutants(t, fresh, func(r *http.Request) error {
		_, err := verifierAt(testTime).Verify(r, body, stsScope)
		return err
	})
	for _, m := range mutations(string(body)) {
		if _, err := verifierAt(testTime).Verify(fresh(), []byte(m), stsScope); kindOf(err) == 0 {
			t.Errorf("body %q: %v", m, err)
		}
	}
}

func TestMutantsOfAnS3Request(t *testing.T) {
	fresh := func() *http.Request {
		r := request("PUT", "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/%C3%A4?partNumber=1&uploadId=a%2Bb", "content")
		r.Header.Set("X-Amz-Content-Sha256", hashOf("content"))
		r.Header.Set("X-Amz-Meta-A", "b  c")
		sign(t, r, temporary, hashOf("content"), s3Scope)
		return r
	}
	read := func(r *http.Request) error {
		verified, _, err := readS3(verifierAt(testTime), r)
		if err == nil && verified.Anonymous {
			return errAnonymous
		}
		return err
	}
	refusesMutants(t, fresh, read)
	for _, m := range mutations("content") {
		r := fresh()
		r.Body = io.NopCloser(strings.NewReader(m))
		if err := read(r); kindOf(err) == 0 {
			t.Errorf("body %q: %v", m, err)
		}
	}
}

func TestMutantsOfAPresignedRequest(t *testing.T) {
	fresh := func() *http.Request {
		return presign(t, "GET", "https://bucket.s3.eu-west-1.amazonaws.com/a%20b?versionId=1", "60", temporary, s3Scope)
	}
	refusesMutants(t, fresh, func(r *http.Request) error {
		verified, _, err := readS3(verifierAt(testTime), r)
		if err == nil && verified.Anonymous {
			return errAnonymous
		}
		return err
	})
}

func TestMutantsOfChunkedBodies(t *testing.T) {
	for _, u := range []upload{
		{mode: streamingSigned, chunks: []string{"some content"}},
		{mode: streamingSignedTrailer, chunks: []string{"some content"}, trailer: "x-amz-checksum-crc32"},
		{mode: streamingUnsignedTrailer, chunks: []string{"some content"}, trailer: "x-amz-checksum-crc32"},
	} {
		wire, err := io.ReadAll(u.request(t).Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mutations(string(wire)) {
			if equivalentFraming(m, string(wire)) {
				continue
			}
			mutant := u
			mutant.edit = func(string) string { return m }
			if _, _, err := readS3(verifierAt(testTime), mutant.request(t)); kindOf(err) == 0 {
				t.Errorf("%s %q: %v", u.mode, m, err)
			}
		}
	}
}

// equivalentFraming: chunk sizes and trailer names are the same in either case.
func equivalentFraming(a, b string) bool {
	cut := func(s string) (size, content, trailers string) {
		size, rest, _ := strings.Cut(s, "\r\n")
		content, trailers, _ = strings.Cut(rest, "\r\n0")
		return size, content, trailers
	}
	sizeA, contentA, trailersA := cut(a)
	sizeB, contentB, trailersB := cut(b)
	digitsA, restA, _ := strings.Cut(sizeA, ";")
	digitsB, restB, _ := strings.Cut(sizeB, ";")
	return strings.EqualFold(digitsA, digitsB) && restA == restB && contentA == contentB && lowerNames(trailersA) == lowerNames(trailersB)
}

func lowerNames(trailers string) string {
	lines := strings.Split(trailers, "\r\n")
	for i, line := range lines {
		if name, value, ok := strings.Cut(line, ":"); ok {
			lines[i] = strings.ToLower(name) + ":" + value
		}
	}
	return strings.Join(lines, "\r\n")
}
