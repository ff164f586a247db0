package tokensource_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// A program that failed because it led back to us has said so on stderr, where the
// refusal is left out: the caller says it.
func TestCommandThatLedBack(t *testing.T) {
	t.Parallel()
	loop := outcome{
		tokensource.KindConfig, "tip-cli would run itself: the program of client_secret_command leads back to the context that waits for it", true,
	}
	for program, want := range map[string]outcome{"refuses": loop, "silent": loop, "recovers": {}} {
		var stderr bytes.Buffer
		o := tokensource.Options{Environ: environ(program), Stderr: &stderr, Setting: "client_secret_command"}
		_, err := command(t.Context(), t, program, o)
		if want == (outcome{}) && err != nil {
			t.Errorf("%s: %v", program, err)
		} else if want != (outcome{}) {
			if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", program, diff)
			}
			if _, ok := errors.AsType[*recursion.Error](err); !ok {
				t.Errorf("%s: no recursion.Error in %v", program, err)
			}
		}
		if diff := cmp.Diff("before\nafter\ntip-cli: hint: two\n", stderr.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", program, diff)
		}
	}
}
