package bearer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// BenchmarkMiddleware measures what a request costs: with a verifier that does
// nothing, which is the middleware's own share, with go-oidc's, and that alone. Run it
// with
// go test -run '^$' -bench Middleware -benchmem ./tipcreds/bearer
func BenchmarkMiddleware(b *testing.B) {
	token := mint(b, "a", nil)
	known := &oidc.IDToken{Issuer: issuer, Subject: "a", Expiry: time.Now().Add(time.Hour)}
	trusting := verifierFunc(func(context.Context, string) (*oidc.IDToken, error) { return known, nil })
	for _, bb := range []struct {
		name     string
		verifier bearer.Verifier
	}{{"own", trusting}, {"with go-oidc", staticVerifier()}} {
		b.Run(bb.name, func(b *testing.B) {
			mw, err := bearer.New(fakePool(b, &clients{}), bb.verifier)
			if err != nil {
				b.Fatal(err)
			}
			served := 0
			h := mw(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for n := 1; b.Loop(); n++ {
				if h.ServeHTTP(w, r); served != n {
					b.Fatal(w.Body)
				}
			}
		})
	}
	b.Run("go-oidc alone", func(b *testing.B) {
		v := staticVerifier()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
