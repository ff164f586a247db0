package tokensource_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tip-cli/tip-cli/internal/tokensource"
)

func TestCheckCommand(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := tokensource.CheckCommand([]string{exe, "x"}); err != nil {
		t.Error(err)
	}
	for _, argv := range [][]string{nil, {""}, {filepath.Join(t.TempDir(), "none")}, {t.TempDir()}} {
		if err := tokensource.CheckCommand(argv); tokensource.KindOf(err) != tokensource.KindConfig {
			t.Errorf("%q: %v", argv, err)
		}
	}
}
