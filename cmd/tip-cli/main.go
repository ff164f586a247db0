// Command tip-cli gives AWS tools credentials that carry the identity of the
// person who signed in: trusted identity propagation for the command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tip-cli/tip-cli/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := cli.Run(ctx, os.Args[1:], cli.OSEnv())
	stop()
	os.Exit(code)
}
