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
	if err := extensions(in.Extensions); err != nil {
		return nil, err
	}
	u, ok := h.world.User(store, *in.UserId)
	if !ok {
		return nil, notFound(aUser, *in.UserId)
	}
	one := user(store, u, in.Extensions)
	return &identitystore.DescribeUserOutput{
		IdentityStoreId: one.IdentityStoreId, UserId: one.UserId, UserName: one.UserName, DisplayName: one.DisplayName,
		Emails: one.Emails, ExternalIds: one.ExternalIds, UserStatus: one.UserStatus, Name: one.Name, NickName: one.NickName,
		ProfileUrl: one.ProfileUrl, Addresses: one.Addresses, PhoneNumbers: one.PhoneNumbers, UserType: one.UserType,
		Title: one.Title, PreferredLanguage: one.PreferredLanguage, Locale: one.Locale, Timezone: one.Timezone,
		Photos: one.Photos, Website: one.Website, Birthdate: one.Birthdate, Roles: one.Roles, Extensions: one.Extensions,
		CreatedAt: one.CreatedAt, CreatedBy: one.CreatedBy, UpdatedAt: one.UpdatedAt, UpdatedBy: one.UpdatedBy,
	}, nil
}

// extensions refuses names of extensions that there are not.
func extensions(names []string) error {
	for _, name := range names {
		if err := extension(name); err != nil {
			return err
		}
	}
	return nil
}

func (h *handlers) listUsers(_ context.Context, c *awswire.Caller, in *identitystore.ListUsersInput) (*identitystore.ListUsersOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", all))
	if err != nil {
		return nil, err
	}
	if err := extensions(in.Extensions); err != nil {
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
		out.Users[i] = user(store, u, in.Extensions)
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
		return h.world.UsersOfExternalID(store, world.ExternalIDFile{Issuer: aws.ToString(by.Value.Issuer), ID: aws.ToString(by.Value.Id)}), nil
	case *types.AlternateIdentifierMemberUniqueAttribute:
		path := canonical(aws.ToString(by.Value.AttributePath), userNamePath, emailPath)
		if path == "" {
			return nil, unknownPath(aws.ToString(by.Value.AttributePath))
		}
		value, err := text(by.Value.AttributeValue)
		if err != nil {
			return nil, err
		}
		return h.world.FindUsers(store, path, value), nil
	}
	return nil, invalid("AlternateIdentifier has neither ExternalId nor UniqueAttribute.")
}

// canonical is the one of the paths that path is but for the case, empty for none.
func canonical(path string, paths ...string) string {
	for _, p := range paths {
		if strings.EqualFold(p, path) {
			return p
		}
	}
	return ""
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
