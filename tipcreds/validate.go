package tipcreds

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Limits of STS DurationSeconds. The limit of role chaining is in
// [Options.Duration].
const (
	minDuration      = 15 * time.Minute
	maxDuration      = 12 * time.Hour
	maxChainDuration = time.Hour
)

func (o *Options) validate(accessRoleARN, applicationARN string) error {
	if err := o.validateARNs(accessRoleARN, applicationARN); err != nil {
		return err
	}
	if o.ApplicationRoleARN == "" && (o.STSClient == nil || o.SSOOIDCClient == nil) {
		return &OptionError{Option: "ApplicationRoleARN", Err: ErrClientsMissing}
	}
	if err := o.validateRegions(); err != nil {
		return err
	}
	if !validSessionName(o.ApplicationSessionName) {
		return &OptionError{Option: "ApplicationSessionName", Value: o.ApplicationSessionName, Err: ErrSessionName}
	}
	if err := o.validateExtras(); err != nil {
		return err
	}
	return o.validateDurations()
}

// Limits of STS ProvidedContexts, of which one is the user's.
const (
	maxContexts  = 5
	minAssertion = 4
	maxAssertion = 2048
)

func (o *Options) validateExtras() error {
	if len(o.ExtraContexts) > maxContexts-1 {
		return &OptionError{Option: "ExtraContexts", Err: ErrContext}
	}
	for _, c := range o.ExtraContexts {
		n := utf8.RuneCountInString(aws.ToString(c.ContextAssertion))
		if provider := aws.ToString(c.ProviderArn); !arn.IsARN(provider) || n < minAssertion || n > maxAssertion {
			return &OptionError{Option: "ExtraContexts", Value: provider, Err: ErrContext}
		}
	}
	if !validUserAgent(o.UserAgent) {
		return &OptionError{Option: "UserAgent", Value: o.UserAgent, Err: ErrUserAgent}
	}
	return nil
}

func (o *Options) validateARNs(accessRoleARN, applicationARN string) error {
	access, err := parseRoleARN("access role", accessRoleARN)
	if err != nil {
		return err
	}
	application, err := parseApplicationARN(applicationARN)
	if err != nil {
		return err
	}
	if application.Partition != access.Partition {
		return &OptionError{Option: "application", Value: applicationARN, Err: ErrPartitionMismatch}
	}
	if o.ApplicationRoleARN == "" {
		return nil
	}
	role, err := parseRoleARN("ApplicationRoleARN", o.ApplicationRoleARN)
	if err != nil {
		return err
	}
	if role.Partition != access.Partition {
		return &OptionError{Option: "ApplicationRoleARN", Value: o.ApplicationRoleARN, Err: ErrPartitionMismatch}
	}
	if o.ApplicationRoleARN == accessRoleARN {
		return &OptionError{Option: "ApplicationRoleARN", Value: o.ApplicationRoleARN, Err: ErrSameRole}
	}
	return nil
}

// validateRegions asks for the regions of those clients that are to be built.
func (o *Options) validateRegions() error {
	stsBuilt := o.STSClient == nil || o.bootstraps() && o.WebIdentityClient == nil
	if stsBuilt && o.Region == "" {
		return &OptionError{Option: "Region", Err: ErrRegionMissing}
	}
	if o.SSOOIDCClient == nil && o.IdentityCenterRegion == "" {
		return &OptionError{Option: "IdentityCenterRegion", Err: ErrRegionMissing}
	}
	return nil
}

func (o *Options) validateDurations() error {
	if !validDuration(o.ApplicationDuration, maxDuration) {
		return durationError("ApplicationDuration", o.ApplicationDuration, maxDuration)
	}
	limit := maxChainDuration
	if o.STSClient != nil {
		limit = maxDuration
	}
	if o.Duration != 0 && !validDuration(o.Duration, limit) {
		return durationError("Duration", o.Duration, limit)
	}
	return nil
}

func durationError(option string, d, limit time.Duration) error {
	return &OptionError{
		Option: option, Value: d.String(),
		Err: fmt.Errorf("%w: want whole seconds from %v to %v", ErrDurationRange, minDuration, limit),
	}
}

func validDuration(d, limit time.Duration) bool {
	return d >= minDuration && d <= limit && d%time.Second == 0
}

// validUserAgent accepts NAME and NAME/VERSION of characters that the SDK does not
// replace.
func validUserAgent(s string) bool {
	if s == "" {
		return true
	}
	name, version, versioned := strings.Cut(s, "/")
	if name == "" || versioned && version == "" || len(s) > maxUserAgent {
		return false
	}
	return strings.IndexFunc(name+version, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-.+_", r)
	}) < 0
}

// maxUserAgent bounds the segment, in bytes.
const maxUserAgent = 100

// parseRoleARN accepts arn:{partition}:iam::{account}:role/{path and name}.
func parseRoleARN(option, value string) (arn.ARN, error) {
	a, err := arn.Parse(value)
	name, isRole := strings.CutPrefix(a.Resource, "role/")
	if err != nil || a.Partition == "" || a.Service != "iam" || a.Region != "" ||
		!isAccountID(a.AccountID) || !isRole || name == "" || strings.HasSuffix(name, "/") {
		return arn.ARN{}, &OptionError{
			Option: option, Value: value,
			Err: fmt.Errorf("%w: want arn:PARTITION:iam::ACCOUNT:role/NAME", ErrMalformedARN),
		}
	}
	return a, nil
}

// parseApplicationARN accepts
// arn:{partition}:sso::{account}:application/{instance}/{application}.
func parseApplicationARN(value string) (arn.ARN, error) {
	a, err := arn.Parse(value)
	parts := strings.Split(a.Resource, "/")
	if err != nil || a.Partition == "" || a.Service != "sso" || !isAccountID(a.AccountID) ||
		len(parts) != 3 || parts[0] != "application" || parts[1] == "" || parts[2] == "" {
		return arn.ARN{}, &OptionError{
			Option: "application", Value: value,
			Err: fmt.Errorf("%w: want arn:PARTITION:sso::ACCOUNT:application/INSTANCE/APPLICATION", ErrMalformedARN),
		}
	}
	return a, nil
}

func isAccountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
