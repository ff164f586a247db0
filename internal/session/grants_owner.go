package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// lookUpWithin bounds the look-up of the account that owns an Access Grants instance:
// there is an answer already, which it may only improve.
const lookUpWithin = 10 * time.Second

// OwnerError is the refusal of the account that owns the Access Grants instance for a
// bucket, as AWS has named it. The caller's own account has no instance, or no grant.
type OwnerError struct {
	// AccountID is the owner's.
	AccountID string
	// Err is an [*s3agcreds.DataAccessError].
	Err error
}

// Error implements error.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("account %s, which owns the Access Grants instance of the bucket: %v", e.AccountID, e.Err)
}

// Unwrap returns the refusal.
func (e *OwnerError) Unwrap() error { return e.Err }

// OwnerUnknownError is the refusal of the caller's own account where no other account
// could be found. It reads like the refusal alone.
type OwnerUnknownError struct {
	// Err is an [*s3agcreds.DataAccessError].
	Err error
	// LookUp is in a word why GetAccessGrantsInstanceForPrefix named no account: the
	// error code of AWS, or "no answer".
	LookUp string
}

// Error implements error.
func (e *OwnerUnknownError) Error() string { return e.Err.Error() }

// Unwrap returns the refusal.
func (e *OwnerUnknownError) Unwrap() error { return e.Err }

// askInstances asks the account of the request or the configuration. Where neither names
// one, it asks the caller's, as the original does, and only if that has no instance or no
// matching grant, the account that AWS names for the bucket.
func (s *Session) askInstances(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, time.Duration, error) {
	asked := *r
	asked.AccountID = s.account(r, role)
	entry, ahead, err := s.askGrant(ctx, &asked, role)
	if s.namesAccount(r) || !elsewhere(err) {
		return entry, ahead, err
	}
	owner, why := s.ownerOf(ctx, &asked, role)
	switch {
	case why != "":
		return entry, ahead, &OwnerUnknownError{Err: err, LookUp: why}
	case owner == asked.AccountID:
		return entry, ahead, err
	}
	asked.AccountID = owner
	if entry, ahead, err = s.askGrant(ctx, &asked, role); err != nil {
		err = &OwnerError{AccountID: owner, Err: err}
	}
	return entry, ahead, err
}

// namesAccount reports whether the request or the configuration names the account.
func (s *Session) namesAccount(r *GrantRequest) bool {
	return r.AccountID != "" || s.config.S3AGAccountID != ""
}

// elsewhere reports whether another account may know of a grant.
func elsewhere(err error) bool {
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	return ok && (refused.Kind == s3agcreds.KindNoInstance || refused.Kind == s3agcreds.KindNoGrant || unclear(refused))
}

// unclear reports whether AWS has denied in words that are not known: a missing grant and
// a denial by IAM differ in nothing else.
func unclear(refused *s3agcreds.DataAccessError) bool {
	return refused.Kind == s3agcreds.KindOther && refused.Code == "AccessDenied"
}

// ownerOf looks up which account owns the Access Grants instance for a target, or
// says in a word why that is not known: roles of the original's template may not ask.
func (s *Session) ownerOf(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (account, why string) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	s.trace("asking whose Access Grants instance is the one for " + r.Target)
	account, err := s3agcreds.FindInstanceAccount(ctx, s.grantsClient(r.Region, role), r.AccountID, strings.TrimSuffix(r.Target, "*"))
	if err == nil {
		return account, ""
	}
	s.trace("nobody knows: " + withoutToken(err, role).Error())
	if refused, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok && refused.Code != "" {
		return "", refused.Code
	}
	return "", "no answer"
}
