package center

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Attributes that IdentityStoreAttributePath can name and GetUserId can look for.
const (
	userNamePath = "userName"
	emailPath    = "emails.value"
)

// attribute is an attribute path as GetUserId spells it, if it knows it.
func attribute(path string) string {
	for _, known := range []string{userNamePath, emailPath} {
		if strings.EqualFold(path, known) {
			return known
		}
	}
	return path
}

// user looks for whom the claim stands for.
func (l *look) user(ctx context.Context) {
	switch {
	case l.Has("center.user"):
		return
	case l.c.Registration.IdentityStoreID == "":
		l.Unread("center.user", "the identity store of the instance is not known", []string{"sso:DescribeInstance"})
		return
	}
	id, r := l.find(ctx)
	switch {
	case r == nil:
		l.describeUser(ctx, id)
	case r.NotFound:
		l.nobody(ctx)
	default:
		l.unread(r, "center.user")
	}
}

// find returns the id of the user whom the mapping finds.
func (l *look) find(ctx context.Context) (string, *refusal.Refusal) {
	if p := l.issuer.attribute; p == userNamePath || p == emailPath {
		return l.byAttribute(ctx, p, l.value)
	}
	return l.byExternalID(ctx)
}

// byAttribute asks for the user with a unique attribute.
func (l *look) byAttribute(ctx context.Context, path, value string) (string, *refusal.Refusal) {
	return l.getUserID(ctx, &types.AlternateIdentifierMemberUniqueAttribute{
		Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)},
	})
}

func (l *look) getUserID(ctx context.Context, by types.AlternateIdentifier) (string, *refusal.Refusal) {
	out, err := l.store.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: &l.c.Registration.IdentityStoreID, AlternateIdentifier: by})
	if r := refusal.Of("identitystore:GetUserId", err); r != nil {
		// A value that no attribute can have is nobody's.
		r.NotFound = r.NotFound || r.Code == "ValidationException"
		return "", r
	}
	if aws.ToString(out.UserId) == "" {
		return "", &refusal.Refusal{Unreachable: true, Seen: "the answer of GetUserId names no user"}
	}
	return *out.UserId, nil
}

// byExternalID looks for an external id by the token's issuer and, because the directory
// may name whoever provisioned the user otherwise, in the list of all users.
func (l *look) byExternalID(ctx context.Context) (string, *refusal.Refusal) {
	id, r := l.getUserID(ctx, &types.AlternateIdentifierMemberExternalId{Value: types.ExternalId{Issuer: &l.issuer.url, Id: &l.value}})
	if r == nil || !r.NotFound {
		return id, r
	}
	users, r := l.users(ctx)
	for i := range users {
		for _, external := range users[i].ExternalIds {
			if aws.ToString(external.Id) == l.value {
				return aws.ToString(users[i].UserId), nil
			}
		}
	}
	if r != nil {
		return "", r
	}
	return "", &refusal.Refusal{NotFound: true}
}

// mostUserPages bounds the search through the list of all users, 100 a page.
const mostUserPages = 20

// listing is a list of users, and why they are not all of them.
type listing struct {
	users   []types.User
	refused *refusal.Refusal
}

// users are those of the directory; the refusal says that they are not all of them.
func (l *look) users(ctx context.Context) ([]types.User, *refusal.Refusal) {
	if l.directory != nil {
		return l.directory.users, l.directory.refused
	}
	p := identitystore.NewListUsersPaginator(l.store, &identitystore.ListUsersInput{IdentityStoreId: &l.c.Registration.IdentityStoreID})
	users, err := some(ctx, p, func(p *identitystore.ListUsersOutput) []types.User { return p.Users }, mostUserPages)
	l.directory = &listing{users, refusal.Of("identitystore:ListUsers", err)}
	return l.directory.users, l.directory.refused
}

// describeUser looks at the user who was found.
func (l *look) describeUser(ctx context.Context, id string) {
	l.c.Person = &chain.Person{UserID: id}
	l.groups(ctx)
	out, err := l.store.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &l.c.Registration.IdentityStoreID, UserId: &id})
	if r := refusal.Of("identitystore:DescribeUser", err); r != nil {
		r.Seen = "the user is " + id + "; " + r.Seen + ", so that it is not known whether the user is enabled"
		l.unread(r, "center.user")
		return
	}
	l.c.Person.UserName = aws.ToString(out.UserName)
	switch out.UserStatus {
	case types.UserStatusEnabled:
	case "":
		l.Unread("center.user", l.c.Person.UserName+", "+id+"; the answer of DescribeUser does not say whether the user is enabled", nil)
		return
	default:
		l.Found("center.user-disabled", l.c.Person.UserName, "the user "+id+" is "+string(out.UserStatus)+", not ENABLED", finding.Fix{
			Who: finding.CenterAdmin, Does: "enable the user, or have the identity provider's provisioning do so",
			Console: "IAM Identity Center > Users > " + l.c.Person.UserName + " > Enable user access",
		})
		return
	}
	seen := []string{l.c.Person.UserName, id}
	for _, external := range out.ExternalIds {
		seen = append(seen, "external id "+aws.ToString(external.Id)+" of "+aws.ToString(external.Issuer))
	}
	l.OK("center.user", listed(seen))
}

// groups reads the groups of the user.
func (l *look) groups(ctx context.Context) *refusal.Refusal {
	p := identitystore.NewListGroupMembershipsForMemberPaginator(l.store, &identitystore.ListGroupMembershipsForMemberInput{
		IdentityStoreId: &l.c.Registration.IdentityStoreID, MemberId: &types.MemberIdMemberUserId{Value: l.c.Person.UserID},
	})
	memberships, err := every(ctx, p, func(p *identitystore.ListGroupMembershipsForMemberOutput) []types.GroupMembership {
		return p.GroupMemberships
	})
	if r := refusal.Of("identitystore:ListGroupMembershipsForMember", err); r != nil {
		l.c.Person.GroupsUnread, l.c.Person.GroupsMissing = r.Seen, r.Missing()
		return r
	}
	l.c.Person.GroupsUnread, l.c.Person.GroupsMissing = "", nil
	l.c.Person.Groups, l.c.Person.GroupsRead = make([]string, 0, len(memberships)), true
	for i := range memberships {
		l.c.Person.Groups = append(l.c.Person.Groups, aws.ToString(memberships[i].GroupId))
	}
	return nil
}
