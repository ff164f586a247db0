package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/chromium"
)

// need skips the test where a program is missing, and fails it in CI.
func need(t *testing.T, found bool, what string) {
	t.Helper()
	switch {
	case found:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing", what)
	default:
		t.Skipf("%s is missing on this machine", what)
	}
}

// browser starts a headless Chromium that sees the lab's host names.
func (s *site) browser(t *testing.T, downloads string) context.Context {
	t.Helper()
	path, err := chromium.Find(os.Getenv)
	need(t, err == nil, "Chromium")
	spki, err := s.LeafSPKI()
	if err != nil {
		t.Fatal(err)
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.WindowSize(900, 700)}
	for _, flag := range chromium.Flags(s.Endpoint(), spki, t.TempDir()) {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if hasValue {
			opts = append(opts, chromedp.Flag(name, value))
		} else {
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: downloads,
		})
		return err
	}))
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// says waits until the heading of the page is this one.
func says(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	var got string
	var err error
	for range 200 {
		got, err = chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState == "complete" && document.querySelector("h1")?.textContent || ""`))
		if err == nil && got == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("the page says %q, not %q: %v", got, want, err)
}

// A person's whole visit: in, look, take, be refused, put, out.
func TestVisitWithChromium(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	downloads := t.TempDir()
	ctx := s.browser(t, downloads)

	do(t, ctx, chromedp.Navigate(s.url))
	says(t, ctx, "Team files")
	looksRight(t, ctx, "welcome")
	do(t, ctx, chromedp.Click(chromedp.ID("sign-in")), chromedp.WaitVisible(chromedp.ID("login")),
		chromedp.SendKeys(chromedp.ID("login"), "analyst"), chromedp.SendKeys(chromedp.ID("password"), "analyst"),
		chromedp.Click(chromedp.ID("sign-in")))
	says(t, ctx, "Your files")
	looksRight(t, ctx, "home")

	do(t, ctx, chromedp.Click(chromedp.CSS(`a[href*="reports"]`)))
	says(t, ctx, analystReports)
	looksRight(t, ctx, "browse")
	do(t, ctx, chromedp.Click(chromedp.CSS(`a[href*="summary.txt"]`)))
	await(t, ctx, filepath.Join(downloads, "summary.txt"), "Revenue grew in the second quarter.\n")

	mine := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.SetUploadFiles(chromedp.ID("file"), []string{mine}), chromedp.Click(chromedp.ID("upload")))
	says(t, ctx, "You do not have access")
	looksRight(t, ctx, "denied")

	do(t, ctx, chromedp.Navigate(s.url+link("/browse", analystHome)), chromedp.WaitVisible(chromedp.ID("file")),
		chromedp.SetUploadFiles(chromedp.ID("file"), []string{mine}), chromedp.Click(chromedp.ID("upload")),
		chromedp.WaitVisible(chromedp.CSS(".note")))
	looksRight(t, ctx, "uploaded")

	do(t, ctx, chromedp.Click(chromedp.ID("sign-out")))
	says(t, ctx, "You are signed out")
	looksRight(t, ctx, "signed-out")
	do(t, ctx, chromedp.NavigateBack())
	do(t, ctx, chromedp.Navigate(s.url+link("/browse", analystHome)))
	says(t, ctx, "Please sign in")
	looksRight(t, ctx, "please-sign-in")
}

// await waits for a download.
func await(t *testing.T, ctx context.Context, path, want string) {
	t.Helper()
	var got []byte
	for range 200 {
		if got, _ = os.ReadFile(path); string(got) == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s holds %q, not %q", path, got, want)
}

// seen is what is measured of a page.
type seen struct {
	Overflow bool    // something is wider than the screen
	Page     float64 // luminance of the background, 0 to 1
	Contrast float64 // the least one of a text and what is behind it, WCAG 2.2 section 1.4.3
	Least    string  // whose it is
	Unnamed  int     // fields and buttons without a name for screen readers
}

const measure = `(() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const rgba = s => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = s; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data };
  const luminance = c => [...c].slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3]) return c } return [255, 255, 255, 1] };
  let contrast = 21, least = "";
  for (const e of document.body.querySelectorAll("*")) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
    const c = (a + 0.05) / (b + 0.05);
    if (c < contrast) { contrast = c; least = e.tagName + " " + e.className + ": " + e.textContent.trim().slice(0, 40) }
  }
  const unnamed = [...document.querySelectorAll("input, button, a")].filter(e => !e.textContent.trim() && !e.labels?.length).length;
  return { Overflow: document.documentElement.scrollWidth > innerWidth, Page: luminance(behind(document.body)), Contrast: contrast, Least: least, Unnamed: unnamed };
})()`

// looksRight shows the page bright and dark, on a desk and on a telephone, and wants
// it readable there. The screenshots are kept where E2E_SCREENSHOTS names a folder.
func looksRight(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, l := range []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 900, 700}, {"dark", "dark", 900, 700}, {"phone-light", "light", 360, 640}, {"phone-dark", "dark", 360, 640}} {
		do(t, ctx, chromedp.EmulateViewport(l.width, l.height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
			})
			return err
		}))
		if dir := os.Getenv("E2E_SCREENSHOTS"); dir != "" {
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "webapp-"+name+"-"+l.name+".png"), png, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := chromedp.Run(ctx, chromedp.Evaluate[seen](measure))
		if err != nil {
			t.Fatal(err)
		}
		if got.Overflow || got.Unnamed > 0 || got.Contrast < 4.5 || (got.Page < 0.2) != (l.scheme == "dark") {
			t.Errorf("%s on %s: %+v", name, l.name, got)
		}
	}
}
