package sigv4

import (
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// Credential is what the world knows of one access key.
type Credential struct {
	AccessKeyID     string
	SecretAccessKey string
	// SessionToken is empty for a long-term key; such a key must not be used
	// with any token.
	SessionToken string
	// Expires is the end of the session; zero means never.
	Expires time.Time
}

// Lookup finds the credential of an access key; false if nobody has it. It is
// called once a request and must be safe for concurrent use.
type Lookup func(accessKeyID string) (Credential, bool)

// Options are the settings of [New].
type Options struct {
	// Now is the lab's clock. The default is time.Now.
	Now func() time.Time
	// MaxSkew says how far a request's date may be from Now, either way, for a
	// signing name. The default is [MaxSkew].
	MaxSkew func(service string) time.Duration
}

// Verifier verifies requests against the credentials that a [Lookup] finds.
type Verifier struct {
	lookup  Lookup
	now     func() time.Time
	maxSkew func(service string) time.Duration
	keys    keyCache
}

var _ awswire.Verifier = (*Verifier)(nil)

// New makes a Verifier.
func New(lookup Lookup, optFns ...func(*Options)) *Verifier {
	opts := Options{Now: time.Now, MaxSkew: MaxSkew}
	for _, fn := range optFns {
		fn(&opts)
	}
	return &Verifier{lookup: lookup, now: opts.Now, maxSkew: opts.MaxSkew}
}

// MaxSkew is the tolerance of AWS: 15 minutes at S3 (RequestTimeTooSkewed,
// MaxAllowedSkewMilliseconds 900000) and at STS and IAM ("... - 15 min.)" in
// their errors), 5 minutes elsewhere ("... - 5 min.)", and the IAM user guide).
func MaxSkew(service string) time.Duration {
	switch service {
	case "s3", "sts", "iam":
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// Verify implements awswire.Verifier for header and query signatures. For the
// signing name s3 (S3 Control) it demands x-amz-content-sha256, single-encodes
// the path and checks x-amz-checksum-* and Content-MD5; for all others it takes
// the hash of body, whatever that header says.
func (v *Verifier) Verify(r *http.Request, body []byte, want awswire.Scope) (awswire.Signature, error) {
	c, fail := v.check(r, want, func(c *check) (string, *Error) {
		if c.s3 {
			return c.payloadHash()
		}
		return hexSHA256(body), nil
	})
	switch {
	case fail == nil && c.anonymous:
		fail = &Error{Kind: awswire.VerifyMissing}
	case fail == nil && c.s3:
		fail = c.verifyBuffered(body)
	}
	if fail != nil {
		return awswire.Signature{AccessKeyID: c.accessKeyID()}, fail.verifyError()
	}
	return awswire.Signature{AccessKeyID: c.accessKeyID(), Presigned: c.auth.presigned, At: c.auth.at, PayloadHash: c.hash}, nil
}
