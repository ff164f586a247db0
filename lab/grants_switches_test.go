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
		}), func(s *world.Switches) { s.DirectorySourceIdentity = on() }, accessing("s3://b/k", "READ"), worked, "403 StsNotAuthorizedError"},
		"GrantOfEverything": {base, func(s *world.Switches) { s.GrantOfEverything = on() }, managing(grant("default", "*", enhanced)), "400 InvalidAccessGrant", worked},
		"SubPrefixSlash": {append(base, func(w *lab.World) {
			w.AccessGrants[0].Locations = append(w.AccessGrants[0].Locations, world.LocationFile{ID: "bare", Scope: "s3://bare", Role: "s3-access-grants-location"})
		}), func(s *world.Switches) { s.SubPrefixSlash = off() }, func(b *bench) string {
			scopes := ""
			for _, subPrefix := range []string{"p/*", "/q/*"} {
				out, err := b.owner().createGrant("bare", subPrefix, "IAM", enhanced)
				if err != nil {
					return err.Error()
				}
				scopes += *out.GrantScope + " "
			}
			return scopes
		}, "s3://bare/p/* s3://bare/q/* ", "s3://barep/* s3://bare/q/* "},
		"ForeignAccountForPrefix": {base, func(s *world.Switches) { s.ForeignAccountForPrefix = "accepted" }, foreignAccount, "403 AccessDenied", worked},
		"VendedSourceIdentity": {append(base, grants(role("b/*"))), func(s *world.Switches) { s.VendedSourceIdentity = off() }, func(b *bench) string {
			return vendedFrom(b, func(s *world.Session) { s.SourceIdentity = "alice@example.com" }).SourceIdentity
		}, "alice@example.com", ""},
		"ApplicationFilterKeepsIAM": {append(base, grants(role("b/*"))), func(s *world.Switches) { s.ApplicationFilterKeepsIAM = off() }, func(b *bench) string {
			out, err := b.control(b.person(analyst)).ListCallerAccessGrants(b.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl), AllowedByApplication: true})
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(len(out.CallerAccessGrantsList))
		}, "1", "0"},
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

// foreignAccount asks for an instance in the name of another account.
func foreignAccount(b *bench) string {
	return short(errOf(b.control(b.person(analyst)).GetAccessGrantsInstanceForPrefix(b.Context(),
		&s3control.GetAccessGrantsInstanceForPrefixInput{AccountId: aws.String(center), S3Prefix: aws.String("s3://tip-demo-data/")})))
}

func TestForeignAccountIsInvalid(t *testing.T) {
	b := start(t, silent, func(w *lab.World) { w.Switches.ForeignAccountForPrefix = "InvalidRequest" })
	if got := foreignAccount(b); got != "400 InvalidRequest" {
		t.Errorf("answer %q", got)
	}
}

// vendedFrom is the session of the credentials for s3://b/k.
func vendedFrom(b *bench, edit func(*world.Session)) *world.Session {
	b.Helper()
	out, err := b.dataAccess(b.session(enhanced, edit), "s3://b/k", "READ")
	if err != nil {
		b.Fatal(err)
	}
	s, ok := b.lab.State().Session(*out.Credentials.AccessKeyId)
	if !ok {
		b.Fatal("no session")
	}
	return s
}

// A source identity goes on with an IAM grant, if the location's role admits it;
// with a person's grant it does so only where the service sets one at all.
func TestSourceIdentityOfVendedSessions(t *testing.T) {
	alice := func(s *world.Session) { s.SourceIdentity = "alice@example.com" }
	person := func(b *bench) func(*world.Session) {
		return func(s *world.Session) {
			alice(s)
			id, err := b.lab.State().OpenContext(b.context(analyst))
			if err != nil {
				b.Fatal(err)
			}
			s.Identity = id
		}
	}
	b := start(t, silent, grants(role("b/*")))
	if s := vendedFrom(b, alice); s.SourceIdentity != "alice@example.com" || s.Identity != nil {
		t.Errorf("IAM grant: %+v", s)
	}
	if s := vendedFrom(b, func(*world.Session) {}); s.SourceIdentity != "" {
		t.Errorf("nobody's source identity is %q", s.SourceIdentity)
	}
	b = start(t, silent, grants(user("b/*")))
	if s := vendedFrom(b, person(b)); s.SourceIdentity != "" {
		t.Errorf("person's grant: %q", s.SourceIdentity)
	}
	b = start(t, silent, grants(user("b/*")), func(w *lab.World) { w.Switches.DirectorySourceIdentity = on() })
	if s := vendedFrom(b, person(b)); s.SourceIdentity != "alice@example.com" {
		t.Errorf("person's grant, set: %q", s.SourceIdentity)
	}
	b = start(t, silent, grants(role("b/*")), func(w *lab.World) {
		w.Accounts[1].Roles[2].Trust = policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:SetSourceIdentity"}, "Principal", map[string]any{"Service": "access-grants.s3.amazonaws.com"},
			"Condition", map[string]any{"StringLikeIfExists": map[string]any{"sts:SourceIdentity": "*@example.com"}}))
	})
	if s := vendedFrom(b, alice); s.SourceIdentity != "alice@example.com" {
		t.Errorf("admitted: %q", s.SourceIdentity)
	}
	_, err := b.dataAccess(b.session(enhanced, func(s *world.Session) { s.SourceIdentity = "mallory" }), "s3://b/k", "READ")
	expect(t, answer{403, "StsNotAuthorizedError", "*"}, err)
}
