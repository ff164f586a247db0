package credserver

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
)

// pipes is a listener of connections that need no network.
type pipes struct{ net.Listener }

func (pipes) Accept() (net.Conn, error) { here, _ := net.Pipe(); return here, nil }
func (pipes) Close() error              { return nil }

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit(pipes{}, 2)
		var open []net.Conn
		for range 2 {
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, conn)
		}
		third := make(chan net.Conn, 1)
		accept := func() { conn, _ := l.Accept(); third <- conn }
		go accept()
		synctest.Wait()
		if len(third) != 0 {
			t.Fatal("a third one is let in")
		}
		_ = open[0].Close()
		_ = open[0].Close() // makes room once
		if <-third == nil {
			t.Fatal("there is no room after the first has gone")
		}
		go accept()
		synctest.Wait()
		if len(third) != 0 {
			t.Fatal("a connection that is closed twice makes room twice")
		}
		_ = l.Close()
		if <-third != nil {
			t.Error("somebody is let in after the end")
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
