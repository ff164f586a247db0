package awswire_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

func TestPattern(t *testing.T) {
	const (
		arn      = `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`
		text     = `[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`
		duration = `(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?`
		notebook = `(?!.*[/:\\])[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]+`
	)
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{`[\w+=,.@-]*`, "ok", true},
		{`[\w+=,.@-]*`, "not/ok", false},
		{`[\w+=,.@-]*`, "ok\n", false},
		{`[\w+=,.@-]*`, "é", false},
		{`a|ab`, "ab", true}, // the whole string, by any alternative
		{`^a$`, "a", true},
		{`^a$`, "a\n", false},
		{`a.c`, "a\u2028c", false}, // Java's line terminators
		{`(?s)a.c`, "a\nc", true},
		{arn, "arn:aws:iam::444455556666:role/é", true},
		{arn, "😀", false}, // STS, probed, refuses it: \u10000 is \u1000 and 0
		{arn, "\x01", false},
		{text, "😀", true},
		{text, "\x01", false},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "Größe 1", true},
		{`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, "!", false},
		{duration, "P1Y", true},
		{duration, "-PT8H30M", true},
		{duration, "P", false}, // only the lookahead refuses it
		{duration, "P1", false},
		{duration, "PT", false},
		{duration, "P" + strings.Repeat("1", 5000) + "Y", false},
		{notebook, "notes", true},
		{notebook, "my/notes", false},
		{`a{0,1500}`, strings.Repeat("a", 1500), true},
		{`a{0,1500}`, strings.Repeat("a", 1501), false},
		{`(ab){1200}`, strings.Repeat("ab", 1200), true},
		{`(ab){1200}`, strings.Repeat("ab", 1199), false},
		{`[ab]{1200,}c`, strings.Repeat("ab", 700) + "c", true},
		{`[ab]{1200,}c`, strings.Repeat("ab", 500) + "c", false},
		{`arn:[^/].{0,1023}`, "arn:x" + strings.Repeat("y", 1023), true},
		{`arn:[^/].{0,1023}`, "arn:x" + strings.Repeat("y", 1024), false},
		{`a(?!b)`, "a", true},
		{`\d{12}`, "111122223333", true},
		{`\d{12}`, "11112222333", false},
	} {
		match, err := awswire.CompilePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if match(c.s) != c.want {
			t.Errorf("%s on %.40q: %t", c.pattern, c.s, !c.want)
		}
	}
}

// TestPatternRefused: what cannot be translated is refused, never skipped.
func TestPatternRefused(t *testing.T) {
	for _, pattern := range []string{
		`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, `a|b(?=c)`, `[a[b]]`, `[a-z&&[^b]]`, `[a-z&&b]`, `a++`, `(?<=a)b`, `(?=a`, `\p{javaLowerCase}`, `a{`, `a{x}`, `a{1,x}`, `[a`, `(`,
	} {
		if _, err := awswire.CompilePattern(pattern); err == nil {
			t.Errorf("%s is accepted", pattern)
		}
	}
}

// TestPatternsOfModels: every pattern of every model at hand is translated, but
// for those listed.
func TestPatternsOfModels(t *testing.T) {
	files, err := filepath.Glob("*/models/*.json")
	if err != nil {
		t.Fatal(err)
	}
	lab, err := filepath.Glob("models/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, lab...) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Shapes map[string]struct{ Pattern string }
		}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		for name, shape := range m.Shapes {
			if _, err := awswire.CompilePattern(shape.Pattern); err != nil {
				t.Errorf("%s: %s: %v", file, name, err)
			}
		}
	}
}

// TestWithPattern: a pattern can be given its meaning by hand.
func TestWithPattern(t *testing.T) {
	m := testModel(t, "sso-oidc")
	m.Shapes["GrantType"].Pattern = `(a(?!b))`
	make := func(opts ...awswire.Option) *awswire.Service {
		s, err := awswire.NewService("sso-oidc", append(opts, awswire.WithModel(m))...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	wantPanic(t, "a lookahead inside a group", func() { registerToken[createToken](make()) })
	s := make(awswire.WithPattern(`(a(?!b))`, func(s string) bool { return s == "yes" }))
	registerToken[createToken](s)
	if got := send(t, s, jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"yes"}`)); got.Status != 200 {
		t.Errorf("%+v", got)
	}
	if got := send(t, s, jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"no"}`)); got.Status != 400 {
		t.Errorf("%+v", got)
	}
}
