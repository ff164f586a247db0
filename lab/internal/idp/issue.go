package idp

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// IssueOptions say how a token of [Service.Issue] differs from one that the
// token endpoint would give.
type IssueOptions struct {
	// Scopes decide about the person's claims; nil for openid, profile and email.
	Scopes []string
	// IssuedAt is iat and auth_time; zero for the lab's now.
	IssuedAt time.Time
	// Expires is exp; zero for the issuer's lifetime after IssuedAt.
	Expires time.Time
	// Audience replaces the client id in aud, always as a list; nil for the client id.
	Audience []string
	// Claims are put over all others; a nil value removes a claim.
	Claims map[string]any
	// Algorithm is RS256 when empty, else RS384, RS512, PS256, ES256, ES384 or
	// ES512 (with a key of its own that is published from then on), none
	// (without a signature), or HS256 (with the published RS256 key, in PEM, as
	// the shared secret).
	Algorithm string
	// ForeignKey signs with a key that nobody publishes, under the id of the right one.
	ForeignKey bool
	// KeyID replaces kid; empty text leaves it out.
	KeyID *string
}

// Issue mints an ID token for tests of whoever verifies it, without a sign-in.
// It is not reachable over HTTP.
func (s *Service) Issue(issuerName, login, clientID string, opts IssueOptions) (string, error) {
	p, err := s.provider(issuerName)
	if err != nil {
		return "", err
	}
	claims, err := p.issueClaims(login, clientID, opts)
	if err != nil {
		return "", err
	}
	key, err := p.issueKey(opts)
	if err != nil {
		return "", err
	}
	if opts.KeyID != nil {
		key.id = *opts.KeyID
	}
	switch opts.Algorithm {
	case "none":
		return unsigned(claims)
	case string(jose.HS256):
		return confused(key, claims)
	}
	return key.sign(key.id, claims)
}

func (p *provider) issueClaims(login, clientID string, opts IssueOptions) (map[string]any, error) {
	person, ok := p.person(login)
	if !ok {
		return nil, fmt.Errorf("issuer %s has no person %q", p.issuer.Name, login)
	}
	client, ok := p.client(clientID)
	if !ok {
		return nil, fmt.Errorf("issuer %s has no client %q", p.issuer.Name, clientID)
	}
	scopes, issued := opts.Scopes, opts.IssuedAt
	if scopes == nil {
		scopes = []string{"openid", "profile", "email"}
	}
	if issued.IsZero() {
		issued = p.now()
	}
	claims := p.idClaims(newGrant(client, person, scopes, issued), scopes, issued)
	if !opts.Expires.IsZero() {
		claims["exp"] = opts.Expires.Unix()
	}
	if opts.Audience != nil {
		claims["aud"] = opts.Audience
	}
	maps.Copy(claims, opts.Claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	p.remember(claims, person)
	return claims, nil
}

// issueKey returns a copy of the key to sign with.
func (p *provider) issueKey(opts IssueOptions) (signingKey, error) {
	algorithm := jose.SignatureAlgorithm(opts.Algorithm)
	if opts.Algorithm == "" || opts.Algorithm == "none" || algorithm == jose.HS256 {
		algorithm = jose.RS256
	}
	key, err := p.keys.current(algorithm)
	if err != nil {
		return signingKey{}, err
	}
	used := *key
	if opts.ForeignKey {
		used.private, err = generatePrivate(algorithm)
	}
	return used, err
}

// unsigned makes a JWS of the algorithm none (RFC 7518, 3.6).
func unsigned(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".", nil
}

// confused makes a token for the attack that takes a public RSA key for an HMAC
// secret (RFC 8725, 2.1).
func confused(key signingKey, claims map[string]any) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		return "", fmt.Errorf("encode public key: %w", err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return signJWT(jose.HS256, secret, key.id, claims)
}
