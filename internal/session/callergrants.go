package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/store"
)

// Bounds of a list of grants. AWS has 100,000 grants in an instance, and 1,000 on a page.
const (
	maxCallerGrants = 100_000
	maxGrantPages   = 1000
)

// GrantsQuery asks for the grants of the person.
type GrantsQuery struct {
	// AccountID owns the Access Grants instance; empty for the configured one, else the caller's.
	AccountID string
	// Region is that of the instance; empty for the configured one.
	Region string
	// Prefix narrows the list to scopes that begin with it.
	Prefix string
	// Owner is a path in whose bucket's owner the grants are looked for if no account is
	// named or configured and what the caller's account has is not Enough; "" for nowhere else.
	Owner string
	// Enough reports whether grants will do; nil asks whether there is one.
	Enough func(CallerGrants) bool
}

// CallerGrant is a grant as ListCallerAccessGrants has it: it does not tell to whom of
// the person's identities it was made.
type CallerGrant struct {
	// Scope is what it is for, such as s3://bucket/prefix/*.
	Scope      string
	Permission types.Permission
	// Application is the ARN of the Identity Center application that it is bound to,
	// "ALL", or "NA" for a grant to an IAM identity.
	Application string
}

// CallerGrants are the grants of the person in an Access Grants instance.
type CallerGrants struct {
	// AccountID and Region are those of the instance.
	AccountID, Region string
	// Application is that of the role session, and UserID the person.
	Application, UserID string
	// Grants are sorted by scope, without those that say the same as another.
	Grants []CallerGrant
	// Truncated says that there are more.
	Truncated bool
	// Found says that AccountID is the owner of the bucket, who was looked up.
	Found bool
	// Unfound is why the owner's grants are not known, "" if nobody else is the owner
	// or was looked for.
	Unfound string
}

// Usable reports whether the session's application may use a grant.
func (g *CallerGrants) Usable(grant CallerGrant) bool {
	return !bound(grant.Application) || grant.Application == g.Application
}

// bound reports whether a grant is for one application only.
func bound(application string) bool { return strings.HasPrefix(application, "arn:") }

// CallerGrants lists the grants of the person, and remembers the targets of those that
// can be used for completion. The error is a [*GrantsError] if AWS refuses.
func (s *Session) CallerGrants(ctx context.Context, q GrantsQuery) (CallerGrants, error) {
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	found, err := s.callerGrants(going, &q)
	if err != nil && ctx.Err() == nil {
		err = s.inTime(going, err)
	}
	return found, err
}

// callerGrants lists with another role session if AWS does not know the one at hand.
func (s *Session) callerGrants(ctx context.Context, q *GrantsQuery) (CallerGrants, error) {
	role, err := s.RoleCredentials(ctx)
	if err != nil {
		return CallerGrants{}, err
	}
	found, err := s.grantsOrOwners(ctx, role, q)
	if unknownKeys(err) {
		if role, err = s.replaced(ctx, role); err != nil {
			return CallerGrants{}, err
		}
		found, err = s.grantsOrOwners(ctx, role, q)
	}
	if err == nil {
		s.remember(role, q.Prefix, &found)
	}
	return found, err
}

// grantsOrOwners lists the grants of the account that is named, configured or the
// caller's, and if these are not enough those of the bucket's owner. What is in the way
// of that never replaces the first answer.
func (s *Session) grantsOrOwners(ctx context.Context, role store.RoleCredentials, q *GrantsQuery) (CallerGrants, error) {
	r := GrantRequest{AccountID: q.AccountID, Region: q.Region, Target: q.Owner}
	named := s.namesAccount(&r)
	r.AccountID = s.account(&r, role)
	first, err := s.grantsOf(ctx, role, q, r.AccountID)
	failed, refused := errors.AsType[*GrantsError](err)
	if named || q.Owner == "" || err == nil && q.enough(first) || err != nil && !(refused && failed.NoInstance()) {
		return first, err
	}
	owner, why := s.ownerOf(ctx, &r, role)
	switch {
	case why == "" && owner == r.AccountID:
		return first, err
	case why == "":
		second, denied := s.grantsOf(ctx, role, q, owner)
		if second.Found = true; denied == nil {
			return second, nil
		}
		why = denied.Error()
	}
	if first.Unfound = why; refused {
		failed.Unfound = why
	}
	return first, err
}

func (q *GrantsQuery) enough(found CallerGrants) bool {
	if q.Enough != nil {
		return q.Enough(found)
	}
	return len(found.Grants) > 0
}

// grantsOf lists the grants in the instance of an account.
func (s *Session) grantsOf(ctx context.Context, role store.RoleCredentials, q *GrantsQuery, account string) (CallerGrants, error) {
	found := CallerGrants{
		AccountID: account, Region: cmp.Or(q.Region, s.regions.Region), UserID: role.UserID,
		Application: cmp.Or(heldIdentity(s.store, role).ApplicationARN, s.config.TokenExchangeApplicationARN),
	}
	s.trace("asking S3 Access Grants of account " + account + " for your grants")
	client, in := s.grantsClient(found.Region, role), s3control.ListCallerAccessGrantsInput{AccountId: &account}
	if q.Prefix != "" {
		in.GrantScope = &q.Prefix
	}
	for range maxGrantPages {
		page, err := client.ListCallerAccessGrants(ctx, &in)
		if err != nil {
			return found, newGrantsError(&found, role, err)
		}
		for _, g := range page.CallerAccessGrantsList {
			found.Grants = append(found.Grants, CallerGrant{aws.ToString(g.GrantScope), g.Permission, aws.ToString(g.ApplicationArn)})
		}
		repeated := in.NextToken != nil && aws.ToString(page.NextToken) == *in.NextToken
		in.NextToken = page.NextToken
		if found.Truncated = aws.ToString(in.NextToken) != ""; !found.Truncated || repeated || len(found.Grants) >= maxCallerGrants {
			break
		}
	}
	slices.SortFunc(found.Grants, CallerGrant.compare)
	found.Grants = slices.Compact(found.Grants)
	return found, nil
}

func (g CallerGrant) compare(other CallerGrant) int {
	return cmp.Or(cmp.Compare(g.Scope, other.Scope), cmp.Compare(g.Permission, other.Permission), cmp.Compare(g.Application, other.Application))
}
