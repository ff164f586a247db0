// Command tip-cli gives AWS tools credentials that carry the identity of the
// person who signed in: trusted identity propagation for the command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tip-cli/tip-cli/internal/cli"
	_ "github.com/tip-cli/tip-cli/internal/fastpath" // answers from disk before the rest is initialised
)

func main() {
	ending := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) { // by nohup, or a shell that starts us in the background
			ending = append(ending, s)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), ending...)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := cli.Run(ctx, os.Args[1:], cli.OSEnv())
	stop()
	os.Exit(code)
}
