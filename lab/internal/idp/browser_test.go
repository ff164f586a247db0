package idp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// chromium finds a browser. Without one the test is skipped, but not in CI.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI has no Chromium")
	}
	t.Skip("there is no Chromium on this machine")
	return ""
}

// newBrowser starts a headless browser with a profile of its own.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(chromium(t)), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.UserDataDir(t.TempDir()))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // ends the browser before its directory goes
	return ctx
}

// site is the lab and an application's callback on real listeners.
type site struct {
	issuer, callback string
	received         chan url.Values
}

func newSite(t *testing.T) site {
	t.Helper()
	s := site{received: make(chan url.Values, 4)}
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			s.received <- r.URL.Query()
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<p id="arrived">Arrived.</p>`)
	}))
	t.Cleanup(application.Close)
	s.callback = application.URL + "/callback"
	server := httptest.NewUnstartedServer(nil)
	endpoint := server.Listener.Addr().String()
	service, err := idp.New(newWorld(t, strings.ReplaceAll(worldFile, callback, s.callback), endpoint, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = service
	server.Start()
	t.Cleanup(server.Close)
	s.issuer = "http://" + endpoint + "/idp"
	return s
}

func (s site) authorize(changes ...string) string {
	return s.issuer + "/authorize?" + request(append([]string{"redirect_uri", s.callback}, changes...)...).Encode()
}

// next is what the application was called with.
func (s site) next(t *testing.T, ctx context.Context) url.Values {
	t.Helper()
	run(t, ctx, chromedp.WaitVisible(chromedp.ID("arrived")))
	select {
	case v := <-s.received:
		return v
	case <-ctx.Done():
		t.Fatal("the browser did not come back to the application")
		return nil
	}
}

func run(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func TestBrowser(t *testing.T) {
	ctx, s := newBrowser(t), newSite(t)
	t.Run("cancel", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(s.authorize()), chromedp.Click(chromedp.ID("cancel")))
		if got := s.next(t, ctx); got.Get("error") != "access_denied" || got.Get("state") != "a state" || got.Get("iss") != s.issuer {
			t.Errorf("response %v", got)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(s.authorize("login_hint", "alex")),
			chromedp.SendKeys(chromedp.ID("password"), "wrong\r"), chromedp.WaitVisible(chromedp.ID("problem")))
		got, err := chromedp.Run(ctx, chromedp.Text(chromedp.ID("problem")))
		if err != nil || got != "The login or the password is wrong." {
			t.Errorf("message %q, %v", got, err)
		}
		keepPicture(t, ctx, "wrong-password")
	})
	t.Run("sign in", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(s.authorize()),
			chromedp.SendKeys(chromedp.ID("login"), "alex"), chromedp.SendKeys(chromedp.ID("password"), "correct horse"),
			chromedp.Click(chromedp.ID("sign-in")))
		if got := s.next(t, ctx); got.Get("code") == "" || got.Get("state") != "a state" || got.Get("iss") != s.issuer {
			t.Errorf("response %v", got)
		}
	})
	t.Run("silent", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(s.authorize("prompt", "none")))
		if got := s.next(t, ctx); got.Get("code") == "" {
			t.Errorf("response %v", got)
		}
	})
	t.Run("one click", func(t *testing.T) {
		run(t, ctx, chromedp.Navigate(s.authorize("prompt", "login")), chromedp.Click(chromedp.CSS(`button[value="sam"]`)))
		if got := s.next(t, ctx); got.Get("code") == "" {
			t.Errorf("response %v", got)
		}
	})
	t.Run("linked headless", func(t *testing.T) { checkLinkedHeadless(t, ctx, s) })
}

// A page that sends the browser to a headless request gets nobody signed in.
func checkLinkedHeadless(t *testing.T, ctx context.Context, s site) {
	t.Helper()
	target := s.authorize("lab_login", "alex", "lab_password", "correct horse")
	run(t, ctx, chromedp.Navigate(s.callback+"/elsewhere"),
		chromedp.Evaluate[chromedp.Void](`setTimeout(() => { location.href = "`+target+`" })`),
		chromedp.WaitVisible(chromedp.CSS(".problem")))
	got, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(".problem")))
	if err != nil || !strings.Contains(got, "access_denied") || len(s.received) != 0 {
		t.Errorf("message %q, %v, %d calls of the application", got, err, len(s.received))
	}
}

// The page has its style in spite of the Content-Security-Policy, in light and
// dark, and fits a narrow window.
func TestAppearance(t *testing.T) {
	ctx, s := newBrowser(t), newSite(t)
	backgrounds := map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(24, 30, 40)"}
	for scheme, want := range backgrounds {
		for name, width := range map[string]int64{"wide": 1200, "narrow": 360} {
			for view, target := range map[string]string{"sign-in": s.authorize("prompt", "login"), "refused": s.authorize("client_id", "stranger"), "device": s.issuer + "/device"} {
				run(t, ctx, chromedp.EmulateViewport(width, 900), colorScheme(scheme), chromedp.Navigate(target))
				got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("main")).backgroundColor`))
				if err != nil || got != want {
					t.Errorf("%s %s %s: background %q, %v, want %q", view, scheme, name, got, err, want)
				}
				over, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
				if err != nil || over {
					t.Errorf("%s %s %s: wider than the window (%v)", view, scheme, name, err)
				}
				keepPicture(t, ctx, view+"-"+scheme+"-"+name)
			}
		}
	}
}

// keepPicture stores a picture of the page in a directory that goes away, or in
// the one that IDP_SCREENSHOTS names.
func keepPicture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("IDP_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

func colorScheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}
