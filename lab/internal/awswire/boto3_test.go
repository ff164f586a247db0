package awswire_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// python is a running testdata/client.py.
type python struct {
	in  io.Writer
	out *bufio.Scanner
}

// startPython skips the test if there is no Python with boto3, except in CI,
// where that is a failure.
func startPython(t *testing.T, proxy string) *python {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import boto3").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("python3 with boto3 is required in CI: %v: %s", err, out)
		}
		t.Skipf("python3 with boto3 is not at hand: %v: %s", err, out)
	}
	cmd := exec.Command("python3", "testdata/client.py", proxy)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(v), "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(name, "_PROXY") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("client.py: %v", err)
		}
	})
	p := &python{in, bufio.NewScanner(out)}
	p.out.Buffer(nil, 1<<24)
	return p
}

type pythonResult struct {
	Output any
	Error  *pythonError
}

type pythonError struct {
	Code, Message string
	Status        int
	RequestID     bool `json:"request_id"`
}

func (p *python) call(t *testing.T, service, operation string, input any) pythonResult {
	t.Helper()
	line, err := json.Marshal(map[string]any{"service": service, "operation": operation, "input": input})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.in, "%s\n", line); err != nil {
		t.Fatal(err)
	}
	if !p.out.Scan() {
		t.Fatalf("client.py ended: %v", p.out.Err())
	}
	var r pythonResult
	if err := json.Unmarshal(p.out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// plain makes data what it looks like after JSON.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBoto3 does the round trip with another implementation of the protocols, over
// a real socket: inputs, outputs, and one error for each operation.
func TestBoto3(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Python")
	}
	var received, answer any
	var thrown error
	servers := map[string]http.Handler{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		labels := strings.Split(r.Host, ".")
		servers[labels[len(labels)-3]].ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p := startPython(t, srv.URL)
	for _, s := range append(allServices(t), dynamicServices(t)...) {
		if s.name == "s3" {
			continue // boto3 rewrites much of S3, and the lab serves it otherwise
		}
		svc, names := s.newService(t, func(_ context.Context, _ *awswire.Caller, _ string, in any) (any, error) {
			received = in
			return answer, thrown
		})
		servers[s.name] = svc
		slices.Sort(names)
		for _, name := range names {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				f := newFiller(t, s, "boto"+name)
				op := s.model.Operations[name]
				inType, outType := s.types(t, name)
				in, out := reflect.New(inType), reflect.New(outType)
				f.top(op.Input, in.Elem())
				f.top(op.Output, out.Elem())
				received, answer, thrown = nil, out.Interface(), nil
				sent := plain(t, awswire.Canonical(svc, name, in.Interface()))
				got := p.call(t, s.name, name, sent)
				if got.Error != nil || received == nil {
					t.Fatalf("%+v\ninput: %v", got.Error, sent)
				}
				if diff := cmp.Diff(sent, plain(t, awswire.Canonical(svc, name, received)), sameData); diff != "" {
					t.Errorf("input, sent and received:\n%s", diff)
				}
				if diff := cmp.Diff(plain(t, awswire.Canonical(svc, name, answer)), got.Output, sameData); diff != "" {
					t.Errorf("output, sent and received:\n%s", diff)
				}
				thrown = &awswire.Error{Code: "ThrottlingException", Message: "a <b> & c", Status: 418}
				want := &pythonError{Code: "ThrottlingException", Message: "a <b> & c", Status: 418, RequestID: true}
				if diff := cmp.Diff(want, p.call(t, s.name, name, sent).Error); diff != "" {
					t.Error(diff)
				}
				thrown = nil
				for _, e := range op.Errors {
					thrown = &awswire.Error{Code: e.Shape, Message: "text"}
				}
				if thrown == nil {
					return
				}
				if got := p.call(t, s.name, name, sent).Error; got == nil || got.Code == "" || got.Message != "text" && len(s.model.Shapes[op.Errors[0].Shape].Members) > 0 {
					t.Errorf("%+v: %+v", thrown, got)
				}
			})
		}
	}
}
