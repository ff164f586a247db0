package recursion_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/recursion"
)

// chain is the environment of a program at the end of a chain of exchanges, whose
// settings and directories alternate.
func chain(until time.Time, links ...string) func(string) string {
	var environ []string
	for i := 0; i+1 < len(links); i += 2 {
		environ = append(environ, recursion.Entry(recursion.Getenv(append(environ, "X=1")), links[i], links[i+1], until))
	}
	return recursion.Getenv(append(environ, "X=1"))
}

func TestCheck(t *testing.T) {
	a, b, c, d, e := "/state", "/state/contexts/b", "/state/contexts/with space, comma", "/d", "/e"
	soon, past := time.Now().Add(time.Minute), time.Now().Add(-time.Minute)
	const token, client, browser = "token_command", "client_secret_command", "BROWSER"
	for name, test := range map[string]struct {
		getenv func(string) string
		dir    string
		want   error
	}{
		"no chain":                {chain(soon), a, nil},
		"itself":                  {chain(soon, token, a), a, &recursion.Error{Setting: token}},
		"itself, by a browser":    {chain(soon, browser, a), a, &recursion.Error{Setting: browser}},
		"another context":         {chain(soon, token, a), b, nil},
		"a circle of two":         {chain(soon, token, a, client, b), a, &recursion.Error{Setting: token}},
		"the last of two":         {chain(soon, token, a, client, c), c, &recursion.Error{Setting: client}},
		"the name is written so":  {chain(soon, token, a+"/../state/"), a, &recursion.Error{Setting: token}},
		"nobody waits any more":   {chain(past, token, a), a, nil},
		"four contexts":           {chain(soon, token, a, client, b, token, c, browser, d), e, &recursion.Error{Setting: browser, Deep: true}},
		"four, the first is over": {recursion.Getenv([]string{recursion.Entry(chain(past, token, a), token, b, soon)}), e, nil},
		"three contexts":          {chain(soon, token, a, client, b, token, c), e, nil},
		"not ours":                {recursion.Getenv([]string{recursion.Variable + "=1 a,b a,b,c token_command,x," + a + " %,9999999999,%"}), a, nil},
		"unset again":             {recursion.Getenv([]string{recursion.Variable + "=x", recursion.Variable + "="}), a, nil},
	} {
		if diff := cmp.Diff(test.want, recursion.Check(test.getenv, test.dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Who waits in vain for a lock, in a chain, may be waited for by the lock's holder.
func TestWaited(t *testing.T) {
	soon, past := time.Now().Add(time.Minute), time.Now().Add(-time.Minute)
	for name, test := range map[string]struct {
		getenv func(string) string
		dir    string
		begun  bool
		want   error
	}{
		"no chain": {chain(soon), "/state", false, nil},
		"ended":    {chain(past, "token_command", "/state"), "/state/contexts/b", false, nil},
		"default and b": {
			chain(soon, "token_command", "/state"), "/state/contexts/b", true,
			&recursion.Error{Setting: "token_command", Outer: "default", Inner: "b"},
		},
		"the last one": {
			chain(soon, "token_command", "/state/contexts/a", "BROWSER", "/state/contexts/c.1"), "/state", true,
			&recursion.Error{Setting: "BROWSER", Outer: "c.1", Inner: "default"},
		},
		"no name of a context": {
			chain(soon, "token_command", "/state/contexts/a\x1b[2J\nB é"), "/state", true,
			&recursion.Error{Setting: "token_command", Outer: "a2", Inner: "default"},
		},
	} {
		if diff := cmp.Diff(test.want, recursion.Waited(test.getenv, test.dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := recursion.Begun(test.getenv); got != test.begun {
			t.Errorf("%s: begun %v", name, got)
		}
	}
}

// A link is good for as long as the program is waited for, and a moment longer.
func TestLinksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		getenv := chain(time.Now().Add(45*time.Second), "token_command", "/a")
		for _, step := range []struct {
			wait    time.Duration
			refused bool
		}{{0, true}, {45 * time.Second, true}, {2 * time.Second, false}} {
			time.Sleep(step.wait)
			if got := recursion.Check(getenv, "/a") != nil; got != step.refused {
				t.Errorf("after %v more: refused %v", step.wait, got)
			}
		}
	})
}

// A directory has one name in the chain, whatever leads to it.
func TestNamesOfADirectory(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	target := filepath.Join(dir, "target")
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	t.Chdir(dir)
	for _, name := range []string{link, "link", "target", "./target/"} {
		if recursion.Check(chain(time.Now().Add(time.Minute), "token_command", name), target) == nil {
			t.Errorf("%s is not known again", name)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, e := range []*recursion.Error{{Setting: "token_command"}, {Setting: "token_command", Deep: true}, {Setting: "token_command", Outer: "a", Inner: "b"}} {
		quoted := fmt.Sprintf("the AWS CLI: tip-cli: error: %v\n", e)
		if !recursion.Reported([]byte(quoted)) || !strings.Contains(e.Error(), e.Setting) || !strings.Contains(e.Hint(), e.Setting) || strings.Contains(quoted[:len(quoted)-1], "\n") {
			t.Errorf("%+v: %s, %s", e, quoted, e.Hint())
		}
	}
	if recursion.Reported([]byte(errors.New("another error").Error())) {
		t.Error("another error is taken for one")
	}
}

// The environment is ours if none is given.
func TestGetenv(t *testing.T) {
	t.Setenv(recursion.Variable, "x")
	if got := recursion.Getenv(nil)(recursion.Variable); got != "x" {
		t.Errorf("Getenv(nil) gave %q", got)
	}
}
