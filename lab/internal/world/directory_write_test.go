package world_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestDirectoryChanges: what the world refuses, and what indexes say after a change.
func TestDirectoryChanges(t *testing.T) {
	w, in := directoryOf(t, true)
	rename := func(to, mail string) func(*world.User) error {
		return func(u *world.User) error { u.UserName, u.Email = to, mail; return nil }
	}
	_, nameTaken := w.CreateUser(in, world.User{UserName: "TWO"})
	_, mailTaken := w.CreateUser(in, world.User{UserName: "four", Email: "Same@Example.com"})
	_, groupTaken := w.CreateGroup(in, world.Group{DisplayName: "Second"})
	_, noUser := w.CreateMembership(in, world.Membership{GroupID: groupID(1), UserID: userID(9)})
	_, noGroup := w.CreateMembership(in, world.Membership{GroupID: groupID(9), UserID: userID(1)})
	_, there := w.CreateMembership(in, world.Membership{GroupID: groupID(1), UserID: userID(1)})
	own := errors.New("of the edit")
	for name, c := range map[string]struct{ got, want error }{
		"name of another":         {nameTaken, world.ErrUserNameTaken},
		"address of another":      {mailTaken, world.ErrEmailTaken},
		"group's name":            {groupTaken, world.ErrDisplayNameTaken},
		"membership of nobody":    {noUser, world.ErrNoUser},
		"membership in no group":  {noGroup, world.ErrNoGroup},
		"membership twice":        {there, world.ErrMembershipExists},
		"nobody's update":         {w.UpdateUser(in, userID(9), rename("x", "")), world.ErrNoUser},
		"renamed like another":    {w.UpdateUser(in, userID(3), rename("ONE", "")), world.ErrUserNameTaken},
		"address like another":    {w.UpdateUser(in, userID(3), rename("none", "same@EXAMPLE.com")), world.ErrEmailTaken},
		"edit":                    {w.UpdateUser(in, userID(3), func(*world.User) error { return own }), own},
		"nobody's end":            {w.DeleteUser(in, userID(9)), world.ErrNoUser},
		"no group's update":       {w.UpdateGroup(in, groupID(9), nil), world.ErrNoGroup},
		"edit of a group":         {w.UpdateGroup(in, groupID(1), func(*world.Group) error { return own }), own},
		"group like another":      {w.UpdateGroup(in, groupID(1), func(g *world.Group) error { g.DisplayName = "second"; return nil }), world.ErrDisplayNameTaken},
		"no group's end":          {w.DeleteGroup(in, groupID(9)), world.ErrNoGroup},
		"no membership":           {w.DeleteMembership(in, userID(9)), world.ErrNoMembership},
		"two with an old address": {w.UpdateUser(in, userID(1), func(u *world.User) error { u.Title = "x"; return nil }), nil},
		"another case":            {w.UpdateUser(in, userID(2), rename("tWO", "other@example.com")), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	found := func(path, value string) (all []string) {
		for _, u := range w.FindUsers(in, path, value) {
			all = append(all, u.ID)
		}
		return all
	}
	got := [][]string{found("userName", "two"), found("emails.value", "same@example.com"), found("emails.value", "other@example.com"), found("externalIds.value", "x")}
	if diff := cmp.Diff([][]string{{userID(2)}, {userID(1)}, {userID(2)}, {userID(1)}}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if err := w.DeleteUser(in, userID(1)); err != nil {
		t.Fatal(err)
	}
	gone := [][]string{found("userName", "one"), found("emails.value", "same@example.com"), found("externalIds.value", "x")}
	if diff := cmp.Diff([][]string{nil, nil, nil}, gone); diff != "" || len(w.GroupsOf(in, userID(1))) != 0 || len(w.Members(in, groupID(1))) != 0 {
		t.Errorf("after the end: %s, %v, %v", diff, w.GroupsOf(in, userID(1)), w.Members(in, groupID(1)))
	}
	if err := w.DeleteGroup(in, groupID(2)); err != nil {
		t.Fatal(err)
	}
	if _, there := w.GroupNamed(in, "Second"); there || len(w.GroupsOf(in, userID(2))) != 0 {
		t.Error("the group is still there")
	}
}

// TestDirectoryLists: a list stays in the order of ids through changes, and one that
// was read before stays as it was.
func TestDirectoryLists(t *testing.T) {
	w, in := directoryOf(t, false)
	before := w.Users(in)
	was := slices.Clone(before)
	var made []*world.User
	for i := range 50 {
		u, err := w.CreateUser(in, world.User{UserName: fmt.Sprintf("made-%02d", i)})
		if err != nil {
			t.Fatal(err)
		}
		if made = append(made, u); i%3 == 0 {
			if err := w.DeleteUser(in, made[i/2].ID); err != nil && !errors.Is(err, world.ErrNoUser) {
				t.Fatal(err)
			}
		}
		list := w.Users(in)
		if !slices.IsSortedFunc(list, func(a, b *world.User) int { return cmpID(a.ID, b.ID) }) {
			t.Fatalf("after %d the list is out of order", i)
		}
		for _, one := range list {
			if is, ok := w.User(in, one.ID); !ok || is != one {
				t.Fatalf("after %d the list has %s, the index does not", i, one.ID)
			}
		}
	}
	if !slices.Equal(was, before) {
		t.Error("a list that was read has changed")
	}
}

func cmpID(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// TestDirectoryConcurrently is for the race detector.
func TestDirectoryConcurrently(t *testing.T) {
	w, in := directoryOf(t, false)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 50 {
				u, err := w.CreateUser(in, world.User{UserName: fmt.Sprintf("worker-%d-%d", worker, i)})
				if err != nil {
					t.Error(err)
					return
				}
				m, err := w.CreateMembership(in, world.Membership{GroupID: groupID(1), UserID: u.ID})
				if err != nil {
					t.Error(err)
					return
				}
				_, _, _ = w.Users(in), w.Members(in, groupID(1)), w.FindUsers(in, "userName", u.UserName)
				if err := errors.Join(w.DeleteMembership(in, m.ID), w.DeleteUser(in, u.ID)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := len(w.Users(in)); n != 3 {
		t.Errorf("%d users are left", n)
	}
}

// go test -run xxx -bench Directory ./lab/internal/world
func BenchmarkDirectory(b *testing.B) {
	w, in := directoryOf(b, false)
	for i := range 10_000 {
		u, err := w.CreateUser(in, world.User{UserName: fmt.Sprintf("user-%05d", i), Email: fmt.Sprintf("user-%05d@example.com", i)})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.CreateMembership(in, world.Membership{GroupID: groupID(1), UserID: u.ID}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("create, list and delete", func(b *testing.B) {
		for b.Loop() {
			u, err := w.CreateUser(in, world.User{UserName: "one-more"})
			if err != nil {
				b.Fatal(err)
			}
			_ = w.Users(in)
			if err := w.DeleteUser(in, u.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("join, list and leave", func(b *testing.B) {
		for b.Loop() {
			m, err := w.CreateMembership(in, world.Membership{GroupID: groupID(1), UserID: userID(3)})
			if err != nil {
				b.Fatal(err)
			}
			_ = w.Members(in, groupID(1))
			if err := w.DeleteMembership(in, m.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}
