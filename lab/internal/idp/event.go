package idp

import (
	"sync"
	"time"
)

// Kind names the endpoint that decided something.
type Kind string

// Kinds of event.
const (
	// KindAuthorize is an answer of the authorization endpoint or its sign-in
	// page: a code, an error, or a refused password.
	KindAuthorize Kind = "authorize"
	// KindToken is an answer of the token endpoint.
	KindToken Kind = "token"
	// KindDevice is an answer of the device authorization endpoint (RFC 8628,
	// 3.2) or what a person decided on its page.
	KindDevice Kind = "device"
	// KindRevocation is an answer of the revocation endpoint (RFC 7009).
	KindRevocation Kind = "revocation"
	// KindInitiateAuth is an answer of Cognito's InitiateAuth.
	KindInitiateAuth Kind = "initiate-auth"
	// KindLogout is an answer of the logout endpoint.
	KindLogout Kind = "logout"
)

// Event is a decision of an issuer. It holds no password, code or token.
type Event struct {
	Time time.Time
	// Issuer is the issuer's name in the world.
	Issuer string
	Kind   Kind
	// Client is the id of a known client, Person the login of a known person;
	// empty while unknown.
	Client, Person string
	// GrantType as the token endpoint was given it, if it is a known one; the
	// AuthFlow of InitiateAuth.
	GrantType string
	// Error is the OAuth error code, Description its error_description; of
	// InitiateAuth exception and message. Both are empty when the request was granted.
	Error, Description string
	// InGrace says that a rotated refresh token was used again in time and gave tokens.
	InGrace bool
	// ReuseAlarm says that a refresh token was used again after its grace and that
	// its family was revoked for it. Further uses of the family raise no alarm.
	ReuseAlarm bool
	// CodeReplay says that a code was used again and that what it gave was revoked.
	CodeReplay bool
	// TokenID is the jti, or what the vendor has instead, of the ID token that
	// was issued.
	TokenID string
}

// serialized makes observe, which may be nil, safe for concurrent callers.
func serialized(observe func(Event)) func(Event) {
	if observe == nil {
		return func(Event) {}
	}
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		observe(e)
	}
}

// report tells the observer how a request ended. err is nil when it was granted.
func (p *provider) report(e Event, err error) {
	e.Time, e.Issuer = p.now(), p.issuer.Name
	if err != nil {
		r := asRefusal(err)
		e.Error, e.Description = r.code, r.description
	}
	p.observe(e)
}
