package idp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// authorized is the answer to an authorization request.
type authorized struct {
	status int
	// redirected says that it went to our redirect URI: client and URI are known. code
	// is the error it came with (RFC 6749 section 4.1.2.1).
	redirected bool
	code       string
	// mismatch says that the provider speaks of the redirect URI.
	mismatch bool
}

// redeemed is the answer to a code that nobody has.
type redeemed struct {
	status            int
	code, description string
	// unasked is why the endpoint was not asked.
	unasked string
}

// redirectURI is what a sign-in listens on.
func (s *section) redirectURI() string {
	return "http://" + net.JoinHostPort(s.login.RedirectHost, strconv.Itoa(s.login.RedirectPort)) + s.login.RedirectPath
}

// askAuthorization makes the request of a sign-in, with prompt=none, so that no page can
// wait for anybody (OpenID Connect Core 1.0 section 3.1.2.1). Nil for no answer.
func (s *section) askAuthorization(ctx context.Context) *authorized {
	address := s.endpoint(authorizationEndpoint)
	if s.byDevice() {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	u.RawQuery = s.question(u.Query()).Encode()
	a, err := s.probe(ctx, u.String(), nil, func(r *http.Request) { r.Header.Set("Accept", "text/html") })
	if !s.noteAnswer(authorizationEndpoint, address, a, err) {
		return nil
	}
	return s.readRedirect(a)
}

func (s *section) question(q url.Values) url.Values {
	for name, value := range s.login.Parameters {
		q.Set(name, value)
	}
	if s.login.Audience != "" {
		q.Set("audience", s.login.Audience)
	}
	challenge := sha256.Sum256([]byte(rand.Text() + rand.Text()))
	for name, value := range map[string]string{
		"response_type": "code", "client_id": s.login.ClientID, "redirect_uri": s.redirectURI(), "scope": strings.Join(s.login.Scopes, " "),
		"state": rand.Text(), "nonce": rand.Text(), "prompt": "none",
		"code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256",
	} {
		q.Set(name, value)
	}
	return q
}

func (s *section) readRedirect(a *answer) *authorized {
	got := &authorized{status: a.status}
	words := strings.ToLower(string(a.body) + " " + a.location)
	// Not the parameter's name: any page to sign in at may carry it along.
	got.mismatch = slices.ContainsFunc([]string{"redirect_mismatch", "redirect_uri_mismatch", "aadsts50011"}, func(word string) bool {
		return strings.Contains(words, word)
	})
	to, err := url.Parse(a.location)
	if a.location == "" || err != nil {
		return got
	}
	own, err := url.Parse(s.redirectURI())
	if err != nil || to.Host != own.Host || to.Scheme != own.Scheme || strings.TrimSuffix(to.Path, "/") != strings.TrimSuffix(own.Path, "/") {
		return got
	}
	got.redirected, got.code = true, to.Query().Get("error")
	return got
}

// askToken redeems a code that nobody has, which tells whether the client is known.
func (s *section) askToken(ctx context.Context) *redeemed {
	address := s.endpoint(tokenEndpoint)
	form, dress, reason := s.credentials(ctx, s.madeUp())
	if reason != "" {
		a, err := s.probe(ctx, address, url.Values{}, nil)
		s.noteAnswer(tokenEndpoint, address, a, err)
		return &redeemed{unasked: reason}
	}
	a, err := s.probe(ctx, address, form, dress)
	if !s.noteAnswer(tokenEndpoint, address, a, err) {
		return &redeemed{unasked: "the token endpoint does not answer, see idp.endpoints"}
	}
	return readError(a)
}

func (s *section) madeUp() url.Values {
	if s.byDevice() {
		return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {"tip-cli-diag"}}
	}
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {"tip-cli-diag"}, "redirect_uri": {s.redirectURI()}, "code_verifier": {rand.Text() + rand.Text()},
	}
}

// credentials adds those of the client (RFC 6749 section 2.3.1). A program that prints
// the secret is not run.
func (s *section) credentials(ctx context.Context, form url.Values) (url.Values, func(*http.Request), string) {
	method := s.login.ClientAuthentication
	if method == "" || method == config.ClientAuthNone {
		form.Set("client_id", s.login.ClientID)
		return form, nil, ""
	}
	value, err := s.secret(ctx)
	switch {
	case err != nil:
		return nil, nil, err.Error()
	case method == config.ClientAuthPost:
		form.Set("client_id", s.login.ClientID)
		form.Set("client_secret", value.Reveal())
		return form, nil, ""
	}
	return form, func(r *http.Request) {
		r.SetBasicAuth(url.QueryEscape(s.login.ClientID), url.QueryEscape(value.Reveal()))
	}, ""
}

func (s *section) secret(ctx context.Context) (secret.Value, error) {
	if len(s.login.ClientSecretCommand) > 0 {
		return secret.Value{}, errors.New("the client needs its secret, and a diagnosis does not run client_secret_command")
	}
	if s.chain.Store == nil {
		return secret.Value{}, errors.New("the client needs its secret, and there is no state directory")
	}
	value, err := s.chain.Store.LoadClientSecret(ctx)
	if err != nil {
		return value, errors.New("the client needs its secret, which cannot be read, see local")
	}
	return value, nil
}

// readError reads the error of a token endpoint; Okta has a form of its own besides that
// of RFC 6749 section 5.2.
func readError(a *answer) *redeemed {
	got := &redeemed{status: a.status}
	var said map[string]any
	if json.Unmarshal(a.body, &said) != nil {
		return got
	}
	for _, name := range []string{"errorCode", "error"} {
		if value, ok := said[name].(string); ok {
			got.code = value
		}
	}
	for _, name := range []string{"errorSummary", "error_description"} {
		if value, ok := said[name].(string); ok {
			got.description = value
		}
	}
	return got
}
