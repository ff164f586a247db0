package idp

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// console is where the application is administered, by provider.
func (s *section) console(what string) string {
	places := map[string]string{
		config.Okta:     "Okta Admin Console > Applications > Applications > %s > General",
		config.EntraID:  "Microsoft Entra admin center > App registrations > %s > Authentication",
		config.Cognito:  "Amazon Cognito > User pools > App clients > %s",
		config.Keycloak: "Keycloak Admin Console > Clients > %s > Settings",
		config.Auth0:    "Auth0 Dashboard > Applications > %s > Settings",
		config.Google:   "Google Cloud console > Google Auth Platform > Clients > %s",
		config.Ping:     "PingOne > Applications > Applications > %s > Configuration",
	}
	if s.login == nil || places[s.login.Provider] == "" {
		return "the provider's administration: " + what
	}
	return fmt.Sprintf(places[s.login.Provider], s.login.ClientID) + ": " + what
}

func (s *section) byAdmin(does, where string) finding.Fix {
	return finding.Fix{Who: finding.IdPAdmin, Does: does, Console: where}
}

// configure is a command that changes the configuration.
func (s *section) configure(does string, values map[string]any, signInAfter bool) finding.Fix {
	text, err := json.Marshal(values)
	if err != nil { // texts and lists can always be written
		return finding.Fix{Who: finding.You, Does: does, Console: config.ConfigureCommand}
	}
	command := s.chain.TipCLI("configure", "idp", "--config", string(text))
	if signInAfter {
		command += " && " + s.chain.TipCLI("auth")
	}
	return finding.Fix{Who: finding.You, Does: does, Command: command}
}

func (s *section) trust() finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "trust the certificate authority, if it is your organization's",
		Console: "set AWS_CA_BUNDLE to a PEM file with its certificates; if it is nobody's you know, find out who answers in the provider's place",
	}
}

func (s *section) reach() finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "make the address reachable, or correct it",
		Console: fmt.Sprintf("check the network, VPN and HTTPS_PROXY and NO_PROXY; if the address is wrong, correct %s with: %s", s.setting, s.chain.TipCLI("configure", "idp")),
	}
}

func (s *section) hurry() finding.Fix {
	return s.byAdmin("make the discovery document and the keys answer in less than 5 seconds, as seen from the internet", "the provider's servers, or the proxy in front of them")
}

func (s *section) correctIssuer() finding.Fix {
	if s.login == nil {
		return s.otherToken()
	}
	return finding.Fix{
		Who: finding.You, Does: "correct the issuer",
		Console: fmt.Sprintf("set %s with: %s; %s must be a JSON document", s.setting, s.chain.TipCLI("configure", "idp"), chain.Discovery("ISSUER")),
	}
}

// takeIssuer configures the provider's own spelling, where a setting holds the issuer.
// Nobody is told to trust another host because a document says so.
func (s *section) takeIssuer(theirs string) finding.Fix {
	if s.login == nil || s.login.Keys.IssuerDerived || len(s.login.Keys.Issuer) != 1 || !sameHost(theirs, s.issuer) {
		return s.correctIssuer()
	}
	return s.configure("configure the issuer as the provider spells it", map[string]any{s.login.Keys.Issuer[0]: theirs}, true)
}

func sameHost(a, b string) bool {
	one, errOne := url.Parse(a)
	two, errTwo := url.Parse(b)
	return errOne == nil && errTwo == nil && one.Scheme == two.Scheme && one.Host == two.Host
}

func (s *section) otherToken() finding.Fix {
	return finding.Fix{Who: finding.You, Does: "take a token of another issuer", Console: "an OpenID Connect provider with an https URL that AWS can reach"}
}

func (s *section) completeMetadata(missing []string) finding.Fix {
	return s.byAdmin("publish "+strings.Join(missing, ", ")+" in the discovery document", "the provider's administration: OpenID Connect metadata at "+chain.Discovery(s.issuer))
}

func (s *section) signRS256() finding.Fix {
	return s.byAdmin("sign ID tokens with RS256, and publish an RSA key for it", s.console("signing algorithm of ID tokens"))
}

func (s *section) offerPKCE() finding.Fix {
	return s.byAdmin("allow PKCE with S256 (RFC 7636)", s.console("PKCE, code challenge method S256"))
}

func (s *section) publishKeys() finding.Fix {
	return s.byAdmin("publish the signing keys as a JSON Web Key Set", "what answers at "+s.doc.text("jwks_uri"))
}

func (s *section) retireKeys() finding.Fix {
	return s.byAdmin("take out keys that sign nothing any more", "what answers at "+s.doc.text("jwks_uri"))
}

func (s *section) nameKeys() finding.Fix {
	return s.byAdmin("give each signing key a kid", "what answers at "+s.doc.text("jwks_uri"))
}

func (s *section) mendEndpoint(name string) finding.Fix {
	if s.login != nil && s.login.Keys.Endpoints != "" && (name == tokenEndpoint || name == authorizationEndpoint) {
		return finding.Fix{Who: finding.You, Does: "correct " + s.login.Keys.Endpoints, Console: "set it with: " + s.chain.TipCLI("configure", "idp")}
	}
	return s.byAdmin("publish a "+name+" with https that answers", "the provider's administration: OpenID Connect metadata at "+chain.Discovery(s.issuer))
}

func (s *section) correctClient() finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "configure the client id that the provider shows, or have the application made there",
		Console: fmt.Sprintf("set %s with: %s; %s", s.login.Keys.ClientID, s.chain.TipCLI("configure", "idp"), s.console("client id")),
	}
}

func (s *section) mendAuthentication() []finding.Fix {
	public := s.byAdmin("make the application a native (public) client, without a secret", s.console("client type, client authentication none"))
	if s.clientAuth() == config.ClientAuthNone {
		return []finding.Fix{public, {
			Who: finding.You, Does: "or give tip-cli the secret",
			Command: s.chain.TipCLI("configure", "idp", "--config", `{"client_authentication":"`+config.ClientAuthBasic+`"}`) + " && " + s.chain.TipCLI("configure", "client-secret"),
		}}
	}
	return []finding.Fix{{Who: finding.You, Does: "store the client's present secret", Command: s.chain.TipCLI("configure", "client-secret")}, public}
}

func (s *section) allowGrant() finding.Fix {
	return s.byAdmin("allow the grant that tip-cli signs in with (authorization code; device authorization with sign_in_method device)", s.console("grant types"))
}

func (s *section) registerRedirect(uri string) finding.Fix {
	return s.byAdmin("register "+uri+" as a redirect URI, exactly so", s.console("redirect (callback) URIs"))
}

// fewerScopes leaves scopes out, if it is known which.
func (s *section) fewerScopes(without []string) finding.Fix {
	left := slices.DeleteFunc(slices.Clone(s.login.Scopes), func(scope string) bool { return slices.Contains(without, scope) && scope != "openid" })
	if len(left) == len(s.login.Scopes) {
		return s.byAdmin("allow the client the scopes "+strings.Join(s.login.Scopes, " "), s.console("scopes"))
	}
	return s.configure("ask only for scopes that the provider has", map[string]any{"scopes": left}, false)
}

func (s *section) askOffline() finding.Fix {
	return s.configure("ask for offline_access, and sign in once more", map[string]any{"scopes": append(slices.Clone(s.login.Scopes), "offline_access")}, true)
}

func (s *section) allowRefresh() []finding.Fix {
	what := map[string]string{
		config.Okta: "grant types, Refresh Token", config.EntraID: "API permissions, offline_access", config.Google: "the client's type must be Desktop app",
		config.Auth0: "Refresh Token grant, and Allow Offline Access of the API", config.Keycloak: "the optional client scope offline_access",
		config.Cognito: "ALLOW_REFRESH_TOKEN_AUTH",
	}[s.login.Provider]
	if what == "" {
		what = "the refresh_token grant"
	}
	return []finding.Fix{
		s.byAdmin("let the application have refresh tokens, then sign in once more", s.console(what)),
		{Who: finding.You, Does: "sign in once more", Command: s.chain.TipCLI("auth")},
	}
}

func (s *section) otherMethod() finding.Fix {
	return s.configure("sign in with a browser instead", map[string]any{"sign_in_method": string(config.MethodAuto)}, false)
}
