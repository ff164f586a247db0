package oidclogin

import (
	"context"
	"errors"
	"net/url"
	"strings"
)

const (
	// maxPastes bounds what is read in vain.
	maxPastes = 10
	// maxPaste bounds what may be one address, in bytes; it is what the listener
	// takes too.
	maxPaste    = maxHeader
	pastePrompt = "Paste the address here: "
)

// line is what ReadLine returned.
type line struct {
	text string
	err  error
}

// lines reads until an error, or ctx is done. The channel is nil without ReadLine.
func (a *attempt) lines(ctx context.Context) <-chan line {
	read := a.options.ReadLine
	if read == nil {
		return nil
	}
	lines := make(chan line)
	go func() {
		for {
			text, err := read(ctx)
			select {
			case lines <- line{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// paste recognizes the redirect of one sign-in in what people paste.
type paste struct {
	redirect  *url.URL
	authorize string // what the address to open begins with
	callback  *callback
	before    string // a part of the redirect that the lines so far may be
	tried     int
	failed    error // set when the sign-in ends for want of a redirect
}

func (a *attempt) newPaste() *paste {
	redirect, err := url.Parse(a.oauth.RedirectURL)
	if err != nil { // it is made of checked settings
		redirect = &url.URL{}
	}
	return &paste{redirect: redirect, authorize: a.provider.authorizationEndpoint, callback: a.callback}
}

// take uses one line, and reports whether that was the last one that is of use.
func (a *attempt) take(p *paste, l line) (last bool) {
	alone := len(a.loopback.listeners) == 0
	if l.err != nil {
		switch {
		case errors.Is(l.err, context.Canceled): // a signal that only the terminal heard
			p.failed = interrupted()
		case alone:
			p.failed = fail(KindTimeout, "the input ended before the redirect was pasted").hint("Sign in again, in a terminal.")
		}
		return true
	}
	response, problem := p.response(l.text)
	if problem == "" {
		a.callback.deliver(response)
		return true
	}
	if p.tried++; p.tried < maxPastes {
		a.say("%s\n%s", problem, pastePrompt)
		return false
	}
	if alone {
		p.failed = fail(KindTimeout, "%d lines were pasted, none of them the redirect of this sign-in", p.tried).hint("Sign in again.")
		return true
	}
	a.say("%s Nothing more is read; the browser can still finish.\n", problem)
	return true
}

// response returns the authorization response in a line, perhaps with the lines
// before it, or what is wrong with it in one sentence.
func (p *paste) response(text string) (response url.Values, problem string) {
	text = unwrap(text)
	if response, problem = p.parse(text); problem == "" {
		return response, ""
	}
	if p.continues(text) {
		text = p.before + text
		response, problem = p.parse(text)
	}
	p.before = ""
	if p.begins(text) {
		p.before = text
	}
	return response, problem
}

// continues says that text may go on where the lines so far were wrapped.
func (p *paste) continues(text string) bool {
	return p.before != "" && text != "" && !strings.Contains(text, "://") && len(p.before)+len(text) <= maxPaste
}

// begins says that text is the redirect or the beginning of it.
func (p *paste) begins(text string) bool {
	whole, begun := p.redirect.String(), withScheme(text)
	return strings.HasPrefix(begun, whole) || (len(begun) > len("http://") && strings.HasPrefix(whole, begun))
}

// unwrap takes off what comes with copying: blanks, quotes, and the marks of a
// terminal's bracketed paste.
func unwrap(text string) string {
	text = strings.NewReplacer("\x1b[200~", "", "\x1b[201~", "").Replace(text)
	return strings.Trim(text, " \t\r\n\"'`<>“”‘’")
}

// withScheme puts back what some browsers leave out when an address is copied.
func withScheme(text string) string {
	if strings.HasPrefix(text, "localhost") || strings.HasPrefix(text, "127.0.0.1") {
		return "http://" + text
	}
	return text
}

// parse returns the parameters of a whole redirect.
func (p *paste) parse(text string) (response url.Values, problem string) {
	switch {
	case text == "":
		return nil, "Nothing was pasted."
	case len(text) > maxPaste:
		return nil, "This is too long for an address."
	case strings.HasPrefix(text, p.authorize):
		return nil, "This is the address to open, not the one that the browser ends at."
	case p.begins(text) && len(withScheme(text)) < len(p.redirect.String()):
		return nil, "This is only the beginning of the address; copy all of it, in one line."
	}
	u, err := url.Parse(withScheme(text))
	if err != nil || u.Scheme != "http" || !sameHost(u, p.redirect) || u.EscapedPath() != p.redirect.EscapedPath() {
		return nil, "This is not the address that the browser ends at: that begins with " + p.redirect.String() + "?"
	}
	response, err = parseResponse(u.RawQuery)
	switch {
	case err != nil || repeats(response):
		return nil, "This address is damaged; copy it from the address bar as a whole."
	case response.Get("state") == "":
		return nil, "This is only a part of the address (it has no state); copy all of it, in one line."
	case !p.callback.hasState(response):
		return nil, "This is the address of another sign-in, or only a part of it; copy the one that this sign-in ended at, in one line."
	case response.Get("code") == "" && !response.Has("error"):
		return nil, "This is only a part of the address (it has no code); copy all of it, in one line."
	}
	return response, ""
}

// sameHost compares host and port; browsers leave out port 80.
func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if u.Port() == "" {
			return "80"
		}
		return u.Port()
	}
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b) && a.User == nil
}
