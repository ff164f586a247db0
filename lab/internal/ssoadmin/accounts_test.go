package ssoadmin_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// TestAccountInstance: a member account makes one of its own, with an identity
// store of its own, and does with it what it likes; the management account does not.
func TestAccountInstance(t *testing.T) {
	b := start(t)
	out, err := b.ask(b.member, &ssoadmin.CreateInstanceInput{Name: aws.String("own")})
	probe.Must(t, out, err)
	own := out.(*ssoadmin.CreateInstanceOutput).InstanceArn
	made, err := b.ask(b.member, newApplication("own", func(in *ssoadmin.CreateApplicationInput) { in.InstanceArn = own }))
	probe.Must(t, made, err)
	for _, in := range []any{
		&ssoadmin.ListApplicationsInput{InstanceArn: own}, &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: own},
		newIssuer("own", "https://idp.example.com", func(in *ssoadmin.CreateTrustedTokenIssuerInput) { in.InstanceArn = own }),
		&ssoadmin.TagResourceInput{ResourceArn: own, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}},
	} {
		_, err := b.ask(b.member, in)
		probe.Expect(t, probe.Answer{}, err)
		if operation(in) == "ListApplications" {
			_, err = b.ask(b.admin, in)
			probe.Expect(t, denial(probe.Center, "probe-administrator", "ListApplications", "*", resourceBased), err)
		}
	}
	_, err = b.ask(b.admin, &ssoadmin.DescribeInstanceInput{InstanceArn: own})
	probe.Expect(t, denial(probe.Center, "probe-administrator", "DescribeInstance", *own, resourceBased), err)
	if n := len(must[*ssoadmin.ListInstancesOutput](b, &ssoadmin.ListInstancesInput{}).Instances); n != 1 {
		t.Errorf("the management account sees %d instances, want its own", n)
	}
	_, err = b.ask(b.member, &ssoadmin.DeleteInstanceInput{InstanceArn: own})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.ask(b.member, &ssoadmin.DescribeApplicationInput{ApplicationArn: made.(*ssoadmin.CreateApplicationOutput).ApplicationArn})
	probe.Expect(t, notFound("Application not found."), err)
	_, err = b.ask(b.member, &ssoadmin.DescribeInstanceInput{InstanceArn: own})
	probe.Expect(t, denial(probe.Application, "probe-administrator", "DescribeInstance", *own, resourceBased), err)
}

// TestOutsideTheOrganization its instance is not seen.
func TestOutsideTheOrganization(t *testing.T) {
	b := start(t, func(w *lab.World) {
		w.Organization.Management, w.Organization.Outside = probe.Center, []string{probe.Application}
	})
	out, err := b.ask(b.member, &ssoadmin.ListInstancesInput{})
	if probe.Must(t, out, err); len(out.(*ssoadmin.ListInstancesOutput).Instances) != 0 {
		t.Error("the instance of an organization is seen from outside")
	}
	_, err = b.ask(b.member, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)})
	probe.Expect(t, denial(probe.Application, "probe-administrator", "DescribeInstance", instance, resourceBased), err)
}

// TestMemberFilters: what a member account reads of the organization's instance.
func TestMemberFilters(t *testing.T) {
	b := start(t, func(w *lab.World) {
		w.IdentityCenter[0].Applications[1].Account = probe.Application
		w.IdentityCenter[0].Applications[0].AssignedUsers = []string{"analyst@example.com"}
	})
	of := func(account string) any {
		return &ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), Filter: &types.ListApplicationsFilter{ApplicationAccount: &account}}
	}
	out, err := b.ask(b.member, of(probe.Application))
	probe.Must(t, out, err)
	own := out.(*ssoadmin.ListApplicationsOutput).Applications
	if len(own) != 1 || *own[0].ApplicationAccount != probe.Application {
		t.Fatalf("applications %v, want the account's own", own)
	}
	_, err = b.ask(b.member, of(probe.Center))
	probe.Expect(t, denial(probe.Application, "probe-administrator", "ListApplications", "*", resourceBased), err)
	_, err = b.ask(b.member, &ssoadmin.DescribeApplicationInput{ApplicationArn: own[0].ApplicationArn})
	probe.Expect(t, probe.Answer{}, err)

	got, err := b.ask(b.member, &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
		InstanceArn: aws.String(instance), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser,
		Filter: &types.ListApplicationAssignmentsFilter{ApplicationArn: aws.String(application)},
	})
	probe.Must(t, got, err)
	same(t, []types.ApplicationAssignmentForPrincipal{
		{ApplicationArn: aws.String(application), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser},
	}, got.(*ssoadmin.ListApplicationAssignmentsForPrincipalOutput).ApplicationAssignments)
}

// TestConditionKeys has one actor for each key that the Service Authorization
// Reference gives sso, with a request that has the value and one that has another.
func TestConditionKeys(t *testing.T) {
	type condition = map[string]any
	tag := func(value string) []types.Tag { return []types.Tag{{Key: aws.String("team"), Value: &value}} }
	created := func(value string) any {
		return newApplication("with-"+value, tagging(tag(value)))
	}
	describe := &ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String(application)}
	for name, test := range map[string]struct {
		when             condition
		allowed, refused any
	}{
		"aws:RequestTag":         {condition{"StringEquals": condition{"aws:RequestTag/team": "data"}}, created("data"), created("other")},
		"aws:TagKeys":            {condition{"ForAllValues:StringEquals": condition{"aws:TagKeys": "team"}}, created("data"), newApplication("b", tagging([]types.Tag{{Key: aws.String("other"), Value: aws.String("")}}))},
		"aws:ResourceTag":        {condition{"StringEquals": condition{"aws:ResourceTag/team": "data"}}, describe, &ssoadmin.DescribeTrustedTokenIssuerInput{}},
		"sso:ApplicationAccount": {condition{"StringEquals": condition{"sso:ApplicationAccount": probe.Center}}, describe, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}},
		"sso:PrimaryRegion":      {condition{"StringEquals": condition{"sso:PrimaryRegion": "eu-west-1"}}, describe, &ssoadmin.ListInstancesInput{}},
		"aws:ResourceAccount":    {condition{"StringEquals": condition{"aws:ResourceAccount": probe.Center}}, describe, nil},
		"tags to be taken away": {condition{"ForAllValues:StringEquals": condition{"aws:TagKeys": "team"}},
			&ssoadmin.UntagResourceInput{ResourceArn: aws.String(application), TagKeys: []string{"team"}}, &ssoadmin.UntagResourceInput{ResourceArn: aws.String(application), TagKeys: []string{"other"}}},
		"tags to be added": {condition{"StringEquals": condition{"aws:RequestTag/team": "data"}},
			&ssoadmin.TagResourceInput{ResourceArn: aws.String(application), Tags: tag("data")}, &ssoadmin.TagResourceInput{ResourceArn: aws.String(application), Tags: tag("other")}},
		"tags of an instance": {condition{"StringEquals": condition{"aws:ResourceTag/team": "platform"}},
			&ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}, describe},
		"tags of an issuer": {condition{"StringEquals": condition{"aws:ResourceTag/team": "identity"}},
			&ssoadmin.DescribeTrustedTokenIssuerInput{}, describe},
	} {
		t.Run(name, func(t *testing.T) {
			var p aws.CredentialsProvider
			b := start(t, func(w *lab.World) {
				c := &w.IdentityCenter[0]
				c.Tags = map[string]string{"team": "platform"}
				c.Applications[0].Tags = map[string]string{"team": "data"}
				c.TrustedTokenIssuers[0].Tags = map[string]string{"team": "identity"}
				p = probe.Actor(w, probe.Center, "conditional", probe.Statement("Allow", "sso:*", "Resource", "*", "Condition", test.when))
			})
			for in, want := range map[any]probe.Answer{test.allowed: {}, test.refused: {Status: 400, Code: "AccessDeniedException", Message: "*"}} {
				if in == nil {
					continue
				}
				if d, ok := in.(*ssoadmin.DescribeTrustedTokenIssuerInput); ok {
					d.TrustedTokenIssuerArn = b.okta()
				}
				_, err := b.ask(p, in)
				probe.Expect(t, want, err)
			}
		})
	}
}

// TestTrail has the management calls as CloudTrail writes them.
func TestTrail(t *testing.T) {
	b := start(t)
	app := b.addApplication("new")
	method := &ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: types.AuthenticationMethodTypeIam, AuthenticationMethod: policyMethod(actorPolicy(oidcRole))}
	must[*ssoadmin.PutApplicationAuthenticationMethodOutput](b, method)
	must[*ssoadmin.PutApplicationGrantOutput](b, &ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeRefreshToken, Grant: &types.GrantMemberRefreshToken{}})
	must[*ssoadmin.DescribeApplicationOutput](b, &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
	_, _ = b.ask(b.nobody, &ssoadmin.ListInstancesInput{})
	_, _ = b.ask(b.admin, newApplication("new"))
	type short struct {
		Name, Source, Code, Account string
		ReadOnly                    bool
		Answer                      map[string]any
	}
	var got []short
	for _, e := range b.Lab.Events() {
		if e.EventSource == "sso.amazonaws.com" {
			got = append(got, short{e.EventName, e.EventSource, e.ErrorCode, e.RecipientAccountID, e.ReadOnly, e.ResponseElements})
		}
	}
	want := []short{
		{"CreateApplication", "sso.amazonaws.com", "", probe.Center, false, map[string]any{"applicationArn": *app, "instanceArn": instance, "identityStoreArn": store}},
		{"PutApplicationAuthenticationMethod", "sso.amazonaws.com", "", probe.Center, false, nil},
		{"PutApplicationGrant", "sso.amazonaws.com", "", probe.Center, false, nil},
		{"DescribeApplication", "sso.amazonaws.com", "", probe.Center, true, nil},
		{"ListInstances", "sso.amazonaws.com", "AccessDeniedException", probe.Center, true, nil},
		{"CreateApplication", "sso.amazonaws.com", "ConflictException", probe.Center, false, nil},
	}
	same(t, want, got)
	events := b.Lab.Events()
	if diff := cmp.Diff("{\"refreshToken\":{}}", jsonOf(t, events[2].RequestParameters["grant"])); diff != "" {
		t.Errorf("grant in the trail (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(jsonOf(t, map[string]any{"iam": map[string]any{"actorPolicy": actorPolicy(oidcRole)}}), jsonOf(t, events[1].RequestParameters["authenticationMethod"])); diff != "" {
		t.Errorf("actor policy in the trail (-want +got):\n%s", diff)
	}
}
