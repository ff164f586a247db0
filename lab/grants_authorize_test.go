package lab_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// managed is a management operation, asked for once, and the resource that it is
// authorized on, from the instance's ARN on.
type managed struct {
	below string
	ask   func(*owner) error
}

// managementCalls are all management operations by their names. In managedWorld
// each works for an administrator, in some order.
func managementCalls() map[string]managed {
	const grant, location = "/grant/g", "/location/spare"
	return map[string]managed{
		"CreateAccessGrantsInstance": {"", func(o *owner) error { return errOf(o.createInstance()) }},
		"GetAccessGrantsInstance":    {"", func(o *owner) error { return errOf(o.get()) }},
		"DeleteAccessGrantsInstance": {"", func(o *owner) error { return o.deleteInstance() }},
		"ListAccessGrantsInstances": {"", func(o *owner) error {
			return errOf(o.client.ListAccessGrantsInstances(o.Context(), &s3control.ListAccessGrantsInstancesInput{AccountId: o.account}))
		}},
		"AssociateAccessGrantsIdentityCenter":  {"", func(o *owner) error { return o.associate(instance) }},
		"DissociateAccessGrantsIdentityCenter": {"", func(o *owner) error { return o.dissociate() }},
		"PutAccessGrantsInstanceResourcePolicy": {"", func(o *owner) error {
			return o.putPolicy(sharing(principalOf(center), "s3:GetDataAccess", `"`+grantsARN+`"`))
		}},
		"GetAccessGrantsInstanceResourcePolicy": {"", func(o *owner) error {
			return errOf(o.client.GetAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.GetAccessGrantsInstanceResourcePolicyInput{AccountId: o.account}))
		}},
		"DeleteAccessGrantsInstanceResourcePolicy": {"", func(o *owner) error {
			return errOf(o.client.DeleteAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.DeleteAccessGrantsInstanceResourcePolicyInput{AccountId: o.account}))
		}},
		"CreateAccessGrantsLocation": {"/location/*", func(o *owner) error { return errOf(o.createLocation("s3://new-one", locationRole)) }},
		"GetAccessGrantsLocation": {location, func(o *owner) error {
			return errOf(o.client.GetAccessGrantsLocation(o.Context(), &s3control.GetAccessGrantsLocationInput{AccountId: o.account, AccessGrantsLocationId: aws.String("spare")}))
		}},
		"UpdateAccessGrantsLocation": {location, func(o *owner) error { return errOf(o.updateLocation("spare", locationRole)) }},
		"DeleteAccessGrantsLocation": {location, func(o *owner) error { return o.deleteLocation("spare") }},
		"ListAccessGrantsLocations": {"", func(o *owner) error {
			return errOf(o.client.ListAccessGrantsLocations(o.Context(), &s3control.ListAccessGrantsLocationsInput{AccountId: o.account}))
		}},
		"CreateAccessGrant": {"/grant/*", func(o *owner) error { return errOf(o.createGrant("default", "b/new/*", "IAM", enhanced)) }},
		"GetAccessGrant": {grant, func(o *owner) error {
			return errOf(o.client.GetAccessGrant(o.Context(), &s3control.GetAccessGrantInput{AccountId: o.account, AccessGrantId: aws.String("g")}))
		}},
		"DeleteAccessGrant": {grant, func(o *owner) error { return o.deleteGrant("g") }},
		"ListAccessGrants": {"", func(o *owner) error {
			return errOf(o.client.ListAccessGrants(o.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account}))
		}},
		"TagResource":         {grant, func(o *owner) error { return o.tag(grantsARN+grant, "k", "v") }},
		"UntagResource":       {grant, func(o *owner) error { return o.untag(grantsARN+grant, "k") }},
		"ListTagsForResource": {grant, func(o *owner) error { return errOf(o.tags(grantsARN + grant)) }},
	}
}

// sharedActions are those that a resource policy opens to other accounts.
var sharedActions = []string{"GetDataAccess", "GetAccessGrantsInstanceForPrefix", "ListCallerAccessGrants", "ListAccessGrants", "ListAccessGrantsLocations"}

// managedWorld has a grant g and a location spare, and roles with some rights.
func managedWorld(w *lab.World) {
	silent(w)
	grants(world.GrantFile{ID: "g", User: analystName, SubPrefix: "tip-demo-data/*"})(w)
	g := &w.AccessGrants[0]
	g.Locations = append(g.Locations[:1:1], world.LocationFile{ID: "spare", Scope: "s3://spare", Role: "s3-access-grants-location"})
	g.ResourcePolicy = policyOf(statement("Allow", "s3:*", "Principal", principal(center), "Resource", "*"))
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	for i := range w.Accounts {
		addRole(w, i, "plain", nobody, nil)
		addRole(w, i, "allowed", nobody, allowing("*"))
	}
	w.Accounts[1].Roles[1].Policies = allowing("*")
}

// Every operation asks for its own action on its own resource, and a caller
// without it learns nothing else.
func TestManagementIsAuthorized(t *testing.T) {
	b := start(t, managedWorld)
	for name, call := range managementCalls() {
		action := "s3:" + name
		deny := func(account, who, reason string) answer {
			a := iamDenial(account, who, action, grantsARN+call.below, reason)
			if name == "ListAccessGrantsInstances" { // has no resource type
				a.Message = strings.Replace(a.Message, " on resource: "+grantsARN, "", 1)
			}
			return a
		}
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			expect(t, deny(appl, "plain", because(action)), call.ask(b.ownerAs(b.session(roleIn(appl, "plain")))))
			// People reach none of it with their own sessions, and not with what they were given.
			expect(t, deny(appl, "tip-id-enhanced-role", "with an explicit deny in a session policy"), call.ask(b.ownerAs(b.person(analyst))))
			vended := b.vended(b.person(analyst), "s3://tip-demo-data/*", "READ").Options().Credentials
			expect(t, answer{403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/s3-access-grants-location/access-grants-..."}, call.ask(b.ownerAs(vended)))
			// Other accounts reach what a resource policy can share.
			want := deny(center, "allowed", becauseResource(action))
			if slices.Contains(sharedActions, name) {
				want = answer{}
			}
			expect(t, want, call.ask(b.ownerAs(b.session(roleIn(center, "allowed")))))
			expect(t, deny(center, "plain", because(action)), call.ask(b.ownerAs(b.session(roleIn(center, "plain")))))
		})
	}
}

// An administrator with all of the actions and no other runs through all of them.
func TestManagementNeedsNothingElse(t *testing.T) {
	calls := managementCalls()
	names := slices.Sorted(maps.Keys(calls))
	var actions []any
	for _, name := range names {
		actions = append(actions, "s3:"+name)
	}
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	b := start(t, managedWorld, func(w *lab.World) {
		addRole(w, 1, "keeper", nobody, allowing(append(actions, "iam:PassRole", "sso:CreateApplication", "sso:PutApplication*", "sso:DeleteApplication")...))
	})
	o := b.ownerAs(b.session(roleIn(appl, "keeper")))
	for _, name := range []string{
		"GetAccessGrantsInstance", "ListAccessGrantsInstances", "GetAccessGrantsInstanceResourcePolicy", "DeleteAccessGrantsInstanceResourcePolicy", "PutAccessGrantsInstanceResourcePolicy",
		"GetAccessGrantsLocation", "UpdateAccessGrantsLocation", "ListAccessGrantsLocations", "DeleteAccessGrantsLocation", "CreateAccessGrantsLocation",
		"TagResource", "ListTagsForResource", "UntagResource", "GetAccessGrant", "ListAccessGrants", "DeleteAccessGrant", "CreateAccessGrant",
		"DissociateAccessGrantsIdentityCenter", "AssociateAccessGrantsIdentityCenter",
	} {
		expect(t, answer{}, calls[name].ask(o))
		delete(calls, name)
	}
	if left := slices.Sorted(maps.Keys(calls)); len(left) != 2 { // to create and delete the instance is TestAccessGrantsFromNothing
		t.Errorf("not asked: %v", left)
	}
}

// What a request needs beside its own permission is named by the refusal.
func TestManagementNeedsFurtherPermissions(t *testing.T) {
	center := func(in *s3control.CreateAccessGrantsInstanceInput) { in.IdentityCenterArn = aws.String(instance) }
	create := func(o *owner) error { return errOf(o.createInstance(center)) }
	associate := func(o *owner) error { return o.associate(instance) }
	toUser := func(o *owner) error { return errOf(o.createGrant("default", "b/new/*", "DIRECTORY_USER", analyst)) }
	toGroup := func(o *owner) error { return errOf(o.createGrant("default", "b/new/*", "DIRECTORY_GROUP", analysts)) }
	const applications = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/*"
	const store = "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	none := func(w *lab.World) { w.AccessGrants = nil }
	alone := func(w *lab.World) {
		w.AccessGrants[0].IdentityCenter, w.AccessGrants[0].Grants = "", nil
	}
	for name, c := range map[string]struct {
		world            func(*lab.World)
		action, resource string
		ask              func(*owner) error
	}{
		"create, read the center":       {none, "sso:DescribeInstance", instance, create},
		"create, the application":       {none, "sso:CreateApplication", instance, create},
		"create, its grant":             {none, "sso:PutApplicationGrant", applications, create},
		"create, its authentication":    {none, "sso:PutApplicationAuthenticationMethod", applications, create},
		"associate, the application":    {alone, "sso:CreateApplication", instance, associate},
		"associate, its grant":          {alone, "sso:PutApplicationGrant", applications, associate},
		"associate, its authentication": {alone, "sso:PutApplicationAuthenticationMethod", applications, associate},
		"dissociate":                    {nil, "sso:DeleteApplication", applications, func(o *owner) error { return o.dissociate() }},
		"register a location":           {nil, "iam:PassRole", locationRole, func(o *owner) error { return errOf(o.createLocation("s3://new-one", locationRole)) }},
		"change a location":             {nil, "iam:PassRole", locationRole, func(o *owner) error { return errOf(o.updateLocation("spare", locationRole)) }},
		"grant to a user, the center":   {nil, "sso:DescribeInstance", instance, toUser},
		"grant to a group, the center":  {nil, "sso:DescribeInstance", instance, toGroup},
		"grant to a user, application":  {nil, "sso:DescribeApplication", applications, toUser},
		"grant to a user, the user":     {nil, "identitystore:DescribeUser", "arn:aws:identitystore:::user/" + analyst, toUser},
		"grant to a user, the store":    {nil, "identitystore:DescribeUser", store, toUser},
		"grant to a group, the group":   {nil, "identitystore:DescribeGroup", "arn:aws:identitystore:::group/" + analysts, toGroup},
		"grant to a group, the store":   {nil, "identitystore:DescribeGroup", store, toGroup},
		"grant to nobody tells nothing": {nil, "identitystore:DescribeUser", "*", func(o *owner) error {
			return errOf(o.createGrant("default", "b/new/*", "DIRECTORY_USER", "00000000-0000-4000-8000-000000000000"))
		}},
		"a role that is not there, too":   {nil, "iam:PassRole", roleIn(appl, "nobody"), func(o *owner) error { return errOf(o.createLocation("s3://new-one", roleIn(appl, "nobody"))) }},
		"a center that is not there, too": {alone, "sso:CreateApplication", farCenter, func(o *owner) error { return o.associate(farCenter) }},
	} {
		t.Run(name, func(t *testing.T) {
			nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
			edits := []func(*lab.World){managedWorld, func(w *lab.World) {
				addRole(w, 1, "keeper", nobody, map[string]any{"p": policyOf(statement("Allow", "*", "Resource", "*"), statement("Deny", c.action, "Resource", c.resource))})
			}}
			if c.world != nil {
				edits = append(edits, c.world)
			}
			b := start(t, edits...)
			err := c.ask(b.ownerAs(b.session(roleIn(appl, "keeper"))))
			expect(t, answer{403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/keeper/session is not authorized to perform: " + c.action + "..."}, err)
			if !strings.HasSuffix(answerOf(err).Message, " with an explicit deny in an identity-based policy") {
				t.Errorf("denied for another reason: %v", err)
			}
		})
	}
}

// The condition keys of S3 Access Grants and of tags, each with a value that fits and one that does not.
func TestManagementConditions(t *testing.T) {
	location := func(o *owner) error {
		return errOf(o.createLocation("s3://tip-demo-data/a*", locationRole, "team", "data"))
	}
	grant := func(o *owner) error {
		return errOf(o.createGrant("default", "b/new/*", "IAM", enhanced, func(in *s3control.CreateAccessGrantInput) { in.Tags = tagsOf("team", "data") }))
	}
	calls := managementCalls()
	const team = "team"
	for name, c := range map[string]struct {
		operator, key, fits, not string
		ask                      func(*owner) error
	}{
		"scope of a new location":  {"StringLike", "s3:AccessGrantsLocationScope", "s3://tip-demo-data/*", "s3://other/*", location},
		"scope of a location":      {"StringEquals", "s3:AccessGrantsLocationScope", "s3://spare", "s3://", calls["GetAccessGrantsLocation"].ask},
		"scope of a changed one":   {"StringEquals", "s3:AccessGrantsLocationScope", "s3://spare", "s3://", calls["UpdateAccessGrantsLocation"].ask},
		"scope of a deleted one":   {"StringEquals", "s3:AccessGrantsLocationScope", "s3://spare", "s3://", calls["DeleteAccessGrantsLocation"].ask},
		"scope of a new grant":     {"StringEquals", "s3:AccessGrantScope", "s3://b/new/*", "s3://b/*", grant},
		"scope of a grant":         {"StringEquals", "s3:accessGrantScope", "s3://tip-demo-data/*", "s3://b/*", calls["GetAccessGrant"].ask},
		"scope of a deleted grant": {"StringEquals", "s3:AccessGrantScope", "s3://tip-demo-data/*", "s3://b/*", calls["DeleteAccessGrant"].ask},
		"tag of a new location":    {"StringEquals", "aws:RequestTag/" + team, "data", "other", location},
		"tag keys of a new grant":  {"ForAllValues:StringEquals", "aws:TagKeys", team, "cost", grant},
		"tag of a new grant":       {"StringEquals", "aws:RequestTag/" + team, "data", "other", grant},
		"tag to be set":            {"StringEquals", "aws:RequestTag/k", "v", "w", calls["TagResource"].ask},
		"tag key to be taken":      {"ForAnyValue:StringEquals", "aws:TagKeys", "k", "l", calls["UntagResource"].ask},
		"tag of a tagged grant":    {"StringEquals", "aws:ResourceTag/" + team, "data", "other", calls["ListTagsForResource"].ask},
		"tag of a grant":           {"StringEquals", "aws:ResourceTag/" + team, "data", "other", calls["GetAccessGrant"].ask},
		"tag of a location":        {"StringEquals", "aws:ResourceTag/" + team, "data", "other", calls["GetAccessGrantsLocation"].ask},
		"tag of the instance":      {"StringEquals", "aws:ResourceTag/" + team, "data", "other", calls["GetAccessGrantsInstance"].ask},
		"service of the role":      {"StringEqualsIfExists", "iam:PassedToService", "access-grants.s3.amazonaws.com", "ec2.amazonaws.com", location},
	} {
		t.Run(name, func(t *testing.T) {
			for value, want := range map[string]answer{c.fits: {}, c.not: {403, "AccessDenied", "*"}} {
				b := start(t, managedWorld, func(w *lab.World) {
					tags := map[string]string{team: "data"}
					g := &w.AccessGrants[0]
					g.Tags, g.Locations[1].Tags, g.Grants[0].Tags = tags, tags, tags
					conditional := statement("Allow", "s3:*", "Resource", "*", "Condition", map[string]any{c.operator: map[string]any{c.key: value}})
					pass := statement("Allow", "iam:PassRole", "Resource", "*")
					if c.key == "iam:PassedToService" {
						conditional, pass = statement("Allow", "s3:*", "Resource", "*"), statement("Allow", "iam:PassRole", "Resource", "*", "Condition", map[string]any{c.operator: map[string]any{c.key: value}})
					}
					addRole(w, 1, "keeper", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))), map[string]any{"p": policyOf(conditional, pass)})
				})
				expect(t, want, c.ask(b.ownerAs(b.session(roleIn(appl, "keeper")))))
			}
		})
	}
}

// A resource policy that is put shares at once, with its five actions, and stops when it is deleted.
func TestResourcePolicyShares(t *testing.T) {
	b := start(t, silent, grants(world.GrantFile{IAMUser: "arn:aws:iam::444455556666:user/admin", SubPrefix: "b/*"}), func(w *lab.World) {
		addRole(w, 0, "reader", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))), allowing("s3:*"))
	})
	o, reader := b.owner(), b.ownerAs(b.session(roleIn(center, "reader")))
	expect(t, answer{}, errOf(o.createGrant("default", "b/shared/*", "IAM", roleIn(center, "reader"))))
	read := func() error {
		return errOf(b.dataAccess(reader.client.Options().Credentials, "s3://b/shared/k", "READ"))
	}
	expect(t, iamDenial(center, "reader", "s3:GetDataAccess", grantsARN, becauseResource("s3:GetDataAccess")), read())
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + principalOf(center) + `"Action":["s3:GetDataAccess","s3:ListAccessGrants"],"Resource":"` + grantsARN + `"}}`
	out := must[*s3control.PutAccessGrantsInstanceResourcePolicyOutput](t)(o.client.PutAccessGrantsInstanceResourcePolicy(t.Context(),
		&s3control.PutAccessGrantsInstanceResourcePolicyInput{AccountId: o.account, Policy: &text, Organization: aws.String("o-1234567890")}))
	got := must[*s3control.GetAccessGrantsInstanceResourcePolicyOutput](t)(o.client.GetAccessGrantsInstanceResourcePolicy(t.Context(),
		&s3control.GetAccessGrantsInstanceResourcePolicyInput{AccountId: o.account}))
	if *out.Policy != text || *got.Policy != text || *got.Organization != "o-1234567890" || !got.CreatedAt.Equal(*out.CreatedAt) {
		t.Errorf("policy %+v", got)
	}
	expect(t, answer{}, read())
	expect(t, answer{}, managementCalls()["ListAccessGrants"].ask(reader))
	expect(t, iamDenial(center, "reader", "s3:ListAccessGrantsLocations", grantsARN, becauseResource("s3:ListAccessGrantsLocations")), managementCalls()["ListAccessGrantsLocations"].ask(reader))
	expect(t, answer{}, managementCalls()["DeleteAccessGrantsInstanceResourcePolicy"].ask(o))
	expect(t, iamDenial(center, "reader", "s3:GetDataAccess", grantsARN, becauseResource("s3:GetDataAccess")), read())
}

// What cannot be the id of a person is refused before anybody is looked up.
func TestNoPersonOfThatForm(t *testing.T) {
	b := start(t, managedWorld, func(w *lab.World) {
		addRole(w, 1, "keeper", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))), allowing("s3:CreateAccessGrant"))
	})
	o := b.ownerAs(b.session(roleIn(appl, "keeper")))
	for id, want := range map[string]answer{analystName: badGrant, analyst[:len(analyst)-1]: badGrant, analyst: {403, "AccessDenied", "*"}} {
		expect(t, want, errOf(o.createGrant("default", "b/new/*", "DIRECTORY_USER", id)))
	}
}
