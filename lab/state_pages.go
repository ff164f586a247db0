package lab

import (
	"errors"
	"io"
	"net/http"
)

// health is what /_lab/health answers.
type health struct {
	// Status is ok, or degraded when the data directory cannot be written.
	Status string `json:"status"`
	Region string `json:"region"`
	// DataDir is left out by a lab in memory.
	DataDir *dataDirHealth `json:"dataDir,omitempty"`
}

// dataDirHealth tells of the data directory.
type dataDirHealth struct {
	// Saved says that everything is on disk.
	Saved bool   `json:"saved"`
	Error string `json:"error,omitempty"`
}

func (f *front) serveHealth(w http.ResponseWriter, _ *http.Request) {
	h := health{Status: "ok", Region: f.world.Region}
	if k := f.lab.keeper; k != nil {
		h.DataDir = &dataDirHealth{}
		if failed := k.failed(); failed != nil {
			h.Status, h.DataDir.Error = "degraded", failed.err.Error()
		} else {
			h.DataDir.Saved = k.settled()
		}
	}
	answerJSON(w, h)
}

// serveExport answers with the world file, which has secrets: it wants the header
// that no page of another origin can set.
func (f *front) serveExport(w http.ResponseWriter, r *http.Request) {
	if !administers(r) {
		http.Error(w, "the world holds secrets: it needs the header "+adminHeader+": admin, and no other origin", http.StatusForbidden)
		return
	}
	text, err := f.lab.Export(func(o *ExportOptions) { o.WithoutObjects = r.URL.Query().Get("objects") == "false" })
	if errors.Is(err, ErrLarge) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text) //nolint:gosec // YAML, which no browser sniffs; the client is gone if this fails
}

func (f *front) serveImport(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, importLimit))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		http.Error(w, "import the world: "+errLongFile.Error(), http.StatusBadRequest)
		return
	}
	if err != nil {
		http.Error(w, "the world file did not come whole: "+err.Error(), http.StatusBadRequest)
		return
	}
	changed(w, f.lab.Import(text))
}

func (f *front) serveReset(w http.ResponseWriter, _ *http.Request) { changed(w, f.lab.Reset()) }

// changed answers how a change of the lab ended.
func changed(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
