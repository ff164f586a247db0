package jwks

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Token is a JWT that was parsed, but not verified.
type Token struct {
	// Raw is the compact serialization.
	Raw string
	// Algorithm and KeyID of the header.
	Algorithm, KeyID string
	// Claims of the payload; numbers are json.Number.
	Claims map[string]any

	jws *jose.JSONWebSignature
}

// known lists the algorithms that a header may name at all. "none" and the
// HMAC family are not among them, so that no key can ever be mistaken for a secret.
var known = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	jose.PS256, jose.PS384, jose.PS512, jose.EdDSA,
}

// Parse reads the compact serialization of a signed JWT without verifying it.
// The error is [ErrMalformed], or [ErrAlgorithm] for one that is unsigned or
// names an algorithm that no issuer may use.
func Parse(raw string) (*Token, error) {
	if strings.Count(raw, ".") != 2 {
		return nil, ErrMalformed
	}
	jws, err := jose.ParseSignedCompact(raw, known)
	if err != nil {
		if headerAlgorithm(raw) != "" {
			return nil, ErrAlgorithm
		}
		return nil, ErrMalformed
	}
	dec := json.NewDecoder(bytes.NewReader(jws.UnsafePayloadWithoutVerification()))
	dec.UseNumber()
	t := &Token{Raw: raw, jws: jws, Algorithm: jws.Signatures[0].Header.Algorithm, KeyID: jws.Signatures[0].Header.KeyID}
	if err := dec.Decode(&t.Claims); err != nil || t.Claims == nil || dec.More() {
		return nil, ErrMalformed
	}
	return t, nil
}

// headerAlgorithm returns the alg of a well-formed header that names one we do not know.
func headerAlgorithm(raw string) string {
	header, _, _ := strings.Cut(raw, ".")
	text, err := decodeSegment(header)
	if err != nil {
		return ""
	}
	var h struct {
		Alg string `json:"alg"`
	}
	if json.Unmarshal(text, &h) != nil {
		return ""
	}
	for _, a := range known {
		if string(a) == h.Alg {
			return ""
		}
	}
	return h.Alg
}

// Payload is what was signed, decoded: the claims as JSON text.
func (t *Token) Payload() []byte { return t.jws.UnsafePayloadWithoutVerification() }

// String returns a claim that is a non-empty string.
func (t *Token) String(claim string) (string, bool) {
	s, ok := t.Claims[claim].(string)
	return s, ok && s != ""
}

// Audience returns the aud claim, which is a string or a list of strings. It is
// nil if any entry is something else.
func (t *Token) Audience() []string {
	switch aud := t.Claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		all := make([]string, 0, len(aud))
		for _, entry := range aud {
			s, ok := entry.(string)
			if !ok {
				return nil
			}
			all = append(all, s)
		}
		return all
	}
	return nil
}

// Time returns a NumericDate claim (RFC 7519). present tells a missing claim
// from one that is no whole number of seconds, for which ok is false.
func (t *Token) Time(claim string) (at time.Time, present, ok bool) {
	v, present := t.Claims[claim]
	if !present {
		return time.Time{}, false, false
	}
	n, isNumber := v.(json.Number)
	if !isNumber {
		return time.Time{}, true, false
	}
	seconds, err := n.Int64()
	if err != nil || seconds < 0 || seconds > math.MaxInt32*100 {
		return time.Time{}, true, false
	}
	return time.Unix(seconds, 0), true, true
}

// Path looks a claim up by a path whose parts are joined by dots. A claim whose
// whole name is the path comes first.
func (t *Token) Path(path string) (string, bool) {
	if s, ok := t.String(path); ok {
		return s, true
	}
	var at any = t.Claims
	for part := range strings.SplitSeq(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return "", false
		}
		at = m[part]
	}
	s, ok := at.(string)
	return s, ok && s != ""
}
