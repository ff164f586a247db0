package oidclogin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// provider is what one operation knows of the identity provider.
type provider struct {
	issuer                string // empty until learned from an ID token
	authorizationEndpoint string
	tokenEndpoint         string
	jwksURI               string
	deviceEndpoint        string // RFC 8628; empty where there is none
	revocationEndpoint    string // RFC 7009; empty where there is none
	// issParameter: authorization_response_iss_parameter_supported, RFC 9207 section 3.
	issParameter bool
}

// provider returns the endpoints by discovery and by the settings.
func (c *Client) provider(ctx context.Context, k *call) (provider, error) {
	s := c.settings
	if s.Issuer == "" {
		return provider{
			authorizationEndpoint: s.AuthorizationEndpoint, tokenEndpoint: s.TokenEndpoint,
			deviceEndpoint: s.DeviceEndpoint, revocationEndpoint: s.RevocationEndpoint,
		}, nil
	}
	p, err := discover(ctx, k, s.Issuer)
	if err != nil {
		return provider{}, err
	}
	p.authorizationEndpoint = cmp.Or(s.AuthorizationEndpoint, p.authorizationEndpoint)
	p.tokenEndpoint = cmp.Or(s.TokenEndpoint, p.tokenEndpoint)
	p.deviceEndpoint = cmp.Or(s.DeviceEndpoint, p.deviceEndpoint)
	p.revocationEndpoint = cmp.Or(s.RevocationEndpoint, p.revocationEndpoint)
	return p, p.check()
}

// discover reads {issuer}/.well-known/openid-configuration (OpenID Connect
// Discovery 1.0 section 4).
func discover(ctx context.Context, k *call, issuer string) (provider, error) {
	found, err := oidc.NewProvider(k.with(ctx), issuer)
	if err != nil {
		return provider{}, k.names.discoveryError(ctx, issuer, err)
	}
	var extra struct {
		JWKSURI      string `json:"jwks_uri"`
		Revocation   string `json:"revocation_endpoint"`
		IssParameter bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&extra); err != nil {
		return provider{}, fail(KindConfig, "the discovery document of %s is malformed", issuer)
	}
	return provider{
		issuer:                issuer,
		authorizationEndpoint: found.Endpoint().AuthURL,
		tokenEndpoint:         found.Endpoint().TokenURL,
		jwksURI:               extra.JWKSURI,
		deviceEndpoint:        found.Endpoint().DeviceAuthURL,
		revocationEndpoint:    extra.Revocation,
		issParameter:          extra.IssParameter,
	}, nil
}

// check wants three endpoints as safe as the issuer.
func (p provider) check() error {
	issuer, err := url.Parse(p.issuer)
	if err != nil {
		return fail(KindConfig, "issuer %q is not a URL", p.issuer)
	}
	endpoints := []struct{ name, value string }{
		{"authorization_endpoint", p.authorizationEndpoint},
		{"token_endpoint", p.tokenEndpoint},
		{"jwks_uri", p.jwksURI},
	}
	for _, e := range endpoints {
		if _, err := checkURL(e.name, e.value, isLoopbackHTTP(issuer)); err != nil {
			return err
		}
	}
	return nil
}

// checkOptional wants an endpoint that not every provider has, and that was
// found, as safe as the issuer.
func (p provider) checkOptional(name, endpoint string) error {
	issuer, err := url.Parse(p.issuer)
	if err != nil {
		return fail(KindConfig, "issuer %q is not a URL", p.issuer)
	}
	_, err = checkURL(name, endpoint, isLoopbackHTTP(issuer))
	return err
}

func (n Names) discoveryError(ctx context.Context, issuer string, err error) error {
	var mismatch *oidc.IssuerMismatchError
	var transport *url.Error
	switch {
	case errors.As(err, &mismatch):
		return n.issuerMismatch(mismatch)
	case errors.As(err, &transport):
		e := n.requestError(ctx, "the discovery document of "+issuer, err)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusNotFound {
			return e.hint("%s/.well-known/openid-configuration must exist. %s", strings.TrimSuffix(issuer, "/"), n.check(n.Issuer))
		}
		return e
	}
	return fail(KindConfig, "the discovery document of %s is not one", issuer).
		hint("%s", strings.TrimSpace(pageInPlace+" "+n.check(n.Issuer)))
}

// pageInPlace is the likely reason for an answer in HTML.
const pageInPlace = "Perhaps a proxy or log-in page of the network answers in its place."

func (n Names) issuerMismatch(m *oidc.IssuerMismatchError) *Error {
	discovered := printable(m.Discovered, maxShown)
	e := fail(KindConfig, "issuer is set to %q but its discovery document says %q", m.Provided, discovered)
	if strings.TrimSuffix(m.Provided, "/") == strings.TrimSuffix(m.Discovered, "/") {
		return e.hint("They differ in the trailing slash only; the trusted token issuer must have it right too. %s", n.setIssuer(discovered))
	}
	return e.hint("%s", n.setIssuer("the exact value of the iss claim"))
}

var (
	// userPool is the issuer of a Cognito user pool; the pool's id repeats the region.
	userPool = lazyregexp.New(`^https://cognito-idp\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/([a-z]{2}(?:-[a-z]+)+-\d)_[0-9A-Za-z]{1,55}$`)
	// cognitoDomain is the host of a prefix domain; a custom domain tells no region.
	cognitoDomain = lazyregexp.New(`^[^.]+\.auth(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazoncognito\.com$`)
)

// learn completes p, which has no issuer yet, from a token that came over TLS
// from p's token endpoint. The signature is checked afterwards, with the keys
// that the pool publishes.
func (p provider) learn(ctx context.Context, k *call, t jwtKind, token secret.Value) (provider, error) {
	if p.issuer != "" {
		return p, nil
	}
	if err := t.checkHeader(token); err != nil {
		return provider{}, err
	}
	claims, err := t.decode(token)
	if err != nil {
		return provider{}, err
	}
	if err := k.checkIssuer(t, claims.Issuer, p.tokenEndpoint); err != nil {
		return provider{}, err
	}
	found, err := discover(ctx, k, claims.Issuer)
	if err != nil {
		return provider{}, err
	}
	p.issuer, p.jwksURI = found.issuer, found.jwksURI
	return p, p.check()
}

// checkIssuer wants the issuer that an earlier sign-in learned, else a user pool
// in the region of the domain.
func (k *call) checkIssuer(t jwtKind, issuer, tokenEndpoint string) error {
	if pinned := k.settings.PinnedIssuer; pinned != "" && issuer != pinned {
		return fail(KindVerification, "%s is issued by %q, but the first sign-in here was at %q", t, printable(issuer, maxShown), printable(pinned, maxShown)).
			hint("If the user pool was replaced on purpose, drop the one that is remembered; run: %s", cmp.Or(k.names.Command, "tip-cli configure idp"))
	}
	return k.names.checkUserPool(t, issuer, tokenEndpoint)
}

// checkUserPool wants issuer to be a user pool in the region of the domain.
func (n Names) checkUserPool(t jwtKind, issuer, tokenEndpoint string) error {
	pool := userPool().FindStringSubmatch(issuer)
	if pool == nil || pool[1] != pool[2] {
		return fail(KindVerification, "%s is issued by %q, which is not a Cognito user pool", t, printable(issuer, maxShown)).
			hint("If you trust it: %s", n.setIssuer("the exact value of the iss claim"))
	}
	u, err := url.Parse(tokenEndpoint)
	if err != nil {
		return fail(KindConfig, "token_endpoint is not a URL")
	}
	if domain := cognitoDomain().FindStringSubmatch(u.Hostname()); domain != nil && domain[1] != pool[1] {
		return fail(KindVerification, "%s is issued in %s, but the domain of the token endpoint is in %s", t, pool[1], domain[1])
	}
	return nil
}
