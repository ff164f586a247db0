package oidclogin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

// typist enters lines made from the genuine redirect, once the address was shown.
type typist struct {
	t       *testing.T
	out     *watcher
	shown   chan struct{}
	lines   func(genuine, authorize string) []string
	browser *http.Client
	next    []string
	begun   bool
}

func newTypist(t *testing.T, lines func(genuine, authorize string) []string) *typist {
	ty := &typist{t: t, shown: make(chan struct{}), lines: lines, browser: newHTTPClient(t)}
	ty.out = &watcher{text: "\n\n  ", found: func() { close(ty.shown) }}
	ty.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return ty
}

// address is the one that was printed.
func (ty *typist) address() string {
	_, rest, _ := strings.Cut(ty.out.String(), "\n\n  ")
	address, _, _ := strings.Cut(rest, "\n")
	return address
}

// readLine is SignInOptions.ReadLine; at the end of the lines the input goes on.
func (ty *typist) readLine(ctx context.Context) (string, error) {
	if !ty.begun {
		<-ty.shown
		genuine := fetch(ty.t, ty.browser, newRequest(ty.t, "GET", ty.address())).header.Get("Location")
		ty.begun, ty.next = true, ty.lines(genuine, ty.address())
	}
	if len(ty.next) == 0 {
		<-ctx.Done()
		return "", ctx.Err()
	}
	line := ty.next[0]
	ty.next = ty.next[1:]
	switch line {
	case "EOF":
		return "", io.EOF
	case "SIGHUP": // what a Terminal returns
		return "", fmt.Errorf("interrupted: %w", context.Canceled)
	}
	return line + "\n", nil
}

func (ty *typist) options(method oidclogin.Method) func(*oidclogin.SignInOptions) {
	return func(o *oidclogin.SignInOptions) { o.Method, o.ReadLine, o.Out = method, ty.readLine, ty.out }
}

// takenPort listens where a sign-in would.
func takenPort(t *testing.T) int {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// TestPaste: the genuine redirect is taken however it was copied, and what is
// pasted before is refused in one line, whether the port is free or not.
func TestPaste(t *testing.T) {
	genuine := func(g, _ string) []string { return []string{g} }
	with := func(line string) func(g, a string) []string {
		return func(g, _ string) []string { return []string{line, g} }
	}
	tests := map[string]struct {
		lines func(genuine, authorize string) []string
		said  string
	}{
		"as it is":        {genuine, ""},
		"quoted":          {func(g, _ string) []string { return []string{` "` + g + `" `} }, ""},
		"in angles":       {func(g, _ string) []string { return []string{"<" + g + ">\r"} }, ""},
		"bracketed paste": {func(g, _ string) []string { return []string{"\x1b[200~" + g + "\x1b[201~"} }, ""},
		"semicolon":       {func(g, _ string) []string { return []string{g + "&hint=a;b"} }, ""},
		"without scheme":  {func(g, _ string) []string { return []string{strings.TrimPrefix(g, "http://")} }, ""},
		"with fragment":   {func(g, _ string) []string { return []string{g + "#"} }, ""},
		"capital host":    {func(g, _ string) []string { return []string{strings.Replace(g, "localhost", "LOCALHOST", 1)} }, ""},
		"wrapped":         {func(g, _ string) []string { return []string{g[:len(g)-9], g[len(g)-9:]} }, "This is the address of another sign-in, or only a part of it"},
		"wrapped early":   {func(g, _ string) []string { return []string{g[:30], g[30:60], g[60:]} }, "This is only the beginning of the address"},
		"part, then all":  {func(g, _ string) []string { return []string{g[:40], g} }, "This is only a part of the address"},
		"blank":           {with("  "), "Nothing was pasted."},
		"quotes alone":    {with(`""`), "Nothing was pasted."},
		"words":           {with("what now?"), "This is not the address that the browser ends at: that begins with http://localhost:"},
		"the address":     {func(g, a string) []string { return []string{a, g} }, "This is the address to open, not the one that the browser ends at."},
		"another host":    {with("http://evil.example/callback?code=x&state=y"), "This is not the address"},
		"another scheme":  {func(g, _ string) []string { return []string{"https" + strings.TrimPrefix(g, "http"), g} }, "This is not the address"},
		"another port":    {with("http://localhost:1/callback?code=x&state=y"), "This is not the address"},
		"user name":       {func(g, _ string) []string { return []string{strings.Replace(g, "//", "//me@", 1), g} }, "This is not the address"},
		"another path":    {func(g, _ string) []string { return []string{strings.Replace(g, "callback", "other", 1), g} }, "This is not the address"},
		"no state":        {func(g, _ string) []string { return []string{g[:strings.Index(g, "?")] + "?code=x", g} }, "(it has no state)"},
		"no query":        {func(g, _ string) []string { return []string{g[:strings.Index(g, "?")], g} }, "(it has no state)"},
		"other state":     {func(g, _ string) []string { return []string{g[:strings.Index(g, "?")] + "?code=x&state=y", g} }, "another sign-in"},
		"state twice":     {func(g, _ string) []string { return []string{g + "&state=x", g} }, "This address is damaged"},
		"bad escape":      {func(g, _ string) []string { return []string{g + "&x=%zz", g} }, "This address is damaged"},
		"no code": {func(g, _ string) []string {
			return []string{g[:strings.Index(g, "?")] + "?" + g[strings.Index(g, "state="):], g}
		}, "(it has no code)"},
		"an escape code":  {with("\x1b[31mhttp://localhost"), "This is not the address"},
		"far too long":    {with("http://localhost/" + strings.Repeat("x", 70<<10)), "This is too long for an address."},
		"nine wrong ones": {func(g, _ string) []string { return append(strings.Split("abcdefghi", ""), g) }, "This is not the address"},
	}
	for name, tt := range tests {
		for _, busy := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := newIDP(t)
				ty := newTypist(t, tt.lines)
				r := p.signIn(t, signInOptions{signIn: ty.options(oidclogin.MethodPaste), settings: func(s *oidclogin.Settings) {
					if busy {
						s.RedirectPort = takenPort(t)
					}
				}})
				if r.err != nil || r.tokens.Assertion.IsZero() || len(p.grants) != 1 {
					t.Fatalf("%v; the code was sent %d times", r.err, len(p.grants))
				}
				out := ty.out.String()
				p.assertNoSecret(t, strings.ReplaceAll(out, ty.address(), ""))
				if said := strings.Count(out, "Paste the address here: "); !strings.Contains(out, tt.said) || (tt.said == "") != (said == 1) {
					t.Errorf("asked %d times: %s", said, strings.ReplaceAll(out, ty.address(), "..."))
				}
				if strings.Contains(out, "\x1b") {
					t.Errorf("%q", out)
				}
			})
		}
	}
}

// TestPasteEnds: an error that was pasted, the end of the input, and too many
// wrong lines.
func TestPasteEnds(t *testing.T) {
	denied := func(g, _ string) []string {
		return []string{g[:strings.Index(g, "?")] + "?error=access_denied&" + g[strings.Index(g, "state="):]}
	}
	forged := func(g, _ string) []string {
		return []string{g[:strings.Index(g, "?")] + "?error=access_denied&state=forged", g}
	}
	many := func(string, string) []string { return strings.Split("abcdefghijkl", "") }
	tests := map[string]struct {
		lines func(genuine, authorize string) []string
		kind  oidclogin.Kind
		want  string
	}{
		"denied":        {denied, oidclogin.KindDenied, "answered access_denied"},
		"denied, state": {forged, 0, ""},
		"end":           {func(string, string) []string { return []string{"EOF"} }, oidclogin.KindTimeout, "the input ended before the redirect was pasted"},
		"too many":      {many, oidclogin.KindTimeout, "10 lines were pasted, none of them the redirect of this sign-in"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ty := newTypist(t, tt.lines)
			r := newIDP(t).signIn(t, signInOptions{signIn: ty.options(oidclogin.MethodPaste),
				settings: func(s *oidclogin.Settings) { s.RedirectPort = takenPort(t) }})
			if tt.want == "" {
				if r.err != nil {
					t.Error(r.err)
				}
				return
			}
			wantError(t, r.err, tt.kind, tt.want)
		})
	}
}

// TestPasteBesideLoopback: the redirect on loopback wins where it comes first, and
// pasting that is over does not end the sign-in.
func TestPasteBesideLoopback(t *testing.T) {
	tests := map[string]struct{ lines, after string }{
		"nothing pasted": {"", "Ctrl-C ends it."},
		"end of input":   {"EOF", "Ctrl-C ends it."},
		"too many":       {"a b c d e f g h i j k l", "Nothing more is read; the browser can still finish."},
	}
	for name, tt := range tests {
		for _, method := range []oidclogin.Method{oidclogin.MethodPaste, oidclogin.MethodBrowser, oidclogin.MethodNoBrowser} {
			t.Run(name, func(t *testing.T) {
				ty := newTypist(t, nil)
				ty.begun, ty.next = true, strings.Fields(tt.lines)
				user := newHTTPClient(t)
				late := &watcher{text: tt.after, found: func() {
					go fetch(t, user, newRequest(t, "GET", ty.address())) // the browser gets there
				}}
				r := newIDP(t).signIn(t, signInOptions{
					signIn: func(o *oidclogin.SignInOptions) {
						ty.options(method)(o)
						o.Out = io.MultiWriter(ty.out, late)
					},
					openURL: func(context.Context, string) error {
						if method != oidclogin.MethodBrowser {
							t.Error("a browser was opened")
						}
						return nil
					},
				})
				if r.err != nil {
					t.Error(r.err)
				}
			})
		}
	}
}

// TestPasteInterrupted: a signal that ends the input ends the sign-in, although
// the browser could still finish it.
func TestPasteInterrupted(t *testing.T) {
	for _, method := range []oidclogin.Method{oidclogin.MethodPaste, oidclogin.MethodBrowser, oidclogin.MethodNoBrowser} {
		for _, busy := range []bool{false, true} {
			if busy && method != oidclogin.MethodPaste {
				continue
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			ty := newTypist(t, nil)
			ty.begun, ty.next = true, []string{"SIGHUP"}
			r := newIDP(t).signIn(t, signInOptions{ctx: ctx, signIn: ty.options(method),
				openURL: func(context.Context, string) error { return nil },
				settings: func(s *oidclogin.Settings) {
					if busy {
						s.RedirectPort = takenPort(t)
					}
				}})
			cancel()
			wantError(t, r.err, oidclogin.KindInterrupted, "sign in: interrupted")
			if !errors.Is(r.err, context.Canceled) {
				t.Errorf("%v is no context.Canceled", r.err)
			}
		}
	}
}

// TestPasteBesideBrowser: with an input, any redirect can be pasted.
func TestPasteBesideBrowser(t *testing.T) {
	ty := newTypist(t, func(g, _ string) []string { return []string{g} })
	r := newIDP(t).signIn(t, signInOptions{signIn: ty.options(oidclogin.MethodBrowser), openURL: func(context.Context, string) error {
		return errors.New("no display")
	}})
	if r.err != nil || r.tokens.IDToken.IsZero() || !strings.Contains(ty.out.String(), "paste the address that it ends at here.") {
		t.Error(r.err, ty.out.String())
	}
}

func TestMethodsRefused(t *testing.T) {
	for want, edit := range map[string]func(*oidclogin.SignInOptions){
		"there is nothing to paste the redirect into": func(o *oidclogin.SignInOptions) { o.Method = oidclogin.MethodPaste },
		"there is no sign-in method 9":                func(o *oidclogin.SignInOptions) { o.Method = 9 },
		"there is no sign-in method -1":               func(o *oidclogin.SignInOptions) { o.Method = -1 },
	} {
		r := newIDP(t).signIn(t, signInOptions{signIn: edit})
		wantError(t, r.err, oidclogin.KindConfig, want)
	}
}

// TestPortMatters: without MethodPaste a pasted redirect does not stand in for the port.
func TestPortMatters(t *testing.T) {
	ty := newTypist(t, nil)
	for _, method := range []oidclogin.Method{oidclogin.MethodBrowser, oidclogin.MethodNoBrowser} {
		r := newIDP(t).signIn(t, signInOptions{signIn: ty.options(method), settings: func(s *oidclogin.Settings) { s.RedirectPort = takenPort(t) }})
		wantError(t, r.err, oidclogin.KindPortInUse, "is in use by another program")
	}
}

// TestNobodySees: where the address is printed for nobody, a browser that does
// not open ends the sign-in at once.
func TestNobodySees(t *testing.T) {
	p := newIDP(t)
	open := func(context.Context, string) error { return errors.New("no display\x1b") }
	_, err := oidclogin.New(p.settings(), oidclogin.Env{OpenURL: open, Wait: noWait, HTTPClient: newHTTPClient(t)}).SignIn(t.Context())
	wantError(t, err, oidclogin.KindConfig, "no browser was opened: no display")
	if !strings.Contains(hintOf(t, err), "BROWSER") {
		t.Error(hintOf(t, err))
	}
}

// TestFallbackPorts: the first port that can be had, and its redirect URI.
func TestFallbackPorts(t *testing.T) {
	first, second := takenPort(t), takenPort(t)
	free := takenPort(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	last := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	p := newIDP(t)
	var redirect *url.URL
	ports := func(fallback ...int) func(*oidclogin.Settings) {
		return func(s *oidclogin.Settings) { s.RedirectPort, s.FallbackPorts = first, fallback }
	}
	r := p.signIn(t, signInOptions{settings: ports(second, last, free), before: func(u *url.URL) { redirect = redirectOf(t, u) }})
	if r.err != nil || redirect.Port() != strconv.Itoa(last) || !strings.Contains(r.stderr, redirect.String()) {
		t.Errorf("redirect %v, %v", redirect, r.err)
	}
	r = p.signIn(t, signInOptions{settings: ports(second, free)})
	wantError(t, r.err, oidclogin.KindPortInUse, "none of the ports "+strconv.Itoa(first)+", "+strconv.Itoa(second)+", "+strconv.Itoa(free)+" for the redirect can be listened on")
	if hint := hintOf(t, r.err); !strings.Contains(hint, "registered at the identity provider") || r.stderr != "" {
		t.Errorf("hint %q, stderr %q", hint, r.stderr)
	}
}
