package idp

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// deviceGrant is the grant type of RFC 8628, section 3.4.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

const (
	// pollInterval is how long a client waits between polls, and by how much
	// slow_down makes that longer (RFC 8628, 3.2 and 3.5).
	pollInterval = 5 * time.Second
	// pollTolerance forgives a client whose timer runs fast.
	pollTolerance = 500 * time.Millisecond
	// userCodeLetters make no words and look unlike each other (RFC 8628, 6.1).
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
)

type deviceState int

const (
	deviceWaits deviceState = iota
	deviceApproved
	deviceDenied
	deviceUsed
)

// deviceAuthorization is a device that waits for a person. What may change is
// guarded by the mu of its provider.
type deviceAuthorization struct {
	client   *world.Client
	scopes   []string
	api      *world.API // nil for none
	userCode string
	expires  time.Time

	state    deviceState
	grant    *grant // once approved
	interval time.Duration
	polled   time.Time // zero before the first poll
}

// deviceResponse is a device authorization response (RFC 8628, 3.2).
type deviceResponse struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete,omitempty"`
	ExpiresIn               int    `json:"expires_in"`
	Interval                int    `json:"interval"`
	Message                 string `json:"message,omitempty"`
}

// deviceAuthorize is the device authorization endpoint (RFC 8628, 3.1).
func (p *provider) deviceAuthorize(w http.ResponseWriter, r *http.Request) {
	e := Event{Kind: KindDevice}
	response, err := p.newDevice(w, r, &e)
	p.report(e, err)
	if err != nil {
		writeTokenError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, response)
}

func (p *provider) newDevice(w http.ResponseWriter, r *http.Request, e *Event) (*deviceResponse, error) {
	client, form, err := p.clientForm(w, r)
	if err != nil {
		return nil, err
	}
	e.Client = client.ID
	scopes, err := p.grantable(client, scopeList(form.Get("scope")))
	if err != nil {
		return nil, err
	}
	api, err := p.requestedAPI(client, form.Get("audience"))
	if err != nil {
		return nil, err
	}
	face, code := p.face.device, randomText()
	d := &deviceAuthorization{
		client: client, scopes: scopes, api: api, userCode: newUserCode(),
		expires: p.now().Add(face.lifetime), interval: pollInterval,
	}
	p.mu.Lock()
	p.users.put(plainUserCode(d.userCode), d, face.lifetime)
	p.devices.put(code, d, 2*face.lifetime) // so that expired_token can be told
	p.mu.Unlock()
	return face.response(code, d), nil
}

func (f *deviceFace) response(code string, d *deviceAuthorization) *deviceResponse {
	response := &deviceResponse{
		DeviceCode: code, UserCode: d.userCode, VerificationURI: f.page,
		ExpiresIn: int(f.lifetime.Seconds()), Interval: int(pollInterval.Seconds()),
	}
	if f.complete {
		response.VerificationURIComplete = f.page + "?" + url.Values{"user_code": {d.userCode}}.Encode()
	}
	if f.message {
		response.Message = "To sign in, open " + f.page + " in a web browser and enter the code " + d.userCode + "."
	}
	return response
}

// newUserCode makes a code of eight letters with a dash in the middle: 34 bits.
func newUserCode() string {
	var code []byte
	for len(code) < 9 {
		for _, b := range randomBytes(16) {
			if len(code) == 4 {
				code = append(code, '-')
			}
			if int(b) < 256/len(userCodeLetters)*len(userCodeLetters) && len(code) < 9 {
				code = append(code, userCodeLetters[int(b)%len(userCodeLetters)])
			}
		}
	}
	return string(code)
}

// plainUserCode is a typed user code without what people add or leave out
// (RFC 8628, 6.1): letters of the alphabet only, in upper case.
func plainUserCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(userCodeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
}

// redeemDevice is the device_code grant (RFC 8628, 3.4).
func (p *provider) redeemDevice(client *world.Client, form url.Values, e *Event) (*tokenResponse, error) {
	if !form.Has("device_code") {
		return nil, badRequest("the device_code is missing")
	}
	g, err := p.poll(form.Get("device_code"), client)
	if err != nil {
		return nil, err
	}
	e.Person = g.person.Login
	return p.respond(g, g.scopes, "", p.firstRefreshToken(g), e)
}

// poll returns the grant of a device code once, when a person has approved it
// (RFC 8628, 3.5).
func (p *provider) poll(code string, client *world.Client) (*grant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.devices.get(code)
	if !ok || d.client.ID != client.ID {
		return nil, refuse(p.face.device.unknown, "the device_code is not valid")
	}
	now := p.now()
	switch {
	case d.state == deviceUsed:
		return nil, badGrant("the device_code was used before")
	case d.state == deviceDenied:
		return nil, refuse(p.face.device.declined, "the person denied the request")
	case !now.Before(d.expires):
		return nil, refuse("expired_token", "the device_code has expired")
	case d.state == deviceApproved && d.grant.revoked:
		return nil, badGrant("the sign-in was ended")
	case d.state == deviceApproved:
		d.state = deviceUsed
		return d.grant, nil
	}
	early := !d.polled.IsZero() && now.Before(d.polled.Add(d.interval-pollTolerance))
	d.polled = now
	if early {
		d.interval += pollInterval
		return nil, refuse("slow_down", "polled too early; wait five seconds longer from now on")
	}
	return nil, refuse("authorization_pending", "nobody has decided yet")
}

// waiting returns the device that waits under a user code.
func (p *provider) waiting(userCode string) (*deviceAuthorization, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.users.get(plainUserCode(userCode))
	return d, ok && d.state == deviceWaits
}

// decide records what a person decided and reports whether the device still waited.
func (p *provider) decide(d *deviceAuthorization, s *session, approved bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.state != deviceWaits || !p.now().Before(d.expires) {
		return false
	}
	if !approved {
		d.state = deviceDenied
		return true
	}
	d.state = deviceApproved
	d.grant = newGrant(d.client, s.person, d.scopes, s.authTime)
	d.grant.api = d.api
	return true
}
