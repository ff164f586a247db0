package idp

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// target is where an authorization response may go. It exists only for a known
// client and one of its redirect URIs.
type target struct {
	client *world.Client
	uri    string
	state  string
}

// authRequest is a valid authentication request (OIDC Core, 3.1.2.1).
type authRequest struct {
	target
	scopes    []string
	api       *world.API // nil for none
	nonce     string
	challenge string
	prompt    []string
	loginHint string
	maxAge    time.Duration // negative when left out
	values    url.Values    // as it came, without empty parameters
}

// target finds the client and checks the redirect URI.
func (p *provider) target(values url.Values) (target, error) {
	if len(values["client_id"]) > 1 || len(values["redirect_uri"]) > 1 {
		return target{}, badRequest("client_id or redirect_uri stands twice")
	}
	client, ok := p.client(values.Get("client_id"))
	if !ok {
		return target{}, badRequest("the client_id is not known here")
	}
	to := target{client: client, uri: values.Get("redirect_uri")}
	if to.uri == "" {
		return to, badRequest("the redirect_uri is missing")
	}
	if !p.registered(client, to.uri) {
		return to, badRequest("the redirect_uri is not one that the client registered; it must be the same to the letter")
	}
	if len(values["state"]) == 1 {
		to.state = values.Get("state")
	}
	return to, nil
}

// registered compares a redirect URI with those of a client by simple string
// comparison (RFC 6749, 3.1.2.3); the face may leave the port of localhost open.
func (p *provider) registered(client *world.Client, uri string) bool {
	if slices.Contains(client.RedirectURIs, uri) {
		return true
	}
	asked, ok := localhostWithoutPort(uri)
	return ok && p.face.anyLocalhostPort && slices.ContainsFunc(client.RedirectURIs, func(own string) bool {
		bare, ok := localhostWithoutPort(own)
		return ok && bare == asked
	})
}

// localhostWithoutPort takes the port from a URI of http://localhost. Loopback
// addresses are not meant.
func localhostWithoutPort(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" || u.User != nil || u.Fragment != "" {
		return "", false
	}
	u.Host = "localhost"
	return u.String(), true
}

// location is the redirect URI with the response in its query and, where the
// face has it, the issuer beside it (RFC 9207).
func (p *provider) location(to target, response url.Values) string {
	if p.face.issParameter {
		response.Set("iss", p.issuer.URL)
	}
	if to.state != "" {
		response.Set("state", to.state)
	}
	u, err := url.Parse(to.uri)
	if err != nil { // New has parsed it
		return to.uri
	}
	if u.Path == "" && u.Opaque == "" && p.face.slashAfterHost {
		u.Path = "/"
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += response.Encode()
	return u.String()
}

// request checks all the rest of an authentication request. Its refusals go to
// the client.
func (p *provider) request(to target, values url.Values) (*authRequest, error) {
	for _, check := range []func(url.Values) error{checkResponse, checkUnsupported, checkChallenge} {
		if err := check(values); err != nil {
			return nil, err
		}
	}
	scopes, err := p.grantable(to.client, scopeList(values.Get("scope")))
	if err != nil {
		return nil, err
	}
	api, err := p.requestedAPI(to.client, values.Get("audience"))
	if err != nil {
		return nil, err
	}
	prompt := scopeList(values.Get("prompt"))
	if err := checkPrompt(prompt); err != nil {
		return nil, err
	}
	maxAge, err := parseMaxAge(values.Get("max_age"))
	if err != nil {
		return nil, err
	}
	return &authRequest{
		target: to, scopes: scopes, api: api, nonce: values.Get("nonce"), challenge: values.Get("code_challenge"),
		prompt: prompt, loginHint: values.Get("login_hint"), maxAge: maxAge, values: values,
	}, nil
}

func checkResponse(v url.Values) error {
	switch t := v.Get("response_type"); {
	case t == "":
		return badRequest("the response_type is missing")
	case t != "code":
		return refuse("unsupported_response_type", "the response_type must be code")
	case v.Has("response_mode") && v.Get("response_mode") != "query":
		return badRequest("the response_mode must be query")
	}
	return nil
}

// checkUnsupported names what is left out of OIDC Core (6 and 7.2.1).
func checkUnsupported(v url.Values) error {
	for _, name := range []string{"request", "request_uri", "registration"} {
		if v.Has(name) {
			return refuse(name+"_not_supported", "the parameter "+name+" is not supported")
		}
	}
	return nil
}

// checkChallenge demands S256 of every client (RFC 7636; RFC 9700, 2.1.1).
func checkChallenge(v url.Values) error {
	challenge := v.Get("code_challenge")
	if challenge == "" {
		return badRequest("the code_challenge is missing: clients need PKCE")
	}
	if v.Get("code_challenge_method") != "S256" {
		return badRequest("the code_challenge_method must be S256")
	}
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(challenge); err != nil || len(sum) != 32 {
		return badRequest("the code_challenge is not a SHA-256 digest in base64url")
	}
	return nil
}

// grantable narrows requested scopes to what the client gets. offline_access is
// left out for a client without refresh tokens (OIDC Core, 11).
func (p *provider) grantable(client *world.Client, requested []string) ([]string, error) {
	if !slices.Contains(requested, "openid") {
		return nil, refuse("invalid_scope", "the scope openid is missing")
	}
	var granted []string
	for _, scope := range requested {
		known := p.apiScope(scope) != nil || slices.Contains(p.face.scopes, scope)
		if !known && p.face.strictScopes {
			return nil, refuse("invalid_scope", "a scope is not known here")
		}
		if known && (scope != "offline_access" || client.RefreshToken) {
			granted = append(granted, scope)
		}
	}
	return granted, p.oneAPI(granted)
}

func checkPrompt(prompt []string) error {
	if slices.Contains(prompt, "none") && len(prompt) > 1 {
		return badRequest("the prompt none stands beside another")
	}
	for _, p := range prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, p) {
			return badRequest("the prompt is not known")
		}
	}
	return nil
}

func parseMaxAge(text string) (time.Duration, error) {
	if text == "" {
		return -1, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, badRequest("the max_age is not a number of seconds")
	}
	return time.Duration(seconds) * time.Second, nil
}
