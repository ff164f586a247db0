package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// watched is a machine whose identity provider tells what it decides, and whose
// way to the proxy tells whether anything is still under way.
type watched struct {
	*machine
	ledger *ledger
	relay  *relay
}

// newWatched is [newMachine] beside a lab that keeps a ledger.
func newWatched(t *testing.T, edits ...func(*lab.World)) *watched {
	t.Helper()
	w := &watched{ledger: new(ledger)}
	options := []func(*lab.Options){func(o *lab.Options) { o.OnSignIn = w.ledger.note }}
	for _, edit := range edits {
		options = append(options, labtest.Edit(edit))
	}
	w.machine = machineWith(t, t.TempDir(), lab.ProxyDoor, options...)
	w.relay = newRelay(t, strings.TrimPrefix(w.Proxy.URL(), "http://"))
	return w
}

// variables lead through the relay.
func (w *watched) variables() []lab.Variable {
	vars := w.machine.variables(lab.ProxyDoor)
	for i := range vars {
		if strings.EqualFold(vars[i].Name, "HTTPS_PROXY") {
			vars[i].Value = "http://" + w.relay.ln.Addr().String()
		}
	}
	return vars
}

// configure are the arguments that configure this machine.
func (w *watched) configure() []string {
	return []string{"configure", "idp", "--provider", "okta", "--config", filepath.Join(w.dir, "config.json")}
}

// ledger is what the lab's identity provider has decided.
type ledger struct {
	mu      sync.Mutex
	entries []lab.SignIn
}

func (l *ledger) note(e lab.SignIn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

// refreshes returns how many refresh tokens the identity provider has taken, and
// how many it has refused. A refused one is a reuse alarm or follows from one.
func (l *ledger) refreshes() (taken, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		switch {
		case e.GrantType != "refresh_token":
		case e.Error == "":
			taken++
		default:
			refused++
		}
	}
	return taken, refused
}

// granted counts the events of an operation that the lab has granted.
func (w *watched) granted(operation string) int {
	n := 0
	for _, e := range w.Events() {
		if e.EventName == operation && e.ErrorCode == "" {
			n++
		}
	}
	return n
}

// relay passes connections on and counts those that are open.
type relay struct {
	ln     net.Listener
	target string

	mu      sync.Mutex
	open    int
	changed chan struct{}
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{ln: ln, target: target, changed: make(chan struct{})}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			r.count(1)
			go r.pass(conn.(*net.TCPConn))
		}
	})
	t.Cleanup(func() { _ = ln.Close(); accepting.Wait() })
	return r
}

func (r *relay) count(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open += n
	close(r.changed)
	r.changed = make(chan struct{})
}

// pass copies both ways until both sides have closed.
func (r *relay) pass(client *net.TCPConn) {
	defer r.count(-1)
	defer func() { _ = client.Close() }()
	up, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer func() { _ = up.Close() }()
	server := up.(*net.TCPConn)
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{server, client}, {client, server}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // whoever was killed takes nothing more
			_ = way[0].CloseWrite()
		})
	}
	both.Wait()
}

// settle waits until nothing is open: whatever was sent has been dealt with.
func (r *relay) settle(ctx context.Context) error {
	for {
		r.mu.Lock()
		open, changed := r.open, r.changed
		r.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d connections stay open: %w", open, ctx.Err())
		}
	}
}

// seenOf counts the operations that went by.
func (w *watched) seenOf(o proxytest.Operation) int {
	n := 0
	for _, seen := range w.Seen() {
		if seen == o {
			n++
		}
	}
	return n
}

// uncounted are the operations that are no step of the exchange.
var uncounted = []proxytest.Operation{proxytest.Discovery, proxytest.Keys}

// steps are the operations that went by, without discovery and keys.
func (w *watched) steps() []proxytest.Operation {
	return slices.DeleteFunc(w.Seen(), func(o proxytest.Operation) bool { return slices.Contains(uncounted, o) })
}
