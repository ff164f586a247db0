package tokensource_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

func TestJWT(t *testing.T) {
	const other = header + "." + payload + ".b3RoZXI"
	for _, content := range []string{
		canary,
		" \t" + canary + "\r\n",
		"\ufeff" + canary,
		"\n\ufeff {\"id_token\": \"" + canary + "\"}",
		"Bearer " + canary,
		"bearer  " + canary,
		`"` + canary + `"`,
		`{"id_token":"` + canary + `"}`,
		`{"access_token":"` + other + `","token":"` + other + `","idToken":"` + other + `","id_token":"` + canary + `"}`,
		`{"token":"` + other + `","idToken":"` + canary + `"}`,
		`{"access_token":"` + other + `","token":"` + canary + `"}`,
		`{"accessToken":"` + other + `","access_token":"` + canary + `"}`,
		`{"id_token":null,"token":"","access_token":"` + canary + `"}`,
		`{"value":"` + other + `","accessToken":"` + canary + `"}`,
		`{"count":1,"value":"` + canary + `"}`,
		`{"kind":"ExecCredential","status":{"token":"` + canary + `"}}`,
		`{"token":"Bearer ` + canary + `"}`,
	} {
		got, err := tokensource.JWT(secret.New(content))
		if err != nil || got.Reveal() != canary {
			t.Errorf("JWT(%s) = %q, %v", content, got.Reveal(), err)
		}
	}
}

func TestJWTRefuses(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"nothing", "", "there is no token"},
		{"white space", " \n", "there is no token"},
		{"Bearer and nothing", "Bearer ", "the token is opaque, not a JWT"},
		{"an opaque token", "canary-7d3e", "the token is opaque, not a JWT"},
		{"four parts", canary + ".x", "the token is opaque, not a JWT"},
		{"encrypted", canary + "..x", "the token is encrypted (JWE), and nobody but its audience can read it"},
		{"no signature", header + "." + payload + ".", "the JWT is not signed"},
		{"a page", "<html><title>Sign in</title>" + canary + "</html>", "there is more than a token"},
		{"two tokens", canary + "\n" + canary, "there is more than a token"},
		{"a log line before", "canary-7d3e: signing in\n" + canary, "there is more than a token"},
		{"wrapped", header + ".\n" + payload + ".x", "there is more than a token"},
		{"padding", header + "=." + payload + ".YWE", "the header of the JWT is not base64url"},
		{"base64 that is not base64url", header + "." + payload + "+/.YWE", "the payload of the JWT is not base64url"},
		{"bits that are not used", header + "." + payload + ".YWF", "the signature of the JWT is not base64url"},
		{"a header that is no JSON", "Y2FuYXJ5." + payload + ".YWE", "the header of the JWT is not a JSON object"},
		{"a header that is a list", "WyJjYW5hcnkiXQ." + payload + ".YWE", "the header of the JWT is not a JSON object"},
		{"a payload that is no JSON", header + ".e2NhbmFyeX0.YWE", "the payload of the JWT is not a JSON object"},
		{"a payload that is null", header + ".bnVsbA.YWE", "the payload of the JWT is not a JSON object"},
		{"half of JSON", `{"id_token":"` + canary, "what begins like JSON is not JSON"},
		{"JSON twice", `{"id_token":"` + canary + `"}{}`, "what begins like JSON is not JSON"},
		{"JSON without a token", `{"refresh_token":"` + canary + `"}`, "the JSON has no token"},
		{"an empty object", `{}`, "the JSON has no token"},
		{"a number", `{"id_token":7}`, "id_token in the JSON is not a string"},
		{"an object for a token", `{"status":{"token":{"x":"` + canary + `"}}}`, "status.token in the JSON is not a string"},
		{"a status that is no object", `{"status":"` + canary + `"}`, "the JSON has no token"},
		{"an opaque access token", `{"access_token":"canary-7d3e"}`, "the token is opaque, not a JWT"},
		{"JSON in JSON", `{"token":"{\"id_token\":\"x\"}"}`, "the token is opaque, not a JWT"},
	}
	for _, tt := range tests {
		got, err := tokensource.JWT(secret.New(tt.content))
		want := outcome{tokensource.KindContent, tt.want, true}
		if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" || !got.IsZero() {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzJWT(f *testing.F) {
	f.Add(canary)
	f.Add(`{"id_token":"` + canary + `"}`)
	f.Add("Bearer a.b.c")
	f.Fuzz(func(t *testing.T, content string) {
		got, err := tokensource.JWT(secret.New(content))
		if err != nil {
			if tokensource.KindOf(err) != tokensource.KindContent || !got.IsZero() {
				t.Errorf("JWT() = %v", err)
			}
			return
		}
		// What is accepted stands alone, and is accepted as it is.
		again, err := tokensource.JWT(got)
		if err != nil || again.Reveal() != got.Reveal() || strings.Count(got.Reveal(), ".") != 2 {
			t.Errorf("JWT(JWT(%q)) = %q, %v", content, again.Reveal(), err)
		}
	})
}

func write(t *testing.T, mode os.FileMode, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(write(t, 0o600, canary), link); err != nil {
		t.Logf("no links here: %v", err)
		link = write(t, 0o600, canary)
	}
	for _, tt := range []struct {
		path, want string
		notice     bool
	}{
		{write(t, 0o600, canary+"\n"), canary, false},
		{write(t, 0o400, canary+"\r\n\n"), canary, false},
		{write(t, 0o640, canary), canary, true},
		{write(t, 0o604, canary), canary, true},
		{write(t, 0o620, canary), canary, true},
		{write(t, 0o602, canary), canary, true},
		{write(t, 0o600, strings.Repeat("x", 1<<20)+"\r\n"), strings.Repeat("x", 1<<20), false},
		{link, canary, false},
	} {
		got, notice, err := tokensource.File(tt.path)
		if err != nil || got.Reveal() != tt.want {
			t.Errorf("File() = %v", err)
		}
		want := tt.notice && runtime.GOOS != "windows"
		if (notice != "") != want || strings.ContainsAny(notice, "\n") || strings.Contains(notice, header) {
			t.Errorf("%s: notice %q, want one: %v", tt.path, notice, want)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, path, want string
		kind             tokensource.Kind
	}{
		{"stdin", "-", `the token file "-" stands for stdin`, tokensource.KindConfig},
		{"not there", filepath.Join(dir, "gone"), "the token file PATH is not there", tokensource.KindConfig},
		{"a directory", dir, "the token file PATH is not a regular file", tokensource.KindConfig},
		{"a device", os.DevNull, "the token file PATH is not a regular file", tokensource.KindConfig},
		{"empty", write(t, 0o600, "\n"), "the file PATH gave nothing", tokensource.KindContent},
		{"too long", write(t, 0o600, strings.Repeat("x", 1<<20+1)), "the file PATH gave more than 1 MiB", tokensource.KindContent},
		{"NUL", write(t, 0o600, canary+"\x00"), "the file PATH gave something that is not text", tokensource.KindContent},
		{"UTF-16", write(t, 0o600, "\xfe\xff\x00e"), "the file PATH gave UTF-16", tokensource.KindContent},
	}
	if runtime.GOOS != "windows" {
		fifo := filepath.Join(dir, "fifo")
		makePipe(t, fifo)
		tests = append(tests, tests[2])
		tests[len(tests)-1].name, tests[len(tests)-1].path = "a pipe", fifo
	}
	for _, tt := range tests {
		got, notice, err := tokensource.File(tt.path)
		have := outcomeOf(t, err)
		if tt.path != "-" {
			have.Description = strings.Replace(have.Description, `"`+tt.path+`"`, "PATH", 1)
		}
		if diff := cmp.Diff(outcome{tt.kind, tt.want, true}, have); diff != "" || !got.IsZero() || notice != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestFileWithoutTheRight(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("everything can be read here")
	}
	_, _, err := tokensource.File(write(t, 0, canary))
	if outcomeOf(t, err).Kind != tokensource.KindConfig || !errors.Is(err, os.ErrPermission) {
		t.Errorf("File() = %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New(canary) }

func TestRead(t *testing.T) {
	closed, w := pipe(t)
	_ = closed.Close()
	_ = w.Close()
	tests := []struct {
		name   string
		reader io.Reader
		text   string
		want   outcome
	}{
		{"a token", strings.NewReader(canary + "\n"), canary, outcome{}},
		{"nothing", strings.NewReader(""), "", outcome{tokensource.KindContent, "stdin gave nothing", true}},
		{"too long", io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), strings.NewReader("xxx")), "", outcome{tokensource.KindContent, "stdin gave more than 1 MiB", true}},
		{"without end", endless{}, "", outcome{tokensource.KindContent, "stdin gave more than 1 MiB", true}},
		{"broken", broken{}, "", outcome{tokensource.KindContent, "stdin cannot be read", false}},
		{"closed", closed, "", outcome{tokensource.KindContent, "stdin cannot be read", false}},
	}
	for _, tt := range tests {
		got, err := tokensource.Read(t.Context(), tt.reader)
		if diff := cmp.Diff(tt.want, outcomeOf(t, err)); diff != "" || got.Reveal() != tt.text {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReadEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		t.Cleanup(func() { _ = w.Close() })
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		_, err := tokensource.Read(ctx, r)
		if diff := cmp.Diff(outcome{tokensource.KindInterrupted, "reading stdin was interrupted", false}, outcomeOf(t, err)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		unread := strings.NewReader(canary)
		if _, err := tokensource.Read(ctx, unread); tokensource.KindOf(err) != tokensource.KindInterrupted {
			t.Errorf("Read() = %v", err)
		}
		synctest.Wait()
		if unread.Len() != len(canary) {
			t.Error("stdin was read although the time was over")
		}
	})
}

// A read that can be given up is given up: nothing eats what comes next.
func TestReadLeavesTheRest(t *testing.T) {
	r, w := pipe(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := tokensource.Read(ctx, r)
	if diff := cmp.Diff(outcome{tokensource.KindTimeout, "reading stdin took too long", false}, outcomeOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := w.WriteString("next"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "next" {
		t.Errorf("the next reader gets %q, %v", rest, err)
	}
}

func TestKind(t *testing.T) {
	if diff := cmp.Diff("configuration", tokensource.KindConfig.String()); diff != "" {
		t.Error(diff)
	}
	if tokensource.Kind(99).String() != "unknown" || tokensource.KindOf(io.EOF) != tokensource.KindUnknown {
		t.Error("what is not known is not unknown")
	}
}
