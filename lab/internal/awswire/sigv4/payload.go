package sigv4

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// payload reads a decoded body and checks it on the way.
type payload struct {
	mode      string
	encoding  string
	chunked   bool
	closer    io.Closer
	src       io.Reader
	chunks    *chunkReader // nil unless aws-chunked
	remaining int64        // -1: unknown
	sums      []*sum
	err       error
}

func incompleteBody() *Error {
	return &Error{Kind: awswire.VerifyPayloadMismatch, Code: "IncompleteBody", Status: http.StatusBadRequest,
		Message: "The request body terminated unexpectedly"}
}

// openPayload chooses the decoding and the sums. An empty plain body is checked
// at once.
func (c *check) openPayload(src io.ReadCloser) (*payload, *Error) {
	if src == nil {
		src = http.NoBody
	}
	mode, fail := c.payloadMode()
	if fail != nil {
		return nil, fail
	}
	p := &payload{mode: mode, closer: src, src: src, remaining: c.r.ContentLength}
	var wasChunked bool
	p.encoding, wasChunked = stripChunked(c.r.Header)
	declared := trailerNames(c.r.Header)
	if p.chunked = c.isChunked(mode, wasChunked); p.chunked {
		if p.remaining, fail = decodedLength(c.r.Header); fail != nil {
			return nil, fail
		}
		p.chunks = newChunkReader(src, c.chunkSigner(mode), declared)
		p.src = p.chunks
	}
	if p.sums, fail = c.sums(mode, declared, p.chunked && mode != streamingSigned); fail != nil {
		return nil, fail
	}
	if p.remaining == 0 && !p.chunked {
		return p, p.checkEmpty()
	}
	return p, nil
}

// payloadMode is what says how to read the body; it is empty where an anonymous
// request leaves it out.
func (c *check) payloadMode() (string, *Error) {
	if !c.anonymous || len(c.r.Header.Values(contentSHA256)) > 0 {
		mode, fail := c.payloadHash()
		if fail == nil && c.anonymous && (mode == streamingSigned || mode == streamingSignedTrailer) {
			fail = invalidRequest(awswire.VerifyMissing, "An anonymous request cannot have signed chunks.")
		}
		return mode, fail
	}
	return "", nil
}

// isChunked: the streaming modes are; without one, an SDK that does not sign the
// payload says so with Content-Encoding and x-amz-decoded-content-length.
func (c *check) isChunked(mode string, wasChunked bool) bool {
	if strings.HasPrefix(mode, "STREAMING-") {
		return true
	}
	return (mode == "" || mode == unsignedPayload) && wasChunked && c.r.Header.Get(decodedLengthHeader) != ""
}

func (c *check) chunkSigner(mode string) *chunkSigner {
	if mode != streamingSigned && mode != streamingSignedTrailer {
		return nil
	}
	return &chunkSigner{
		key:       c.key,
		middle:    "\n" + c.auth.stamp + "\n" + c.auth.scope.String() + "\n",
		previous:  c.auth.signature,
		trailer:   mode == streamingSignedTrailer,
		accessKey: c.accessKeyID(),
	}
}

const decodedLengthHeader = "X-Amz-Decoded-Content-Length"

func decodedLength(h http.Header) (int64, *Error) {
	n, err := strconv.ParseUint(h.Get(decodedLengthHeader), 10, 63)
	if err != nil {
		return 0, &Error{Kind: awswire.VerifyIncomplete, Code: "MissingContentLength", Status: http.StatusLengthRequired,
			Message: "You must provide the Content-Length HTTP header."}
	}
	return int64(n), nil
}

// stripChunked returns Content-Encoding without aws-chunked.
func stripChunked(h http.Header) (encoding string, found bool) {
	var kept []string
	for coding := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		coding = strings.TrimSpace(coding)
		switch {
		case strings.EqualFold(coding, "aws-chunked"):
			found = true
		case coding != "":
			kept = append(kept, coding)
		}
	}
	return strings.Join(kept, ","), found
}

func trailerNames(h http.Header) []string {
	var names []string
	for name := range strings.SplitSeq(strings.Join(h.Values("X-Amz-Trailer"), ","), ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Read implements io.Reader; see [Verified.Body].
func (p *payload) Read(buf []byte) (int, error) {
	if p.err != nil || len(buf) == 0 {
		return 0, p.err
	}
	n, err := p.read(buf)
	if err != nil {
		p.err = err
		if !errors.Is(err, io.EOF) {
			n = 0
		}
	}
	return n, err
}

func (p *payload) read(buf []byte) (int, error) {
	if p.remaining == 0 {
		return 0, p.conclude(p.probe())
	}
	if p.remaining > 0 && int64(len(buf)) > p.remaining {
		buf = buf[:p.remaining]
	}
	n, err := p.src.Read(buf)
	for _, s := range p.sums {
		s.hash.Write(buf[:n])
	}
	if p.remaining > 0 {
		p.remaining -= int64(n)
	}
	if p.remaining == 0 && err == nil {
		err = p.probe()
	}
	return n, p.conclude(err)
}

// probe makes sure that a body that has yielded all its bytes is at its end.
func (p *payload) probe() error {
	var one [1]byte
	for range 100 {
		n, err := p.src.Read(one[:])
		if n > 0 {
			return incompleteBody()
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// conclude turns the end of the source into the verdict.
func (p *payload) conclude(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && p.remaining > 0 {
		return incompleteBody()
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	for _, s := range p.sums {
		if fail := s.check(p.trailer()); fail != nil {
			return fail
		}
	}
	return io.EOF
}

func (p *payload) checkEmpty() *Error {
	var fail *Error
	if err := p.conclude(p.probe()); err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &fail) {
		fail = incompleteBody()
	}
	return fail
}

func (p *payload) trailer() http.Header {
	if p.chunks == nil {
		return nil
	}
	return p.chunks.trailers
}

// Close implements io.Closer.
func (p *payload) Close() error { return p.closer.Close() }
