package idp_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// stateWorld is the default world of the lab.
func stateWorld(t *testing.T) *world.World {
	t.Helper()
	text, err := os.ReadFile("../../default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, "127.0.0.1:4000")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A state goes through JSON and back; what it tells of nobody is dropped, and
// what is no key is refused.
func TestState(t *testing.T) {
	w := stateWorld(t)
	s, err := idp.New(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Issue("okta", "analyst", "0oaTipCliEXAMPLE", idp.IssueOptions{}); err != nil {
		t.Fatal(err)
	}
	told := func(s *idp.Service) string {
		t.Helper()
		state, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	restored := func(edit func(*idp.IssuerState)) (*idp.Service, error) {
		t.Helper()
		var state idp.State
		if err := json.Unmarshal([]byte(told(s)), &state); err != nil {
			t.Fatal(err)
		}
		edit(state.Issuers["okta"])
		return idp.New(stateWorld(t), idp.WithState(&state))
	}
	again, err := restored(func(*idp.IssuerState) {})
	if err != nil || told(again) != told(s) {
		t.Errorf("another state, %v", err)
	}
	gone, err := restored(func(o *idp.IssuerState) {
		o.Grants = append(o.Grants, idp.GrantState{Client: "nobody", Person: "analyst"}, idp.GrantState{Client: "0oaTipCliEXAMPLE", Person: "nobody"})
		for _, grant := range []int{-1, 0, 1, 7} {
			o.Refresh = append(o.Refresh, idp.TokenState{Digest: make([]byte, 32), Grant: grant, Ends: time.Now().Add(time.Hour)})
			o.Access = append(o.Access, idp.TokenState{Digest: []byte("short"), Grant: grant, Ends: time.Now().Add(time.Hour)})
		}
		o.Browsers = append(o.Browsers, idp.BrowserState{Digest: make([]byte, 32), Person: "nobody", Ends: time.Now().Add(time.Hour)})
	})
	if err != nil || told(gone) != told(s) {
		t.Errorf("what is nobody's is kept, %v", err)
	}
	if _, err := restored(func(o *idp.IssuerState) { o.Keys[0].Private = []byte("x") }); err == nil {
		t.Error("a key that is none was taken")
	}
}
