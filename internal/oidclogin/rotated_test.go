package oidclogin_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// A rotated refresh token can be stored before the keys are fetched: a process that
// is killed meanwhile has it.
func TestRotatedBeforeAnythingElse(t *testing.T) {
	p := newIDP(t)
	var stored atomic.Bool
	keys := http.HandlerFunc(p.serveKeys)
	p.jwks = func(w http.ResponseWriter, r *http.Request) {
		if !stored.Load() {
			t.Error("the keys are fetched before the token was handed over")
		}
		p.jwks = nil
		keys(w, r)
	}
	var given secret.Value
	tokens, err := p.refresh(t, func(o *oidclogin.RefreshOptions) {
		o.Rotated = func(fresh secret.Value) error { given = fresh; stored.Store(true); return nil }
	})
	if err != nil || given.IsZero() || given.Reveal() != tokens.RefreshToken.Reveal() {
		t.Errorf("%v, %v", given, err)
	}
}

func TestRotatedCannotBeStored(t *testing.T) {
	p := newIDP(t)
	full := errors.New("the disk is full")
	tokens, err := p.refresh(t, func(o *oidclogin.RefreshOptions) { o.Rotated = func(secret.Value) error { return full } })
	if !errors.Is(err, full) || !tokens.Rotated || tokens.RefreshToken.IsZero() || !tokens.IDToken.IsZero() {
		t.Errorf("%+v, %v", tokens, err)
	}
}

// The same token again is nothing new.
func TestNotRotated(t *testing.T) {
	p := newIDP(t)
	p.answer = set("refresh_token", nil)
	if _, err := p.refresh(t, func(o *oidclogin.RefreshOptions) {
		o.Rotated = func(secret.Value) error { t.Error("called"); return nil }
	}); err != nil {
		t.Error(err)
	}
}
