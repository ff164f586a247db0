package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

const (
	// discoveryWait bounds the look at an identity provider: a configuration can be
	// written offline.
	discoveryWait = 5 * time.Second
	// notableSkew is how far the local clock may be off before it is worth a word: AWS
	// refuses signatures from five minutes on.
	notableSkew = 4 * time.Minute
)

// remark is something to say about an identity provider.
type remark struct {
	text, hint string
	// grave says that no sign-in can work as it is.
	grave bool
}

// String is the remark in one line.
func (r remark) String() string {
	if r.hint == "" {
		return r.text
	}
	return r.text + " (" + strings.TrimSuffix(r.hint, ".") + ")"
}

// glance is what a look at an identity provider has shown.
type glance struct {
	login   config.Login
	found   oidclogin.Discovery
	remarks []remark
}

func (g glance) grave() bool {
	return slices.ContainsFunc(g.remarks, func(r remark) bool { return r.grave })
}

// look asks the identity provider of c for its discovery document; ok is false
// where there is nobody to ask. Hints name command, if it is not empty, as what
// changes the settings. The only error is that of ctx.
func (a *app) look(ctx context.Context, c config.Config, command string) (g glance, ok bool, err error) {
	if g.login, err = c.Login(); err != nil || g.login.IssuerUnknown {
		return g, false, nil // what is wrong is said elsewhere
	}
	client, err := a.httpClient()
	if err != nil {
		g.remarks = []remark{{text: err.Error(), hint: hintOf(err), grave: true}}
		return g, true, nil
	}
	limited, cancel := context.WithTimeout(ctx, discoveryWait)
	defer cancel()
	end := a.progress.begin("looking at " + g.login.Issuer)
	g.found, err = oidclogin.Discover(limited, g.login.Issuer, loginNames(g.login.Keys, command), oidclogin.Env{HTTPClient: &http.Client{Transport: client.GetTransport()}})
	end()
	switch {
	case ctx.Err() != nil:
		return g, false, ctx.Err()
	case err != nil:
		g.remarks = []remark{unseen(g.login, err)}
	default:
		g.remarks = remarksOn(g.login, g.found)
	}
	return g, true, nil
}

// unseen is the remark on an issuer whose discovery document could not be had.
func unseen(l config.Login, err error) remark {
	if oidclogin.KindOf(err) == oidclogin.KindTimeout {
		return remark{text: fmt.Sprintf("%s did not answer within %v", l.Issuer, discoveryWait), hint: unseenHint, grave: true}
	}
	if e, ok := errors.AsType[*oidclogin.Error](err); ok {
		return remark{text: e.Description, hint: cmp.Or(e.Hint, unseenHint), grave: true}
	}
	return remark{text: err.Error(), hint: unseenHint, grave: true}
}

// unseenHint is for what brings no hint of its own.
const unseenHint = "check the address, the network, HTTPS_PROXY and NO_PROXY, or leave the look out with --no-check"

// loginNames have hints speak of the keys of config.json.
func loginNames(keys config.LoginKeys, command string) oidclogin.Names {
	return oidclogin.Names{
		Issuer: strings.Join(keys.Issuer, " and "), IssuerDerived: keys.IssuerDerived, ClientID: keys.ClientID,
		AuthorizationEndpoint: keys.Endpoints, TokenEndpoint: keys.Endpoints, Command: command,
	}
}

// remarksOn compares what a provider says of itself with what a sign-in will want.
func remarksOn(l config.Login, d oidclogin.Discovery) []remark {
	byDevice := l.Method == config.MethodDevice
	var all []remark
	note := func(is, grave bool, text, hint string) {
		if is {
			all = append(all, remark{text, hint, grave})
		}
	}
	note(lacks(d.SigningAlgorithms, "RS256"), true, l.Issuer+" does not sign ID tokens with RS256, the one algorithm that IAM Identity Center takes",
		"change the signing algorithm at the identity provider")
	note(byDevice && d.DeviceEndpoint == "", true, l.Issuer+" has no device authorization endpoint, but sign_in_method is device",
		"run: "+config.ConfigureCommand+` --config '{"sign_in_method": "auto"}'`)
	note(!byDevice && lacks(d.GrantTypes, "authorization_code"), true, l.Issuer+" does not offer the grant authorization_code",
		"allow it at the identity provider, or set sign_in_method to device")
	note(!byDevice && lacks(d.ResponseTypes, "code"), true, l.Issuer+" does not offer the response type code", "allow it at the identity provider")
	note(!byDevice && lacks(d.CodeChallengeMethods, "S256"), true, l.Issuer+" does not offer PKCE with S256", "allow it at the identity provider")
	note(d.ClockSkew.Abs() >= notableSkew, false, fmt.Sprintf("the clock of %s is %v off from the one here; AWS refuses five minutes", l.Issuer, d.ClockSkew), "set the clock of this machine")
	return all
}

// checkProvider warns of an identity provider with which nobody can sign in as
// things are. It stops nothing: a configuration can be written before there is a
// network. What did not change is not looked at again.
func (a *app) checkProvider(ctx context.Context, held, next config.Config) error {
	next, _ = next.Clean()
	if next.Validate() != nil || sameSignIn(held, next) {
		return nil //nolint:nilerr // what cannot be stored is refused by whoever stores it
	}
	g, _, err := a.look(ctx, next, config.ConfigureCommand)
	for _, r := range g.remarks {
		a.warn(r.String())
	}
	return err
}

// sameSignIn reports whether a look at the provider of next can show nothing new.
func sameSignIn(held, next config.Config) bool {
	before, wrongBefore := held.Login()
	after, wrongAfter := next.Login()
	return wrongBefore == nil && wrongAfter == nil && before.Issuer == after.Issuer && before.Method == after.Method
}

// lacks reports whether a discovery document lists what is supported, and not this. A
// list that is absent says nothing here.
func lacks(list []string, what string) bool { return len(list) > 0 && !slices.Contains(list, what) }
