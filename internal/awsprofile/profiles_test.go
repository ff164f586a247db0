package awsprofile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	if names, err := awsprofile.Profiles(path); err != nil || len(names) > 0 {
		t.Errorf("no file: %v, %v", names, err)
	}
	text := "# [profile no]\n[default]\n[profile a b]\nregion=x\n[profile 'quoted one']\n[sso-session s]\n[profile a b]\n[plugins]\n  [profile indented]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := awsprofile.Profiles(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"default", "a b", "quoted one", "indented"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := awsprofile.Profiles(filepath.Dir(path)); err == nil {
		t.Error("a directory is read")
	}
}

// TestAll has the settings that Get has, of each profile.
func TestAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	text := "[default]\nregion=a\n[profile b]\nregion=c\ncredential_process=x\n  y\n[profile default]\nREGION=d\n[profile b]\nregion=e\n[profile empty]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := awsprofile.All(path)
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, p := range all {
		want, err := awsprofile.Get(path, p.Name)
		if diff := cmp.Diff(want, p.Settings); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", p.Name, err, diff)
		}
	}
	if _, err := awsprofile.All(filepath.Dir(path)); err == nil {
		t.Error("a directory is read")
	}
}
