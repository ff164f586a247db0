package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// Processes that ask S3 Access Grants at the same time take turns, so that one call
// serves all that its answer covers. What the answer will cover is not known before, so
// the turn is for a bucket and a permission; the turns of other buckets are not waited
// for, but for those few that share one of the locks, whose number is bounded because
// their files stay. A lock that cannot be had, or not soon, costs a call and no more:
// then everybody asks.
const (
	// grantTurns is how many locks there are, s3ag-00 to s3ag-3f. One is taken after
	// those of a session are released, and nothing but that of a file while it is held.
	grantTurns = 64
	// turnWait is how long a process waits for its turn before it asks out of turn:
	// long enough for many who wait, and short enough for an answer of its own.
	turnWait = 30 * time.Second
)

// grantInTurn asks S3 Access Grants when it is this process's turn, unless somebody who
// had the turn meanwhile has the answer. Who insists on new credentials asks, and only
// keeps the order.
func (s *Session) grantInTurn(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, error) {
	began := time.Now()
	release, err := s.turn(ctx, r, role)
	if err != nil {
		return store.S3Entry{}, err
	}
	defer release()
	question := s.question(r, role)
	if !r.Force {
		if e, ok := s.grantedSince(r, began); ok {
			s.trace("another process has asked S3 Access Grants")
			return e, nil
		}
		if d, ok := s.store.S3DenialSince(question, began); ok {
			s.trace("another process has asked S3 Access Grants, in vain")
			return store.S3Entry{}, refusalOf(&d)
		}
	}
	if now, ok := s.heldRole(answer.Asked{}); ok {
		role = now // AWS may have refused the other one meanwhile
	}
	entry, err := s.newGrant(ctx, r, role)
	if d, ok := denialOf(err); ok && ctx.Err() == nil {
		d.Question, d.At = question, time.Now()
		_ = s.store.AddS3Denial(d) // the others ask themselves
	}
	return entry, err
}

// turn waits for this process's turn. The error is that of ctx.
func (s *Session) turn(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	release, err = s.store.Lock(waiting, s.turnName(r, role))
	switch {
	case err == nil:
		return release, nil
	case ctx.Err() != nil: // and not that the lock is held, which is not what was waited for
		return nil, fmt.Errorf("wait for another tip-cli that asks S3 Access Grants: %w", ctx.Err())
	}
	s.trace("asking out of turn: " + err.Error())
	return func() {}, nil
}

// turnName is the lock of all whose answers may serve each other.
func (s *Session) turnName(r *GrantRequest, role store.RoleCredentials) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.Target, "s3://"), "/")
	names := []string{s.grantIdentity(role, r), s.account(r, role), r.Region, bucket, string(r.Permission)}
	if r.Privilege == types.PrivilegeMinimal {
		names = append(names, r.Target)
	}
	number, _ := strconv.ParseUint(s.boundTo(names...)[:2], 16, 8) // of a digest
	return fmt.Sprintf("s3ag-%02x", number%grantTurns)
}

// question is a digest of all that an answer depends on.
func (s *Session) question(r *GrantRequest, role store.RoleCredentials) string {
	return s.boundTo("question", s.grantIdentity(role, r), r.AccountID, s.account(r, role), r.Region, s.aws.Region, r.Target,
		string(r.Permission), string(r.privilege()), string(r.TargetType), r.Duration.String())
}

// grantedSince finds stored credentials that serve, also those that are too short for
// r.MinTTL only by the time since this process began to wait: new ones would be, too.
func (s *Session) grantedSince(r *GrantRequest, began time.Time) (store.S3Entry, bool) {
	if e, ok := s.heldGrant(r); ok || r.MinTTL == 0 {
		return e, ok
	}
	anyLife := *r
	anyLife.MinTTL = 0
	e, ok := s.heldGrant(&anyLife)
	return e, ok && !e.ObtainedAt.Before(began.Truncate(time.Second)) && grantedLongEnough(&e, r, 0) == nil
}

// denialOf is what an error tells those who wait to ask the same: that AWS has refused,
// or has answered that it cannot answer. It counts for those who began to wait before
// the answer came and for nobody else. The five minutes of the library would have the
// command refuse what an administrator has just granted, and processes that come one
// after another cost AWS no more than the original does. What was not answered, and
// what concerns the caller's keys, everybody finds out alone.
func denialOf(err error) (store.S3Denial, bool) {
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	if !ok || refused.HTTPStatus == 0 || refused.Code == "" || refused.Kind == s3agcreds.KindOther && !unclear(refused) || unknownKeys(err) {
		return store.S3Denial{}, false
	}
	d := store.S3Denial{
		Operation: refused.Operation, Kind: string(refused.Kind), Code: refused.Code, Message: refused.Message,
		HTTPStatus: refused.HTTPStatus, RequestID: refused.RequestID, Target: refused.Target, Permission: string(refused.Permission),
	}
	if owner, ok := errors.AsType[*OwnerError](err); ok {
		d.Owner = owner.AccountID
	}
	if unknown, ok := errors.AsType[*OwnerUnknownError](err); ok {
		d.LookUp = unknown.LookUp
	}
	return d, true
}

// refusalOf is the error that [denialOf] was made of.
func refusalOf(d *store.S3Denial) error {
	refused := &s3agcreds.DataAccessError{
		Operation: d.Operation, Kind: s3agcreds.Kind(d.Kind), Code: d.Code, Message: d.Message,
		HTTPStatus: d.HTTPStatus, RequestID: d.RequestID, Target: d.Target, Permission: types.Permission(d.Permission),
	}
	switch {
	case d.Owner != "":
		return &OwnerError{AccountID: d.Owner, Err: refused}
	case d.LookUp != "":
		return &OwnerUnknownError{Err: refused, LookUp: d.LookUp}
	}
	return refused
}
