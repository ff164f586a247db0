package diagnosis_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/chromium"
	"github.com/tip-cli/tip-cli/lab"
)

// browse starts a headless Chromium.
func browse(t *testing.T) context.Context {
	t.Helper()
	path, err := chromium.Find(os.Getenv)
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("Chromium is missing on this machine")
	} else if err != nil {
		t.Fatal(err)
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.WindowSize(1200, 900)}
	for _, flag := range chromium.Flags("", "", t.TempDir()) {
		name, value, hasValue := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		switch {
		case hasValue && value == "": // there is no proxy, and no certificate
		case hasValue:
			opts = append(opts, chromedp.Flag(name, value))
		default:
			opts = append(opts, chromedp.Flag(name, true))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	return ctx
}

// look is a way in which somebody sees the page.
type look struct {
	name          string
	width, height int64
	features      []*emulation.MediaFeature
	media         string
	greyscale     bool
}

var looks = []look{
	{name: "light", width: 1200, height: 900},
	{name: "dark", width: 1200, height: 900, features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}},
	{name: "narrow", width: 375, height: 812},
	{name: "grey", width: 1200, height: 900, greyscale: true},
	{name: "forced-colors", width: 1200, height: 900, features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}},
	{name: "print", width: 800, height: 1100, media: "print", features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}, {Name: "forced-colors", Value: "none"}}},
}

// TestPage has a browser show the page of a broken world, in all looks. Screenshots are
// kept where E2E_SCREENSHOTS names a folder.
func TestPage(t *testing.T) {
	ctx := browse(t)
	b := start(t, func(w *lab.World) { w.IdentityCenter[0].Applications[0].AssignmentRequired = aws.Bool(true) })
	b.configure(nil)
	b.signIn("analyst")
	path := filepath.Join(b.home, "diagnosis.html")
	if r := b.run("tip-cli", "diag", "--profile", "center", "--app-profile", "app", "--html", path); r.code != 1 || !strings.Contains(r.stderr, "Wrote "+path) {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	address := "file://" + filepath.ToSlash(path)
	if err := chromedp.Do(ctx, chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("h1"))); err != nil {
		t.Fatal(err)
	}
	for _, l := range looks {
		l.check(t, ctx)
	}
}

// faults are what is wrong with a page as it is laid out: it is wider than the window, an
// icon has no size, a link leads nowhere, the style was refused, or it asked for something.
const faults = `(() => {
  const all = [];
  if (document.documentElement.scrollWidth > window.innerWidth + 1) all.push("wider than the window: " + document.documentElement.scrollWidth);
  for (const i of document.querySelectorAll("svg.icon")) { if (!(i.getBoundingClientRect().width > 10) && i.checkVisibility()) all.push("an icon has no size"); }
  for (const a of document.querySelectorAll("a")) { const id = a.getAttribute("href").slice(1); if (!document.getElementById(id)) all.push("nothing at #" + id); }
  if (getComputedStyle(document.querySelector(".chain")).display !== "grid") all.push("the style was refused");
  if (performance.getEntriesByType("resource").length > 0) all.push("it has asked for something");
  if (!document.querySelector(".chain .fail .word") || document.querySelector(".chain .fail .word").textContent !== "broken") all.push("the broken link is not called so");
  if (!document.querySelector("details.fail pre code").textContent.startsWith("aws sso-admin ")) all.push("there is no command to copy");
  return all.join("; ");
})()`

// contrast is the least of a text and what is behind it (WCAG 2.2 section 1.4.3).
const contrast = `(() => {
  const rgba = s => { const v = s.match(/[\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v };
  const luminance = c => c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3]) return c } return [255, 255, 255, 1] };
  let least = 21;
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest("svg") || ![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }
  return least;
})()`

// as shows the page in the browser in that way.
func (l *look) as() chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.EmulateViewport(l.width, l.height),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: l.media, Features: l.features})
			if err != nil {
				return err
			}
			sight := emulation.SetEmulatedVisionDeficiencyTypeNone
			if l.greyscale {
				sight = emulation.SetEmulatedVisionDeficiencyTypeAchromatopsia
			}
			_, err = cdp.Call(ctx, target, emulation.SetEmulatedVisionDeficiency, emulation.SetEmulatedVisionDeficiencyParams{Type: sight})
			return err
		}))
}

func (l *look) check(t *testing.T, ctx context.Context) {
	t.Helper()
	if err := chromedp.Do(ctx, l.as()); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("E2E_SCREENSHOTS"); dir != "" {
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "diag-"+l.name+".png"), png, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[string](faults))
	if err != nil || wrong != "" {
		t.Errorf("%s: %s %v", l.name, wrong, err)
	}
	if least, err := chromedp.Run(ctx, chromedp.Evaluate[float64](contrast)); err != nil || least < 4.5 {
		t.Errorf("%s: a text has the contrast %.2f, %v", l.name, least, err)
	}
}
