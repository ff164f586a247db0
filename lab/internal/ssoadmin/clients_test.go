package ssoadmin_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// TestForeignClients does every operation once with boto3 and with the AWS CLI,
// and looks at what each reads.
func TestForeignClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b := start(t)
			d := &drill{b: b, Foreign: b.Foreign(kind, "sso-admin", b.admin), done: map[string]bool{}}
			d.instances(b.Foreign(kind, "sso-admin", b.member))
			issuer, app := d.made(b.okta())
			d.contents(issuer, app)
			d.reads(issuer, app)
			d.removes(issuer, app)
			d.whole()
		})
	}
}

// drill is a client that keeps account of what it did.
type drill struct {
	*probe.Foreign
	b    *bench
	done map[string]bool
}

func (d *drill) call(name string, kv ...any) probe.Members {
	d.Helper()
	d.done[name] = true
	return d.Call("", name, kv...)
}

// reading calls an operation and compares some members of the output.
func (d *drill) reading(want probe.Members, name string, kv ...any) {
	d.Helper()
	got := d.call(name, kv...)
	for key := range got {
		if _, asked := want[key]; !asked {
			delete(got, key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// whole fails for an operation of the model that was not done.
func (d *drill) whole() {
	d.Helper()
	model, err := models.Load("sso-admin")
	probe.Must(d, model, err)
	for name := range model.Operations {
		if !d.done[name] {
			d.Errorf("%s was not called", name)
		}
	}
}

// instances has a member account make an instance of its own, and delete it.
func (d *drill) instances(member *probe.Foreign) {
	d.Helper()
	of := func(f *probe.Foreign) *drill { return &drill{f, d.b, d.done} }
	own := of(member).call("CreateInstance", "Name", "own", "Tags", []any{probe.Members{"Key": "a", "Value": "b"}})["InstanceArn"]
	of(member).call("UpdateInstance", "InstanceArn", own, "Name", "renamed")
	of(member).reading(probe.Members{"OwnerAccountId": probe.Application, "Name": "renamed", "Status": "ACTIVE"}, "DescribeInstance", "InstanceArn", own)
	if n := len(of(member).call("ListInstances")["Instances"].([]any)); n != 2 {
		d.Errorf("%d instances, want that of the organization and one's own", n)
	}
	of(member).call("DeleteInstance", "InstanceArn", own)
	d.reading(probe.Members{"IdentityStoreId": "d-1234567890", "OwnerAccountId": probe.Center}, "DescribeInstance", "InstanceArn", instance)
}

// made makes an issuer and an application, and returns their ARNs.
func (d *drill) made(issuer *string) (second, app any) {
	d.Helper()
	d.call("DescribeTrustedTokenIssuer", "TrustedTokenIssuerArn", *issuer)
	config := probe.Members{"OidcJwtConfiguration": probe.Members{
		"IssuerUrl": "https://idp.example.com", "ClaimAttributePath": "email", "IdentityStoreAttributePath": "emails.value",
		"JwksRetrievalOption": "OPEN_ID_DISCOVERY",
	}}
	second = d.call("CreateTrustedTokenIssuer", "InstanceArn", instance, "Name", "second", "TrustedTokenIssuerType", "OIDC_JWT",
		"TrustedTokenIssuerConfiguration", config)["TrustedTokenIssuerArn"]
	d.call("UpdateTrustedTokenIssuer", "TrustedTokenIssuerArn", second, "Name", "other",
		"TrustedTokenIssuerConfiguration", probe.Members{"OidcJwtConfiguration": probe.Members{"ClaimAttributePath": "sub"}})
	config["OidcJwtConfiguration"].(probe.Members)["ClaimAttributePath"] = "sub"
	d.reading(probe.Members{"Name": "other", "TrustedTokenIssuerType": "OIDC_JWT", "TrustedTokenIssuerConfiguration": config},
		"DescribeTrustedTokenIssuer", "TrustedTokenIssuerArn", second)
	app = d.call("CreateApplication", "InstanceArn", instance, "ApplicationProviderArn", custom, "Name", "drill", "Description", "for a test",
		"PortalOptions", probe.Members{"Visibility": "DISABLED", "SignInOptions": probe.Members{"Origin": "APPLICATION", "ApplicationUrl": "https://app.example.com"}},
		"Tags", []any{probe.Members{"Key": "team", "Value": "data"}})["ApplicationArn"]
	d.call("UpdateApplication", "ApplicationArn", app, "Status", "DISABLED")
	d.reading(probe.Members{
		"ApplicationArn": app, "ApplicationProviderArn": custom, "Name": "drill", "Description": "for a test", "ApplicationAccount": probe.Center,
		"InstanceArn": instance, "IdentityStoreArn": store, "Status": "DISABLED", "CreatedFrom": "eu-west-1",
		"PortalOptions": probe.Members{"Visibility": "DISABLED", "SignInOptions": probe.Members{"Origin": "APPLICATION", "ApplicationUrl": "https://app.example.com"}},
	}, "DescribeApplication", "ApplicationArn", app)
	return second, app
}

// contents puts everything into an application.
func (d *drill) contents(issuer, app any) {
	d.Helper()
	d.call("PutApplicationGrant", "ApplicationArn", app, "GrantType", string(jwtBearer), "Grant", grantMembers(issuer))
	d.call("PutApplicationGrant", "ApplicationArn", app, "GrantType", "refresh_token", "Grant", probe.Members{"RefreshToken": probe.Members{}})
	d.call("PutApplicationGrant", "ApplicationArn", app, "GrantType", "urn:ietf:params:oauth:grant-type:token-exchange", "Grant", probe.Members{"TokenExchange": probe.Members{}})
	d.call("PutApplicationAuthenticationMethod", "ApplicationArn", app, "AuthenticationMethodType", "IAM", "AuthenticationMethod", methodMembers())
	d.call("PutApplicationAccessScope", "ApplicationArn", app, "Scope", "s3:access_grants:read_write")
	d.call("PutApplicationAccessScope", "ApplicationArn", app, "Scope", "lakeformation:query", "AuthorizedTargets", []any{instance})
	d.call("PutApplicationAssignmentConfiguration", "ApplicationArn", app, "AssignmentRequired", false)
	d.call("PutApplicationSessionConfiguration", "ApplicationArn", app, "UserBackgroundSessionApplicationStatus", "DISABLED")
	d.call("CreateApplicationAssignment", "ApplicationArn", app, "PrincipalId", analyst, "PrincipalType", "USER")
	d.call("CreateApplicationAssignment", "ApplicationArn", app, "PrincipalId", analysts, "PrincipalType", "GROUP")
	d.call("TagResource", "ResourceArn", app, "Tags", []any{probe.Members{"Key": "stage", "Value": "test"}})
	d.call("UntagResource", "ResourceArn", app, "TagKeys", []any{"team"})
}

func grantMembers(issuer any) probe.Members {
	return probe.Members{"JwtBearer": probe.Members{"AuthorizedTokenIssuers": []any{
		probe.Members{"TrustedTokenIssuerArn": issuer, "AuthorizedAudiences": []any{"one", "two"}},
	}}}
}

func methodMembers() probe.Members {
	return probe.Members{"Iam": probe.Members{"ActorPolicy": probe.Members{"Version": "2012-10-17", "Statement": []any{probe.Members{
		"Effect": "Allow", "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*", "Principal": probe.Members{"AWS": oidcRole},
	}}}}}
}

// reads reads all of it back.
func (d *drill) reads(issuer, app any) {
	d.Helper()
	type m = probe.Members
	of := func(kv ...any) []any { return append([]any{"ApplicationArn", app}, kv...) }
	user := m{"ApplicationArn": app, "PrincipalId": analyst, "PrincipalType": "USER"}
	group := m{"ApplicationArn": app, "PrincipalId": analysts, "PrincipalType": "GROUP"}
	d.reading(m{"Grant": grantMembers(issuer)}, "GetApplicationGrant", of("GrantType", string(jwtBearer))...)
	d.reading(m{"Grants": []any{
		m{"GrantType": "refresh_token", "Grant": m{"RefreshToken": m{}}},
		m{"GrantType": string(jwtBearer), "Grant": grantMembers(issuer)},
		m{"GrantType": "urn:ietf:params:oauth:grant-type:token-exchange", "Grant": m{"TokenExchange": m{}}},
	}}, "ListApplicationGrants", of()...)
	d.reading(m{"AuthenticationMethod": methodMembers()}, "GetApplicationAuthenticationMethod", of("AuthenticationMethodType", "IAM")...)
	d.reading(m{"AuthenticationMethods": []any{m{"AuthenticationMethodType": "IAM", "AuthenticationMethod": methodMembers()}}}, "ListApplicationAuthenticationMethods", of()...)
	d.reading(m{"Scope": "lakeformation:query", "AuthorizedTargets": []any{instance}}, "GetApplicationAccessScope", of("Scope", "lakeformation:query")...)
	d.reading(m{"Scopes": []any{m{"Scope": "lakeformation:query", "AuthorizedTargets": []any{instance}}, m{"Scope": "s3:access_grants:read_write"}}},
		"ListApplicationAccessScopes", of()...)
	d.reading(m{"AssignmentRequired": false}, "GetApplicationAssignmentConfiguration", of()...)
	d.reading(m{"UserBackgroundSessionApplicationStatus": "DISABLED"}, "GetApplicationSessionConfiguration", of()...)
	d.reading(user, "DescribeApplicationAssignment", of("PrincipalId", analyst, "PrincipalType", "USER")...)
	d.reading(m{"ApplicationAssignments": []any{user, group}}, "ListApplicationAssignments", of()...)
	d.reading(m{"ApplicationAssignments": []any{user}}, "ListApplicationAssignmentsForPrincipal",
		"InstanceArn", instance, "PrincipalId", analyst, "PrincipalType", "USER", "Filter", m{"ApplicationArn": app})
	d.reading(m{"Tags": []any{m{"Key": "stage", "Value": "test"}}}, "ListTagsForResource", "ResourceArn", app)
	d.reading(m{"ApplicationProviderArn": custom, "FederationProtocol": "OAUTH"}, "DescribeApplicationProvider", "ApplicationProviderArn", custom)
	if n := len(d.call("ListApplicationProviders")["ApplicationProviders"].([]any)); n != 1 {
		d.Errorf("%d providers, want 1", n)
	}
	if n := len(d.call("ListApplications", "InstanceArn", instance)["Applications"].([]any)); n != 3 {
		d.Errorf("%d applications, want 3", n)
	}
	names := []any{}
	for _, one := range d.call("ListTrustedTokenIssuers", "InstanceArn", instance)["TrustedTokenIssuers"].([]any) {
		names = append(names, one.(m)["Name"])
	}
	if !slices.Contains(names, any("other")) || len(names) != 6 {
		d.Errorf("issuers %v", names)
	}
}

// removes takes it away piece by piece.
func (d *drill) removes(issuer, app any) {
	d.Helper()
	d.call("DeleteApplicationAssignment", "ApplicationArn", app, "PrincipalId", analyst, "PrincipalType", "USER")
	d.call("DeleteApplicationAccessScope", "ApplicationArn", app, "Scope", "lakeformation:query")
	d.call("DeleteApplicationAuthenticationMethod", "ApplicationArn", app, "AuthenticationMethodType", "IAM")
	d.call("DeleteApplicationGrant", "ApplicationArn", app, "GrantType", "refresh_token")
	d.Call("ResourceNotFoundException", "GetApplicationGrant", "ApplicationArn", app, "GrantType", "refresh_token")
	d.call("DeleteTrustedTokenIssuer", "TrustedTokenIssuerArn", issuer)
	d.call("DeleteApplication", "ApplicationArn", app)
	d.Call("ResourceNotFoundException", "DescribeApplication", "ApplicationArn", app)
}
