package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// spare is kept of an invocation's time to answer in.
const spare = 500 * time.Millisecond

// handle serves one invocation. What goes wrong is an answer with a status as well:
// of an error the gateway would make a 500, and Lambda a failure of the function.
func (f *function) handle(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	if deadline, ok := ctx.Deadline(); ok { // of the invocation, after which Lambda kills the process
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
		defer cancel()
	}
	request, err := newRequest(ctx, &event)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	w := response{status: http.StatusOK, header: http.Header{}}
	f.handler.ServeHTTP(&w, request)
	return w.event(), nil
}

var errPayload = errors.New("not an event of an HTTP API with payload format 2.0")

// newRequest is the request that came to the gateway, without its body: there is
// none with GET. Of headers that came several times the gateway has joined the
// values with commas; in a token the middleware refuses them.
func newRequest(ctx context.Context, event *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	if event.Version != "2.0" {
		return nil, errPayload
	}
	r, err := http.NewRequestWithContext(ctx, event.RequestContext.HTTP.Method, event.RawPath+"?"+event.RawQueryString, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	for name, value := range event.Headers {
		r.Header.Set(name, value)
	}
	r.RemoteAddr, r.Pattern = event.RequestContext.HTTP.SourceIP, event.RouteKey
	return r, nil
}

// response is an [http.ResponseWriter] that keeps what it is given.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *response) WriteHeader(status int) { w.status = status }

// Write implements [http.ResponseWriter].
func (w *response) Write(p []byte) (int, error) { return w.body.Write(p) }

// event is the answer as the gateway wants it.
func (w *response) event() events.APIGatewayV2HTTPResponse {
	headers := make(map[string]string, len(w.header))
	for name, values := range w.header {
		headers[name] = strings.Join(values, ", ")
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: headers, Body: w.body.String()}
}
