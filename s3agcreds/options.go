package s3agcreds

import (
	"errors"
	"log/slog"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go/metrics"
)

// Defaults of [Options].
const (
	// DefaultMaxGrants is how many grants a [Plugin] remembers.
	DefaultMaxGrants = 30_000
	// DefaultLifetimeShare of their life is how long credentials of a grant are used.
	DefaultLifetimeShare = 0.9
	// DefaultRefreshShare of their life is when they are renewed in the background.
	DefaultRefreshShare = 0.7
	// DefaultExpiryMargin is the life that they must have left to be used at all.
	DefaultExpiryMargin = 30 * time.Second
	// DefaultDeniedFor is how long a denial is remembered.
	DefaultDeniedFor = 5 * time.Minute
	// DefaultResolvedFor is how long the account and the region of a bucket are remembered.
	DefaultResolvedFor = time.Hour
)

// Causes of an [OptionError] of a [Plugin].
var (
	// ErrCredentialsMissing means that the configuration has no credentials, or anonymous ones.
	ErrCredentialsMissing = errors.New("credentials are required")
	// ErrRegion means that the configuration has no region.
	ErrRegion = errors.New("a region is required")
	// ErrFallback means a policy other than those of this package.
	ErrFallback = errors.New("want FallbackNever, FallbackNoGrant or FallbackAlways")
	// ErrOneBucket means a target whose asterisk is in the bucket's name.
	ErrOneBucket = errors.New("want a target in one bucket")
	// ErrNumber means a number that is out of its range.
	ErrNumber = errors.New("out of range")
)

// Options configures a [Plugin].
type Options struct {
	// AccountID owns the Access Grants instance. If it is empty, it is found for each
	// bucket by GetAccessGrantsInstanceForPrefix, which is asked in the caller's account.
	// Where that is not allowed, or knows of none, it is the caller's account.
	AccountID string
	// CrossRegion has the region of each bucket looked up by an unsigned HeadBucket and
	// the instance of that region asked. Without it the region of the S3 client is that
	// of the instance. It does not lead the S3 request itself elsewhere; see [Plugin.Region].
	CrossRegion bool
	// Privilege Default, or empty, gets credentials for the whole of a grant, which serve
	// everything in it; Minimal for exactly the target of a request.
	Privilege types.Privilege
	// SendTargetType sends TargetType=Object with targets that are one object. With
	// privilege Minimal it is always sent.
	SendTargetType bool
	// Duration of the credentials, 15 minutes to 12 hours, whole seconds. Zero is
	// not sent; the service then gives one hour.
	Duration time.Duration
	// AuditContext is copied to CloudTrail, up to 2048 characters.
	AuditContext string

	// Fallback is what happens where there is no grant. Operations that S3 Access Grants
	// does not know are signed with the base credentials in any case.
	Fallback Fallback

	// MaxGrants bounds the grants that are remembered, and apart from them the
	// denials; those go that were used longest ago. Default: [DefaultMaxGrants].
	MaxGrants int
	// LifetimeShare, from 0 to 1. Default: [DefaultLifetimeShare].
	LifetimeShare float64
	// RefreshShare, from 0 to 1; 1 switches renewal in the background off. Where it is not
	// well before the end of LifetimeShare, or of what ExpiryMargin leaves, renewal is after
	// nine tenths of that time. Default: [DefaultRefreshShare].
	RefreshShare float64
	// ExpiryMargin, negative for none. Default: [DefaultExpiryMargin].
	ExpiryMargin time.Duration
	// DeniedFor, negative for not at all. Default: [DefaultDeniedFor].
	DeniedFor time.Duration
	// ResolvedFor, negative for not at all. Default: [DefaultResolvedFor].
	ResolvedFor time.Duration
	// Timeout bounds what is asked for one request, retries included. Default: [DefaultTimeout].
	Timeout time.Duration

	// MeterProvider receives the metrics that the package documentation lists. Default:
	// that of the S3 client.
	MeterProvider metrics.MeterProvider
	// Logger gets a line at level debug for each call of AWS, and at level warn for a
	// fallback. No line has a secret. Default: none.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	setDefault(&o.MaxGrants, DefaultMaxGrants)
	setDefault(&o.LifetimeShare, DefaultLifetimeShare)
	setDefault(&o.RefreshShare, DefaultRefreshShare)
	setDefault(&o.ExpiryMargin, DefaultExpiryMargin)
	setDefault(&o.DeniedFor, DefaultDeniedFor)
	setDefault(&o.ResolvedFor, DefaultResolvedFor)
	setDefault(&o.Timeout, DefaultTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T comparable](value *T, def T) {
	var zero T
	if *value == zero {
		*value = def
	}
}

func (o *Options) validate() error {
	switch {
	case o.AccountID != "" && !validAccountID(o.AccountID):
		return &OptionError{Option: "AccountID", Value: o.AccountID, Err: ErrAccountID}
	case o.Privilege != "" && !validPrivilege(o.Privilege):
		return &OptionError{Option: "Privilege", Value: string(o.Privilege), Err: ErrPrivilege}
	case o.Duration != 0 && !validDuration(o.Duration):
		return &OptionError{Option: "Duration", Value: o.Duration.String(), Err: ErrDuration}
	case utf8.RuneCountInString(o.AuditContext) > maxAuditContext:
		return &OptionError{Option: "AuditContext", Err: ErrAuditContext}
	case o.Fallback < FallbackNever || o.Fallback > FallbackAlways:
		return &OptionError{Option: "Fallback", Value: strconv.Itoa(int(o.Fallback)), Err: ErrFallback}
	case o.MaxGrants < 0:
		return &OptionError{Option: "MaxGrants", Value: strconv.Itoa(o.MaxGrants), Err: ErrNumber}
	case !share(o.LifetimeShare):
		return &OptionError{Option: "LifetimeShare", Value: text(o.LifetimeShare), Err: ErrNumber}
	case !share(o.RefreshShare):
		return &OptionError{Option: "RefreshShare", Value: text(o.RefreshShare), Err: ErrNumber}
	case o.Timeout < 0:
		return &OptionError{Option: "Timeout", Value: o.Timeout.String(), Err: ErrNumber}
	}
	return nil
}

func share(x float64) bool { return x > 0 && x <= 1 } // NaN is none

func text(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
