package cli

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
)

// derived is what follows from a configuration.
func (a *app) derived(st *store.Store, c config.Config) shownDerived {
	d := shownDerived{Tokens: "sign-in", Partition: c.Partition(), ClientSecret: secretNotNeeded, RedirectURIs: []string{}}
	switch source := c.TokenSource(); {
	case source.File != "":
		d.Tokens = "token_file"
	case !source.IsZero():
		d.Tokens = "token_command"
	}
	if preset, ok := config.PresetFor(c.IdP); ok {
		d.Provider = preset.Title
	}
	l, err := c.Login()
	if err != nil {
		return d
	}
	d.Issuer, d.ClientID = l.Issuer, l.ClientID
	if l.IssuerUnknown {
		if learned, err := st.LoadIssuer(); err == nil {
			d.Issuer = learned.Issuer
		}
	}
	if d.Tokens == "sign-in" {
		d.RedirectURIs = append(d.RedirectURIs, redirectURIs(l)...)
	}
	d.ClientSecret = clientSecretOf(st, l)
	return d
}

// clientSecretOf says whether there is a secret, without opening it.
func clientSecretOf(st *store.Store, l config.Login) string {
	switch {
	case len(l.ClientSecretCommand) > 0:
		return secretByCommand
	case !needsSecret(l):
		return secretNotNeeded
	}
	if info, err := os.Stat(st.Path(store.ClientSecretFile)); err == nil && info.Size() > 0 {
		return secretStored
	}
	return secretMissing
}

// redirectURIs are those that the identity provider has to know.
func redirectURIs(l config.Login) []string {
	var all []string
	for _, port := range append([]int{l.RedirectPort}, l.FallbackPorts...) {
		all = append(all, "http://"+net.JoinHostPort(l.RedirectHost, strconv.Itoa(port))+l.RedirectPath)
	}
	return all
}

// notesOn is what is particular about the identity provider.
func notesOn(c config.Config) []string {
	l, err := c.Login()
	if err != nil || !c.TokenSource().IsZero() {
		return nil
	}
	var notes []string
	note := func(is bool, format string, args ...any) {
		if is {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	preset, _ := config.PresetFor(l.Provider)
	q := l.Quirks
	note(l.IssuerUnknown, "the issuer is taken from the first ID token, and kept")
	note(q.LoopbackPortIgnored, "%s takes any port of a registered http://localhost redirect", preset.Title)
	note(q.NoDeviceGrant, "%s has no sign-in with a code for another device", preset.Title)
	note(q.NoRevocation, "%s cannot revoke refresh tokens: after auth logout they are gone here, but stay valid there until they end", preset.Title)
	note(q.RefreshTokenStays, "%s keeps a refresh token when it is used, unless rotation is switched on", preset.Title)
	note(q.OfflineAccessUnknown, "%s gives refresh tokens without the scope offline_access", preset.Title)
	note(q.TokenIDClaim != "" && q.TokenIDClaim != "jti", "tokens of %s are told apart by the claim %s", preset.Title, q.TokenIDClaim)
	return notes
}
