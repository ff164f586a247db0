//go:build !windows

package fastpath_test

import (
	"os"
	"syscall"
)

// systemStates are those of files that only Unix has.
var systemStates = []struct {
	name   string
	change func(*state)
	want   bool
}{
	{"credentials that others can read", func(s *state) { s.check(os.Chmod(s.path("role_creds.json"), 0o644)) }, false},
	{"credentials that a group can write", func(s *state) { s.check(os.Chmod(s.path("role_creds.json"), 0o620)) }, false},
	{"credentials that nobody can change", func(s *state) { s.check(os.Chmod(s.path("role_creds.json"), 0o400)) }, true},
	{"credentials behind a link", func(s *state) { s.moveBehindLink("role_creds.json") }, false},
	{"a FIFO for credentials", func(s *state) {
		s.check(os.Remove(s.path("role_creds.json")))
		s.check(syscall.Mkfifo(s.path("role_creds.json"), 0o600))
	}, false},
	{"a configuration that others can read", func(s *state) { s.check(os.Chmod(s.path("config.json"), 0o644)) }, true},
	{"a configuration that others can write", func(s *state) { s.check(os.Chmod(s.path("config.json"), 0o646)) }, false},
	{"a configuration that a group can write", func(s *state) { s.check(os.Chmod(s.path("config.json"), 0o664)) }, false},
	{"a configuration behind a link", func(s *state) { s.moveBehindLink("config.json") }, true},
	{"a configuration behind a link that others can write", func(s *state) {
		s.moveBehindLink("config.json")
		s.check(os.Chmod(s.home+"/../config.json", 0o666))
	}, false},
	{"a FIFO for a configuration", func(s *state) {
		s.check(os.Remove(s.path("config.json")))
		s.check(syscall.Mkfifo(s.path("config.json"), 0o600))
	}, false},
	{"a choice that others can write", func(s *state) {
		s.check(os.WriteFile(s.path("current_context"), []byte("default\n"), 0o600))
		s.check(os.Chmod(s.path("current_context"), 0o666))
	}, false},
	{"a FIFO for a choice", func(s *state) { s.check(syscall.Mkfifo(s.path("current_context"), 0o600)) }, false},
}

// s3SystemStates are those of files that only Unix has.
var s3SystemStates = []struct {
	name   string
	change func(*state)
	want   bool
}{
	{"credentials for S3 that others can read", func(s *state) { s.check(os.Chmod(s.path("s3_creds.json"), 0o644)) }, false},
	{"a role session that others can read", func(s *state) { s.check(os.Chmod(s.path("role_creds.json"), 0o644)) }, false},
	{"credentials for S3 behind a link", func(s *state) { s.moveBehindLink("s3_creds.json") }, false},
	{"a FIFO for credentials for S3", func(s *state) {
		s.check(os.Remove(s.path("s3_creds.json")))
		s.check(syscall.Mkfifo(s.path("s3_creds.json"), 0o600))
	}, false},
	{"a configuration for S3 that others can write", func(s *state) { s.check(os.Chmod(s.path("config.json"), 0o646)) }, false},
}

// moveBehindLink moves a file out of the state directory and leaves a link to it.
func (s *state) moveBehindLink(name string) {
	s.t.Helper()
	s.check(os.Rename(s.path(name), s.home+"/../"+name))
	s.check(os.Symlink("../"+name, s.path(name)))
}
