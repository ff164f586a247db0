package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// What an export writes and nobody else should is checked all the same.
func TestRefusalsOfExportedKeys(t *testing.T) {
	text, one := "x", func(v ...world.SecretVersionFile) func(*world.File) {
		return func(f *world.File) {
			f.Accounts[0].Secrets = []world.SecretFile{{Name: "s", Versions: v}}
		}
	}
	grants := func(f *world.File) *world.AccessGrantsFile { return &f.AccessGrants[0] }
	for name, c := range map[string]struct {
		edit func(*world.File)
		want string
	}{
		"value and versions": {func(f *world.File) {
			one(world.SecretVersionFile{ID: "v", Text: &text})(f)
			f.Accounts[0].Secrets[0].Value = "x"
		}, "without versions"},
		"binary":           {one(world.SecretVersionFile{ID: "v", Binary: "?"}), "binary"},
		"no id":            {one(world.SecretVersionFile{Text: &text}), "the id is missing"},
		"id twice":         {one(world.SecretVersionFile{ID: "v", Text: &text}, world.SecretVersionFile{ID: "v", Text: &text}), "stands twice"},
		"stage twice":      {one(world.SecretVersionFile{ID: "v", Text: &text, Stages: []string{"a"}}, world.SecretVersionFile{ID: "w", Text: &text, Stages: []string{"a"}}), "stage a stands twice"},
		"no value":         {one(world.SecretVersionFile{ID: "v"}), "a text or a binary"},
		"two values":       {one(world.SecretVersionFile{ID: "v", Text: &text, Binary: "AAAA"}), "a text or a binary"},
		"versioning twice": {func(f *world.File) { f.Buckets[0].Versioning, f.Buckets[0].Suspended = true, true }, "on or suspended"},
		"application":      {func(f *world.File) { grants(f).Application = "arn:x" }, "not the ARN of one"},
		"role ARN of nobody": {func(f *world.File) {
			grants(f).Locations[0].Role = "arn:aws:iam::444455556666:role/nobody"
		}, "no role"},
		"user id": {func(f *world.File) {
			g := &grants(f).Grants[0]
			*g = world.GrantFile{Location: g.Location, SubPrefix: g.SubPrefix, Permission: g.Permission, UserID: "x"}
		}, "exported files"},
	} {
		t.Run(name, func(t *testing.T) {
			f := defaultFile(t)
			c.edit(f)
			if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// A world takes back only sessions that it can have told of.
func TestRefusalsOfRestore(t *testing.T) {
	good := func() *world.Runtime { return &world.Runtime{SealKey: make([]byte, 32)} }
	for name, c := range map[string]struct {
		edit func(*world.Runtime)
		want string
	}{
		"key":        {func(rt *world.Runtime) { rt.SealKey = []byte("short") }, "key of identity contexts"},
		"no session": {func(rt *world.Runtime) { rt.Sessions = make([]world.RuntimeSession, 1) }, "without an access key"},
		"no key":     {func(rt *world.Runtime) { rt.Sessions = []world.RuntimeSession{{Session: &world.Session{}}} }, "without an access key"},
		"policy": {func(rt *world.Runtime) {
			rt.Sessions = []world.RuntimeSession{{Session: &world.Session{AccessKeyID: "ASIA1"}, SessionPolicies: []world.RuntimePolicy{{Text: "?"}}}}
		}, "session ASIA1"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := world.New(defaultFile(t), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			rt := good()
			if err := w.Restore(rt); err != nil {
				t.Fatalf("the good one: %v", err)
			}
			c.edit(rt)
			if err := w.Restore(rt); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// Changes are counted apart: of the world, and of sessions and tokens.
func TestChangesAreCounted(t *testing.T) {
	w, err := world.New(defaultFile(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	changes, runtime := w.Changes(), w.RuntimeChanges()
	w.AddSession(&world.Session{AccessKeyID: "ASIA1"})
	w.Spend("issuer", "token")
	w.SpendRefreshToken(w.IssueRefreshToken(&world.RefreshToken{Expires: time.Now()}))
	if w.Changes() != changes || w.RuntimeChanges() != runtime+4 {
		t.Errorf("%d and %d, were %d and %d", w.Changes(), w.RuntimeChanges(), changes, runtime)
	}
	w.DeleteBucket("tip-demo-data")
	if w.Changes() != changes+1 {
		t.Errorf("%d changes, were %d", w.Changes(), changes)
	}
}
