package tipcreds

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	userAgentKey   = "tipcreds"
	userAgentValue = "1"
)

// userAgent puts this package into the User-Agent header, and what the options add.
func (x *exchanger) userAgent(stack *middleware.Stack) error {
	if err := awsmiddleware.AddUserAgentKeyValue(userAgentKey, userAgentValue)(stack); err != nil {
		return err
	}
	name, version, versioned := strings.Cut(x.options.UserAgent, "/")
	switch {
	case name == "":
		return nil
	case versioned:
		return awsmiddleware.AddUserAgentKeyValue(name, version)(stack)
	default:
		return awsmiddleware.AddUserAgentKey(name)(stack)
	}
}

// observation watches one call at the transport: whether the request can have
// reached the service, what AWS's clock said, and what an error answer held before
// the SDK's typed errors dropped part of it. Of a call with several attempts it
// tells the last.
type observation struct {
	installed bool
	reached   bool
	traced    atomic.Bool
	wrote     atomic.Bool
	answered  bool

	status     int // of the last attempt's answer, 0 without one
	skew       time.Duration
	measured   bool
	retryAfter time.Duration
	errorType  string // the exception that the header x-amzn-ErrorType names
	errorBody  []byte
}

// sent reports whether the request left, or may have left, this process. It is
// false only where that is certain: the transport was not reached (signing,
// credentials, cancellation), or it wrote no header: for want of a connection (DNS,
// dial, TLS, proxy), or to the one that it had (cancellation in between, a kept
// connection found closed). net/http reports a header when it is put into the
// buffer, thus before a byte leaves; from then on nobody knows. It does not
// repeat the request on another connection by itself: the SDK gives it no GetBody.
// A transport that does not report GetConn is taken to report nothing, and a client
// that is not the SDK's is not observed: both give true.
func (o *observation) sent() bool {
	switch {
	case !o.installed:
		return true
	case !o.reached:
		return false
	case o.answered || !o.traced.Load():
		return true
	default:
		return o.wrote.Load()
	}
}

// install adds the observation as the last thing before the transport.
func (o *observation) install(stack *middleware.Stack) error {
	o.installed = true
	return stack.Deserialize.Add(
		middleware.DeserializeMiddlewareFunc("tipcreds.Observe", o.handle), middleware.After)
}

func (o *observation) handle(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if err := ctx.Err(); err != nil {
		return middleware.DeserializeOutput{}, middleware.Metadata{}, err
	}
	o.reached = true
	o.status, o.retryAfter, o.errorType, o.errorBody = 0, 0, "", nil
	asked := time.Now()
	out, metadata, err := next.HandleDeserialize(httptrace.WithClientTrace(ctx, o.trace()), in)
	if err != nil {
		return out, metadata, err
	}
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok {
		o.note(response, asked)
	}
	return out, metadata, nil
}

func (o *observation) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:          func(string) { o.traced.Store(true) },
		WroteHeaderField: func(string, []string) { o.wrote.Store(true) },
		WroteHeaders:     func() { o.wrote.Store(true) },
	}
}

// note reads the head of an answer and bounds its body.
func (o *observation) note(response *smithyhttp.Response, asked time.Time) {
	now := time.Now()
	o.answered, o.status = true, response.StatusCode
	if skew, ok := clockSkew(response.Header, asked, now); ok {
		o.skew, o.measured = skew, true
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxAnswer}
	if response.StatusCode < http.StatusMultipleChoices {
		return
	}
	o.retryAfter = retryAfter(response.Header, now)
	o.errorType = errorType(response.Header)
	o.keep(response)
}

// errorType is the name in a header such as
// "InvalidGrantException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/".
func errorType(header http.Header) string {
	name, _, _ := strings.Cut(header.Get("X-Amzn-ErrorType"), ":")
	return name[strings.LastIndex(name, "#")+1:]
}

// maxErrorBody bounds what is kept of an error answer, in bytes: far more than AWS
// sends, for what goes beyond is not read for a code either.
const maxErrorBody = 64 << 10

// keep copies the beginning of the body and leaves the whole to be read again.
func (o *observation) keep(response *smithyhttp.Response) {
	var head bytes.Buffer
	_, err := io.CopyN(&head, response.Body, maxErrorBody)
	o.errorBody = head.Bytes()
	rest := io.Reader(response.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		rest = failedReader{err}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(o.errorBody), rest), response.Body}
}

// failedReader repeats the error that ended a body early.
type failedReader struct{ err error }

func (r failedReader) Read([]byte) (int, error) { return 0, r.err }

// maxAnswer bounds an answer, in bytes: the SDK reads to the end.
const maxAnswer = 1 << 20

// boundedBody fails with ErrAnswerTooLong when more than left bytes were read.
type boundedBody struct {
	io.ReadCloser

	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrAnswerTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
