package session

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/internal/store"
)

// noInstanceCode is how S3 Access Grants says that there is no instance.
const noInstanceCode = "AccessGrantsInstanceNotExistsError"

// GrantsError is a failed ListCallerAccessGrants.
type GrantsError struct {
	// AccountID and Region are those of the Access Grants instance.
	AccountID, Region string
	// Unfound is why no other account's grants could be listed, "" if none was looked for.
	Unfound string
	// Err is the cause.
	Err *CallError
	// text is that of the cause, without what AWS may have repeated of the request.
	text string
}

func newGrantsError(of *CallerGrants, role store.RoleCredentials, err error) *GrantsError {
	call := &CallError{Operation: "s3:ListCallerAccessGrants", Err: err}
	text := call.Error()
	for _, form := range []string{role.SessionToken.Reveal(), url.QueryEscape(role.SessionToken.Reveal())} {
		text = strings.ReplaceAll(text, form, "REDACTED")
	}
	return &GrantsError{AccountID: of.AccountID, Region: of.Region, Err: call, text: text}
}

// Error implements error.
func (e *GrantsError) Error() string {
	return fmt.Sprintf("list the grants of account %s in %s: %s", e.AccountID, e.Region, e.text)
}

// Unwrap returns the cause.
func (e *GrantsError) Unwrap() error { return e.Err }

// NoInstance reports whether the account has no Access Grants instance in the region.
func (e *GrantsError) NoInstance() bool { return e.Err.code() == noInstanceCode }

// Hint says what to do.
func (e *GrantsError) Hint() string {
	switch {
	case e.NoInstance() && e.Unfound != "":
		return "the instance may belong to another account, and that could not be looked up (" + e.Unfound + "): name it with --account-id, or another region with --region"
	case e.NoInstance():
		return "there is one instance an account and region: name another account with --account-id, or the region of the bucket with --region"
	case e.Err.Denied():
		return fmt.Sprintf("the role's policy must allow s3:ListCallerAccessGrants on the Access Grants instance, and that of an instance of another account, too (account %s, region %s; "+
			"another is named with --account-id); get-data-access and s3ag explain --live do without", e.AccountID, e.Region)
	}
	return ""
}
