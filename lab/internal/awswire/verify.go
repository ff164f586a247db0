package awswire

import (
	"fmt"
	"net/http"
	"time"
)

// Scope is the service and region of a SigV4 credential scope. Service is the
// signing name of the service model: "sts", "sso-oauth", "s3".
type Scope struct {
	Service string
	Region  string
}

// Verifier checks the SigV4 signature of a request whose body has been read
// into memory. It returns who signed, and how, or a *[VerifyError] saying what is
// wrong; any other error is answered as an internal failure. When both are known,
// the access key is returned beside the error, so that the audit trail can name
// the caller of a refused request.
//
// A Verifier must be safe for concurrent use and must not change r or body.
type Verifier interface {
	Verify(r *http.Request, body []byte, want Scope) (Signature, error)
}

// Signature is what a signature that holds says.
type Signature struct {
	// AccessKeyID is the key that signed.
	AccessKeyID string
	// Presigned: the signature is in the query.
	Presigned bool
	// At is the date of the signature.
	At time.Time
	// PayloadHash is what was signed for the body: of S3 and S3 Control the value
	// of x-amz-content-sha256, of other services the hash of the body.
	PayloadHash string
}

// VerifyKind says which check of a signature failed. Each service family has its
// own words and HTTP status for a kind; the engine knows them, a Verifier does not.
type VerifyKind int

// The kinds of signature failure. In which order the checks are made is the
// Verifier's affair.
const (
	// VerifyMissing: no Authorization header and no presigned query.
	VerifyMissing VerifyKind = iota + 1
	// VerifyIncomplete: a signature is there, but malformed or lacking a part.
	VerifyIncomplete
	// VerifyWrongService: the credential scope names another service.
	VerifyWrongService
	// VerifyWrongRegion: the credential scope names another region.
	VerifyWrongRegion
	// VerifySkewed: the request's date is too far off, or its presigned time is over.
	VerifySkewed
	// VerifyUnknownKey: nobody has that access key.
	VerifyUnknownKey
	// VerifyTokenMismatch: the session token is missing, superfluous or not the key's.
	VerifyTokenMismatch
	// VerifyExpired: the session of the temporary credentials has ended.
	VerifyExpired
	// VerifyBadSignature: the signature is not the one that the key makes.
	VerifyBadSignature
	// VerifyPayloadMismatch: the body does not have the hash that was signed.
	VerifyPayloadMismatch
)

var verifyKindNames = map[VerifyKind]string{
	VerifyMissing:         "missing authentication",
	VerifyIncomplete:      "incomplete signature",
	VerifyWrongService:    "wrong service in credential scope",
	VerifyWrongRegion:     "wrong region in credential scope",
	VerifySkewed:          "request time out of range",
	VerifyUnknownKey:      "unknown access key",
	VerifyTokenMismatch:   "session token mismatch",
	VerifyExpired:         "session expired",
	VerifyBadSignature:    "signature does not match",
	VerifyPayloadMismatch: "payload hash does not match",
}

// String names the kind in a few lower-case words.
func (k VerifyKind) String() string {
	if name, ok := verifyKindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("verify kind %d", int(k))
}

// VerifyError is the error of a [Verifier]. It holds no secret: neither the
// secret key nor the session token.
type VerifyError struct {
	Kind VerifyKind
	// Region is the region the request should have been signed for. S3 answers
	// it to the client on VerifyWrongRegion. May be empty.
	Region string
	// Got is the region or the service that the credential scope named, for
	// VerifyWrongRegion and VerifyWrongService. May be empty.
	Got string
	// Message, if not empty, replaces the service family's standard text. Set it
	// only where AWS's own text varies with the request (VerifyIncomplete,
	// VerifySkewed). It must be fit to be shown to the client.
	Message string
	// Code and Status, if not zero, replace the service family's standard ones:
	// S3 has several codes for a malformed signature.
	Code   string
	Status int
	// Detail holds further elements that S3 puts beside Code and Message, such
	// as StringToSign or CanonicalRequest. The other families ignore it.
	Detail map[string]string
}

// Error implements error.
func (e *VerifyError) Error() string {
	if e.Message == "" {
		return e.Kind.String()
	}
	return e.Kind.String() + ": " + e.Message
}
