package cli

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, want string
		among      []string
	}{
		{"confgure", "configure", []string{"auth", "configure", "s3ag"}},
		{"atuh", "auth", []string{"auth", "configure"}},      // two letters swapped
		{"aut", "auth", []string{"auth", "configure"}},       // one left out
		{"conf", "configure", []string{"auth", "configure"}}, // the beginning
		{"AUTH", "auth", []string{"auth"}},
		{"co", "", []string{"configure", "completion"}}, // too little to go by
		{"exec", "", []string{"env", "serve"}},
		{"nonsense", "", []string{"auth", "configure", "s3ag"}},
		{"refresh-tokens", "refresh-token", []string{"refresh-token", "logout"}},
		{"x", "", []string{"q", "v"}}, // any letter is one away from any other
		{"", "", []string{"a", "auth"}},
		{"tabel", "table", []string{"json", "table"}},
	} {
		if got := nearest(c.word, c.among); got != c.want {
			t.Errorf("nearest to %q among %v is %q, want %q", c.word, c.among, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "xbc", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestBuildOf(t *testing.T) {
	t.Parallel()
	settings := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
		{Key: "vcs.modified", Value: "true"}, {Key: "CGO_ENABLED", Value: "1"},
	}
	for _, c := range []struct {
		version string
		with    []debug.BuildSetting
		want    build
	}{
		{"v1.2.3", nil, build{Version: "v1.2.3"}},
		{"(devel)", nil, build{Version: "devel"}},
		{"", nil, build{Version: "devel"}},
		{"(devel)", settings, build{Version: "devel-0123456789ab", Commit: "0123456789abcdef0123", CommitTime: "2026-01-02T03:04:05Z", Modified: true, Cgo: true}},
		{"v1.2.3", []debug.BuildSetting{{Key: "vcs.modified", Value: "false"}, {Key: "CGO_ENABLED", Value: "0"}}, build{Version: "v1.2.3"}},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Path: "example.com/module", Version: c.version}, Settings: c.with}
		got := buildOf(info)
		if got.Go == "" || got.Platform == "" || got.Module != "example.com/module" {
			t.Errorf("%+v", got)
		}
		got.Go, got.Platform, got.Module = "", "", ""
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
