package world_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const account, region = "444455556666", "eu-west-1"

// instanceOf is a world with an instance that has one location.
func instanceOf(tb testing.TB) (*world.World, *world.AccessGrants) {
	tb.Helper()
	w, err := world.New(&world.File{Version: 1, Region: region, Accounts: []world.AccountFile{{ID: account}}}, time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	g := w.NewAccessGrants(account, region)
	if err := errors.Join(g.AddLocation(&world.Location{ID: "default", Scope: "s3://"}), w.AddAccessGrants(g)); err != nil {
		tb.Fatal(err)
	}
	return w, g
}

func grantOf(n int) *world.Grant {
	return &world.Grant{ID: fmt.Sprint(n), LocationID: "default", Scope: fmt.Sprintf("s3://b/%d/*", n), Permission: "READ", Grantee: world.IAMGrantee, GranteeID: "arn"}
}

func grantIDs(g *world.AccessGrants) (all []string) {
	for _, one := range g.Grants {
		all = append(all, one.ID+" "+one.Permission)
	}
	return all
}

// Whoever holds an instance goes on reading it as it was, whatever is done meanwhile.
func TestSnapshotsStay(t *testing.T) {
	w, first := instanceOf(t)
	seen := map[*world.AccessGrants][]string{first: nil}
	change := func(edit func(*world.AccessGrants) error) error {
		g, err := w.ChangeAccessGrants(account, region, edit)
		if err == nil {
			seen[g] = slices.Clone(grantIDs(g))
		}
		return err
	}
	refusal := errors.New("refused")
	for n := range 40 {
		if err := change(func(g *world.AccessGrants) error { return g.AddGrant(grantOf(n)) }); err != nil {
			t.Fatal(err)
		}
		if err := change(func(g *world.AccessGrants) error { // leaves nothing behind
			return errors.Join(g.AddGrant(grantOf(1000+n)), refusal)
		}); !errors.Is(err, refusal) {
			t.Fatal(err)
		}
		if n%3 != 0 {
			continue
		}
		if err := change(func(g *world.AccessGrants) error { return g.RemoveGrant(g.Grants[len(g.Grants)/2].ID) }); err != nil {
			t.Fatal(err)
		}
		if err := change(func(g *world.AccessGrants) error {
			if len(g.Grants) == 0 {
				return world.ErrNoGrant
			}
			edited := *g.Grants[0]
			edited.Permission = "WRITE"
			return g.ReplaceGrant(&edited)
		}); err != nil && !errors.Is(err, world.ErrNoGrant) {
			t.Fatal(err)
		}
	}
	for g, want := range seen {
		if diff := cmp.Diff(want, grantIDs(g)); diff != "" {
			t.Fatalf("a snapshot changed (-want +got):\n%s", diff)
		}
	}
	now, _ := w.AccessGrants(account, region)
	if !slices.IsSortedFunc(now.Grants, func(a, b *world.Grant) int { return a.Number - b.Number }) || slices.ContainsFunc(grantIDs(now), func(id string) bool { return len(strings.Fields(id)[0]) > 3 }) {
		t.Errorf("grants %v", grantIDs(now))
	}
}

func TestSnapshotsOfLocationsStay(t *testing.T) {
	w, first := instanceOf(t)
	second, err := w.ChangeAccessGrants(account, region, func(g *world.AccessGrants) error {
		return errors.Join(g.AddLocation(&world.Location{ID: "a", Scope: "s3://a"}), g.AddLocation(&world.Location{ID: "b", Scope: "s3://b"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangeAccessGrants(account, region, func(g *world.AccessGrants) error {
		return g.ReplaceLocation(&world.Location{ID: "default", Scope: "s3://", RoleARN: "new"})
	}); err != nil {
		t.Fatal(err)
	}
	third, err := w.ChangeAccessGrants(account, region, func(g *world.AccessGrants) error { return g.AddLocation(&world.Location{ID: "c", Scope: "s3://c"}) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangeAccessGrants(account, region, func(g *world.AccessGrants) error {
		return errors.Join(g.RemoveLocation("a"), g.RemoveLocation("c"))
	}); err != nil {
		t.Fatal(err)
	}
	for g, want := range map[*world.AccessGrants]string{first: "default", second: "default a b", third: "default/new a b c"} {
		var got []string
		for _, l := range g.Locations {
			got = append(got, strings.TrimSuffix(l.ID+"/"+l.RoleARN, "/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("a snapshot changed: %v, want %s", got, want)
		}
	}
	if now, _ := w.AccessGrants(account, region); len(now.Locations) != 2 || now.Locations[0].RoleARN != "new" || now.Locations[1].ID != "b" {
		t.Errorf("locations %+v", now.Locations)
	}
}

func TestRefusalsOfAccessGrants(t *testing.T) {
	w, _ := instanceOf(t)
	change := func(edit func(*world.AccessGrants) error) error {
		_, err := w.ChangeAccessGrants(account, region, edit)
		return err
	}
	if err := change(func(g *world.AccessGrants) error { g.MaxGrants, g.MaxLocations = 1, 1; return g.AddGrant(grantOf(1)) }); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err, want error
	}{
		"second instance": {w.AddAccessGrants(w.NewAccessGrants(account, region)), world.ErrAccessGrantsExist},
		"change of none":  {errOf(w.ChangeAccessGrants(account, "us-east-1", nil)), world.ErrNoAccessGrants},
		"removal of none": {w.RemoveAccessGrants(account, "us-east-1", nil), world.ErrNoAccessGrants},
		"location twice":  {change(func(g *world.AccessGrants) error { return g.AddLocation(&world.Location{ID: "x", Scope: "s3://"}) }), world.ErrLocationExists},
		"location id twice": {change(func(g *world.AccessGrants) error {
			return g.AddLocation(&world.Location{ID: "default", Scope: "s3://x"})
		}), world.ErrLocationExists},
		"too many locations": {change(func(g *world.AccessGrants) error { return g.AddLocation(&world.Location{ID: "x", Scope: "s3://x"}) }), world.ErrLocationQuota},
		"grant twice":        {change(func(g *world.AccessGrants) error { n := grantOf(1); n.ID = "x"; return g.AddGrant(n) }), world.ErrGrantExists},
		"grant id twice":     {change(func(g *world.AccessGrants) error { n := grantOf(2); n.ID = "1"; return g.AddGrant(n) }), world.ErrGrantExists},
		"too many grants":    {change(func(g *world.AccessGrants) error { return g.AddGrant(grantOf(2)) }), world.ErrGrantQuota},
		"location in use":    {change(func(g *world.AccessGrants) error { return g.RemoveLocation("default") }), world.ErrLocationInUse},
		"no location":        {change(func(g *world.AccessGrants) error { return g.RemoveLocation("x") }), world.ErrNoLocation},
		"no grant":           {change(func(g *world.AccessGrants) error { return g.RemoveGrant("x") }), world.ErrNoGrant},
		"another location":   {change(func(g *world.AccessGrants) error { return g.ReplaceLocation(&world.Location{ID: "x"}) }), world.ErrNoLocation},
		"another grant":      {change(func(g *world.AccessGrants) error { return g.ReplaceGrant(&world.Grant{ID: "x"}) }), world.ErrNoGrant},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

// A world file is refused for what the API refuses, and for what it cannot say.
func TestRefusedAccessGrantsFiles(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*world.AccessGrantsFile)
		want string
	}{
		"too many locations":  {func(g *world.AccessGrantsFile) { g.MaxLocations = 1 }, "too many locations"},
		"too many grants":     {func(g *world.AccessGrantsFile) { g.MaxGrants = 2 }, "2 at most are allowed"},
		"higher quota":        {func(g *world.AccessGrantsFile) { g.MaxGrants = 100_001 }, "1 to 100000 are allowed"},
		"negative quota":      {func(g *world.AccessGrantsFile) { g.MaxLocations = -1 }, "1 to 1000 are allowed"},
		"tag":                 {func(g *world.AccessGrantsFile) { g.Tags = map[string]string{"aws:x": ""} }, "tags"},
		"tag of a location":   {func(g *world.AccessGrantsFile) { g.Locations[0].Tags = map[string]string{"": "x"} }, "tags"},
		"tag of a grant":      {func(g *world.AccessGrantsFile) { g.Grants[0].Tags = map[string]string{"": "x"} }, "tags"},
		"everything":          {func(g *world.AccessGrantsFile) { g.Grants[0].SubPrefix = "*" }, "a grant of all buckets"},
		"bad bucket":          {func(g *world.AccessGrantsFile) { g.Grants[0].SubPrefix = "B/*" }, "names no bucket"},
		"object without key":  {func(g *world.AccessGrantsFile) { g.Grants[0].SubPrefix, g.Grants[0].Object = "b/", true }, "needs a key"},
		"location's bucket":   {func(g *world.AccessGrantsFile) { g.Locations[1].Scope = "s3:///x*" }, "names no bucket"},
		"whole default":       {func(g *world.AccessGrantsFile) { g.Grants[0].SubPrefix = "" }, "needs a subPrefix"},
		"no star":             {func(g *world.AccessGrantsFile) { g.Grants[0].SubPrefix = "b/k" }, "any other with one"},
		"object with a star":  {func(g *world.AccessGrantsFile) { g.Grants[0].Object = true }, "without a star"},
		"IAM and application": {func(g *world.AccessGrantsFile) { g.Grants[6].Application = g.Grants[7].Application }, "the grantee is of IAM"},
		"twice":               {func(g *world.AccessGrantsFile) { g.Grants = append(g.Grants, g.Grants[0]) }, "stands twice"},
	} {
		f := defaultFile(t)
		c.edit(&f.AccessGrants[0])
		if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A membership that changes is seen from both sides, and what was read stays as it was.
func TestSetGroupMembers(t *testing.T) {
	w, in := directoryOf(t, false)
	names := func(user int) (all []string) {
		for _, g := range w.GroupsOf(in, userID(user)) {
			all = append(all, g.DisplayName)
		}
		return all
	}
	members := func() (all []string) {
		for _, m := range w.Members(in, groupID(1)) {
			all = append(all, m.UserID)
		}
		slices.Sort(all)
		return all
	}
	before, list := members(), w.Members(in, groupID(1))
	if err := w.SetGroupMembers(in, groupID(1), userID(2), userID(3)); err != nil {
		t.Fatal(err)
	}
	after := members()
	if diff := cmp.Diff([][]string{{"Second"}, {"first", "Second"}, {"first"}}, [][]string{names(1), names(2), names(3)}); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{userID(1)}, {userID(2), userID(3)}}, [][]string{before, after}); diff != "" || list[0].UserID != userID(1) {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for _, err := range []error{w.SetGroupMembers(in, groupID(9)), w.SetGroupMembers(in, groupID(1), userID(9))} {
		if !errors.Is(err, world.ErrNoMember) {
			t.Errorf("%v, want ErrNoMember", err)
		}
	}
	if err := w.SetGroupMembers(in, groupID(1)); err != nil || len(names(3)) != 0 {
		t.Errorf("emptied: %v, %v", err, names(3))
	}
}
