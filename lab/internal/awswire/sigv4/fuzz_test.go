package sigv4_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// FuzzCanonicalRequest lets aws-sdk-go-v2 sign what the fuzzer makes up: the
// verifier must agree, and disagree once a byte is another.
//
//	go test -run '^$' -fuzz FuzzCanonicalRequest -fuzztime 60s
func FuzzCanonicalRequest(f *testing.F) {
	f.Add("GET", "/", "", "X-A", "b", "", false)
	f.Add("PUT", "/a b/ä+~*", "b=2&a=1&a=0&e&=x&c=%20+", "X-Amz-Meta-A", " a  b ", "body", true)
	f.Add("POST", "//x/../y", "a=%2B&a-=1&a=;&%7e=~", "Content-Type", "a\tb", "{}", true)
	f.Fuzz(func(t *testing.T, method, path, query, name, value, body string, isS3 bool) {
		scope := awswire.Scope{Service: "athena", Region: region}
		if isS3 {
			scope = s3Scope
		}
		r, ok := fuzzRequest(method, path, query, name, value, body, isS3)
		if !ok {
			t.Skip()
		}
		hash := hashOf(body)
		single := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = isS3 }
		if err := v4.NewSigner(single).SignHTTP(context.Background(), temporary, r, hash, scope.Service, scope.Region, testTime); err != nil {
			t.Skip()
		}
		r.RequestURI = r.URL.RequestURI()
		mustAccept(t, verifierAt(testTime), r, []byte(body), scope)
		r.RequestURI += "0"
		if _, err := verifierAt(testTime).Verify(r, []byte(body), scope); err == nil {
			t.Fatal("another target was accepted")
		}
	})
}

// fuzzRequest builds a request that a client can send and the SDK signs as AWS
// verifies it; false if there is none. Left out: paths that the SDK does not
// normalise where AWS does, and inner white space that it does not fold.
func fuzzRequest(method, path, query, name, value, body string, isS3 bool) (*http.Request, bool) {
	if !isS3 && (strings.Contains(path, "//") || strings.Contains(path, "/.")) || !strings.HasPrefix(path, "/") {
		return nil, false
	}
	if strings.ContainsAny(value, "\t\r\n\v\f\x00") || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0x85 || c == 0xa0 || c > 0x2000 }) {
		return nil, false
	}
	valid := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
			return c > 'z' || c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c < 'a'
		})
	}
	lower := strings.ToLower(name)
	checked := strings.HasPrefix(lower, "x-amz-checksum-") || strings.HasPrefix(lower, "x-amz-content") || lower == "x-amz-trailer" || lower == "x-amz-decoded-content-length"
	if !valid(method) || !valid(name) || checked || lower == "content-md5" || lower == "host" || lower == "content-length" || lower == "date" || lower == "authorization" {
		return nil, false
	}
	values, err := url.ParseQuery(query)
	if err != nil || values.Has("X-Amz-Algorithm") || values.Has("X-Amz-Credential") || values.Has("X-Amz-Signature") || values.Has("Signature") {
		return nil, false
	}
	r := request("GET", "https://h.example:8443/", body)
	r.Method = method
	r.URL = &url.URL{Scheme: "https", Host: r.Host, Path: path, RawQuery: query}
	if isS3 {
		r.Header.Set("X-Amz-Content-Sha256", hashOf(body))
	}
	r.Header.Set(name, value)
	return r, true
}

// TestCanonicalRequestRandomly runs the same check on random requests that are
// likelier to be valid than a fuzzer's.
func TestCanonicalRequestRandomly(t *testing.T) {
	const alphabet = "abAB09-_.~ +%&=;,:@!$'()*/?#[]{}|\\^`\"<>äß€\x01\xff"
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		var out strings.Builder
		letters := []rune(alphabet)
		for range rng.IntN(n) {
			out.WriteRune(letters[rng.IntN(len(letters))])
		}
		return out.String()
	}
	verified := 0
	for range 5000 {
		query := url.Values{}
		for range rng.IntN(5) {
			query.Add(word(6), word(6))
		}
		body, isS3 := word(20), rng.IntN(2) == 0
		value := strings.Map(func(c rune) rune { return max(c, ' ') }, word(12))
		r, ok := fuzzRequest([]string{"GET", "PUT", "POST", "DELETE"}[rng.IntN(4)], "/"+word(12), query.Encode(), "X-Amz-Meta-A", value, body, isS3)
		if !ok {
			continue
		}
		scope := awswire.Scope{Service: "athena", Region: region}
		if isS3 {
			scope = s3Scope
		}
		sign(t, r, temporary, hashOf(body), scope)
		if _, err := verifierAt(testTime).Verify(r, []byte(body), scope); err != nil {
			t.Fatalf("%s %q %q: %v", r.Method, r.RequestURI, r.Header, err)
		}
		verified++
	}
	if verified < 2000 {
		t.Errorf("only %d requests could be signed", verified)
	}
}

// FuzzChunkedBody feeds the decoder anything: no panic, and nothing accepted that
// is not framed.
func FuzzChunkedBody(f *testing.F) {
	f.Add("4\r\nbody\r\n0\r\n\r\n", uint16(4), false)
	f.Add("4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", uint16(4), true)
	f.Fuzz(func(t *testing.T, wire string, decoded uint16, trailer bool) {
		u := upload{mode: streamingUnsignedTrailer, chunks: []string{strings.Repeat("x", int(decoded))}}
		if trailer {
			u.trailer = "x-amz-checksum-crc32"
		}
		u.edit = func(string) string { return wire }
		_, body, err := readS3(verifierAt(testTime), u.request(t))
		if err == nil && (len(body) != int(decoded) || !strings.HasSuffix(wire, "\r\n\r\n") || trailer && !strings.Contains(wire, crc32Of(string(body)))) {
			t.Fatalf("accepted %q as %q", wire, body)
		}
		if err != nil && kindOf(err) == 0 {
			t.Fatalf("an error without a kind: %v", err)
		}
	})
}

// FuzzAuthorization: no header may panic or be accepted.
func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential="+sessionKey+"/20260801/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "/?a=b")
	f.Add("", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fs3%2Faws4_request&X-Amz-Date=20260801T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
	f.Fuzz(func(t *testing.T, header, target string) {
		r := request("GET", "https://h/", "")
		r.RequestURI = target
		r.Header.Set("Authorization", header)
		r.Header.Set("X-Amz-Date", "20260801T120000Z")
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		r.Header.Set("X-Amz-Security-Token", tokenOfTest)
		for _, scope := range []awswire.Scope{stsScope, s3Scope} {
			if _, err := verifierAt(testTime).Verify(r, nil, scope); kindOf(err) == 0 {
				t.Fatalf("%q %q: %v", header, target, err)
			}
		}
	})
}
