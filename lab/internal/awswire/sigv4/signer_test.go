package sigv4_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"encoding/base64"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// The signers of this file are written from the AWS documentation alone, for what
// the SDK does not do: odd SignedHeaders lists and signed chunks.

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func signingKey(scope awswire.Scope) []byte {
	key := mac([]byte("AWS4"+secretKey), "20260801")
	return mac(mac(mac(key, scope.Region), scope.Service), "aws4_request")
}

func scopeText(scope awswire.Scope) string {
	return "20260801/" + scope.Region + "/" + scope.Service + "/aws4_request"
}

// handSign signs just the named headers, in that order, at testTime, for the
// temporary credentials or, without a token, the long-term ones. It returns the
// signature. The path must need no encoding.
func handSign(r *http.Request, names []string, payloadHash string, scope awswire.Scope) string {
	var headers strings.Builder
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	request := strings.Join([]string{r.Method, r.URL.Path, r.URL.RawQuery, headers.String(), strings.Join(names, ";"), payloadHash}, "\n")
	text := "AWS4-HMAC-SHA256\n20260801T120000Z\n" + scopeText(scope) + "\n" + hashOf(request)
	signature := hex.EncodeToString(mac(signingKey(scope), text))
	key := longKey
	if r.Header.Get("X-Amz-Security-Token") != "" {
		key = sessionKey
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		key, scopeText(scope), strings.Join(names, ";"), signature))
	return signature
}

// upload describes an aws-chunked request to be made.
type upload struct {
	mode    string
	chunks  []string
	decoded string // x-amz-decoded-content-length; "" means right
	trailer string // name of the trailer, "" for none
	value   string // of the trailer; "" means the right crc32
	headers map[string]string
	edit    func(wire string) string
}

const (
	streamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// request signs the upload and writes its body.
func (u upload) request(t testing.TB) *http.Request {
	t.Helper()
	content := strings.Join(u.chunks, "")
	r := httptest.NewRequest("PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", nil)
	r.Host = r.URL.Host
	r.Header.Set("X-Amz-Date", "20260801T120000Z")
	r.Header.Set("X-Amz-Security-Token", tokenOfTest)
	r.Header.Set("X-Amz-Content-Sha256", u.mode)
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(content)))
	if u.decoded != "" {
		r.Header.Set("X-Amz-Decoded-Content-Length", u.decoded)
	}
	names := []string{"host", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token"}
	if u.trailer != "" {
		r.Header.Set("X-Amz-Trailer", u.trailer)
		names = append(names, "x-amz-trailer")
	}
	for name, value := range u.headers {
		r.Header.Set(name, value)
	}
	seed := handSign(r, names, u.mode, s3Scope)
	wire := u.wire(seed)
	if u.edit != nil {
		wire = u.edit(wire)
	}
	body := httptest.NewRequest("PUT", "/", strings.NewReader(wire))
	r.Body, r.ContentLength = body.Body, int64(len(wire))
	return r
}

// wire writes the body, with signatures where the mode has them.
func (u upload) wire(previous string) string {
	var wire strings.Builder
	signed := u.mode != streamingUnsignedTrailer
	key, middle := signingKey(s3Scope), "\n20260801T120000Z\n"+scopeText(s3Scope)+"\n"
	link := func(prefix, last string) string {
		previous = hex.EncodeToString(mac(key, prefix+middle+previous+"\n"+last))
		return previous
	}
	for _, chunk := range append(u.chunks, "") {
		fmt.Fprintf(&wire, "%x", len(chunk))
		if signed {
			wire.WriteString(";chunk-signature=" + link("AWS4-HMAC-SHA256-PAYLOAD", hashOf("")+"\n"+hashOf(chunk)))
		}
		wire.WriteString("\r\n")
		if chunk != "" {
			wire.WriteString(chunk + "\r\n")
		}
	}
	canonical := ""
	if u.trailer != "" {
		value := u.value
		if value == "" {
			value = crc32Of(strings.Join(u.chunks, ""))
		}
		canonical = u.trailer + ":" + value + "\n"
		wire.WriteString(u.trailer + ":" + value + "\r\n")
	}
	if u.mode == streamingSignedTrailer {
		wire.WriteString("x-amz-trailer-signature:" + link("AWS4-HMAC-SHA256-TRAILER", hashOf(canonical)) + "\r\n")
	}
	wire.WriteString("\r\n")
	return wire.String()
}

func crc32Of(content string) string {
	sum := crc32.ChecksumIEEE([]byte(content))
	return base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}
