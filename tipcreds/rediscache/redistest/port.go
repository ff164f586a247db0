package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// Ports are taken from firstPort on. Together with those of the cluster bus, which
// are busOffset above, they lie below the range from which systems take ports for
// outgoing connections, so that a server that is restarted finds its own free.
const (
	firstPort = 11000
	ports     = 10000
	busOffset = 10000 // as redis-server has it unless it is told otherwise
)

var errNoPort = errors.New("no free port")

// freePort returns a port that is free together with the one of the cluster bus.
func freePort() (int, error) {
	for range 100 {
		port := firstPort + rand.IntN(ports) //nolint:gosec // a port is no secret
		if free(port) && free(port+busOffset) {
			return port, nil
		}
	}
	return 0, errNoPort
}

func free(port int) bool {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)) //nolint:noctx // it does not wait
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// ping asks a server whether it is there. One that asks for a password is.
func ping(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second) //nolint:noctx // bounded
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	switch {
	case err != nil:
		return err
	case line == "+PONG\r\n", len(line) > 7 && line[:7] == "-NOAUTH":
		return nil
	}
	return fmt.Errorf("answered %q", line)
}
