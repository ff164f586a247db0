package lazyregexp_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

func TestNew(t *testing.T) {
	form := lazyregexp.New(`^a+$`)
	if !form().MatchString("aa") || form().MatchString("ab") {
		t.Error("it is another expression")
	}
	if first, second := form(), form(); first != second {
		t.Error("compiled twice")
	}
}

// A mistake shows in tests, even of what they never call.
func TestMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	lazyregexp.New(`(`)
}
