package ssoadmin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// asked is an input with the resources that its operation is authorized on.
type asked struct {
	in        any
	resources []string
}

// everyOperation has a request of each that is right but for who sends it.
func everyOperation(issuer *string) []asked {
	app, in, id := aws.String(application), aws.String(instance), aws.String(analyst)
	scope, grant, method := aws.String("lakeformation:query"), jwtBearer, types.AuthenticationMethodTypeIam
	user, yes := types.PrincipalTypeUser, aws.Bool(true)
	on := func(resources ...string) []string { return resources }
	anything, apps, issuers := "*", "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/*", "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/*"
	return []asked{
		{&ssoadmin.CreateInstanceInput{}, on("arn:aws:sso:::instance/*")},
		{&ssoadmin.DescribeInstanceInput{InstanceArn: in}, on(instance)},
		{&ssoadmin.ListInstancesInput{}, on(anything)},
		{&ssoadmin.UpdateInstanceInput{InstanceArn: in}, on(instance)},
		{&ssoadmin.DeleteInstanceInput{InstanceArn: in}, on(instance)},
		{newIssuer("mine", "https://idp.example.com"), on(instance, issuers)},
		{&ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: issuer}, on(*issuer)},
		{&ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: in}, on(instance)},
		{&ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: issuer}, on(*issuer)},
		{&ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: issuer}, on(*issuer)},
		{newApplication("mine"), on(instance, custom, apps)},
		{&ssoadmin.DescribeApplicationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.ListApplicationsInput{InstanceArn: in}, on(anything)},
		{&ssoadmin.UpdateApplicationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.DeleteApplicationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.DescribeApplicationProviderInput{ApplicationProviderArn: aws.String(custom)}, on(custom)},
		{&ssoadmin.ListApplicationProvidersInput{}, on("arn:aws:sso::aws:applicationProvider/*")},
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeRefreshToken, Grant: &types.GrantMemberRefreshToken{}}, on(application)},
		{&ssoadmin.GetApplicationGrantInput{ApplicationArn: app, GrantType: grant}, on(application)},
		{&ssoadmin.ListApplicationGrantsInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: grant}, on(application)},
		{&ssoadmin.PutApplicationAuthenticationMethodInput{
			ApplicationArn: app, AuthenticationMethodType: method, AuthenticationMethod: policyMethod(actorPolicy(oidcRole)),
		}, on(application)},
		{&ssoadmin.GetApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: method}, on(application)},
		{&ssoadmin.ListApplicationAuthenticationMethodsInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.DeleteApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: method}, on(application)},
		{&ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: scope}, on(application)},
		{&ssoadmin.GetApplicationAccessScopeInput{ApplicationArn: app, Scope: scope}, on(application)},
		{&ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.DeleteApplicationAccessScopeInput{ApplicationArn: app, Scope: scope}, on(application)},
		{&ssoadmin.PutApplicationAssignmentConfigurationInput{ApplicationArn: app, AssignmentRequired: yes}, on(application)},
		{&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, on(application)},
		{&ssoadmin.DescribeApplicationAssignmentInput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, on(application)},
		{&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: in, PrincipalId: id, PrincipalType: user}, on(instance)},
		{&ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, on(application)},
		{&ssoadmin.PutApplicationSessionConfigurationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.GetApplicationSessionConfigurationInput{ApplicationArn: app}, on(application)},
		{&ssoadmin.TagResourceInput{ResourceArn: app, Tags: []types.Tag{}}, on(application)},
		{&ssoadmin.UntagResourceInput{ResourceArn: app, TagKeys: []string{"a"}}, on(application)},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: app}, on(application)},
	}
}

// TestEveryOperationIsDenied to an actor without the right, on each resource that
// the Service Authorization Reference names, in AWS's words.
func TestEveryOperationIsDenied(t *testing.T) {
	var without map[string]aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		without = map[string]aws.CredentialsProvider{}
		for _, row := range everyOperation(aws.String("")) {
			name := operation(row.in)
			for n, resource := range row.resources[1:] { // the first one is denied to nobody at all
				without[name+resource] = probe.Actor(w, probe.Center, "without-"+name+string(rune('a'+n)),
					probe.Statement("Allow", "sso:*", "NotResource", resource))
			}
		}
	})
	issuer := b.okta()
	var named []string
	for _, row := range everyOperation(issuer) {
		name := operation(row.in)
		named = append(named, name)
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			for n, resource := range row.resources {
				p, who := b.nobody, "nobody"
				if n > 0 {
					p, who = without[name+resource], "without-"+name+string(rune('a'+n-1))
				}
				_, err := b.ask(p, row.in)
				probe.Expect(t, denial(probe.Center, who, name, resource, identityBased), err)
			}
		})
	}
	model, err := models.Load("sso-admin")
	probe.Must(t, model, err)
	var all []string
	for name := range model.Operations {
		all = append(all, name)
	}
	slices.Sort(named)
	slices.Sort(all)
	if diff := cmp.Diff(all, named); diff != "" {
		t.Errorf("operations (-model +table):\n%s", diff)
	}
}

const (
	identityBased = "no identity-based policy allows"
	resourceBased = "no resource-based policy allows"
)

// denial is what IAM answers to somebody's probe session.
func denial(account, who, name, resource, why string) probe.Answer {
	text := "User: arn:aws:sts::" + account + ":assumed-role/" + who + "/probe is not authorized to perform: sso:" + name
	if resource != "*" {
		text += " on resource: " + resource
	}
	return probe.Answer{Status: 400, Code: "AccessDeniedException", Message: text + " because " + why + " the sso:" + name + " action"}
}

// okta is the ARN of the default world's first trusted token issuer.
func (b *bench) okta() *string {
	b.Helper()
	out := must[*ssoadmin.ListTrustedTokenIssuersOutput](b, &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(instance)})
	for _, t := range out.TrustedTokenIssuers {
		if *t.Name == "okta" {
			return t.TrustedTokenIssuerArn
		}
	}
	b.Fatal("no issuer okta")
	return nil
}

// TestMemberAccounts: the organization's instance is administered from the
// management account and those of delegated administrators.
func TestMemberAccounts(t *testing.T) {
	b := start(t)
	issuer := b.okta()
	admitted := []string{"CreateInstance", "DescribeInstance", "ListInstances", "ListApplicationProviders", "DescribeApplicationProvider"}
	for _, row := range everyOperation(issuer) {
		name := operation(row.in)
		t.Run(name, func(t *testing.T) {
			want := denial(probe.Application, "probe-administrator", name, row.resources[0], resourceBased)
			switch {
			case slices.Contains(admitted, name):
				want = probe.Answer{}
			case strings.HasSuffix(name, "ForPrincipal"):
				want = probe.Answer{Status: 400, Code: "ValidationException", Message: "A member account must filter the assignments of the organization instance by ApplicationArn."}
			case name == "ListApplications":
				want = probe.Answer{Status: 400, Code: "ValidationException", Message: "A member account must filter the applications of the organization instance by ApplicationAccount."}
			}
			_, err := b.on(t).ask(b.member, row.in)
			probe.Expect(t, want, err)
		})
	}
}

// TestDelegatedAdministrator may do all but change and delete the instance itself.
func TestDelegatedAdministrator(t *testing.T) {
	b := start(t, func(w *lab.World) {
		w.Organization.Management = probe.Center
		w.Organization.DelegatedAdministrators = map[string][]string{"sso.amazonaws.com": {probe.Application}}
	})
	for _, row := range everyOperation(b.okta()) {
		name := operation(row.in)
		if strings.HasPrefix(name, "Delete") && name != "DeleteInstance" || name == "CreateInstance" || name == "DescribeApplicationAssignment" {
			continue // what the others need, what is no matter of the instance, and what is not there
		}
		t.Run(name, func(t *testing.T) {
			want := probe.Answer{}
			if name == "UpdateInstance" || name == "DeleteInstance" {
				want = denial(probe.Application, "probe-administrator", name, instance, resourceBased)
			}
			_, err := b.on(t).ask(b.member, row.in)
			probe.Expect(t, want, err)
		})
	}
	out, err := b.ask(b.member, newApplication("delegated"))
	probe.Must(t, out, err)
	described := must[*ssoadmin.DescribeApplicationOutput](b, &ssoadmin.DescribeApplicationInput{ApplicationArn: out.(*ssoadmin.CreateApplicationOutput).ApplicationArn})
	if diff := cmp.Diff(probe.Application, *described.ApplicationAccount); diff != "" {
		t.Errorf("ApplicationAccount (-want +got):\n%s", diff)
	}
}
