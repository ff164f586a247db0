package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// grantError is a refusal of S3 Access Grants with what to do about it.
type grantError struct {
	err  error
	hint string
}

// Error implements error.
func (e *grantError) Error() string { return e.err.Error() }

// Unwrap returns the refusal.
func (e *grantError) Unwrap() error { return e.err }

// Hint is what to do.
func (e *grantError) Hint() string { return e.hint }

// advised puts a hint into an error if it says that there is no grant or no instance for
// a request, or not for so long.
func (a *app) advised(err error, r *session.GrantRequest) error {
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	switch {
	case ok && refused.Kind == s3agcreds.KindNoGrant:
		why := unfound(err)
		if why != "" {
			why += ": if so, name that account with --account-id"
		}
		return &grantError{err, "no grant for this user, its groups or the role covers the target with this permission" + why + "; run: " + a.explainIt(r)}
	case ok && refused.Kind == s3agcreds.KindNoInstance:
		return &grantError{err, "the account has no Access Grants instance in this region" + unfound(err) +
			"; give another account with --account-id or s3ag_account_id, or the region of the bucket with --region"}
	case ok && tooLongForRole(refused):
		return &grantError{err, "the role of the grant's location allows less: ask for fewer seconds (--duration-seconds)"}
	}
	return err
}

// tooLongForRole reports whether the credentials were to last longer than the role of the
// grant's location may.
func tooLongForRole(refused *s3agcreds.DataAccessError) bool {
	return refused.Code == "StsValidationError" && strings.Contains(refused.Message, "MaxSessionDuration")
}

// unfound says that the instance may be elsewhere, where that could not be found out.
func unfound(err error) string {
	unknown, ok := errors.AsType[*session.OwnerUnknownError](err)
	if !ok {
		return ""
	}
	return fmt.Sprintf(", and whether another account has one for the bucket could not be looked up (%s)", unknown.LookUp)
}

// explainIt is the command that tells which grants there are for a request.
func (a *app) explainIt(r *session.GrantRequest) string {
	asked := *r
	asked.Duration, asked.AuditContext = 0, "" // grants have neither
	return cmp.Or(a.s3agCommand("explain", &asked), "tip-cli s3ag list-grants")
}
