package e2e_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/lab"
)

// look is a person's screen.
type look struct {
	name, scheme  string
	width, height int64
}

var looks = []look{
	{"light", "light", 900, 700}, {"dark", "dark", 900, 700},
	{"phone-light", "light", 360, 640}, {"phone-dark", "dark", 360, 640},
}

// as shows the page in the browser as it looks there.
func (l look) as() chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.EmulateViewport(l.width, l.height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
			})
			return err
		}))
}

// seen is what is measured of a page.
type seen struct {
	Overflow bool    // something is wider than the screen
	Page     float64 // luminance of the background, 0 to 1
	Contrast float64 // the least one of a text and what is behind it, WCAG 2.2 section 1.4.3
	Least    string  // whose it is
}

const measure = `(() => {
  const rgba = s => { const v = s.match(/[\d.]+/g).map(Number); return v.length < 4 ? [...v, 1] : v };
  const luminance = c => c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3]) return c } return [255, 255, 255, 1] };
  let contrast = 21, least = "";
  for (const e of document.body.querySelectorAll("*")) {
    if (![...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim())) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))].sort((x, y) => y - x);
    const c = (a + 0.05) / (b + 0.05) * (e.closest("[aria-hidden]") ? 1.5 : 1); // of signs 3 is enough, section 1.4.11
    if (c < contrast) { contrast = c; least = e.tagName + " " + e.className + ": " + e.textContent.trim().slice(0, 40) }
  }
  return { Overflow: document.documentElement.scrollWidth > innerWidth, Page: luminance(behind(document.body)), Contrast: contrast, Least: least };
})()`

// looksRight shows the page on every screen, keeps what is seen, and wants it
// readable there.
func looksRight(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	for _, l := range looks {
		do(t, ctx, l.as())
		screenshot(t, ctx, name+"-"+l.name+".png")
		got, err := chromedp.Run(ctx, chromedp.Evaluate[seen](measure))
		if err != nil {
			t.Fatal(err)
		}
		if got.Overflow {
			t.Errorf("%s is wider than the screen of %s", name, l.name)
		}
		if dark := got.Page < 0.2; dark != (l.scheme == "dark") {
			t.Errorf("%s on %s: the background has luminance %.2f", name, l.name, got.Page)
		}
		if got.Contrast < 4.5 {
			t.Errorf("%s on %s: contrast %.2f of %s", name, l.name, got.Contrast, got.Least)
		}
	}
}

// Every page that a person sees when signing in, bright and dark, on a desk and on
// a telephone.
func TestPagesOfASignIn(t *testing.T) {
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	w.configure(t, env, oktaIssuer)
	ctx := browse(t, w)

	t.Run("signed in", func(t *testing.T) {
		address, wait := startSignIn(t, env)
		do(t, ctx, chromedp.Navigate(address), chromedp.WaitVisible(chromedp.ID("login")))
		looksRight(t, ctx, "page-sign-in")
		do(t, ctx,
			chromedp.SendKeys(chromedp.ID("login"), "analyst"), chromedp.SendKeys(chromedp.ID("password"), "analyst"),
			chromedp.Click(chromedp.ID("sign-in")))
		if stderr, err := wait(); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		awaitCallback(t, ctx)
		looksRight(t, ctx, "page-signed-in")
		says(t, ctx, "You are signed in")
	})
	t.Run("cancelled", func(t *testing.T) {
		do(t, ctx, chromedp.Navigate("about:blank"))
		address, wait := startSignIn(t, env)
		do(t, ctx, chromedp.Navigate(address+"&prompt=login"), chromedp.WaitVisible(chromedp.ID("cancel")), chromedp.Click(chromedp.ID("cancel")))
		if stderr, err := wait(); err == nil || !strings.Contains(stderr, "access_denied") {
			t.Errorf("%v\n%s", err, stderr)
		}
		awaitCallback(t, ctx)
		looksRight(t, ctx, "page-denied")
		says(t, ctx, "The identity provider refused the sign-in.")
	})
	t.Run("expired code", func(t *testing.T) {
		address, wait := startSignIn(t, env)
		do(t, ctx, chromedp.Navigate(w.redirect(t, address, "")+"&code=expired"))
		if stderr, err := wait(); err == nil || !strings.Contains(stderr, "invalid_grant") {
			t.Errorf("%v\n%s", err, stderr)
		}
		looksRight(t, ctx, "page-expired")
		says(t, ctx, "The sign-in failed")
	})
	t.Run("of another sign-in", func(t *testing.T) {
		address, wait := startSignIn(t, env)
		do(t, ctx, chromedp.Navigate(w.redirect(t, address, "another")+"&code=theirs"))
		looksRight(t, ctx, "page-not-ours")
		says(t, ctx, "The request was ignored.")
		do(t, ctx, chromedp.Navigate(w.redirect(t, address, "")+"&error=access_denied"))
		if _, err := wait(); err == nil {
			t.Error("signed in")
		}
	})
}

// redirect is the address to which the provider sends the browser back, with the
// state of the sign-in unless another is given.
func (w *world) redirect(t *testing.T, address, state string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if state == "" {
		state = u.Query().Get("state")
	}
	return u.Query().Get("redirect_uri") + "?state=" + url.QueryEscape(state)
}

func says(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil || !strings.Contains(text, want) {
		t.Errorf("the page says %q: %v", text, err)
	}
}
