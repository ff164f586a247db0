package idp

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

//go:embed page
var pageFiles embed.FS

// pages renders what people see. It is immutable.
type pages struct {
	templates *template.Template
	// styleSource admits the style sheet in a Content-Security-Policy.
	styleSource string
}

// signInView fills the sign-in page.
type signInView struct {
	Issuer, Client, Action, CSRF, Login, Problem string
	People                                       []personView
	// More is how many people are not among People.
	More int
}

type personView struct{ Login, Name, Initials string }

// refusedView fills the page of a request that cannot be sent back to a client.
type refusedView struct{ Issuer, Code, Description string }

func newPages() (*pages, error) {
	style, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return nil, fmt.Errorf("style sheet: %w", err)
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, // our own file
	}).ParseFS(pageFiles, "page/pages.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	sum := sha256.Sum256(style)
	return &pages{t, "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}, nil
}

// write renders a page. formTarget is where its form may end up beside the
// issuer itself: browsers apply form-action to redirects, too.
func (p *pages) write(w http.ResponseWriter, status int, name, formTarget string, view any) {
	var body bytes.Buffer
	if err := p.templates.ExecuteTemplate(&body, name, view); err != nil {
		http.Error(w, "cannot render the page", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+p.styleSource+
		"; form-action "+formTarget+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the client is gone: nobody to tell
}

// refusePage answers on a page of our own, since there is no client to be trusted with it.
func (p *provider) refusePage(w http.ResponseWriter, e Event, err error) {
	p.report(e, err)
	ref := asRefusal(err)
	p.pages.write(w, ref.status, "refused", "'none'", refusedView{p.issuer.URL, ref.code, ref.description})
}

// formTarget is the CSP source list for a form that redirects to a URI. A source
// can name neither an IPv6 address nor a private scheme's host.
func formTarget(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil:
		return "'self'"
	case (u.Scheme == "http" || u.Scheme == "https") && !strings.Contains(u.Host, "["):
		return "'self' " + u.Scheme + "://" + u.Host
	}
	return "'self' " + u.Scheme + ":"
}

// viewOf names a person as the claims do.
func viewOf(p *world.Person) personView {
	v := personView{Login: p.Login, Name: p.Login}
	if name, ok := p.Claims["name"].(string); ok && name != "" {
		v.Name = name
	}
	for word := range splitSpace(v.Name) {
		r, _ := utf8.DecodeRuneInString(word)
		if v.Initials += strings.ToUpper(string(r)); utf8.RuneCountInString(v.Initials) == 2 {
			break
		}
	}
	return v
}
