package bearer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// ErrKeysUnavailable means that a token could not be judged because the keys of its
// issuer could not be fetched. It says nothing about the token, and is answered with
// 503.
var ErrKeysUnavailable = errors.New("the issuer's keys cannot be fetched")

// ErrAudienceMissing means that a verifier would accept tokens that were issued for
// other programs. Where that is meant, go-oidc's SkipClientIDCheck says so.
var ErrAudienceMissing = errors.New("an audience is required")

// KeyPause is how long a verifier of [NewVerifier] does not fetch keys again that it got.
const KeyPause = 10 * time.Second

// NewVerifier returns a verifier of an issuer's tokens by discovery, as
// [oidc.NewProvider] and [oidc.Provider.VerifierContext] give it, with three
// differences that matter to a server. Where the keys cannot be fetched, it says so
// ([ErrKeysUnavailable]), lest clients throw good tokens away while the issuer is out.
// As anybody can send tokens that name keys which do not exist, for each of which
// go-oidc fetches the issuer's, they are fetched once in [KeyPause], and once in a second
// while that fails or gives none. So a key that is used as soon as it is published may
// be unknown for that long. And no fetch takes longer than [DefaultVerifyTimeout], or
// reads more than 1 MiB.
//
// ctx bounds the discovery. It may carry an HTTP client ([oidc.ClientContext]), which
// then fetches the keys as well. config is that of go-oidc, ClientID the audience. The issuer
// must be that of the discovery document, to the letter.
func NewVerifier(ctx context.Context, issuerURL string, config *oidc.Config) (Verifier, error) {
	if config == nil || config.ClientID == "" && !config.SkipClientIDCheck {
		return nil, &tipcreds.OptionError{Option: "ClientID", Err: ErrAudienceMissing}
	}
	client, ok := ctx.Value(oauth2.HTTPClient).(*http.Client)
	if !ok || client == nil {
		client = &http.Client{}
	}
	fetch := boundedFetch{client}
	metadata, err := discover(oidc.ClientContext(ctx, &http.Client{Transport: fetch}), issuerURL)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", issuerURL, err)
	}
	with := *config
	if len(with.SupportedSigningAlgs) == 0 {
		with.SupportedSigningAlgs = slices.DeleteFunc(metadata.Algorithms, unknownAlgorithm)
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Transport: &pausedFetch{boundedFetch: fetch}})
	keys := notedKeys{oidc.NewRemoteKeySet(ctx, metadata.KeysURL)}
	return &issuerVerifier{oidc.NewVerifier(issuerURL, keys, &with)}, nil
}

// metadata is what is read of a discovery document.
type metadata struct {
	Issuer     string   `json:"issuer"`
	KeysURL    string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
}

func discover(ctx context.Context, issuerURL string) (*metadata, error) {
	provider, err := oidc.NewProvider(ctx, issuerURL)
	if err != nil {
		return nil, err
	}
	var m metadata
	if err := provider.Claims(&m); err != nil {
		return nil, err
	}
	if m.Issuer != issuerURL { // with oidc.InsecureIssuerURLContext
		return nil, &oidc.IssuerMismatchError{Provided: issuerURL, Discovered: m.Issuer}
	}
	return &m, nil
}

// unknownAlgorithm is true of what go-oidc does not verify, such as HS256 and none.
func unknownAlgorithm(name string) bool {
	return !slices.Contains([]string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}, name)
}

// outageKey is the context's key for the *error that notedKeys leaves.
type outageKey struct{}

// issuerVerifier tells failed fetches from refused tokens, which go-oidc has in one
// text.
type issuerVerifier struct{ verifier *oidc.IDTokenVerifier }

// Verify implements [Verifier].
func (v *issuerVerifier) Verify(ctx context.Context, rawToken string) (*oidc.IDToken, error) {
	var outage error
	token, err := v.verifier.Verify(context.WithValue(ctx, outageKey{}, &outage), rawToken)
	if err != nil && outage != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, outage)
	}
	return token, err
}

// notedKeys leaves in the context why there are no keys.
type notedKeys struct{ keys *oidc.RemoteKeySet }

// VerifySignature implements [oidc.KeySet].
func (n notedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := n.keys.VerifySignature(ctx, jwt)
	if err != nil && errors.Unwrap(err) != nil { // go-oidc wraps what the fetch gave, and nothing else
		if outage, ok := ctx.Value(outageKey{}).(*error); ok {
			*outage = err
		}
	}
	return payload, err
}
