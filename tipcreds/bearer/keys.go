package bearer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
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

// KeyPause is how long a verifier of [NewVerifier] does not fetch keys again.
const KeyPause = 10 * time.Second

// NewVerifier returns a verifier of an issuer's tokens by discovery, as
// [oidc.NewProvider] and [oidc.Provider.VerifierContext] give it, with two differences
// that matter to a server. Where the keys cannot be fetched, it says so
// ([ErrKeysUnavailable]), lest clients throw good tokens away while the issuer is out.
// And as anybody can send tokens that name keys which do not exist, for each of which
// go-oidc fetches the issuer's, they are fetched once in [KeyPause]; failed attempts do
// not count. So a key that is used as soon as it is published may be unknown for that
// long.
//
// ctx bounds the discovery. It may carry an HTTP client ([oidc.ClientContext]), which
// is used then as well; by default there is one with a timeout of
// [DefaultVerifyTimeout]. config is that of go-oidc, ClientID the audience. The issuer
// must be that of the discovery document, to the letter.
func NewVerifier(ctx context.Context, issuerURL string, config *oidc.Config) (Verifier, error) {
	if config == nil || config.ClientID == "" && !config.SkipClientIDCheck {
		return nil, &tipcreds.OptionError{Option: "ClientID", Err: ErrAudienceMissing}
	}
	client, ok := ctx.Value(oauth2.HTTPClient).(*http.Client)
	if !ok || client == nil {
		client = &http.Client{Timeout: DefaultVerifyTimeout}
	}
	metadata, err := discover(oidc.ClientContext(ctx, client), issuerURL)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", issuerURL, err)
	}
	with := *config
	if len(with.SupportedSigningAlgs) == 0 {
		with.SupportedSigningAlgs = slices.DeleteFunc(metadata.Algorithms, unknownAlgorithm)
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Transport: &pausedFetch{client: client}})
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

// maxKeys bounds a key set, in bytes.
const maxKeys = 1 << 20

// pausedFetch is a transport that gives its last good answer again for KeyPause. It
// serves one URL.
type pausedFetch struct {
	client *http.Client

	mu   sync.Mutex
	at   time.Time
	body []byte
}

// RoundTrip implements [http.RoundTripper].
func (p *pausedFetch) RoundTrip(r *http.Request) (*http.Response, error) {
	if again := p.last(r); again != nil {
		return again, nil
	}
	answer, err := p.client.Do(r.Clone(r.Context())) //nolint:gosec // G704: the URL is the jwks_uri of the configured issuer
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeys))
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(body, &set) == nil && len(set.Keys) > 0 {
		p.mu.Lock()
		p.at, p.body = time.Now(), body
		p.mu.Unlock()
	}
	return keysAnswer(r, body), nil
}

// last is the last good answer, nil if that is long ago.
func (p *pausedFetch) last(r *http.Request) *http.Response {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() || time.Since(p.at) >= KeyPause {
		return nil
	}
	return keysAnswer(r, p.body)
}

func keysAnswer(r *http.Request, body []byte) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)),
	}
}
