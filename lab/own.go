package lab

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ownPath is where the lab answers for itself: no bucket can have that name. Under
// a bucket's own host name (bucket.localhost) it is a key like any other.
const ownPath = "/_lab/"

// AdminHeader, with the value admin, marks requests that change the lab or ask for
// credentials. A page of another origin cannot set it without the lab's consent,
// which it does not give.
const AdminHeader = "X-Tip-Lab"

const adminHeader = AdminHeader

// ownRoute is a page of the lab's own. Other methods than GET need adminHeader.
type ownRoute struct {
	method, path string
	serve        func(*front, http.ResponseWriter, *http.Request)
}

var ownRoutes = []ownRoute{
	{http.MethodGet, "health", (*front).serveHealth},
	{http.MethodGet, "ca.pem", func(f *front, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(f.lab.ca.PEM())
	}},
	{http.MethodGet, "events", func(f *front, w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"Records": f.world.Events()})
	}},
	{http.MethodGet, "accounts", func(f *front, w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"accounts": f.world.Accounts()})
	}},
	{http.MethodPost, "credentials", (*front).serveCredentials},
	{http.MethodGet, "world", (*front).serveExport},
	{http.MethodPost, "world", (*front).serveImport},
	{http.MethodDelete, "world", (*front).serveReset},
	{http.MethodGet, "counts", func(f *front, w http.ResponseWriter, _ *http.Request) { answerJSON(w, f.lab.Counts()) }},
}

// serveOwn answers below /_lab/.
func (f *front) serveOwn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for _, route := range slices.Concat(ownRoutes, controlRoutes) {
		if ownPath+route.path != r.URL.Path {
			continue
		}
		allowed = append(allowed, route.method)
		if route.method != method {
			continue
		}
		if method != http.MethodGet && !administers(r) {
			http.Error(w, "a change of the lab needs the header "+adminHeader+": admin, and no other origin", http.StatusForbidden)
			return
		}
		route.serve(f, w, r)
		return
	}
	if allowed == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	http.Error(w, "only "+strings.Join(allowed, ", "), http.StatusMethodNotAllowed)
}

// administers reports whether a request may change the lab: no page of another
// origin has sent it.
func administers(r *http.Request) bool {
	if r.Header.Get(adminHeader) != "admin" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	_, own, _ := net.SplitHostPort(r.Host)
	return loopbackHost(u.Hostname()) && u.Port() == own
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // the client is gone if this fails
}
