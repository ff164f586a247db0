package identitystore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createUser(_ context.Context, c *awswire.Caller, in *identitystore.CreateUserInput) (*identitystore.CreateUserOutput, error) {
	store, err := h.store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	u, err := given(in)
	if err != nil {
		return nil, err
	}
	if err := complete(nil, u); err != nil {
		return nil, err
	}
	u.StampFile = h.created(c)
	made, err := h.world.CreateUser(store, *u)
	if err != nil {
		return nil, refusal(err, "")
	}
	return &identitystore.CreateUserOutput{IdentityStoreId: &store.IdentityStoreID, UserId: &made.ID}, nil
}

// given is the user of a request, whose texts are within their limits.
func given(in *identitystore.CreateUserInput) (*world.User, error) {
	text := aws.ToString
	u := &world.User{UserName: text(in.UserName), DisplayName: text(in.DisplayName), ProfileFile: world.ProfileFile{
		NickName: text(in.NickName), ProfileURL: text(in.ProfileUrl), UserType: text(in.UserType), Title: text(in.Title),
		PreferredLanguage: text(in.PreferredLanguage), Locale: text(in.Locale), Timezone: text(in.Timezone),
		Website: text(in.Website), Birthdate: text(in.Birthdate),
	}}
	if n := in.Name; n != nil {
		u.Name = world.NameFile{
			Formatted: text(n.Formatted), FamilyName: text(n.FamilyName), GivenName: text(n.GivenName),
			MiddleName: text(n.MiddleName), HonorificPrefix: text(n.HonorificPrefix), HonorificSuffix: text(n.HonorificSuffix),
		}
	}
	givenLists(u, in)
	var emails []world.ContactFile
	for _, e := range in.Emails {
		emails = append(emails, world.ContactFile{Value: text(e.Value), Type: text(e.Type), Primary: e.Primary})
	}
	if err := setEmail(u, emails); err != nil {
		return nil, err
	}
	for name, value := range in.Extensions {
		if err := extension(name); err != nil {
			return nil, err
		}
		content, err := decoded(value)
		if err != nil {
			return nil, err
		}
		if err := whole(name, content, &u.Enterprise); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func givenLists(u *world.User, in *identitystore.CreateUserInput) {
	text := aws.ToString
	for _, a := range in.Addresses {
		u.Addresses = append(u.Addresses, world.AddressFile{
			StreetAddress: text(a.StreetAddress), Locality: text(a.Locality), Region: text(a.Region), PostalCode: text(a.PostalCode),
			Country: text(a.Country), Formatted: text(a.Formatted), Type: text(a.Type), Primary: a.Primary,
		})
	}
	for _, p := range in.PhoneNumbers {
		u.PhoneNumbers = append(u.PhoneNumbers, world.ContactFile{Value: text(p.Value), Type: text(p.Type), Primary: p.Primary})
	}
	for _, r := range in.Roles {
		u.Roles = append(u.Roles, world.ContactFile{Value: text(r.Value), Type: text(r.Type), Primary: r.Primary})
	}
	for _, p := range in.Photos {
		u.Photos = append(u.Photos, world.PhotoFile{Value: text(p.Value), Type: text(p.Type), Display: text(p.Display), Primary: p.Primary})
	}
}

// extension refuses every one but the enterprise extension.
func extension(name string) error {
	if name == enterprise {
		return nil
	}
	return invalid("The extension " + name + " is not supported: use " + enterprise + ".")
}

func (h *handlers) updateUser(_ context.Context, c *awswire.Caller, in *identitystore.UpdateUserInput) (*identitystore.UpdateUserOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", *in.UserId))
	if err != nil {
		return nil, err
	}
	now := h.created(c)
	err = h.world.UpdateUser(store, *in.UserId, func(u *world.User) error {
		before := *u
		for i := range in.Operations {
			if err := h.apply(u, &in.Operations[i]); err != nil {
				return err
			}
		}
		u.Updated, u.UpdatedBy = now.Updated, now.UpdatedBy
		return complete(&before, u)
	})
	if err != nil {
		return nil, refusal(err, *in.UserId)
	}
	return &identitystore.UpdateUserOutput{}, nil
}

func (h *handlers) deleteUser(_ context.Context, c *awswire.Caller, in *identitystore.DeleteUserInput) (*identitystore.DeleteUserOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", *in.UserId))
	if err != nil {
		return nil, err
	}
	if err := h.world.DeleteUser(store, *in.UserId); err != nil {
		return nil, refusal(err, *in.UserId)
	}
	return &identitystore.DeleteUserOutput{}, nil
}
