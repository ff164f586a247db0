package oidclogin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// maxBody bounds every answer, in bytes.
	maxBody      = 1 << 20
	maxRedirects = 5
)

var (
	errBodyTooLarge = errors.New("the answer is larger than 1 MiB")
	errNotJSON      = errors.New("the answer is not JSON")
	errRedirect     = errors.New("the answer redirects to a place that is not allowed")
)

// statusError is the answer to a GET that is neither 2xx nor a redirect.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("HTTP status %d", e.code) }

// answer is an HTTP answer whose body has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// call is the HTTP side of one operation: every request of one SignIn, Refresh,
// Verify or Revoke, one after the other. It is not for concurrent use.
type call struct {
	settings Settings
	names    Names        // those of the settings, for hints
	http     *http.Client // for GETs: it goes through RoundTrip
	base     http.RoundTripper
	timeout  time.Duration // of one attempt
	wait     func(context.Context, time.Duration) error
	began    time.Time // of what is done without a person

	clientSecret secret.Value // once it was needed
	lost         string       // set once an attempt of a grant ended without a clear answer
	// skew is the provider's clock minus ours; fromPost says that it was
	// measured at an endpoint whose answers no cache keeps.
	skew     time.Duration
	measured bool
	fromPost bool
}

// newCall returns a call over c's HTTP client. Cookies are not kept.
func (c *Client) newCall() *call {
	k := &call{
		settings: c.settings, names: c.settings.Names, base: c.env.HTTPClient.Transport,
		timeout: requestTimeout, wait: c.env.Wait, began: time.Now(),
	}
	if k.base == nil {
		k.base = http.DefaultTransport
	}
	if t := c.env.HTTPClient.Timeout; t > 0 && t < requestTimeout {
		k.timeout = t
	}
	k.http = &http.Client{Transport: k, CheckRedirect: checkRedirect}
	return k
}

// checkRedirect follows a few redirects of a GET, never down from https.
func checkRedirect(req *http.Request, via []*http.Request) error {
	secure := req.URL.Scheme == "https" || (isLoopbackHTTP(via[0].URL) && isLoopbackHTTP(req.URL))
	if !secure || len(via) > maxRedirects {
		return errRedirect
	}
	return nil
}

// RoundTrip implements http.RoundTripper for GETs, which may be repeated at
// will. It keeps the bodies of failures out of reach.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	a, err := k.send(req, maxAttempts)
	if err != nil {
		return nil, err
	}
	if a.status < 200 || a.status > 399 {
		return nil, &statusError{a.status}
	}
	if a.ok() && !json.Valid(bytes.TrimPrefix(a.body, []byte("\ufeff"))) {
		return nil, errNotJSON
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req,
	}, nil
}

// attempt sends req once and reads the bounded body at once, so that the
// time-out covers it.
func (k *call) attempt(req *http.Request) (*answer, error) {
	ctx, cancel := context.WithDeadline(req.Context(), k.attemptEnd(time.Now()))
	defer cancel()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	req = req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tip-cli")
	resp, err := k.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	k.observeClock(resp, req.Method == http.MethodPost)
	body, err := readAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// attemptEnd is when an attempt that begins now is given up.
func (k *call) attemptEnd(now time.Time) time.Time {
	end, last := now.Add(k.timeout), k.began.Add(giveUpAfter)
	if last.Before(end) {
		return last
	}
	return end
}

func readAll(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxBody {
		return nil, errBodyTooLarge
	}
	return b, nil
}

// observeClock compares the Date header with the local clock. A cached answer
// (one with Age) tells nothing.
func (k *call) observeClock(resp *http.Response, post bool) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || resp.Header.Get("Age") != "" || (k.fromPost && !post) {
		return
	}
	k.skew = date.Sub(time.Now().Truncate(time.Second))
	k.measured, k.fromPost = true, post
}

// person says that a person was waited for: the bounds count from now.
func (k *call) person() { k.began = time.Now() }
