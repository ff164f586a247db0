package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// The scope of an application can have the application of the association as its target.
func TestScopeForTheAssociation(t *testing.T) {
	b := start(t, silent, grants(user("b/*")))
	own := *must[*s3control.GetAccessGrantsInstanceOutput](t)(b.owner().get()).IdentityCenterApplicationArn
	for target, want := range map[string]answer{own: {}, own[:len(own)-4] + "0000": noPermission("READ", "s3://b/k")} {
		b := start(t, silent, grants(user("b/*")), func(w *lab.World) { w.IdentityCenter[0].Applications[0].Scopes[0].Targets = []string{target} })
		_, err := b.dataAccess(b.person(analyst), "s3://b/k", "READ")
		expect(t, want, err)
	}
}

// A grant with another permission, or for another application, is another grant.
func TestGrantsThatDiffer(t *testing.T) {
	b := start(t, silent, grants(user("b/*")))
	o := b.owner()
	permission := func(p types.Permission) func(*s3control.CreateAccessGrantInput) {
		return func(in *s3control.CreateAccessGrantInput) { in.Permission = p }
	}
	application := func(in *s3control.CreateAccessGrantInput) { in.ApplicationArn = aws.String(appARN) }
	twice := answer{409, "AccessGrantAlreadyExists", "*"}
	for _, c := range []struct {
		edit func(*s3control.CreateAccessGrantInput)
		want answer
	}{{permission("READ"), twice}, {permission("WRITE"), answer{}}, {permission("WRITE"), twice}, {application, answer{}}, {application, twice}} {
		expect(t, c.want, errOf(o.createGrant("default", "b/*", "DIRECTORY_USER", analyst, c.edit)))
	}
}

// The beginning of several buckets' names is of no one region.
func TestScopesOfSeveralBuckets(t *testing.T) {
	o := start(t, refusing).owner()
	expect(t, answer{}, errOf(o.createLocation("s3://far-away*", locationRole)))
	expect(t, answer{}, errOf(o.createGrant("default", "far-away*", "IAM", enhanced)))
	expect(t, badScope, errOf(o.createLocation("s3://far-away", locationRole)))
	expect(t, badGrant, errOf(o.createGrant("default", "far-away/a*", "IAM", enhanced)))
}

func TestResourcePolicyOfTheInstanceAndBelow(t *testing.T) {
	o := start(t, managedWorld).owner()
	for resource, want := range map[string]answer{
		grantsARN: {}, grantsARN + "*": {}, grantsARN + "/*": {}, grantsARN + "/grant/g": {}, "*": {}, grantsARN + "2": badPolicy, grantsARN[:len(grantsARN)-1] + "*": badPolicy,
	} {
		expect(t, want, o.putPolicy(sharing(principalOf(center), "s3:GetDataAccess", `"`+resource+`"`)))
	}
}

func TestPolicyTooLargeText(t *testing.T) {
	b := start(t, silent, grants(permitting("READWRITE", user("b/*"))), func(w *lab.World) { w.Switches.VendedPolicySize = "2048" })
	_, err := b.dataAccess(b.person(analyst), "s3://b/"+strings.Repeat("x", 900)+"*", "READWRITE", minimal)
	expect(t, answer{400, "StsPackedPolicyTooLargeError", "Serialized token too large for session"}, err)
}

// Data events of vended credentials name the grant and what was matched.
func TestDataEventsNameTheGrant(t *testing.T) {
	g := user("tip-demo-data/*")
	g.ID = "g"
	b := start(t, silent, grants(g))
	if err := get(t.Context(), b.vended(b.person(analyst), "s3://tip-demo-data/reports/*", "READ", minimal), "reports/summary.txt"); err != nil {
		t.Fatal(err)
	}
	e := b.lastEvent()
	want := map[string]any{"accessGrantArn": grantsARN + "/grant/g", "accessGrantTarget": "s3://tip-demo-data/reports/*"}
	if diff := cmp.Diff(want, e.AdditionalData); diff != "" || e.EventName != "GetObject" || e.EventCategory != "Data" || e.ManagementEvent {
		t.Errorf("event %s %s (-want +got):\n%s", e.EventName, e.EventCategory, diff)
	}
}

// The application of an association is named alike when it is made, read and undone.
func TestApplicationOfTheAssociation(t *testing.T) {
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	b := start(t, silent, func(w *lab.World) {
		w.AccessGrants[0].IdentityCenter, w.AccessGrants[0].Grants = "", nil
		addRole(w, 1, "keeper", nobody, map[string]any{"p": policyOf(
			statement("Allow", []any{"s3:*", "sso:CreateApplication"}, "Resource", "*"),
			statement("Allow", []any{"sso:PutApplicationGrant", "sso:PutApplicationAuthenticationMethod", "sso:DeleteApplication"}, "Resource", "arn:aws:sso::"+center+":application/ssoins-1234567890abcdef/*"))})
	})
	o := b.ownerAs(b.session(roleIn(appl, "keeper")))
	expect(t, answer{}, o.associate(instance))
	if arn := *must[*s3control.GetAccessGrantsInstanceOutput](t)(o.get()).IdentityCenterApplicationArn; !applicationForm.MatchString(arn) {
		t.Errorf("application %s", arn)
	}
	expect(t, answer{}, o.dissociate())
}

// Two buckets that begin alike are within one grant, and so are lists of both.
func TestListsOfSeveralBuckets(t *testing.T) {
	b := start(t, silent, grants(user("tip-*")), func(w *lab.World) {
		w.Buckets = append(w.Buckets, world.BucketFile{Name: "other", Account: appl})
		w.Accounts[1].Roles[2].Policies = allowing("s3:*")
	})
	client := b.vended(b.person(analyst), "s3://tip-team-data/x", "READ")
	for name, want := range map[string]string{"tip-demo-data": "", "tip-team-data": "", "other": "AccessDenied"} {
		_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name})
		if got := answerOf(err).Code; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
