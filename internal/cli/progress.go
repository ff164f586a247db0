package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// patience is how long something may take before a person is told what it is.
	patience = time.Second
	// frame is how long each picture of the spinner stands.
	frame = 120 * time.Millisecond
)

// waitingForOthers is the task of whoever may have to wait for a lock.
const waitingForOthers = "waiting for another tip-cli"

// spinner are the pictures, of characters that every terminal has.
const spinner = `|/-\`

// progress tells a person at a terminal what is being waited for. The zero value
// says nothing. It is safe for concurrent use.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: nobody looks
	task  string    // what is being done, "" for nothing
	since time.Time
	shown bool
	stop  chan struct{}
}

// begin says from now on, after a second, what is being done. The function that it
// returns ends that.
func (p *progress) begin(task string) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return func() {}
	}
	p.task, p.since = task, time.Now()
	if p.stop == nil {
		p.stop = make(chan struct{})
		go p.turn(p.stop)
	}
	return p.end
}

// update changes what is being done, if something is.
func (p *progress) update(task string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.task != "" {
		p.task = task
	}
}

// end says that nothing is being done any more.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		close(p.stop)
		p.stop = nil
	}
	p.task = ""
	p.erase()
}

// clear makes room for a line; the spinner comes back below it.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) erase() {
	if p.shown {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) turn(stop <-chan struct{}) {
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
			p.draw(spinner[n%len(spinner)])
		}
	}
}

func (p *progress) draw(picture byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.task == "" || time.Since(p.since) < patience {
		return
	}
	_, _ = fmt.Fprintf(p.out, "\r%c %s\x1b[K", picture, p.task)
	p.shown = true
}
