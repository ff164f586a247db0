package fastpath_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the top of the repository, seen from this package.
const root = "../.."

// binaries has the builds of tip-cli by operating system.
var binaries = struct {
	sync.Mutex
	dir   string
	built map[string]string
}{built: map[string]string{}}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tip-cli-fastpath")
	if err != nil {
		panic(err)
	}
	binaries.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program builds tip-cli as it is released.
func program(t *testing.T, goos, goarch string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if path := binaries.built[goos]; path != "" {
		return path
	}
	path := filepath.Join(binaries.dir, "tip-cli-"+goos+".exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", path, "./cmd/tip-cli")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build tip-cli for %s: %v\n%s", goos, err, out)
	}
	binaries.built[goos] = path
	return path
}

// outcome is what somebody sees of a run.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// run runs a program in an empty directory, with an environment of its own.
func run(t *testing.T, path, dir string, args []string, env map[string]string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	// No way out, and no home: what the fast path does not answer must not need them.
	cmd.Env = []string{"TIP_CLI_KEYRING=off", "TIP_CLI_SIGN_IN=never", "HTTPS_PROXY=http://127.0.0.1:9", "HOME=" + dir, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// With the fast path and without it tip-cli prints and returns the same, whatever
// the state.
func TestFastAndSlowAgree(t *testing.T) {
	served := 0
	for _, tt := range append(states, systemStates...) {
		t.Run(tt.name, func(t *testing.T) { served += agree(t, newState, tt.change, tt.want) })
	}
	if served < 20 {
		t.Errorf("only %d states led to credentials", served)
	}
}

// The same for the credentials of S3 Access Grants. Where the ordinary path has none
// either, it asks AWS, which cannot be reached.
func TestFastAndSlowAgreeOnS3(t *testing.T) {
	served := 0
	for _, tt := range slices.Concat(s3States, s3RegionStates, s3SystemStates) {
		t.Run(tt.name, func(t *testing.T) { served += agree(t, newS3State, tt.change, tt.want) })
	}
	if served < 40 {
		t.Errorf("only %d states led to credentials", served)
	}
}

// agree runs tip-cli in a state with the fast path, which answers if want says so, and
// without it, and returns 1 if it printed credentials.
func agree(t *testing.T, newState func(*testing.T, string) *state, change func(*state), want bool) (served int) {
	t.Helper()
	tipCLI := program(t, runtime.GOOS, runtime.GOARCH)
	dir, empty := t.TempDir(), t.TempDir()
	var outcomes []outcome
	for _, setting := range []string{"on", "off"} {
		inner := filepath.Join(dir, "inner")
		s := newState(t, filepath.Join(inner, "state"))
		change(s)
		if s.env["TIP_CLI_FASTPATH"] == "" {
			s.env["TIP_CLI_FASTPATH"] = setting
		}
		_, fast := s.document()
		if fast != (want && s.env["TIP_CLI_FASTPATH"] == "on") {
			t.Errorf("with the fast path %s: answered %v", setting, fast)
		}
		outcomes = append(outcomes, timeless(run(t, tipCLI, empty, s.args[1:], s.env)))
		s.check(os.RemoveAll(inner))
	}
	if diff := cmp.Diff(outcomes[1], outcomes[0]); diff != "" {
		t.Errorf("(-slow +fast)\n%s", diff)
	}
	if want && (outcomes[0].Code != 0 || outcomes[0].Stderr != "") {
		t.Errorf("%+v", outcomes[0])
	}
	return min(1, strings.Count(outcomes[0].Stdout, "AccessKeyId"))
}

var clock = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ|expire in \w+`)

// timeless takes the times out: the two states are not made at the same second.
func timeless(o outcome) outcome {
	o.Stdout, o.Stderr = clock.ReplaceAllString(o.Stdout, "TIME"), clock.ReplaceAllString(o.Stderr, "TIME")
	return o
}

// What the ordinary path has looked at, the fast one answers from then on.
func TestIntroduced(t *testing.T) {
	tipCLI := program(t, runtime.GOOS, runtime.GOARCH)
	for name, want := range map[string]bool{
		"for the same, written otherwise":   true,
		"of a version without a fast path":  true,
		"for the same, with an unknown key": false,
		"of the original":                   false,
		"for another configuration":         false,
		"for an invalid configuration":      false,
		"with characters that are escaped":  false,
		"within the margin":                 false,
		"with a member of tomorrow":         false, // nothing is to be done, and so it stays
		"stored tomorrow":                   false,
	} {
		t.Run(name, func(t *testing.T) {
			s := newState(t, filepath.Join(t.TempDir(), "state"))
			for _, tt := range states {
				if tt.name == name {
					tt.change(s)
				}
			}
			before, err := os.ReadFile(s.path("role_creds.json"))
			s.check(err)
			run(t, tipCLI, t.TempDir(), s.args[1:], s.env)
			after, err := os.ReadFile(s.path("role_creds.json"))
			s.check(err)
			if _, ok := s.document(); ok != want {
				t.Errorf("answered %v", ok)
			}
			if want == bytes.Equal(before, after) {
				t.Errorf("role_creds.json:\n%s\n%s", before, after)
			}
		})
	}
}

// The same with the person's S3 credentials.
func TestIntroducedForS3(t *testing.T) {
	tipCLI := program(t, runtime.GOOS, runtime.GOARCH)
	for name, want := range map[string]bool{
		"a role session of a version that knew no grants": true,
		"a configuration with another account":            false, // and so it has none
		"a role session of somebody else":                 false,
		"not sorted":                                      false,
		"a profile's region, not known yet":               true,
		"a profile's region, another file":                false, // another region, of which nothing is stored
		"a profile's region, written otherwise":           true,
		"another profile of the same region":              true,
		"AWS_REGION with spaces":                          false, // which the fast path does not look at
		"no longer configured, and AWS_REGION":            true,
	} {
		t.Run(name, func(t *testing.T) {
			s := newS3State(t, filepath.Join(t.TempDir(), "state"))
			for _, tt := range slices.Concat(s3States, s3RegionStates) {
				if tt.name == name {
					tt.change(s)
				}
			}
			run(t, tipCLI, t.TempDir(), s.args[1:], s.env)
			if _, ok := s.document(); ok != want {
				t.Errorf("answered %v", ok)
			}
		})
	}
}

var initialized = regexp.MustCompile(`(?m)^init (\S+) @`)

// trace returns the packages that a run of tip-cli initialises, in order. Those
// without anything to do are left out.
func trace(t *testing.T, s *state) []string {
	t.Helper()
	s.env["GODEBUG"] = "inittrace=1"
	o := run(t, program(t, runtime.GOOS, runtime.GOARCH), t.TempDir(), s.args[1:], s.env)
	var order []string
	for _, m := range initialized.FindAllStringSubmatch(o.Stderr, -1) {
		order = append(order, m[1])
	}
	if o.Code != 0 || len(order) == 0 {
		t.Fatalf("exit code %d, initialised %v", o.Code, order)
	}
	return order
}

const self = "github.com/tip-cli/tip-cli/internal/fastpath"

// Nothing is initialised before the fast path but what is known to be light, and
// when it answers, nothing is initialised after it.
func TestInitOrder(t *testing.T) {
	for name, newState := range map[string]func(*testing.T, string) *state{"a role session": newState, "S3 credentials": newS3State} {
		s := newState(t, filepath.Join(t.TempDir(), "state"))
		s.env["TIP_CLI_FASTPATH"] = "off"
		whole := trace(t, s)
		checkOrder(t, whole)
		s.env["TIP_CLI_FASTPATH"] = "on"
		// The process ends within the init of the fast path, which is then not traced.
		answered := trace(t, s)
		if diff := cmp.Diff(whole[:slices.Index(whole, self)], answered); diff != "" {
			t.Errorf("initialised for %s (-want +got):\n%s", name, diff)
		}
	}
}

// checkOrder wants nothing before the fast path that is not in light, and what is
// heavy behind it.
func checkOrder(t *testing.T, order []string) {
	t.Helper()
	at := slices.Index(order, self)
	if at < 0 {
		t.Fatal("the fast path is not initialised at all")
	}
	for _, name := range order[:at] {
		if !slices.Contains(light, name) {
			t.Errorf("%s is initialised before the fast path: is it light? then add it to the list", name)
		}
	}
	for _, name := range heavy {
		if slices.Index(order, name) < at {
			t.Errorf("%s is not initialised after the fast path", name)
		}
	}
}

// light are the packages that may be initialised before the fast path: what it
// imports, and what Go sorts before it and has little to do; the last two lines are those
// of darwin and Windows. The clipboard, which forms bring along, loads user32.dll there.
var light = strings.Fields(`
	internal/bytealg internal/runtime/gc/scan runtime errors iter math sync internal/godebug syscall time context io/fs internal/poll os
	encoding/base64 hash/crc32 hash/crc64 crypto crypto/internal/fips140deps/cpu crypto/internal/fips140deps/time
	github.com/aws/aws-sdk-go-v2/internal/sdk github.com/aws/aws-sdk-go-v2/internal/timeouts
	github.com/charmbracelet/x/ansi/parser

	internal/runtime/sys

	internal/syscall/windows/sysdll internal/syscall/windows internal/syscall/windows/registry github.com/atotto/clipboard
`)

// heavy are packages that take most of the time.
var heavy = strings.Fields(`
	encoding/json regexp crypto/x509 crypto/tls net net/http
	github.com/spf13/cobra github.com/aws/aws-sdk-go-v2/service/sts github.com/aws/aws-sdk-go-v2/config
	github.com/tip-cli/tip-cli/internal/config github.com/tip-cli/tip-cli/internal/store github.com/tip-cli/tip-cli/internal/cli
`)
