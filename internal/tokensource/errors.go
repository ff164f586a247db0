// Package tokensource takes a token that no sign-in of ours gives: from a
// program (token_command), a file, or stdin.
//
// [Command], [File] and [Read] return the text, a client secret as well as a
// token; [JWT] finds the JWT in it. Nothing here checks a signature, an issuer
// or an expiry: whoever exchanges the token does.
//
// All functions are safe for concurrent use. No error and no hint has anything
// of what a program printed or a file holds.
package tokensource

import (
	"context"
	"errors"
)

// Kind says what a caller can do about an [Error].
type Kind int

const (
	// KindUnknown is the Kind of an error that is not an [*Error].
	KindUnknown Kind = iota
	// KindConfig: the program or the file is not what the configuration says
	// it is: missing, not executable, not a file, or tip-cli itself.
	KindConfig
	// KindFailed: the program ran and ended with an error.
	KindFailed
	// KindTimeout: the program did not end in time.
	KindTimeout
	// KindContent: what came is empty, too long, not text, or not a JWT.
	KindContent
	// KindInterrupted: the caller's context was cancelled, as by Ctrl-C.
	KindInterrupted
)

// String returns a lower-case name for logs.
func (k Kind) String() string {
	names := [...]string{"unknown", "configuration", "failed", "timeout", "content", "interrupted"}
	if k < 0 || int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Error is every error of this package.
type Error struct {
	// Kind says what the caller can do.
	Kind Kind
	// Description is the cause in one line, without anything of the content.
	Description string
	// Hint is what the person can do, in one line; it may be empty.
	Hint string

	// cause is nil, an error of a context, of the os package or of package recursion.
	cause error
}

// Error returns Description. The hint is left to the caller to print.
func (e *Error) Error() string { return e.Description }

// Unwrap returns the cause: [context.Canceled], [context.DeadlineExceeded], a
// [*recursion.Error], an
// error of the os package such as [os.ErrNotExist], or nil.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the Kind of the first [*Error] in err's tree, else [KindUnknown].
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindUnknown
}

// stopped says that ctx ended while something was waited for.
func stopped(ctx context.Context, doing string) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Kind: KindTimeout, Description: doing + " took too long", cause: context.DeadlineExceeded}
	}
	return &Error{Kind: KindInterrupted, Description: doing + " was interrupted", cause: context.Canceled}
}
