package bearer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// TestUploads: the temporary files of an upload are removed behind the request, whoever
// read it.
func TestUploads(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // Unix, Windows
		t.Setenv(name, dir)
	}
	during := 0
	read := func(r *http.Request) {
		if err := r.ParseMultipartForm(10); err != nil {
			t.Error(err)
		}
		during = countFiles(t, dir)
	}
	refuse := func(o *bearer.Options) {
		o.Check = func(context.Context, *oidc.IDToken) error { return errors.New("no") }
		o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
			read(r)
			refusal.ServeHTTP(w, r)
		}
	}
	for name, optFns := range map[string][]func(*bearer.Options){
		"handler": nil, "error handler": {refuse},
		"both": {func(o *bearer.Options) {
			o.Token = func(r *http.Request) (string, error) { read(r); return bearer.FromAuthorization(r) }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := protected(t, fakePool(t, &clients{}), staticVerifier(), func(_ http.ResponseWriter, r *http.Request) { read(r) }, optFns...)
			upload(t, h)
			if after := countFiles(t, dir); during != 1 || after != 0 {
				t.Errorf("%d files during the request, %d behind it", during, after)
			}
		})
	}
}

func upload(t *testing.T, h http.Handler) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close() // waits for the connection, and so for net/http to clean up
	body := "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("a", 1<<20) + "\r\n--x--\r\n"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Authorization", "Bearer "+mint(t, "a", nil))
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
