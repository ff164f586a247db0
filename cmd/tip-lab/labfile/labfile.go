// Package labfile is how a running lab is found by other processes: a folder
// with its address and its CA certificate.
package labfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tip-cli/tip-cli/lab"
)

const (
	name   = "lab.json"
	caName = "ca.pem"
)

// Lab is a running lab as another process sees it.
type Lab struct {
	Endpoint string `json:"endpoint"`
	Region   string `json:"region"`
	CAFile   string `json:"caFile"`
	LeafSPKI string `json:"leafSpki"`
	PID      int    `json:"pid"`
}

// DefaultDir is the folder used where none is named.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the lab: %w", err)
	}
	return filepath.Join(cache, "tip-lab"), nil
}

// Write describes l in dir, which is made if need be, and returns the description.
func Write(dir string, l *lab.Lab) (*Lab, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	spki, err := l.LeafSPKI()
	if err != nil {
		return nil, err
	}
	f := &Lab{Endpoint: l.Endpoint(), Region: l.Region(), CAFile: filepath.Join(dir, caName), LeafSPKI: spki, PID: os.Getpid()}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, err
	}
	return f, errors.Join(Replace(f.CAFile, l.CA()), Replace(filepath.Join(dir, name), append(text, '\n')))
}

// Replace writes a file, with mode 0600, beside the old one and renames it. What is
// no regular file, such as a pipe, is written to. Its errors name path, and leave
// nothing beside it.
func Replace(path string, text []byte) error {
	err := replace(path, text)
	if err == nil {
		return nil
	}
	if written, ok := errors.AsType[*fs.PathError](err); ok {
		err = written.Err
	}
	if renamed, ok := errors.AsType[*os.LinkError](err); ok {
		err = renamed.Err
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}

func replace(path string, text []byte) error {
	if _, err := os.Lstat(path); err == nil { // it may be a link
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return writeInto(path, text)
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Chmod(0o600)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// writeInto writes to what is there.
func writeInto(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Remove forgets the lab that this process described in dir.
func Remove(dir string) error {
	f, err := load(dir)
	if err != nil || f.PID != os.Getpid() {
		return nil //nolint:nilerr // another lab's description is not ours to remove
	}
	return errors.Join(os.Remove(filepath.Join(dir, name)), os.Remove(f.CAFile))
}

// NotRunningError says that no lab answers.
type NotRunningError struct{ Err error }

// Error implements error.
func (e *NotRunningError) Error() string { return "no lab is running: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *NotRunningError) Unwrap() error { return e.Err }

// Hint is the command that starts one.
func (e *NotRunningError) Hint() string { return "run in another terminal: tip-lab start" }

// Read returns the lab described in dir if it answers.
func Read(ctx context.Context, dir string) (*Lab, error) {
	f, err := load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotRunningError{Err: err}
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Endpoint+"/_lab/health", nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return nil, &NotRunningError{Err: err}
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &NotRunningError{Err: fmt.Errorf("%s answers with HTTP status %d", f.Endpoint, resp.StatusCode)}
	}
	return f, nil
}

func load(dir string) (*Lab, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var f Lab
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, &NotRunningError{Err: fmt.Errorf("%s is damaged: %w", filepath.Join(dir, name), err)}
	}
	return &f, nil
}
