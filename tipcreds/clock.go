package tipcreds

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
)

// notableSkew is the difference of clocks from which it is worth a word. AWS admits
// five minutes in a signature's time and, as far as is known, next to nothing in a
// token's.
const notableSkew = 30 * time.Second

// clockSkew is how far AWS's clock is ahead of the local one by the Date header
// of an answer (RFC 9110 section 6.6.1), in whole seconds; negative if behind.
// The header was written at some moment between the question and the answer, so
// that only what lies outside of these is a difference, however slow the answer.
// An answer with Age comes from a cache and tells nothing.
func clockSkew(header http.Header, asked, answered time.Time) (skew time.Duration, measured bool) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return 0, false
	}
	if latest := answered.Truncate(time.Second); date.After(latest) {
		return date.Sub(latest), true
	}
	if earliest := asked.Truncate(time.Second); date.Before(earliest) {
		return date.Sub(earliest), true
	}
	return 0, true
}

// clockText says which clock is behind.
func clockText(skew time.Duration) string {
	if skew < 0 {
		return "the local clock is " + (-skew).String() + " ahead of AWS's"
	}
	return "the local clock is " + skew.String() + " behind AWS's"
}

// blamesClock reports whether the clocks differ and the error is of a kind to
// which that leads.
func (e *ExchangeError) blamesClock() bool {
	return e.ClockSkew.Abs() >= notableSkew && isTimeCode(e.Code)
}

// isTimeCode reports whether AWS gives code where a token or a signature is too
// old or not valid yet, among other causes.
func isTimeCode(code string) bool {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed",
		"SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure",
		"InvalidIdentityToken", "InvalidGrantException":
		return true
	default:
		return false
	}
}

// skewedSigner signs with AWS's time as the last answer to any of the three calls
// told it. The SDK does so with what the same client heard last. Here the first
// signed call matters, and that the news is fresh: it carries the JWT and is never
// repeated, but the answer to AssumeRoleWithWebIdentity, which is not signed, has
// told the time by then.
type skewedSigner struct {
	ssooidc.HTTPSignerV4

	skew *atomic.Pointer[time.Duration] // nil: nothing heard yet
}

// SignHTTP implements ssooidc.HTTPSignerV4.
func (s skewedSigner) SignHTTP(
	ctx context.Context, credentials aws.Credentials, r *http.Request,
	payloadHash, service, region string, signingTime time.Time, optFns ...func(*v4.SignerOptions),
) error {
	if skew := s.skew.Load(); skew != nil {
		signingTime = time.Now().Add(*skew)
	}
	return s.HTTPSignerV4.SignHTTP(ctx, credentials, r, payloadHash, service, region, signingTime, optFns...)
}

// correctClock installs the signer in the client that New builds.
func (x *exchanger) correctClock(o *ssooidc.Options) {
	if !o.DisableClockSkewCorrection {
		o.HTTPSignerV4 = skewedSigner{o.HTTPSignerV4, &x.skew}
	}
}
