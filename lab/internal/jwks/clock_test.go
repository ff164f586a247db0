package jwks_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/jwks"
)

// What was fetched before the clock went back is not kept until it is there again.
func TestClockPutBack(t *testing.T) {
	now := time.Now()
	p := newProvider(t, issuer)
	keys := jwks.New(&http.Client{Transport: p}, time.Hour, func() time.Time { return now })
	token := p.token(t, "one")
	verify := func(token *jwks.Token) error {
		_, err := keys.Verify(t.Context(), issuer, token, jose.ES256)
		return err
	}
	if err := verify(token); err != nil {
		t.Fatal(err)
	}
	p.key, p.keyID = newProvider(t, issuer).key, "two"
	now = now.Add(-26 * time.Hour)
	if err := verify(token); !errors.Is(err, jwks.ErrSignature) {
		t.Errorf("a withdrawn key: %v, want %v", err, jwks.ErrSignature)
	}
}

// Nor does it keep unknown keys from being asked for.
func TestRefetchesAfterTheClockWentBack(t *testing.T) {
	now := time.Now()
	p := newProvider(t, issuer)
	keys, unknown := jwks.New(&http.Client{Transport: p}, 100*time.Hour, func() time.Time { return now }), p.token(t, "unknown")
	var counts []int
	for range 2 {
		for range 30 {
			if _, err := keys.Verify(t.Context(), issuer, unknown, jose.ES256); !errors.Is(err, jwks.ErrSignature) {
				t.Fatal(err)
			}
		}
		counts = append(counts, p.count()/2)
		now = now.Add(-26 * time.Hour)
	}
	if counts[0] != 11 || counts[1] < 20 {
		t.Errorf("%d fetches", counts)
	}
}
