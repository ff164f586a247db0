package s3agcreds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// Limits of GetDataAccess and defaults of [ProviderOptions].
const (
	// MinDuration and MaxDuration bound ProviderOptions.Duration.
	MinDuration = 15 * time.Minute
	MaxDuration = 12 * time.Hour
	// DefaultExpiryWindow is how long before their expiry credentials are
	// renewed.
	DefaultExpiryWindow = 5 * time.Minute
	// DefaultTimeout bounds one call of GetDataAccess, retries included.
	DefaultTimeout = time.Minute

	maxAuditContext = 2048
)

// Causes of an [OptionError], besides [ErrTarget].
var (
	// ErrClientMissing means that no client was given.
	ErrClientMissing = errors.New("a client is required")
	// ErrAccountID means that an account id is not 12 digits.
	ErrAccountID = errors.New("an account id has 12 digits")
	// ErrPermission means a permission other than READ, WRITE, READWRITE.
	ErrPermission = errors.New("want READ, WRITE or READWRITE")
	// ErrPrivilege means a privilege other than Default and Minimal.
	ErrPrivilege = errors.New("want Default or Minimal")
	// ErrTargetType means a target type that does not exist, or that does
	// not fit the target.
	ErrTargetType = errors.New(`the only target type is Object, for a target that is one object; ` +
		`leave it out for a bucket or a prefix`)
	// ErrDuration means that GetDataAccess would refuse the duration.
	ErrDuration = errors.New("want whole seconds from 15m0s to 12h0m0s")
	// ErrAuditContext means that the audit context is too long.
	ErrAuditContext = errors.New("at most 2048 characters are allowed")
)

// OptionError is an argument or option that is refused before any call.
type OptionError struct {
	// Option names the argument or the field of the options.
	Option string
	// Value is what was given; empty if nothing was, or if Err shows it.
	Value string
	// Err is one of the sentinels above, or wraps one.
	Err error
}

// Error implements error.
func (e *OptionError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("s3agcreds: %s: %v", e.Option, e.Err)
	}
	return fmt.Sprintf("s3agcreds: %s %q: %v", e.Option, e.Value, e.Err)
}

// Unwrap returns Err.
func (e *OptionError) Unwrap() error { return e.Err }

// ProviderOptions configures a [Provider].
type ProviderOptions struct {
	// Privilege Default, or empty, gives credentials for the whole matched
	// grant; Minimal for exactly the target that is asked for.
	Privilege types.Privilege
	// TargetType is Object or empty. It matters with privilege Minimal, where
	// a target without an asterisk is otherwise taken for a prefix.
	TargetType types.S3PrefixType
	// Duration of the credentials, 15 minutes to 12 hours, whole seconds.
	// Zero is not sent; the service then gives one hour.
	Duration time.Duration
	// AuditContext is copied to CloudTrail, up to 2048 characters.
	AuditContext string
	// ExpiryWindow is how long before expiry [Provider.Retrieve] renews. It
	// is cut to a third of the credentials' life. If a renewal fails, credentials
	// with more than a minute left are handed out still. Negative: none.
	ExpiryWindow time.Duration
	// Timeout bounds one call, the client's retries included.
	Timeout time.Duration
}

func (o *ProviderOptions) setDefaults() {
	if o.ExpiryWindow == 0 {
		o.ExpiryWindow = DefaultExpiryWindow
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
}

func (o *ProviderOptions) validate(target string) error {
	if o.Privilege != "" && !validPrivilege(o.Privilege) {
		return &OptionError{Option: "Privilege", Value: string(o.Privilege), Err: ErrPrivilege}
	}
	if !validTargetType(o.TargetType, target) {
		return &OptionError{Option: "TargetType", Value: string(o.TargetType), Err: ErrTargetType}
	}
	if o.Duration != 0 && !validDuration(o.Duration) {
		return &OptionError{Option: "Duration", Value: o.Duration.String(), Err: ErrDuration}
	}
	if utf8.RuneCountInString(o.AuditContext) > maxAuditContext {
		return &OptionError{Option: "AuditContext", Err: ErrAuditContext}
	}
	return nil
}

// validTargetType refuses Object for a bucket and for a prefix, as the API
// reference asks. A key may end in a slash.
func validTargetType(t types.S3PrefixType, target string) bool {
	if t == "" {
		return true
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(target, scheme), "/")
	return t == types.S3PrefixTypeObject && key != "" && !strings.HasSuffix(key, "*")
}

func validPrivilege(p types.Privilege) bool {
	return slices.Contains(p.Values(), p)
}

func validDuration(d time.Duration) bool {
	return d >= MinDuration && d <= MaxDuration && d%time.Second == 0
}

func validPermission(p types.Permission) bool {
	return slices.Contains(p.Values(), p)
}

func validAccountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
