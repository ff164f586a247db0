package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// managing asks as an administrator.
func managing(ask func(*owner) error) func(*bench) string {
	return func(b *bench) string { return short(ask(b.owner())) }
}

// managementReadings are those about the management of S3 Access Grants.
func managementReadings() map[string]reading {
	base := []func(*lab.World){silent, grants(user("b/*"))}
	only := func(below string) []func(*lab.World) {
		return append(base, func(w *lab.World) {
			addRole(w, 1, "keeper", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))),
				map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", grantsARN+below), statement("Allow", "iam:PassRole", "Resource", "*"))})
		})
	}
	grant := func(location, subPrefix string, id string) func(*owner) error {
		return func(o *owner) error { return errOf(o.createGrant(location, subPrefix, "IAM", id)) }
	}
	alone := append(base, func(w *lab.World) { w.AccessGrants[0].IdentityCenter, w.AccessGrants[0].Grants = "", nil })
	return map[string]reading{
		"AccessGrantsCreateOn": {only("/grant/*"), func(s *world.Switches) { s.AccessGrantsCreateOn = "container" }, func(b *bench) string {
			o := b.ownerAs(b.session(roleIn(appl, "keeper")))
			return short(grant("default", "b/new/*", enhanced)(o))
		}, worked, "403 AccessDenied"},
		"LocationRoleChecked": {base, func(s *world.Switches) { s.LocationRoleChecked = off() },
			managing(func(o *owner) error { return errOf(o.createLocation("s3://new-one", enhanced)) }), "400 InvalidIamRole", worked},
		"LocationBucketMustExist": {base, func(s *world.Switches) { s.LocationBucketMustExist = on() },
			managing(func(o *owner) error { return errOf(o.createLocation("s3://new-one/a*", locationRole)) }), worked, "400 InvalidAccessGrantsLocation"},
		"GrantScopeStar":      {base, func(s *world.Switches) { s.GrantScopeStar = off() }, managing(grant("default", "b/k", enhanced)), "400 InvalidAccessGrant", worked},
		"IAMGranteeMustExist": {base, func(s *world.Switches) { s.IAMGranteeMustExist = on() }, managing(grant("default", "b/k*", roleIn(appl, "nobody"))), worked, "400 InvalidAccessGrant"},
		"DirectoryGrantRefusal": {alone, func(s *world.Switches) { s.DirectoryGrantRefusal = "InvalidIdentityCenterInstance" },
			managing(func(o *owner) error { return errOf(o.createGrant("default", "b/k*", "DIRECTORY_USER", analyst)) }), "400 InvalidAccessGrant", "400 InvalidIdentityCenterInstance"},
		"AssociatedInstanceRefusal": {append(base, func(w *lab.World) { w.AccessGrants[0].Locations, w.AccessGrants[0].Grants = nil, nil }),
			func(s *world.Switches) { s.AssociatedInstanceRefusal = "InvalidIdentityCenterInstance" },
			managing((*owner).deleteInstance), "400 AccessGrantsInstanceNotEmptyError", "400 InvalidIdentityCenterInstance"},
		"SecondAssociation": {base, func(s *world.Switches) { s.SecondAssociation = "replaced" },
			managing(func(o *owner) error { return o.associate(instance) }), "400 InvalidIdentityCenterInstance", worked},
		"GrantScopeFilter": {base, func(s *world.Switches) { s.GrantScopeFilter = "prefix" }, func(b *bench) string {
			scopes, _ := b.owner().scopesOf(0, func(in *s3control.ListAccessGrantsInput) { in.GrantScope = aws.String("s3://b/") })
			return fmt.Sprint(len(scopes))
		}, "0", "1"},
		"DirectorySourceIdentity": {append(base, func(w *lab.World) {
			w.Accounts[1].Roles[2].Trust = policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:SetContext"}, "Principal", map[string]any{"Service": "access-grants.s3.amazonaws.com"}))
		}), func(s *world.Switches) { s.DirectorySourceIdentity = off() }, accessing("s3://b/k", "READ"), "403 StsNotAuthorizedError", worked},
		"VendedPolicySize": {[]func(*lab.World){silent, grants(permitting("READWRITE", user("b/*")))}, func(s *world.Switches) { s.VendedPolicySize = "2048" },
			accessing("s3://b/"+strings.Repeat("x", 900)+"*", "READWRITE", minimal), worked, "400 StsPackedPolicyTooLargeError"},
	}
}

// On the container a new location asks for the instance.
func TestNewLocationAsksForItsInstance(t *testing.T) {
	for _, on := range []string{"created", "container"} {
		for below, want := range map[string]answer{"": {}, "/location/*": {403, "AccessDenied", "*"}} {
			b := start(t, silent, func(w *lab.World) {
				w.Switches.AccessGrantsCreateOn = on
				addRole(w, 1, "keeper", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))),
					map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", grantsARN+below), statement("Allow", "iam:PassRole", "Resource", "*"))})
			})
			if on == "created" {
				want = map[string]answer{"": {403, "AccessDenied", "*"}, "/location/*": {}}[below]
			}
			expect(t, want, errOf(b.ownerAs(b.session(roleIn(appl, "keeper"))).createLocation("s3://new-one", locationRole)))
		}
	}
}
