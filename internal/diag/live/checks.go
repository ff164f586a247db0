package live

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// The checks, in the order of the steps.
const (
	checkJWT             = "live.jwt"
	checkApplicationRole = "live.application-role"
	checkToken           = "live.identity-center"
	checkEnhancedRole    = "live.enhanced-role"
	checkClock           = "live.clock"
	checkIdentity        = "live.caller"
)

// The kinds of findings.
const (
	kindNoJWT = "live.no-jwt"

	kindRoleDenied  = "live.application-role-denied"
	kindJWTRefused  = "live.jwt-refused"
	kindNoKeys      = "live.issuer-unreachable"
	kindWebIdentity = "live.application-role-failed"

	kindTokenDenied   = "live.exchange-denied"
	kindGrantRefused  = "live.exchange-refused"
	kindNoApplication = "live.application-unknown"
	kindNoGrantType   = "live.grant-type-refused"
	kindOtherRegion   = "live.identity-center-region"
	kindToken         = "live.exchange-failed"

	kindEnhancedDenied = "live.enhanced-role-denied"
	kindContextDenied  = "live.set-context-denied"
	kindTooLong        = "live.session-too-long"
	kindEnhanced       = "live.enhanced-role-failed"

	kindClock         = "live.clock-off"
	kindNotTaken      = "live.session-refused"
	kindOtherIdentity = "live.other-identity"
)

func fails(id, title, why string) finding.Kind {
	return finding.Kind{ID: id, Status: finding.Fail, Title: title, Why: why}
}

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return []finding.Check{
		{ID: checkJWT, Title: "a JWT to exchange", Why: "Every exchange needs one that was not exchanged before.", Kinds: []finding.Kind{
			fails(kindNoJWT, "there is no JWT to exchange", "Identity Center takes each JWT once; without another one every command ends with \"sign-in required\"."),
		}},
		{ID: checkApplicationRole, Title: "STS AssumeRoleWithWebIdentity", Why: "The application role signs the rest of the exchange.", Kinds: []finding.Kind{
			fails(kindRoleDenied, "STS denies the application role", "People see AccessDenied, \"Not authorized to perform sts:AssumeRoleWithWebIdentity\"."),
			fails(kindJWTRefused, "STS does not take the JWT", "People see InvalidIdentityToken or ExpiredTokenException."),
			fails(kindNoKeys, "STS cannot get the keys of the issuer", "People see InvalidIdentityToken, \"Couldn't retrieve verification key from your identity provider\", or IDPCommunicationError."),
			fails(kindWebIdentity, "STS refuses the first step", "Without the application role nothing signs the rest."),
		}},
		{ID: checkToken, Title: "Identity Center CreateTokenWithIAM", Why: "It turns the JWT into an identity that AWS knows.", Kinds: []finding.Kind{
			fails(kindTokenDenied, "Identity Center denies the exchange", "People see a bare AccessDeniedException, which names nothing."),
			fails(kindGrantRefused, "Identity Center does not take the JWT", "People see InvalidGrantException or ExpiredTokenException."),
			fails(kindNoApplication, "Identity Center does not know the application", "People see InvalidClientException."),
			fails(kindNoGrantType, "the application does not take JWTs", "People see UnauthorizedClientException or UnsupportedGrantTypeException."),
			fails(kindOtherRegion, "Identity Center is in another region", "People see InvalidRequestRegionException."),
			fails(kindToken, "Identity Center refuses the exchange", "Without an identity context there is no identity-enhanced session."),
		}},
		{ID: checkEnhancedRole, Title: "STS AssumeRole with the identity", Why: "Its session is what the services take the identity from.", Kinds: []finding.Kind{
			fails(kindEnhancedDenied, "STS denies the identity-enhanced role", "People see AccessDenied, \"is not authorized to perform: sts:AssumeRole\"."),
			fails(kindContextDenied, "STS denies the identity of the session", "People see AccessDenied, \"is not authorized to perform: sts:SetContext\"."),
			fails(kindTooLong, "the session is to last too long", "People see ValidationError, \"The requested DurationSeconds exceeds ...\"."),
			fails(kindEnhanced, "STS refuses the last step", "Without it there are no credentials."),
		}},
		{ID: checkClock, Title: "clocks", Why: "AWS refuses signatures that are five minutes off.", Kinds: []finding.Kind{
			{ID: kindClock, Status: finding.Warn, Title: "the clock of this machine is wrong", Why: "From five minutes on people see SignatureDoesNotMatch or InvalidSignatureException."},
		}},
		{ID: checkIdentity, Title: "STS GetCallerIdentity", Why: "It shows that the new session works.", Kinds: []finding.Kind{
			fails(kindNotTaken, "STS does not take the session that it gave", "Every call with these credentials will be refused."),
			fails(kindOtherIdentity, "the session is another one than STS gave", "Services would see somebody else."),
		}},
	}
}
