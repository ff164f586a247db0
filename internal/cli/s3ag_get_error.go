package cli

import (
	"errors"
	"fmt"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
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
// a request.
func advised(err error, r *session.GrantRequest) error {
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	switch {
	case ok && refused.Kind == s3agcreds.KindNoGrant:
		return &grantError{err, "no grant for this user, its groups or the role covers the target with this permission" + unfound(err) + "; run: " + explain(r)}
	case ok && refused.Kind == s3agcreds.KindNoInstance:
		return &grantError{err, "the account has no Access Grants instance in this region" + unfound(err) +
			"; give another account with --account-id or s3ag_account_id, or the region of the bucket with --region"}
	}
	return err
}

// unfound says that the instance may be elsewhere, where that could not be found out.
func unfound(err error) string {
	unknown, ok := errors.AsType[*session.OwnerUnknownError](err)
	if !ok {
		return ""
	}
	return fmt.Sprintf(", and whether another account has one for the bucket could not be looked up (%s)", unknown.LookUp)
}

// explain is the command that tells which grants there are for a request.
func explain(r *session.GrantRequest) string {
	words := []string{"s3ag", "explain", r.Target, "--permission", string(r.Permission)}
	for _, flag := range []struct{ name, value string }{{"--account-id", r.AccountID}, {"--region", r.Region}} {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	return awsprofile.Command("tip-cli", words...)
}
