package ssoadmin_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// step is a request with what it is to be answered with, nil for whatever.
type step struct{ in, want any }

// TestRoundTrip does every operation once with the Go SDK and compares what it reads.
func TestRoundTrip(t *testing.T) {
	b := start(t)
	issuer, app := b.addIssuer("mine", "https://idp.example.com"), b.addApplication("mine")
	done := []string{"CreateTrustedTokenIssuer", "CreateApplication"}
	for _, s := range slices.Concat(ofInstances(), ofIssuers(issuer), ofContents(issuer, app), ofSettings(app), ofRemoval(issuer, app)) {
		name := operation(s.in)
		done = append(done, name)
		p := b.admin
		if name == "CreateInstance" {
			p = b.member
		}
		out, err := b.ask(p, s.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.want != nil {
			t.Run(name, func(t *testing.T) { same(t, s.want, out) })
		}
	}
	model, err := models.Load("sso-admin")
	probe.Must(t, model, err)
	for name := range model.Operations {
		if !slices.Contains(done, name) {
			t.Errorf("%s was not called", name)
		}
	}
}

func ofInstances() []step {
	arn := aws.String(instance)
	return []step{
		{&ssoadmin.CreateInstanceInput{}, nil},
		{&ssoadmin.UpdateInstanceInput{InstanceArn: arn, Name: aws.String("main")}, &ssoadmin.UpdateInstanceOutput{}},
		{&ssoadmin.DescribeInstanceInput{InstanceArn: arn}, nil},
		{&ssoadmin.ListInstancesInput{}, nil},
		{&ssoadmin.TagResourceInput{ResourceArn: arn, InstanceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("")}}}, &ssoadmin.TagResourceOutput{}},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: arn}, &ssoadmin.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("b"), Value: aws.String("2")}}}},
		{&ssoadmin.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a", "b"}}, &ssoadmin.UntagResourceOutput{}},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: arn}, &ssoadmin.ListTagsForResourceOutput{}},
	}
}

func ofIssuers(arn *string) []step {
	config := types.OidcJwtConfiguration{
		IssuerUrl: aws.String("https://idp.example.com"), ClaimAttributePath: aws.String("sub"), IdentityStoreAttributePath: aws.String("userName"),
		JwksRetrievalOption: types.JwksRetrievalOptionOpenIdDiscovery,
	}
	tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}
	return []step{
		{&ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: arn, TrustedTokenIssuerConfiguration: issuerUpdate("sub", "userName")}, &ssoadmin.UpdateTrustedTokenIssuerOutput{}},
		{&ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: arn}, &ssoadmin.DescribeTrustedTokenIssuerOutput{
			TrustedTokenIssuerArn: arn, Name: aws.String("mine"), TrustedTokenIssuerType: types.TrustedTokenIssuerTypeOidcJwt,
			TrustedTokenIssuerConfiguration: &types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: config},
		}},
		{&ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(instance)}, nil},
		{&ssoadmin.TagResourceInput{ResourceArn: arn, Tags: tags}, nil},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: arn}, &ssoadmin.ListTagsForResourceOutput{Tags: tags}},
	}
}

func ofContents(issuer, app *string) []step {
	jwt, iam, method := bearer(trusting(issuer, "a", "b")), types.AuthenticationMethodTypeIam, policyMethod(actorPolicy(oidcRole))
	scope := types.ScopeDetails{Scope: aws.String("lakeformation:query"), AuthorizedTargets: []string{instance, application}}
	user, id := types.PrincipalTypeUser, aws.String(analyst)
	return []step{
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer, Grant: jwt}, &ssoadmin.PutApplicationGrantOutput{}},
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeRefreshToken, Grant: &types.GrantMemberRefreshToken{}}, nil},
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeTokenExchange, Grant: &types.GrantMemberTokenExchange{}}, nil},
		{&ssoadmin.GetApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer}, &ssoadmin.GetApplicationGrantOutput{Grant: jwt}},
		{&ssoadmin.ListApplicationGrantsInput{ApplicationArn: app}, &ssoadmin.ListApplicationGrantsOutput{Grants: []types.GrantItem{
			{GrantType: types.GrantTypeRefreshToken, Grant: &types.GrantMemberRefreshToken{}}, {GrantType: jwtBearer, Grant: jwt},
			{GrantType: types.GrantTypeTokenExchange, Grant: &types.GrantMemberTokenExchange{}},
		}}},
		{&ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: iam, AuthenticationMethod: method}, nil},
		{&ssoadmin.GetApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: iam}, nil},
		{&ssoadmin.ListApplicationAuthenticationMethodsInput{ApplicationArn: app}, nil},
		{&ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: scope.Scope, AuthorizedTargets: scope.AuthorizedTargets}, nil},
		{&ssoadmin.GetApplicationAccessScopeInput{ApplicationArn: app, Scope: scope.Scope}, &ssoadmin.GetApplicationAccessScopeOutput{Scope: scope.Scope, AuthorizedTargets: scope.AuthorizedTargets}},
		{&ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app}, &ssoadmin.ListApplicationAccessScopesOutput{Scopes: []types.ScopeDetails{scope}}},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, nil},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analysts), PrincipalType: types.PrincipalTypeGroup}, nil},
		{&ssoadmin.DescribeApplicationAssignmentInput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, &ssoadmin.DescribeApplicationAssignmentOutput{ApplicationArn: app, PrincipalId: id, PrincipalType: user}},
		{&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: app}, &ssoadmin.ListApplicationAssignmentsOutput{ApplicationAssignments: []types.ApplicationAssignment{
			{ApplicationArn: app, PrincipalId: id, PrincipalType: user}, {ApplicationArn: app, PrincipalId: aws.String(analysts), PrincipalType: types.PrincipalTypeGroup},
		}}},
		{&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: aws.String(instance), PrincipalId: aws.String(analysts), PrincipalType: types.PrincipalTypeGroup},
			&ssoadmin.ListApplicationAssignmentsForPrincipalOutput{ApplicationAssignments: []types.ApplicationAssignmentForPrincipal{
				{ApplicationArn: app, PrincipalId: aws.String(analysts), PrincipalType: types.PrincipalTypeGroup},
			}}},
	}
}

func ofSettings(app *string) []step {
	return []step{
		{&ssoadmin.UpdateApplicationInput{ApplicationArn: app, Description: aws.String("for a test")}, &ssoadmin.UpdateApplicationOutput{}},
		{&ssoadmin.DescribeApplicationInput{ApplicationArn: app}, nil},
		{&ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance)}, nil},
		{&ssoadmin.PutApplicationAssignmentConfigurationInput{ApplicationArn: app, AssignmentRequired: aws.Bool(false)}, &ssoadmin.PutApplicationAssignmentConfigurationOutput{}},
		{&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: app}, &ssoadmin.GetApplicationAssignmentConfigurationOutput{AssignmentRequired: aws.Bool(false)}},
		{&ssoadmin.PutApplicationSessionConfigurationInput{ApplicationArn: app, UserBackgroundSessionApplicationStatus: types.UserBackgroundSessionApplicationStatusDisabled}, nil},
		{&ssoadmin.PutApplicationSessionConfigurationInput{ApplicationArn: app}, &ssoadmin.PutApplicationSessionConfigurationOutput{}},
		{&ssoadmin.GetApplicationSessionConfigurationInput{ApplicationArn: app},
			&ssoadmin.GetApplicationSessionConfigurationOutput{UserBackgroundSessionApplicationStatus: types.UserBackgroundSessionApplicationStatusDisabled}},
		{&ssoadmin.DescribeApplicationProviderInput{ApplicationProviderArn: aws.String(custom)}, nil},
		{&ssoadmin.ListApplicationProvidersInput{}, &ssoadmin.ListApplicationProvidersOutput{ApplicationProviders: []types.ApplicationProvider{
			{ApplicationProviderArn: aws.String(custom), FederationProtocol: types.FederationProtocolOauth, DisplayData: &types.DisplayData{DisplayName: aws.String("Custom application")}},
		}}},
	}
}

func ofRemoval(issuer, app *string) []step {
	return []step{
		{&ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser}, &ssoadmin.DeleteApplicationAssignmentOutput{}},
		{&ssoadmin.DeleteApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("lakeformation:query")}, &ssoadmin.DeleteApplicationAccessScopeOutput{}},
		{&ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeTokenExchange}, &ssoadmin.DeleteApplicationGrantOutput{}},
		{&ssoadmin.DeleteApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: types.AuthenticationMethodTypeIam}, &ssoadmin.DeleteApplicationAuthenticationMethodOutput{}},
		{&ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: issuer}, &ssoadmin.DeleteTrustedTokenIssuerOutput{}},
		{&ssoadmin.DeleteApplicationInput{ApplicationArn: app}, &ssoadmin.DeleteApplicationOutput{}},
		{&ssoadmin.DeleteInstanceInput{InstanceArn: aws.String(instance)}, &ssoadmin.DeleteInstanceOutput{}},
	}
}

// TestActorPolicyComesBack as it was put, value by value.
func TestActorPolicyComesBack(t *testing.T) {
	b := start(t)
	put := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": "One", "Effect": "Allow", "Principal": map[string]any{"AWS": []any{oidcRole}}, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:PrincipalAccount": "444455556666"}},
	}}}
	must[*ssoadmin.PutApplicationAuthenticationMethodOutput](b, &ssoadmin.PutApplicationAuthenticationMethodInput{
		ApplicationArn: aws.String(application), AuthenticationMethodType: types.AuthenticationMethodTypeIam, AuthenticationMethod: policyMethod(put),
	})
	out := must[*ssoadmin.GetApplicationAuthenticationMethodOutput](b, &ssoadmin.GetApplicationAuthenticationMethodInput{
		ApplicationArn: aws.String(application), AuthenticationMethodType: types.AuthenticationMethodTypeIam,
	})
	text, err := out.AuthenticationMethod.(*types.AuthenticationMethodMemberIam).Value.ActorPolicy.MarshalSmithyDocument()
	probe.Must(t, text, err)
	var got any
	probe.Must(t, 0, json.Unmarshal(text, &got))
	if diff := cmp.Diff(any(put), got); diff != "" {
		t.Errorf("actor policy (-put +got):\n%s", diff)
	}
}

// TestSwitches of sso-admin, in their other reading.
func TestSwitches(t *testing.T) {
	yes := true
	b := start(t, func(w *lab.World) {
		w.Switches.AuthorizationCodeGrant, w.Switches.AssignmentsThroughGroups = &yes, &yes
		w.IdentityCenter[0].Applications[0].AssignedGroups = []string{"analysts"}
		w.IdentityCenter[0].Applications[0].AssignedUsers = []string{"analyst@example.com"}
	})
	put := func(uris ...string) *ssoadmin.PutApplicationGrantInput {
		return &ssoadmin.PutApplicationGrantInput{ApplicationArn: aws.String(application), GrantType: types.GrantTypeAuthorizationCode,
			Grant: &types.GrantMemberAuthorizationCode{Value: types.AuthorizationCodeGrant{RedirectUris: uris}}}
	}
	_, err := b.ask(b.admin, put())
	probe.Expect(t, validation("The authorization_code grant needs RedirectUris."), err)
	must[*ssoadmin.PutApplicationGrantOutput](b, put("https://app.example.com"))
	got := must[*ssoadmin.GetApplicationGrantOutput](b, &ssoadmin.GetApplicationGrantInput{ApplicationArn: aws.String(application), GrantType: types.GrantTypeAuthorizationCode})
	same(t, put("https://app.example.com").Grant, got.Grant)
	must[*ssoadmin.DeleteApplicationGrantOutput](b, &ssoadmin.DeleteApplicationGrantInput{ApplicationArn: aws.String(application), GrantType: types.GrantTypeAuthorizationCode})

	out := must[*ssoadmin.ListApplicationAssignmentsForPrincipalOutput](b, &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
		InstanceArn: aws.String(instance), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser,
	})
	same(t, []types.ApplicationAssignmentForPrincipal{
		{ApplicationArn: aws.String(application), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser},
		{ApplicationArn: aws.String(application), PrincipalId: aws.String(analysts), PrincipalType: types.PrincipalTypeGroup},
	}, out.ApplicationAssignments)
}

// TestEmptyUnions, which no SDK sends.
func TestEmptyUnions(t *testing.T) {
	b := start(t)
	for name, body := range map[string]string{
		"CreateTrustedTokenIssuer":           `{"InstanceArn":"` + instance + `","Name":"a","TrustedTokenIssuerType":"OIDC_JWT","TrustedTokenIssuerConfiguration":{}}`,
		"PutApplicationAuthenticationMethod": `{"ApplicationArn":"` + application + `","AuthenticationMethodType":"IAM","AuthenticationMethod":{}}`,
		"PutApplicationGrant":                `{"ApplicationArn":"` + application + `","GrantType":"refresh_token","Grant":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(answered{"SerializationException", "No known member of a union is set"}, b.on(t).raw(name, body)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}
