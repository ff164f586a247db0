package thumbprint_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/thumbprint"
)

// provider answers a discovery document with what it is told to, %s being its address.
func provider(t *testing.T, status int, document string) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/issuer/.well-known/openid-configuration":
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, strings.ReplaceAll(document, "%s", s.URL))
		case "/moved/.well-known/openid-configuration":
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		case "/keys":
			http.Redirect(w, r, "https://127.0.0.1:1/elsewhere", http.StatusFound) // nobody goes there
		}
	}))
	t.Cleanup(s.Close)
	return s
}

const document = `{"issuer": "%s/issuer", "jwks_uri": "%s/keys"}`

func TestLook(t *testing.T) {
	s := provider(t, http.StatusOK, document)
	for _, issuer := range []string{s.URL + "/issuer", s.URL + "/issuer/"} {
		got, err := thumbprint.Look(t.Context(), s.Client(), issuer)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(s.Certificate().Raw)
		want := thumbprint.Chain{Issuer: s.URL + "/issuer", Host: "127.0.0.1", Thumbprint: hex.EncodeToString(sum[:]), Alone: true}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestLookFails(t *testing.T) {
	for name, tt := range map[string]struct {
		status         int
		document, path string
		want           string
	}{
		"not there":         {http.StatusNotFound, "", "/issuer", "HTTP status 404"},
		"no document":       {http.StatusOK, "hello", "/issuer", "malformed"},
		"too much":          {http.StatusOK, `{"issuer": "` + strings.Repeat("x", 2<<20), "/issuer", "malformed"},
		"long issuer":       {http.StatusOK, `{"issuer": "` + strings.Repeat("x", 3000) + `", "jwks_uri": "%s/keys"}`, "/issuer", "more than 2048 characters"},
		"long jwks_uri":     {http.StatusOK, `{"jwks_uri": "https://a.b/` + strings.Repeat("x", 3000) + `"}`, "/issuer", "more than 2048 characters"},
		"lists":             {http.StatusOK, `{"issuer": [], "jwks_uri": {}}`, "/issuer", "malformed"},
		"no keys":           {http.StatusOK, `{"issuer": "%s"}`, "/issuer", `has the jwks_uri ""`},
		"keys without TLS":  {http.StatusOK, `{"jwks_uri": "http://idp.example.com/keys"}`, "/issuer", "no https address"},
		"keys nowhere":      {http.StatusOK, `{"jwks_uri": "https://127.0.0.1:1/keys"}`, "/issuer", "ask 127.0.0.1:1 for its keys"},
		"keys in no host":   {http.StatusOK, `{"jwks_uri": "https:///keys"}`, "/issuer", "no https address"},
		"no address":        {http.StatusOK, `{"jwks_uri": "https://a b"}`, "/issuer", "no https address"},
		"redirected":        {http.StatusOK, document, "/moved", "redirected to where nobody should be"},
		"null":              {http.StatusOK, `null`, "/issuer", "no https address"},
		"another host only": {http.StatusOK, `{"jwks_uri": "https://idp.invalid/keys"}`, "/issuer", "ask idp.invalid for its keys"},
	} {
		t.Run(name, func(t *testing.T) {
			s := provider(t, tt.status, tt.document)
			_, err := thumbprint.Look(t.Context(), s.Client(), s.URL+tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// Whom the client does not trust, nobody else is to trust because of it.
func TestLookBelievesNobody(t *testing.T) {
	s := provider(t, http.StatusOK, document)
	if got, err := thumbprint.Look(t.Context(), http.DefaultClient, s.URL+"/issuer"); err == nil {
		t.Errorf("%+v", got)
	}
}

func TestLookEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := provider(t, http.StatusOK, document)
	if _, err := thumbprint.Look(ctx, s.Client(), s.URL+"/issuer"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
