package oidclogin

import (
	"crypto/sha256"
	_ "embed" // for the page and its style
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// page is one of a fixed set: nothing of a request ever shows on it.
type page struct {
	status  int
	tone    string // class of the mark: good, bad or plain
	mark    string
	heading string
	text    string
}

var (
	pageSignedIn = page{http.StatusOK, "good", "✓", "You are signed in",
		"You can close this tab and return to the terminal."}
	pageAlreadySignedIn = page{http.StatusOK, "good", "✓", "You are already signed in",
		"This sign-in is complete. You can close this tab and return to the terminal."}
	pageNotOurs = page{http.StatusBadRequest, "plain", "?", "This is not the sign-in that is running",
		"The request was ignored. Return to the terminal and use the address printed there."}
	pageNotFound = page{http.StatusNotFound, "plain", "?", "There is nothing here",
		"Return to the terminal and use the address printed there."}
	pageWrongMethod = page{http.StatusMethodNotAllowed, "plain", "?", "This request is not a sign-in",
		"The request was ignored. Return to the terminal."}
	pageWrongHost = page{http.StatusForbidden, "plain", "?", "This is not the name of this machine",
		"The request was ignored. Return to the terminal."}
)

// failurePage says that the sign-in failed. The terminal has the details.
func failurePage(kind Kind) page {
	p := page{http.StatusBadGateway, "bad", "✕", "The sign-in failed", ""}
	switch kind {
	case KindDenied:
		p.status = http.StatusForbidden
		p.text = "The identity provider refused the sign-in."
	case KindNetwork:
		p.text = "The identity provider could not be reached, or is out of order."
	case KindTimeout:
		p.status = http.StatusGatewayTimeout
		p.text = "The time for the sign-in was up."
	case KindInterrupted:
		p.status = http.StatusServiceUnavailable
		p.text = "The sign-in was interrupted in the terminal."
	case KindVerification:
		p.text = "The answer of the identity provider did not pass the checks."
	case KindNoIDToken:
		p.text = "The identity provider gave no ID token."
	case KindConfig:
		p.text = "The application is not set up as the identity provider wants it."
	default:
		p.text = "The identity provider did not accept the sign-in."
	}
	p.text += " Return to the terminal: it has the details."
	return p
}

// writePage writes p with headers that allow it nothing but its own style.
func writePage(w http.ResponseWriter, p page) {
	sum := sha256.Sum256([]byte(pageCSS))
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, p.render())
}

func (p page) render() string {
	return strings.NewReplacer(
		"{{style}}", pageCSS,
		"{{tone}}", html.EscapeString(p.tone),
		"{{mark}}", html.EscapeString(p.mark),
		"{{heading}}", html.EscapeString(p.heading),
		"{{text}}", html.EscapeString(p.text),
	).Replace(pageHTML)
}
