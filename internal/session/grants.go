package session

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// GrantRequest is a question to S3 Access Grants.
type GrantRequest struct {
	// Target is s3://bucket, s3://bucket/prefix* or s3://bucket/key.
	Target     string
	Permission types.Permission
	// AccountID owns the Access Grants instance; empty for the configured one, else
	// the caller's, else the one that AWS names for the bucket.
	AccountID string
	// Region is that of the Access Grants instance; empty for the session's.
	Region     string
	Privilege  types.Privilege
	TargetType types.S3PrefixType
	// Duration asked for; zero for the service's own hour. Stored credentials of a
	// shorter duration do not serve then.
	Duration time.Duration
	// AuditContext is copied to CloudTrail when credentials are vended, up to 2048
	// characters. Stored credentials serve only requests with the one that they were
	// vended for, or with none if it was none: CloudTrail would name another reason
	// for what is done with them.
	AuditContext string
	// MinTTL is the life that the credentials must have left, or zero. New ones may
	// fall short of it by what getting them took, 50 seconds at most.
	MinTTL time.Duration
	// Force asks the service even if stored credentials would serve.
	Force bool
}

// privilege is the request's, by its name.
func (r *GrantRequest) privilege() types.Privilege {
	return cmp.Or(r.Privilege, types.PrivilegeDefault)
}

// DataAccess returns S3 credentials for a target: stored ones that cover it
// while they hold, else new ones from GetDataAccess, for which processes that ask at the
// same time wait for one of them. The error is a [*TooShortError] if the new ones do not
// last for r.MinTTL; a refusal of S3 Access Grants is an [s3agcreds.DataAccessError], in
// an [*OwnerError] or an [*OwnerUnknownError] if the instance was looked for elsewhere.
func (s *Session) DataAccess(ctx context.Context, r GrantRequest) (store.S3Entry, error) {
	if err := s3agcreds.ValidateTarget(r.Target); err != nil {
		return store.S3Entry{}, err
	}
	r.Region = cmp.Or(r.Region, s.regions.Region)
	if e, ok := s.heldGrant(&r); ok {
		return e, nil
	}
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	entry, err := s.dataAccess(going, &r)
	if err != nil && ctx.Err() == nil {
		err = s.inTime(going, err)
	}
	return entry, err
}

// dataAccess asks S3 Access Grants, with another role session if AWS does not know
// the one at hand.
func (s *Session) dataAccess(ctx context.Context, r *GrantRequest) (store.S3Entry, error) {
	role, err := s.RoleCredentials(ctx)
	if err != nil {
		return store.S3Entry{}, err
	}
	entry, err := s.grantInTurn(ctx, r, role)
	if !unknownKeys(err) {
		return entry, err
	}
	if role, err = s.replaced(ctx, role); err != nil {
		return store.S3Entry{}, err
	}
	return s.grantInTurn(ctx, r, role)
}

// newGrant asks S3 Access Grants and stores the answer.
func (s *Session) newGrant(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, error) {
	began := time.Now()
	entry, ahead, err := s.askInstances(ctx, r, role)
	if err != nil {
		return store.S3Entry{}, err
	}
	entry.Resolved, entry.ObtainedAt = !s.namesAccount(r), began.UTC().Truncate(time.Second)
	s.keepGrant(ctx, &entry)
	return entry, grantedLongEnough(&entry, r, max(0, ahead))
}

// askGrant calls GetDataAccess of the account in r. It returns, too, by how much the
// clock of AWS is ahead.
func (s *Session) askGrant(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, time.Duration, error) {
	var ahead clock
	provider, err := s3agcreds.NewProvider(s.grantsClient(r.Region, role, ahead.listen), r.AccountID, r.Target, r.Permission, func(o *s3agcreds.ProviderOptions) {
		o.Privilege, o.TargetType, o.Duration, o.AuditContext = r.Privilege, r.TargetType, r.Duration, r.AuditContext
	})
	if err != nil {
		return store.S3Entry{}, 0, err
	}
	s.trace("asking S3 Access Grants of account " + r.AccountID + " for " + r.Target)
	g, err := provider.Grant(ctx)
	if err != nil {
		return store.S3Entry{}, 0, withoutToken(err, role)
	}
	return store.S3Entry{
		Target: cmp.Or(g.MatchedGrantTarget, r.Target), Permission: string(r.Permission), TargetType: targetType(r), Privilege: string(r.privilege()),
		AccessKeyID: g.Credentials.AccessKeyID, SecretAccessKey: secret.New(g.Credentials.SecretAccessKey),
		SessionToken: secret.New(g.Credentials.SessionToken), Expiration: localExpiry(g.ExpiresAt, ahead.skew),
		AccountID: r.AccountID, Region: r.Region, Duration: r.Duration, Identity: s.grantIdentity(role, r), RequestedTarget: r.Target,
		UserID: role.UserID, GranteeType: string(g.Grantee.Type), GranteeID: g.Grantee.Identifier,
	}, ahead.skew, nil
}

// grantIdentity names whom and what credentials were vended for: the person and, where
// there is one, the audit context, so that stored credentials of another do not serve.
func (s *shelf) grantIdentity(role store.RoleCredentials, r *GrantRequest) string {
	if r.AuditContext == "" {
		return s.identity(role)
	}
	return s.boundTo(role.UserID, "audit context", r.AuditContext)
}

// keepGrant stores credentials, unless newer ones for the same are there: of somebody
// who insisted on new ones while this answer was under way. Nor does it if the person has
// signed out or somebody else has signed in meanwhile, which removes the role session
// before the S3 credentials: so that is looked at under their lock.
func (s *Session) keepGrant(ctx context.Context, entry *store.S3Entry) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	reason := ""
	err := s.store.UpsertS3If(ctx, *entry, func(held []store.S3Entry) bool {
		now, err := s.store.LoadRole()
		switch {
		case err != nil || now.UserID != entry.UserID || !s.ours(now.Fingerprint):
			reason = "somebody has signed out, or in, meanwhile: the S3 credentials are not stored"
		case slices.ContainsFunc(held, func(e store.S3Entry) bool { return newer(&e, entry) }):
			reason = "newer S3 credentials have been stored meanwhile"
		}
		return reason == ""
	})
	if err != nil {
		s.notice("the S3 credentials could not be stored: " + err.Error())
	} else if reason != "" {
		s.trace(reason)
	}
}

// newer reports whether e was asked for after entry, for the same.
func newer(e, entry *store.S3Entry) bool {
	return e.Target == entry.Target && e.Permission == entry.Permission && e.Privilege == entry.Privilege && e.AccountID == entry.AccountID &&
		e.Region == entry.Region && e.Identity == entry.Identity && e.ObtainedAt.After(entry.ObtainedAt) && e.ObtainedAt.Before(time.Now())
}

// grantedLongEnough is [longEnough] for new S3 credentials, by a clock of AWS that is
// ahead of the local one.
func grantedLongEnough(e *store.S3Entry, r *GrantRequest, ahead time.Duration) error {
	if left := time.Until(e.Expiration) + ahead; left < r.MinTTL-gettingTakes {
		return &TooShortError{Asked: r.MinTTL, Left: left.Round(time.Second), Length: GrantLength(r.Duration), Setting: "--duration-seconds"}
	}
	return nil
}
