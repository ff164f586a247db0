package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// noSecret is the authentication method of public clients (OIDC Core, 9).
const noSecret = "none"

// clientForm reads a form that a client sends by itself and says who it is.
func (p *provider) clientForm(w http.ResponseWriter, r *http.Request) (*world.Client, url.Values, error) {
	body, err := formBody(w, r)
	if err != nil {
		return nil, nil, err
	}
	form, err := parameters(body)
	if err != nil {
		return nil, nil, err
	}
	client, err := p.authenticated(r, form)
	return client, form, err
}

// credentials are what a request says of its client.
type credentials struct {
	id, secret string
	// method is that of RFC 6749, section 2.3.1, or noSecret.
	method string
}

// authenticated returns the client that a request is from (RFC 6749, 2.3 and
// 5.2). A public client that sends a secret is refused, as Entra ID does.
func (p *provider) authenticated(r *http.Request, form url.Values) (*world.Client, error) {
	c, err := p.presented(r, form)
	if err != nil {
		return nil, err
	}
	client, known := p.client(c.id)
	if !known && c.id != "" && p.face.unknownClient != nil {
		return nil, p.face.unknownClient
	}
	if !known {
		return nil, p.badClient("the client_id is missing or not known here")
	}
	switch {
	case client.Secret == "" && c.method != noSecret:
		return nil, p.badClient("a public client sends its client_id in the body and no credentials")
	case client.Secret == "":
		return client, nil
	case c.method == noSecret:
		return nil, p.badClient("the client has a secret and must send it")
	case client.Authentication != world.SecretAny && client.Authentication != c.method:
		return nil, p.badClient("the client is registered for " + client.Authentication)
	}
	given, want := sha256.Sum256([]byte(c.secret)), sha256.Sum256([]byte(client.Secret))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return nil, p.badClient("the client_secret is wrong")
	}
	return client, nil
}

// presented reads the credentials. Two kinds at once are malformed (RFC 6749, 5.2).
func (p *provider) presented(r *http.Request, form url.Values) (credentials, error) {
	header := r.Header.Get("Authorization")
	switch {
	case form.Has("client_assertion"), form.Has("client_assertion_type"):
		return credentials{}, p.badClient("client assertions are not supported")
	case header != "" && form.Has("client_secret"):
		return credentials{}, badRequest("the client authenticates in two ways")
	case form.Has("client_secret"):
		return credentials{form.Get("client_id"), form.Get("client_secret"), world.SecretPost}, nil
	case header == "":
		return credentials{id: form.Get("client_id"), method: noSecret}, nil
	}
	c, ok := basicCredentials(header)
	if !ok {
		return credentials{}, p.badClient("the Authorization header is not that of Basic with an encoded client_id and client_secret")
	}
	if form.Has("client_id") && form.Get("client_id") != c.id {
		return credentials{}, p.badClient("the body and the Authorization header name different clients")
	}
	return c, nil
}

// basicCredentials reads a Basic header, whose two parts are form-encoded each
// (RFC 6749, 2.3.1 and appendix B).
func basicCredentials(header string) (credentials, bool) {
	kind, encoded, _ := strings.Cut(header, " ")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !strings.EqualFold(kind, "Basic") {
		return credentials{}, false
	}
	id, secret, ok := strings.Cut(string(text), ":")
	if !ok {
		return credentials{}, false
	}
	c := credentials{method: world.SecretBasic}
	if c.id, err = url.QueryUnescape(id); err != nil {
		return credentials{}, false
	}
	c.secret, err = url.QueryUnescape(secret)
	return c, err == nil
}

// badClient is the refusal of a client (RFC 6749, 5.2).
func (p *provider) badClient(description string) *refusal {
	status := http.StatusUnauthorized
	if p.face.badClient != 0 {
		status = p.face.badClient
	}
	return &refusal{status, "invalid_client", description}
}

// authMethods are what the token, revocation and device authorization endpoints
// take: the vendor's list, else what the issuer's clients use.
func (p *provider) authMethods() []string {
	if p.face.authMethods != nil {
		return p.face.authMethods
	}
	var methods []string
	for _, method := range []string{world.SecretBasic, world.SecretPost, noSecret} {
		if slices.ContainsFunc(p.issuer.Clients, func(c world.Client) bool { return takes(&c, method) }) {
			methods = append(methods, method)
		}
	}
	return methods
}

func takes(c *world.Client, method string) bool {
	if c.Secret == "" {
		return method == noSecret
	}
	return c.Authentication == method || c.Authentication == world.SecretAny && method != noSecret
}
