package oidclogin

import (
	"slices"
	"strings"
)

// Names are what the settings are called where the person sets them, so that a
// hint can say what to change and how. The zero value stands for issuer,
// client_id, authorization_endpoint, token_endpoint, client_secret and no command; in any other
// value an empty name is a setting that nobody sets.
type Names struct {
	Issuer                string
	ClientID              string
	AuthorizationEndpoint string
	TokenEndpoint         string
	ClientSecret          string
	// IssuerDerived says that the issuer is made from what Issuer names (a
	// tenant, say), so that the value of iss itself has no place there.
	IssuerDerived bool
	// Command changes the settings.
	Command string
}

var defaultNames = Names{
	Issuer: "issuer", ClientID: "client_id",
	AuthorizationEndpoint: "authorization_endpoint", TokenEndpoint: "token_endpoint",
	ClientSecret: "client_secret",
}

// check asks to look at settings again; those without a name are left out.
func (n Names) check(settings ...string) string {
	settings = slices.DeleteFunc(settings, func(name string) bool { return name == "" })
	if len(settings) == 0 {
		return ""
	}
	return "Check " + strings.Join(slices.Compact(settings), " and ") + n.how()
}

// setIssuer asks for an issuer.
func (n Names) setIssuer(value string) string {
	if n.IssuerDerived {
		return n.check(n.Issuer)
	}
	return "Set " + n.Issuer + " to " + value + n.how()
}

func (n Names) how() string {
	if n.Command == "" {
		return ""
	}
	return "; to change that, run: " + n.Command
}
