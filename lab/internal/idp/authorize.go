package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// authorize is the authorization endpoint, by GET and by POST (OIDC Core, 3.1.2.1).
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	encoded := r.URL.RawQuery
	if r.Method == http.MethodPost {
		form, err := formBody(w, r)
		if err != nil {
			p.refusePage(w, Event{Kind: KindAuthorize}, err)
			return
		}
		encoded = form
	}
	req, ok := p.authRequest(w, encoded)
	if !ok {
		return
	}
	if p.bringsLogin(req.values) {
		p.authorizeHeadless(w, r, req)
		return
	}
	if s, ok := p.session(r); ok && req.satisfiedBy(s, p.now()) {
		p.sendCode(w, req, s.person, s.authTime)
		return
	}
	if slices.Contains(req.prompt, "none") {
		p.sendError(w, req.target, refuse("login_required", "nobody is signed in"))
		return
	}
	p.signInPage(w, r, req, http.StatusOK, "")
}

// authRequest reads a request. When it is refused it answers, and returns false.
func (p *provider) authRequest(w http.ResponseWriter, encoded string) (*authRequest, bool) {
	values, malformed := parameters(encoded)
	if values == nil {
		p.refusePage(w, Event{Kind: KindAuthorize}, malformed)
		return nil, false
	}
	to, err := p.target(values)
	if err != nil {
		e := Event{Kind: KindAuthorize}
		if to.client != nil {
			e.Client = to.client.ID
		}
		p.refusePage(w, e, err)
		return nil, false
	}
	if malformed != nil {
		p.sendError(w, to, malformed)
		return nil, false
	}
	req, err := p.request(to, values)
	if err != nil {
		p.sendError(w, to, err)
		return nil, false
	}
	return req, true
}

// satisfiedBy reports whether a session answers the request without a page.
func (req *authRequest) satisfiedBy(s *session, now time.Time) bool {
	if len(req.prompt) > 0 && req.prompt[0] != "none" {
		return false
	}
	if req.maxAge >= 0 && now.Sub(s.authTime) > req.maxAge {
		return false
	}
	return req.loginHint == "" || strings.EqualFold(req.loginHint, s.person.Login)
}

// authorizeHeadless signs in the person whom the request itself names. See [WithHeadless].
func (p *provider) authorizeHeadless(w http.ResponseWriter, r *http.Request, req *authRequest) {
	if err := causedElsewhere(r); err != nil {
		p.refusePage(w, Event{Kind: KindAuthorize, Client: req.client.ID}, err)
		return
	}
	person, ok := p.authenticate(req.values.Get("lab_login"), req.values.Get("lab_password"))
	if !ok {
		p.signInFailed(w, r, req)
		return
	}
	p.sendCode(w, req, person, p.now())
}

// bringsLogin reports whether a request is headless.
func (p *provider) bringsLogin(values url.Values) bool {
	return p.headless && (values.Has("lab_login") || values.Has("lab_password"))
}

// causedElsewhere refuses a headless request that a page made a browser send.
func causedElsewhere(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" || r.Header.Get("Origin") != "" {
		return &refusal{http.StatusForbidden, "access_denied", "another page may not bring lab_login and lab_password"}
	}
	return nil
}

// authenticate finds the person with a login, in any case, and a password.
func (p *provider) authenticate(login, password string) (*world.Person, bool) {
	person, known := p.person(login)
	want := ""
	if known {
		want = person.Password
	}
	given, expected := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	return person, subtle.ConstantTimeCompare(given[:], expected[:]) == 1 && known
}

func (p *provider) person(login string) (*world.Person, bool) {
	person, known := p.people[world.FoldKey(login)]
	return person, known
}

// byLogin indexes the people of an issuer, so that 10,000 of them sign in as fast as two.
func byLogin(issuer *world.Issuer) map[string]*world.Person {
	index := make(map[string]*world.Person, len(issuer.People))
	for i := range issuer.People {
		if key := world.FoldKey(issuer.People[i].Login); index[key] == nil {
			index[key] = &issuer.People[i]
		}
	}
	return index
}

// sendCode answers with an authorization code.
func (p *provider) sendCode(w http.ResponseWriter, req *authRequest, person *world.Person, authTime time.Time) {
	code := randomText()
	g := newGrant(req.client, person, req.scopes, authTime)
	g.api = req.api
	p.mu.Lock()
	p.codes.put(code, &authorizationCode{
		grant: g, redirectURI: req.uri, challenge: req.challenge, nonce: req.nonce, expires: p.now().Add(codeLifetime),
	}, codeMemory)
	p.mu.Unlock()
	p.report(Event{Kind: KindAuthorize, Client: req.client.ID, Person: person.Login}, nil)
	redirect(w, p.location(req.target, url.Values{"code": {code}}))
}

// sendError answers with an error at the redirect URI (RFC 6749, 4.1.2.1).
func (p *provider) sendError(w http.ResponseWriter, to target, err error) {
	p.report(Event{Kind: KindAuthorize, Client: to.client.ID}, err)
	ref := asRefusal(err)
	redirect(w, p.location(to, url.Values{"error": {ref.code}, "error_description": {ref.description}}))
}

// redirect sends a browser on by GET, also after a POST (RFC 9700, 4.12).
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

// formBody returns the body of a form-encoded POST. Parameters in the query of
// such a request are refused (RFC 6749, 2.3.1 and 3.2).
func formBody(w http.ResponseWriter, r *http.Request) (string, error) {
	if !isForm(r.Header.Get("Content-Type")) {
		return "", badRequest("the Content-Type must be application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return "", badRequest("the parameters belong in the body")
	}
	return readBody(w, r)
}

func readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return "", badRequest("the request is too long")
	}
	if err != nil {
		return "", badRequest("the body cannot be read")
	}
	return string(body), nil
}
