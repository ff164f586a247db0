package credserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// ListenError says that an address cannot be listened on.
type ListenError struct {
	Addr string
	Err  error
}

// Error implements error.
func (e *ListenError) Error() string {
	if e.InUse() {
		return "the address " + e.Addr + " is in use by another program"
	}
	return "listen on " + e.Addr + ": " + cause(e.Err).Error()
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// windowsInUse is WSAEADDRINUSE.
const windowsInUse = syscall.Errno(10048)

// InUse reports whether another program listens there.
func (e *ListenError) InUse() bool {
	return errors.Is(e.Err, syscall.EADDRINUSE) || errors.Is(e.Err, windowsInUse)
}

// cause is an error of package net without the address, which the caller names.
func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// ErrNotLoopback says that an address can be reached from other machines, or could
// be: names are not believed.
var ErrNotLoopback = errors.New("credentials are served on loopback addresses only, such as 127.0.0.1:0 or [::1]:0")

func listen(addr string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() || at.Addr().Is4In6() || at.Addr().Zone() != "" {
		return nil, &ListenError{Addr: addr, Err: ErrNotLoopback}
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", at.String())
	if err != nil {
		return nil, &ListenError{Addr: addr, Err: err}
	}
	return listener, nil
}

const (
	tokenBytes     = 32
	shortestToken  = 32
	longestToken   = 1024
	visibleASCII   = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	tokenForm      = "the token must be 32 to 1024 visible ASCII characters"
	errTokenPrefix = "credentials endpoint: "
)

// checkedToken is the token that was given, or a random one.
func checkedToken(given secret.Value) (secret.Value, error) {
	if given.IsZero() {
		random := make([]byte, tokenBytes)
		_, _ = rand.Read(random) // never fails
		return secret.New(base64.RawURLEncoding.EncodeToString(random)), nil
	}
	text := given.Reveal()
	if len(text) < shortestToken || len(text) > longestToken || strings.Trim(text, visibleASCII) != "" {
		return given, errors.New(errTokenPrefix + tokenForm)
	}
	return given, nil
}
