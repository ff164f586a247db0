package lab_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// TestSetGroupMembers: what the directory of a lab cannot be told. That it takes
// effect is shown where it matters, in lab/internal/identitystore.
func TestSetGroupMembers(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(strict))
	members := func() (names []string) {
		in, _ := l.State().IdentityStore(labtest.IdentityStoreID)
		g, _ := l.State().GroupNamed(in, labtest.Analysts)
		for _, m := range l.State().Members(in, g.ID) {
			u, _ := l.State().User(in, m.UserID)
			names = append(names, u.UserName)
		}
		return names
	}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"no group":    {l.SetGroupMembers("nobodies"), "there is no such group"},
		"no member":   {l.SetGroupMembers(labtest.Analysts, "nobody"), `there is no user "nobody"`},
		"no user":     {l.SetUserDisabled("nobody", true), "there is no such user"},
		"other case":  {l.SetGroupMembers(labtest.Analysts, "Engineer@EXAMPLE.com", "engineer@example.com"), ""},
		"still there": {l.SetUserDisabled("engineer@example.com", false), ""},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", what, c.err, c.want)
		}
	}
	if got := members(); len(got) != 1 || got[0] != "engineer@example.com" {
		t.Errorf("members %v", got)
	}
	if err := l.SetGroupMembers(labtest.Analysts); err != nil || len(members()) != 0 {
		t.Errorf("emptied: %v, %v", err, members())
	}
}

// TestSetGroupMembersOfStores: of two stores with such a group it is the first's.
func TestSetGroupMembersOfStores(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		strict(w)
		other := w.IdentityCenter[0]
		other.Account, other.ARN, other.IdentityStoreID = appl, "arn:aws:sso:::instance/ssoins-fedcba0987654321", "d-0000000000"
		other.TrustedTokenIssuers, other.Applications = nil, nil
		w.Organization.Management = center
		w.IdentityCenter = append(w.IdentityCenter, other)
	}))
	if err := l.SetGroupMembers(labtest.Analysts); err != nil {
		t.Fatal(err)
	}
	for store, want := range map[string]int{"d-0000000000": 0, labtest.IdentityStoreID: 1} {
		in, _ := l.State().IdentityStore(store)
		g, _ := l.State().GroupNamed(in, labtest.Analysts)
		if got := len(l.State().Members(in, g.ID)); got != want {
			t.Errorf("%s: %d members, want %d", store, got, want)
		}
	}
}
