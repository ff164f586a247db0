package idp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// signIn looks at what a sign-in needs of the provider. It leaves all checks alone where
// nobody signs in, or where the endpoints are not known.
func (s *section) signIn(ctx context.Context) {
	if s.login == nil || s.doc == nil && s.login.AuthorizationEndpoint == "" {
		return
	}
	s.checkDevice(ctx)
	if !s.endpointsSafe() {
		for _, check := range []string{"idp.client", "idp.redirect"} {
			s.log.Skip(check, "needs the endpoints, see idp.endpoints")
		}
		s.checkScopes(nil)
		return
	}
	asked, redeemed := s.askAuthorization(ctx), s.askToken(ctx)
	if !s.log.Has("idp.endpoints") {
		s.log.OK("idp.endpoints", "they are https and answer")
	}
	s.judgeClient(asked, redeemed)
	s.checkScopes(asked)
}

// endpointsSafe looks at the URLs of the endpoints of a sign-in.
func (s *section) endpointsSafe() bool {
	names, good := []string{tokenEndpoint, authorizationEndpoint}, true
	if s.byDevice() {
		names = names[:1]
	}
	for _, name := range names {
		address := s.endpoint(name)
		switch {
		case address == "":
			s.log.Found("idp.endpoint-missing", chain.Discovery(s.issuer), name+" is missing", s.completeMetadata([]string{name}))
		case !safe(address, s.plainIssuer()):
			s.log.Found("idp.endpoint-insecure", address, name+" is "+shown(address), s.mendEndpoint(name))
		default:
			continue
		}
		good = false
	}
	return good
}

func (s *section) checkDevice(ctx context.Context) {
	if !s.byDevice() {
		s.log.Skip("idp.device", "sign_in_method is not device")
		return
	}
	address := s.doc.text(deviceEndpoint)
	switch {
	case address == "" || s.login.Quirks.NoDeviceGrant:
		s.log.Found("idp.no-device-grant", "sign_in_method", deviceEndpoint+" is not in the discovery document", s.otherMethod())
		return
	case !safe(address, s.plainIssuer()):
		s.log.Found("idp.endpoint-insecure", address, deviceEndpoint+" is "+shown(address), s.mendEndpoint(deviceEndpoint))
	default:
		s.answers(ctx, deviceEndpoint, address)
	}
	s.log.OK("idp.device", address)
}

// answers sends an empty form, which cannot start anything.
func (s *section) answers(ctx context.Context, name, address string) {
	a, err := s.probe(ctx, address, map[string][]string{}, nil)
	s.noteAnswer(name, address, a, err)
}

// noteAnswer reports an endpoint that does not answer.
func (s *section) noteAnswer(name, address string, a *answer, err error) bool {
	switch {
	case err != nil:
		s.log.Found("idp.endpoint-unreachable", address, name+": "+cause(err), s.mendEndpoint(name))
	case a.outOfOrder():
		s.log.Found("idp.endpoint-unreachable", address, fmt.Sprintf("%s: HTTP status %d", name, a.status), s.mendEndpoint(name))
	default:
		return true
	}
	return false
}

// checkScopes judges by the answer to the authorization request, nil if there was none,
// and by the provider's list.
func (s *section) checkScopes(asked *authorized) {
	scopes := s.login.Scopes
	unlisted := s.unlisted()
	if asked != nil && asked.redirected && asked.code == "invalid_scope" {
		seen := "asked for " + strings.Join(scopes, " ")
		if len(unlisted) > 0 {
			seen += "; the provider does not list " + strings.Join(unlisted, ", ")
		}
		s.log.Found("idp.scope-refused", "scopes", seen, s.fewerScopes(unlisted))
		return
	}
	if doubtful := intersection(unlisted, s.telling()); len(doubtful) > 0 {
		names := strings.Join(doubtful, ", ")
		s.log.Found("idp.scope-unlisted", "scopes", "scopes_supported has no "+names, s.byAdmin("have the provider offer "+names+": to leave it out brings nothing", s.console("scopes")))
		return
	}
	if _, listed := s.doc.list("scopes_supported"); asked == nil && !listed {
		s.log.Skip("idp.scopes", "the provider lists none, and nobody could be asked for "+strings.Join(scopes, " "))
		return
	}
	s.log.OK("idp.scopes", strings.Join(scopes, " "))
}

// telling are the scopes that something is missing without. Who has a refresh token has
// been given offline_access.
func (s *section) telling() []string {
	all := []string{"openid", "email", "profile"}
	if s.chain.Store != nil {
		if held, err := s.chain.Store.PeekIDPToken(); err == nil && held.Refreshable {
			return all
		}
	}
	return append(all, "offline_access")
}

// unlisted are the scopes that are asked for and not listed, if there is a list: it is
// not always complete (RFC 8414 section 2).
func (s *section) unlisted() []string {
	listed, said := s.doc.list("scopes_supported")
	if !said {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.login.Scopes), func(scope string) bool { return slices.Contains(listed, scope) })
}

func intersection(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return !slices.Contains(b, v) })
}

// refresh looks at whether there is a refresh token.
func (s *section) refresh() {
	const check, offline = "idp.refresh", "offline_access"
	if s.login == nil || !s.chain.Config.TokenSource().IsZero() {
		s.log.Skip(check, "tokens come from elsewhere, or there is no identity provider")
		return
	}
	if s.chain.Store == nil {
		s.log.Skip(check, "nothing is stored")
		return
	}
	held, err := s.chain.Store.PeekIDPToken()
	asked := slices.Contains(s.login.Scopes, offline) || s.login.Quirks.OfflineAccessUnknown
	switch {
	case err == nil && held.Refreshable:
		s.log.OK(check, "there is one")
	case !asked && s.login.Provider != config.Ping:
		s.log.Found("idp.no-offline-access", "scopes", "asked for "+strings.Join(s.login.Scopes, " "), s.askOffline())
	case err != nil:
		s.log.Skip(check, "nobody has signed in, see token.present")
	default:
		s.log.Found("idp.no-refresh-token", s.chain.Store.Path("idp_token.json"), "the sign-in gave none, though it asked for it", s.allowRefresh()...)
	}
}
