package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

func text(members map[string]any, name string) string {
	text, _ := members[name].(string)
	return text
}

// wantsAccess reports whether the configuration sends access tokens to AWS.
func (s *section) wantsAccess() bool {
	return s.login != nil && s.login.Assertion == config.AssertionAccessToken
}

// checkKind looks for tokens that are for something else: by typ (RFC 7515 section 4.1.9,
// RFC 9068 section 2.1), token_use (Cognito), and ver with appid (Entra ID, version 1.0).
func (s *section) checkKind() bool {
	typ := strings.TrimPrefix(strings.ToLower(text(s.token.Header, "typ")), "application/")
	use := text(s.token.Claims, "token_use")
	_, hasAudience := s.token.Claims["aud"]
	seen := ""
	switch {
	case typ == "logout+jwt" || typ == "dpop+jwt":
		s.log.Found("token.other-kind", s.token.From, "its typ is "+shown(typ), s.renew())
		return false
	case use == "access" && !hasAudience:
		seen = "token_use is access and there is no aud: Cognito's access tokens are not for AWS"
	case text(s.token.Claims, "ver") == "1.0" && text(s.token.Claims, "appid") != "":
		seen = "ver is 1.0 and there is appid: an access token of Entra ID, version 1.0"
	case !s.wantsAccess() && (typ == "at+jwt" || use == "access"):
		seen = "it says that it is an access token, and ID tokens are configured"
	}
	if seen != "" {
		s.log.Found("token.access-token", s.token.From, seen, s.renew())
		return false
	}
	s.log.OK("token.kind", "it is not marked as something else")
	return true
}

func (s *section) checkClaims(bad []wrong, missing []string) {
	for _, w := range bad {
		s.log.Found("token.bad-claim", w.claim, w.seen+" ("+s.token.From+")", s.atProvider("put the claim "+w.claim+" right", "claims of ID tokens")...)
	}
	if len(missing) > 0 {
		s.log.Found("token.missing-claim", join(missing), "missing: "+join(missing)+" ("+s.token.From+")", s.atProvider("put the claims into ID tokens", "claims of ID tokens")...)
	}
	if len(bad)+len(missing) == 0 {
		s.log.OK("token.claims", "iss, sub, aud, exp and iat are there")
	}
}

func (s *section) checkAlgorithm(unsigned bool) bool {
	alg := text(s.token.Header, "alg")
	switch {
	case strings.EqualFold(alg, "none") || unsigned:
		s.log.Found("token.unsigned", s.token.From, "alg is "+shown(alg)+" and there is no signature that counts", s.renew())
	case alg != "RS256":
		s.log.Found("token.not-rs256", s.token.From, "alg is "+shown(alg)+": "+whoRefuses(alg), s.atProvider("sign ID tokens of the application with RS256", "signing algorithm of ID tokens")...)
	default:
		s.log.OK("token.algorithm", alg)
		return true
	}
	return false
}

// whoRefuses an algorithm: STS takes RSA PKCS #1 and ECDSA.
func whoRefuses(alg string) string {
	if slices.Contains([]string{"RS384", "RS512", "ES256", "ES384", "ES512"}, alg) {
		return "STS takes it, Identity Center refuses it"
	}
	return "STS and Identity Center both refuse it"
}

// expectedIssuer is the provider's, as the section before has it, else the configured one.
func (s *section) expectedIssuer() string {
	switch {
	case s.chain.Issuer != nil:
		return s.chain.Issuer.URL
	case s.login != nil:
		return s.login.Issuer
	}
	return ""
}

// checkIssuer reports whether the issuer's keys are those of the token.
func (s *section) checkIssuer() bool {
	got, want := s.token.Issuer, s.expectedIssuer()
	switch {
	case got == "":
		return false
	case want == "":
		s.log.Skip("token.issuer", "no issuer is configured: IAM and Identity Center have to know "+shown(got))
		return false
	case got != want && s.login != nil && got == s.login.Issuer:
		s.log.Skip("token.issuer", "it is the configured one, and the provider calls itself by another, see idp.issuer")
		return false
	case got != want:
		seen := fmt.Sprintf("iss is %s, and the issuer is %s", shown(got), shown(want))
		if strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/") {
			seen += ": they differ in the trailing slash"
		}
		s.log.Found("token.other-issuer", s.token.From, seen, s.renew())
		return false
	}
	s.log.OK("token.issuer", got)
	return true
}

func (s *section) checkSignature(sensible bool) {
	const check = "token.signature"
	switch {
	case !sensible:
		s.log.Skip(check, "needs RS256 and the right issuer, see token.algorithm and token.issuer")
		return
	case s.chain.Issuer == nil || s.chain.Issuer.Keys == nil:
		s.log.Unread(check, "the issuer's keys could not be had, see idp", nil)
		return
	}
	err := s.chain.Issuer.Keys.Verify(s.token.Raw)
	kid := text(s.token.Header, "kid")
	switch {
	case err == nil:
		s.token.Verified = true
		s.log.OK(check, "a key of the issuer made it")
	case s.stale():
		s.log.Skip(check, "the token is not used any more, and the issuer's keys have changed since")
	case errors.Is(err, chain.ErrNoKey):
		s.log.Found("token.unknown-key", s.token.From, "kid is "+shown(kid)+", which is not among the issuer's keys: they were perhaps rotated", s.renew())
	default:
		s.log.Found("token.bad-signature", s.token.From, err.Error()+" (kid "+shown(kid)+")", s.renew())
	}
}

func (s *section) checkAudience() {
	const check = "token.audience"
	aud := s.token.Audience
	switch {
	case len(aud) == 0:
		return
	case s.login == nil || s.wantsAccess():
		s.log.OK(check, join(aud)+": IAM and Identity Center have to list it, see below")
	case !slices.Contains(aud, s.login.ClientID):
		s.log.Found("token.other-audience", s.token.From, fmt.Sprintf("aud is %s, and %s is %s", shown(join(aud)), s.login.Keys.ClientID, shown(s.login.ClientID)), s.renew())
	default:
		s.log.OK(check, join(aud))
	}
}

// checkParty looks at azp, which STS takes in the place of aud (IAM user guide, keys for
// AWS OIDC federation).
func (s *section) checkParty() {
	const check = "token.party"
	azp := s.token.AuthorizedParty
	_, there := s.token.Claims["azp"]
	switch {
	case !there:
		s.log.OK(check, "there is no azp: STS takes aud")
	case azp == "": // token.claims has said it
	case s.log.Has("token.other-audience"):
		s.log.Skip(check, "the token is for another client, see token.audience")
	case s.login == nil || azp == s.login.ClientID:
		s.log.OK(check, azp)
	default:
		s.log.Found("token.other-party", s.token.From, fmt.Sprintf("azp is %s, and %s is %s", shown(azp), s.login.Keys.ClientID, shown(s.login.ClientID)), s.renew())
	}
}

func (s *section) checkUnspent() {
	const check = "token.unspent"
	switch {
	case !s.token.Spent && s.token.ID == "":
		s.log.OK(check, "it was not sent from here; it has no jti, so that AWS may not notice a second use either")
	case !s.token.Spent:
		s.log.OK(check, "it was not sent from here")
	case s.stale():
		s.log.OK(check, "it was exchanged, and the refresh token gets the next one")
	default:
		s.log.Found("token.spent", s.token.From, "it was sent to Identity Center"+s.spentWhen(), s.renew())
	}
}

func (s *section) spentWhen() string {
	if s.held.SpentAt.IsZero() {
		return ""
	}
	return " at " + stamp(s.held.SpentAt)
}
