package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"runtime"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// execute runs a command line with streams that are not the process's: the process
// stays.
func (d *desk) execute(ctx context.Context, args ...string) (code int, stdout string) {
	through, _ := d.lab.HTTPClient().Transport.(*http.Transport)
	var out bytes.Buffer
	code = cli.Run(ctx, args, &cli.Env{
		Stdin: strings.NewReader("from stdin"), Stdout: &out, Stderr: d, OpenURL: d.browse,
		Getenv: func(name string) string { return d.variables[name] },
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy, tr.TLSClientConfig = through.Proxy, through.TLSClientConfig.Clone()
		}),
	})
	return code, out.String()
}

// Where the streams are somebody else's, exec runs the command beside itself.
func TestExecBeside(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("written for sh")
	}
	d := newDesk(t)
	d.run(t, "auth")
	for _, flags := range [][]string{{"exec", "--"}, {"exec", "--server", "--"}} {
		d.stderr.Reset()
		code, out := d.execute(t.Context(), append(flags, "sh", "-c", "cat; echo; echo $AWS_ACCOUNT_ID$AWS_CONTAINER_CREDENTIALS_FULL_URI; exit 3")...)
		if code != 3 || !strings.HasPrefix(out, "from stdin\n") || len(out) < len("from stdin\n444455556666\n") || d.stderr.Len() > 0 {
			t.Errorf("%v: %d, %q, %q", flags, code, out, d.stderr.String())
		}
	}
	if code, out := d.execute(t.Context(), "exec", "--", "true"); code != cli.ExitOK || out != "" {
		t.Errorf("%d, %q", code, out)
	}
}

// Whoever interrupts before the command runs has interrupted tip-cli.
func TestExecInterruptedBefore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("written for sh")
	}
	d := newDesk(t)
	d.run(t, "auth")
	d.run(t, "exec", "--", "true") // and so the credentials are there
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, out := d.execute(ctx, "exec", "--", "sh", "-c", "echo it ran"); code != cli.ExitInterrupted || out != "" {
		t.Errorf("%d, %q", code, out)
	}
}
