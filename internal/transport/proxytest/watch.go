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
)

// Operation is what a request is for: the name of an operation of AWS, or one of
// the endpoints of an identity provider below.
type Operation string

// The endpoints of an identity provider.
const (
	Discovery Operation = "Discovery"
	Keys      Operation = "Keys"
	Authorize Operation = "Authorize"
	Token     Operation = "Token"
)

// OperationOf tells what a request is for; body is its body.
func OperationOf(r *http.Request, body []byte) Operation {
	host, path := r.Host, r.URL.Path
	switch {
	case strings.HasPrefix(host, "sts"):
		form, _ := url.ParseQuery(string(body))
		return Operation(form.Get("Action"))
	case strings.HasPrefix(host, "oidc"):
		return "CreateTokenWithIAM"
	case strings.Contains(host, "s3-control"):
		return "GetDataAccess"
	case strings.HasSuffix(path, "/openid-configuration"):
		return Discovery
	case strings.HasSuffix(path, "/token"):
		return Token
	case strings.HasSuffix(path, "/authorize"):
		return Authorize
	}
	return Keys
}

// note records a request.
func (p *Proxy) note(r *http.Request, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, OperationOf(r, body))
	close(p.changed)
	p.changed = make(chan struct{})
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return
	}
	for _, name := range []string{"refresh_token", "code", "code_verifier", "WebIdentityToken"} {
		p.keep(name, form.Get(name))
	}
}

// secretMembers are members of answers, in JSON or XML, that nobody may print.
var secretMembers = regexp.MustCompile(
	`"(id_token|refresh_token|access_token|idToken|accessToken|identityContext)"\s*:\s*"([^"]+)"|<(SecretAccessKey|SessionToken)>([^<]+)<`)

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
	p.seen = nil
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
