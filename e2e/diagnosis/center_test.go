package diagnosis_test

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

func centerMistakes() []mistake {
	return slices.Concat(applicationMistakes(), issuerMistakes(), actorMistakes(), scopeMistakes(), personMistakes(), userMistakes())
}

const (
	applicationRole = "arn:aws:iam::444455556666:role/tip-oidc-role"
	instanceARN     = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	storeID         = "d-1234567890"
	analystName     = "analyst@example.com"
)

func applicationMistakes() []mistake {
	const typo = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdee"
	return []mistake{
		{
			id: "center.application-arn-invalid", what: "`-a` is the ARN of the instance",
			args: []string{"-a", instanceARN}, culprit: instanceARN, says: "Application ARN",
			then: []string{"-a", labtest.ApplicationARN},
		},
		{
			id: "center.application-not-found", what: "the configured application ARN has a typing error",
			keys: map[string]any{"token_exchange_application_arn": typo}, culprit: typo, says: labtest.ApplicationARN,
		},
		{
			id: "center.application-disabled", what: "the application is disabled",
			world:   func(w *lab.World) { w.IdentityCenter[0].Applications[0].Disabled = true },
			culprit: labtest.ApplicationARN, says: "enable",
		},
		{
			id: "center.no-jwt-bearer", what: "the application has no grant for JWTs",
			world:   func(w *lab.World) { w.IdentityCenter[0].Applications[0].JWTBearer = nil },
			culprit: labtest.ApplicationARN, says: "authorize",
		},
		{
			id: "center.not-assigned", what: "the application requires assignments, and nobody is assigned",
			world:   func(w *lab.World) { w.IdentityCenter[0].Applications[0].AssignmentRequired = aws.Bool(true) },
			culprit: labtest.ApplicationARN, says: "assign",
		},
		{
			id: "center.not-assigned", name: "another-group", what: "the application requires assignments, and another group than the person's is assigned",
			world: func(w *lab.World) {
				app := &w.IdentityCenter[0].Applications[0]
				app.AssignmentRequired, app.AssignedGroups = aws.Bool(true), []string{labtest.Engineers}
			},
			culprit: labtest.ApplicationARN, says: "assign",
		},
	}
}

// another gives the trusted token issuer of Okta another URL.
func another(url string) func(*lab.World) {
	return func(w *lab.World) { w.IdentityCenter[0].TrustedTokenIssuers[0].IssuerURL = url }
}

func issuerMistakes() []mistake {
	return []mistake{
		{
			id: "center.issuer-mismatch", name: "slash", what: "the trusted token issuer's URL ends with a slash that the token does not have",
			world: another(oktaIssuer + "/"), culprit: ":trustedTokenIssuer/", says: oktaIssuer,
		},
		{
			id: "center.issuer-mismatch", name: "case", what: "the trusted token issuer's URL has a capital letter that the token does not have",
			world: another("https://Dev-123456789.okta.com/oauth2/default"), culprit: ":trustedTokenIssuer/", says: oktaIssuer,
		},
		{
			id: "center.issuer-not-authorized", what: "the application's grant does not have the trusted token issuer, which is there",
			world: func(w *lab.World) {
				app := &w.IdentityCenter[0].Applications[0]
				app.JWTBearer = app.JWTBearer[1:]
			},
			culprit: labtest.ApplicationARN, says: "authorize",
		},
		{
			id: "center.no-issuer", what: "the trusted token issuer was deleted, and the grant still names it",
			make: (*bench).deleteIssuer, culprit: labtest.ApplicationARN, says: "make a trusted token issuer",
		},
		{
			id: "center.audience-not-authorized", what: "the grant authorizes another audience than the client's id",
			world: func(w *lab.World) {
				w.IdentityCenter[0].Applications[0].JWTBearer[0].Audiences = []string{"0oaOtherEXAMPLE"}
			},
			culprit: labtest.ApplicationARN, says: labtest.ClientID,
		},
	}
}

// deleteIssuer deletes the trusted token issuer of Okta.
func (b *bench) deleteIssuer() {
	b.Helper()
	c := ssoadmin.NewFromConfig(b.admin(labtest.CenterAccount))
	list, err := c.ListTrustedTokenIssuers(b.Context(), &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(instanceARN)})
	if err != nil {
		b.Fatal(err)
	}
	for _, one := range list.TrustedTokenIssuers {
		if aws.ToString(one.Name) == labtest.Okta {
			if _, err := c.DeleteTrustedTokenIssuer(b.Context(), &ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: one.TrustedTokenIssuerArn}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// actors gives the application an actor policy of these statements.
func actors(statements ...map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		list := make([]any, len(statements))
		for i := range statements {
			list[i] = statements[i]
		}
		w.IdentityCenter[0].Applications[0].ActorPolicy = map[string]any{"Version": "2012-10-17", "Statement": list}
	}
}

func allowing(role string) map[string]any { return actor("Allow", role) }

func actor(effect, role string) map[string]any {
	return map[string]any{"Effect": effect, "Principal": map[string]any{"AWS": role}, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"}
}

func actorMistakes() []mistake {
	const notebookRole = "arn:aws:iam::444455556666:role/tip-notebook-role"
	elsewhere := allowing(applicationRole)
	elsewhere["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:RequestedRegion": "us-east-1"}}
	return []mistake{
		{
			id: "center.no-authentication-method", what: "the application has no IAM authentication method",
			world:   func(w *lab.World) { w.IdentityCenter[0].Applications[0].ActorPolicy = nil },
			culprit: labtest.ApplicationARN, says: applicationRole,
		},
		{
			id: "center.actor-not-admitted", what: "the actor policy names another role",
			world: actors(allowing(notebookRole)), culprit: labtest.ApplicationARN, says: applicationRole,
		},
		{
			id: "center.actor-not-admitted", name: "account", what: "the actor policy names the role of that name in another account",
			world: func(w *lab.World) {
				twin := w.Accounts[1].Roles[0]
				w.Accounts[0].Roles = append(w.Accounts[0].Roles, twin)
				actors(allowing("arn:aws:iam::111122223333:role/tip-oidc-role"))(w)
			},
			culprit: labtest.ApplicationARN, says: applicationRole,
		},
		{
			id: "center.actor-condition", what: "the actor policy admits the role in another region only",
			world: actors(elsewhere), culprit: labtest.ApplicationARN, says: applicationRole,
		},
		{
			id: "center.actor-denied", what: "the actor policy allows the role, and denies it as well",
			world: actors(allowing(applicationRole), actor("Deny", applicationRole)), culprit: labtest.ApplicationARN, says: "Deny",
		},
		{
			id: "center.actor-deleted", what: "the role that the actor policy names was deleted, and its id stands there",
			world: func(w *lab.World) {
				account := &w.Accounts[1]
				former := account.Roles[0]
				former.Name, former.Policies = "tip-former-role", nil
				account.Roles = append(account.Roles, former)
				actors(allowing("arn:aws:iam::444455556666:role/tip-former-role"))(w)
			},
			make: func(b *bench) {
				if _, err := iam.NewFromConfig(b.admin(labtest.ApplicationAccount)).DeleteRole(b.Context(), &iam.DeleteRoleInput{RoleName: aws.String("tip-former-role")}); err != nil {
					b.Fatal(err)
				}
			},
			culprit: labtest.ApplicationARN, says: "deleted",
		},
	}
}

func scopeMistakes() []mistake {
	return []mistake{
		{
			id: "center.scope-missing", what: "the application lacks the access scope of S3 Access Grants",
			world: func(w *lab.World) {
				app := &w.IdentityCenter[0].Applications[0]
				app.Scopes = app.Scopes[1:]
			},
			culprit: labtest.ApplicationARN, says: "s3:access_grants:read_write",
		},
		{
			id: "center.scope-target", what: "the access scope of S3 Access Grants is limited to another instance",
			world: func(w *lab.World) {
				w.IdentityCenter[0].Applications[0].Scopes[0].Targets = []string{"arn:aws:sso:::instance/ssoins-abcdefabcdefabcd"}
			},
			culprit: labtest.ApplicationARN, says: "add the instance",
		},
		{
			id: "center.scope-workgroup", what: "the application lacks the access scope of Athena's work groups",
			world: func(w *lab.World) {
				app := &w.IdentityCenter[0].Applications[0]
				app.Scopes = slices.Delete(app.Scopes, 1, 2)
			},
			args: []string{"--service", "athena"}, culprit: labtest.ApplicationARN, says: "athena:workgroup:read_write",
		},
	}
}

// claimed gives the analyst other claims at the identity provider.
func claimed(claims map[string]any) func(*lab.World) {
	return func(w *lab.World) { w.Issuers[0].People[0].Claims = claims }
}

func personMistakes() []mistake {
	mapped := func(claim string) func(*lab.World) {
		return func(w *lab.World) { w.IdentityCenter[0].TrustedTokenIssuers[0].ClaimAttributePath = claim }
	}
	return []mistake{
		{
			id: "center.claim-missing", what: "people are looked up by a claim that the token lacks",
			world: mapped("upn"), culprit: ":trustedTokenIssuer/", says: "email",
		},
		{
			id: "center.claim-missing", name: "scope", what: "the scope that brings the claim is not asked for",
			keys: map[string]any{"scopes": []string{"openid", "profile", "offline_access"}}, make: (*bench).browse,
			culprit: "scopes", says: "scope email",
		},
		{
			id: "center.claim-not-text", what: "people are looked up by a claim that is a list",
			world: func(w *lab.World) {
				w.Issuers[0].People[0].Claims["groups"] = []any{"analysts"}
				mapped("groups")(w)
			},
			culprit: ":trustedTokenIssuer/", says: "email",
		},
		{
			id: "center.wrong-mapping", what: "the e-mail address is compared with user names, which are no addresses",
			world: func(w *lab.World) {
				center := &w.IdentityCenter[0]
				center.TrustedTokenIssuers[0].IdentityStoreAttributePath = "userName"
				rename(w, "analyst")
			},
			culprit: ":trustedTokenIssuer/", says: "emails.value",
		},
	}
}

// rename gives the analyst another user name in the directory.
func rename(w *lab.World, name string) {
	center := &w.IdentityCenter[0]
	center.Users[0].UserName = name
	center.Groups[0].Members = []string{name}
	for i := range w.AccessGrants[0].Grants {
		if w.AccessGrants[0].Grants[i].User == analystName {
			w.AccessGrants[0].Grants[i].User = name
		}
	}
}

// readdress gives a user of the directory another e-mail address.
func (b *bench) readdress(userID, address string) {
	b.Helper()
	_, err := identitystore.NewFromConfig(b.admin(labtest.CenterAccount)).UpdateUser(b.Context(), &identitystore.UpdateUserInput{
		IdentityStoreId: aws.String(storeID), UserId: &userID,
		Operations: []types.AttributeOperation{{
			AttributePath:  aws.String("emails"),
			AttributeValue: document.NewLazyDocument([]any{map[string]any{"Value": address, "Type": "work", "Primary": true}}),
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

func userMistakes() []mistake {
	return []mistake{
		{
			id: "center.wrong-mapping", name: "external-id", what: "people are looked up by external ids, which nobody in the directory has",
			world: func(w *lab.World) {
				issuer := &w.IdentityCenter[0].TrustedTokenIssuers[0]
				issuer.ClaimAttributePath, issuer.IdentityStoreAttributePath = "sub", "externalIds.value"
			},
			culprit: ":trustedTokenIssuer/", says: "emails.value",
		},
		{
			id: "center.no-user", what: "nobody in the directory has the person's e-mail address",
			world:   claimed(map[string]any{"email": "newcomer@example.com", "name": "Newcomer"}),
			culprit: "newcomer@example.com", says: "make the user",
		},
		{
			id: "center.no-user", name: "other-domain", what: "the directory has the person's address of another domain",
			world:   claimed(map[string]any{"email": "analyst@example.org"}),
			culprit: "analyst@example.org", says: analystName,
			mend: func(b *bench) { b.readdress(labtest.AnalystID, "analyst@example.org") },
		},
		{
			id: "center.user-case", what: "the identity provider writes the e-mail address with capital letters",
			world:   claimed(map[string]any{"email": "Analyst@Example.com"}),
			culprit: analystName, says: "as the token has it",
		},
		{
			id: "center.user-ambiguous", what: "two users have the same e-mail address",
			world:   func(w *lab.World) { w.IdentityCenter[0].Users[1].Email = analystName },
			culprit: analystName, says: "engineer@example.com",
			mend: func(b *bench) { b.readdress(labtest.EngineerID, "engineer@example.com") },
		},
		{
			id: "center.user-disabled", what: "the user is disabled in the directory",
			make: func(b *bench) {
				if err := b.Lab.SetUserDisabled(analystName, true); err != nil {
					b.Fatal(err)
				}
			},
			culprit: analystName, says: "Enable user access",
			mend: func(b *bench) {
				if err := b.Lab.SetUserDisabled(analystName, false); err != nil {
					b.Fatal(err)
				}
			},
		},
	}
}
