package cli

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/session"
)

// New credentials that are too short are a matter of configuration, or of the clock; a
// failed renewal has its own code and hint.
func TestTooShort(t *testing.T) {
	needed := &session.SignInRequiredError{Reason: "nobody has signed in yet"}
	for name, tt := range map[string]struct {
		cause error
		code  int
		hint  string
	}{
		"new":                 {nil, ExitConfiguration, "a session is to last 1h0m0s here: look at the clock of this machine and at session_duration, or ask for less than 40m0s"},
		"renewal failed":      {errors.New("out of order"), ExitError, ""},
		"a sign-in is needed": {needed, ExitSignInRequired, "run: tip-cli auth"},
	} {
		err := &session.TooShortError{Asked: 50 * time.Minute, Left: 40 * time.Minute, Length: time.Hour, Err: tt.cause}
		if code, hint := exitCode(err), hintOf(err); code != tt.code || hint != tt.hint {
			t.Errorf("%s: %d, %q", name, code, hint)
		}
	}
}

// An answer that cannot be written is an error without a class, with a hint of its own.
func TestStdoutFails(t *testing.T) {
	if err := printed(3, nil); err != nil {
		t.Error(err)
	}
	err := printed(0, io.ErrShortWrite)
	if !errors.Is(err, io.ErrShortWrite) || exitCode(err) != ExitError || hintOf(err) != "check where stdout goes: its disk may be full, or its reader gone" {
		t.Errorf("%v, %d, %q", err, exitCode(err), hintOf(err))
	}
}
