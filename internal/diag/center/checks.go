package center

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return append(registration(), person()...)
}

// registration are the checks of the application itself.
func registration() []finding.Check {
	return []finding.Check{
		{ID: "center.application", Title: "application", Why: "CreateTokenWithIAM is asked in its name.", Kinds: []finding.Kind{
			{ID: "center.application-arn-invalid", Status: finding.Fail, Title: "the ARN is not that of an application", Why: "CreateTokenWithIAM answers InvalidClientException (invalid_client)."},
			{ID: "center.application-not-found", Status: finding.Fail, Title: "there is no such application", Why: "CreateTokenWithIAM answers InvalidClientException (invalid_client)."},
		}},
		{ID: "center.enabled", Title: "application status", Why: "A disabled application exchanges no tokens.", Kinds: []finding.Kind{
			{ID: "center.application-disabled", Status: finding.Fail, Title: "the application is disabled", Why: "CreateTokenWithIAM answers a bare AccessDeniedException (access_denied), as for a missing assignment."},
		}},
		{ID: "center.provider", Title: "application type", Why: "Only customer managed applications take tokens of a trusted token issuer from your own roles.", Kinds: []finding.Kind{
			{ID: "center.not-custom", Status: finding.Fail, Title: "the application is not a customer managed one", Why: "Its grants and its actor policy cannot be set: CreateTokenWithIAM answers AccessDeniedException or UnauthorizedClientException."},
		}},
		{ID: "center.instance", Title: "Identity Center instance", Why: "The application and the directory belong to it.", Kinds: []finding.Kind{
			{ID: "center.instance-not-active", Status: finding.Fail, Title: "the instance is not active", Why: "Nothing of it answers as it should while it is being made or deleted."},
		}},
		{ID: "center.grant", Title: "jwt-bearer grant", Why: "CreateTokenWithIAM exchanges the identity provider's JWT by this grant.", Kinds: []finding.Kind{
			{ID: "center.no-jwt-bearer", Status: finding.Fail, Title: "the application has no jwt-bearer grant", Why: "CreateTokenWithIAM answers UnauthorizedClientException (unauthorized_client)."},
		}},
		{ID: "center.issuer", Title: "trusted token issuer", Why: "Its IssuerUrl must equal the token's iss to the letter.", Kinds: []finding.Kind{
			{ID: "center.issuer-mismatch", Status: finding.Fail, Title: "the trusted token issuer's URL is not the token's iss", Why: "URLs are compared letter by letter: CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.issuer-not-authorized", Status: finding.Fail, Title: "the jwt-bearer grant does not authorize the issuer", Why: "CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.no-issuer", Status: finding.Fail, Title: "no trusted token issuer has the token's iss", Why: "CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
		}},
		{ID: "center.audience", Title: "authorized audiences", Why: "One value of the token's aud must be among them.", Kinds: []finding.Kind{
			{ID: "center.audience-not-authorized", Status: finding.Fail, Title: "the token's aud is not authorized", Why: "CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
		}},
		{ID: "center.actor", Title: "actor policy", Why: "It says which roles may call CreateTokenWithIAM for the application.", Kinds: []finding.Kind{
			{ID: "center.no-authentication-method", Status: finding.Fail, Title: "the application has no IAM authentication method", Why: "Nobody may call CreateTokenWithIAM: it answers a bare AccessDeniedException (access_denied)."},
			{ID: "center.actor-not-admitted", Status: finding.Fail, Title: "the actor policy does not admit the application role", Why: "CreateTokenWithIAM answers a bare AccessDeniedException (access_denied), as for a missing assignment."},
			{ID: "center.actor-condition", Status: finding.Fail, Title: "a condition of the actor policy refuses the application role", Why: "CreateTokenWithIAM answers a bare AccessDeniedException (access_denied)."},
			{ID: "center.actor-denied", Status: finding.Fail, Title: "the actor policy denies the application role", Why: "An explicit Deny outweighs every Allow: CreateTokenWithIAM answers a bare AccessDeniedException (access_denied)."},
			{ID: "center.actor-deleted", Status: finding.Fail, Title: "the actor policy names a role that was deleted", Why: "A role that is made anew under the old name is another one: CreateTokenWithIAM answers a bare AccessDeniedException (access_denied)."},
		}},
		{ID: "center.scopes", Title: "access scopes", Why: "What an application has no scope for is not done with its tokens.", Kinds: []finding.Kind{
			{ID: "center.scope-missing", Status: finding.Fail, Title: "the application lacks an access scope", Why: "The exchange works, and the service refuses the person later, with AccessDenied."},
			{ID: "center.scope-workgroup", Status: finding.Warn, Title: "the application lacks Athena's access scope", Why: "Work groups with Identity Center refuse the person; those with IAM authentication do not need the scope."},
			{ID: "center.scope-target", Status: finding.Fail, Title: "an access scope is limited to another instance", Why: "The exchange works, and the service refuses the person later, with AccessDenied."},
		}},
	}
}

// person are the checks of whom a token stands for.
func person() []finding.Check {
	return []finding.Check{
		{ID: "center.mapping", Title: "mapped claim", Why: "The trusted token issuer looks the person up by this claim of the token.", Kinds: []finding.Kind{
			{ID: "center.claim-missing", Status: finding.Fail, Title: "the token lacks the claim that people are looked up by", Why: "No user can be matched: CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.claim-not-text", Status: finding.Fail, Title: "the claim that people are looked up by is no text", Why: "No user can be matched: CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
		}},
		{ID: "center.user", Title: "user of the directory", Why: "Exactly one enabled user must match the claim.", Kinds: []finding.Kind{
			{ID: "center.no-user", Status: finding.Fail, Title: "no user matches the token", Why: "CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.user-case", Status: finding.Fail, Title: "the user's attribute differs from the claim in capital letters", Why: "Nothing promises that Identity Center looks past the case: CreateTokenWithIAM answers InvalidGrantException (invalid_grant) where it does not."},
			{ID: "center.wrong-mapping", Status: finding.Fail, Title: "the claim is compared with the wrong attribute", Why: "The person is in the directory, and not found by this mapping: CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.user-ambiguous", Status: finding.Fail, Title: "several users match the token", Why: "Exactly one must match: CreateTokenWithIAM answers InvalidGrantException (invalid_grant)."},
			{ID: "center.user-disabled", Status: finding.Fail, Title: "the user is disabled", Why: "A disabled user cannot exchange tokens: CreateTokenWithIAM answers AccessDeniedException (access_denied)."},
		}},
		{ID: "center.assignment", Title: "assignment", Why: "Where assignments are required, the user or one of the user's groups needs one.", Kinds: []finding.Kind{
			{ID: "center.not-assigned", Status: finding.Fail, Title: "neither the user nor a group of the user is assigned", Why: "CreateTokenWithIAM answers a bare AccessDeniedException (access_denied) that names nothing."},
		}},
	}
}
