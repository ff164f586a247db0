package redistest

import (
	"errors"
	"os"
	"os/exec"
	"time"
)

// process is a child that is waited for by a goroutine, so that gone tells at any
// time whether it still runs.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{}
}

var errNotGone = errors.New("it does not end")

func newProcess(name string, args []string) (*process, error) {
	cmd := exec.Command(name, args...) //nolint:noctx // Kill ends it, also after the test's context
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // killed, as a rule
		close(p.gone)
	}()
	return p, nil
}

func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.gone:
		return nil
	case <-time.After(startLimit):
		return errNotGone
	}
}
