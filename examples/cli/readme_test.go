//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab"
)

// The commands of README.md against the lab, as printed. The ports are others, since
// somebody may use theirs, and a person's browser is replaced.
func TestReadme(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("bash")
	need(t, err == nil, "bash")
	blocks := shellBlocks(t)
	if len(blocks) != 4 || blocks[0] != "go install ./cmd/tip-lab\ntip-lab start\n" {
		t.Fatalf("the README has other commands: %q", blocks)
	}
	bin, described := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "../../cmd/tip-lab")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	redirect := startLab(t, filepath.Join(bin, "tip-lab"), described)

	script := strings.Join(blocks[1:], "")
	script = strings.Replace(script, "$(tip-lab env)", "$(tip-lab env --dir '"+described+"')", 1)
	script = strings.Replace(script, "\ngo run", "\nBROWSER='tip-lab sign-in --as analyst %s' go run", 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TIP_REDIRECT_URL="+redirect)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	for _, want := range []string{
		"/tip-" + analystID + "\n", "/tip-" + engineerID + "\n", "revenue.csv", "nightly.sql", "\nRevenue grew in the second quarter.\n", "cli: error:", "exit status 4", "\ndenied\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the commands did not show %q:\n%s", want, text)
		}
	}
}

// shellBlocks are the sh blocks of README.md.
func shellBlocks(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(readme), "```") {
		if block, isShell := strings.CutPrefix(part, "sh\n"); i%2 == 1 && isShell {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// startLab runs tip-lab start on another port, with another redirect.
func startLab(t *testing.T, program, described string) (redirect string) {
	t.Helper()
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	redirect = "http://localhost:" + strconv.Itoa(port) + "/callback"
	world := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(world, bytes.ReplaceAll(lab.DefaultWorld(), []byte("http://localhost:8090/callback"), []byte(redirect)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "start", "-q", "--addr", "127.0.0.1:0", "--dir", described, "--world", world)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 400 {
		if exec.Command(program, "env", "--dir", described).Run() == nil {
			return redirect
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("tip-lab start does not answer")
	return ""
}

// Ctrl-C ends the program while it waits for a person.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var program *os.Process
	m.started = func(p *os.Process) { program = p }
	got := m.run(t, func(string) { _ = program.Signal(os.Interrupt) }, nil)
	if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, "interrupt") {
		t.Errorf("%+v", got)
	}
}
