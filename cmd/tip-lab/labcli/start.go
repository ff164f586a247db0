package labcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab"
)

// startFlags are the flags of start, as typed.
type startFlags struct {
	addr, world, dir, data, events, faults string
	quiet                                  bool
}

func newStart() *cobra.Command {
	var f startFlags
	cmd := &cobra.Command{
		Use: "start", Short: "Run a lab until Ctrl-C",
		Example: `  tip-lab start
  tip-lab start --world my-world.yaml --events trail.jsonl
  tip-lab start --data-dir my-lab
  tip-lab start --faults bad-day.yaml`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.addr, "addr", "127.0.0.1:8480", "loopback address to listen on")
	fl.StringVar(&f.world, "world", "", "world file (default: the one that tip-lab world prints)")
	fl.StringVar(&f.data, "data-dir", "", "folder that keeps the world across restarts (docs/lab-state.md; default: the world ends with the lab)")
	fl.StringVar(&f.events, "events", "", "append the audit trail to this file, a JSON document a line")
	fl.StringVar(&f.faults, "faults", "", "scenario file with faults to begin with (docs/faults.md)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "log no requests")
	dirFlag(cmd, &f.dir)
	return cmd
}

// dirFlag is the flag --dir of a command and of those below it.
func dirFlag(cmd *cobra.Command, dir *string) {
	cmd.PersistentFlags().StringVar(dir, "dir", "", "folder that describes the running lab (default: tip-lab in the user's cache folder)")
}

// resolveDir returns the folder named by a flag, or the default one.
func resolveDir(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	return labfile.DefaultDir()
}

func (f *startFlags) run(cmd *cobra.Command) (err error) {
	opts := lab.Options{Addr: f.addr, DataDir: f.data, OnDataDir: sayDataDir}
	if !f.quiet {
		opts.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if f.world != "" {
		if opts.World, err = os.ReadFile(f.world); err != nil {
			return &hintedError{err, "write a world file to start from: tip-lab world > " + quoteSh(f.world)}
		}
	}
	if f.faults != "" {
		if opts.Faults, err = os.ReadFile(f.faults); err != nil {
			return err
		}
	}
	if f.events != "" {
		trail, err := os.OpenFile(f.events, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, trail.Close()) }()
		opts.OnEvent = appendEvents(trail)
	}
	dir, err := f.freeDir(cmd.Context())
	if err != nil {
		return err
	}
	return f.serve(cmd.Context(), opts, dir)
}

// freeDir is the folder to describe the lab in, unless it describes another one that runs.
func (f *startFlags) freeDir(ctx context.Context) (string, error) {
	dir, err := resolveDir(f.dir)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if running, err := labfile.Read(ctx, dir); err == nil {
		return "", &hintedError{
			fmt.Errorf("a lab is running already: %s, process %d", running.Endpoint, running.PID),
			"end it, or start another one with --dir FOLDER --addr 127.0.0.1:0",
		}
	}
	return dir, nil
}

// appendEvents writes each event as a line. A trail that cannot be written is
// said once: the lab goes on.
func appendEvents(w io.Writer) func(lab.Event) {
	failed := false
	return func(e lab.Event) {
		if err := json.NewEncoder(w).Encode(e); err != nil && !failed {
			failed = true
			fmt.Fprintln(os.Stderr, "tip-lab: warning: the audit trail cannot be written:", err)
		}
	}
}

func (f *startFlags) serve(ctx context.Context, opts lab.Options, dir string) (err error) {
	l, err := lab.Start(ctx, opts)
	if err != nil {
		return startError(err, opts.Addr)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	described, err := labfile.Write(dir, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, labfile.Remove(dir)) }()
	command := "tip-lab env"
	if standard, err := labfile.DefaultDir(); err != nil || standard != dir {
		command += " --dir " + quoteSh(dir)
	}
	fmt.Fprintf(os.Stderr, `tip-lab listens on %s (both doors). It is a lab and no security boundary.
  CA certificate:  %s
  in other shells: eval "$(%s)"
  %s
`, l.Endpoint(), described.CAFile, command, f.lasts(l))
	<-ctx.Done()
	return nil
}

// lasts says what becomes of the world.
func (f *startFlags) lasts(l *lab.Lab) string {
	switch {
	case f.data == "":
		return "Ctrl-C ends it, and everything in it is forgotten."
	case l.Restored() && f.world != "":
		return fmt.Sprintf("Ctrl-C ends it; the world stays in %s, where one was: %s was not read.", f.data, f.world)
	case l.Restored():
		return fmt.Sprintf("Ctrl-C ends it; the world, which it found there, stays in %s.", f.data)
	}
	return fmt.Sprintf("Ctrl-C ends it; the world stays in %s.", f.data)
}

// sayDataDir warns of a data directory that cannot be written.
func sayDataDir(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tip-lab: warning: the data directory cannot be written, and the lab goes on without:", err)
		return
	}
	fmt.Fprintln(os.Stderr, "tip-lab: the data directory is written again")
}

// startError adds what to do about an address that cannot be had.
func startError(err error, addr string) error {
	var op *net.OpError
	if !errors.As(err, &op) {
		return dataDirError(err)
	}
	return &hintedError{err, fmt.Sprintf("end what uses %s, or let the system choose: tip-lab start --addr 127.0.0.1:0", addr)}
}

// dataDirError adds what to do about a data directory that cannot be used.
func dataDirError(err error) error {
	switch {
	case errors.Is(err, lab.ErrDataDirLocked):
		return &hintedError{err, "end the other lab, or name another folder with --data-dir"}
	case errors.Is(err, lab.ErrDataDirForeign):
		return &hintedError{err, "name a new folder, or an empty one, with --data-dir"}
	case errors.Is(err, lab.ErrDataDirNewer):
		return &hintedError{err, "start it with the tip-lab that wrote it, and take the world over: tip-lab world export backup.yaml"}
	case errors.Is(err, lab.ErrDataDirDamaged):
		return &hintedError{err, "nothing in it was changed; put a copy in its place, or begin anew with another --data-dir"}
	}
	return err
}
