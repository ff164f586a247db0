package labtest

import (
	"bytes"
	"io"
	"net/http"
)

// Steady returns a client like another that sends a copy of each request's body, for
// aws-sdk-go-v2. [Config] has one already. A client without a Transport of its own
// stays as it is: it does not lead into a lab.
//
// The SDK closes the body as soon as the answer's head is there; if net/http is
// still looking for its end, it cuts the connection, and the rest of the answer is
// lost ("use of closed network connection", aws/aws-sdk-go-v2 issues 1825 and 2737).
// Loopback is fast enough for that to happen about once in a thousand requests.
func Steady(client *http.Client) *http.Client {
	c := *client
	if c.Transport != nil {
		c.Transport = steady{c.Transport}
	}
	return &c
}

type steady struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s steady) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return s.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // read to its end
	if err != nil {
		return nil, err
	}
	c := r.Clone(r.Context())
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return s.RoundTripper.RoundTrip(c)
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (s steady) CloseIdleConnections() {
	if idle, ok := s.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}
