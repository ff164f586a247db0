package oidclogin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cli/browser"
	"golang.org/x/term"
)

// browserStart is how long a browser may run before it counts as open. Many
// commands stay for as long as the window does.
const browserStart = 3 * time.Second

// systemBrowser guards the output variables of package browser.
var systemBrowser sync.Mutex

// DefaultOpenURL returns a function for Env.OpenURL. It tries the commands of
// BROWSER, in the convention of xdg-open and sensible-browser: a list separated
// by colons (by semicolons on Windows), each a command with arguments, in which
// %s stands for the address and %% for a percent sign; without %s the address
// is the last argument. Quotes group words. No shell runs. Without BROWSER the
// browser of the system opens. What is started outlives ctx and us. It writes to
// stderr where that is an *os.File of a terminal, and else nowhere: a caller
// that captures our stderr would wait for its end as long as the browser lives.
// A command of BROWSER gets the entries of extra beside our environment.
//
// Only addresses with https, or with http on loopback, are opened.
func DefaultOpenURL(getenv func(string) string, stderr io.Writer, extra ...string) func(ctx context.Context, url string) error {
	output := ofTerminal(stderr)
	return func(ctx context.Context, address string) error {
		if err := checkAddress(address); err != nil {
			return err
		}
		list := getenv("BROWSER")
		if strings.TrimSpace(list) == "" {
			return openSystem(ctx, output, address)
		}
		err := errors.New("BROWSER has no command")
		for command := range strings.SplitSeq(list, string(os.PathListSeparator)) {
			if strings.TrimSpace(command) == "" {
				continue
			}
			if err = openCommand(ctx, output, command, address, extra...); err == nil || ctx.Err() != nil {
				return err
			}
		}
		return err
	}
}

// ofTerminal returns w if it is a terminal, else nil.
func ofTerminal(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && f != nil && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && !isLoopbackHTTP(u)) {
		return errors.New("the address is neither https nor on this machine")
	}
	return nil
}

// systemCommands open the browser where the system has no way of its own.
var systemCommands = [...]string{"xdg-open", "x-www-browser", "www-browser", "wslview"}

// openSystem opens the browser of the system. What macOS and Windows start for
// that is not our child; elsewhere it is, and has to be detached.
func openSystem(ctx context.Context, output io.Writer, address string) error {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return started(ctx, func() error {
			systemBrowser.Lock()
			defer systemBrowser.Unlock()
			browser.Stdout, browser.Stderr = output, output
			return browser.OpenURL(address)
		})
	}
	for _, command := range systemCommands {
		if _, err := exec.LookPath(command); err == nil {
			return openCommand(ctx, output, command, address)
		}
	}
	return fmt.Errorf("none of %s was found", strings.Join(systemCommands[:], ", "))
}

// openCommand runs one command in the form of BROWSER, with extra in its environment.
func openCommand(ctx context.Context, output io.Writer, command, address string, extra ...string) error {
	words, err := browserWords(command, address)
	if err != nil {
		return err
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return fmt.Errorf("%s was not found", words[0])
	}
	if ext := strings.ToLower(filepath.Ext(program)); runtime.GOOS == "windows" && (ext == ".bat" || ext == ".cmd") {
		return fmt.Errorf("%s is a batch file, whose arguments cmd.exe would interpret", words[0])
	}
	cmd := exec.Command(program, words[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = output, output, append(os.Environ(), extra...)
	detach(cmd)
	if err := started(ctx, cmd.Run); err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	return nil
}

// started runs open and returns its error, or nil once it has run for a while.
func started(ctx context.Context, open func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- open() }()
	timer := time.NewTimer(browserStart)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// browserWords splits one command of BROWSER and puts address in. A final "&",
// which asks a shell for the background, is dropped: it runs beside us anyway.
func browserWords(command, address string) ([]string, error) {
	words, err := splitWords(strings.TrimSuffix(strings.TrimSpace(command), "&"))
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("BROWSER has an empty command")
	}
	put := false
	for i, word := range words {
		put = put || strings.Contains(strings.ReplaceAll(word, "%%", ""), "%s")
		words[i] = strings.NewReplacer("%%", "%", "%s", address).Replace(word)
	}
	if !put {
		words = append(words, address)
	}
	return words, nil
}

// splitWords splits at blanks outside single and double quotes. A backslash is
// an ordinary character, for the sake of Windows paths.
func splitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("BROWSER has a quote without its end")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
