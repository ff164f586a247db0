package e2e_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/chromium"
	"github.com/tip-cli/tip-cli/lab"
)

// browse starts a headless Chromium with the flags that tip-lab browse gives it.
func browse(t *testing.T, w *world) context.Context {
	t.Helper()
	path, err := chromium.Find(os.Getenv)
	need(t, err == nil, "Chromium")
	spki, err := w.LeafSPKI()
	if err != nil {
		t.Fatal(err)
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.WindowSize(900, 700),
	}
	for _, flag := range chromium.Flags(w.Endpoint(), spki, t.TempDir()) {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if hasValue {
			opts = append(opts, chromedp.Flag(name, value))
		} else {
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	return ctx
}

// startSignIn runs tip-cli auth and returns the address that it prints.
func startSignIn(t *testing.T, env []string) (address string, wait func() (string, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(programs, executable("tip-cli")), "auth")
	cmd.Env = append(env, "BROWSER=true")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	for address == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("tip-cli auth printed no address: %v", err)
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") {
			address = line
		}
	}
	return address, func() (string, error) {
		rest, readErr := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil {
			return string(rest), err
		}
		return string(rest), readErr
	}
}

func TestChromiumSignsInThroughTheProxyDoor(t *testing.T) {
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	w.configure(t, env, oktaIssuer)
	ctx := browse(t, w)
	address, wait := startSignIn(t, env)
	do(t, ctx, chromedp.Navigate(address), chromedp.WaitVisible(chromedp.ID("login")))
	screenshot(t, ctx, "sign-in.png")
	do(t, ctx,
		chromedp.SendKeys(chromedp.ID("login"), "analyst"), chromedp.SendKeys(chromedp.ID("password"), "analyst"),
		chromedp.Click(chromedp.ID("sign-in")))
	stderr, err := wait()
	if err != nil || !strings.Contains(stderr, "Signed in as analyst@example.com") {
		t.Fatalf("tip-cli auth: %v\n%s", err, stderr)
	}
	awaitCallback(t, ctx)
	screenshot(t, ctx, "callback.png")
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil || !strings.Contains(strings.ToLower(text), "signed in") {
		t.Errorf("the callback page says %q: %v", text, err)
	}
	w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
}

// awaitCallback waits until the browser shows the callback page. While it swaps one
// site for the other there is no page to ask, which is no reason to give up.
func awaitCallback(t *testing.T, ctx context.Context) {
	t.Helper()
	const at = `document.readyState == "complete" ? location.href : ""`
	var location string
	var err error
	for range 200 {
		location, err = chromedp.Run(ctx, chromedp.Evaluate[string](at))
		if err == nil && strings.HasPrefix(location, "http://localhost:") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("the browser is at %q: %v", location, err)
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// screenshot keeps what the person sees, where E2E_SCREENSHOTS names a folder.
func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if len(png) < 1000 {
		t.Errorf("the screenshot %s is empty", name)
	}
	if dir := os.Getenv("E2E_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
