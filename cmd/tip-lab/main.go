// Command tip-lab runs the AWS and identity-provider endpoints of trusted
// identity propagation on this machine, with real checks, and shows them at work.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := labcli.Run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
