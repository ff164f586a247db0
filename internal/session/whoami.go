package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Caller is who AWS says that credentials speak for (STS GetCallerIdentity).
type Caller struct{ ARN, Account, UserID string }

// DirectoryUser is a user of the identity store, as far as the role may read it.
type DirectoryUser struct {
	UserName, DisplayName, Email string
	// Refused is why nothing is known of the user; nil if something is.
	Refused error
	// Groups of the user, by their ids, 500 at most; MoreGroups says that there are
	// more, and GroupsRefused why they are not known.
	Groups        []Group
	MoreGroups    bool
	GroupsRefused error
}

// Group is a group of the identity store. Name is empty where it may not be read.
type Group struct{ ID, Name string }

// maxGroups bounds the groups whose names are asked for: each is a request.
const maxGroups = 50

// maxMemberships bounds the groups that are listed. AWS gives 100 on a page.
const maxMemberships = 500

// directoryWithin bounds what the identity store is asked, which nobody depends on.
const directoryWithin = 10 * time.Second

// CallError is a failed call of AWS that is not part of an exchange.
type CallError struct {
	// Operation is the service and the operation, such as sts:GetCallerIdentity.
	Operation string
	Err       error
}

// Error implements error.
func (e *CallError) Error() string { return e.Operation + ": " + messageOf(e.Err) }

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Denied reports whether AWS refused for lack of permission.
func (e *CallError) Denied() bool {
	return strings.HasPrefix(e.code(), "AccessDenied")
}

// code is the error code of AWS, "" if AWS did not answer.
func (e *CallError) code() string {
	if api, ok := errors.AsType[smithy.APIError](e.Err); ok {
		return api.ErrorCode()
	}
	return ""
}

// messageOf words an error of AWS without what the SDK puts around it.
func messageOf(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	return fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage())
}

// Introduced returns the role session, as [Session.RoleCredentials] does, and whom it
// speaks for by the word of STS. A stored session that AWS does not take is replaced.
func (s *Session) Introduced(ctx context.Context) (store.RoleCredentials, Caller, error) {
	role, err := s.RoleCredentials(ctx)
	if err != nil {
		return role, Caller{}, err
	}
	caller, err := s.Caller(ctx, role)
	if !unknownKeys(err) {
		return role, caller, err
	}
	if role, err = s.replaced(ctx, role); err != nil {
		return role, Caller{}, err
	}
	caller, err = s.Caller(ctx, role)
	return role, caller, err
}

// Caller asks STS whom a role session speaks for. The error is a *[CallError].
func (s *Session) Caller(ctx context.Context, role store.RoleCredentials) (Caller, error) {
	ctx, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	s.trace("asking STS who this is")
	out, err := sts.NewFromConfig(s.signedBy(role, s.regions.Region)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, &CallError{Operation: "sts:GetCallerIdentity", Err: err}
	}
	return Caller{ARN: aws.ToString(out.Arn), Account: aws.ToString(out.Account), UserID: aws.ToString(out.UserId)}, nil
}

// signedBy is the configuration of a client in a region that signs with a role session.
func (s *Session) signedBy(role store.RoleCredentials, region string) aws.Config {
	cfg := s.aws.Copy()
	cfg.Region = region
	cfg.Credentials = credentials.NewStaticCredentialsProvider(role.AccessKeyID, role.SecretAccessKey.Reveal(), role.SessionToken.Reveal())
	return cfg
}

// ErrUnknownStore says that nobody knows in which identity store the user is: the
// role session is one of an earlier version, or Identity Center did not tell.
var ErrUnknownStore = errors.New("the identity store of this role session is not known")

// DirectoryUser reads the user of a role session from the identity store, in Identity
// Center's region, within 10 seconds. What the role may not read is told in the answer.
func (s *Session) DirectoryUser(ctx context.Context, role store.RoleCredentials) DirectoryUser {
	ctx, cancel := context.WithTimeout(ctx, s.directoryWithin)
	defer cancel()
	id := heldIdentity(s.store, role)
	if id.IdentityStoreID == "" || role.UserID == "" {
		return DirectoryUser{Refused: ErrUnknownStore, GroupsRefused: ErrUnknownStore}
	}
	d := directory{client: identitystore.NewFromConfig(s.signedBy(role, s.regions.IdentityCenterRegion)), store: &id.IdentityStoreID}
	s.trace("asking the identity store about the user")
	p := d.user(ctx, role.UserID)
	p.Groups, p.MoreGroups, p.GroupsRefused = d.groups(ctx, role.UserID)
	return p
}

// directory is an identity store.
type directory struct {
	client *identitystore.Client
	store  *string
}

func (d *directory) user(ctx context.Context, id string) DirectoryUser {
	out, err := d.client.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: d.store, UserId: &id})
	if err != nil {
		return DirectoryUser{Refused: &CallError{Operation: "identitystore:DescribeUser", Err: err}}
	}
	p := DirectoryUser{UserName: aws.ToString(out.UserName), DisplayName: aws.ToString(out.DisplayName)}
	for _, e := range out.Emails {
		if p.Email == "" || e.Primary {
			p.Email = aws.ToString(e.Value)
		}
	}
	return p
}

func (d *directory) groups(ctx context.Context, userID string) (found []Group, more bool, err error) {
	pages := identitystore.NewListGroupMembershipsForMemberPaginator(d.client, &identitystore.ListGroupMembershipsForMemberInput{
		IdentityStoreId: d.store, MemberId: &types.MemberIdMemberUserId{Value: userID},
	})
	for pages.HasMorePages() && len(found) < maxMemberships {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, &CallError{Operation: "identitystore:ListGroupMembershipsForMember", Err: err}
		}
		for _, m := range page.GroupMemberships {
			found = append(found, Group{ID: aws.ToString(m.GroupId)})
		}
	}
	d.nameGroups(ctx, found[:min(len(found), maxGroups)])
	return found, pages.HasMorePages(), nil
}

// nameGroups fills in the names of groups. Where they may not be read the ids must
// do, and for one that is gone meanwhile.
func (d *directory) nameGroups(ctx context.Context, groups []Group) {
	for i := range groups {
		out, err := d.client.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: d.store, GroupId: &groups[i].ID})
		if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
			continue
		}
		if err != nil {
			return
		}
		groups[i].Name = aws.ToString(out.DisplayName)
	}
}

// keepIdentity stores whose a role session is. It is told to people only, so that a
// failure is no more than a notice.
func (s *Session) keepIdentity(made *tipcreds.Session) {
	err := s.store.SaveIdentity(store.Identity{
		AccessKeyID: made.Credentials.AccessKeyID, AssumedRoleARN: made.AssumedRoleARN,
		IdentityStoreID: made.IdentityStoreID, IdentityStoreARN: made.IdentityStoreARN,
		InstanceARN: made.InstanceARN, ApplicationARN: made.ApplicationARN,
		TrustedTokenIssuerARN: made.TrustedTokenIssuerARN, CredentialID: made.CredentialID,
	})
	if err != nil {
		s.notice("whose role session it is could not be stored: " + err.Error())
	}
}

// heldIdentity is whose a role session is, zero if that was not stored with it.
func heldIdentity(st *store.Store, role store.RoleCredentials) store.Identity {
	id, err := st.LoadIdentity()
	if err != nil || id.AccessKeyID != role.AccessKeyID {
		return store.Identity{}
	}
	return id
}
