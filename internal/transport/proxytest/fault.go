package proxytest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// Fault is a way in which an upstream, or the network before it, fails.
type Fault string

// The faults.
const (
	Silence         Fault = "silence"            // the request is taken and never answered
	Reset           Fault = "reset"              // TCP reset after the request was read
	Throttled       Fault = "429 by the service" // with Retry-After: 1 and the service's own error code
	TooManyRequests Fault = "429"                // with Retry-After: 1, from whatever stands before the service
	ServerError     Fault = "500"
	Unavailable     Fault = "503"
	HTML            Fault = "HTML with 200" // a captive portal, say
	Truncated       Fault = "truncated"     // Content-Length is larger than what comes
	Drip            Fault = "drip"          // status 200, then a byte every 200 ms without end
)

// Faults returns every fault.
func Faults() []Fault {
	return []Fault{Silence, Reset, Throttled, TooManyRequests, ServerError, Unavailable, HTML, Truncated, Drip}
}

// Slow reports whether only a time limit of the client ends a fault.
func (f Fault) Slow() bool { return f == Silence || f == Drip }

// dripEvery is the pause between two bytes of [Drip].
const dripEvery = 200 * time.Millisecond

// Always is the number of times for what never gets well.
const Always = 1 << 30

// Strike returns a hook under which the first times requests for an operation
// fail, before they have reached the upstream. Everything else is forwarded.
func Strike(f Fault, o Operation, times int) Hook {
	return counting(o, times, func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { f.answer(w, r, o) })
}

// Lose is [Strike] after the upstream has handled the request: what it answers is lost.
func Lose(f Fault, o Operation, times int) Hook {
	return counting(o, times, func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		forward(httptest.NewRecorder(), r)
		f.answer(w, r, o)
	})
}

// counting has hook handle the first times requests for an operation.
func counting(o Operation, times int, hook Hook) Hook {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if Of(r) != o || n.Add(1) > int64(times) {
			forward(w, r)
			return
		}
		hook(w, r, forward)
	}
}

// answer lets a request for o fail.
func (f Fault) answer(w http.ResponseWriter, r *http.Request, o Operation) {
	switch f {
	case Silence:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case Throttled:
		w.Header().Set("Retry-After", "1")
		refuse(w, o, http.StatusTooManyRequests, "Throttling", "Rate exceeded")
	case TooManyRequests:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case ServerError:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case Unavailable:
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	case HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Accept the terms to go on.</body></html>\n")
	case Truncated:
		w.Header().Set("Content-Length", "4096")
		begin(w, o)
		panic(http.ErrAbortHandler)
	case Drip:
		begin(w, o)
		drip(w, r)
	}
}

// begin writes the beginning of an answer that could be good.
func begin(w http.ResponseWriter, o Operation) {
	kind, text := "application/json", "{"
	if speaksXML(o) {
		kind, text = "text/xml", `<?xml version="1.0" encoding="UTF-8"?>`
	}
	w.Header().Set("Content-Type", kind)
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

// drip goes on with white space until the client gives up.
func drip(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(dripEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-tick.C:
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// reset closes the connection at once, so that the client's system sees a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if wire, ok := conn.(*net.TCPConn); ok {
		_ = wire.SetLinger(0)
	}
	_ = conn.Close()
}

func speaksXML(o Operation) bool {
	return strings.HasPrefix(string(o), "AssumeRole") || o == "GetCallerIdentity" ||
		o == "GetDataAccess" || o == "ListCallerAccessGrants" || o == "GetAccessGrantsInstanceForPrefix"
}

// refuse answers in the form of the operation's service. The code is AWS's; an
// identity provider has its own.
func refuse(w http.ResponseWriter, o Operation, status int, code, text string) {
	kind, body := "application/json", fmt.Sprintf(`{"error":"temporarily_unavailable","error_description":%q}`, text)
	switch {
	case speaksXML(o):
		kind = "text/xml"
		body = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>", code, text)
	case o == "CreateTokenWithIAM":
		w.Header().Set("X-Amzn-ErrorType", code+"Exception:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/")
		body = fmt.Sprintf(`{"message":%q}`, text)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// Deny returns a hook that answers the first times requests for an operation
// of AWS with an error in the form of its service.
func Deny(o Operation, times, status int, code, text string) Hook {
	return counting(o, times, func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		refuse(w, o, status, strings.TrimSuffix(code, "Exception"), text)
	})
}

// Answer is an answer on its way to the client.
type Answer struct {
	Operation Operation
	Status    int
	Header    http.Header
	Body      []byte
}

// Rewrite returns a hook that changes every answer; under gives the answers,
// nil for the upstream.
func Rewrite(under Hook, edit func(*Answer)) Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		a := Answer{Operation: Of(r)}
		rec := httptest.NewRecorder()
		if under == nil {
			forward(rec, r)
		} else {
			under(rec, r, forward)
		}
		a.Status, a.Header, a.Body = rec.Code, rec.Header(), rec.Body.Bytes()
		edit(&a)
		a.Header.Del("Content-Length")
		maps.Copy(w.Header(), a.Header)
		w.WriteHeader(a.Status)
		_, _ = io.Copy(w, bytes.NewReader(a.Body)) // the client is gone if this fails
	}
}
