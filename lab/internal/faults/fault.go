package faults

import (
	"fmt"
	"strings"
	"time"
)

// Action is what happens to a request that a fault strikes.
type Action string

// Actions. The first group is answered in place of the work, with the code and the
// status that the service has for it; the second leaves the work alone and damages
// the answer; the third does something and then lets the request go on.
const (
	// Throttle: too many requests.
	Throttle Action = "throttle"
	// InternalError: the service failed (500).
	InternalError Action = "internal-error"
	// Unavailable: the service is not there (503).
	Unavailable Action = "unavailable"
	// Refuse answers Code, Message and Status.
	Refuse Action = "refuse"
	// Deny: the caller lacks the right, whatever the policies say.
	Deny Action = "deny"
	// WrongRegion sends the client to Fault.ToRegion.
	WrongRegion Action = "wrong-region"
	// Expire ends the session of the caller now, and answers that it has expired.
	// At an OIDC provider it ends the sign-ins of the issuer, and the request goes on.
	Expire Action = "expire"
	// Reset cuts the connection before the work is done.
	Reset Action = "reset"

	// LostAnswer cuts the connection after the work, before the answer.
	LostAnswer Action = "lost-answer"
	// LateAnswer holds the answer back for Fault.Delay after the work.
	LateAnswer Action = "late-answer"
	// Truncate sends half of the answer under its full Content-Length.
	Truncate Action = "truncate"
	// Garbage sends a body that cannot be read: Fault.Body, or the page of a proxy.
	Garbage Action = "garbage"
	// ContentType sends the answer as Fault.ContentType, text/html by default.
	ContentType Action = "content-type"

	// Delay waits for Fault.Delay before the work.
	Delay Action = "delay"
	// AllowReplay lets a JWT be used again (CreateTokenWithIAM).
	AllowReplay Action = "allow-replay"
	// RotateKeys gives the issuer of the request, or Fault.Issuer, new keys.
	RotateKeys Action = "rotate-keys"
	// MoveClock moves the lab's clock by Fault.By.
	MoveClock Action = "move-clock"
)

// Actions lists every action.
func Actions() []Action {
	return []Action{
		Throttle, InternalError, Unavailable, Refuse, Deny, WrongRegion, Expire, Reset,
		LostAnswer, LateAnswer, Truncate, Garbage, ContentType, Delay, AllowReplay, RotateKeys, MoveClock,
	}
}

// Fault is one fault: which requests, which of those, and what happens to them.
// An empty selector is true of every request. Globs have * and ?; they do not mind case.
type Fault struct {
	// Name tells the fault from all others; made up if it is left out.
	Name string `yaml:"name" json:"name,omitempty"`
	// Do is what happens.
	Do Action `yaml:"do" json:"do"`

	// Service is a glob of the service: sts, sso-oidc, sso-admin, identitystore,
	// iam, cloudformation, s3, s3control, secretsmanager, athena, cognito-idp, or idp
	// for the OIDC providers.
	Service string `yaml:"service" json:"service,omitempty"`
	// Operation is a glob of the API's name of the operation; for idp the endpoint:
	// discovery, keys, authorize, token, userinfo, revoke, logout or device.
	Operation string `yaml:"operation" json:"operation,omitempty"`
	// Account is the id of the caller's account.
	Account string `yaml:"account" json:"account,omitempty"`
	// Region that the request is for.
	Region string `yaml:"region" json:"region,omitempty"`
	// AccessKey is the id of the key that signed.
	AccessKey string `yaml:"accessKey" json:"accessKey,omitempty"`
	// Role is a glob of the name or the ARN of the caller's role.
	Role string `yaml:"role" json:"role,omitempty"`
	// Person is the Identity Center user id that the caller's session carries.
	Person string `yaml:"person" json:"person,omitempty"`
	// Issuer is the name of the OIDC provider in the world; of RotateKeys, whose keys.
	Issuer string `yaml:"issuer" json:"issuer,omitempty"`

	// Nth strikes the nth request only, First the first n, Every each nth, all counted
	// from 1 among those that the selectors are true of.
	Nth   int `yaml:"nth" json:"nth,omitempty"`
	First int `yaml:"first" json:"first,omitempty"`
	Every int `yaml:"every" json:"every,omitempty"`
	// Probability strikes that part of them, above 0 and up to 1: the same ones every
	// time for the same Seed.
	Probability float64 `yaml:"probability" json:"probability,omitempty"`
	Seed        uint64  `yaml:"seed" json:"seed,omitempty"`
	// Times is how often the fault strikes at most; 0 for no limit.
	Times int `yaml:"times" json:"times,omitempty"`
	// From and Until bound the time, on the lab's clock: RFC 3339, or a duration after
	// the fault was set. Until is not part of it.
	From  string `yaml:"from" json:"from,omitempty"`
	Until string `yaml:"until" json:"until,omitempty"`

	// Delay of the actions delay and late-answer, on the machine's clock; five minutes at most.
	Delay Duration `yaml:"delay" json:"delay,omitzero"`
	// Code, Message and Status of the action refuse.
	Code    string `yaml:"code" json:"code,omitempty"`
	Message string `yaml:"message" json:"message,omitempty"`
	Status  int    `yaml:"status" json:"status,omitempty"`
	// RetryAfter is sent as the header of that name, in whole seconds, with throttle and
	// unavailable; an OIDC provider sends 1 if it is left out.
	RetryAfter Duration `yaml:"retryAfter" json:"retryAfter,omitzero"`
	// ToRegion of the action wrong-region.
	ToRegion string `yaml:"toRegion" json:"toRegion,omitempty"`
	// Body of the action garbage.
	Body string `yaml:"body" json:"body,omitempty"`
	// ContentType of the actions content-type and garbage.
	ContentType string `yaml:"contentType" json:"contentType,omitempty"`
	// KeepOld leaves the old keys published for the lifetime of an ID token (rotate-keys).
	KeepOld bool `yaml:"keepOld" json:"keepOld,omitempty"`
	// By is how far move-clock moves the clock; negative for back.
	By Duration `yaml:"by" json:"by,omitzero"`
}

// Duration is a time.Duration that is written as 1m30s.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 1m30s", text)
	}
	*d = Duration(v)
	return nil
}

// String is the duration as time.Duration writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// endpoints are the operations of the service idp.
var endpoints = []string{"discovery", "keys", "authorize", "token", "userinfo", "revoke", "logout", "device"}

// ProviderService is the service name of the OIDC providers.
const ProviderService = "idp"

// Endpoints lists the operations of the OIDC providers.
func Endpoints() []string { return append([]string(nil), endpoints...) }

// glob reports whether name is like a pattern with * and ?, whatever its case.
func glob(pattern, name string) bool {
	return like(strings.ToLower(pattern), strings.ToLower(name))
}

// like matches bytes; the last star is taken back as often as it takes.
func like(pattern, name string) bool {
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
