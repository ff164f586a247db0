package oidclogin

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// callback is the redirect endpoint of one sign-in. What does not carry the
// state of the sign-in gets a refusal and changes nothing: any page in any tab
// can send a browser here.
type callback struct {
	path   string
	port   int
	state  string
	finish func(response url.Values) error // run once, before the page is written

	claimed atomic.Bool
	done    chan struct{} // closed when finish has run
	err     error         // its outcome, readable once done is closed
}

func newCallback(path string, port int, state string, finish func(url.Values) error) *callback {
	return &callback{path: path, port: port, state: state, finish: finish, done: make(chan struct{})}
}

// ServeHTTP implements http.Handler.
func (cb *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if hasBody(r) {
		w.Header().Set("Connection", "close")
		// Or else net/http waits for the rest of it. An error is for a writer in tests.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	}
	switch {
	case !cb.isOwnHost(r.Host): // DNS rebinding
		writePage(w, pageWrongHost)
		return
	case r.URL.EscapedPath() != cb.path:
		writePage(w, pageNotFound)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		writePage(w, pageWrongMethod)
		return
	}
	response, err := parseResponse(r.URL.RawQuery)
	if err != nil || hasBody(r) || repeats(response) || !cb.hasState(response) {
		writePage(w, pageNotOurs)
		return
	}
	writePage(w, cb.answer(r, response))
}

// answer delivers the response, and lets a second one (a reload, a prefetch) wait
// for the outcome of the first.
func (cb *callback) answer(r *http.Request, response url.Values) page {
	first := cb.deliver(response)
	select {
	case <-cb.done:
	case <-r.Context().Done():
		return pageNotOurs
	}
	switch {
	case cb.err != nil:
		return failurePage(KindOf(cb.err))
	case first:
		return pageSignedIn
	}
	return pageAlreadySignedIn
}

// deliver runs finish for the first response with the right state, however it
// came, and reports whether it was the first.
func (cb *callback) deliver(response url.Values) bool {
	first := cb.claimed.CompareAndSwap(false, true)
	if first {
		cb.run(response)
	}
	return first
}

func (cb *callback) run(response url.Values) {
	defer close(cb.done)
	cb.err = fail(KindUnknown, "the sign-in ended without an outcome") // stays if finish panics
	cb.err = cb.finish(response)
}

// isOwnHost reports whether host, of the Host header, is a name of this listener.
func (cb *callback) isOwnHost(host string) bool {
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		own := net.JoinHostPort(name, strconv.Itoa(cb.port))
		if strings.EqualFold(host, own) || (cb.port == 80 && strings.EqualFold(host, strings.TrimSuffix(own, ":80"))) {
			return true
		}
	}
	return false
}

func (cb *callback) hasState(response url.Values) bool {
	return subtle.ConstantTimeCompare([]byte(response.Get("state")), []byte(cb.state)) == 1
}

// hasBody reports a request that announces a body, which a redirect never has.
func hasBody(r *http.Request) bool { return r.ContentLength != 0 || len(r.TransferEncoding) > 0 }

// parseResponse reads the query of a redirect. Providers leave semicolons in
// error_description as they are, which net/url takes for a mistake.
func parseResponse(query string) (url.Values, error) {
	return url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
}

// repeats reports a parameter that is there twice (RFC 6749 section 3.1).
func repeats(response url.Values) bool {
	for _, values := range response {
		if len(values) > 1 {
			return true
		}
	}
	return false
}
