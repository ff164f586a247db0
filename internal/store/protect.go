package store

import (
	"os"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// protect says it where others can change a file that is believed: config.json, which
// names the roles and the programs to run, and current_context. It gets the mode with
// which it is written, unless it is behind a link and so not ours to change. It is used
// all the same. The administrator's files are believed, as is root with the files
// of others: containers run so.
func (s *Store) protect(name string, file *os.File) {
	if hasSecrets(name) {
		s.sayOwner(name, file)
		return
	}
	if name != ConfigFile && name != CurrentContextFile {
		return
	}
	info, err := file.Stat()
	if err != nil || answer.Trusted(info) {
		return
	}
	path, mode := s.Path(name), info.Mode().Perm()
	if mode&0o022 == 0 {
		if os.Geteuid() != 0 {
			s.notice("owner of "+name, "%s belongs to another user, who can change it: make it your own", path)
		}
		return
	}
	if !isLink(path) && file.Chmod(0o600) == nil {
		if info, err = file.Stat(); err == nil && info.Mode().Perm()&0o022 == 0 {
			s.notice("mode of "+name, "other users could change %s (mode %04o): it has mode %04o now; look whether it says what it should", path, mode, info.Mode().Perm())
			return
		}
	}
	s.notice("mode of "+name, "other users can change %s (mode %04o): run: chmod go-w %s", path, mode, path)
}

// sayOwner says it where a file with secrets is another user's, whatever its mode: only
// the administrator can read such a file, and uses it all the same.
func (s *Store) sayOwner(name string, file *os.File) {
	info, err := file.Stat()
	if err != nil || info.Mode().Perm()&0o077 != 0 || answer.Private(info) { // tighten has spoken of the mode
		return
	}
	s.notice("owner of "+name, "%s belongs to another user, who can read and change it: make it your own, or run tip-cli as that user", s.Path(name))
}
