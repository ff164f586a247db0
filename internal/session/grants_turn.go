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
	// turnStep is how long a process waits before it looks whether a turn has ended
	// that was of no use to it: then it asks out of turn, as those do who ask for what
	// nobody shares with them. Else it waits on, twice as long each time.
	turnStep = 2 * time.Second
	// turnWait is how long a process waits for its turn in all: long enough for the
	// call of another, and short enough for an answer of its own.
	turnWait = turnStep + 2*turnStep + 4*turnStep + 8*turnStep
)

// grantInTurn asks S3 Access Grants when it is this process's turn, unless somebody who
// had the turn meanwhile has the answer. Who insists on new credentials takes no turn:
// nobody else's answer will do.
func (s *Session) grantInTurn(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, error) {
	if r.Force {
		return s.newGrant(ctx, r, role)
	}
	began, turn := time.Now(), s.turnOf(r, role)
	release, inTurn, err := s.turn(ctx, turn, began)
	if err != nil {
		return store.S3Entry{}, err
	}
	defer release()
	if now, ok := s.heldRole(answer.Asked{}); ok {
		role = now // AWS may have refused the other one meanwhile, or somebody else signed in
	}
	question := s.question(r, role)
	if e, ok := s.grantedSince(r, began); ok {
		s.trace("another process has asked S3 Access Grants")
		return e, nil
	}
	if d, ok := s.store.S3DenialSince(question, began); ok {
		s.trace("another process has asked S3 Access Grants, in vain")
		return store.S3Entry{}, refusalOf(&d)
	}
	entry, err := s.newGrant(ctx, r, role)
	if ctx.Err() != nil { // as if it had not been asked
		return entry, err
	}
	if d, ok := denialOf(err); ok {
		s.leaveWord(question, d)
	}
	if inTurn {
		s.leaveWord(turn, store.S3Denial{})
	}
	return entry, err
}

// leaveWord tells those who wait that a question was answered, or that a turn has ended.
// Where that cannot be, they wait on or ask themselves.
func (s *Session) leaveWord(of string, d store.S3Denial) {
	d.Question, d.At = of, time.Now()
	_ = s.store.AddS3Denial(d)
}

// turn waits for this process's turn, which it has inTurn, or until it is to ask out of
// turn. The error is that of ctx.
func (s *Session) turn(ctx context.Context, turn string, began time.Time) (release func(), inTurn bool, err error) {
	for step := turnStep; step < turnWait; step *= 2 {
		waiting, cancel := context.WithTimeout(ctx, step)
		release, err = s.store.Lock(waiting, turnLock(turn))
		cancel()
		if err == nil {
			return release, true, nil
		}
		if ctx.Err() != nil { // and not that the lock is held, which is not what was waited for
			return nil, false, fmt.Errorf("wait for another tip-cli that asks S3 Access Grants: %w", ctx.Err())
		}
		if _, ended := s.store.S3DenialSince(turn, began); ended || !errors.Is(err, store.ErrLocked) {
			break
		}
	}
	s.trace("asking out of turn: " + err.Error())
	return func() {}, false, nil
}

// turnOf is a digest that all have in common whose answers may serve each other.
func (s *Session) turnOf(r *GrantRequest, role store.RoleCredentials) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.Target, "s3://"), "/")
	names := []string{s.grantIdentity(role, r), s.account(r, role), r.Region, bucket, string(r.Permission)}
	if r.Privilege == types.PrivilegeMinimal {
		names = append(names, r.Target)
	}
	return s.boundTo(append(names, "turn")...)
}

// turnLock is the lock of a turn.
func turnLock(turn string) string {
	number, _ := strconv.ParseUint(turn[:2], 16, 8)
	return fmt.Sprintf("s3ag-%02x", number%grantTurns)
}

// question is a digest of all that an answer depends on.
func (s *Session) question(r *GrantRequest, role store.RoleCredentials) string {
	return s.boundTo("question", s.grantIdentity(role, r), r.AccountID, s.account(r, role), r.Region, r.Target,
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
