package policy

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// simpleGlob is the obvious matcher, exponential and correct.
func simpleGlob(pattern, s []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '*':
		return simpleGlob(pattern[1:], s) || (len(s) > 0 && simpleGlob(pattern, s[1:]))
	case len(s) == 0:
		return false
	case pattern[0] == '?' || pattern[0] == s[0]:
		return simpleGlob(pattern[1:], s[1:])
	}
	return false
}

func wildcard(tb testing.TB, raw string, fold bool) *pattern {
	tb.Helper()
	p, err := compile(raw, compileOptions{wildcards: true, fold: fold})
	if err != nil {
		tb.Fatal(err)
	}
	return &p
}

func TestPatternMatch(t *testing.T) {
	tests := []struct {
		pattern, s string
		fold, want bool
	}{
		{"*", "", false, true},
		{"*", "anything:at/all", false, true},
		{"", "", false, true},
		{"", "x", false, false},
		{"?", "", false, false},
		{"?", "é", false, true},
		{"??", "é", false, false},
		{"*??", "€", false, false},
		{"s3:get*", "s3:GetObject", true, true},
		{"s3:Get*", "S3:GETOBJECT", true, true},
		{"s3:Get*", "s3:PutObject", true, false},
		{"s3:Get*", "s3:Ge", true, false},
		{"s3:GetObject", "s3:getobject", true, true},
		{"s3:GetObject", "s3:getobject", false, false},
		{"s3:GetObject", "s3:Get", true, false},
		{"s3:Get", "s3:GetObject", true, false},
		{"s3:*Object*", "s3:DeleteObjectVersion", true, true},
		{"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/1/2/x", false, true},
		{"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/x", false, false},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b", false, false},
		{"arn:*:x", "arn:a:b:c:x", false, true},
		{"a*b*c", "aXbXbXc", false, true},
		{"a*b*c", "aXbXbX", false, false},
		{"*a", "aaab", false, false},
		{"**", "x", false, true},
		{"b?d", "bad", false, true},
		{"b?d", "bd", false, false},
	}
	for _, tt := range tests {
		if got := wildcard(t, tt.pattern, tt.fold).match(tt.s, nil); got != tt.want {
			t.Errorf("%q matches %q (fold %v) = %v, want %v", tt.pattern, tt.s, tt.fold, got, tt.want)
		}
	}
}

func TestPatternIsNotExponential(t *testing.T) {
	p := wildcard(t, strings.Repeat("a*", 64)+"b", false)
	s := strings.Repeat("a", 4096)
	start := time.Now()
	if p.match(s, nil) {
		t.Error("matched")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"a*b?c", "axxbyc"}, {"*??", "€"}, {"**a", "aa"}, {"é*", "éa"}, {"a*a*a", "aaaa"}, {"?*?", "x"}, {"*", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, raw, s string) {
		if !utf8.ValidString(raw) || !utf8.ValidString(s) || strings.Count(raw, "*") > 5 || len(s) > 40 {
			t.Skip("too slow for the simple matcher, or not text")
		}
		want := simpleGlob([]rune(raw), []rune(s))
		if got := wildcard(t, raw, false).match(s, nil); got != want {
			t.Errorf("%q matches %q = %v, want %v", raw, s, got, want)
		}
		folded := wildcard(t, raw, true).match(asciiUpper(s), nil)
		if want := simpleGlob([]rune(asciiUpper(raw)), []rune(asciiUpper(s))); folded != want {
			t.Errorf("%q matches %q without case = %v, want %v", raw, s, folded, want)
		}
	})
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - ('a' - 'A')
		}
		return r
	}, s)
}
