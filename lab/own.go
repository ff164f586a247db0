package lab

import (
	"encoding/json"
	"net/http"
)

// ownPath is where the lab answers for itself: no bucket can have that name. Under
// a bucket's own host name (bucket.localhost) it is a key like any other.
const ownPath = "/_lab/"

// serveOwn answers /_lab/health, /_lab/ca.pem, /_lab/events and /_lab/counts.
func (f *front) serveOwn(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Path {
	case ownPath + "health":
		answerJSON(w, map[string]any{"status": "ok", "region": f.lab.world.Region})
	case ownPath + "ca.pem":
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(f.lab.ca.PEM())
	case ownPath + "events":
		answerJSON(w, map[string]any{"Records": f.lab.world.Events()})
	case ownPath + "counts":
		answerJSON(w, f.lab.Counts())
	default:
		http.NotFound(w, r)
	}
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // the client is gone if this fails
}
