package idp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// patience bounds one request, in which time nobody at AWS waits either.
	patience = 10 * time.Second
	// slow is from where on STS gives up.
	slow = 5 * time.Second
	// largest answer that is read, in bytes.
	largest      = 1 << 20
	maxRedirects = 5
)

var (
	errTooLarge = errors.New("the answer is larger than 1 MiB")
	errRedirect = errors.New("it redirects to a place that is not https, or too often")
)

// answer is an HTTP answer whose body has been read.
type answer struct {
	status   int
	location string
	body     []byte
	took     time.Duration
}

// newClient follows redirects of GETs that were asked to, never down from https.
func newClient(c *awshttp.BuildableClient) (*http.Client, func()) {
	transport := c.GetTransport()
	return &http.Client{Transport: transport, Timeout: patience, CheckRedirect: checkRedirect}, transport.CloseIdleConnections
}

type asIs struct{} // the key of a context whose redirects are not followed

func checkRedirect(req *http.Request, via []*http.Request) error {
	if req.Context().Value(asIs{}) != nil {
		return http.ErrUseLastResponse
	}
	if !safe(req.URL.String(), via[0].URL.Scheme == "http") || len(via) > maxRedirects {
		return errRedirect
	}
	return nil
}

// get fetches a public document.
func (s *section) get(ctx context.Context, address string) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	return s.do(req)
}

// probe makes a request whose redirects are not followed: a GET if there is no form.
func (s *section) probe(ctx context.Context, address string, form url.Values, dress func(*http.Request)) (*answer, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, asIs{}, true), method, address, body)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if dress != nil {
		dress(req)
	}
	return s.do(req)
}

func (s *section) do(req *http.Request) (*answer, error) {
	req.Header.Set("User-Agent", "tip-cli")
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	began := time.Now()
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	if err != nil {
		return nil, err
	}
	if len(body) > largest {
		return nil, errTooLarge
	}
	return &answer{resp.StatusCode, resp.Header.Get("Location"), bytes.TrimPrefix(body, []byte("\ufeff")), time.Since(began)}, nil
}

// outOfOrder reports whether an answer is none that counts.
func (a *answer) outOfOrder() bool { return a.status >= 500 || a.status == http.StatusTooManyRequests }

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// untrusted reports whether err says that a certificate is not trusted.
func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return verification || authority || name
}

// cause says in a few words why a request had no answer. It names no URL.
func cause(err error) string {
	if waited, ok := errors.AsType[net.Error](err); ok && waited.Timeout() { // while the body is read, it is no url.Error
		return fmt.Sprintf("no answer within %s", patience)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "the name " + strconv.Quote(dns.Name) + " does not resolve"
		}
		return "the name " + strconv.Quote(dns.Name) + " cannot be looked up"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return "the proxy does not answer: " + innermost(err)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "the connection is refused"
	}
	return innermost(err)
}

func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// shown quotes text of others, shortened.
func shown(text string) string {
	const longest = 200
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "..."
	}
	return strconv.Quote(text)
}
