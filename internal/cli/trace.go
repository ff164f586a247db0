package cli

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"time"
)

// tracer returns what says something at a verbosity, nil below it.
func (a *app) tracer(verbosity int) func(string) {
	if a.verbosity < verbosity {
		return nil
	}
	start := time.Now()
	return func(text string) {
		a.printf("tip-cli: %6.3fs %s", time.Since(start).Seconds(), oneLine(text))
	}
}

// steps returns what follows the steps of the work: for a person who waits, and with -v.
func (a *app) steps() func(string) {
	trace := a.tracer(1)
	return func(text string) {
		a.progress.update(oneLine(text))
		if trace != nil {
			trace(text)
		}
	}
}

// traced has ctx tell about connections: hosts, ports and times, nothing of what
// is sent through them.
func (a *app) traced(ctx context.Context) context.Context {
	say := a.tracer(2)
	if say == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(hostPort string) { say("request to " + hostPort) },
		GotConn: func(i httptrace.GotConnInfo) {
			if i.Reused {
				say("on the connection that is open to " + i.Conn.RemoteAddr().String())
			}
		},
		ConnectDone: func(_, addr string, err error) {
			if err != nil {
				say("no connection to " + addr + ": " + err.Error())
				return
			}
			say("connected to " + addr)
		},
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			if err == nil {
				say("TLS with " + s.ServerName)
			}
		},
		GotFirstResponseByte: func() { say("an answer begins") },
	})
}
