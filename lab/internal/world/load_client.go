package world

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

func (is *Issuer) addClients(list []ClientFile) error {
	for _, c := range list {
		if (c.PasswordAuth || c.HideUnknownUsers) && is.Face != "cognito" {
			return fmt.Errorf("client %q: passwordAuth and hideUnknownUsers are for the face cognito", c.ID)
		}
		if c.ID == "" || len(c.RedirectURIs) == 0 && !c.PasswordAuth {
			return fmt.Errorf("client %q: id and redirectUris are needed", c.ID)
		}
		if slices.ContainsFunc(is.Clients, func(other Client) bool { return other.ID == c.ID }) {
			return fmt.Errorf("client %q stands twice", c.ID)
		}
		if err := checkAuthentication(&c, is.Face); err != nil {
			return fmt.Errorf("client %q: %w", c.ID, err)
		}
		if c.Audience != "" && (is.Face != "plain" || is.API(c.Audience) == nil) {
			return fmt.Errorf("client %q: audience %q is not that of one of the apis of a plain issuer", c.ID, c.Audience)
		}
		is.Clients = append(is.Clients, Client(c))
	}
	return nil
}

// clientTwice returns the id of a client that another user pool of the region
// has: InitiateAuth tells pools apart by nothing else.
func (l *loader) clientTwice(is *Issuer) (string, bool) {
	for _, c := range is.Clients {
		if other, ok := l.poolOf(is.poolRegion(), c.ID); ok {
			return c.ID + " of " + other.Name, true
		}
	}
	return "", false
}

// poolRegion is the region of a user pool, empty for other issuers.
func (is *Issuer) poolRegion() string {
	m := cognitoURL.FindStringSubmatch(is.URL)
	if m == nil || is.Face != "cognito" {
		return ""
	}
	return m[1]
}

// poolOf is the user pool of a region that has a client.
func (w *World) poolOf(region, client string) (*Issuer, bool) {
	for _, is := range w.issuers {
		if is.poolRegion() == region && region != "" && slices.ContainsFunc(is.Clients, func(c Client) bool { return c.ID == client }) {
			return is, true
		}
	}
	return nil, false
}

// PoolAccount is the account of the user pool of a region that has a client: one
// whose OIDC providers name the pool, else the world's first. It is empty if
// there is no such pool.
func (w *World) PoolAccount(region, client string) string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	pool, ok := w.poolOf(region, client)
	if !ok {
		return ""
	}
	var named []string
	for _, p := range w.providers {
		if p.Issuer == pool.URL {
			named = append(named, p.Account)
		}
	}
	if len(named) == 0 {
		return w.firstAccount
	}
	return slices.Min(named)
}

// checkAuthentication fills the default of a client's authentication: Entra ID
// and Cognito take the secret either way.
func checkAuthentication(c *ClientFile, face string) error {
	switch {
	case c.Secret == "" && c.Authentication != "":
		return errors.New("authentication is for a client with a secret")
	case c.Secret == "":
		return nil
	case c.Authentication == "" && (face == "entra-id" || face == "cognito"):
		c.Authentication = SecretAny
	case c.Authentication == "":
		c.Authentication = SecretBasic
	}
	if known := []string{SecretBasic, SecretPost, SecretAny}; !slices.Contains(known, c.Authentication) {
		return fmt.Errorf("authentication %q is none of %s, %s, %s", c.Authentication, SecretBasic, SecretPost, SecretAny)
	}
	return nil
}

var (
	// apiScopeForm is a scope-token (RFC 6749, 3.3) without a slash.
	apiScopeForm = regexp.MustCompile(`^[!#-.0-\[\]-~]+$`)
	uuidForm     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// openIDScopes are no API's (OIDC Core, 3.1.2.1, 5.4 and 11).
var openIDScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

// addAPIs adds the APIs of an issuer whose URL is u, as far as its vendor knows such.
func (is *Issuer) addAPIs(list []APIFile, u *url.URL) error {
	switch {
	case len(list) == 0:
		return nil
	case is.Face == "cognito":
		return errors.New("apis are not for the face cognito, whose access tokens have no aud")
	case is.Face == "okta" && (len(list) > 1 || u.Path == "" || u.Path == "/"):
		return errors.New("an okta issuer has one of apis, and only below the host: a custom authorization server")
	}
	for _, a := range list {
		if err := is.addAPI(a); err != nil {
			return at(err, "api %q", a.Audience)
		}
	}
	return nil
}

func (is *Issuer) addAPI(a APIFile) error {
	if a.Audience == "" || is.API(a.Audience) != nil {
		return errors.New("the audience is missing or stands twice")
	}
	if is.Face == "entra-id" && !uuidForm.MatchString(a.Audience) {
		return errors.New("the audience of an entra-id API is its client id, a UUID in lower case")
	}
	for _, s := range a.Scopes {
		if !apiScopeForm.MatchString(s) {
			return fmt.Errorf("scope %q is not one word without a slash", s)
		}
		if s == ".default" {
			return errors.New("scope .default stands for all scopes of an API and is none of them")
		}
		if slices.Contains(openIDScopes, s) {
			return fmt.Errorf("scope %q is OpenID Connect's", s)
		}
	}
	for _, name := range a.Claims {
		if slices.Contains(reservedClaims, name) {
			return fmt.Errorf("claim %q is the issuer's own", name)
		}
	}
	is.APIs = append(is.APIs, API(a))
	return nil
}

// API returns the issuer's API with an audience, nil when there is none.
func (is *Issuer) API(audience string) *API {
	for i := range is.APIs {
		if is.APIs[i].Audience == audience {
			return &is.APIs[i]
		}
	}
	return nil
}
