package tipcreds

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"sync/atomic"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxErrorBody bounds what is kept of an error answer, in bytes.
const maxErrorBody = 8 << 10

const (
	userAgentKey   = "tipcreds"
	userAgentValue = "1"
)

// addUserAgent puts this package into the User-Agent header.
func addUserAgent(stack *middleware.Stack) error {
	return awsmiddleware.AddUserAgentKeyValue(userAgentKey, userAgentValue)(stack)
}

// observation watches one attempt of CreateTokenWithIAM at the transport:
// whether the request can have reached the service, and what an error answer
// said before the SDK's typed errors dropped part of it.
type observation struct {
	installed bool
	reached   bool
	traced    atomic.Bool
	connected atomic.Bool
	errorBody []byte
}

// sent reports whether the request left, or may have left, this process. It is
// false only where that is certain: the transport was not reached (signing,
// credentials, cancellation), or it never had a connection (DNS, dial, TLS,
// proxy). A client that is not the SDK's is not observed and gives true.
func (o *observation) sent() bool {
	switch {
	case !o.installed:
		return true
	case !o.reached:
		return false
	default:
		return !o.traced.Load() || o.connected.Load()
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
	o.reached, o.errorBody = true, nil
	out, metadata, err := next.HandleDeserialize(httptrace.WithClientTrace(ctx, o.trace()), in)
	if err != nil {
		return out, metadata, err
	}
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if ok && response.StatusCode >= 300 {
		o.keep(response)
	}
	return out, metadata, nil
}

func (o *observation) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { o.traced.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { o.connected.Store(true) },
	}
}

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
