package lab_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/document"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

// centerBench is a lab with an administrator of Identity Center, an application
// that requires assignments and has the analyst's, and the role that exchanges.
type centerBench struct {
	*bench
	admin *ssoadmin.Client
	oidc  aws.CredentialsProvider
}

func startCenter(t *testing.T, edits ...func(*lab.World)) *centerBench {
	t.Helper()
	b := start(t, append([]func(*lab.World){strict, func(w *lab.World) {
		addRole(w, 0, "admin", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(center))), allowing("*"))
		a := &w.IdentityCenter[0].Applications[0]
		required := true
		a.AssignmentRequired, a.AssignedUsers, a.RefreshToken = &required, []string{"analyst@example.com"}, true
	}}, edits...)...)
	return &centerBench{b, ssoadmin.NewFromConfig(b.config(b.session(roleIn(center, "admin")))), b.session(oidcRole)}
}

// exchange asks for a token with a fresh JWT.
func (b *centerBench) exchange(edits ...func(*ssooidc.CreateTokenWithIAMInput)) (*ssooidc.CreateTokenWithIAMOutput, error) {
	b.Helper()
	return b.createToken(b.oidc, append([]func(*ssooidc.CreateTokenWithIAMInput){asserting(b.jwt("analyst"))}, edits...)...)
}

// refresh asks with a refresh token.
func (b *centerBench) refresh(token *string) error {
	_, err := b.createToken(b.oidc, func(in *ssooidc.CreateTokenWithIAMInput) {
		in.GrantType, in.RefreshToken = aws.String("refresh_token"), token
	})
	return err
}

func (b *centerBench) okta() *string {
	b.Helper()
	out, err := b.admin.ListTrustedTokenIssuers(b.Context(), &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: aws.String(instance)})
	if err != nil || len(out.TrustedTokenIssuers) != 1 {
		b.Fatalf("issuers: %v", err)
	}
	return out.TrustedTokenIssuers[0].TrustedTokenIssuerArn
}

func bearer(issuers ...types.AuthorizedTokenIssuer) types.Grant {
	return &types.GrantMemberJwtBearer{Value: types.JwtBearerGrant{AuthorizedTokenIssuers: issuers}}
}

func actorMethod(arn string) types.AuthenticationMethod {
	doc := policyOf(statement("Allow", "sso-oauth:CreateTokenWithIAM", "Principal", principal(arn), "Resource", "*"))
	return &types.AuthenticationMethodMemberIam{Value: types.IamAuthenticationMethod{ActorPolicy: document.NewLazyDocument(doc)}}
}

// TestCenterChangesTakeEffect at the very next exchange.
func TestCenterChangesTakeEffect(t *testing.T) {
	app, jwt, iam := aws.String(appARN), types.GrantTypeJwtBearer, types.AuthenticationMethodTypeIam
	denied, lost := answer{400, "AccessDeniedException", ""}, answer{400, "UnauthorizedClientException", "The grant type is not configured for this application"}
	unknown := answer{400, "InvalidGrantException", "The issuer of the assertion is not authorized"}
	assign := func(b *centerBench) error {
		_, err := b.admin.CreateApplicationAssignment(b.Context(), &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser})
		return err
	}
	put := func(g types.Grant) func(*centerBench) error {
		return func(b *centerBench) error {
			_, err := b.admin.PutApplicationGrant(b.Context(), &ssoadmin.PutApplicationGrantInput{ApplicationArn: app, GrantType: jwt, Grant: g})
			return err
		}
	}
	status := func(s types.ApplicationStatus) func(*centerBench) error {
		return func(b *centerBench) error {
			_, err := b.admin.UpdateApplication(b.Context(), &ssoadmin.UpdateApplicationInput{ApplicationArn: app, Status: s})
			return err
		}
	}
	method := func(arn string) func(*centerBench) error {
		return func(b *centerBench) error {
			_, err := b.admin.PutApplicationAuthenticationMethod(b.Context(), &ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: iam, AuthenticationMethod: actorMethod(arn)})
			return err
		}
	}
	config := func(claim string) func(*centerBench) error {
		return func(b *centerBench) error {
			_, err := b.admin.UpdateTrustedTokenIssuer(b.Context(), &ssoadmin.UpdateTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta(),
				TrustedTokenIssuerConfiguration: &types.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtUpdateConfiguration{ClaimAttributePath: &claim}}})
			return err
		}
	}
	for name, test := range map[string]struct {
		change func(*centerBench) error
		want   answer
		// undo leads back, nil where nothing does.
		undo func(*centerBench) error
	}{
		"assignment": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationAssignment(b.Context(), &ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser})
			return err
		}, denied, assign},
		"assignment not required": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationAssignment(b.Context(), &ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser})
			return err
		}, denied, func(b *centerBench) error {
			_, err := b.admin.PutApplicationAssignmentConfiguration(b.Context(), &ssoadmin.PutApplicationAssignmentConfigurationInput{ApplicationArn: app, AssignmentRequired: aws.Bool(false)})
			return err
		}},
		"disabled":     {status(types.ApplicationStatusDisabled), denied, status(types.ApplicationStatusEnabled)},
		"actor policy": {method(roleIn(appl, "tip-id-enhanced-role")), denied, method(oidcRole)},
		"no authentication method": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationAuthenticationMethod(b.Context(), &ssoadmin.DeleteApplicationAuthenticationMethodInput{ApplicationArn: app, AuthenticationMethodType: iam})
			return err
		}, denied, method(oidcRole)},
		"grant": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationGrant(b.Context(), &ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: jwt})
			return err
		}, lost, func(b *centerBench) error {
			return put(bearer(types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: b.okta(), AuthorizedAudiences: []string{clientID}}))(b)
		}},
		"grant without issuers": {put(bearer()), unknown, nil},
		"audience": {func(b *centerBench) error {
			return put(bearer(types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: b.okta(), AuthorizedAudiences: []string{"other"}}))(b)
		}, answer{400, "InvalidGrantException", "The audience of the assertion is not authorized"}, nil},
		"attribute mapping": {config("groups"), answer{400, "InvalidGrantException", "The assertion lacks the mapped claim"}, config("email")},
		"issuer": {func(b *centerBench) error {
			_, err := b.admin.DeleteTrustedTokenIssuer(b.Context(), &ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta()})
			return err
		}, unknown, nil},
		"application": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplication(b.Context(), &ssoadmin.DeleteApplicationInput{ApplicationArn: app})
			return err
		}, answer{401, "InvalidClientException", "Invalid client"}, nil},
		"instance": {func(b *centerBench) error {
			_, err := b.admin.DeleteInstance(b.Context(), &ssoadmin.DeleteInstanceInput{InstanceArn: aws.String(instance)})
			return err
		}, answer{401, "InvalidClientException", "Invalid client"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := startCenter(t)
			_, err := b.exchange()
			expect(t, answer{}, err)
			expect(t, answer{}, test.change(b))
			_, err = b.exchange()
			expect(t, test.want, err)
			if test.undo == nil {
				return
			}
			expect(t, answer{}, test.undo(b))
			_, err = b.exchange()
			expect(t, answer{}, err)
		})
	}
}

// TestScopesTakeEffect: a scope that is taken away is not granted any more.
func TestScopesTakeEffect(t *testing.T) {
	b := startCenter(t)
	scope := "s3:access_grants:read_write"
	asking := func(in *ssooidc.CreateTokenWithIAMInput) { in.Scope = []string{scope} }
	_, err := b.exchange(asking)
	expect(t, answer{}, err)
	_, err = b.admin.DeleteApplicationAccessScope(b.Context(), &ssoadmin.DeleteApplicationAccessScopeInput{ApplicationArn: aws.String(appARN), Scope: &scope})
	expect(t, answer{}, err)
	_, err = b.exchange(asking)
	expect(t, answer{400, "InvalidScopeException", "Invalid scope: " + scope}, err)
	_, err = b.admin.PutApplicationAccessScope(b.Context(), &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: aws.String(appARN), Scope: aws.String("redshift:connect")})
	expect(t, answer{}, err)
	out, err := b.exchange()
	expect(t, answer{}, err)
	want := []string{"athena:workgroup:read_write", "lakeformation:query", "redshift:connect", "openid", "aws", "sts:identity_context"}
	if diff := cmp.Diff(want, out.Scope); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

// TestRefreshTokensDieWithWhatTheyStemFrom: the application, its grant, the issuer, the instance.
func TestRefreshTokensDieWithWhatTheyStemFrom(t *testing.T) {
	app := aws.String(appARN)
	invalid := answer{400, "InvalidGrantException", "Invalid refresh token provided"}
	for name, test := range map[string]struct {
		change func(*centerBench) error
		want   answer
	}{
		"grant": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationGrant(b.Context(), &ssoadmin.DeleteApplicationGrantInput{ApplicationArn: app, GrantType: types.GrantTypeRefreshToken})
			return err
		}, answer{400, "UnauthorizedClientException", "The grant type is not configured for this application"}},
		"issuer": {func(b *centerBench) error {
			_, err := b.admin.DeleteTrustedTokenIssuer(b.Context(), &ssoadmin.DeleteTrustedTokenIssuerInput{TrustedTokenIssuerArn: b.okta()})
			return err
		}, invalid},
		"assignment": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplicationAssignment(b.Context(), &ssoadmin.DeleteApplicationAssignmentInput{ApplicationArn: app, PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser})
			return err
		}, answer{400, "AccessDeniedException", ""}},
		"application": {func(b *centerBench) error {
			_, err := b.admin.DeleteApplication(b.Context(), &ssoadmin.DeleteApplicationInput{ApplicationArn: app})
			return err
		}, answer{401, "InvalidClientException", "Invalid client"}},
		"instance": {func(b *centerBench) error {
			_, err := b.admin.DeleteInstance(b.Context(), &ssoadmin.DeleteInstanceInput{InstanceArn: aws.String(instance)})
			return err
		}, answer{401, "InvalidClientException", "Invalid client"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := startCenter(t)
			out, err := b.exchange()
			expect(t, answer{}, err)
			expect(t, answer{}, b.refresh(out.RefreshToken))
			expect(t, answer{}, test.change(b))
			expect(t, test.want, b.refresh(out.RefreshToken))
			held := slices.Contains([]string{"grant", "assignment"}, name)
			if _, known := b.lab.State().RefreshToken(*out.RefreshToken); known != held {
				t.Errorf("the refresh token is held: %v, want %v", known, held)
			}
		})
	}
}

// TestApplicationMadeFromNothing: issuer, application, grant, actor policy, scope and
// assignment by the API, and a person gets a token of it. The grants that the lab
// does not serve refuse what it never gave out.
func TestApplicationMadeFromNothing(t *testing.T) {
	yes := true
	b := startCenter(t, func(w *lab.World) {
		w.IdentityCenter[0].TrustedTokenIssuers, w.IdentityCenter[0].Applications, w.AccessGrants = nil, nil, nil
		w.Switches.AuthorizationCodeGrant = &yes
	})
	issuer, err := b.admin.CreateTrustedTokenIssuer(b.Context(), &ssoadmin.CreateTrustedTokenIssuerInput{
		InstanceArn: aws.String(instance), Name: aws.String("mine"), TrustedTokenIssuerType: types.TrustedTokenIssuerTypeOidcJwt,
		TrustedTokenIssuerConfiguration: &types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{Value: types.OidcJwtConfiguration{
			IssuerUrl: aws.String(okta), ClaimAttributePath: aws.String("email"), IdentityStoreAttributePath: aws.String("emails.value"), JwksRetrievalOption: types.JwksRetrievalOptionOpenIdDiscovery,
		}},
	})
	expect(t, answer{}, err)
	app, err := b.admin.CreateApplication(b.Context(), &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(instance), Name: aws.String("mine"), ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")})
	expect(t, answer{}, err)
	for kind, g := range map[types.GrantType]types.Grant{
		types.GrantTypeJwtBearer:         bearer(types.AuthorizedTokenIssuer{TrustedTokenIssuerArn: issuer.TrustedTokenIssuerArn, AuthorizedAudiences: []string{clientID}}),
		types.GrantTypeTokenExchange:     &types.GrantMemberTokenExchange{},
		types.GrantTypeAuthorizationCode: &types.GrantMemberAuthorizationCode{Value: types.AuthorizationCodeGrant{RedirectUris: []string{"https://app.example.com"}}},
	} {
		_, err = b.admin.PutApplicationGrant(b.Context(), &ssoadmin.PutApplicationGrantInput{ApplicationArn: app.ApplicationArn, GrantType: kind, Grant: g})
		expect(t, answer{}, err)
	}
	_, err = b.exchange(forClient(*app.ApplicationArn))
	expect(t, answer{400, "AccessDeniedException", ""}, err)
	_, err = b.admin.PutApplicationAuthenticationMethod(b.Context(), &ssoadmin.PutApplicationAuthenticationMethodInput{ApplicationArn: app.ApplicationArn, AuthenticationMethodType: types.AuthenticationMethodTypeIam, AuthenticationMethod: actorMethod(oidcRole)})
	expect(t, answer{}, err)
	_, err = b.exchange(forClient(*app.ApplicationArn)) // not assigned
	expect(t, answer{400, "AccessDeniedException", ""}, err)
	_, err = b.admin.CreateApplicationAssignment(b.Context(), &ssoadmin.CreateApplicationAssignmentInput{ApplicationArn: app.ApplicationArn, PrincipalId: aws.String("1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"), PrincipalType: types.PrincipalTypeGroup})
	expect(t, answer{}, err)
	out, err := b.exchange(forClient(*app.ApplicationArn))
	expect(t, answer{}, err)
	if out.RefreshToken != nil {
		t.Error("a refresh token without the grant")
	}
	for _, test := range []struct {
		edit func(*ssooidc.CreateTokenWithIAMInput)
		want answer
	}{
		{func(in *ssooidc.CreateTokenWithIAMInput) { in.GrantType = aws.String("authorization_code") }, answer{400, "InvalidRequestException", "Missing required parameter: code"}},
		{func(in *ssooidc.CreateTokenWithIAMInput) {
			in.GrantType, in.Code = aws.String("authorization_code"), aws.String("code")
		}, answer{400, "InvalidGrantException", "Invalid authorization code provided"}},
		{func(in *ssooidc.CreateTokenWithIAMInput) {
			in.GrantType, in.SubjectToken = aws.String(string(types.GrantTypeTokenExchange)), out.AccessToken
		}, answer{400, "InvalidGrantException", "Invalid subject token provided"}},
	} {
		_, err = b.createToken(b.oidc, forClient(*app.ApplicationArn), test.edit)
		expect(t, test.want, err)
	}
}
