package ssoadmin_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// same compares outputs of the SDK.
func same(t *testing.T, want, got any) {
	t.Helper()
	opts := []cmp.Option{
		cmpopts.IgnoreTypes(middleware.Metadata{}), cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Minute),
		cmp.Exporter(func(reflect.Type) bool { return true }),
	}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// TestNewApplication has what AWS gives a new application.
func TestNewApplication(t *testing.T) {
	b := start(t)
	app := b.addApplication("new")
	same(t, &ssoadmin.DescribeApplicationOutput{
		ApplicationArn: app, ApplicationProviderArn: aws.String(custom), Name: aws.String("new"), ApplicationAccount: aws.String(probe.Center),
		InstanceArn: aws.String(instance), IdentityStoreArn: aws.String(store), Status: types.ApplicationStatusEnabled,
		PortalOptions: &types.PortalOptions{Visibility: types.ApplicationVisibilityEnabled}, CreatedDate: aws.Time(b.Clock.Now()), CreatedFrom: aws.String("eu-west-1"),
	}, must[*ssoadmin.DescribeApplicationOutput](b, &ssoadmin.DescribeApplicationInput{ApplicationArn: app}))
	same(t, &ssoadmin.GetApplicationAssignmentConfigurationOutput{AssignmentRequired: aws.Bool(true)},
		must[*ssoadmin.GetApplicationAssignmentConfigurationOutput](b, &ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: app}))
	same(t, &ssoadmin.GetApplicationSessionConfigurationOutput{UserBackgroundSessionApplicationStatus: types.UserBackgroundSessionApplicationStatusEnabled},
		must[*ssoadmin.GetApplicationSessionConfigurationOutput](b, &ssoadmin.GetApplicationSessionConfigurationInput{ApplicationArn: app}))
	same(t, &ssoadmin.ListApplicationGrantsOutput{}, must[*ssoadmin.ListApplicationGrantsOutput](b, &ssoadmin.ListApplicationGrantsInput{ApplicationArn: app}))
	same(t, &ssoadmin.ListApplicationAccessScopesOutput{}, must[*ssoadmin.ListApplicationAccessScopesOutput](b, &ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app}))
	_, err := b.ask(b.admin, &ssoadmin.GetApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: types.AuthenticationMethodTypeIam})
	probe.Expect(t, notFound("Authentication method not found."), err)
	_, err = b.ask(b.admin, &ssoadmin.DeleteApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: types.AuthenticationMethodTypeIam})
	probe.Expect(t, notFound("Authentication method not found."), err)
}

// TestUpdates change what they name and leave the rest.
func TestUpdates(t *testing.T) {
	b := start(t)
	app := b.addApplication("first", func(in *ssoadmin.CreateApplicationInput) {
		in.Description, in.Status = aws.String("one"), types.ApplicationStatusDisabled
		in.PortalOptions = &types.PortalOptions{Visibility: types.ApplicationVisibilityDisabled}
	})
	must[*ssoadmin.UpdateApplicationOutput](b, &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Name: aws.String("second"),
		PortalOptions: &types.UpdateApplicationPortalOptions{SignInOptions: &types.SignInOptions{Origin: types.SignInOriginIdentityCenter}}})
	got := must[*ssoadmin.DescribeApplicationOutput](b, &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
	same(t, []any{"second", "one", types.ApplicationStatusDisabled, &types.PortalOptions{
		Visibility: types.ApplicationVisibilityDisabled, SignInOptions: &types.SignInOptions{Origin: types.SignInOriginIdentityCenter},
	}}, []any{*got.Name, *got.Description, got.Status, got.PortalOptions})
	must[*ssoadmin.UpdateApplicationOutput](b, &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Status: types.ApplicationStatusEnabled})
	got = must[*ssoadmin.DescribeApplicationOutput](b, &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
	same(t, types.ApplicationStatusEnabled, got.Status)

	must[*ssoadmin.UpdateTrustedTokenIssuerOutput](b, &ssoadmin.UpdateTrustedTokenIssuerInput{
		TrustedTokenIssuerArn: b.okta(), Name: aws.String("okta"), TrustedTokenIssuerConfiguration: issuerUpdate("sub", "externalIds.value"),
	})
	issuer := must[*ssoadmin.DescribeTrustedTokenIssuerOutput](b, &ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta()})
	same(t, &types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtConfiguration{
		IssuerUrl: aws.String("https://dev-123456789.okta.com/oauth2/default"), ClaimAttributePath: aws.String("sub"),
		IdentityStoreAttributePath: aws.String("externalIds.value"), JwksRetrievalOption: types.JwksRetrievalOptionOpenIdDiscovery,
	}}, issuer.TrustedTokenIssuerConfiguration)

	must[*ssoadmin.UpdateInstanceOutput](b, &ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(instance), Name: aws.String("main"),
		EncryptionConfiguration: &types.EncryptionConfiguration{KeyType: types.KmsKeyTypeCustomerManagedKey, KmsKeyArn: aws.String(kmsKey)}})
	must[*ssoadmin.UpdateInstanceOutput](b, &ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(instance)})
	same(t, &ssoadmin.DescribeInstanceOutput{
		InstanceArn: aws.String(instance), IdentityStoreId: aws.String("d-1234567890"), OwnerAccountId: aws.String(probe.Center), Name: aws.String("main"),
		CreatedDate: aws.Time(b.Clock.Now()), Status: types.InstanceStatusActive, EncryptionConfigurationDetails: &types.EncryptionConfigurationDetails{
			KeyType: types.KmsKeyTypeCustomerManagedKey, KmsKeyArn: aws.String(kmsKey), EncryptionStatus: types.KmsKeyStatusEnabled,
		},
	}, must[*ssoadmin.DescribeInstanceOutput](b, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}))
	must[*ssoadmin.UpdateInstanceOutput](b, &ssoadmin.UpdateInstanceInput{InstanceArn: aws.String(instance),
		EncryptionConfiguration: &types.EncryptionConfiguration{KeyType: types.KmsKeyTypeAwsOwnedKmsKey}})
	key := must[*ssoadmin.DescribeInstanceOutput](b, &ssoadmin.DescribeInstanceInput{InstanceArn: aws.String(instance)}).EncryptionConfigurationDetails
	same(t, &types.EncryptionConfigurationDetails{KeyType: types.KmsKeyTypeAwsOwnedKmsKey, EncryptionStatus: types.KmsKeyStatusEnabled}, key)
}

// TestGrantWithoutIssuers is a grant nevertheless.
func TestGrantWithoutIssuers(t *testing.T) {
	b := start(t)
	app := b.addApplication("new")
	must[*ssoadmin.PutApplicationGrantOutput](b, &ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer, Grant: bearer()})
	out := must[*ssoadmin.ListApplicationGrantsOutput](b, &ssoadmin.ListApplicationGrantsInput{ApplicationArn: app})
	same(t, []types.GrantItem{{GrantType: jwtBearer, Grant: bearer()}}, out.Grants)
	must[*ssoadmin.DeleteApplicationGrantOutput](b, &ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer})
	_, err := b.ask(b.admin, &ssoadmin.GetApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer})
	probe.Expect(t, notFound("Grant not found."), err)
}

// TestDeletedIssuer stays in grants, as the API reference says that applications
// lose access and not that the issuer cannot go.
func TestDeletedIssuer(t *testing.T) {
	b := start(t)
	app, issuer := b.addApplication("new"), b.addIssuer("mine", "https://idp.example.com")
	must[*ssoadmin.PutApplicationGrantOutput](b, &ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer, Grant: bearer(trusting(issuer, "a"))})
	must[*ssoadmin.DeleteTrustedTokenIssuerOutput](b, &ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: issuer})
	out := must[*ssoadmin.GetApplicationGrantOutput](b, &ssoadmin.GetApplicationGrantInput{ApplicationArn: app, GrantType: jwtBearer})
	same(t, bearer(trusting(issuer, "a")), out.Grant)
}

// TestClientTokens make a creating request repeatable, for as long as what it made is there.
func TestClientTokens(t *testing.T) {
	b := start(t)
	token := func(in *ssoadmin.CreateApplicationInput) { in.ClientToken = aws.String("token") }
	first := b.addApplication("new", token)
	if again := b.addApplication("new", token); *again != *first {
		t.Errorf("the repeated request made %s, the first one %s", *again, *first)
	}
	mismatch := probe.Answer{Status: 400, Code: "IdempotentParameterMismatch", Message: "The client token was used in a request with other parameters."}
	_, err := b.ask(b.admin, newApplication("other", token))
	probe.Expect(t, mismatch, err)
	issuerToken := func(in *ssoadmin.CreateTrustedTokenIssuerInput) { in.ClientToken = aws.String("token") }
	issuer := must[*ssoadmin.CreateTrustedTokenIssuerOutput](b, newIssuer("mine", "https://idp.example.com", issuerToken))
	again := must[*ssoadmin.CreateTrustedTokenIssuerOutput](b, newIssuer("mine", "https://idp.example.com", issuerToken))
	same(t, issuer, again)
	_, err = b.ask(b.admin, newIssuer("mine", "https://idp2.example.com", issuerToken))
	probe.Expect(t, mismatch, err)
	in := &ssoadmin.CreateInstanceInput{ClientToken: aws.String("token")}
	own, err := b.ask(b.member, in)
	probe.Must(t, own, err)
	repeated, err := b.ask(b.member, in)
	probe.Must(t, own, err)
	same(t, own, repeated)
	_, err = b.ask(b.member, &ssoadmin.CreateInstanceInput{ClientToken: aws.String("token"), Name: aws.String("a")})
	probe.Expect(t, mismatch, err)

	must[*ssoadmin.DeleteApplicationOutput](b, &ssoadmin.DeleteApplicationInput{ApplicationArn: first})
	second := b.addApplication("new", token)
	if *second == *first {
		t.Error("a repeated request gave what was deleted")
	}
}

// TestPages gives each entry once, in a stable order, and takes only its own tokens.
func TestPages(t *testing.T) {
	b := start(t)
	app := b.addApplication("paged")
	for n := range 12 {
		must[*ssoadmin.PutApplicationAccessScopeOutput](b, &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: app, Scope: aws.String(fmt.Sprintf("scope:%02d", n))})
	}
	var seen, want []string
	in := &ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app}
	for range 3 {
		out := must[*ssoadmin.ListApplicationAccessScopesOutput](b, in)
		if len(out.Scopes) > 10 {
			t.Errorf("%d scopes on a page", len(out.Scopes))
		}
		for _, s := range out.Scopes {
			seen = append(seen, *s.Scope)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	for n := range 12 {
		want = append(want, fmt.Sprintf("scope:%02d", n))
	}
	same(t, want, seen)

	for n := range 55 {
		b.addApplication(fmt.Sprint("application-", n))
	}
	pages := ssoadmin.NewListApplicationsPaginator(b.client(b.admin), &ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), MaxResults: aws.Int32(100)})
	var sizes []int
	var arns []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		probe.Must(t, page, err)
		sizes = append(sizes, len(page.Applications))
		for _, a := range page.Applications {
			arns = append(arns, *a.ApplicationArn)
		}
	}
	same(t, []int{50, 8}, sizes)
	if !slices.IsSorted(arns) || len(slices.Compact(arns)) != 58 {
		t.Error("applications are out of order or stand twice")
	}
	first := must[*ssoadmin.ListApplicationsOutput](b, &ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), MaxResults: aws.Int32(1)})
	for _, other := range []any{
		&ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(instance), NextToken: first.NextToken},
		&ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), NextToken: first.NextToken, Filter: &types.ListApplicationsFilter{ApplicationAccount: aws.String(probe.Center)}},
		&ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), NextToken: aws.String("AAAA")},
		&ssoadmin.ListInstancesInput{NextToken: first.NextToken}, &ssoadmin.ListApplicationProvidersInput{NextToken: first.NextToken},
		&ssoadmin.ListApplicationGrantsInput{ApplicationArn: app, NextToken: first.NextToken},
		&ssoadmin.ListApplicationAuthenticationMethodsInput{ApplicationArn: app, NextToken: first.NextToken},
		&ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: app, NextToken: first.NextToken},
		&ssoadmin.ListApplicationAssignmentsInput{ApplicationArn: app, NextToken: first.NextToken},
		&ssoadmin.ListApplicationAssignmentsForPrincipalInput{InstanceArn: aws.String(instance), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser, NextToken: first.NextToken},
		&ssoadmin.ListTagsForResourceInput{ResourceArn: app, NextToken: first.NextToken},
	} {
		t.Run(operation(other), func(t *testing.T) {
			_, err := b.on(t).ask(b.admin, other)
			probe.Expect(t, validation("The NextToken is not valid for this request."), err)
		})
	}
}

// TestFilters of ListApplications.
func TestFilters(t *testing.T) {
	b := start(t)
	for name, test := range map[string]struct {
		filter types.ListApplicationsFilter
		want   int
	}{
		"account":          {types.ListApplicationsFilter{ApplicationAccount: aws.String(probe.Center)}, 2},
		"another account":  {types.ListApplicationsFilter{ApplicationAccount: aws.String(probe.Application)}, 0},
		"provider":         {types.ListApplicationsFilter{ApplicationProvider: aws.String(custom)}, 2},
		"another provider": {types.ListApplicationsFilter{ApplicationProvider: aws.String(custom + "-saml")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			out := must[*ssoadmin.ListApplicationsOutput](b.on(t), &ssoadmin.ListApplicationsInput{InstanceArn: aws.String(instance), Filter: &test.filter})
			same(t, test.want, len(out.Applications))
		})
	}
}
