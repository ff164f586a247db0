package cli

// stdoutError says that an answer could not be written.
type stdoutError struct{ err error }

// Error implements error.
func (e *stdoutError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *stdoutError) Unwrap() error { return e.err }

// Hint is where to look. internal/fastpath, which is not linked with this package, says
// the same.
func (e *stdoutError) Hint() string {
	return "check where stdout goes: its disk may be full, or its reader gone"
}

// printed is the error of a write to stdout.
func printed(_ int, err error) error {
	if err == nil {
		return nil
	}
	return &stdoutError{err}
}
