package oidclogin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// maxBody bounds every answer, in bytes. It equals the bound of x/oauth2,
	// which cuts without saying so.
	maxBody = 1 << 20
	// requestTimeout bounds one request with its redirects and its body.
	requestTimeout = 30 * time.Second
	maxRedirects   = 5
)

var (
	errBodyTooLarge = errors.New("the answer is larger than 1 MiB")
	errRedirect     = errors.New("the answer redirects to a place that is not allowed")
)

// statusError is the answer to a GET that is neither 2xx nor a redirect.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("HTTP status %d", e.code) }

// call is the HTTP side of one operation: every request of one SignIn, Refresh
// or Verify, one after the other. It is not for concurrent use.
type call struct {
	http *http.Client
	base http.RoundTripper
	// names are those of the settings, for hints.
	names Names

	// skew is the provider's clock minus ours; fromPost says that it was
	// measured at the token endpoint, whose answers no cache keeps.
	skew           time.Duration
	measured       bool
	fromPost       bool
	grantedRefresh secret.Value // refresh_token of the last 2xx answer to a POST
}

// newCall returns a call over c's HTTP client. Cookies are not kept.
func (c *Client) newCall() *call {
	k := &call{base: c.env.HTTPClient.Transport, names: c.settings.Names}
	if k.base == nil {
		k.base = http.DefaultTransport
	}
	k.http = &http.Client{Transport: k, CheckRedirect: checkRedirect, Timeout: requestTimeout}
	if t := c.env.HTTPClient.Timeout; t > 0 && t < requestTimeout {
		k.http.Timeout = t
	}
	return k
}

// checkRedirect follows a few redirects of a GET, never down from https, and
// none of a POST: what is posted is for the token endpoint alone.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	secure := req.URL.Scheme == "https" || (isLoopbackHTTP(first.URL) && isLoopbackHTTP(req.URL))
	if !secure || len(via) > maxRedirects {
		return errRedirect
	}
	return nil
}

// RoundTrip implements http.RoundTripper: it reads the bounded body at once,
// so that the time-out covers it, and keeps bodies of failures out of reach.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tip-cli")
	resp, err := k.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	k.observeClock(resp, req.Method == http.MethodPost)
	body, err := readAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if req.Method == http.MethodPost {
		k.observeGrant(resp.StatusCode, body)
	} else if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return nil, &statusError{resp.StatusCode}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func readAll(body io.ReadCloser) ([]byte, error) {
	defer func() { _ = body.Close() }()
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

// observeGrant keeps the refresh token of an answer that x/oauth2 may yet
// refuse, for lack of an access_token say: the old one is spent by then. So a
// byte order mark before the JSON object, or anything behind it, does no harm.
func (k *call) observeGrant(status int, body []byte) {
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	first := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	if status < 200 || status > 299 || first.Decode(&answer) != nil {
		return
	}
	k.grantedRefresh = secret.New(answer.RefreshToken)
}
