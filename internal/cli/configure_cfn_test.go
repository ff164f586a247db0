package cli_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// certified is an identity provider at https://example.com, for whom it holds a
// certificate of no CA; and the client that gets there and believes it.
func certified(t *testing.T, handler http.Handler) (*httptest.Server, *awshttp.BuildableClient) {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	trusting := s.Client().Transport.(*http.Transport).TLSClientConfig
	return s, awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.TLSClientConfig = trusting.Clone()
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, s.Listener.Addr().String())
		}
	})
}

func discoverable(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprint(w, `{"issuer": "https://example.com", "jwks_uri": "https://example.com/keys"}`)
}

// generate runs the command; what the environment says is not what the process has.
func generate(ctx context.Context, client *awshttp.BuildableClient) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	env := &cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaints, Getenv: func(string) string { return "" }, HTTPClient: client}
	code = cli.Run(ctx, []string{"configure", "generate-cfn-template", "https://example.com", "x"}, env)
	return code, out.String(), complaints.String()
}

// publicCA, in the environment of a test, says that the process trusts the certificate
// of [certified] by the roots of its system.
const publicCA = "TIP_CLI_TEST_PUBLIC_CA"

// A public CA is no reason to leave the thumbprint out: CloudFormation has refused updates
// of a provider without it (aws-cloudformation/cloudformation-coverage-roadmap issue 2092).
func TestTemplateHasThumbprint(t *testing.T) {
	s, client := certified(t, http.HandlerFunc(discoverable))
	code, stdout, stderr := generate(t.Context(), client)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if os.Getenv(publicCA) != "" {
		if !strings.Contains(stdout, "ThumbprintList:") || strings.Contains(stderr, "certificate") {
			t.Errorf("a public CA, and\n%s%s", stdout, stderr)
		}
		return
	}
	if !strings.Contains(stdout, "ThumbprintList:") || !strings.Contains(stderr, "of no CA that this system is known to trust") {
		t.Errorf("no public CA, and\n%s%s", stdout, stderr)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the roots of this system are in no file")
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), publicCA+"=yes", "SSL_CERT_FILE="+file)
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTemplateEndsOnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	_, client := certified(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel(); <-release }))
	t.Cleanup(func() { close(release) })
	if code, stdout, stderr := generate(ctx, client); code != cli.ExitInterrupted || stdout != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}
