package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

func init() {
	helpers["full-disk"] = func(dir string) { onDisk(dir, fullDisk) }
	helpers["read-only"] = func(dir string) { onDisk(dir, readOnly) }
}

// onDisk runs a check on a file system of its own, 256 kB in memory, which is gone with
// the process.
func onDisk(dir string, check func(dir string) []string) {
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(77)
	}
	complaints := check(dir)
	for _, complaint := range complaints {
		fmt.Fprintln(os.Stderr, complaint)
	}
	if len(complaints) > 0 {
		os.Exit(1)
	}
}

// runOnDisk runs such a helper as root of a name space of its own.
func runOnDisk(t *testing.T, name string) {
	t.Helper()
	command := helper(t, name, t.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	err := command.Start()
	if err != nil {
		t.Skip("no name spaces here:", err)
	}
	if err = command.Wait(); command.ProcessState.ExitCode() == 77 {
		t.Skip("no mounts here")
	}
	if err != nil {
		t.Error(err)
	}
}

func TestDiskFull(t *testing.T) { runOnDisk(t, "full-disk") }

func TestDiskReadOnly(t *testing.T) { runOnDisk(t, "read-only") }

// prepare saves every file, a damaged one and a lock in dir.
func prepare(dir string) (s *store.Store, complaints []string) {
	s = reopen(filepath.Join(dir, "state"))
	for _, name := range names {
		if err := save(s, name); err != nil {
			complaints = append(complaints, err.Error())
		}
	}
	release, err := s.Lock(context.Background(), "flow")
	if err == nil {
		release()
		err = os.WriteFile(s.Path(store.SignInFile), []byte("["), 0o600)
	}
	if err != nil {
		complaints = append(complaints, err.Error())
	}
	return s, complaints
}

// complaint says what is wrong with the error of what cannot be done, or "".
func complaint(what string, err, errno error, hint string) []string {
	var file *store.FileError
	if errors.Is(err, errno) && errors.As(err, &file) && !strings.Contains(err.Error(), "\n") && !strings.Contains(err.Error(), ".tmp") &&
		strings.HasPrefix(file.Hint(), hint) && strings.HasSuffix(file.Hint(), "or set AWS_TIP_CLI to another directory") {
		return nil
	}
	return []string{fmt.Sprintf("%s: error %v, want %v and the hint %q", what, err, errno, hint)}
}

// snapshot is the content of a directory.
func snapshot(dir string) map[string]string {
	content := make(map[string]string)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		data, _ := os.ReadFile(filepath.Join(dir, entry.Name()))
		content[entry.Name()] = string(data)
	}
	return content
}

func fullDisk(dir string) []string {
	s, complaints := prepare(dir)
	fill, err := os.Create(filepath.Join(dir, "fill"))
	for err == nil {
		_, err = fill.Write(make([]byte, 512))
	}
	_ = fill.Close()
	before := snapshot(s.Dir())
	for _, name := range names {
		if name == store.SignInFile {
			continue
		}
		complaints = append(complaints, complaint(name, save(s, name), syscall.ENOSPC, "the disk is full: make room on it")...)
	}
	if diff := cmp.Diff(before, snapshot(s.Dir())); diff != "" {
		complaints = append(complaints, "the directory changed (-want +got):\n"+diff)
	}
	for _, name := range names[:4] {
		if err := load(reopen(s.Dir()), name); err != nil {
			complaints = append(complaints, err.Error())
		}
	}
	// The damaged file is aside, and not lost, even if the new one finds no room.
	complaints = append(complaints, complaint("damaged", save(s, store.SignInFile), syscall.ENOSPC, "the disk is full")...)
	if got := snapshot(s.Dir())[store.SignInFile+".damaged"]; got != "[" {
		complaints = append(complaints, "set aside: "+got)
	}
	if err := os.Remove(filepath.Join(dir, "fill")); err != nil {
		complaints = append(complaints, err.Error())
	}
	for _, name := range names { // with room again
		if err := save(s, name); err != nil {
			complaints = append(complaints, err.Error())
		}
	}
	return complaints
}

func readOnly(dir string) []string {
	s, complaints := prepare(dir)
	if err := os.Chmod(s.Path(store.RoleFile), 0o644); err != nil {
		return append(complaints, err.Error())
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return append(complaints, err.Error())
	}
	const hint = "the file system is read-only: mount it writable"
	before := snapshot(s.Dir())
	for _, name := range names {
		complaints = append(complaints, complaint(name, save(s, name), syscall.EROFS, hint)...)
		if err := load(reopen(s.Dir()), name); (err != nil) != (name == store.SignInFile) {
			complaints = append(complaints, fmt.Sprintf("loading %s: %v", name, err))
		}
	}
	var l listener
	if err := load(reopen(s.Dir(), l.option), store.RoleFile); err != nil || len(l.said) != 1 ||
		!strings.Contains(l.said[0], "is open to other users (mode 0644), and that cannot be changed (read-only file system)") {
		complaints = append(complaints, fmt.Sprintf("a mode that cannot be changed: %v, said %q", err, l.said))
	}
	_, asideErr := s.SetAside(store.SignInFile)
	_, lockErr := s.Lock(context.Background(), "new")
	_, _, tryErr := s.TryLock("new")
	for what, err := range map[string]error{
		"set aside": asideErr, "lock": lockErr, "try": tryErr, "clear": s.ClearRole(), "clear token": s.ClearIDPToken(context.Background()),
		"current context": store.SetCurrentContext(s.Dir(), "default"),
	} {
		if what == "current context" {
			if err != nil { // there is nothing to change
				complaints = append(complaints, err.Error())
			}
			continue
		}
		complaints = append(complaints, complaint(what, err, syscall.EROFS, hint)...)
	}
	var file *store.FileError
	err := save(reopen(filepath.Join(dir, "new")), store.RoleFile)
	if !errors.As(err, &file) || !errors.Is(err, syscall.EROFS) || !strings.HasPrefix(file.Hint(), hint) {
		complaints = append(complaints, fmt.Sprintf("a new directory: %v", err))
	}
	if diff := cmp.Diff(before, snapshot(s.Dir())); diff != "" {
		complaints = append(complaints, "the directory changed (-want +got):\n"+diff)
	}
	return complaints
}
