package oidclogin

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// keySet fetches the provider's keys for one token. go-oidc's own key set
// fetches in a goroutine that outlives a cancelled context, and puts the body
// of a failed answer into its error.
type keySet struct {
	call *call
	of   jwtKind
	uri  string
	// err is the last error in full: go-oidc passes on its text only.
	err error
}

var _ oidc.KeySet = (*keySet)(nil)

// VerifySignature implements oidc.KeySet.
func (s *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := s.verify(ctx, jwt)
	s.err = err
	return payload, err
}

func (s *keySet) verify(ctx context.Context, jwt string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, fail(KindVerification, "%s is not a JWS with one signature", s.of)
	}
	keys, err := s.fetch(ctx)
	if err != nil {
		return nil, err
	}
	kid := jws.Signatures[0].Header.KeyID
	known := false
	for _, key := range keys {
		if kid != "" && key.KeyID != kid {
			continue
		}
		known = true
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	if !known {
		return nil, fail(KindVerification, "%s is signed with key %q, which is not among the RS256 keys of the provider", s.of, printable(kid, maxShown))
	}
	return nil, fail(KindVerification, "the signature of %s is wrong", s.of)
}

// fetch returns the RSA keys for RS256 signatures. Keys of other kinds, and
// ones that cannot be read, are left out (RFC 7517 section 5).
func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	body, err := s.get(ctx)
	if err != nil {
		return nil, s.call.names.requestError(ctx, "the keys of the provider", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fail(KindNetwork, "the keys of the provider are not a JSON Web Key Set")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && signsRS256(key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s *keySet) get(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.uri, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.call.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}

func signsRS256(key jose.JSONWebKey) bool {
	_, public := key.Key.(*rsa.PublicKey)
	return public && (key.Use == "" || key.Use == "sig") &&
		(key.Algorithm == "" || key.Algorithm == string(jose.RS256))
}
