package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

func runBoto3(t *testing.T, w *world, env []string, args ...string) string {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "notebook.py"))
	if err != nil {
		t.Fatal(err)
	}
	return w.must(t, env, "python3", append([]string{script}, args...)...)
}

// idToken reads the ID token that a sign-in left: the file is sealed, so that a
// lab's own sign-in mints one for the notebook.
func idToken(t *testing.T, w *world, door lab.Door) string {
	t.Helper()
	issuer := "okta"
	if door == lab.EndpointDoor {
		issuer = "loopback"
	}
	token, err := w.IssueIDToken(issuer, "analyst", "0oaTipCliEXAMPLE")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.home, "id-token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The notebook of the seeds: every hop with boto3.
func TestBoto3ThroughTheProxyDoor(t *testing.T) {
	t.Parallel()
	needBoto3(t)
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	got := runBoto3(t, w, env, "--token-file", idToken(t, w, lab.ProxyDoor), "--s3control")
	for _, want := range []string{
		"identity tip-" + analystID, "matched s3://tip-team-data/*", "object readme.txt", "write ok", "denied AccessDenied 403",
		"direct AccessDenied 403", "replay InvalidGrantException 400",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the notebook did not say %q:\n%s", want, got)
		}
	}
}

func TestBoto3ThroughTheEndpointDoor(t *testing.T) {
	t.Parallel()
	needBoto3(t)
	w := newWorld(t)
	env := w.environ(lab.EndpointDoor)
	got := runBoto3(t, w, env, "--token-file", idToken(t, w, lab.EndpointDoor))
	for _, want := range []string{"identity tip-" + analystID, "direct AccessDenied 403", "replay InvalidGrantException 400", "admin object readme.txt", "admin write ok"} {
		if !strings.Contains(got, want) {
			t.Errorf("the notebook did not say %q:\n%s", want, got)
		}
	}
}
