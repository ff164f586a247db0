package identitystore

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) describeUser(_ context.Context, c *awswire.Caller, in *identitystore.DescribeUserInput) (*identitystore.DescribeUserOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", *in.UserId))
	if err != nil {
		return nil, err
	}
	u, ok := h.world.User(store, *in.UserId)
	if !ok {
		return nil, notFound(aUser, *in.UserId)
	}
	one := user(store, u)
	return &identitystore.DescribeUserOutput{
		IdentityStoreId: one.IdentityStoreId, UserId: one.UserId, UserName: one.UserName, DisplayName: one.DisplayName,
		Emails: one.Emails, ExternalIds: one.ExternalIds, UserStatus: one.UserStatus,
	}, nil
}

// user is a user of the world in the API's form.
func user(store *world.Instance, u *world.User) types.User {
	out := types.User{IdentityStoreId: &store.IdentityStoreID, UserId: &u.ID, UserName: &u.UserName, UserStatus: types.UserStatusEnabled}
	if u.DisplayName != "" {
		out.DisplayName = &u.DisplayName
	}
	if u.Email != "" {
		out.Emails = []types.Email{{Value: &u.Email, Type: aws.String("work"), Primary: true}}
	}
	if u.Disabled {
		out.UserStatus = types.UserStatusDisabled
	}
	for i := range u.ExternalIDs {
		out.ExternalIds = append(out.ExternalIds, types.ExternalId{Issuer: &u.ExternalIDs[i].Issuer, Id: &u.ExternalIDs[i].ID})
	}
	return out
}

func (h *handlers) listUsers(_ context.Context, c *awswire.Caller, in *identitystore.ListUsersInput) (*identitystore.ListUsersOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", all))
	if err != nil {
		return nil, err
	}
	users := h.world.Users(store)
	name, filtered, err := filter(in.Filters, "UserName") //nolint:staticcheck // clients still send them
	if err != nil {
		return nil, err
	}
	if filtered {
		users = h.world.FindUsers(store, userNamePath, name)
	}
	page, next, err := pageOf(users, func(u *world.User) string { return u.ID }, "users "+store.IdentityStoreID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &identitystore.ListUsersOutput{Users: make([]types.User, len(page)), NextToken: next}
	for i, u := range page {
		out.Users[i] = user(store, u)
	}
	return out, nil
}

// filter returns the value of the deprecated Filters, of which there is one attribute.
func filter(filters []types.Filter, attribute string) (value string, filtered bool, err error) {
	if len(filters) == 0 {
		return "", false, nil
	}
	if f := filters[0]; strings.EqualFold(aws.ToString(f.AttributePath), attribute) {
		return aws.ToString(f.AttributeValue), true, nil
	}
	return "", false, invalid("The attribute path " + aws.ToString(filters[0].AttributePath) + " cannot be filtered by: use " + attribute + ".")
}

// Attribute paths of UniqueAttribute.
const (
	userNamePath    = "userName"
	emailPath       = "emails.value"
	displayNamePath = "displayName"
)

func (h *handlers) getUserID(_ context.Context, c *awswire.Caller, in *identitystore.GetUserIdInput) (*identitystore.GetUserIdOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", all))
	if err != nil {
		return nil, err
	}
	found, err := h.identified(store, in.AlternateIdentifier)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, notFound(aUser, "")
	}
	return &identitystore.GetUserIdOutput{IdentityStoreId: &store.IdentityStoreID, UserId: &found[0].ID}, nil
}

// identified are the users with an alternate identifier.
func (h *handlers) identified(store *world.Instance, by types.AlternateIdentifier) ([]*world.User, error) {
	switch by := by.(type) {
	case *types.AlternateIdentifierMemberExternalId:
		return h.external(store, &by.Value), nil
	case *types.AlternateIdentifierMemberUniqueAttribute:
		path := aws.ToString(by.Value.AttributePath)
		if path != userNamePath && path != emailPath {
			return nil, unknownPath(path)
		}
		value, err := text(by.Value.AttributeValue)
		if err != nil {
			return nil, err
		}
		return h.world.FindUsers(store, path, value), nil
	}
	return nil, invalid("AlternateIdentifier has neither ExternalId nor UniqueAttribute.")
}

func (h *handlers) external(store *world.Instance, id *types.ExternalId) []*world.User {
	var found []*world.User
	for _, u := range h.world.Users(store) {
		for _, e := range u.ExternalIDs {
			if e.Issuer == aws.ToString(id.Issuer) && e.ID == aws.ToString(id.Id) {
				found = append(found, u)
			}
		}
	}
	return found
}

func unknownPath(path string) error {
	return invalid("The attribute path " + path + " is not that of a unique attribute.")
}

// text is the value of a unique attribute, a document that must be a string.
func text(d document.Interface) (string, error) {
	encoded, err := d.MarshalSmithyDocument()
	var value string
	if err == nil {
		err = json.Unmarshal(encoded, &value)
	}
	if err != nil {
		return "", invalid("The value of a unique attribute must be a string.")
	}
	return value, nil
}
