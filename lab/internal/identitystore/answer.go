package identitystore

import (
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// optional is nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// user is a user of the world in the API's form, with the extensions asked for.
func user(store *world.Instance, u *world.User, extensions []string) types.User {
	out := types.User{
		IdentityStoreId: &store.IdentityStoreID, UserId: &u.ID, UserName: &u.UserName, DisplayName: optional(u.DisplayName),
		UserStatus: types.UserStatusEnabled, ExternalIds: externalIDs(u.ExternalIDs), Name: name(&u.Name),
		NickName: optional(u.NickName), ProfileUrl: optional(u.ProfileURL), UserType: optional(u.UserType), Title: optional(u.Title),
		PreferredLanguage: optional(u.PreferredLanguage), Locale: optional(u.Locale), Timezone: optional(u.Timezone),
		Website: optional(u.Website), Birthdate: optional(u.Birthdate),
		CreatedAt: u.Created, CreatedBy: optional(u.CreatedBy), UpdatedAt: u.Updated, UpdatedBy: optional(u.UpdatedBy),
	}
	if u.Disabled {
		out.UserStatus = types.UserStatusDisabled
	}
	if u.Email != "" {
		out.Emails = []types.Email{{Value: &u.Email, Type: optional(u.EmailType), Primary: u.EmailPrimary}}
	}
	addLists(&out, u)
	if len(extensions) > 0 && u.Enterprise != (world.EnterpriseFile{}) {
		out.Extensions = map[string]document.Interface{enterprise: document.NewLazyDocument(enterpriseOf(&u.Enterprise))}
	}
	return out
}

func addLists(out *types.User, u *world.User) {
	for _, a := range u.Addresses {
		out.Addresses = append(out.Addresses, types.Address{
			StreetAddress: optional(a.StreetAddress), Locality: optional(a.Locality), Region: optional(a.Region),
			PostalCode: optional(a.PostalCode), Country: optional(a.Country), Formatted: optional(a.Formatted),
			Type: optional(a.Type), Primary: a.Primary,
		})
	}
	for _, p := range u.PhoneNumbers {
		out.PhoneNumbers = append(out.PhoneNumbers, types.PhoneNumber{Value: optional(p.Value), Type: optional(p.Type), Primary: p.Primary})
	}
	for _, r := range u.Roles {
		out.Roles = append(out.Roles, types.Role{Value: optional(r.Value), Type: optional(r.Type), Primary: r.Primary})
	}
	for _, p := range u.Photos {
		out.Photos = append(out.Photos, types.Photo{Value: &p.Value, Type: optional(p.Type), Display: optional(p.Display), Primary: p.Primary})
	}
}

func name(n *world.NameFile) *types.Name {
	if *n == (world.NameFile{}) {
		return nil
	}
	return &types.Name{
		Formatted: optional(n.Formatted), FamilyName: optional(n.FamilyName), GivenName: optional(n.GivenName),
		MiddleName: optional(n.MiddleName), HonorificPrefix: optional(n.HonorificPrefix), HonorificSuffix: optional(n.HonorificSuffix),
	}
}

func externalIDs(list []world.ExternalIDFile) []types.ExternalId {
	var out []types.ExternalId
	for i := range list {
		out = append(out, types.ExternalId{Issuer: &list[i].Issuer, Id: &list[i].ID})
	}
	return out
}

// enterpriseOf is the content of the extension, without what is absent.
func enterpriseOf(e *world.EnterpriseFile) map[string]any {
	out := map[string]any{}
	for name, text := range map[string]string{
		"employeeNumber": e.EmployeeNumber, "costCenter": e.CostCenter, "organization": e.Organization,
		"division": e.Division, "department": e.Department,
	} {
		if text != "" {
			out[name] = text
		}
	}
	if e.Manager.Value != "" {
		out["manager"] = map[string]any{"value": e.Manager.Value}
	}
	return out
}

// group is a group of the world in the API's form.
func group(store *world.Instance, g *world.Group) types.Group {
	return types.Group{
		IdentityStoreId: &store.IdentityStoreID, GroupId: &g.ID, DisplayName: &g.DisplayName, Description: optional(g.Description),
		ExternalIds: externalIDs(g.ExternalIDs),
		CreatedAt:   g.Created, CreatedBy: optional(g.CreatedBy), UpdatedAt: g.Updated, UpdatedBy: optional(g.UpdatedBy),
	}
}
