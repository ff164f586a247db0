package lab

import (
	"context"
	"sync"
)

// background is what services do beyond the requests that asked for it. It ends
// with the lab. It is safe for concurrent use.
type background struct {
	mu   sync.Mutex
	ctx  context.Context //nolint:containedctx // of all the work; it ends with close
	stop context.CancelFunc
	done sync.WaitGroup
}

// Go starts work, which must return soon after its context has ended. It reports
// whether the lab is still there to do it.
func (b *background) Go(work func(context.Context)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx == nil {
		b.ctx, b.stop = context.WithCancel(context.Background())
	}
	ctx := b.ctx
	if ctx.Err() != nil {
		return false
	}
	b.done.Go(func() { work(ctx) })
	return true
}

// close ends all work and waits for it.
func (b *background) close() {
	b.mu.Lock()
	if b.ctx == nil {
		b.ctx, b.stop = context.WithCancel(context.Background())
	}
	b.stop()
	b.mu.Unlock()
	b.done.Wait()
}
