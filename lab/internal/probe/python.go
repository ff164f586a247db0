package probe

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

//go:embed client.py
var clientProgram []byte

// Members are those of a structure of the API, by their names.
type Members = map[string]any

// Foreign is a client in another language, which makes one call at a time.
type Foreign struct {
	testing.TB
	in  io.Writer
	out *bufio.Scanner
}

// Foreign starts a client of a service (by botocore's name) at the proxy door:
// kind is boto3 or cli. Without what it needs the test is skipped, in CI it
// fails; so it is with -short, since Python is slow.
func (b *Bench) Foreign(kind, service string, p aws.CredentialsProvider) *Foreign {
	b.Helper()
	if testing.Short() {
		b.Skip("Python is slow: -short")
	}
	b.Needs(exec.CommandContext(b.Context(), "python3", "-c", "import boto3").Run() == nil, "python3 with boto3")
	if kind == "cli" {
		_, err := exec.LookPath("aws")
		b.Needs(err == nil, "the AWS CLI")
	}
	program := filepath.Join(b.TempDir(), "client.py")
	Must(b, 0, os.WriteFile(program, clientProgram, 0o600))
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), "python3", program, kind, service)
	cmd.Env, cmd.Stderr = b.Environ(p), os.Stderr
	in, err := cmd.StdinPipe()
	Must(b, in, err)
	out, err := cmd.StdoutPipe()
	Must(b, out, err)
	Must(b, cmd, cmd.Start())
	b.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			b.Errorf("client.py: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	return &Foreign{b, in, lines}
}

// Environ leads other programs through the proxy door with credentials.
func (b *Bench) Environ(p aws.CredentialsProvider) []string {
	b.Helper()
	c, err := p.Retrieve(b.Context())
	Must(b, c, err)
	return append(lab.Apply(os.Environ(), b.Lab.Environ(lab.ProxyDoor, labtest.CAFile(b, b.Lab))),
		"AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_SESSION_TOKEN="+c.SessionToken,
		"AWS_MAX_ATTEMPTS=1", "HOME="+b.TempDir())
}

// Needs skips a test without what it needs; in CI it fails.
func (b *Bench) Needs(found bool, what string) {
	b.Helper()
	switch {
	case found:
	case os.Getenv("CI") != "":
		b.Fatalf("%s is required in CI", what)
	default:
		b.Skipf("%s is not at hand", what)
	}
}

// Call expects an error code, "" for success, and returns the output. kv are the
// members of the input by name.
func (f *Foreign) Call(want, operation string, kv ...any) Members {
	f.Helper()
	given := Members{}
	for i := 0; i < len(kv); i += 2 {
		given[kv[i].(string)] = kv[i+1]
	}
	line, err := json.Marshal(Members{"operation": operation, "input": given})
	Must(f, line, err)
	if _, err := fmt.Fprintf(f.in, "%s\n", line); err != nil {
		f.Fatal(err)
	}
	if !f.out.Scan() {
		f.Fatalf("%s: no answer: %v", operation, f.out.Err())
	}
	var answer struct {
		Output        Members
		Code, Message string
	}
	Must(f, 0, json.Unmarshal(f.out.Bytes(), &answer))
	if answer.Code != want {
		f.Errorf("%s: %q %s, want %q", operation, answer.Code, answer.Message, want)
	}
	return answer.Output
}
