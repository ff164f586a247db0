package iam

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// The checks in order.
const (
	checkAccount    = "iam.account"
	checkProvider   = "iam.provider"
	checkClient     = "iam.client"
	checkThumbprint = "iam.thumbprint"
	checkApp        = "iam.application-role"
	checkTrust      = "iam.trust"
	checkClaims     = "iam.session-claims"
	checkExchange   = "iam.exchange"
	checkEnhanced   = "iam.enhanced-role"
	checkDuration   = "iam.duration"
	checkAssume     = "iam.assume"
	checkContext    = "iam.set-context"
	checkServices   = "iam.services"
	checkAllowList  = "iam.allow-list"
)

const (
	notAuthorized = `AWS answers AccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity", whatever the reason is.`
	chained       = `AWS answers AccessDenied, "is not authorized to perform: sts:AssumeRole", also for a role that is not there.`
)

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return append(append(webIdentityChecks(), exchangeChecks()...), enhancedChecks()...)
}

func webIdentityChecks() []finding.Check {
	return []finding.Check{
		{ID: checkAccount, Title: "account of --app-profile", Why: "Roles and OIDC providers can be read in their own account only.", Kinds: []finding.Kind{
			{ID: "iam.wrong-account", Status: finding.Fail, Title: "--app-profile is of another account than the roles", Why: "Nothing of the roles can be read: IAM would look for them in the wrong account."},
		}},
		{ID: checkProvider, Title: "OIDC provider in IAM", Why: "STS takes tokens of identity providers that the role's account knows.", Kinds: []finding.Kind{
			{ID: "iam.provider-missing", Status: finding.Fail, Title: "IAM does not know the identity provider", Why: `STS answers InvalidIdentityToken, "No OpenIDConnect provider found in your account".`},
			{ID: "iam.provider-mismatch", Status: finding.Fail, Title: "IAM knows the identity provider by another URL", Why: `The URL must equal the token's iss to the letter, slash and case included: STS answers InvalidIdentityToken, "No OpenIDConnect provider found in your account".`},
		}},
		{ID: checkClient, Title: "audiences of the OIDC provider", Why: "STS takes tokens that were issued to a client the OIDC provider lists.", Kinds: []finding.Kind{
			{ID: "iam.client-missing", Status: finding.Fail, Title: "the OIDC provider does not list the token's client", Why: `STS answers InvalidIdentityToken, "Incorrect token audience". It looks at azp if the token has one, else at aud.`},
		}},
		{ID: checkThumbprint, Title: "thumbprints of the OIDC provider", Why: "STS compares them where AWS does not know the certificate authority of the identity provider.", Kinds: []finding.Kind{
			{ID: "iam.thumbprint-mismatch", Status: finding.Warn, Title: "no thumbprint fits the identity provider's certificates", Why: "Its certificate authority is none that is publicly trusted. If AWS sees the same certificates, STS refuses every token (InvalidIdentityToken)."},
		}},
		{ID: checkApp, Title: "application role", Why: "The token is exchanged for a session of this role first.", Kinds: []finding.Kind{
			{ID: "iam.application-role-missing", Status: finding.Fail, Title: "the application role does not exist", Why: notAuthorized},
			{ID: "iam.application-role-arn", Status: finding.Fail, Title: "the application role has another ARN than the configured one", Why: "IAM finds roles by name, STS by the whole ARN with path and case. " + notAuthorized},
		}},
		{ID: checkTrust, Title: "trust policy of the application role, and the token", Why: "The role's trust policy decides whose tokens it takes.", Kinds: []finding.Kind{
			{ID: "iam.trust-provider", Status: finding.Fail, Title: "the application role does not trust the identity provider", Why: notAuthorized},
			{ID: "iam.trust-condition", Status: finding.Fail, Title: "a condition of the trust policy refuses the token", Why: notAuthorized},
			{ID: "iam.trust-denied", Status: finding.Fail, Title: "the trust policy denies the token explicitly", Why: notAuthorized},
		}},
		{ID: checkClaims, Title: "session claims of the token", Why: "Tags and a source identity in the token need further actions in the trust policies of both roles.", Kinds: []finding.Kind{
			{ID: "iam.tag-session", Status: finding.Fail, Title: "a trust policy does not allow the session tags of the token", Why: "The token has tags in it, so that sts:TagSession is needed. AWS answers AccessDenied."},
			{ID: "iam.set-source-identity", Status: finding.Fail, Title: "a trust policy does not allow the source identity of the token", Why: "The token has a source identity in it, so that sts:SetSourceIdentity is needed. AWS answers AccessDenied."},
		}},
	}
}

func exchangeChecks() []finding.Check {
	return []finding.Check{
		{ID: checkExchange, Title: "right of the application role to exchange tokens", Why: "The application role calls sso-oauth:CreateTokenWithIAM.", Kinds: []finding.Kind{
			{ID: "iam.exchange-not-allowed", Status: finding.Fail, Title: "the application role may not exchange tokens", Why: "The application is in another account, so that its actor policy alone is not enough. Identity Center answers a bare access_denied."},
			{ID: "iam.exchange-denied", Status: finding.Fail, Title: "a policy keeps the application role from exchanging tokens", Why: "An explicit denial or a permissions boundary goes before the application's actor policy. Identity Center answers a bare access_denied."},
			{ID: "iam.exchange-unsaid", Status: finding.Warn, Title: "the application role's own policies do not speak of the exchange", Why: "In one account the application's actor policy may be enough; the documents of AWS disagree. If it is not, Identity Center answers a bare access_denied."},
		}},
	}
}

func enhancedChecks() []finding.Check {
	return []finding.Check{
		{ID: checkEnhanced, Title: "identity-enhanced role", Why: "Sessions of this role carry the person's identity.", Kinds: []finding.Kind{
			{ID: "iam.enhanced-role-missing", Status: finding.Fail, Title: "the identity-enhanced role does not exist", Why: chained},
			{ID: "iam.enhanced-role-arn", Status: finding.Fail, Title: "the identity-enhanced role has another ARN than the configured one", Why: "IAM finds roles by name, STS by the whole ARN with path and case. " + chained},
		}},
		{ID: checkDuration, Title: "length of sessions", Why: "STS gives a session that another role asks for at most an hour, whatever the role admits.", Kinds: []finding.Kind{
			{ID: "iam.session-too-long", Status: finding.Fail, Title: "sessions are asked for longer than STS gives them", Why: `STS answers ValidationError, "The requested DurationSeconds exceeds ...".`},
		}},
		{ID: checkAssume, Title: "sts:AssumeRole from role to role", Why: "The application role assumes the identity-enhanced one.", Kinds: []finding.Kind{
			{ID: "iam.assume-not-trusted", Status: finding.Fail, Title: "the identity-enhanced role does not trust the application role", Why: chained},
			{ID: "iam.assume-stale", Status: finding.Fail, Title: "the identity-enhanced role trusts a role that was deleted", Why: "A role that is made anew under the old name is another one to IAM: the trust policy still has the id of the old. " + chained},
			{ID: "iam.assume-condition", Status: finding.Fail, Title: "a condition of the trust policy refuses the application role", Why: chained},
			{ID: "iam.assume-denied", Status: finding.Fail, Title: "a policy denies sts:AssumeRole explicitly", Why: chained},
			{ID: "iam.assume-not-allowed", Status: finding.Fail, Title: "the application role's own policies do not allow sts:AssumeRole", Why: "The trust policy does not name the role itself, or a permissions boundary stands before it, so that they must. " + chained},
		}},
		{ID: checkContext, Title: "sts:SetContext from role to role", Why: "The identity reaches the session as a provided context, which is an action of its own.", Kinds: []finding.Kind{
			{ID: "iam.set-context-not-trusted", Status: finding.Fail, Title: "the trust policy does not allow sts:SetContext", Why: `sts:AssumeRole alone is not enough: AWS answers AccessDenied, "is not authorized to perform: sts:SetContext".`},
			{ID: "iam.set-context-condition", Status: finding.Fail, Title: "a condition of the trust policy refuses sts:SetContext", Why: `AWS answers AccessDenied, "is not authorized to perform: sts:SetContext".`},
			{ID: "iam.set-context-denied", Status: finding.Fail, Title: "a policy denies sts:SetContext explicitly", Why: `AWS answers AccessDenied, "is not authorized to perform: sts:SetContext".`},
			{ID: "iam.set-context-not-allowed", Status: finding.Fail, Title: "the application role's own policies do not allow sts:SetContext", Why: `The trust policy does not name the role itself, or a permissions boundary stands before it, so that they must. AWS answers AccessDenied, "is not authorized to perform: sts:SetContext".`},
		}},
		{ID: checkServices, Title: "rights of the identity-enhanced role", Why: "A grant to a person is worth nothing if the role may not ask for it.", Kinds: []finding.Kind{
			{ID: "iam.service-not-allowed", Status: finding.Fail, Title: "the identity-enhanced role may not use a service", Why: "The service answers AccessDenied, whatever was granted to the person."},
			{ID: "iam.service-denied", Status: finding.Fail, Title: "a policy denies the identity-enhanced role a service", Why: `The service answers AccessDenied "with an explicit deny", whatever was granted to the person.`},
			{ID: "iam.service-partly", Status: finding.Warn, Title: "the identity-enhanced role may use a service in part only", Why: "Finding one's grants and the instance that is responsible for a prefix fails with AccessDenied; access to a known place works."},
		}},
		{ID: checkAllowList, Title: "AWS's list of actions for identity-enhanced sessions", Why: "AWS attaches AWSIAMIdentityCenterAllowListForIdentityContext to these sessions, which denies all that it does not list.", Kinds: []finding.Kind{
			{ID: "iam.not-on-allow-list", Status: finding.Fail, Title: "AWS does not admit an action in identity-enhanced sessions", Why: "The session is denied it by a policy that nobody in the account has attached, and nobody can change."},
		}},
	}
}
