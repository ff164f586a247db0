package oidclogin

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an [Error].
type Kind int

const (
	// KindUnknown is the Kind of an error that is not an [*Error].
	KindUnknown Kind = iota
	// KindNetwork: the provider could not be reached, or is out of order for
	// now (5xx, 429, an unreadable answer). Try again; a new sign-in does not help.
	KindNetwork
	// KindInvalidGrant: the provider no longer takes the refresh token or the
	// code. Only a new sign-in helps (RFC 6749 section 5.2, invalid_grant).
	KindInvalidGrant
	// KindDenied: the person or the provider refused the sign-in.
	KindDenied
	// KindTimeout: nobody completed the sign-in in time, or the deadline of the
	// caller's context passed.
	KindTimeout
	// KindPortInUse: the port of the redirect cannot be listened on.
	KindPortInUse
	// KindConfig: issuer, client or redirect are set up wrongly, here or at the provider.
	KindConfig
	// KindVerification: the ID token or the redirect failed a check.
	KindVerification
	// KindNoIDToken: the answer of the token endpoint had no id_token.
	KindNoIDToken
	// KindInterrupted: the caller's context was cancelled, as by Ctrl-C.
	KindInterrupted
)

// String returns a lower-case name for logs.
func (k Kind) String() string {
	names := [...]string{
		"unknown", "network", "invalid grant", "denied", "timeout", "port in use",
		"configuration", "verification", "no ID token", "interrupted",
	}
	if k < 0 || int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// ErrNoIDToken matches, with errors.Is, the error for an answer of the token
// endpoint without an id_token. Providers may leave it out when refreshing
// (OpenID Connect Core 1.0 section 12.2). [Client.Refresh] returns the rotated
// refresh token beside it.
var ErrNoIDToken = errors.New("the answer has no id_token")

// ErrNoRevocation matches, with errors.Is, the error of [Client.Revoke] for a
// provider that has no revocation endpoint.
var ErrNoRevocation = errors.New("the identity provider cannot revoke tokens")

// Error is every error of this package.
type Error struct {
	// Op is what was attempted, such as "sign in".
	Op string
	// Kind says what the caller can do.
	Kind Kind
	// Description is the cause in one line. Text of the provider in it is
	// free of control characters, shortened, and redacted.
	Description string
	// Hint is what the person can do, in one line; it may be empty.
	Hint string
	// ClockSkew is the clock of the provider, by its Date headers, minus the local
	// clock, to the second; zero if it told none.
	ClockSkew time.Duration

	// cause is nil, ErrNoIDToken, ErrNoRevocation, the error of a context, of
	// Settings.ClientSecret, or of the net, crypto/tls or io packages: nothing
	// that holds an answer's body.
	cause error
	final bool          // see Retryable
	code  string        // of an OAuth error
	after time.Duration // that the provider asks to wait
}

// Error returns Op and Description. The hint is left to the caller to print.
func (e *Error) Error() string {
	if e.Op == "" {
		return e.Description
	}
	return e.Op + ": " + e.Description
}

// Retryable reports whether the same may succeed later without anybody changing
// anything. That holds for [KindNetwork], except where a certificate is not
// trusted or where what came is no answer of an identity provider.
func (e *Error) Retryable() bool { return e.Kind == KindNetwork && !e.final }

// Unwrap returns the cause: [ErrNoIDToken], [ErrNoRevocation], context.Canceled,
// context.DeadlineExceeded, an error of the network or of Settings.ClientSecret,
// or nil.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the Kind of the first [*Error] in err's tree, else [KindUnknown].
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindUnknown
}

// fail makes an Error without a hint.
func fail(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Description: fmt.Sprintf(format, args...)}
}

// hint sets e's hint and returns e.
func (e *Error) hint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// during names what was attempted in err, which is nil or an *Error, and adds
// how the clocks differ.
func (k *call) during(op string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		named := *e
		named.Op, named.ClockSkew = op, k.skew
		return &named
	}
	return err
}
