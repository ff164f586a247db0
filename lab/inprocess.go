package lab

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
)

// inProcess carries requests of the lab's own services to the lab's front as if
// they had come over the proxy door, without a socket: a service that acts for its
// caller speaks to the others as the SDKs do. It is safe for concurrent use.
type inProcess struct{ front http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	in.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	if err := t.serve(w, in); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(bytes.NewReader(w.body.Bytes())), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// serve is cut off where a fault cuts the connection.
func (t inProcess) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it, too
			err = io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	t.front.ServeHTTP(w, r)
	return nil
}

// recorded is the answer to such a request.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorded) Header() http.Header         { return w.header }
func (w *recorded) WriteHeader(status int)      { w.status = status }
func (w *recorded) Write(p []byte) (int, error) { return w.body.Write(p) }
