package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed templates
var templates embed.FS

// views are the pages, each within the layout.
var views = parseViews("home", "welcome", "browse", "problem", "signed-out")

func parseViews(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.ParseFS(templates, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
}

// view is what the layout shows. Page is what the page within it shows.
type view struct {
	Title string
	Name  string // of who is signed in; empty if nobody is
	Page  any
}

// write sends a page. It is put together first, so that half of one is never sent.
func (a *app) write(w http.ResponseWriter, status int, name string, v view) {
	var page bytes.Buffer
	if err := views[name].ExecuteTemplate(&page, "layout", v); err != nil {
		a.log.Error("a page cannot be shown", "page", name, "err", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the browser is gone if this fails
}

// show shows a problem.
func (a *app) show(w http.ResponseWriter, r *http.Request, p problem) {
	v := view{Title: p.Title, Page: map[string]any{"Problem": p, "Next": nextOf(r)}}
	if s := a.sessions.of(r); s != nil && !p.SignIn {
		v.Name = s.name
	}
	if p.Wait > 0 {
		w.Header().Set("Retry-After", seconds(p.Wait))
	}
	if p.Status == http.StatusUnauthorized { // RFC 9110 section 11.6.1 wants a challenge; browsers take no notice of this one
		w.Header().Set("WWW-Authenticate", "OpenIDConnect")
	}
	a.write(w, p.Status, "problem", v)
}

// nextOf is where a sign-in leads back to: to the page that was asked for.
func nextOf(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/callback" {
		return "/"
	}
	return r.URL.RequestURI()
}

func style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, templates, "templates/style.css")
}

func (a *app) signedOut(w http.ResponseWriter, _ *http.Request) {
	a.write(w, http.StatusOK, "signed-out", view{Title: "Signed out"})
}
