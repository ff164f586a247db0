package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const threeAccounts = `version: 1
region: eu-west-1
accounts:
  - {id: "111122223333", name: first}
  - {id: "444455556666"}
  - {id: "777788889999"}
organization:
  management: "444455556666"
  outside: ["777788889999"]
  delegatedAdministrators:
    sso.amazonaws.com: ["111122223333"]
    cloudtrail.amazonaws.com: ["111122223333"]
`

func bootstrapped(t *testing.T, seed string) *world.World {
	t.Helper()
	f, err := world.Parse([]byte(threeAccounts), "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Bootstrap([]byte(seed)); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestBootstrap: the keys follow from the seed and the account alone.
func TestBootstrap(t *testing.T) {
	keys := func(seed, account string) string {
		w := bootstrapped(t, seed)
		s, ok := w.Administrator(account)
		if !ok {
			t.Fatalf("%s has no administrator", account)
		}
		if found, ok := w.LiveSession(s.AccessKeyID); !ok || found != s {
			t.Errorf("%s: the session of the key is %v", account, found)
		}
		return strings.Join([]string{s.AccessKeyID, s.SecretAccessKey, s.SessionToken}, " ")
	}
	first := keys("one", "111122223333")
	if again := keys("one", "111122223333"); again != first {
		t.Error("the same seed gives other keys")
	}
	if keys("two", "111122223333") == first || keys("one", "444455556666") == first {
		t.Error("another seed or account gives the same keys")
	}
	w := bootstrapped(t, "one")
	if _, ok := w.Administrator("999999999999"); ok {
		t.Error("an account that is not there has an administrator")
	}
	if s, _ := w.Administrator("111122223333"); s != nil {
		copied := *s
		if policies, ok := w.IdentityPolicies(&copied); ok {
			t.Errorf("a session that looks like it has %d policies", len(policies))
		}
	}
}

// TestAccounts tells what each account is.
func TestAccounts(t *testing.T) {
	want := []world.OrganizationAccount{
		{ID: "111122223333", Name: "first", Administers: []string{"cloudtrail.amazonaws.com", "sso.amazonaws.com"}},
		{ID: "444455556666", Management: true},
		{ID: "777788889999", Outside: true},
	}
	if diff := cmp.Diff(want, bootstrapped(t, "one").Accounts()); diff != "" {
		t.Error(diff)
	}
}
