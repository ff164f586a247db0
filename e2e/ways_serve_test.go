package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// serve runs tip-cli serve until the test ends, and returns what it prints.
func (w *world) serve(t *testing.T, env []string, flags ...string) []byte {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, executable("tip-cli")), append([]string{"serve"}, flags...)...)
	var complaints bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stderr = env, w.home, &complaints
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		killed := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer killed.Stop()
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v\n%s", err, complaints.String())
		}
	})
	printed := make([]byte, 64<<10)
	n, err := stdout.Read(printed) // it is written in one piece, which a pipe keeps together
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("serve printed nothing: %v\n%s", err, complaints.String())
	}
	return printed[:n]
}

// served is an endpoint of tip-cli serve.
type served struct {
	S3Target string `json:"s3_target"`
	URL      string
	Token    string
}

// endpoints runs tip-cli serve until the test ends.
func (w *world) endpoints(t *testing.T, env []string, flags ...string) []served {
	t.Helper()
	var endpoints []served
	if err := json.Unmarshal(w.serve(t, env, append(slices.Clone(flags), "--format", "json")...), &endpoints); err != nil {
		t.Fatal(err)
	}
	return endpoints
}

// environ is what leads a client to the endpoint.
func (s served) environ() []string {
	return []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + s.URL, "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + s.Token}
}

// key asks the endpoint for the access key that it has now.
func (s served) key(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", s.Token)
	resp, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ AccessKeyId string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return answer.AccessKeyId
}

// byServer has a server for each errand: one whose variables a shell evaluates,
// and the endpoint for S3 of one that prints JSON.
func (w *world) byServer(t *testing.T, env []string) way {
	t.Helper()
	lines, endpoints := string(w.serve(t, env)), w.endpoints(t, env, grantFlags...)
	if len(endpoints) != 2 || endpoints[1].S3Target != grantFlags[1] {
		t.Fatalf("endpoints %+v", endpoints)
	}
	return way{"serve", "grant", func(c client, errand string) []string {
		if errand == "grant" {
			return slices.Concat([]string{"env"}, endpoints[1].environ(), c.command(errand, ""))
		}
		return slices.Concat([]string{"sh", "-euc", `eval "$1"; shift; exec "$@"`, "sh", lines}, c.command(errand, ""))
	}}
}
