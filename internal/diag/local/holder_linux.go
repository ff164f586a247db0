package local

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// holder says which process has the lock of the file at path, or "" if that cannot be
// told: proc_locks(5) has a line a lock, such as
// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF".
func holder(root fs.FS, path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	text, err := fs.ReadFile(root, "proc/locks")
	if !ok || err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 6 || words[1] != "FLOCK" || !strings.HasSuffix(words[5], ":"+strconv.FormatUint(stat.Ino, 10)) {
			continue
		}
		if id, err := strconv.Atoi(words[4]); err == nil && id > 0 {
			name, _ := fs.ReadFile(root, "proc/"+words[4]+"/comm") // without it the number must do
			return process(id, strings.TrimSpace(string(name)))
		}
	}
	return ""
}
