package store_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

func keyless(t *testing.T) *store.Store {
	t.Helper()
	return store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
}

func TestIdentity(t *testing.T) {
	s := keyless(t)
	if _, err := s.LoadIdentity(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without a file: %v", err)
	}
	want := store.Identity{
		AccessKeyID: "ASIAEXAMPLE", AssumedRoleARN: "arn", IdentityStoreID: "d-1234567890", IdentityStoreARN: "store", InstanceARN: "instance",
		ApplicationARN: "application", TrustedTokenIssuerARN: "issuer", CredentialID: "credential",
	}
	if err := s.SaveIdentity(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadIdentity()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := s.SaveIdentity(store.Identity{IdentityStoreID: "d-1234567890"}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("an identity of no session is saved: %v", err)
	}
	for _, text := range []string{`{"identity_store_id": "d-1234567890"}`, `{"access_key_id": 7}`, `{`} {
		if err := os.WriteFile(s.Path(store.IdentityFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LoadIdentity(); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := s.ClearIdentity(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadIdentity(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after clearing: %v", err)
	}
}

func TestPeek(t *testing.T) {
	s := keyless(t)
	if _, err := s.PeekIDPToken(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := s.PeekApplicationToken(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without a file: %v", err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	held := store.IDPToken{Token: secret.New("jwt"), RefreshToken: secret.New("refresh"), ObtainedAt: at, Fingerprint: "f"}
	for name, test := range map[string]struct {
		held store.IDPToken
		want store.PeekedToken
	}{
		"refreshable": {held, store.PeekedToken{Refreshable: true, ObtainedAt: at, Fingerprint: "f"}},
		"spent":       {held.MarkSpent(at), store.PeekedToken{Refreshable: true, RequiresRefresh: true, ObtainedAt: at, Fingerprint: "f"}},
		"without":     {store.IDPToken{Token: secret.New("jwt"), ObtainedAt: at}, store.PeekedToken{ObtainedAt: at}},
	} {
		if err := s.SaveIDPToken(t.Context(), test.held); err != nil {
			t.Fatal(err)
		}
		got, err := s.PeekIDPToken()
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if err := s.SaveApplicationToken(t.Context(), store.ApplicationToken{RefreshToken: secret.New("r"), Fingerprint: "f", ObtainedAt: at}); err != nil {
		t.Fatal(err)
	}
	got, err := s.PeekApplicationToken()
	if err != nil || !got.RefreshToken.IsZero() || got.Fingerprint != "f" || !got.ObtainedAt.Equal(at) {
		t.Errorf("%v %+v", err, got)
	}
	// The original's file, which is not sealed.
	if err := os.WriteFile(s.Path(store.IDPTokenFile), []byte(`{"token": "jwt", "refresh_token": "r", "requires_refresh": false}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.PeekIDPToken(); err != nil || got != (store.PeekedToken{Refreshable: true}) {
		t.Errorf("the original's: %v %+v", err, got)
	}
}
