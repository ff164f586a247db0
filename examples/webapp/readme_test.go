//go:build unix

package main

import (
	"bytes"
	"net/http"
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

// The commands of README.md against the lab, as printed, but for the ports, which
// somebody may use, and the browser windows.
func TestReadme(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("bash")
	need(t, err == nil, "bash")
	blocks := shellBlocks(t)
	if len(blocks) != 3 || blocks[0] != "go install ./cmd/tip-lab\ntip-lab start\n" ||
		blocks[2] != "tip-lab browse http://localhost:8090 &\ntip-lab browse http://localhost:8090\n" {
		t.Fatalf("the README has other commands: %q", blocks)
	}
	bin, described := t.TempDir(), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/tip-lab").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := "http://localhost:" + strconv.Itoa(port)
	world := filepath.Join(t.TempDir(), "world.yaml")
	text := bytes.ReplaceAll(lab.DefaultWorld(), []byte("http://localhost:8090"), []byte(address))
	if err := os.WriteFile(world, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tipLab := filepath.Join(bin, "tip-lab")
	background(t, exec.Command(tipLab, "start", "-q", "--addr", "127.0.0.1:0", "--dir", described, "--world", world))
	eventually(t, func() bool { return exec.Command(tipLab, "env", "--dir", described).Run() == nil })

	script := strings.Replace(blocks[1], "$(tip-lab env)", "$(tip-lab env --dir '"+described+"')", 1)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "WEBAPP_URL="+address)
	background(t, cmd)
	client := &http.Client{Timeout: time.Second}
	var page bytes.Buffer
	eventually(t, func() bool {
		resp, err := client.Get(address)
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		_, err = page.ReadFrom(resp.Body)
		return err == nil
	})
	if !strings.Contains(page.String(), "Sign in with your company account") {
		t.Errorf("the application says %s", page.String())
	}
}

// background runs a command, with all that it starts, until the test ends.
func background(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd, out.Bytes())
		}
	})
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for range 1200 {
		if done() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("it does not answer")
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

// The application as a program ends on SIGTERM, and is not there for nobody.
func TestProgramEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, s.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	address := "http://localhost:" + strconv.Itoa(port)
	cmd := exec.Command(os.Args[0], "-url", address)
	cmd.Env = append(lab.Apply([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}, s.Environ(lab.ProxyDoor, ca)), asProgram+"=1")
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: time.Second}
	eventually(t, func() bool {
		resp, err := client.Get(address + "/style.css")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out.Bytes())
	}

	wrong := exec.Command(os.Args[0], "-issuer", "https://idp.example.com")
	wrong.Env = cmd.Env
	if said, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(said), "webapp: error: identity provider https://idp.example.com") {
		t.Errorf("%v: %s", err, said)
	}
}
