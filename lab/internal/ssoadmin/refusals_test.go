package ssoadmin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// Things that are not there.
const (
	noInstance    = "arn:aws:sso:::instance/ssoins-ffffffffffffffff"
	noApplication = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-ffffffffffffffff"
	noIssuer      = "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-ffffffff-ffff-4fff-8fff-ffffffffffff"
	nobodyID      = "1234567890-ffffffff-ffff-4fff-8fff-ffffffffffff"
)

func validation(text string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ValidationException", Message: text}
}

func notFound(text string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ResourceNotFoundException", Message: text}
}

func conflict(text string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ConflictException", Message: text}
}

func quota(text string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ServiceQuotaExceededException", Message: text}
}

// TestNotFound has each operation name what is not there.
func TestNotFound(t *testing.T) {
	b := start(t)
	app, missing := aws.String(application), aws.String(noApplication)
	user, iam := types.PrincipalTypeUser, types.AuthenticationMethodTypeIam
	admin := "probe-administrator"
	for _, test := range []struct {
		in   any
		want probe.Answer
	}{
		{&ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(noInstance)}, denial(probe.Center, admin, "DescribeInstance", noInstance, resourceBased)},
		{&ssoadmin.DeleteInstanceInput{InstanceArn: aws.String(noInstance)}, denial(probe.Center, admin, "DeleteInstance", noInstance, resourceBased)},
		{&ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(noInstance)}, notFound("Instance not found.")},
		{newIssuer("a", "https://a.example.com", func(in *ssoadmin.CreateTrustedTokenIssuerInput) { in.InstanceArn = aws.String(noInstance) }),
			denial(probe.Center, admin, "CreateTrustedTokenIssuer", noInstance, resourceBased)},
		{&ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(noInstance)}, denial(probe.Center, admin, "ListTrustedTokenIssuers", noInstance, resourceBased)},
		{&ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: aws.String(noIssuer)}, notFound("Trusted token issuer not found.")},
		{&ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: aws.String(noIssuer)}, notFound("Trusted token issuer not found.")},
		{&ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: aws.String(noIssuer)}, notFound("Trusted token issuer not found.")},
		{&ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: aws.String(strings.Replace(noIssuer, "1234567890abcdef", "ffffffffffffffff", 1))},
			notFound("Trusted token issuer not found.")},
		{newApplication("a", func(in *ssoadmin.CreateApplicationInput) { in.InstanceArn = aws.String(noInstance) }), notFound("Instance not found.")},
		{&ssoadmin.ListApplicationsInput{InstanceArn: aws.String(noInstance)}, denial(probe.Center, admin, "ListApplications", "*", resourceBased)},
		{&ssoadmin.DescribeApplicationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.UpdateApplicationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DescribeApplicationProviderInput{ApplicationProviderArn: aws.String(custom + "-saml")}, notFound("Application provider not found.")},
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: missing, GrantType: types.GrantTypeRefreshToken, Grant: &types.GrantMemberRefreshToken{}}, notFound("Application not found.")},
		{&ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer, Grant: bearer(trusting(aws.String(noIssuer), "a"))}, notFound("Trusted token issuer not found.")},
		{&ssoadmin.GetApplicationGrantInput{ApplicationArn: missing, GrantType: jwtBearer}, notFound("Application not found.")},
		{&ssoadmin.GetApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeTokenExchange}, notFound("Grant not found.")},
		{&ssoadmin.ListApplicationGrantsInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationGrantInput{ApplicationArn: missing, GrantType: jwtBearer}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeRefreshToken}, notFound("Grant not found.")},
		{&ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: missing, AuthenticationMethodType: iam, AuthenticationMethod: policyMethod(actorPolicy(oidcRole))},
			notFound("Application not found.")},
		{&ssoadmin.GetApplicationAuthenticationMethodInput{ApplicationArn: missing, AuthenticationMethodType: iam}, notFound("Application not found.")},
		{&ssoadmin.ListApplicationAuthenticationMethodsInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationAuthenticationMethodInput{ApplicationArn: missing, AuthenticationMethodType: iam}, notFound("Application not found.")},
		{&ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: missing, Scope: aws.String("a")}, notFound("Application not found.")},
		{&ssoadmin.GetApplicationAccessScopeInput{ApplicationArn: missing, Scope: aws.String("a")}, notFound("Application not found.")},
		{&ssoadmin.GetApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("a")}, notFound("Access scope not found.")},
		{&ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationAccessScopeInput{ApplicationArn: missing, Scope: aws.String("a")}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("a")}, notFound("Access scope not found.")},
		{&ssoadmin.PutApplicationAssignmentConfigurationInput{ApplicationArn: missing, AssignmentRequired: aws.Bool(true)}, notFound("Application not found.")},
		{&ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.PutApplicationSessionConfigurationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.GetApplicationSessionConfigurationInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: missing, PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Application not found.")},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(nobodyID), PrincipalType: user}, notFound("USER not found.")},
		{&ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeGroup}, notFound("GROUP not found.")},
		{&ssoadmin.DescribeApplicationAssignmentInput{ApplicationArn: missing, PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Application not found.")},
		{&ssoadmin.DescribeApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Application assignment not found.")},
		{&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: missing}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: missing, PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Application not found.")},
		{&ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Application assignment not found.")},
		{&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: aws.String(noInstance), PrincipalId: aws.String(analyst), PrincipalType: user}, notFound("Instance not found.")},
		{&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: aws.String(instance), PrincipalId: aws.String(nobodyID), PrincipalType: user}, notFound("USER not found.")},
		{&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: aws.String(instance), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeGroup}, notFound("GROUP not found.")},
		{&ssoadmin.TagResourceInput{ResourceArn: missing, Tags: []types.Tag{}}, notFound("Application not found.")},
		{&ssoadmin.UntagResourceInput{ResourceArn: aws.String(noIssuer), TagKeys: []string{"a"}}, notFound("Trusted token issuer not found.")},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: aws.String(noInstance)}, notFound("Instance not found.")},
		{&ssoadmin.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef")}, notFound("Resource not found.")},
	} {
		t.Run(operation(test.in), func(t *testing.T) {
			_, err := b.on(t).ask(b.admin, test.in)
			probe.Expect(t, test.want, err)
		})
	}
}

// TestInvalid has values that the model admits and Identity Center does not.
func TestInvalid(t *testing.T) {
	b := start(t, func(w *lab.World) {
		off := false
		w.Switches.LoopbackIssuers = &off
		strict(w)
	})
	app, okta := aws.String(application), b.okta()
	tag := func(kv ...string) (list []types.Tag) {
		for i := 0; i < len(kv); i += 2 {
			list = append(list, types.Tag{Key: &kv[i], Value: &kv[i+1]})
		}
		return list
	}
	method := func(policy any) any {
		return &ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: types.AuthenticationMethodTypeIam, AuthenticationMethod: policyMethod(policy)}
	}
	grant := func(kind types.GrantType, g types.Grant) any {
		return &ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: kind, Grant: g}
	}
	for name, test := range map[string]struct {
		in   any
		want probe.Answer
	}{
		"management account":  {&ssoadmin.CreateInstanceInput{}, validation("Organization management account is not allowed to perform the operation.")},
		"issuer on a port":    {newIssuer("a", "https://idp.example.com:8443"), validation("The issuer URL is not valid: ...")},
		"issuer on loopback":  {newIssuer("a", "http://127.0.0.1:8080/idp"), validation("The issuer URL is not valid: ...")},
		"discovery document":  {newIssuer("a", "https://idp.example.com/.well-known/openid-configuration"), validation("The issuer URL is not valid: ...")},
		"attribute path":      {newIssuer("a", "https://idp.example.com", mapped("nickName")), validation("The identity store attribute path nickName is none of ...")},
		"update of the path":  {&ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: okta, TrustedTokenIssuerConfiguration: issuerUpdate("email", "nickName")}, validation("The identity store attribute path nickName is none of ...")},
		"other provider":      {newApplication("a", provided(custom+"-saml")), validation("The application provider with arn '" + custom + "-saml' is not supported for this action.")},
		"origin without URL":  {newApplication("a", signingIn(types.SignInOriginApplication)), validation("ApplicationUrl is required if the Origin is APPLICATION.")},
		"update of the URL":   {&ssoadmin.UpdateApplicationInput{ApplicationArn: app, PortalOptions: &types.UpdateApplicationPortalOptions{SignInOptions: &types.SignInOptions{Origin: types.SignInOriginApplication}}}, validation("ApplicationUrl is required if the Origin is APPLICATION.")},
		"tag twice":           {newApplication("a", tagging(tag("a", "1", "a", "2"))), validation("The tag key a stands twice in the request.")},
		"AWS's tag":           {newApplication("a", tagging(tag("AWS:a", "1"))), validation("Tag keys that begin with aws: are reserved.")},
		"tag of an issuer":    {newIssuer("a", "https://idp.example.com", func(in *ssoadmin.CreateTrustedTokenIssuerInput) { in.Tags = tag("aws:a", "1") }), validation("Tag keys that begin with aws: are reserved.")},
		"tag of a resource":   {&ssoadmin.TagResourceInput{ResourceArn: app, Tags: tag("aws:a", "1")}, validation("Tag keys that begin with aws: are reserved.")},
		"tags elsewhere":      {&ssoadmin.ListTagsForResourceInput{ResourceArn: app, InstanceArn: aws.String(noInstance)}, validation("The resource is not of the instance " + noInstance + ".")},
		"authorization code":  {grant(types.GrantTypeAuthorizationCode, &types.GrantMemberAuthorizationCode{Value: types.AuthorizationCodeGrant{RedirectUris: []string{"https://a.example.com"}}}), validation("Grant type: authorization_code not supported")},
		"grant of other type": {grant(types.GrantTypeRefreshToken, &types.GrantMemberTokenExchange{}), validation("The grant must match the grant type refresh_token.")},
		"no audiences":        {grant(jwtBearer, bearer(types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: okta})), validation("Each authorized token issuer needs ...")},
		"no issuer":           {grant(jwtBearer, bearer(types.AuthorizedTokenIssuer{AuthorizedAudiences: []string{"a"}})), validation("Each authorized token issuer needs ...")},
		"issuer twice":        {grant(jwtBearer, bearer(trusting(okta, "a"), trusting(okta, "b"))), validation("The trusted token issuer " + *okta + " stands twice in the grant.")},
		"no such role":        {method(actorPolicy(oidcRole + "-not")), validation("Invalid actor policy provided")},
		"role that is gone":   {method(actorPolicy("AROAEXAMPLEID1234567X")), validation("Invalid actor policy provided")},
		"no principal":        {method(probe.PolicyOf(probe.Statement("Allow", "sso-oauth:CreateTokenWithIAM", "Resource", "*"))), validation("Invalid actor policy provided")},
		"policy in a text":    {method(`{"Version":"2012-10-17","Statement":[]}`), validation("Invalid actor policy provided")},
		"policy of a list":    {method([]any{}), validation("Invalid actor policy provided")},
		"key without ARN":     {&ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(instance), EncryptionConfiguration: &types.EncryptionConfiguration{KeyType: types.KmsKeyTypeCustomerManagedKey}}, validation("A key type of CUSTOMER_MANAGED_KEY goes ...")},
		"ARN without type":    {&ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(instance), EncryptionConfiguration: &types.EncryptionConfiguration{KeyType: types.KmsKeyTypeAwsOwnedKmsKey, KmsKeyArn: aws.String(kmsKey)}}, validation("A key type of CUSTOMER_MANAGED_KEY goes ...")},
		"name of a scope":     {&ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("a:b:c:d")}, validation("1 validation error detected: Value 'a:b:c:d' at 'scope' failed to satisfy constraint: ...")},
		"target of a scope":   {&ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("a"), AuthorizedTargets: []string{"arn:aws:s3:::bucket"}}, validation("1 validation error detected: ...")},
		"page of scopes":      {&ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app, MaxResults: aws.Int32(11)}, validation("1 validation error detected: Value '11' at 'maxResults' ...")},
		"claim path":          {&ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: okta, TrustedTokenIssuerConfiguration: issuerUpdate("cognito:username", "userName")}, validation("1 validation error detected: ...")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.on(t).ask(b.admin, test.in)
			probe.Expect(t, test.want, err)
		})
	}
}

const kmsKey = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-4333-8444-555555555555"

// strict takes what the default world has on loopback away.
func strict(w *lab.World) {
	c := &w.IdentityCenter[0]
	c.TrustedTokenIssuers = append(c.TrustedTokenIssuers[:1:1], c.TrustedTokenIssuers[2:]...)
	a := &c.Applications[0]
	a.JWTBearer = append(a.JWTBearer[:1:1], a.JWTBearer[2:]...)
	w.Issuers = append(w.Issuers[:1:1], w.Issuers[2:]...)
	providers := &w.Accounts[1].OIDCProviders
	*providers = append((*providers)[:1:1], (*providers)[2:]...)
}

func mapped(attribute string) func(*ssoadmin.CreateTrustedTokenIssuerInput) {
	return func(in *ssoadmin.CreateTrustedTokenIssuerInput) {
		c := in.TrustedTokenIssuerConfiguration.(*types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration)
		c.Value.IdentityStoreAttributePath = &attribute
	}
}

func provided(arn string) func(*ssoadmin.CreateApplicationInput) {
	return func(in *ssoadmin.CreateApplicationInput) { in.ApplicationProviderArn = &arn }
}

func signingIn(origin types.SignInOrigin) func(*ssoadmin.CreateApplicationInput) {
	return func(in *ssoadmin.CreateApplicationInput) {
		in.PortalOptions = &types.PortalOptions{SignInOptions: &types.SignInOptions{Origin: origin}}
	}
}

func tagging(tags []types.Tag) func(*ssoadmin.CreateApplicationInput) {
	return func(in *ssoadmin.CreateApplicationInput) { in.Tags = tags }
}

// TestApplicationQuota: no more than the world's quota, and room again after a delete.
func TestApplicationQuota(t *testing.T) {
	b := start(t, func(w *lab.World) { w.IdentityCenter[0].MaxApplications = len(w.IdentityCenter[0].Applications) })
	_, err := b.ask(b.admin, newApplication("tip-cli"))
	probe.Expect(t, conflict("An application with this name already exists."), err)
	_, err = b.ask(b.admin, newApplication("more"))
	probe.Expect(t, quota("The quota of applications of the instance is reached."), err)
	_, err = b.ask(b.admin, &ssoadmin.DeleteApplicationInput{ApplicationArn: aws.String(application)})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.ask(b.admin, newApplication("more"))
	probe.Expect(t, probe.Answer{}, err)
}

// TestConflictsAndQuotas of what must be unique, and of what there may be only so many.
func TestConflictsAndQuotas(t *testing.T) {
	b := start(t)
	app := aws.String(application)
	expect := func(want probe.Answer, in any) {
		t.Helper()
		_, err := b.ask(b.admin, in)
		probe.Expect(t, want, err)
	}
	expect(conflict("A trusted token issuer with this name already exists."), newIssuer("okta", "https://idp.example.com"))
	expect(conflict("A trusted token issuer with this issuer URL already exists."), newIssuer("mine", "https://dev-123456789.okta.com/oauth2/default"))
	expect(conflict("A trusted token issuer with this name already exists."), &ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta(), Name: aws.String("cognito")})
	for n := range 5 {
		b.addIssuer(fmt.Sprint("issuer-", n), fmt.Sprintf("https://idp%d.example.com", n))
	}
	expect(quota("An instance can have at most 10 trusted token issuers."), newIssuer("eleventh", "https://idp.example.com"))

	expect(conflict("An application with this name already exists."), newApplication("tip-cli"))
	expect(conflict("An application with this name already exists."), &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Name: aws.String("tip-notebook")})
	expect(probe.Answer{}, &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Name: aws.String("tip-cli")})

	assign := &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser}
	expect(probe.Answer{}, assign)
	expect(conflict("The principal is already assigned to the application."), assign)
	expect(notFound("Application assignment not found."),
		&ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeGroup})

	for n := range 22 {
		expect(probe.Answer{}, &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String(fmt.Sprint("scope:", n))})
	}
	expect(validation("An application can have at most 25 access scopes."), &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("another")})
	expect(probe.Answer{}, &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String("scope:1"), AuthorizedTargets: []string{instance}})

	var tags []types.Tag
	for n := range 50 {
		tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint("key", n)), Value: aws.String("")})
	}
	one := []types.Tag{{Key: aws.String("another"), Value: aws.String("")}}
	for _, arn := range []string{application, instance, *b.okta()} {
		expect(probe.Answer{}, &ssoadmin.TagResourceInput{ResourceArn: &arn, Tags: tags})
		expect(quota("A resource can have at most 50 tags."), &ssoadmin.TagResourceInput{ResourceArn: &arn, Tags: one})
		expect(probe.Answer{}, &ssoadmin.TagResourceInput{ResourceArn: &arn, Tags: tags[:1]})
	}
	expect(quota("A resource can have at most 50 tags."), newApplication("tagged", tagging(append(tags, one...))))
	expect(validation("1 validation error detected: ..."), newApplication("tagged", tagging(append(append(tags, tags...), one...))))

	reserved := &ssoadmin.CreateInstanceInput{Tags: []types.Tag{{Key: aws.String("aws:a"), Value: aws.String("")}}}
	_, err := b.ask(b.member, reserved)
	probe.Expect(t, validation("Tag keys that begin with aws: are reserved."), err)
	own, err := b.ask(b.member, &ssoadmin.CreateInstanceInput{})
	probe.Must(t, own, err)
	_, err = b.ask(b.member, &ssoadmin.CreateInstanceInput{Name: aws.String("second")})
	probe.Expect(t, conflict("An instance already exists in this account."), err)
	_, err = b.ask(b.member, &ssoadmin.CreateInstanceInput{Name: aws.String("second")}, elsewhere)
	probe.Expect(t, conflict("An instance already exists in this account."), err)
}

// TestNothingElsewhere: Identity Center lives in one Region.
func TestNothingElsewhere(t *testing.T) {
	b := start(t)
	out, err := b.ask(b.admin, &ssoadmin.ListInstancesInput{}, elsewhere)
	if probe.Must(t, out, err); len(out.(*ssoadmin.ListInstancesOutput).Instances) != 0 {
		t.Error("an instance in another Region")
	}
	for _, test := range []struct {
		in   any
		want probe.Answer
	}{
		{&ssoadmin.DescribeApplicationInput{ApplicationArn: aws.String(application)}, notFound("Application not found.")},
		{&ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta()}, notFound("Trusted token issuer not found.")},
		{newApplication("a"), notFound("Instance not found.")},
		{&ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}, denial(probe.Center, "probe-administrator", "DescribeInstance", instance, resourceBased)},
	} {
		_, err := b.ask(b.admin, test.in, elsewhere)
		probe.Expect(t, test.want, err)
	}
}
