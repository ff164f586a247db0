// Package chromium opens a Chromium that sees the lab's host names and trusts
// the lab's key, in a profile of its own that is deleted afterwards.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// Variable names a browser to use in place of the first one found.
const Variable = "TIP_LAB_CHROMIUM"

// names of Chromium and its kin, in the order of preference.
var names = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge", "brave-browser",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
	`C:\Program Files\Google\Chrome\Application\chrome.exe`,
	`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`,
}

// ErrNotFound says that there is no Chromium on this machine.
var ErrNotFound = errors.New("no Chromium, Chrome or Edge was found; set " + Variable + " to one")

// Find returns the path of a Chromium.
func Find(getenv func(string) string) (string, error) {
	if path := getenv(Variable); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotFound
}

// Flags lead a Chromium through the lab's proxy and make it trust the lab's
// key, and no other that the system does not know. profile is an empty folder.
func Flags(endpoint, leafSPKI, profile string) []string {
	flags := []string{
		"--user-data-dir=" + profile,
		"--proxy-server=" + endpoint,
		"--ignore-certificate-errors-spki-list=" + leafSPKI,
		"--no-first-run", "--no-default-browser-check", "--disable-quic",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // Chromium's sandbox refuses to run as root
	}
	return flags
}

// Browse opens url and waits until the browser is closed or ctx ends.
func Browse(ctx context.Context, path, endpoint, leafSPKI, url string, output io.Writer) (err error) {
	profile, err := os.MkdirTemp("", "tip-lab-browser-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(profile)) }()
	cmd := exec.CommandContext(ctx, path, append(Flags(endpoint, leafSPKI, profile), "--new-window", url)...)
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}
