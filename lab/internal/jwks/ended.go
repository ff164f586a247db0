package jwks

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// SetEnded has ended asked of every token that verifies, by its claims that are
// texts, whether it was ended before its time, and when: that is then its exp claim.
// It must be called before k is used.
func (k *Keys) SetEnded(ended func(claim func(string) (string, bool)) (time.Time, bool)) {
	k.ended = ended
}

// Verify checks t's signature with the keys of issuer; algorithms lists what is
// accepted. The caller must have checked that it trusts issuer.
func (k *Keys) Verify(ctx context.Context, issuer string, t *Token, algorithms ...jose.SignatureAlgorithm) (Discovery, error) {
	if !slices.Contains(algorithms, jose.SignatureAlgorithm(t.Algorithm)) {
		return Discovery{}, ErrAlgorithm
	}
	doc, err := k.verify(ctx, issuer, t)
	if err != nil || k.ended == nil {
		return doc, err
	}
	if at, ok := k.ended(t.String); ok {
		t.Claims["exp"] = json.Number(strconv.FormatInt(at.Unix(), 10))
	}
	return doc, nil
}
