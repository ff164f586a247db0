package center

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// nobody tells of a claim that finds no user, and of who is nearly found.
func (l *look) nobody(ctx context.Context) {
	seen := "no user has " + l.issuer.attribute + " = " + l.value
	same, others := l.alike(ctx)
	switch {
	case len(same) > 1:
		l.ambiguous(same)
	case l.otherCase(ctx):
	case l.otherMapping(ctx):
	case len(others) > 0:
		l.Found("center.no-user", l.value, seen+"; near are "+listed(others), finding.Fix{
			Who: finding.CenterAdmin, Does: "correct the address of the user, or have the identity provider's provisioning do so, if it is the same person",
			Console: "IAM Identity Center > Users > " + others[0] + " > Edit",
		})
	default:
		l.Found("center.no-user", l.value, seen, l.createUser(),
			finding.Fix{Who: finding.IdPAdmin, Does: "or have the identity provider provision the user (SCIM), if it does so for the others", Console: "the identity provider's provisioning to IAM Identity Center > assigned people"})
	}
}

// alike are the users who have the value, and the names of those whose address is the
// same before the @, as far as they may be listed.
func (l *look) alike(ctx context.Context) (same []types.User, near []string) {
	users, _ := l.users(ctx) // for advice only
	local, _, isAddress := strings.Cut(l.value, "@")
	for i := range users {
		values := attributes(&users[i])
		for _, value := range values {
			before, _, _ := strings.Cut(value, "@")
			if isAddress && !strings.EqualFold(value, l.value) && strings.EqualFold(before, local) {
				near = append(near, aws.ToString(users[i].UserName))
				break
			}
		}
		if of, ok := values[l.issuer.attribute]; ok && of == l.value {
			same = append(same, users[i])
		}
	}
	return same, near
}

// attributes are those of a user by which people are looked up.
func attributes(u *types.User) map[string]string {
	values := map[string]string{userNamePath: aws.ToString(u.UserName)}
	if len(u.Emails) > 0 {
		values[emailPath] = aws.ToString(u.Emails[0].Value)
	}
	return values
}

func (l *look) ambiguous(same []types.User) {
	names := make([]string, len(same))
	for i := range same {
		names[i] = aws.ToString(same[i].UserName)
	}
	l.Found("center.user-ambiguous", l.value, fmt.Sprintf("%d users have %s = %s: %s", len(same), l.issuer.attribute, l.value, listed(names)), finding.Fix{
		Who: finding.CenterAdmin, Does: "give all but one of these users another " + l.issuer.attribute, Console: "IAM Identity Center > Users > " + names[1] + " > Edit",
	})
}

// otherCase looks for a user whose attribute is the value in small letters.
func (l *look) otherCase(ctx context.Context) bool {
	lower := strings.ToLower(l.value)
	if l.issuer.attribute != userNamePath && l.issuer.attribute != emailPath {
		return false
	}
	id, r := "", &refusal.Refusal{NotFound: true}
	if lower != l.value {
		id, r = l.byAttribute(ctx, l.issuer.attribute, lower)
	}
	if r != nil {
		id = l.listedCase(ctx)
	}
	if id == "" {
		return false
	}
	out, err := l.store.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &l.c.Registration.IdentityStoreID, UserId: &id})
	if err != nil {
		l.Found("center.user-case", id, "the claim is "+l.value+", and the user "+id+" has it in other letters", finding.Fix{
			Who: finding.CenterAdmin, Does: "write the user's " + l.issuer.attribute + " as the token has it", Console: "IAM Identity Center > Users > " + id + " > Edit",
		})
		return true
	}
	u := types.User{UserName: out.UserName, Emails: out.Emails}
	l.Found("center.user-case", aws.ToString(out.UserName), "the claim is "+l.value+", and "+l.issuer.attribute+" of the user "+id+" is "+attributes(&u)[l.issuer.attribute], l.rename(id, out)...)
	return true
}

// listedCase is the id of the one user in the list who has the value in other letters.
func (l *look) listedCase(ctx context.Context) string {
	users, _ := l.users(ctx) // for advice only
	var id string
	for i := range users {
		if strings.EqualFold(attributes(&users[i])[l.issuer.attribute], l.value) {
			if id != "" {
				return ""
			}
			id = aws.ToString(users[i].UserId)
		}
	}
	return id
}

// rename are the fixes that write the attribute of a user as the claim has it.
func (l *look) rename(id string, u *identitystore.DescribeUserOutput) []finding.Fix {
	if !l.c.Token.Verified {
		return []finding.Fix{console(stranger, inUsers)}
	}
	operation := map[string]any{"AttributePath": userNamePath, "AttributeValue": l.value}
	if l.issuer.attribute == emailPath {
		email := map[string]any{"Value": l.value, "Primary": true}
		if len(u.Emails) > 0 {
			email["Primary"] = u.Emails[0].Primary
			if kind := aws.ToString(u.Emails[0].Type); kind != "" {
				email["Type"] = kind
			}
		}
		operation = map[string]any{"AttributePath": "emails", "AttributeValue": []any{email}}
	}
	fixes := []finding.Fix{fix("write the user's "+l.issuer.attribute+" as the token has it", l.aws("identitystore", "update-user",
		"--identity-store-id", l.c.Registration.IdentityStoreID, "--user-id", id, "--operations", encoded([]any{operation})))}
	if len(u.ExternalIds) > 0 {
		fixes = append(fixes, finding.Fix{
			Who: finding.IdPAdmin, Does: "and at the identity provider, which provisions this user and would change it back",
			Console: "the identity provider's provisioning to IAM Identity Center > attribute mapping",
		})
	}
	return fixes
}

// otherMapping looks whether another claim or attribute finds exactly one user.
func (l *look) otherMapping(ctx context.Context) bool {
	pairs := append([][2]string{{l.issuer.claim, userNamePath}, {l.issuer.claim, emailPath}}, usual...)
	tried := map[[2]string]bool{{l.issuer.attribute, l.value}: true}
	for _, pair := range pairs {
		value, _ := claimAt(l.c.Token.Claims, pair[0])
		text, _ := value.(string)
		by := [2]string{pair[1], text}
		if text == "" || tried[by] {
			continue
		}
		tried[by] = true
		id, r := l.byAttribute(ctx, pair[1], text)
		if r != nil {
			continue
		}
		l.Found("center.wrong-mapping", l.issuer.arn,
			"no user has "+l.issuer.attribute+" = "+l.value+"; the user "+id+" has "+pair[1]+" = "+text+", which is the claim "+pair[0], l.remap(pair[0], pair[1]))
		return true
	}
	return false
}

// createUser is the fix that makes the user, named as the token says.
func (l *look) createUser() finding.Fix {
	name := func(claim, otherwise string) string {
		if text, _ := l.c.Token.Claims[claim].(string); text != "" {
			return text
		}
		return otherwise
	}
	local, _, isAddress := strings.Cut(l.value, "@")
	if l.issuer.attribute != userNamePath && l.issuer.attribute != emailPath || l.issuer.attribute == emailPath && !isAddress {
		return finding.Fix{Who: finding.CenterAdmin, Does: "provision the user with " + l.issuer.attribute + " = " + l.value, Console: "IAM Identity Center > Users > Add user"}
	}
	if !l.c.Token.Verified {
		return console(stranger, inUsers)
	}
	// As JSON: the AWS CLI would open a value that begins with file://, and one that begins
	// with a dash would be an option.
	input := map[string]any{
		"IdentityStoreId": l.c.Registration.IdentityStoreID, "UserName": l.value, "DisplayName": name("name", local),
		"Name": map[string]string{"GivenName": name("given_name", local), "FamilyName": name("family_name", local)},
	}
	if isAddress {
		input["Emails"] = []any{map[string]any{"Value": l.value, "Type": "work", "Primary": true}}
	}
	return fix("make the user, if the directory is not provisioned by the identity provider", l.aws("identitystore", "create-user", "--cli-input-json", encoded(input)))
}
