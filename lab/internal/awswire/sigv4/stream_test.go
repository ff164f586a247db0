package sigv4_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

var (
	bigChunk  = strings.Repeat("0123456789abcdef", 1024) // 16 KiB
	twoChunks = []string{bigChunk, bigChunk, "tail"}
)

func TestStreamingModes(t *testing.T) {
	const crc = "x-amz-checksum-crc32"
	tests := []struct {
		name string
		upload
	}{
		{"signed", upload{mode: streamingSigned, chunks: twoChunks}},
		{"signed, empty", upload{mode: streamingSigned}},
		{"signed with trailer", upload{mode: streamingSignedTrailer, chunks: twoChunks, trailer: crc}},
		{"signed with trailer, empty", upload{mode: streamingSignedTrailer, trailer: crc}},
		{"signed with no trailer but its signature", upload{mode: streamingSignedTrailer, chunks: twoChunks}},
		{"unsigned with trailer", upload{mode: streamingUnsignedTrailer, chunks: twoChunks, trailer: crc}},
		{"unsigned with trailer, empty", upload{mode: streamingUnsignedTrailer, trailer: crc}},
		{"unsigned without trailer", upload{mode: streamingUnsignedTrailer, chunks: []string{"x"}}},
		{"gzip beneath", upload{mode: streamingUnsignedTrailer, chunks: []string{"x"}, headers: map[string]string{"Content-Encoding": "gzip, aws-chunked"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			content := strings.Join(tt.chunks, "")
			for _, wrap := range []func(io.Reader) io.Reader{nil, iotest.OneByteReader, iotest.DataErrReader} {
				r := tt.request(t)
				if wrap != nil {
					r.Body = io.NopCloser(wrap(r.Body))
				}
				verified, body, err := readS3(verifierAt(testTime), r)
				if err != nil || string(body) != content {
					t.Fatalf("%d bytes of %d, %v", len(body), len(content), err)
				}
				if want := strings.TrimSuffix(tt.headers["Content-Encoding"], ", aws-chunked"); verified.ContentEncoding != want {
					t.Errorf("encoding %q, want %q", verified.ContentEncoding, want)
				}
				if tt.trailer != "" && verified.Trailer().Get(crc) != crc32Of(content) {
					t.Errorf("trailer %v", verified.Trailer())
				}
			}
		})
	}
}

// The exact reader: nothing may be left to check when ContentLength bytes are there.
func TestStreamingRefusesBeforeTheLastByte(t *testing.T) {
	r := upload{mode: streamingUnsignedTrailer, chunks: twoChunks, trailer: "x-amz-checksum-crc32", value: "AAAAAA=="}.request(t)
	verified, err := verifierAt(testTime).VerifyS3(r, s3Scope)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadFull(verified.Body, make([]byte, verified.ContentLength))
	answer{awswire.VerifyPayloadMismatch, "BadDigest", 400, "The CRC32 you specified did not match the calculated checksum."}.check(t, err)
	if _, again := verified.Body.Read(make([]byte, 1)); again == nil || again == io.EOF {
		t.Errorf("the refusal was forgotten: %v", again)
	}
	if verified.Body.Close() != nil {
		t.Error("close")
	}
}

func replaceNth(s, old, new string, n int) string {
	parts := strings.SplitN(s, old, n+1)
	if len(parts) <= n {
		return s
	}
	return strings.Join(parts[:n], old) + new + parts[n]
}

// TestStreamingRefuses has one row for each check of a chunked body.
func TestStreamingRefuses(t *testing.T) {
	const crc = "x-amz-checksum-crc32"
	edit := func(old, new string, n int) func(string) string {
		return func(wire string) string { return replaceNth(wire, old, new, n) }
	}
	cut := func(n int) func(string) string { return func(wire string) string { return wire[:len(wire)-n] } }
	add := func(s string) func(string) string { return func(wire string) string { return wire + s } }
	zeros := strings.Repeat("0", 64)
	badSignature := answer{awswire.VerifyBadSignature, "SignatureDoesNotMatch", 403, mismatchText}
	incomplete := answer{awswire.VerifyPayloadMismatch, "IncompleteBody", 400, "The request body terminated unexpectedly"}
	malformed := answer{awswire.VerifyPayloadMismatch, "MalformedTrailerError", 400, "The request contained trailing data that was not well-formed"}
	invalid := func(text string) answer { return answer{awswire.VerifyIncomplete, "InvalidRequest", 400, text} }
	length := answer{awswire.VerifyIncomplete, "MissingContentLength", 411, "You must provide the Content-Length HTTP header."}
	signed := upload{mode: streamingSigned, chunks: twoChunks}
	trailed := upload{mode: streamingSignedTrailer, chunks: twoChunks, trailer: crc}
	unsigned := upload{mode: streamingUnsignedTrailer, chunks: twoChunks, trailer: crc}
	signature := func(u upload, n int) string { // the nth signature of the body
		wire, _ := io.ReadAll(u.request(t).Body)
		return strings.Split(string(wire), "chunk-signature=")[n][:64]
	}
	with := func(u upload, change func(*upload)) upload { change(&u); return u }
	tests := []struct {
		name string
		upload
		want answer
	}{
		{"a changed byte in the first chunk", with(signed, func(u *upload) { u.edit = edit("0123", "0124", 1) }), badSignature},
		{"a changed byte in the last chunk", with(signed, func(u *upload) { u.edit = edit("tail", "Tail", 1) }), badSignature},
		{"a changed chunk signature", with(signed, func(u *upload) { u.edit = edit(signature(signed, 2), zeros, 1) }), badSignature},
		{"a changed signature of the empty chunk", with(signed, func(u *upload) { u.edit = edit(signature(signed, 4), zeros, 1) }), badSignature},
		{"an unsigned chunk", with(signed, func(u *upload) { u.edit = edit(";chunk-signature="+signature(signed, 1), "", 1) }), incomplete},
		{"another extension", with(signed, func(u *upload) { u.edit = edit("chunk-signature", "chunk-signatur", 1) }), incomplete},
		{"a signed chunk where none belongs", with(unsigned, func(u *upload) { u.edit = edit("4000", "4000;chunk-signature="+zeros, 1) }), incomplete},
		{"no empty chunk", with(unsigned, func(u *upload) { u.edit = func(wire string) string { return wire[:strings.LastIndex(wire, "0\r\n")] } }), incomplete},
		{"cut within a chunk", with(unsigned, func(u *upload) { u.edit = func(wire string) string { return wire[:1000] } }), incomplete},
		{"cut before the last CRLF", with(unsigned, func(u *upload) { u.edit = cut(2) }), incomplete},
		{"cut before the last LF", with(unsigned, func(u *upload) { u.edit = cut(1) }), incomplete},
		{"something behind the end", with(unsigned, func(u *upload) { u.edit = add("x") }), incomplete},
		{"a chunk behind the end", with(signed, func(u *upload) { u.edit = add("0\r\n\r\n") }), incomplete},
		{"LF alone", with(unsigned, func(u *upload) { u.edit = edit("4000\r\n", "4000\n", 1) }), incomplete},
		{"no CRLF behind the data", with(unsigned, func(u *upload) { u.edit = edit("tail\r\n", "tail..", 1) }), incomplete},
		{"something between the data and its CRLF", with(unsigned, func(u *upload) { u.edit = edit("tail\r\n", "tailtail\r\n", 1) }), incomplete},
		{"something where nothing was announced", upload{mode: streamingUnsignedTrailer, chunks: []string{"x"}, decoded: "0"}, incomplete},
		{"a size too large", with(unsigned, func(u *upload) { u.edit = edit("\r\n4\r\n", "\r\n6\r\n", 1) }), incomplete},
		{"a size too small", with(unsigned, func(u *upload) { u.edit = edit("\r\n4\r\n", "\r\n3\r\n", 1) }), incomplete},
		{"a size that is none", with(unsigned, func(u *upload) { u.edit = edit("4000", "+400", 1) }), incomplete},
		{"no size", with(unsigned, func(u *upload) { u.edit = edit("4000", "", 1) }), incomplete},
		{"a size beyond 63 bits", with(unsigned, func(u *upload) { u.edit = edit("4000", strings.Repeat("f", 16), 1) }), incomplete},
		{"an endless size line", with(unsigned, func(u *upload) { u.edit = edit("4000", strings.Repeat("0", 10000), 1) }), incomplete},
		{"a small chunk in the middle", upload{mode: streamingSigned, chunks: []string{"small", "last"}}, answer{awswire.VerifyPayloadMismatch, "InvalidChunkSizeError", 400, "Only the last chunk is allowed to have a size less than 8192 bytes"}},
		{"more than was announced", with(signed, func(u *upload) { u.decoded = "32768" }), incomplete},
		{"less than was announced", with(signed, func(u *upload) { u.decoded = "40000" }), incomplete},
		{"no decoded length", with(signed, func(u *upload) { u.decoded = "none" }), length},
		{"a negative decoded length", with(signed, func(u *upload) { u.decoded = "-1" }), length},
		{"a wrong checksum", with(unsigned, func(u *upload) { u.value = "AAAAAA==" }), answer{awswire.VerifyPayloadMismatch, "BadDigest", 400, "The CRC32 you specified did not match the calculated checksum."}},
		{"a checksum of another length", with(unsigned, func(u *upload) { u.value = "AAAA" }), answer{awswire.VerifyPayloadMismatch, "InvalidRequest", 400, "Value for x-amz-checksum-crc32 trailing header is invalid."}},
		{"a checksum that is not base64", with(unsigned, func(u *upload) { u.value = "!" }), answer{awswire.VerifyPayloadMismatch, "InvalidRequest", 400, "Value for x-amz-checksum-crc32 trailing header is invalid."}},
		{"an unsigned wrong byte", with(unsigned, func(u *upload) { u.edit = edit("tail", "Tail", 1) }), answer{awswire.VerifyPayloadMismatch, "BadDigest", 400, ""}},
		{"a declared trailer left out", with(unsigned, func(u *upload) { u.edit = edit(crc+":"+crc32Of(strings.Join(twoChunks, ""))+"\r\n", "", 1) }), malformed},
		{"an undeclared trailer", with(unsigned, func(u *upload) { u.edit = edit(crc, "x-amz-checksum-crc32c", 1) }), malformed},
		{"a trailer twice", with(unsigned, func(u *upload) { u.edit = edit(crc, crc+":AAAAAA==\r\n"+crc, 1) }), malformed},
		{"a trailer without a colon", with(unsigned, func(u *upload) { u.edit = edit(crc+":"+crc32Of(strings.Join(twoChunks, "")), crc, 1) }), malformed},
		{"too many trailers", with(unsigned, func(u *upload) {
			u.edit = edit(crc, strings.Repeat("a:b\r\n", 1)+"b:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\nk:\r\nl:\r\nm:\r\nn:\r\no:\r\np:\r\nq:\r\n"+crc, 1)
		}), malformed},
		{"a trailer signature where none belongs", with(unsigned, func(u *upload) { u.edit = edit(crc, crc+":AAAAAA==\r\nx-amz-trailer-signature", 1) }), malformed},
		{"a trailer in a mode without", with(signed, func(u *upload) { u.edit = func(wire string) string { return cut(2)(wire) + crc + ":AAAAAA==\r\n\r\n" } }), malformed},
		{"a declared trailer in a mode without", upload{mode: streamingSigned, chunks: twoChunks, trailer: crc}, malformed},
		{"no trailer signature", with(trailed, func(u *upload) {
			u.edit = func(wire string) string { return wire[:strings.Index(wire, "x-amz-trailer-signature")] + "\r\n" }
		}), malformed},
		{"a wrong trailer signature", with(trailed, func(u *upload) {
			u.edit = func(wire string) string {
				return wire[:strings.Index(wire, "x-amz-trailer-signature")] + "x-amz-trailer-signature:" + zeros + "\r\n\r\n"
			}
		}), badSignature},
		{"a changed signed trailer", with(trailed, func(u *upload) { u.edit = edit(crc+":", crc+":A", 1) }), badSignature},
		{"something behind the trailer signature", with(trailed, func(u *upload) { u.edit = func(wire string) string { return cut(2)(wire) + "a:b\r\n\r\n" } }), malformed},
		{"the trailer signature before the trailer", with(trailed, func(u *upload) {
			u.edit = func(wire string) string {
				head, tail, _ := strings.Cut(wire, crc)
				checksum, signature, _ := strings.Cut(crc+strings.TrimSuffix(tail, "\r\n"), "\r\n")
				return head + signature + checksum + "\r\n\r\n"
			}
		}), malformed},
		{"an unknown checksum", with(unsigned, func(u *upload) { u.trailer = "x-amz-checksum-sha10" }), invalid("The value specified in the x-amz-trailer header is not supported")},
		{"a trailer that is no checksum", with(unsigned, func(u *upload) { u.trailer = "crc32" }), invalid("The value specified in the x-amz-trailer header is not supported")},
		{"two trailers", with(unsigned, func(u *upload) { u.trailer = "x-amz-checksum-crc32, x-amz-checksum-sha1" }), invalid("Multiple checksum Types are not allowed.")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := readS3(verifierAt(testTime), tt.request(t))
			tt.want.check(t, err)
		})
	}
}

func TestStreamingChunkSizeDetail(t *testing.T) {
	_, _, err := readS3(verifierAt(testTime), upload{mode: streamingSigned, chunks: []string{bigChunk, "small", "last"}}.request(t))
	var refusal *awswire.VerifyError
	if !errors.As(err, &refusal) || refusal.Detail["Chunk"] != "3" || refusal.Detail["BadChunkSize"] != "5" {
		t.Errorf("%+v", refusal)
	}
}

// Unsigned requests that SDKs chunk nevertheless.
func TestChunkedWithoutStreamingMode(t *testing.T) {
	r := request("PUT", "https://bucket.s3.eu-west-1.amazonaws.com/key", "4\r\nbody\r\n0\r\n\r\n")
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", "4")
	if _, body, err := readS3(verifierAt(testTime), r); err != nil || string(body) != "body" {
		t.Errorf("%q %v", body, err)
	}
}

type failingBody struct{ io.Reader }

var errConnection = errors.New("connection lost")

func (failingBody) Close() error { return nil }

func TestConnectionErrorsPassThrough(t *testing.T) {
	for _, n := range []int64{0, 100, 20000} {
		r := upload{mode: streamingSigned, chunks: twoChunks}.request(t)
		r.Body = failingBody{io.MultiReader(io.LimitReader(r.Body, n), iotest.ErrReader(errConnection))}
		if _, _, err := readS3(verifierAt(testTime), r); !errors.Is(err, errConnection) {
			t.Errorf("after %d bytes: %v", n, err)
		}
		r = upload{mode: streamingSigned, chunks: twoChunks}.request(t)
		r.Body = http.MaxBytesReader(nil, r.Body, n)
		var tooLarge *http.MaxBytesError
		if _, _, err := readS3(verifierAt(testTime), r); !errors.As(err, &tooLarge) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// zeroes yields n zero bytes.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestStreamingMemory reads one chunk of 256 MiB.
func TestStreamingMemory(t *testing.T) {
	const size = 256 << 20
	r := upload{mode: streamingUnsignedTrailer, decoded: "268435456"}.request(t)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("10000000\r\n"), io.LimitReader(zeroes{}, size), strings.NewReader("\r\n0\r\n\r\n")))
	r.ContentLength = -1
	verified, err := verifierAt(testTime).VerifyS3(r, s3Scope)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, verified.Body, bytes.Repeat([]byte{0}, 32<<10))
	runtime.ReadMemStats(&after)
	if n != size || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes allocated", grown)
	}
}
