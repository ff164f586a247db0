package idp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Cookies of an issuer. Its face says below which path the browser sends them.
const (
	csrfCookie    = "tiplab_csrf"
	sessionCookie = "tiplab_session"
)

// signInPage shows the sign-in page for a request.
func (p *provider) signInPage(w http.ResponseWriter, r *http.Request, req *authRequest, status int, problem string) {
	p.form(w, r, status, &signInForm{
		client: req.client.ID, path: pathOf(p.signInURL()), query: pageQuery(req.values),
		cookies: p.face.cookies, target: formTarget(req.uri), login: req.loginHint, problem: problem,
	})
}

// offeredPeople is how many can sign in with one click: the page of a world of
// thousands stays short. The others type.
const offeredPeople = 50

// signInForm is a sign-in page to be shown. Its form goes to path and query.
type signInForm struct {
	client, path, query string
	cookies, target     string
	login, problem      string
}

func (p *provider) form(w http.ResponseWriter, r *http.Request, status int, f *signInForm) {
	action := (&url.URL{Path: f.path, RawQuery: f.query}).String()
	v := signInView{
		Issuer: p.issuer.URL, Client: f.client, Action: action, CSRF: p.protect(w, r, f.cookies, action),
		Login: clip(f.login, 200), Problem: f.problem,
	}
	offered := p.issuer.People[:min(len(p.issuer.People), offeredPeople)]
	for i := range offered {
		v.People = append(v.People, viewOf(&offered[i]))
	}
	v.More = len(p.issuer.People) - len(offered)
	if status == http.StatusUnauthorized { // RFC 9110, 11.6.1: it carries a challenge; browsers ignore this one
		w.Header().Set("WWW-Authenticate", "LabForm")
	}
	p.pages.write(w, status, "signin", f.target, v)
}

// protect gives the browser its cookie and returns the token for a form that
// goes to action.
func (p *provider) protect(w http.ResponseWriter, r *http.Request, cookies, action string) string {
	browser := p.csrfValue(r)
	p.setCookie(w, cookies, csrfCookie, browser)
	return p.csrfToken(browser, action)
}

// pageQuery is the request without what signs in by itself.
func pageQuery(values url.Values) string {
	kept := url.Values{}
	for name, v := range values {
		if name != "lab_login" && name != "lab_password" {
			kept[name] = v
		}
	}
	return kept.Encode()
}

// signIn takes the form of the sign-in page. Its query is the authentication
// request, which is checked again as if it had just come.
func (p *provider) signIn(w http.ResponseWriter, r *http.Request) {
	req, ok := p.authRequest(w, r.URL.RawQuery)
	if !ok {
		return
	}
	form, err := p.ownForm(w, r)
	if err != nil {
		p.refusePage(w, Event{Kind: KindAuthorize, Client: req.client.ID}, err)
		return
	}
	if form.Has("cancel") {
		p.sendError(w, req.target, refuse("access_denied", "the person cancelled"))
		return
	}
	person, ok := p.signedIn(form)
	if !ok {
		req.loginHint = form.Get("login") // so that it need not be typed again
		p.signInFailed(w, r, req)
		return
	}
	s := p.newSession(w, p.face.cookies, person)
	p.sendCode(w, req, s.person, s.authTime)
}

// signedIn returns who the form signs in: the person clicked on, or the one
// whose login and password were typed.
func (p *provider) signedIn(form url.Values) (*world.Person, bool) {
	if form.Has("person") {
		return p.person(form.Get("person"))
	}
	return p.authenticate(form.Get("login"), form.Get("password"))
}

// signInFailed shows the page again. It does not say which part was wrong.
func (p *provider) signInFailed(w http.ResponseWriter, r *http.Request, req *authRequest) {
	err := &refusal{http.StatusUnauthorized, "access_denied", "wrong login or password"}
	p.report(Event{Kind: KindAuthorize, Client: req.client.ID}, err)
	p.signInPage(w, r, req, err.status, "The login or the password is wrong.")
}

// ownForm reads a form and makes sure that our own page sent it: by the
// browser's word (Sec-Fetch-Site, Origin) and by a token bound to a cookie that
// cross-site POSTs do not carry.
func (p *provider) ownForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	forged := &refusal{http.StatusForbidden, "access_denied", "this form did not come from the sign-in page; open it again"}
	if http.NewCrossOriginProtection().Check(r) != nil || !isForm(r.Header.Get("Content-Type")) {
		return nil, forged
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	form, err := parameters(body)
	if err != nil {
		return nil, err
	}
	cookie, err := r.Cookie(csrfCookie)
	if err != nil {
		return nil, forged
	}
	if !hmac.Equal([]byte(p.csrfToken(cookie.Value, r.URL.RequestURI())), []byte(form.Get("csrf"))) {
		return nil, forged
	}
	return form, nil
}

// csrfValue is what the browser's cookie holds, or a new value.
func (p *provider) csrfValue(r *http.Request) string {
	if c, err := r.Cookie(csrfCookie); err == nil && isCSRFValue(c.Value) {
		return c.Value
	}
	return randomText()
}

func isCSRFValue(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(b) == 32
}

// csrfToken binds a form to a browser and to what the form is sent to.
func (p *provider) csrfToken(browser, action string) string {
	mac := hmac.New(sha256.New, p.csrfKey)
	mac.Write([]byte(browser + "\n" + action))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newSession signs a browser in, always under a new name.
func (p *provider) newSession(w http.ResponseWriter, cookies string, person *world.Person) *session {
	s := &session{person: person, authTime: p.now()}
	id := randomText()
	p.mu.Lock()
	p.sessions.put(id, s, sessionLifetime)
	p.mu.Unlock()
	p.setCookie(w, cookies, sessionCookie, id)
	return s
}

func (p *provider) session(r *http.Request) (*session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions.get(cookie.Value)
}

// setCookie sends a cookie that comes back below a URL only.
func (p *provider) setCookie(w http.ResponseWriter, below, name, value string) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: pathOf(below), HttpOnly: true,
		Secure: p.base.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
}

// clip shortens what a request wants shown.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return strings.ToValidUTF8(s, "")
}
