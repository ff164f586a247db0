package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Who judges a token.
const (
	bySTS    = "STS (AssumeRoleWithWebIdentity)"
	byCenter = "Identity Center (CreateTokenWithIAM)"
)

// verdicts say what STS and Identity Center will make of a token.
func (t *jwt) verdicts() []Verdict {
	if t.use() == useCenter {
		return t.ownVerdicts()
	}
	var all []Verdict
	fail := func(by, format string, args ...any) {
		all = append(all, Verdict{By: by, Problem: true, Says: fmt.Sprintf(format, args...)})
	}
	t.judgeForm(fail)
	t.judgeNames(fail)
	t.judgeTimes(fail)
	t.judgeUse(fail)
	for _, by := range []string{bySTS, byCenter} {
		if !slices.ContainsFunc(all, func(v Verdict) bool { return v.By == by }) {
			all = append(all, Verdict{By: by, Says: "nothing in the token itself stands in the way; whether it fits what is set up there, tip-cli diag tells"})
		}
	}
	if t.text("jti") == "" && t.use() == useID {
		all = append(all, Verdict{By: byCenter, Says: "there is no jti. AWS's documentation has called it required and optional; a token is good for one exchange with or without"})
	}
	return all
}

// ownVerdicts are about a token of Identity Center.
func (t *jwt) ownVerdicts() []Verdict {
	all := []Verdict{
		{By: "STS (AssumeRole)", Says: "takes the value of sts:identity_context as ContextAssertion, with arn:aws:iam::aws:contextProvider/IdentityCenter as ProviderArn"},
		{By: bySTS, Problem: true, Says: "does not take this token: it is not one of your identity provider"},
		{By: byCenter, Problem: true, Says: "does not take its own token as the assertion: that must be the JWT of your identity provider"},
	}
	if !t.has("sts:identity_context") {
		all = append(all, Verdict{By: "STS (AssumeRole)", Problem: true,
			Says: "there is no sts:identity_context in it: the application's token was asked for with other scopes. A session made with sts:audit_context is logged for the user, and authorizes nobody"})
	}
	if exp, ok := moment(t.claims["exp"]); ok && !exp.After(t.now) {
		all = append(all, Verdict{By: "STS (AssumeRole)", Problem: true, Says: "its context has expired with it: ExpiredTokenException; make the exchange again with a fresh JWT"})
	}
	return all
}

type judge func(by, format string, args ...any)

func (t *jwt) judgeForm(fail judge) {
	if t.size == 0 {
		return
	}
	switch alg := plain(t.header["alg"]); {
	case strings.EqualFold(alg, "none") || !t.signed:
		fail(bySTS, "it is not signed: InvalidIdentityToken")
		fail(byCenter, "it is not signed: InvalidGrantException")
	case slices.Contains([]string{"RS384", "RS512", "ES256", "ES384", "ES512"}, alg):
		fail(byCenter, "it is signed with %s, and only RS256 is taken: InvalidGrantException. STS does take it, so the first step works", alg)
	case alg != "RS256":
		fail(bySTS, "it is signed with %s: InvalidIdentityToken. RS256 is what both take", alg)
		fail(byCenter, "it is signed with %s, and only RS256 is taken: InvalidGrantException", alg)
	}
	if t.size > longestForSTS {
		fail(bySTS, "it has %d characters, and at most %d are taken: ValidationError. Have the provider leave claims out, such as groups", t.size, longestForSTS)
	}
	if _, ok := t.header["nonce"]; ok {
		fail(bySTS, "its header has a nonce: it is a token for Microsoft Graph, whose signature nobody else can verify")
	}
}

func (t *jwt) judgeNames(fail judge) {
	switch iss := t.text("iss"); {
	case iss == "":
		fail(bySTS, "it has no issuer (iss)")
		fail(byCenter, "it has no issuer (iss)")
	case !strings.HasPrefix(iss, "https://"):
		fail(bySTS, "its issuer is no https URL, and the OIDC provider of IAM must have one")
	case strings.HasPrefix(iss, "https://sts.windows.net/"):
		fail(byCenter, "its issuer is that of Entra ID's version 1 tokens (sts.windows.net), not https://login.microsoftonline.com/TENANT/v2.0: set accessTokenAcceptedVersion to 2, or send the ID token")
	}
	aud := t.audience()
	switch azp := t.text("azp"); {
	case len(aud) == 0 && t.text("token_use") == "access":
		fail(bySTS, "it has no aud, as access tokens of Cognito have none: InvalidIdentityToken. Send the ID token")
		fail(byCenter, "it has no aud: InvalidGrantException. Send the ID token")
	case len(aud) == 0:
		fail(bySTS, "it has no audience (aud): InvalidIdentityToken")
		fail(byCenter, "it has no audience (aud): InvalidGrantException")
	case azp != "" && !slices.Contains(aud, azp):
		fail(bySTS, "azp (%s) differs from aud (%s): the OIDC provider in IAM and :aud in the role's trust policy must have azp, the grant of the application aud",
			plain(azp), plain(t.claims["aud"]))
	}
	if t.text("sub") == "" {
		fail(byCenter, "it has no subject (sub)")
	}
}

func (t *jwt) judgeTimes(fail judge) {
	for _, name := range []string{"exp", "iat", "nbf"} {
		v, there := t.claims[name]
		if _, ok := moment(v); there && !ok {
			fail(bySTS, "%s is no time in seconds since 1970, as a number: %s", name, notTime(v))
		}
	}
	exp, hasExp := moment(t.claims["exp"])
	iat, hasIat := moment(t.claims["iat"])
	switch {
	case !t.has("exp"):
		fail(bySTS, "it has no exp, which must be there")
		fail(byCenter, "it has no exp, which must be there")
	case hasExp && !exp.After(t.now):
		fail(bySTS, "it has expired: ExpiredTokenException (Token expired: current date/time must be before the expiration date/time)")
		fail(byCenter, "it has expired: InvalidGrantException or ExpiredTokenException")
	}
	const skew, old = 5 * time.Minute, 24 * time.Hour
	switch {
	case !t.has("iat"):
		fail(bySTS, "it has no iat, which must be there: InvalidIdentityToken")
	case hasIat && iat.Sub(t.now) > skew:
		fail(bySTS, "it was issued in the future (%s): the clock of this machine, or that of the issuer, is wrong", distance(iat, t.now))
	case hasIat && hasExp && exp.After(t.now) && t.now.Sub(iat) > old:
		fail(bySTS, "it was issued %s: STS refuses tokens that are too old whatever their exp says (ExpiredTokenException, Token too old)", distance(iat, t.now))
	}
	if nbf, ok := moment(t.claims["nbf"]); ok && nbf.Sub(t.now) > skew {
		fail(byCenter, "it is not valid yet (nbf, %s)", distance(nbf, t.now))
	}
}

// notTime says what stands where a time is expected.
func notTime(v any) string {
	n, ok := v.(json.Number)
	if !ok {
		return fmt.Sprintf("it is %s", kindOf(v))
	}
	const milliseconds = 1e12
	if f, err := n.Float64(); err == nil && f > milliseconds/2 && f < milliseconds*10 {
		return plain(v) + " looks like milliseconds"
	}
	return plain(v)
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

func (t *jwt) judgeUse(fail judge) {
	switch t.use() {
	case useRefresh:
		fail(bySTS, "it is a refresh token, which is for the identity provider alone")
		fail(byCenter, "it is a refresh token, which is for the identity provider alone")
	case useMachine:
		fail(byCenter, "its sub is that of a workload: no user of the directory matches it")
	case useAccess:
		if slices.Contains(t.audience(), "00000003-0000-0000-c000-000000000000") {
			fail(byCenter, "its audience is Microsoft Graph: the token is for Microsoft alone. Send the ID token")
		}
	}
	if v, ok := t.claims["email_verified"].(bool); ok && !v {
		fail(byCenter, "the e-mail address is not verified at the provider; where email is what maps to the directory, somebody else may claim it")
	}
}
