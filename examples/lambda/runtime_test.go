package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tip-cli/tip-cli/examples/lambda/runtimeapi"
)

// environment is an execution environment with the function in it.
type environment struct {
	*runtimeapi.Server

	log *logBuffer
}

// start runs the function in an environment of its own until the test ends.
func start(t *testing.T, environ []string) *environment {
	t.Helper()
	e := &environment{Server: runtimeapi.New(), log: newLogBuffer()}
	api := httptest.NewServer(e)
	t.Cleanup(api.Close)
	cmd := exec.Command(program)
	cmd.Env = append(environ, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=link", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256")
	cmd.Stdout, cmd.Stderr = e.log, e.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // as Lambda ends an environment
		if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Error(err)
		}
		if t.Failed() {
			text, _ := e.log.read()
			t.Logf("the function's log:\n%s", text)
		}
	})
	return e
}

// awaitStart waits until the function asks for its first event.
func (e *environment) awaitStart(t *testing.T) {
	t.Helper()
	select {
	case <-e.Asked():
	case <-time.After(patience):
		t.Fatal("the function does not ask for work")
	}
}

func (e *environment) invoke(t *testing.T, payload string, timeout time.Duration) runtimeapi.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout+10*time.Second)
	defer cancel()
	answer, err := e.Invoke(ctx, []byte(payload), timeout)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// get is a request to the HTTP API, as API Gateway hands it on, and the response that
// it would send.
func (e *environment) get(t *testing.T, token, object string, timeout time.Duration) events.APIGatewayV2HTTPResponse {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "GET /link", RawPath: "/link", Headers: map[string]string{"host": "api.example.com"},
		RawQueryString: url.Values{"object": {object}}.Encode(), QueryStringParameters: map[string]string{"object": object},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "GET /link", AccountID: "444455556666", Stage: "$default",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: http.MethodGet, Path: "/link", Protocol: "HTTP/1.1", SourceIP: "192.0.2.1",
			},
		},
	}
	if token != "" {
		event.Headers["authorization"] = "Bearer " + token
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	answer := e.invoke(t, string(payload), timeout)
	var response events.APIGatewayV2HTTPResponse
	if answer.Failed {
		t.Fatalf("function error: %s", answer.Body)
	}
	if err := json.Unmarshal(answer.Body, &response); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	return response
}

// logBuffer takes what a process writes while the test reads it.
type logBuffer struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newLogBuffer() *logBuffer { return &logBuffer{changed: make(chan struct{})} }

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
	return b.text.Write(p)
}

func (b *logBuffer) read() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String(), b.changed
}

// await waits until a text is in the log, which arrives behind the answers.
func (b *logBuffer) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		log, changed := b.read()
		if strings.Contains(log, text) {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Errorf("no %q in the log:\n%s", text, log)
			return
		}
	}
}
