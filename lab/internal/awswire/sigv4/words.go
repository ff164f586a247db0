package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// words are the refusals of one service family in its own terms. A refusal
// whose text never varies is made without them.
type words interface {
	badScheme(authorization string) *Error
	badPart(part, authorization string) *Error
	missingParts(names []string, authorization string) *Error
	missingParams(names []string) *Error
	badAlgorithm(algorithm string) *Error
	noDate(authorization string) *Error
	badDate(got string) *Error
	skewed(at, now time.Time, tolerance time.Duration) *Error
	badCredential(got string) *Error
	wrongScope(got credentialScope, stamp string, want awswire.Scope) *Error
	hostNotSigned() *Error
	notSigned(names []string) *Error
	badQuery(err error) *Error
}

// commonWords are those of the query, JSON and rest services.
type commonWords struct{}

func incomplete(format string, args ...any) *Error {
	return &Error{Kind: awswire.VerifyIncomplete, Message: fmt.Sprintf(format, args...)}
}

func badSignature(format string, args ...any) *Error {
	return &Error{Kind: awswire.VerifyBadSignature, Message: fmt.Sprintf(format, args...)}
}

// hashed is how AWS names an Authorization header without repeating it.
func hashed(authorization string) string {
	sum := sha256.Sum256([]byte(authorization))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (commonWords) badScheme(authorization string) *Error {
	scheme, _, _ := strings.Cut(authorization, " ")
	if !strings.HasPrefix(scheme, "AWS") {
		return &Error{Kind: awswire.VerifyMissing}
	}
	return incomplete("Unsupported AWS 'algorithm': '%s' (only AWS4-HMAC-SHA256 for now). ", scheme)
}

func (commonWords) badPart(part, authorization string) *Error {
	return incomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header "+
		"(hashed with SHA-256 and encoded with Base64): '%s'.", part, hashed(authorization))
}

func (commonWords) missingParts(names []string, authorization string) *Error {
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "Authorization header requires '%s' parameter. ", name)
	}
	return incomplete("%s(Hashed with SHA-256 and encoded with Base64) Authorization=%s", text.String(), hashed(authorization))
}

func (commonWords) missingParams(names []string) *Error {
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "AWS query-string parameters must include '%s'. ", name)
	}
	return incomplete("%sRe-examine the query-string parameters.", text.String())
}

func (commonWords) badAlgorithm(algorithm string) *Error {
	return incomplete("Unsupported AWS 'algorithm': '%s' (only AWS4-HMAC-SHA256 for now). ", algorithm)
}

func (commonWords) noDate(authorization string) *Error {
	return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "+
		"(Hashed with SHA-256 and encoded with Base64) Authorization=%s", hashed(authorization))
}

func (commonWords) badDate(got string) *Error {
	return incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", got)
}

func (commonWords) skewed(at, now time.Time, tolerance time.Duration) *Error {
	text, limit, sign := "Signature expired: %s is now earlier than %s (%s %s %d min.)", now.Add(-tolerance), "-"
	if at.After(now) {
		text, limit, sign = "Signature not yet current: %s is still later than %s (%s %s %d min.)", now.Add(tolerance), "+"
	}
	message := fmt.Sprintf(text, stampOf(at), stampOf(limit), stampOf(now), sign, int(tolerance.Minutes()))
	return &Error{Kind: awswire.VerifySkewed, Message: message}
}

func (commonWords) badCredential(got string) *Error {
	return incomplete("Credential must have exactly 5 slash-delimited elements, "+
		"e.g. keyid/date/region/service/term, got '%s'", got)
}

func (commonWords) wrongScope(got credentialScope, stamp string, want awswire.Scope) *Error {
	switch {
	case got.region != want.Region:
		return &Error{Kind: awswire.VerifyWrongRegion, Region: want.Region, Got: got.region,
			Message: "Credential should be scoped to a valid region. "}
	case got.service != want.Service:
		return &Error{Kind: awswire.VerifyWrongService, Got: got.service,
			Message: fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", want.Service)}
	case got.terminator != terminator:
		return badSignature("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'. ", got.terminator)
	}
	return badSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "+
		"'%s' != '%s', from '%s'.", got.date, stamp[:len(dateFormat)], stamp)
}

func (commonWords) hostNotSigned() *Error {
	return badSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
}

func (commonWords) notSigned(names []string) *Error {
	return badSignature("'%s' must be a 'SignedHeader' in the AWS Authorization.", strings.Join(names, "', '"))
}

func (commonWords) badQuery(err error) *Error { return incomplete("Malformed query string: %v", err) }
