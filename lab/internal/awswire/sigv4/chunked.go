package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

const (
	// minChunk is the least size of any chunk but the last.
	minChunk = 8192
	// chunkBuffer bounds a line; chunk data passes through.
	chunkBuffer = 4096
	// maxTrailers bounds the trailer section.
	maxTrailers = 16

	emptySHA256      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	trailerSignature = "x-amz-trailer-signature"
)

// chunkSigner carries the chain of chunk signatures (S3 API reference, "Signature
// Calculations for the Authorization Header: Transferring Payload in Multiple
// Chunks" and "... Including Trailing Headers").
type chunkSigner struct {
	key       []byte
	middle    string // "\n" stamp "\n" scope "\n"
	previous  string
	trailer   bool
	accessKey string
}

// verify checks the next link of the chain. last is all that follows the
// previous signature in the string to sign.
func (s *chunkSigner) verify(prefix, last, signature string) *Error {
	text := prefix + s.middle + s.previous + "\n" + last
	if !equalConstantTime(sign(s.key, text), signature) {
		return &Error{Kind: awswire.VerifyBadSignature, AccessKeyID: s.accessKey, Detail: map[string]string{
			"AWSAccessKeyId": s.accessKey, "StringToSign": text, "SignatureProvided": signature}}
	}
	s.previous = signature
	return nil
}

// chunkReader decodes aws-chunked. The last bytes of a chunk come out only after
// the chunk's signature has been checked. It does not know how much is to come:
// payload compares that with x-amz-decoded-content-length.
type chunkReader struct {
	br        *bufio.Reader
	signer    *chunkSigner // nil: unsigned
	declared  []string     // x-amz-trailer
	number    int          // of the current chunk, from 1
	size      int64
	left      int64
	signature string
	hash      hash.Hash
	trailers  http.Header
	done      bool
}

func newChunkReader(src io.Reader, signer *chunkSigner, declared []string) *chunkReader {
	c := &chunkReader{br: bufio.NewReaderSize(src, chunkBuffer), signer: signer, declared: declared}
	if signer != nil {
		c.hash = sha256.New()
	}
	return c
}

// Read implements io.Reader. Errors are not sticky here; payload's are.
func (c *chunkReader) Read(buf []byte) (int, error) {
	for c.left == 0 {
		if c.done {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if int64(len(buf)) > c.left {
		buf = buf[:c.left]
	}
	n, err := c.br.Read(buf)
	if c.signer != nil {
		c.hash.Write(buf[:n])
	}
	c.left -= int64(n)
	if err == nil && c.left == 0 {
		err = c.endChunk()
	}
	if err != nil {
		return 0, truncated(err)
	}
	return n, nil
}

// truncated makes the end of the input where more was due a refusal.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, bufio.ErrBufferFull) {
		return incompleteBody()
	}
	return err
}

// next reads a chunk's header, and behind the empty chunk all the rest.
func (c *chunkReader) next() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, signature, ok := parseChunkHeader(line, c.signer != nil)
	if !ok {
		return incompleteBody()
	}
	if c.number > 0 && size > 0 && c.size < minChunk {
		return c.tooSmall()
	}
	c.number++
	c.size, c.left, c.signature = size, size, signature
	if size > 0 {
		return nil
	}
	return c.finish()
}

func (c *chunkReader) tooSmall() *Error {
	return &Error{Kind: awswire.VerifyPayloadMismatch, Code: "InvalidChunkSizeError", Status: http.StatusBadRequest,
		Message: "Only the last chunk is allowed to have a size less than 8192 bytes",
		Detail: map[string]string{
			"Chunk":        strconv.Itoa(c.number + 1),
			"BadChunkSize": strconv.FormatInt(c.size, 10),
		}}
}

// parseChunkHeader reads "size" or "size;chunk-signature=hex".
func parseChunkHeader(line string, signed bool) (size int64, signature string, ok bool) {
	digits, extension, extended := strings.Cut(line, ";")
	if signed {
		signature, ok = strings.CutPrefix(extension, "chunk-signature=")
		if !ok {
			return 0, "", false
		}
	} else if extended {
		return 0, "", false
	}
	n, err := strconv.ParseUint(digits, 16, 63)
	return int64(n), signature, err == nil
}

// endChunk checks what follows a chunk's data, and its signature.
func (c *chunkReader) endChunk() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	if line != "" {
		return incompleteBody()
	}
	return c.verifyChunk()
}

func (c *chunkReader) verifyChunk() error {
	if c.signer == nil {
		return nil
	}
	last := emptySHA256 + "\n" + hex.EncodeToString(c.hash.Sum(nil))
	c.hash.Reset()
	if fail := c.signer.verify("AWS4-HMAC-SHA256-PAYLOAD", last, c.signature); fail != nil {
		return fail
	}
	return nil
}

// finish reads the trailers and makes sure that nothing comes after them.
func (c *chunkReader) finish() error {
	if err := c.verifyChunk(); err != nil {
		return err
	}
	trailers, signature, err := c.readTrailers()
	if err != nil {
		return err
	}
	if _, err := c.br.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = incompleteBody()
		}
		return err
	}
	if fail := c.checkTrailers(trailers, signature); fail != nil {
		return fail
	}
	c.trailers = make(http.Header, len(trailers))
	for name, value := range trailers {
		c.trailers.Set(name, value)
	}
	c.done = true
	return nil
}

// readTrailers reads "name:value" lines up to an empty one.
func (c *chunkReader) readTrailers() (trailers map[string]string, signature string, err error) {
	trailers = make(map[string]string)
	for range maxTrailers {
		line, err := c.line()
		if err != nil || line == "" {
			return trailers, signature, err
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if _, twice := trailers[name]; !ok || twice || signature != "" {
			return nil, "", malformedTrailer()
		}
		if name == trailerSignature {
			signature = value
		} else {
			trailers[name] = value
		}
	}
	return nil, "", malformedTrailer()
}

func malformedTrailer() *Error {
	return &Error{Kind: awswire.VerifyPayloadMismatch, Code: "MalformedTrailerError", Status: http.StatusBadRequest,
		Message: "The request contained trailing data that was not well-formed or did not conform to our published schema."}
}

// checkTrailers: those sent must be those declared (none, in a mode without), and
// signed where they must be.
func (c *chunkReader) checkTrailers(trailers map[string]string, signature string) *Error {
	names := slices.Sorted(maps.Keys(trailers))
	declared := slices.Sorted(slices.Values(c.declared))
	if !slices.Equal(names, declared) {
		return malformedTrailer()
	}
	if c.signer == nil || !c.signer.trailer {
		if signature != "" {
			return malformedTrailer()
		}
		return nil
	}
	if signature == "" {
		return malformedTrailer()
	}
	var canonical bytes.Buffer
	for _, name := range names {
		canonical.WriteString(name + ":" + trailers[name] + "\n")
	}
	return c.signer.verify("AWS4-HMAC-SHA256-TRAILER", hexSHA256(canonical.Bytes()), signature)
}

// line reads up to CRLF, which it takes off.
func (c *chunkReader) line() (string, error) {
	raw, err := c.br.ReadSlice('\n')
	if err != nil {
		return "", truncated(err)
	}
	text, ok := strings.CutSuffix(string(raw), "\r\n")
	if !ok {
		return "", incompleteBody()
	}
	return text, nil
}
