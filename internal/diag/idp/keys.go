package idp

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// maxKeys is how many of either kind STS takes.
const maxKeys = 100

// keySet are the keys that can make RS256 signatures.
type keySet []jose.JSONWebKey

var _ chain.KeySet = keySet(nil)

var errSignature = errors.New("the signature is wrong")

// Verify implements [chain.KeySet]. A token without kid may be signed with any key.
func (k keySet) Verify(token secret.Value) error {
	jws, err := jose.ParseSignedCompact(token.Reveal(), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(jws.Signatures) != 1 {
		return errors.New("it is not signed with RS256")
	}
	kid, known := jws.Signatures[0].Header.KeyID, false
	for i := range k {
		if kid != "" && k[i].KeyID != kid {
			continue
		}
		known = true
		if _, err := jws.Verify(k[i].Key); err == nil {
			return nil
		}
	}
	if !known {
		return chain.ErrNoKey
	}
	return errSignature
}

// jwks is what a key set holds.
type jwks struct {
	rs256        keySet
	rsa, ec      int
	all, without int // keys, and those without an id
}

// parseKeys leaves out what cannot be read (RFC 7517 section 5).
func parseKeys(body []byte) (*jwks, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("it is not a JSON Web Key Set")
	}
	found := &jwks{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && !(key.Use != "" && key.Use != "sig") {
			found.add(key)
		}
	}
	return found, nil
}

func (j *jwks) add(key jose.JSONWebKey) {
	const smallest, longest = 1024, 16384 // bits
	j.all++
	if key.KeyID == "" {
		j.without++
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		j.rsa++
		bits := public.N.BitLen()
		if bits >= smallest && bits <= longest && (key.Algorithm == "" || key.Algorithm == string(jose.RS256)) {
			j.rs256 = append(j.rs256, key)
		}
	case *ecdsa.PublicKey:
		j.ec++
	}
}

func (s *section) checkKeys(ctx context.Context) {
	address := s.doc.text("jwks_uri")
	switch {
	case address == "":
		s.log.Skip("idp.keys", "needs jwks_uri, see idp.metadata")
		return
	case !safe(address, s.plainIssuer()):
		s.log.Found("idp.endpoint-insecure", address, "jwks_uri is "+shown(address), s.mendEndpoint("jwks_uri"))
		s.log.Skip("idp.keys", "they are not fetched from where anybody may change them, see idp.endpoints")
		return
	}
	a, err := s.get(ctx, address)
	if err != nil {
		s.log.Found("idp.keys-unreachable", address, cause(err), s.publishKeys())
		return
	}
	if !a.ok() {
		s.log.Found("idp.keys-unreachable", address, fmt.Sprintf("HTTP status %d", a.status), s.publishKeys())
		return
	}
	found, err := parseKeys(a.body)
	if err != nil {
		s.log.Found("idp.keys-unreachable", address, err.Error(), s.publishKeys())
		return
	}
	s.judgeKeys(address, found)
}

func (s *section) judgeKeys(address string, j *jwks) {
	counted := fmt.Sprintf("signing keys: %d, of them %d RSA and %d EC; %d can be used for RS256", j.all, j.rsa, j.ec, len(j.rs256))
	switch {
	case len(j.rs256) == 0:
		s.log.Found("idp.no-rsa-key", address, counted, s.signRS256())
	case j.rsa > maxKeys || j.ec > maxKeys:
		s.log.Found("idp.too-many-keys", address, fmt.Sprintf("%s; STS takes %d of a kind", counted, maxKeys), s.retireKeys())
	case j.without > 0 && j.all > 1:
		s.chain.Issuer.Keys = j.rs256
		s.log.Found("idp.keys-without-id", address, fmt.Sprintf("%d of %d signing keys have no kid", j.without, j.all), s.nameKeys())
	default:
		s.chain.Issuer.Keys = j.rs256
		s.log.OK("idp.keys", counted)
	}
}
