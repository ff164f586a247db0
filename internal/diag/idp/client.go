package idp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
)

// knowledge is what the answers tell of the client.
type knowledge int

const (
	unclear knowledge = iota
	known
	stranger
	// misfit: the client is known, and did not authenticate as it should.
	misfit
	// barred: the client is known, and may not use the grant.
	barred
)

// know puts the two answers together. Either may be missing.
func know(asked *authorized, got *redeemed) knowledge {
	redirected := asked != nil && asked.redirected
	refused := slices.Contains([]string{"invalid_client", "unauthorized_client", "access_denied"}, got.code)
	switch {
	case redirected && asked.code == "unauthorized_client":
		return barred
	case got.code == "invalid_grant" || got.code == "expired_token" || got.code == "bad_verification_code":
		return known
	case refused && (redirected || aboutSecret(got.description)):
		return whyRefused(got)
	case refused && got.code == "unauthorized_client" && !missingClient(got.description):
		return unclear
	case refused:
		return stranger
	case redirected:
		return known
	}
	return unclear
}

// whyRefused is for a client that exists.
func whyRefused(got *redeemed) knowledge {
	if got.code == "unauthorized_client" && !aboutSecret(got.description) {
		return barred
	}
	return misfit
}

// aboutSecret reports whether a provider speaks of the authentication of a client that
// it knows: Entra ID by number, Cognito by the name of its error, others in words.
func aboutSecret(description string) bool {
	text := strings.ToLower(description)
	return slices.ContainsFunc([]string{"aadsts7000218", "aadsts7000215", "aadsts700025", "invalid_client_secret", "client_secret", "client secret", "has a secret", "no credentials"},
		func(word string) bool { return strings.Contains(text, word) })
}

// missingClient reports whether unauthorized_client means that the client is not there,
// as Entra ID has it.
func missingClient(description string) bool {
	text := strings.ToLower(description)
	return strings.Contains(text, "aadsts700016") || strings.Contains(text, "not found") || strings.Contains(text, "invalid client")
}

func (s *section) judgeClient(asked *authorized, got *redeemed) {
	id, seen := s.login.ClientID, describe(got)
	switch know(asked, got) {
	case known:
		s.log.OK("idp.client", id+" is known")
	case stranger:
		s.log.Found("idp.unknown-client", s.login.Keys.ClientID, fmt.Sprintf("%s is %s; %s", s.login.Keys.ClientID, shown(id), seen), s.correctClient())
		s.log.Skip("idp.redirect", "needs a client, see idp.client")
		return
	case misfit:
		s.log.Found("idp.client-authentication", id, fmt.Sprintf("client_authentication is %s; %s", s.clientAuth(), seen), s.mendAuthentication()...)
	case barred:
		s.log.Found("idp.grant-not-allowed", id, seen, s.allowGrant())
	default:
		s.log.Unread("idp.client", "the answers do not tell: "+seen, nil)
	}
	s.judgeRedirect(asked, know(asked, got) != unclear)
}

func (s *section) clientAuth() string {
	if s.login.ClientAuthentication == "" {
		return config.ClientAuthNone
	}
	return s.login.ClientAuthentication
}

// codes are those that are repeated: whoever answers may say anything, a secret included.
func codes() []string {
	return []string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"access_denied", "expired_token", "authorization_pending", "slow_down", "bad_verification_code", "server_error", "temporarily_unavailable",
	}
}

func describe(got *redeemed) string {
	switch {
	case got.unasked != "":
		return got.unasked
	case slices.Contains(codes(), got.code):
		return "the token endpoint says " + got.code
	case got.code != "":
		return "the token endpoint says an error that is none of OAuth"
	}
	return fmt.Sprintf("the token endpoint answers with HTTP status %d and no error of OAuth", got.status)
}

// judgeRedirect judges by the answer to the authorization request: a provider sends
// nobody to a URI that it does not know (RFC 6749 section 4.1.2.1).
func (s *section) judgeRedirect(asked *authorized, clientKnown bool) {
	uri := s.redirectURI()
	switch {
	case s.byDevice():
		s.log.Skip("idp.redirect", "sign_in_method is device")
	case asked == nil:
		s.log.Skip("idp.redirect", "needs the authorization endpoint, see idp.endpoints")
	case asked.redirected:
		s.log.OK("idp.redirect", uri)
	case clientKnown && (asked.status >= 400 || asked.mismatch):
		s.log.Found("idp.redirect-not-registered", uri, fmt.Sprintf("the authorization endpoint answers with HTTP status %d and does not redirect there", asked.status), s.registerRedirect(uri))
	default:
		s.log.Unread("idp.redirect", fmt.Sprintf("the authorization endpoint answers with HTTP status %d, which does not tell whether %s is registered", asked.status, uri), nil)
	}
}
