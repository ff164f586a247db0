package credserver_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/credserver"
)

// starts is serve for a test that ends the server itself.
func starts(t *testing.T, src credserver.Source) (_ *credserver.Server, end func() time.Duration) {
	t.Helper()
	s, err := credserver.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Handle("/contexts/work", src); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	return s, func() time.Duration {
		before := time.Now()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		return time.Since(before)
	}
}

// Who has no token cannot keep the server from ending, nor others from being answered.
func TestEndWaitsForNoStranger(t *testing.T) {
	t.Parallel()
	s, end := starts(t, give)
	for _, text := range []string{"", "GET /contexts/work HTTP/1.1\r\nHost", "G"} {
		if _, err := io.WriteString(dial(t, s), text); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, s, nil); got.status != 200 {
		t.Errorf("%d", got.status)
	}
	if took := end(); took > time.Second {
		t.Errorf("the end took %s", took)
	}
}

// Who waits at the end is told so, although the source does not notice the end.
func TestEndWhileTheSourceHangs(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	s, end := starts(t, func(context.Context) (credserver.Credentials, error) {
		close(begun)
		<-release
		return good(), nil
	})
	answered := make(chan reply, 1)
	go func() { answered <- ask(t, s, nil) }()
	<-begun
	took := end()
	close(release)
	if got := <-answered; got.status != 503 || got.code(t) != "Ending" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if took < 2*time.Second || took > 5*time.Second {
		t.Errorf("the end took %s, want three seconds", took)
	}
}

// Three hundred connections without a request keep nobody waiting for long.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	s := serve(t, give)
	for i := range 300 {
		conn := dial(t, s)
		if i%2 == 0 {
			if _, err := io.WriteString(conn, "GET /contexts/work HTTP/1.1\r\nHost"); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := time.Now()
	if got := ask(t, s, nil); got.status != 200 {
		t.Errorf("%d", got.status)
	}
	if took := time.Since(before); took > 3*time.Second {
		t.Errorf("answered after %s", took)
	}
}

// One request a connection, so that an idle one takes nobody's place.
func TestNoKeepAlive(t *testing.T) {
	s := serve(t, give)
	conn := dial(t, s)
	text := request(s, "/contexts/work", "")
	if _, err := io.WriteString(conn, text+text); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(bufio.NewReader(conn))
	if n := strings.Count(string(all), "HTTP/1.1 200 OK"); n != 1 || !strings.Contains(string(all), "Connection: close") {
		t.Errorf("%d answers: %s", n, all)
	}
}

// A target that is none is checked like all the others.
func TestOptionsOfEverything(t *testing.T) {
	s := serve(t, give)
	with := strings.Replace(request(s, "*", ""), "GET", "OPTIONS", 1)
	for text, want := range map[string]string{
		with: "HTTP/1.1 405 Method Not Allowed",
		strings.Replace(with, s.Token().Reveal(), "wrong", 1):         "HTTP/1.1 401 Unauthorized",
		strings.Replace(with, "\r\n\r\n", "\r\nOrigin: x\r\n\r\n", 1): "HTTP/1.1 403 Forbidden",
	} {
		if got := say(t, s, text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// When the server has ended its port is free, whoever holds a connection.
func TestEndFreesThePort(t *testing.T) {
	t.Parallel()
	s, end := starts(t, give)
	conn := dial(t, s)
	if got := ask(t, s, nil); got.status != 200 {
		t.Errorf("%d", got.status)
	}
	end()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("an answer to nothing")
	} else if late, ok := err.(net.Error); ok && late.Timeout() {
		t.Error("the connection is open after the end")
	}
}
