package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The README's first tour, as printed, in one shell. Only what another test runs
// is left out, and a person's browser is replaced.
func TestReadmeTour(t *testing.T) {
	needAWSCLI(t)
	_, err := exec.LookPath("bash")
	need(t, err == nil, "bash")
	_, err = exec.LookPath("curl")
	need(t, err == nil, "curl")
	w := &world{home: t.TempDir()}
	stop := startTourLab(t, w)
	defer stop()

	script := strings.Join(tour(t), "\n")
	script = strings.Replace(script, "\ntip-cli auth\n", "\nBROWSER='tip-lab sign-in --as analyst %s' tip-cli auth\n", 1)
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Env, cmd.Dir = tourEnviron(w), w.home
	together(cmd)
	out, err := cmd.CombinedOutput()
	text := string(out)
	if err != nil {
		t.Fatalf("the tour ended with %v:\n%s", err, text)
	}
	for _, want := range []string{":tip-" + analystID, "revenue.csv", "quarter,revenue", "s3://tip-demo-data/reports/*", `"onBehalfOf"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the tour did not show %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "denied, exit code"); n != 3 {
		t.Errorf("%d of 3 denials:\n%s", n, text)
	}
}

// tour returns the sh blocks of the section First tour, without the one that
// starts the lab in another terminal.
func tour(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "## A first tour")
	if !ok {
		t.Fatal("the README has no first tour")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for i, part := range strings.Split(section, "```") {
		if block, isShell := strings.CutPrefix(part, "sh\n"); i%2 == 1 && isShell && block != "tip-lab start\n" {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func tourEnviron(w *world) []string {
	return []string{
		"PATH=" + programs + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + w.home,
		"TMPDIR=" + w.home, "TIP_CLI_KEYRING=off", "TIP_CLI_SIGN_IN=never", "XDG_CACHE_HOME=" + filepath.Join(w.home, "cache"),
	}
}

// startTourLab runs tip-lab start on its standard port.
func startTourLab(t *testing.T, w *world) (stop func()) {
	t.Helper()
	return startLab(t, w, "the port 8480, which the tour needs,")
}

// startLab runs tip-lab start with further arguments and waits until it answers.
func startLab(t *testing.T, w *world, needs string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, executable("tip-lab")), append([]string{"start", "-q"}, args...)...)
	cmd.Env = tourEnviron(w)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	for range 200 {
		probe := exec.Command(filepath.Join(programs, executable("tip-lab")), "env")
		probe.Env = tourEnviron(w)
		if probe.Run() == nil {
			return stop
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	need(t, false, needs)
	return nil
}
