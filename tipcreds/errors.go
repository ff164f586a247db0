package tipcreds

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Causes of an [OptionError].
var (
	// ErrClientsMissing means that nothing could sign the exchange.
	ErrClientsMissing = errors.New("without an application role both an STS client and an SSO OIDC client are required")
	// ErrSameRole means that the application role is the access role.
	ErrSameRole = errors.New("the application role must not be the access role: it would have to assume itself, " +
		"which IAM refuses unless the role's own trust policy names it")
	// ErrMalformedARN means that an ARN does not have the form it must have.
	ErrMalformedARN = errors.New("malformed ARN")
	// ErrPartitionMismatch means that the ARNs name different partitions.
	ErrPartitionMismatch = errors.New("the partition is not that of the access role")
	// ErrRegionMissing means that a client cannot be built for want of a region.
	ErrRegionMissing = errors.New("a region is required")
	// ErrTokenProviderMissing means that no WebTokenProvider was given.
	ErrTokenProviderMissing = errors.New("a web token provider is required")
	// ErrSubjectMissing means that a user's credentials are to be shared by a
	// [Cache], and it is not said whose they are.
	ErrSubjectMissing = errors.New("a cache requires the subject of the user")
	// ErrMaxUsers means that a pool would have no room for a user.
	ErrMaxUsers = errors.New("a pool has room for one user at least")
	// ErrContext means that STS would refuse one of the contexts.
	ErrContext = errors.New("STS takes five contexts at most, each with the ARN of its provider and an assertion of 4 to 2048 characters")
	// ErrUserAgent means that a text does not fit into a User-Agent header.
	ErrUserAgent = errors.New("want NAME or NAME/VERSION of letters, digits and characters of \"-.+_\"")
	// ErrDurationRange means that STS would refuse a duration.
	ErrDurationRange = errors.New("duration out of range")
	// ErrSessionName means that STS would refuse a role session name.
	ErrSessionName = errors.New(`a role session name has 2 to 64 letters, digits and characters of "_+=,.@-"`)
)

// Causes of an [ExchangeError] that are found on this side of the wire.
var (
	// ErrNoWebToken means that the WebTokenProvider, or the caller of
	// Exchange, gave an empty token.
	ErrNoWebToken = errors.New("the web token is empty")
	// ErrWebTokenSpent means that the WebTokenProvider returned a JWT that was sent
	// to IAM Identity Center before: by the renewal before, or by another process
	// with the same [Cache]. AWS was not called.
	ErrWebTokenSpent = errors.New("the web token provider returned the JWT that was exchanged before")
	// ErrForgotten means that [Pool.Forget] was called for the user since [Pool.For]
	// was, or while their credentials were renewed.
	ErrForgotten = errors.New("the user was forgotten meanwhile")
	// ErrSubjectMismatch means that the JWT is of another user than it should be.
	// AWS was not called.
	ErrSubjectMismatch = errors.New("the web token is of another user")
	// ErrNoUser means that a client of [Pool.Config] was called without credentials
	// of a user.
	ErrNoUser = errors.New("clients of a pool have no credentials of their own: hand those of the user over with each call, " +
		"func(o *s3.Options) { o.Credentials = user }, on a context with the user (tipcreds.WithUser)")
	// ErrNotAJWT means that a web token is not a JWT in compact form whose claims iss,
	// sub and exp can be read.
	ErrNotAJWT = errors.New("the web token is not a JWT whose claims can be read")
	// ErrNoSubject means that a JWT, or a [Subject], lacks issuer or id.
	ErrNoSubject = errors.New("issuer and subject are required")
	// ErrNoRefreshToken means that ExchangeRefreshToken was given none.
	ErrNoRefreshToken = errors.New("the refresh token is empty")
	// ErrNoBootstrap means that a refresh token is at hand, but neither
	// application role credentials nor a JWT to get them with.
	ErrNoBootstrap = errors.New("no application role credentials at hand, and no web token to get them with")
	// ErrNoIdentityContext means that CreateTokenWithIAM gave no identity
	// context, neither as awsAdditionalDetails.identityContext nor as the ID
	// token's claim sts:identity_context.
	ErrNoIdentityContext = errors.New("the answer holds no identity context")
	// ErrAnswerTooLong means that an answer went beyond a mebibyte, where
	// those of AWS have some thousand bytes.
	ErrAnswerTooLong = errors.New("the answer is too long")
	// ErrNoCredentials means that STS answered without credentials.
	ErrNoCredentials = errors.New("the answer holds no credentials")
)

// OptionError is an argument or option that [New] refuses, or another constructor of
// this package or one below it.
type OptionError struct {
	// Option names the argument or the field of Options.
	Option string
	// Value is what was given; empty if nothing was.
	Value string
	// Err is one of the sentinels above.
	Err error
}

// Error implements error.
func (e *OptionError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("tipcreds: %s: %v", e.Option, e.Err)
	}
	return fmt.Sprintf("tipcreds: %s %q: %v", e.Option, e.Value, e.Err)
}

// Unwrap returns Err.
func (e *OptionError) Unwrap() error { return e.Err }

// Step is a part of the exchange.
type Step string

// The steps, in order.
const (
	// StepWebToken gets the JWT from the WebTokenProvider.
	StepWebToken Step = "WebToken"
	// StepAssumeApplicationRole is sts:AssumeRoleWithWebIdentity.
	StepAssumeApplicationRole Step = "AssumeApplicationRole"
	// StepCreateToken is sso-oauth:CreateTokenWithIAM.
	StepCreateToken Step = "CreateToken"
	// StepAssumeAccessRole is sts:AssumeRole with ProvidedContexts.
	StepAssumeAccessRole Step = "AssumeAccessRole"
)

func (s Step) phrase() string {
	switch s {
	case StepWebToken:
		return "get web token"
	case StepAssumeApplicationRole:
		return "assume application role with web identity"
	case StepCreateToken:
		return "create token with IAM"
	case StepAssumeAccessRole:
		return "assume access role"
	default:
		return string(s)
	}
}

// ExchangeError is a failed step. Tokens and identity contexts are removed
// from its texts should a service have echoed them.
//
// CreateTokenWithIAM refuses a signature before it reads the JWT. So JWTSpent and
// InDoubt are false, Throttled is false and Code is set if AWS answered with
// InvalidSignatureException, SignatureDoesNotMatch, RequestTimeTooSkewed,
// RequestExpired, IncompleteSignature, MissingAuthenticationToken (these two with
// or without "Exception"), UnrecognizedClientException or InvalidClientTokenId, or
// with ExpiredToken in the form of IAM, which speaks of the signing credentials.
// The difference of the clocks with which the request was signed is forgotten, so
// that the same JWT may be sent once more. ExpiredTokenException may speak of
// either and counts as spent.
type ExchangeError struct {
	// Step is where the exchange failed.
	Step Step
	// Code is the error code of AWS, such as "AccessDenied" of STS or
	// "InvalidGrantException" of IAM Identity Center. Empty if AWS did not
	// answer. Something on the way, such as a proxy, may have given it: see
	// InDoubt.
	Code string
	// Message is the text of AWS; at IAM Identity Center the
	// error_description of RFC 6749 section 5.2. May be empty.
	Message string
	// HTTPStatus is the status of the answer, 0 if there was none.
	HTTPStatus int
	// RequestID is AWS's id of the request, to be quoted to its support.
	RequestID string
	// RetryAfter is what the answer's Retry-After header asks for, in whole
	// seconds and at most a day (RFC 9110 section 10.2.3); 0 if nothing.
	RetryAfter time.Duration
	// ClockSkew is AWS's clock, by the Date header of the last answer, minus
	// the local one, in whole seconds: positive if the local clock is behind.
	// 0 if they agree or nothing was measured.
	ClockSkew time.Duration

	// JWTSpent reports that the JWT was sent to IAM Identity Center, or may
	// have been, and is not to be sent there again if another can be had. It
	// is false if not a byte of the request was written, and if AWS did not
	// look at the JWT: for its rate ([ExchangeError.Throttled]), or for the
	// signature (see above). With ErrWebTokenSpent it is true of the exchange
	// before.
	JWTSpent bool
	// InDoubt reports that the JWT was sent and that no verdict came: no
	// answer, a 5xx, a broken or unreadable answer, or a refusal that is not
	// AWS's: a code that AWS does not have, without the headers x-amzn-ErrorType
	// and x-amzn-RequestId. The JWT may be used up or
	// not; only sending it once more would tell, by an InvalidGrantException.
	// False if AWS accepted or refused it; then JWTSpent says the rest.
	InDoubt bool
	// CacheErr is why the [Cache] could not be asked, nil if it could or there is
	// none. Another process may then have exchanged the JWT.
	CacheErr error
	// Err is the cause: an error of the SDK, of the WebTokenProvider, of the
	// hook, a context's error, or a sentinel of this package. If AWS echoed a
	// secret, a *smithy.GenericAPIError with the same code takes the place of
	// the SDK's error.
	Err error
}

// Error implements error. The text is one line, holds no secrets, and names a
// difference of the clocks where that is a likely cause. Of each text of AWS it
// holds the first 1,000 characters.
func (e *ExchangeError) Error() string {
	var b strings.Builder
	b.WriteString(e.Step.phrase())
	switch {
	case e.Code == "" && e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	case e.Message == "":
		fmt.Fprintf(&b, ": %s", shortened(e.Code))
	default:
		fmt.Fprintf(&b, ": %s: %s", shortened(e.Code), shortened(e.Message))
	}
	if e.Code != "" && e.HTTPStatus != 0 {
		fmt.Fprintf(&b, " (HTTP %d", e.HTTPStatus)
		if e.RequestID != "" {
			fmt.Fprintf(&b, ", request %s", shortened(e.RequestID))
		}
		b.WriteString(")")
	}
	if e.blamesClock() {
		b.WriteString("; " + clockText(e.ClockSkew))
	}
	if e.JWTSpent && e.CacheErr != nil {
		fmt.Fprintf(&b, "; the cache could not be asked, so another process may have exchanged the JWT (%v)", e.CacheErr)
	}
	return strings.Map(printable, b.String())
}

// maxText bounds each text of AWS in a line of ours, in characters.
const maxText = 1000

// shortened is text, cut after maxText characters.
func shortened(text string) string {
	var n int
	for i := range text {
		if n++; n > maxText {
			return text[:i] + "..."
		}
	}
	return text
}

// printable makes a space of what could break a line or command a terminal.
func printable(r rune) rune {
	if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

// Unwrap returns Err.
func (e *ExchangeError) Unwrap() error { return e.Err }

// RetryableError tells the SDK's retryers not to ask the provider again
// within one call of a service client: STS calls were retried already, and
// every further attempt would cost a JWT.
func (e *ExchangeError) RetryableError() bool { return false }
