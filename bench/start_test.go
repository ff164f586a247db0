package bench_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// contender is a command that is measured.
type contender struct {
	name string
	cmd  func() *exec.Cmd
	took []time.Duration
}

// BenchmarkWarm measures `tip-cli auth get-iam-credentials` with credentials on disk
// against the floor, a Go program that reads that file and prints it. It runs all the
// contenders in turn, so that whatever slows the machine down slows each of them
// down, and reports medians, ratios and how much memory was resident at most:
//
//	go test ./bench -run '^$' -bench Warm -benchtime 500x
//
// The release build (without cgo, see docs/decisions/0018) is to stay within 1.6
// times the floor. An idle machine is needed to read anything into the figures.
func BenchmarkWarm(b *testing.B) {
	dir := b.TempDir()
	tipCLI, floor, measure := build(b, dir, "./cmd/tip-cli"), build(b, dir, "./bench/floor"), build(b, dir, "./bench/peak")
	state := filepath.Join(dir, "state")
	fill(b, state)
	contenders := []*contender{
		{name: "floor", cmd: func() *exec.Cmd { return exec.Command(floor, filepath.Join(state, store.RoleFile)) }},
		{name: "fast", cmd: func() *exec.Cmd { return warm(tipCLI, state, "on") }},
		{name: "slow", cmd: func() *exec.Cmd { return warm(tipCLI, state, "off") }},
	}
	if nothing, err := exec.LookPath("true"); err == nil {
		contenders = append(contenders, &contender{name: "true", cmd: func() *exec.Cmd { return exec.Command(nothing) }})
	}
	for _, c := range contenders { // once each: files are read, and mistakes show
		c.run(b)
		c.took = nil
	}
	for b.Loop() {
		for _, c := range contenders {
			c.run(b)
		}
	}
	least := median(contenders[0].took)
	for _, c := range contenders {
		m := median(c.took)
		b.ReportMetric(float64(m.Microseconds())/1000, c.name+"-ms")
		b.ReportMetric(float64(m)/float64(least), c.name+"/floor")
		b.ReportMetric(float64(c.peak(b, measure))/1024, c.name+"-MiB")
	}
}

// run runs a contender once.
func (c *contender) run(b *testing.B) {
	b.Helper()
	cmd := c.cmd()
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatal(fmt.Errorf("%s: %w", c.name, err))
	}
	c.took = append(c.took, time.Since(start))
}

// peak returns the median of the largest resident sets of some runs, in kilobytes. The
// program measure stands in between: on Linux a process inherits the peak of this one,
// which is larger than that of any contender. Its own is what "true" shows.
func (c *contender) peak(b *testing.B, measure string) int64 {
	b.Helper()
	var peaks []int64
	for range 21 {
		plain := c.cmd()
		cmd := exec.Command(measure, plain.Args...)
		cmd.Env = plain.Env
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			b.Fatal(fmt.Errorf("%s: %w", c.name, err))
		}
		kilobytes, err := strconv.ParseInt(said.String(), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		peaks = append(peaks, kilobytes)
	}
	return median(peaks)
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// build builds a program as it is released, and copies it: what the linker has just
// written is slow to start for a while.
func build(b *testing.B, dir, pkg string) string {
	b.Helper()
	linked := filepath.Join(dir, "linked")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", linked, pkg)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	program, err := os.ReadFile(linked)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(dir, filepath.Base(pkg))
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := os.WriteFile(path, program, 0o700); err != nil {
		b.Fatal(err)
	}
	return path
}

// warm is the command that is asked by the AWS SDKs.
func warm(tipCLI, state, fastPath string) *exec.Cmd {
	cmd := exec.Command(tipCLI, "--context", "default", "auth", "get-iam-credentials")
	cmd.Env = []string{"AWS_TIP_CLI=" + state, "TIP_CLI_FASTPATH=" + fastPath, "TIP_CLI_KEYRING=off", "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	return cmd
}

// fill writes a configuration, and credentials that last, of the length that
// credentials with a user's identity have.
func fill(b *testing.B, state string) {
	b.Helper()
	c := config.Config{
		IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaTipCliEXAMPLE",
		TokenExchangeApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		OIDCRoleARN:                 "arn:aws:iam::444455556666:role/tip-oidc-role",
		IDEnhancedRoleARN:           "arn:aws:iam::444455556666:role/tip-id-enhanced-role", Region: "eu-west-1",
	}
	text, err := c.Encode()
	if err != nil {
		b.Fatal(err)
	}
	s := store.New(state, func(o *store.Options) { o.Keyring = nil })
	if err := s.SaveConfig(text); err != nil {
		b.Fatal(err)
	}
	token := make([]byte, 1800)
	for i := range token {
		token[i] = 'a' + byte(i%26)
	}
	err = s.SaveRole(store.RoleCredentials{
		AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), SessionToken: secret.New(string(token)),
		Expiration: time.Now().Add(time.Hour), ObtainedAt: time.Now(), RenewBefore: 15 * time.Minute,
		AccountID: "444455556666", UserID: "a1b2", Fingerprint: c.Fingerprint(), ConfigDigest: answer.Digest(text),
	})
	if err != nil {
		b.Fatal(err)
	}
}
