package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// lastPort is the last port that FreePort looked at, less firstPort. Processes
// begin at different ones.
var lastPort atomic.Int64

// firstPort and ports bound the ports that FreePort looks at.
const (
	firstPort = 20_000
	ports     = 10_000
)

// FreePort returns a port on which nobody listens on loopback, for the redirect
// of a sign-in, which has to be registered before it is listened on. It is below
// the ports that systems give to outgoing connections, where one could take it
// meanwhile, and another one at every call.
func FreePort(ctx context.Context) (int, error) {
	lastPort.CompareAndSwap(0, int64(os.Getpid()%ports)+1)
	for range ports {
		port := firstPort + int(lastPort.Add(1)%ports)
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("localhost:%d", port))
		if err == nil {
			return port, ln.Close()
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return 0, errors.New("there is no free port on loopback")
}
