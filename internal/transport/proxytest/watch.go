package proxytest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Operation is what a request is for: the name of an operation of AWS, or one of
// the endpoints of an identity provider below.
type Operation string

// The endpoints of an identity provider.
const (
	Discovery           Operation = "Discovery"
	Keys                Operation = "Keys"
	Authorize           Operation = "Authorize"
	Token               Operation = "Token"
	DeviceAuthorization Operation = "DeviceAuthorization"
	Revocation          Operation = "Revocation"
	Logout              Operation = "Logout"
)

// S3 is any request to a bucket.
const S3 Operation = "S3"

// OperationOf tells what a request is for; body is its body.
func OperationOf(r *http.Request, body []byte) Operation {
	host, path := r.Host, r.URL.Path
	switch {
	case strings.HasPrefix(host, "sts"):
		form, _ := url.ParseQuery(string(body))
		return Operation(form.Get("Action"))
	case strings.HasPrefix(host, "oidc."), strings.HasPrefix(host, "oidc-fips."):
		return "CreateTokenWithIAM"
	case strings.HasPrefix(host, "identitystore."):
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return Operation(operation)
	case strings.Contains(host, "s3-control"):
		return grantsOperation(path)
	case strings.HasPrefix(host, "s3.") || strings.Contains(host, ".s3."):
		return S3
	}
	return endpointOf(path)
}

// grantsOperation tells apart what callers ask S3 Access Grants.
func grantsOperation(path string) Operation {
	switch {
	case strings.HasSuffix(path, "/caller/grants"):
		return "ListCallerAccessGrants"
	case strings.HasSuffix(path, "/accessgrantsinstance/prefix"):
		return "GetAccessGrantsInstanceForPrefix"
	}
	return "GetDataAccess"
}

// endpoints of identity providers by the end of their path: of two that fit, the
// first counts.
var endpoints = []struct {
	suffix string
	is     Operation
}{
	{"/openid-configuration", Discovery},
	{"/device/authorize", DeviceAuthorization},
	{"/device_authorization", DeviceAuthorization},
	{"/devicecode", DeviceAuthorization},
	{"/token", Token},
	{"/authorize", Authorize},
	{"/revoke", Revocation},
	{"/logout", Logout},
}

func endpointOf(path string) Operation {
	for _, e := range endpoints {
		if strings.HasSuffix(path, e.suffix) {
			return e.is
		}
	}
	return Keys
}

// Request is a request as it went by.
type Request struct {
	Operation Operation
	At        time.Time
	Host      string
	Header    http.Header
	Body      []byte
}

// note records a request.
func (p *Proxy) note(r *http.Request, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := OperationOf(r, body)
	p.seen = append(p.seen, o)
	p.requests = append(p.requests, Request{Operation: o, At: time.Now(), Host: r.Host, Header: r.Header.Clone(), Body: body})
	close(p.changed)
	p.changed = make(chan struct{})
	if _, secret, ok := r.BasicAuth(); ok {
		p.keep("client_secret", secret)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return
	}
	for _, name := range secretParameters {
		p.keep(name, form.Get(name))
	}
}

// Requests returns what went by since the last call of Forget, in order. It
// holds secrets.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// secretParameters are parameters of forms that nobody may print.
var secretParameters = []string{
	"refresh_token", "code", "code_verifier", "client_secret", "client_assertion", "device_code", "token", "WebIdentityToken",
	"ProvidedContexts.member.1.ContextAssertion",
}

// secretMembers are members of answers, in JSON or XML, that nobody may print.
var secretMembers = regexp.MustCompile(
	`"(id_token|refresh_token|access_token|device_code|idToken|refreshToken|accessToken|identityContext)"\s*:\s*"([^"]+)"|<(SecretAccessKey|SessionToken)>([^<]+)<`)

func (p *Proxy) noteAnswer(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range secretMembers.FindAllSubmatch(body, -1) {
		p.keep(string(m[1])+string(m[3]), string(m[2])+string(m[4]))
	}
}

func (p *Proxy) keep(name, value string) {
	if len(value) >= 8 {
		p.secrets[value] = name
	}
}

// Secrets returns every secret that went by, and what each one was.
func (p *Proxy) Secrets() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.secrets)
}

// Seen returns the operations since the last call of Forget, in order.
func (p *Proxy) Seen() []Operation {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// Forget begins a new record.
func (p *Proxy) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.requests = nil, nil
}

// Await waits until an operation was seen.
func (p *Proxy) Await(ctx context.Context, o Operation) error {
	for {
		p.mu.Lock()
		there, changed := slices.Contains(p.seen, o), p.changed
		p.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Of tells what a request is for whose body can be read again. It is for a [Hook].
func Of(r *http.Request) Operation {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return OperationOf(r, body)
}
