package s3agcreds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	read      = types.PermissionRead
	write     = types.PermissionWrite
	readwrite = types.PermissionReadwrite
)

// grant is a target below s3://b/, unless it begins with s3://, and a
// permission.
type grant struct {
	target     string
	permission types.Permission
}

func full(target string) string {
	if strings.HasPrefix(target, "s3://") {
		return target
	}
	return "s3://b/" + target
}

// TestCovers has the matching cases that caches of S3 Access Grants are known
// to get wrong, and their neighbours.
func TestCovers(t *testing.T) {
	tests := []struct {
		name    string
		grants  []grant
		request grant
		want    bool
	}{
		{"1 prefix", []grant{{"foo/bar/*", read}}, grant{"foo/bar/logs", read}, true},
		{"2 bucket", []grant{{"*", read}}, grant{"x", read}, true},
		{"3 READWRITE serves READ", []grant{{"*", readwrite}}, grant{"x", read}, true},
		{"4 READWRITE serves WRITE", []grant{{"*", readwrite}}, grant{"x", write}, true},
		{"5 WRITE does not serve READ", []grant{{"*", write}}, grant{"x", read}, false},
		{"6 READ does not serve WRITE", []grant{{"*", read}}, grant{"x", write}, false},
		{"7 READ and WRITE are not READWRITE", []grant{{"*", read}, {"*", write}}, grant{"x", readwrite}, false},
		{"8 sibling prefix", []grant{{"A/*", read}}, grant{"B/", read}, false},
		{"9 prefix within a name", []grant{{"P*", read}}, grant{"PrefixA", read}, true},
		{"10 prefix without a slash", []grant{{"foo*", readwrite}}, grant{"foo/t", read}, true},
		{"11 shorter than the prefix", []grant{{"foo*", read}}, grant{"fo", read}, false},
		{"12 shorter directory", []grant{{"foo*", read}}, grant{"fo/x", read}, false},
		{"13 the slash counts", []grant{{"foo/*", read}}, grant{"foobar", read}, false},
		{"14 object with the directory's name", []grant{{"foo/*", read}}, grant{"foo", read}, false},
		{"15 list of foo", []grant{{"foo/*", read}}, grant{"foo", read}, false},
		{"15 list of foo*", []grant{{"foo/*", read}}, grant{"foo*", read}, false},
		{"16 list of foo/", []grant{{"foo/*", read}}, grant{"foo/", read}, true},
		{"16 list of foo/*", []grant{{"foo/*", read}}, grant{"foo/*", read}, true},
		{"17 every bucket", []grant{{"s3://*", read}}, grant{"s3://other/k", read}, true},
		{"18 another bucket", []grant{{"s3://b1/*", read}}, grant{"s3://b2/k", read}, false},
		{"19 object", []grant{{"k", read}}, grant{"k", read}, true},
		{"20 longer object", []grant{{"k", read}}, grant{"k2", read}, false},
		{"23 wider request", []grant{{"team/a/*", read}}, grant{"*", read}, false},
		{"24 the second grant serves", []grant{{"*", write}, {"x/*", read}}, grant{"x/k", read}, true},
		{"25 brackets are characters", []grant{{"[ab]/k", read}}, grant{"[ab]/k", read}, true},
		{"26 question marks are characters", []grant{{"k1", read}}, grant{"k?", read}, false},

		{"brackets match nothing else", []grant{{"[ab]/*", read}}, grant{"a/k", read}, false},
		{"question mark matches nothing else", []grant{{"k?", read}}, grant{"k1", read}, false},
		{"star in the middle", []grant{{"a*b/k", read}}, grant{"axb/k", read}, false},
		{"star in the middle, the same", []grant{{"a*b/k", read}}, grant{"a*b/k", read}, true},
		{"star twice", []grant{{"a**", read}}, grant{"axx", read}, false},
		{"star twice, wider request", []grant{{"a**", read}}, grant{"a*", read}, false},
		{"star twice, the same", []grant{{"a**", read}}, grant{"a**", read}, true},
		{"object grant, prefix request", []grant{{"k", read}}, grant{"k*", read}, false},
		{"bucket, no slash in the request", []grant{{"s3://b/*", read}}, grant{"s3://b", read}, true},
		{"bucket, no slash in the grant", []grant{{"s3://b", read}}, grant{"s3://b/", read}, true},
		{"bucket as a prefix of buckets", []grant{{"s3://b*", read}}, grant{"s3://b2/k", read}, true},
		{"bucket prefix from a bucket", []grant{{"s3://b/*", read}}, grant{"s3://b*", read}, false},
		{"case", []grant{{"Foo/*", read}}, grant{"foo/k", read}, false},
		{"READWRITE itself", []grant{{"*", readwrite}}, grant{"x", readwrite}, true},
		{"unknown permission", []grant{{"*", readwrite}}, grant{"x", "LIST"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := false
			for _, g := range tt.grants {
				got = got || s3agcreds.Covers(full(g.target), g.permission, full(tt.request.target), tt.request.permission)
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestCoversNeedsScheme: what is no target, such as an empty or cut
// MatchedGrantTarget with an asterisk, covers nothing.
func TestCoversNeedsScheme(t *testing.T) {
	for _, grant := range []string{"*", "s3:*", "s3:/*", ""} {
		if s3agcreds.Covers(grant, read, "s3://b/k", read) {
			t.Errorf("%q covers", grant)
		}
	}
}

// FuzzCovers holds Covers to its definition, spelt differently.
func FuzzCovers(f *testing.F) {
	f.Add("s3://b/foo/*", "s3://b/foo/bar")
	f.Add("s3://b", "s3://b/")
	f.Add("b/[ab]*", "b/a")
	f.Add("b/p**", "b/p*")
	f.Add("b/*", "b*")
	f.Fuzz(func(t *testing.T, grant, request string) {
		grant, request = s3agcreds.NormalizeTarget("s3://"+grant), s3agcreds.NormalizeTarget("s3://"+request)
		n := len(grant) - 1
		want := grant == request
		if grant[n] == '*' {
			m := len(request)
			if request[m-1] == '*' {
				m--
			}
			want = m >= n && request[:n] == grant[:n]
		}
		if got := s3agcreds.Covers(grant, read, request, read); got != want {
			t.Errorf("%q covers %q: %v, want %v", grant, request, got, want)
		}
		if s3agcreds.Covers(grant, read, request, write) {
			t.Errorf("READ covers WRITE")
		}
	})
}

func TestNormalizeTarget(t *testing.T) {
	for target, want := range map[string]string{
		"s3://b":   "s3://b/",
		"s3://b/":  "s3://b/",
		"s3://b*":  "s3://b*",
		"s3://*":   "s3://*",
		"s3://b/k": "s3://b/k",
		"s3://":    "s3://",
		"b":        "b",
	} {
		if got := s3agcreds.NormalizeTarget(target); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
}

func TestValidateTarget(t *testing.T) {
	tests := []struct{ name, target, want string }{
		{"bucket", "s3://team-data", ""},
		{"prefix", "s3://team-data/reports/*", ""},
		{"strange key", "s3://team-data/a b?[c]/ü", ""},
		{"2000 characters", "s3://b/" + strings.Repeat("ü", 1993), ""},
		{"2001 characters", "s3://b/" + strings.Repeat("ü", 1994), `invalid S3 target: 2001 characters, at most 2000 are allowed`},
		{"empty", "", `invalid S3 target "": want s3://BUCKET/KEY or s3://BUCKET/PREFIX*`},
		{"scheme only", "s3://", `invalid S3 target "s3://": want s3://BUCKET/KEY or s3://BUCKET/PREFIX*`},
		{"no scheme", "team-data/reports/*", `invalid S3 target "team-data/reports/*": it must begin with s3:// (did you mean "s3://team-data/reports/*"?)`},
		{"slash", "/team-data/k", `invalid S3 target "/team-data/k": it must begin with s3:// (did you mean "s3://team-data/k"?)`},
		{"upper case", "S3://team-data/k", `invalid S3 target "S3://team-data/k": it must begin with s3:// (did you mean "s3://team-data/k"?)`},
		{"one slash", "s3:/team-data/k", `invalid S3 target "s3:/team-data/k": it must begin with s3:// (did you mean "s3://team-data/k"?)`},
		{"no slash, upper case", "S3:team-data/k", `invalid S3 target "S3:team-data/k": it must begin with s3:// (did you mean "s3://team-data/k"?)`},
		{"nothing behind the scheme", "s3:", `invalid S3 target "s3:": it must begin with s3://`},
		{"ARN", "arn:aws:s3:::team-data/k", `invalid S3 target "arn:aws:s3:::team-data/k": it must begin with s3:// (did you mean "s3://team-data/k"?)`},
		{"another scheme", "https://team-data.s3.amazonaws.com/k", `invalid S3 target "https://team-data.s3.amazonaws.com/k": it must begin with s3://`},
		{"slashes", "//", `invalid S3 target "//": it must begin with s3://`},
		{"no bucket", "s3:///k", `invalid S3 target "s3:///k": the bucket is missing`},
		{"newline", "s3://b/k\n", `invalid S3 target "s3://b/k\n": it has a control character`},
		{"escape sequence", "s3://b/\x1b[2J*", `invalid S3 target "s3://b/\x1b[2J*": it has a control character`},
		{"C1 control", "s3://b/\u0085", `invalid S3 target "s3://b/\u0085": it has a control character`},
		{"not UTF-8", "s3://b/\xff", `invalid S3 target "s3://b/\xff": not UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := s3agcreds.ValidateTarget(tt.target)
			if (err == nil) != (tt.want == "") || err != nil && (err.Error() != tt.want || !errors.Is(err, s3agcreds.ErrTarget)) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzValidateTarget(f *testing.F) {
	f.Add("s3://b/k")
	f.Add("arn:aws:s3:::b")
	f.Fuzz(func(t *testing.T, target string) {
		err := s3agcreds.ValidateTarget(target)
		if err == nil && !strings.HasPrefix(target, "s3://") {
			t.Errorf("%q accepted", target)
		}
		if err != nil && !errors.Is(err, s3agcreds.ErrTarget) {
			t.Errorf("%q: %v", target, err)
		}
	})
}

// BenchmarkCovers measures one comparison. Run it with
// go test -run '^$' -bench Covers -benchmem ./s3agcreds
func BenchmarkCovers(b *testing.B) {
	prefix := "s3://team-data/" + strings.Repeat("reports/", 10)
	held, wanted := prefix+"*", prefix+"k"
	b.ReportAllocs()
	for b.Loop() {
		if !s3agcreds.Covers(held, readwrite, wanted, read) {
			b.Fatal("not covered")
		}
	}
}
