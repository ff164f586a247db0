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

// Replace writes a file, with mode 0600, beside the old one and renames it.
func Replace(path string, text []byte) error {
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
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
