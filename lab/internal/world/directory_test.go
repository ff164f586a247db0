package world_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// FuzzFoldKey holds keys against what they stand for.
func FuzzFoldKey(f *testing.F) {
	for _, s := range []string{"", "user", "USER", "ﬀ", "ſ", "s", "K", "k", "Σ", "ς", "σ", "İ", "i", "ß", "ẞ", "\xff", "\uFFFD", "a\xff"} {
		for _, t := range []string{s, strings.ToUpper(s), strings.ToLower(s), "S", "\uFFFD", "ς"} {
			f.Add(s, t)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if got, want := world.FoldKey(a) == world.FoldKey(b), strings.EqualFold(a, b); got != want {
			t.Errorf("%q and %q: the same key %t, equal %t", a, b, got, want)
		}
	})
}

// directoryOf is a world with a directory of its own.
func directoryOf(tb testing.TB, fold bool) (*world.World, *world.Instance) {
	tb.Helper()
	w := smallWorld(tb, time.Now, func(f *world.File) {
		f.Switches.FoldUserAttributes = &fold
		f.IdentityCenter = []world.InstanceFile{{
			Account: "111122223333", ARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef", IdentityStoreID: "d-1234567890",
			Users: []world.UserFile{
				{ID: userID(2), UserName: "Two", Email: "same@example.com"},
				{ID: userID(1), UserName: "one", Email: "SAME@example.com", ExternalIDs: []world.ExternalIDFile{{ID: "x"}, {ID: "X"}}},
				{ID: userID(3), UserName: "none"},
			},
			Groups: []world.GroupFile{
				{ID: groupID(2), DisplayName: "Second", Members: []string{"one", "ONE", "two"}},
				{ID: groupID(1), DisplayName: "first", Members: []string{"one"}},
				{ID: groupID(3), DisplayName: "second"},
			},
		}}
	})
	in, ok := w.IdentityStore("d-1234567890")
	if !ok {
		tb.Fatal("no identity store")
	}
	return w, in
}

func userID(n int) string  { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
func groupID(n int) string { return fmt.Sprintf("11111111-0000-4000-8000-%012d", n) }

func TestFindUsers(t *testing.T) {
	for _, c := range []struct {
		path, value  string
		exact, folds []int
	}{
		{"userName", "Two", []int{2}, []int{2}},
		{"userName", "TWO", nil, []int{2}},
		{"userName", "", nil, nil},
		{"emails.value", "same@example.com", []int{2}, []int{1, 2}},
		{"emails.value", "Same@example.com", nil, []int{1, 2}},
		{"emails.value", "", nil, nil},
		{"externalIds.value", "x", []int{1}, []int{1}},
		{"externalIds.value", "y", nil, nil},
		{"displayName", "Two", nil, nil},
	} {
		for fold, want := range map[bool][]int{false: c.exact, true: c.folds} {
			w, in := directoryOf(t, fold)
			var got []string
			for _, u := range w.FindUsers(in, c.path, c.value) {
				got = append(got, u.ID)
			}
			if diff := cmp.Diff(ids(userID, want), got); diff != "" {
				t.Errorf("%s %q, fold %t:\n%s", c.path, c.value, fold, diff)
			}
		}
	}
}

func ids(of func(int) string, numbers []int) []string {
	var list []string
	for _, n := range numbers {
		list = append(list, of(n))
	}
	return list
}

// Groups and users come in the order of their ids, once each, whatever the file repeats.
func TestDirectoryOrder(t *testing.T) {
	w, in := directoryOf(t, false)
	groups := func(list []*world.Group) (found []string) {
		for _, g := range list {
			found = append(found, g.ID)
		}
		return found
	}
	for n, want := range map[int][]int{1: {1, 2}, 2: {2}, 3: nil, 4: nil} {
		if diff := cmp.Diff(ids(groupID, want), groups(w.GroupsOf(in, userID(n)))); diff != "" {
			t.Errorf("groups of %d:\n%s", n, diff)
		}
	}
	if diff := cmp.Diff(ids(groupID, []int{1, 2, 3}), groups(w.Groups(in))); diff != "" {
		t.Error(diff)
	}
	var users []string
	for _, u := range w.Users(in) {
		users = append(users, u.ID)
	}
	if diff := cmp.Diff(ids(userID, []int{1, 2, 3}), users); diff != "" {
		t.Error(diff)
	}
}

// What a lookup returned is the caller's: changing the list changes no index.
func TestFoundListsAreCopies(t *testing.T) {
	w, in := directoryOf(t, true)
	clear(w.FindUsers(in, "emails.value", "same@example.com"))
	clear(w.GroupsOf(in, userID(1)))
	if users, groups := w.FindUsers(in, "emails.value", "same@example.com"), w.GroupsOf(in, userID(1)); users[0] == nil || groups[0] == nil {
		t.Errorf("%v, %v", users, groups)
	}
}
