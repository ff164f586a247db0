package lab

import "time"

// failure is why something cannot be written, and since when.
type failure struct {
	err error
	at  time.Time
}

// failureOf is nil for no error.
func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	return &failure{err, time.Now()}
}

// recent reports whether there is a failure that it is too early to try again after.
func (f *failure) recent() bool { return f != nil && time.Since(f.at) < retryAfter }

// failed is why not everything is on disk; nil if nothing failed.
func (k *keeper) failed() *failure {
	if f := k.worldFailure.Load(); f != nil {
		return f
	}
	return k.restFailure.Load()
}

// outcome notes how writes ended, that of the world and that of the rest, and tells
// when that is news. It is called with mu held.
func (k *keeper) outcome(world error, rest *failure) {
	before := k.failed()
	k.worldFailure.Store(failureOf(world))
	k.restFailure.Store(rest)
	switch after := k.failed(); {
	case before == nil && after != nil:
		k.log.Error("the data directory cannot be written", "dir", k.dir.Path(), "error", after.err)
		k.report(after.err)
	case before != nil && after == nil:
		k.log.Info("the data directory is written again", "dir", k.dir.Path())
		k.report(nil)
	}
}
