package faults_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func documentation(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedScenarios: a lab starts with each scenario of the documentation.
func TestDocumentedScenarios(t *testing.T) {
	blocks := yamlBlock.FindAllStringSubmatch(documentation(t), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d scenarios", len(blocks))
	}
	done := map[faults.Action]bool{}
	for _, block := range blocks {
		l := labtest.Start(t, func(o *lab.Options) { o.Faults = []byte(block[1]) })
		for _, s := range l.Faults() {
			done[s.Do] = true
		}
	}
	for _, a := range faults.Actions() {
		if !done[a] {
			t.Errorf("no example of %s", a)
		}
	}
}

// TestEverythingIsDocumented: every action, key and endpoint is.
func TestEverythingIsDocumented(t *testing.T) {
	text := documentation(t)
	var words []string
	for _, a := range faults.Actions() {
		words = append(words, string(a))
	}
	words = append(words, faults.Endpoints()...)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[faults.Fault]()) {
		words = append(words, f.Tag.Get("yaml"))
	}
	for _, word := range words {
		if !strings.Contains(text, "`"+word+"`") && !strings.Contains(text, word+": ") {
			t.Errorf("docs/faults.md says nothing of %s", word)
		}
	}
}
