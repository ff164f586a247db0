//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

// The commands of README.md, as printed. The ports are others, since somebody may use
// theirs.
func TestReadme(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil && os.Getenv("CI") == "" {
		t.Skip("there is no bash")
	}
	blocks := shellBlocks(t)
	if len(blocks) != 5 || blocks[0] != "go run ./examples/s3-access-grants/local\n" || blocks[1] != "go install ./cmd/tip-lab\ntip-lab start\n" {
		t.Fatalf("the README has other commands: %q", blocks)
	}
	bin, described := t.TempDir(), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/tip-lab").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	startLab(t, filepath.Join(bin, "tip-lab"), described)
	environ := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	forTest := strings.NewReplacer("$(tip-lab env)", "$(tip-lab env --dir '"+described+"')", "/tmp/", bin+"/")

	ran := bash(t, environ, blocks[0])
	if text := steady(ran); !strings.HasPrefix(text, played) || !strings.Contains(text, "CloudTrail:\n") {
		t.Errorf("%s", ran)
	}
	addr := startApplication(t, environ, strings.TrimSpace(forTest.Replace(blocks[2]))+" -addr 127.0.0.1:0")
	ran = bash(t, append(environ, "API_ENDPOINT=http://"+addr), forTest.Replace(strings.Join(blocks[3:], "")))
	for _, want := range []string{"\n5. Failure scenario", "GetDataAccess for s3://tip-demo-data (READ): AccessDenied", "\nno grant\n", "AccessDeniedException", "\nnot there\n"} {
		if !strings.Contains(ran, want) {
			t.Errorf("the commands did not show %q:\n%s", want, ran)
		}
	}
	if !strings.HasPrefix(steady(ran), played) || strings.Contains(ran, labtest.NotebookSecretAccessKey) {
		t.Errorf("%s", ran)
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

// shell is bash at the top of the repository, in a process group of its own.
func shell(ctx context.Context, environ []string, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = filepath.Join("..", ".."), environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func bash(t *testing.T, environ []string, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := shell(ctx, environ, script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// startApplication runs the second terminal until the test ends.
func startApplication(t *testing.T, environ []string, script string) (addr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := shell(ctx, environ, script)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	var text bytes.Buffer
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		text.Write(lines.Bytes())
		if _, addr, ok := strings.Cut(lines.Text(), "msg=listening address="); ok {
			return addr
		}
	}
	t.Fatalf("the application does not listen: %s", text.String())
	return ""
}

// startLab runs tip-lab start on another port.
func startLab(t *testing.T, program, described string) {
	t.Helper()
	cmd := exec.Command(program, "start", "-q", "--addr", "127.0.0.1:0", "--dir", described)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 400 {
		if exec.Command(program, "env", "--dir", described).Run() == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("tip-lab start does not answer")
}
