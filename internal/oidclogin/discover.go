package oidclogin

import (
	"context"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Discovery is what the discovery document of a provider says that concerns a
// sign-in and the exchange (OpenID Connect Discovery 1.0 section 3, RFC 8414
// section 2). What it does not say is nil or empty.
type Discovery struct {
	// Issuer is the issuer that was asked for, and that the document has exactly so.
	Issuer string
	// DeviceEndpoint (RFC 8628) and RevocationEndpoint (RFC 7009) are empty where
	// there is none.
	DeviceEndpoint     string
	RevocationEndpoint string
	// SigningAlgorithms are those of ID tokens.
	SigningAlgorithms    []string
	GrantTypes           []string
	ResponseTypes        []string
	CodeChallengeMethods []string
	// ClockSkew is the clock of the provider minus the local clock, to the second;
	// zero if it told none.
	ClockSkew time.Duration
}

// Discover asks a provider for its discovery document, before anybody signs in. The
// issuer must be in the document exactly so, and the endpoints that every sign-in
// needs must be there and as safe as the issuer. The error is an [*Error]; its hint
// speaks of the settings by names.
func Discover(ctx context.Context, issuer string, names Names, env Env) (Discovery, error) {
	c := New(Settings{Issuer: issuer, ClientID: "none", Names: names}, env)
	const op = "look at the identity provider"
	k := c.newCall()
	if c.invalid != nil {
		return Discovery{}, k.during(op, c.invalid)
	}
	d, err := k.discovery(ctx, issuer)
	return d, k.during(op, err)
}

func (k *call) discovery(ctx context.Context, issuer string) (Discovery, error) {
	found, err := oidc.NewProvider(k.with(ctx), issuer)
	if err != nil {
		return Discovery{}, k.names.discoveryError(ctx, issuer, err)
	}
	var said struct {
		JWKSURI              string   `json:"jwks_uri"`
		Revocation           string   `json:"revocation_endpoint"`
		SigningAlgorithms    []string `json:"id_token_signing_alg_values_supported"`
		GrantTypes           []string `json:"grant_types_supported"`
		ResponseTypes        []string `json:"response_types_supported"`
		CodeChallengeMethods []string `json:"code_challenge_methods_supported"`
	}
	if err := found.Claims(&said); err != nil {
		return Discovery{}, fail(KindConfig, "the discovery document of %s is malformed", issuer).hint("check that %s is the issuer: its discovery document is not one of OpenID Connect", issuer)
	}
	endpoint := found.Endpoint()
	p := provider{issuer: issuer, authorizationEndpoint: endpoint.AuthURL, tokenEndpoint: endpoint.TokenURL, jwksURI: said.JWKSURI}
	return Discovery{
		Issuer: issuer, DeviceEndpoint: endpoint.DeviceAuthURL, RevocationEndpoint: said.Revocation,
		SigningAlgorithms: said.SigningAlgorithms, GrantTypes: said.GrantTypes, ResponseTypes: said.ResponseTypes,
		CodeChallengeMethods: said.CodeChallengeMethods, ClockSkew: k.skew,
	}, p.check()
}
