package fastpath_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/fastpath"
	"github.com/tip-cli/tip-cli/internal/store"
)

const profiles = "[default]\nregion = eu-west-1\n[profile far]\nregion = us-east-1\n[profile near]\nregion = eu-west-1\n"

// s3RegionStates are about where the region of a request is from that names none. What is
// stored is of eu-west-1.
var s3RegionStates = []s3State{
	{"no region stored", func(s *state) { s.edits(func(e *store.S3Entry) { e.Region = "" }) }, false},
	{"the configured region, named", func(s *state) { s.gets(a, "--region", "eu-west-1") }, true},
	{"configured, and another in AWS_REGION", func(s *state) { s.env["AWS_REGION"] = "us-east-1" }, true},
	{"configured otherwise", func(s *state) { s.replace("config.json", `"region": "eu-west-1"`, `"region": "us-east-1"`) }, false},
	{"configured otherwise, and known", func(s *state) { s.places("us-east-1", "us-east-1", "") }, false},
	{"no longer configured, and AWS_REGION", func(s *state) {
		s.replace("config.json", `"region": "eu-west-1"`, `"region": ""`)
		s.env["AWS_REGION"] = "eu-west-1"
	}, false},
	{"nowhere", func(s *state) { s.places("", "", "") }, false},
	{"nowhere, named", func(s *state) { s.places("", "", ""); s.gets(a, "--region=eu-west-1") }, true},
	{"AWS_REGION", func(s *state) { s.places("", "", ""); s.env["AWS_REGION"] = "eu-west-1" }, true},
	{"another AWS_REGION", func(s *state) { s.places("", "", ""); s.env["AWS_REGION"] = "us-east-1" }, false},
	{"AWS_DEFAULT_REGION", func(s *state) { s.places("", "", ""); s.env["AWS_DEFAULT_REGION"] = "eu-west-1" }, true},
	{"another AWS_DEFAULT_REGION", func(s *state) { s.places("", "", ""); s.env["AWS_DEFAULT_REGION"] = "us-east-1" }, false},
	{"AWS_REGION before AWS_DEFAULT_REGION", func(s *state) {
		s.places("", "", "")
		s.env["AWS_REGION"], s.env["AWS_DEFAULT_REGION"] = "us-east-1", "eu-west-1"
	}, false},
	{"AWS_REGION with spaces", func(s *state) { s.places("", "", ""); s.env["AWS_REGION"] = " eu-west-1" }, false},
	{"AWS_REGION of nothing", func(s *state) {
		s.places("", "", "")
		s.env["AWS_REGION"], s.env["AWS_DEFAULT_REGION"] = " ", "eu-west-1"
	}, false},

	{"a profile's region, not known yet", func(s *state) { s.places("", "", ""); s.profiles(profiles) }, false},
	{"a profile's region", func(s *state) { s.marks("default", profiles) }, true},
	{"a profile's region, another in AWS_REGION", func(s *state) { s.marks("default", profiles); s.env["AWS_REGION"] = "us-east-1" }, false},
	{"another profile's region, and AWS_REGION", func(s *state) {
		s.marks("default", profiles)
		s.env["AWS_PROFILE"], s.env["AWS_REGION"] = "far", "eu-west-1"
	}, true},
	{"a profile's region, named otherwise", func(s *state) { s.marks("default", profiles); s.gets(a, "--region=us-east-1") }, false},
	{"a profile's region, another profile", func(s *state) { s.marks("default", profiles); s.env["AWS_PROFILE"] = "far" }, false},
	{"another profile of the same region", func(s *state) { s.marks("default", profiles); s.env["AWS_PROFILE"] = "near" }, false},
	{"a profile's region, by AWS_PROFILE", func(s *state) { s.marks("near", profiles); s.env["AWS_PROFILE"] = "near" }, true},
	{"a profile's region, by AWS_DEFAULT_PROFILE", func(s *state) { s.marks("near", profiles); s.env["AWS_DEFAULT_PROFILE"] = "near" }, true},
	{"AWS_PROFILE before AWS_DEFAULT_PROFILE", func(s *state) {
		s.marks("near", profiles)
		s.env["AWS_PROFILE"], s.env["AWS_DEFAULT_PROFILE"] = "far", "near"
	}, false},
	{"a profile's region, another file", func(s *state) {
		s.marks("default", profiles)
		s.profiles("[default]\nregion = us-east-1\n")
	}, false},
	{"a profile's region, written otherwise", func(s *state) { s.marks("default", profiles); s.profiles("# mine\n" + profiles) }, false},
	{"a profile's region, no file", func(s *state) {
		s.marks("default", profiles)
		s.check(os.Remove(s.env["AWS_CONFIG_FILE"]))
	}, false},
	{"a profile's region, at home", func(s *state) { s.marks("default", profiles); s.atHome() }, true},
	{"a profile's region, at home by a tilde", func(s *state) {
		s.marks("default", profiles)
		s.atHome()
		s.env["AWS_CONFIG_FILE"] = "~/.aws/config"
	}, false},
	{"a profile's region, too large a file", func(s *state) {
		large := make([]byte, 64<<10)
		for i := range large {
			large[i] = '#'
		}
		s.marks("default", profiles+string(large))
	}, false},
}

// places has config.json name a region, and the role session another with a mark.
func (s *state) places(configuredRegion, region, mark string) {
	s.t.Helper()
	c := configured
	c.Region = configuredRegion
	text, err := c.Encode()
	s.check(err)
	s.check(s.store("").SaveConfig(text))
	s.alter(func(r *store.RoleCredentials) {
		r.S3Region, r.S3RegionMark, r.ConfigDigest = region, mark, answer.Digest(text)
	})
}

// profiles writes an AWS config file.
func (s *state) profiles(text string) {
	s.t.Helper()
	path := s.env["AWS_CONFIG_FILE"]
	if path == "" {
		path = filepath.Join(filepath.Dir(s.home), ".aws", "config")
		s.env["AWS_CONFIG_FILE"] = path
	}
	s.check(os.MkdirAll(filepath.Dir(path), 0o700))
	s.check(os.WriteFile(path, []byte(text), 0o600))
}

// marks is the state after the region was found in a profile.
func (s *state) marks(profile, text string) {
	s.t.Helper()
	s.profiles(text)
	s.places("", "eu-west-1", answer.RegionMark(profile, []byte(text)))
}

// atHome has the AWS config file be found at home.
func (s *state) atHome() {
	s.env[fastpath.Names["home"]] = filepath.Dir(filepath.Dir(s.env["AWS_CONFIG_FILE"]))
	delete(s.env, "AWS_CONFIG_FILE")
}

// A path that means something else to a shell, or here and there, is left to the ordinary
// path, whatever is found under that name.
func TestRegionMarkOfAnotherPath(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	for _, path := range []string{"~/.aws/config", "config", "a/../config"} {
		if err := os.MkdirAll(filepath.Join(home, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, path), []byte(profiles), 0o600); err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"AWS_CONFIG_FILE": path, fastpath.Names["home"]: home}
		if got := fastpath.RegionMark(func(name string) string { return env[name] }); got != "" {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := fastpath.RegionMark(func(string) string { return "" }); got != "" {
		t.Errorf("no home: %s", got)
	}
}

// The AWS config file and the profile are those that the ordinary path takes.
func TestRegionMarkIsOfTheSameFile(t *testing.T) {
	home := t.TempDir()
	for name, env := range map[string]map[string]string{
		"at home":                {},
		"elsewhere":              {"AWS_CONFIG_FILE": filepath.Join(home, "other")},
		"a profile":              {"AWS_PROFILE": "a"},
		"another way":            {"AWS_DEFAULT_PROFILE": "b"},
		"both":                   {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
		"elsewhere, and another": {"AWS_CONFIG_FILE": filepath.Join(home, "other"), "AWS_PROFILE": "a"},
	} {
		getenv := func(name string) string {
			if name == fastpath.Names["home"] {
				return home
			}
			return env[name]
		}
		path, err := awsprofile.Path(getenv, func() (string, error) { return home, nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, want := fastpath.RegionMark(getenv), answer.RegionMark(awsprofile.Ambient(getenv), []byte(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
