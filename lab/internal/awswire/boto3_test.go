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
// a real socket: inputs, outputs, and one error for each operation. Those of the
// lab go three times, with other data each.
func TestBoto3(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Python")
	}
	b := &botoTest{servers: map[string]http.Handler{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		labels := strings.Split(r.Host, ".")
		b.servers[labels[len(labels)-3]].ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	b.python = startPython(t, srv.URL)
	for _, set := range []struct {
		name     string
		services []service
		times    int
	}{{"lab", labServices(t), 3}, {"all", allServices(t), 1}, {"dynamic", dynamicServices(t), 1}} {
		for _, s := range set.services {
			if s.name != "s3" { // boto3 rewrites much of S3, and the lab serves it otherwise
				b.service(t, set.name, s, set.times)
			}
		}
	}
}

// botoTest is what the operations under test receive and answer.
type botoTest struct {
	python           *python
	servers          map[string]http.Handler
	received, answer any
	thrown           error
}

func (b *botoTest) service(t *testing.T, set string, s service, times int) {
	svc, names := s.newService(t, func(_ context.Context, _ *awswire.Caller, _ string, in any) (any, error) {
		b.received = in
		return b.answer, b.thrown
	})
	b.servers[s.name] = svc
	slices.Sort(names)
	for _, name := range names {
		t.Run(set+"/"+s.name+"/"+name, func(t *testing.T) {
			for i := range times {
				b.operation(t, s, svc, name, fmt.Sprint("boto", name, i))
			}
		})
	}
}

func (b *botoTest) operation(t *testing.T, s service, svc *awswire.Service, name, seed string) {
	f := newFiller(t, s, seed)
	op := s.model.Operations[name]
	inType, outType := s.types(t, name)
	in, out := reflect.New(inType), reflect.New(outType)
	f.top(op.Input, in.Elem())
	f.top(op.Output, out.Elem())
	b.received, b.answer, b.thrown = nil, out.Interface(), nil
	sent := plain(t, awswire.Canonical(svc, name, in.Interface()))
	got := b.python.call(t, s.name, name, sent)
	if got.Error != nil || b.received == nil {
		t.Fatalf("%+v\ninput: %v", got.Error, sent)
	}
	if diff := cmp.Diff(sent, plain(t, awswire.Canonical(svc, name, b.received)), sameData); diff != "" {
		t.Errorf("input, sent and received:\n%s", diff)
	}
	if diff := cmp.Diff(plain(t, awswire.Canonical(svc, name, b.answer)), got.Output, sameData); diff != "" {
		t.Errorf("output, sent and received:\n%s", diff)
	}
	b.refusals(t, s, name, sent)
}

func (b *botoTest) refusals(t *testing.T, s service, name string, sent any) {
	b.thrown = &awswire.Error{Code: "ThrottlingException", Message: "a <b> & c", Status: 418}
	want := &pythonError{Code: "ThrottlingException", Message: "a <b> & c", Status: 418, RequestID: true}
	if diff := cmp.Diff(want, b.python.call(t, s.name, name, sent).Error); diff != "" {
		t.Error(diff)
	}
	for _, e := range s.model.Operations[name].Errors {
		b.thrown = &awswire.Error{Code: e.Shape, Message: "text"}
		got := b.python.call(t, s.name, name, sent).Error
		if got == nil || got.Code == "" || got.Message != "text" && len(s.model.Shapes[e.Shape].Members) > 0 {
			t.Errorf("%+v: %+v", b.thrown, got)
		}
	}
}
