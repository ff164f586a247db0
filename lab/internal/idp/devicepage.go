package idp

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Wrong user codes that an issuer's page takes in a while (RFC 8628, 5.1).
const (
	attemptLimit  = 10
	attemptWindow = time.Minute
)

// attempts counts wrong user codes. Guarded by provider.mu.
type attempts struct {
	since time.Time
	count int
}

// deviceView fills the pages on which people enter a user code and decide.
type deviceView struct {
	Issuer, Client, Action, CSRF, Code, Problem string
	Person                                      personView
	Scopes                                      []string
	Approved                                    bool
}

// deviceEntry asks for the user code (RFC 8628, 3.3). The one that the URL may
// bring is filled in but must be sent by the person.
func (p *provider) deviceEntry(w http.ResponseWriter, r *http.Request) {
	values, err := parameters(r.URL.RawQuery)
	if err != nil {
		p.refusePage(w, Event{Kind: KindDevice}, err)
		return
	}
	if p.bringsLogin(values) {
		p.deviceHeadless(w, r, values)
		return
	}
	p.codePage(w, r, http.StatusOK, values.Get("user_code"), "")
}

func (p *provider) codePage(w http.ResponseWriter, r *http.Request, status int, code, problem string) {
	action := pathOf(p.face.device.page) + "/code"
	p.pages.write(w, status, "device", "'self'", deviceView{
		Issuer: p.issuer.URL, Action: action, CSRF: p.protect(w, r, p.face.device.cookies, action),
		Code: clip(code, 20), Problem: problem,
	})
}

// deviceCode takes the user code. Whoever is signed in goes on to decide.
func (p *provider) deviceCode(w http.ResponseWriter, r *http.Request) {
	form, err := p.ownForm(w, r)
	if err != nil {
		p.refusePage(w, Event{Kind: KindDevice}, err)
		return
	}
	owner, d, ok := p.find(w, r, form.Get("user_code"))
	if !ok {
		return
	}
	if s, ok := owner.session(r); ok {
		owner.decisionPage(w, r, d, s)
		return
	}
	owner.deviceForm(w, r, d, http.StatusOK, "", "")
}

// find returns the device with a user code and its provider, which is one of
// those that share the page. Without one, or after too many wrong codes, it
// answers and returns false.
func (p *provider) find(w http.ResponseWriter, r *http.Request, code string) (*provider, *deviceAuthorization, bool) {
	if rest := p.locked(); rest > 0 {
		p.report(Event{Kind: KindDevice}, refuse("slow_down", "too many wrong user codes"))
		w.Header().Set("Retry-After", strconv.Itoa(int((rest+time.Second-1)/time.Second)))
		p.codePage(w, r, http.StatusTooManyRequests, code, "Too many wrong codes. Wait a minute and try again.")
		return nil, nil, false
	}
	for _, peer := range p.peers {
		if d, ok := peer.waiting(code); ok {
			return peer, d, true
		}
	}
	p.mu.Lock()
	p.wrong.count++
	p.mu.Unlock()
	p.report(Event{Kind: KindDevice}, badRequest("no device waits under this user code"))
	p.codePage(w, r, http.StatusBadRequest, code, "This code is wrong or has expired.")
	return nil, nil, false
}

// locked is how long no user code is taken any more, zero when one is.
func (p *provider) locked() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if end := p.wrong.since.Add(attemptWindow); now.Before(end) {
		if p.wrong.count >= attemptLimit {
			return end.Sub(now)
		}
		return 0
	}
	p.wrong = attempts{since: now}
	return 0
}

// deviceForm shows the sign-in page for a device.
func (p *provider) deviceForm(w http.ResponseWriter, r *http.Request, d *deviceAuthorization, status int, login, problem string) {
	p.form(w, r, status, &signInForm{
		client: d.client.ID, path: pathOf(p.face.device.page) + "/sign-in", query: deviceQuery(d).Encode(),
		cookies: p.face.device.cookies, target: "'self'", login: login, problem: problem,
	})
}

func deviceQuery(d *deviceAuthorization) url.Values { return url.Values{"user_code": {d.userCode}} }

// deviceSignIn takes the form of the sign-in page for a device.
func (p *provider) deviceSignIn(w http.ResponseWriter, r *http.Request) {
	owner, d, form, ok := p.deviceStep(w, r)
	if !ok {
		return
	}
	if form.Has("cancel") {
		owner.finish(w, d, nil, false)
		return
	}
	person, ok := owner.signedIn(form)
	if !ok {
		owner.deviceSignInFailed(w, r, d, form.Get("login"))
		return
	}
	owner.decisionPage(w, r, d, owner.newSession(w, owner.face.device.cookies, person))
}

// deviceStep reads a form whose query names the device.
func (p *provider) deviceStep(w http.ResponseWriter, r *http.Request) (*provider, *deviceAuthorization, url.Values, bool) {
	owner, d, ok := p.find(w, r, r.URL.Query().Get("user_code"))
	if !ok {
		return nil, nil, nil, false
	}
	form, err := owner.ownForm(w, r)
	if err != nil {
		owner.refusePage(w, Event{Kind: KindDevice, Client: d.client.ID}, err)
		return nil, nil, nil, false
	}
	return owner, d, form, true
}

func (p *provider) deviceSignInFailed(w http.ResponseWriter, r *http.Request, d *deviceAuthorization, login string) {
	err := &refusal{http.StatusUnauthorized, "access_denied", "wrong login or password"}
	p.report(Event{Kind: KindDevice, Client: d.client.ID}, err)
	p.deviceForm(w, r, d, err.status, login, "The login or the password is wrong.")
}

// decisionPage asks whether the device may have what it wants. Its form holds
// for the person it names only.
func (p *provider) decisionPage(w http.ResponseWriter, r *http.Request, d *deviceAuthorization, s *session) {
	query := deviceQuery(d)
	query.Set("person", s.person.Login)
	action := (&url.URL{Path: pathOf(p.face.device.page) + "/decision", RawQuery: query.Encode()}).String()
	p.pages.write(w, http.StatusOK, "decision", "'self'", deviceView{
		Issuer: p.issuer.URL, Client: d.client.ID, Action: action, CSRF: p.protect(w, r, p.face.device.cookies, action),
		Code: d.userCode, Person: viewOf(s.person), Scopes: d.scopes,
	})
}

// deviceDecision takes the decision of the person who is signed in.
func (p *provider) deviceDecision(w http.ResponseWriter, r *http.Request) {
	owner, d, form, ok := p.deviceStep(w, r)
	if !ok {
		return
	}
	s, ok := owner.session(r)
	switch {
	case !ok:
		owner.deviceForm(w, r, d, http.StatusOK, "", "")
	case s.person.Login != r.URL.Query().Get("person"):
		owner.decisionPage(w, r, d, s)
	case form.Get("decision") == "approve":
		owner.finish(w, d, s, true)
	case form.Get("decision") == "deny":
		owner.finish(w, d, s, false)
	default:
		owner.refusePage(w, Event{Kind: KindDevice, Client: d.client.ID}, badRequest("the decision is neither approve nor deny"))
	}
}

// finish records a decision and tells the person. s is nil for whoever
// cancelled before signing in.
func (p *provider) finish(w http.ResponseWriter, d *deviceAuthorization, s *session, approved bool) {
	e := Event{Kind: KindDevice, Client: d.client.ID}
	if s != nil {
		e.Person = s.person.Login
	}
	if !p.decide(d, s, approved) {
		p.refusePage(w, e, badRequest("the device waits no longer"))
		return
	}
	var err error
	if !approved {
		err = refuse("access_denied", "the person denied the device")
	}
	p.report(e, err)
	p.pages.write(w, http.StatusOK, "decided", "'none'", deviceView{Issuer: p.issuer.URL, Client: d.client.ID, Approved: approved})
}

// deviceHeadless decides for the person whom the request itself names. See [WithHeadless].
func (p *provider) deviceHeadless(w http.ResponseWriter, r *http.Request, values url.Values) {
	if err := causedElsewhere(r); err != nil {
		p.refusePage(w, Event{Kind: KindDevice}, err)
		return
	}
	decision := values.Get("lab_decision")
	if decision != "" && decision != "approve" && decision != "deny" {
		p.refusePage(w, Event{Kind: KindDevice}, badRequest("the lab_decision is neither approve nor deny"))
		return
	}
	owner, d, ok := p.find(w, r, values.Get("user_code"))
	if !ok {
		return
	}
	person, ok := owner.authenticate(values.Get("lab_login"), values.Get("lab_password"))
	if !ok {
		owner.deviceSignInFailed(w, r, d, values.Get("lab_login"))
		return
	}
	owner.finish(w, d, &session{person: person, authTime: p.now()}, decision != "deny")
}
