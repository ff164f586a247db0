package main

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
)

// A person who waits for another tip-cli is told so.
func TestWaitingForAnother(t *testing.T) {
	t.Parallel()
	p := sit(t)
	for _, tt := range []struct{ lock, args string }{
		{store.S3File, "s3ag clear-credentials"},
		{"session", `configure idp --no-check --config {"session_duration":900}`},
		{"session", "configure client-secret --remove"},
	} {
		release, err := store.New(p.state(), func(o *store.Options) { o.Keyring = nil }).Lock(t.Context(), tt.lock)
		if err != nil {
			t.Fatal(err)
		}
		p.screen.clear()
		cmd := p.leader(strings.Fields(tt.args)...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
		launch(t, cmd)
		p.reads("(waiting for another tip-cli)")
		release()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", tt.args, err, p.shown())
		}
	}
}
