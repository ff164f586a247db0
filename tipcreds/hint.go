package tipcreds

import (
	"errors"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Hint says in general words what usually causes the error and what to look
// at. It is empty where there is nothing to add. It may follow AWS's texts; the
// fields and methods that callers branch on never do.
func (e *ExchangeError) Hint() string {
	if e.blamesClock() {
		return "set the clock of this machine (" + clockText(e.ClockSkew) + "), then " + e.nextAttempt()
	}
	switch e.Step {
	case StepWebToken:
		return e.webTokenHint()
	case StepAssumeApplicationRole:
		return firstNonEmpty(e.applicationRoleHint(), e.commonHint())
	case StepCreateToken:
		return firstNonEmpty(e.createTokenHint(), e.commonHint())
	case StepAssumeAccessRole:
		return firstNonEmpty(e.accessRoleHint(), e.commonHint())
	default:
		return ""
	}
}

func (e *ExchangeError) webTokenHint() string {
	switch {
	case errors.Is(e.Err, ErrWebTokenSpent):
		return "IAM Identity Center takes a JWT once; get a fresh one from the identity provider"
	case errors.Is(e.Err, ErrSubjectMismatch):
		return "the web token provider must return a JWT of the user whose credentials are asked for"
	default:
		return ""
	}
}

// nextAttempt says what the next attempt takes once the clock is right.
func (e *ExchangeError) nextAttempt() string {
	if e.Step == StepCreateToken && !e.JWTSpent && isSignatureCode(e.Code) {
		return "try again; the token is not used up"
	}
	return "begin again with a fresh token"
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (e *ExchangeError) applicationRoleHint() string {
	switch e.Code {
	case "AccessDenied":
		return "the application role's trust policy does not admit this token (OIDC provider, audience, " +
			"other conditions), or the role does not exist"
	case "InvalidIdentityToken":
		return invalidIdentityTokenHint(e.Message)
	case "ExpiredTokenException", "ExpiredToken":
		return "the web token has expired or was issued too long ago; get a fresh one, and compare the clocks"
	case "IDPCommunicationError":
		return "STS could not reach the identity provider in time; it must answer on the public internet"
	case "IDPRejectedClaim":
		return "the identity provider says that the sign-in was revoked or failed; sign in again"
	default:
		return ""
	}
}

func invalidIdentityTokenHint(message string) string {
	switch {
	case strings.Contains(message, "verification key"):
		return "STS could not fetch the issuer's discovery document or keys; both must be complete and public"
	case strings.Contains(message, "No OpenIDConnect provider"):
		return "the application role's account has no IAM OIDC provider for the token's issuer"
	case strings.Contains(message, "audience"):
		return "the token's audience (azp where present, else aud) is not among the IAM OIDC provider's client ids"
	default:
		return "the token is malformed, or its signature does not fit the issuer's keys"
	}
}

func (e *ExchangeError) createTokenHint() string {
	switch e.Code {
	case "AccessDeniedException":
		return e.createTokenDeniedHint()
	case "InvalidGrantException":
		return "Identity Center refuses the token: used before, expired, not signed with RS256 by a trusted token " +
			"issuer of the application, its audience not authorized, or no single user with the mapped attribute"
	case "ExpiredTokenException":
		return "the token has expired; get a fresh one, and compare the clocks"
	case "ExpiredToken":
		return "the signing credentials have expired; the next attempt gets new ones"
	case "InvalidClientException":
		return "the application ARN is unknown to Identity Center in this region"
	case "UnauthorizedClientException", "UnsupportedGrantTypeException":
		return "the application is not configured for this grant type"
	case "InvalidScopeException":
		return "the application is not configured for the scope"
	case "InvalidRequestRegionException":
		return "the call went to another region than that of the Identity Center instance"
	default:
		return ""
	}
}

// createTokenDeniedHint tells IAM's denial, which has a text, from that of
// Identity Center, which has none.
func (e *ExchangeError) createTokenDeniedHint() string {
	switch {
	case strings.Contains(e.Message, "KMS"):
		return "the KMS key of the Identity Center instance is not usable for the caller"
	case strings.Contains(e.Message, "not authorized to perform"):
		return "the policy of the role that signs lacks sso-oauth:CreateTokenWithIAM, or another policy denies it"
	default:
		return "either the application's actor policy or authentication method (IAM) does not admit the role that " +
			"signs, or the user is not assigned to the application while it requires assignments"
	}
}

func (e *ExchangeError) accessRoleHint() string {
	switch {
	case e.Code == "AccessDenied" && strings.Contains(e.Message, "sts:SetContext"):
		return "the access role's trust policy, or the caller's policy, must allow sts:SetContext as well as sts:AssumeRole"
	case e.Code == "AccessDenied":
		return "the access role's trust policy must allow both sts:AssumeRole and sts:SetContext to the role that " +
			"signs; the access role may also not exist"
	case e.Code == "ValidationError" && strings.Contains(e.Message, "role chaining"):
		return "a session that one role opens for another lasts one hour at most; ask for less"
	case e.Code == "ValidationError" && strings.Contains(e.Message, "MaxSessionDuration"):
		return "ask for a shorter session, or raise the access role's maximum session duration"
	case e.Code == "ValidationError" && strings.Contains(e.Message, "identity context has"):
		return "STS does not take what Identity Center issued; nothing can be set here, quote the request id to AWS's support"
	case e.Code == "ExpiredTokenException", e.Code == "ExpiredToken":
		return "the identity context or the signing credentials have expired; begin again with a fresh token"
	default:
		return ""
	}
}

func (e *ExchangeError) commonHint() string {
	switch {
	case e.Throttled():
		return e.throttledHint()
	case e.Code == "RegionDisabledException":
		return "STS is not active in this region for the account"
	case e.Code == "InvalidClientTokenId", e.Code == "UnrecognizedClientException":
		return "AWS does not know the signing credentials (any more); the next attempt gets new ones"
	case isSignatureCode(e.Code):
		return "the request's signature was refused; the local clock may be wrong"
	case e.HTTPStatus >= 500:
		return "AWS could not answer; try again later"
	default:
		return e.noAnswerHint()
	}
}

func (e *ExchangeError) throttledHint() string {
	hint := "too many of these calls at once; wait a moment and try again"
	if e.RetryAfter > 0 {
		hint = "too many of these calls at once; AWS asks to wait " + e.RetryAfter.String()
	}
	if e.JWTSpent {
		return hint + ", with a fresh token"
	}
	return hint + "; the token is not used up"
}

func (e *ExchangeError) noAnswerHint() string {
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](e.Err); ok {
		return "AWS was not reached or did not answer; look at the network, the proxy settings and the region"
	}
	return ""
}
