package lab_test

import (
	"context"
	"net/url"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	locationRole = "arn:aws:iam::444455556666:role/s3-access-grants-location"
)

// unmanaged is the world without an Access Grants instance.
func unmanaged(w *lab.World) {
	silent(w)
	w.AccessGrants = nil
}

// oneEndpoint answers every S3 Control request at the endpoint door: the account
// stays in its header, as 444455556666.127.0.0.1 is no host name.
type oneEndpoint string

func (e oneEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(e))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}

func (b *bench) controlAtEndpoint(p aws.CredentialsProvider) *s3control.Client {
	return s3control.NewFromConfig(b.config(p), func(o *s3control.Options) { o.EndpointResolverV2 = oneEndpoint(b.lab.Endpoint()) })
}

// owner manages the Access Grants of the application's account.
type owner struct {
	*bench
	client  *s3control.Client
	account *string
}

func (b *bench) owner() *owner { return b.ownerAs(labtest.Admin()) }

func (b *bench) ownerAs(p aws.CredentialsProvider) *owner {
	return &owner{b, b.control(p), aws.String(appl)}
}

func tagsOf(kv ...string) []types.Tag {
	var tags []types.Tag
	for i := 0; i < len(kv); i += 2 {
		tags = append(tags, types.Tag{Key: &kv[i], Value: &kv[i+1]})
	}
	return tags
}

func (o *owner) createInstance(edits ...func(*s3control.CreateAccessGrantsInstanceInput)) (*s3control.CreateAccessGrantsInstanceOutput, error) {
	in := &s3control.CreateAccessGrantsInstanceInput{AccountId: o.account}
	for _, edit := range edits {
		edit(in)
	}
	return o.client.CreateAccessGrantsInstance(o.Context(), in)
}

func (o *owner) associate(arn string) error {
	return errOf(o.client.AssociateAccessGrantsIdentityCenter(o.Context(), &s3control.AssociateAccessGrantsIdentityCenterInput{AccountId: o.account, IdentityCenterArn: &arn}))
}

func (o *owner) dissociate() error {
	return errOf(o.client.DissociateAccessGrantsIdentityCenter(o.Context(), &s3control.DissociateAccessGrantsIdentityCenterInput{AccountId: o.account}))
}

func (o *owner) get() (*s3control.GetAccessGrantsInstanceOutput, error) {
	return o.client.GetAccessGrantsInstance(o.Context(), &s3control.GetAccessGrantsInstanceInput{AccountId: o.account})
}

func (o *owner) createLocation(scope, role string, tags ...string) (*s3control.CreateAccessGrantsLocationOutput, error) {
	return o.client.CreateAccessGrantsLocation(o.Context(), &s3control.CreateAccessGrantsLocationInput{AccountId: o.account, LocationScope: &scope, IAMRoleArn: &role, Tags: tagsOf(tags...)})
}

func (o *owner) updateLocation(id, role string) (*s3control.UpdateAccessGrantsLocationOutput, error) {
	return o.client.UpdateAccessGrantsLocation(o.Context(), &s3control.UpdateAccessGrantsLocationInput{AccountId: o.account, AccessGrantsLocationId: &id, IAMRoleArn: &role})
}

func (o *owner) deleteLocation(id string) error {
	return errOf(o.client.DeleteAccessGrantsLocation(o.Context(), &s3control.DeleteAccessGrantsLocationInput{AccountId: o.account, AccessGrantsLocationId: &id}))
}

// createGrant makes a READ grant under the location.
func (o *owner) createGrant(location, subPrefix string, grantee types.GranteeType, id string, edits ...func(*s3control.CreateAccessGrantInput)) (*s3control.CreateAccessGrantOutput, error) {
	in := &s3control.CreateAccessGrantInput{
		AccountId: o.account, AccessGrantsLocationId: &location, Permission: types.PermissionRead,
		Grantee: &types.Grantee{GranteeType: grantee, GranteeIdentifier: &id},
	}
	if subPrefix != "" {
		in.AccessGrantsLocationConfiguration = &types.AccessGrantsLocationConfiguration{S3SubPrefix: &subPrefix}
	}
	for _, edit := range edits {
		edit(in)
	}
	return o.client.CreateAccessGrant(o.Context(), in)
}

func (o *owner) deleteGrant(id string) error {
	return errOf(o.client.DeleteAccessGrant(o.Context(), &s3control.DeleteAccessGrantInput{AccountId: o.account, AccessGrantId: &id}))
}

func (o *owner) deleteInstance() error {
	return errOf(o.client.DeleteAccessGrantsInstance(o.Context(), &s3control.DeleteAccessGrantsInstanceInput{AccountId: o.account}))
}

func (o *owner) putPolicy(text string) error {
	return errOf(o.client.PutAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.PutAccessGrantsInstanceResourcePolicyInput{AccountId: o.account, Policy: &text}))
}

func (o *owner) tag(arn string, tags ...string) error {
	return errOf(o.client.TagResource(o.Context(), &s3control.TagResourceInput{AccountId: o.account, ResourceArn: &arn, Tags: tagsOf(tags...)}))
}

func (o *owner) untag(arn string, keys ...string) error {
	return errOf(o.client.UntagResource(o.Context(), &s3control.UntagResourceInput{AccountId: o.account, ResourceArn: &arn, TagKeys: keys}))
}

func (o *owner) tags(arn string) (map[string]string, error) {
	out, err := o.client.ListTagsForResource(o.Context(), &s3control.ListTagsForResourceInput{AccountId: o.account, ResourceArn: &arn})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, t := range out.Tags {
		all[*t.Key] = *t.Value
	}
	return all, nil
}

func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

var applicationForm = regexp.MustCompile(`^arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-[0-9a-f]{16}$`)

// An instance is set up from nothing, serves a person, and is taken down again; at both doors.
func TestAccessGrantsFromNothing(t *testing.T) {
	for door, client := range map[string]func(*bench, aws.CredentialsProvider) *s3control.Client{
		"proxy door": (*bench).control, "endpoint door": (*bench).controlAtEndpoint,
	} {
		t.Run(door, func(t *testing.T) {
			b := start(t, unmanaged)
			o := &owner{b, client(b, labtest.Admin()), aws.String(appl)}
			o.setUp()
			o.takeDown()
		})
	}
}

func (o *owner) setUp() {
	tb := o.TB
	tb.Helper()
	made := must[*s3control.CreateAccessGrantsInstanceOutput](tb)(o.createInstance(func(in *s3control.CreateAccessGrantsInstanceInput) {
		in.IdentityCenterArn, in.Tags = aws.String(instance), tagsOf("team", "data")
	}))
	if *made.AccessGrantsInstanceArn != grantsARN || *made.AccessGrantsInstanceId != "default" || *made.IdentityCenterInstanceArn != instance ||
		!applicationForm.MatchString(*made.IdentityCenterApplicationArn) || made.CreatedAt.IsZero() {
		tb.Errorf("instance %+v", made)
	}
	location := must[*s3control.CreateAccessGrantsLocationOutput](tb)(o.createLocation("s3://tip-demo-data", locationRole))
	if *location.AccessGrantsLocationArn != grantsARN+"/location/"+*location.AccessGrantsLocationId || *location.LocationScope != "s3://tip-demo-data" || *location.IAMRoleArn != locationRole {
		tb.Errorf("location %+v", location)
	}
	_, err := o.dataAccess(o.person(analyst), "s3://tip-demo-data/reports/*", "READ")
	expect(tb, noPermission("READ", "s3://tip-demo-data/reports/*"), err)
	grant := must[*s3control.CreateAccessGrantOutput](tb)(o.createGrant(*location.AccessGrantsLocationId, "reports/*", "DIRECTORY_GROUP", analysts))
	if *grant.AccessGrantArn != grantsARN+"/grant/"+*grant.AccessGrantId || *grant.GrantScope != "s3://tip-demo-data/reports/*" || *grant.ApplicationArn != "ALL" ||
		*grant.AccessGrantsLocationConfiguration.S3SubPrefix != "reports/*" || grant.Permission != "READ" || *grant.Grantee.GranteeIdentifier != analysts {
		tb.Errorf("grant %+v", grant)
	}
	expect(tb, answer{}, get(tb.Context(), o.vended(o.person(analyst), "s3://tip-demo-data/reports/*", "READ"), "reports/summary.txt"))
	got := must[*s3control.GetAccessGrantOutput](tb)(o.client.GetAccessGrant(tb.Context(), &s3control.GetAccessGrantInput{AccountId: o.account, AccessGrantId: grant.AccessGrantId}))
	if *got.GrantScope != *grant.GrantScope || *got.AccessGrantArn != *grant.AccessGrantArn || !got.CreatedAt.Equal(*grant.CreatedAt) || *got.ApplicationArn != "ALL" {
		tb.Errorf("grant %+v", got)
	}
	where := must[*s3control.GetAccessGrantsLocationOutput](tb)(o.client.GetAccessGrantsLocation(tb.Context(), &s3control.GetAccessGrantsLocationInput{AccountId: o.account, AccessGrantsLocationId: location.AccessGrantsLocationId}))
	if *where.LocationScope != "s3://tip-demo-data" || *where.IAMRoleArn != locationRole {
		tb.Errorf("location %+v", where)
	}
	list := must[*s3control.ListAccessGrantsInstancesOutput](tb)(o.client.ListAccessGrantsInstances(tb.Context(), &s3control.ListAccessGrantsInstancesInput{AccountId: o.account}))
	if len(list.AccessGrantsInstancesList) != 1 || *list.AccessGrantsInstancesList[0].IdentityCenterInstanceArn != instance {
		tb.Errorf("instances %+v", list.AccessGrantsInstancesList)
	}
}

// takeDown removes what is there in the order that AWS demands, and is refused in any other.
func (o *owner) takeDown() {
	tb := o.TB
	tb.Helper()
	list := must[*s3control.ListAccessGrantsOutput](tb)(o.client.ListAccessGrants(tb.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account}))
	locations := must[*s3control.ListAccessGrantsLocationsOutput](tb)(o.client.ListAccessGrantsLocations(tb.Context(), &s3control.ListAccessGrantsLocationsInput{AccountId: o.account}))
	if len(list.AccessGrantsList) != 1 || len(locations.AccessGrantsLocationsList) != 1 {
		tb.Fatalf("%d grants, %d locations", len(list.AccessGrantsList), len(locations.AccessGrantsLocationsList))
	}
	location := *locations.AccessGrantsLocationsList[0].AccessGrantsLocationId
	expect(tb, answer{400, "AccessGrantsInstanceNotEmptyError", "Please clean up locations before deleting the access grants instance"}, o.deleteInstance())
	expect(tb, answer{400, "AccessGrantsLocationNotEmptyError", "Please clean up access grants before deleting access grants location"}, o.deleteLocation(location))
	expect(tb, answer{}, o.deleteGrant(*list.AccessGrantsList[0].AccessGrantId))
	_, err := o.dataAccess(o.person(analyst), "s3://tip-demo-data/reports/*", "READ")
	expect(tb, noPermission("READ", "s3://tip-demo-data/reports/*"), err)
	expect(tb, answer{}, o.dissociate())
	expect(tb, answer{400, "AccessGrantsInstanceNotEmptyError", "*"}, o.deleteInstance()) // a location is left
	expect(tb, answer{}, o.associate(instance))
	expect(tb, answer{}, o.deleteLocation(location))
	expect(tb, answer{400, "AccessGrantsInstanceNotEmptyError", "*"}, o.deleteInstance()) // the association is left
	expect(tb, answer{}, o.dissociate())
	expect(tb, answer{}, o.deleteInstance())
	_, err = o.get()
	expect(tb, answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}, err)
	gone := must[*s3control.ListAccessGrantsInstancesOutput](tb)(o.client.ListAccessGrantsInstances(tb.Context(), &s3control.ListAccessGrantsInstancesInput{AccountId: o.account}))
	if len(gone.AccessGrantsInstancesList) != 0 {
		tb.Errorf("instances %+v", gone.AccessGrantsInstancesList)
	}
}

// The association decides whether directory grants serve anybody; the grants stay.
func TestDissociation(t *testing.T) {
	b := start(t, silent, grants(user("b/person/*"), role("b/role/*")))
	o, p := b.owner(), b.person(analyst)
	count := func() int {
		return len(must[*s3control.ListAccessGrantsOutput](t)(o.client.ListAccessGrants(t.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account})).AccessGrantsList)
	}
	before := must[*s3control.GetAccessGrantsInstanceOutput](t)(o.get())
	expect(t, answer{}, o.dissociate())
	_, err := b.dataAccess(p, "s3://b/person/k", "READ")
	expect(t, noPermission("READ", "s3://b/person/k"), err)
	_, err = b.dataAccess(p, "s3://b/role/k", "READ")
	expect(t, answer{}, err)
	if n := count(); n != 2 {
		t.Errorf("%d grants are left", n)
	}
	if got := must[*s3control.GetAccessGrantsInstanceOutput](t)(o.get()); got.IdentityCenterInstanceArn != nil || got.IdentityCenterApplicationArn != nil {
		t.Errorf("still associated: %+v", got)
	}
	expect(t, answer{400, "InvalidIdentityCenterInstance", "The specified identity center instance is invalid"}, o.dissociate())
	_, err = o.createGrant("default", "b/new/*", "DIRECTORY_USER", analyst)
	expect(t, answer{400, "InvalidAccessGrant", "The specified Access Grant is invalid"}, err)
	expect(t, answer{}, o.associate(instance))
	_, err = b.dataAccess(p, "s3://b/person/k", "READ")
	expect(t, answer{}, err)
	after := must[*s3control.GetAccessGrantsInstanceOutput](t)(o.get())
	if *after.IdentityCenterApplicationArn == *before.IdentityCenterApplicationArn || !applicationForm.MatchString(*after.IdentityCenterApplicationArn) {
		t.Errorf("the application is %s as before", *after.IdentityCenterApplicationArn)
	}
}

// Who leaves the group, or loses the grant, loses the access at the next request;
// what was given out before works until it expires.
func TestAccessGoesAway(t *testing.T) {
	b := start(t, silent, grants(group("tip-demo-data/reports/*"), user("tip-demo-data/shared/*")))
	o, p := b.owner(), b.person(analyst)
	const reports, shared = "s3://tip-demo-data/reports/*", "s3://tip-demo-data/shared/*"
	client := b.vended(p, reports, "READ")
	center, ok := b.lab.State().Instance(instance)
	if !ok {
		t.Fatal("no Identity Center")
	}
	if err := b.lab.State().SetGroupMembers(center, analysts, engineer); err != nil {
		t.Fatal(err)
	}
	_, err := b.dataAccess(p, reports, "READ")
	expect(t, noPermission("READ", reports), err)
	_, err = b.dataAccess(b.person(engineer), reports, "READ")
	expect(t, answer{}, err)
	expect(t, answer{}, get(t.Context(), client, "reports/summary.txt"))
	list := must[*s3control.ListAccessGrantsOutput](t)(o.client.ListAccessGrants(t.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account, GranteeType: "DIRECTORY_USER"}))
	expect(t, answer{}, o.deleteGrant(*list.AccessGrantsList[0].AccessGrantId))
	_, err = b.dataAccess(p, shared, "READ")
	expect(t, noPermission("READ", shared), err)
	own := must[*s3control.ListCallerAccessGrantsOutput](t)(b.control(p).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: o.account}))
	if len(own.CallerAccessGrantsList) != 0 {
		t.Errorf("the person still has %v", lines(own.CallerAccessGrantsList))
	}
}

// Another role of the location counts from the next request on.
func TestLocationRoleIsReplaced(t *testing.T) {
	trust := policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"}, "Principal", map[string]any{"Service": "access-grants.s3.amazonaws.com"}))
	b := start(t, silent, grants(user("tip-demo-data/reports/*")), func(w *lab.World) { addRole(w, 1, "powerless", trust, nil) })
	o, p := b.owner(), b.person(analyst)
	out := must[*s3control.UpdateAccessGrantsLocationOutput](t)(o.updateLocation("default", roleIn(appl, "powerless")))
	if *out.IAMRoleArn != roleIn(appl, "powerless") || *out.LocationScope != "s3://" || *out.AccessGrantsLocationArn != grantsARN+"/location/default" {
		t.Errorf("location %+v", out)
	}
	if err := get(t.Context(), b.vended(p, "s3://tip-demo-data/reports/*", "READ"), "reports/summary.txt"); answerOf(err).Code != "AccessDenied" {
		t.Errorf("%v, want AccessDenied", err)
	}
	must[*s3control.UpdateAccessGrantsLocationOutput](t)(o.updateLocation("default", locationRole))
	expect(t, answer{}, get(t.Context(), b.vended(p, "s3://tip-demo-data/reports/*", "READ"), "reports/summary.txt"))
}

func TestTagsOfAccessGrants(t *testing.T) {
	b := start(t, silent, grants(world.GrantFile{ID: "g", User: analystName, SubPrefix: "b/*", Tags: map[string]string{"from": "file"}}), func(w *lab.World) {
		w.AccessGrants[0].Tags, w.AccessGrants[0].Locations[0].Tags = map[string]string{"from": "file"}, map[string]string{"from": "file"}
	})
	o := b.owner()
	for name, arn := range map[string]string{"instance": grantsARN, "location": grantsARN + "/location/default", "grant": grantsARN + "/grant/g"} {
		t.Run(name, func(t *testing.T) {
			expect(t, answer{}, o.tag(arn, "team", "data", "from", "a test"))
			expect(t, answer{}, o.untag(arn, "team", "nothing"))
			expect(t, answer{}, o.tag(arn, "cost", ""))
			if diff := cmp.Diff(map[string]string{"from": "a test", "cost": ""}, must[map[string]string](t)(o.tags(arn))); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
	_, err := b.dataAccess(b.person(analyst), "s3://b/k", "READ")
	expect(t, answer{}, err)
}
