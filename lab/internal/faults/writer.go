package faults

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// proxyPage is what stands in for an answer: a page of somebody in between.
const proxyPage = "<html><head><title>502 Bad Gateway</title></head><body>{\"unfinished\": [</body>\n"

// emptyLength is the Content-Length of a truncated answer that has no body.
const emptyLength = 64

// writer damages one answer.
type writer struct {
	http.ResponseWriter
	ctx     context.Context //nolint:containedctx // of the one request that it answers
	strike  *Strike
	reset   bool
	begun   bool
	replace bool  // the body is another one
	left    int64 // bytes until the answer is cut, negative for all
}

// Unwrap lets http.ResponseController through.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if w.begun {
		return
	}
	if status >= 100 && status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.begun = true
	if w.reset || w.strike.Of(LostAnswer) {
		Cut(w.ResponseWriter)
	}
	for _, f := range w.strike.Faults {
		if f.Do == LateAnswer && w.strike.pause(w.ctx, time.Duration(f.Delay)) != nil {
			panic(http.ErrAbortHandler)
		}
	}
	w.retype()
	garbage := w.strike.find(Garbage)
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified: // there is nothing to damage
	case garbage != nil:
		w.spoil(garbage, status)
		return
	case w.strike.Of(Truncate):
		w.shorten()
	}
	w.ResponseWriter.WriteHeader(status)
	if w.left == 0 {
		w.abort()
	}
}

// retype applies the content types of the faults.
func (w *writer) retype() {
	for _, f := range w.strike.Faults {
		switch {
		case f.ContentType != "":
			w.Header().Set("Content-Type", f.ContentType)
		case f.Do == ContentType || f.Do == Garbage:
			w.Header().Set("Content-Type", "text/html")
		}
	}
}

// spoil sends another body.
func (w *writer) spoil(f *Fault, status int) {
	body := f.Body
	if body == "" {
		body = proxyPage
	}
	w.replace = true
	w.Header().Del("Content-Encoding")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.ResponseWriter.WriteHeader(status)
	_, _ = w.ResponseWriter.Write([]byte(body)) // there is nobody to tell; a HEAD has no body
}

// shorten finds out how much of the answer is sent.
func (w *writer) shorten() {
	length, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	switch {
	case err != nil: // of unknown length: half of the first piece, in Write
	case length == 0:
		w.left = 0
		w.Header().Set("Content-Length", strconv.Itoa(emptyLength))
	default:
		w.left = length / 2
	}
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.replace:
		return len(p), nil
	case !w.strike.Of(Truncate):
		return w.ResponseWriter.Write(p)
	case w.left < 0:
		w.left = int64(len(p)) / 2
	}
	if int64(len(p)) < w.left {
		w.left -= int64(len(p))
		return w.ResponseWriter.Write(p)
	}
	_, _ = w.ResponseWriter.Write(p[:w.left])
	w.abort()
	return 0, http.ErrAbortHandler
}

// abort sends what was written and ends the connection.
func (w *writer) abort() {
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// Cut resets the connection of an answer: with RST where it is one of TCP that can
// be had, else it is closed. It panics with [http.ErrAbortHandler].
func Cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		reset(conn)
	}
	panic(http.ErrAbortHandler)
}

// reset closes the connection under all others without the goodbye of TLS.
func reset(conn net.Conn) {
	for {
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // closing it tells the rest
	}
	_ = conn.Close()
}
