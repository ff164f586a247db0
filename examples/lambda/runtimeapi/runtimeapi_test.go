package runtimeapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/examples/lambda/runtimeapi"
)

const path = "/2018-06-01/runtime/invocation/"

func post(t *testing.T, url, body string) int {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestInvoke(t *testing.T) {
	s := runtimeapi.New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, kind := range []string{"response", "error"} {
		type result struct {
			answer runtimeapi.Answer
			err    error
		}
		done := make(chan result, 1)
		go func() {
			a, err := s.Invoke(t.Context(), []byte(`{"a":1}`), time.Minute)
			done <- result{a, err}
		}()
		event, err := http.Get(server.URL + path + "next")
		if err != nil {
			t.Fatal(err)
		}
		payload, err := io.ReadAll(event.Body)
		event.Body.Close()
		id := event.Header.Get("Lambda-Runtime-Aws-Request-Id")
		if err != nil || string(payload) != `{"a":1}` || id == "" || event.Header.Get("Lambda-Runtime-Deadline-Ms") == "" {
			t.Errorf("event %s %v %v", payload, event.Header, err)
		}
		if status := post(t, server.URL+path+id+"/"+kind, "b"); status != http.StatusAccepted {
			t.Errorf("%s: %d", kind, status)
		}
		if r := <-done; r.err != nil || string(r.answer.Body) != "b" || r.answer.Failed != (kind == "error") {
			t.Errorf("%s: %+v", kind, r)
		}
		if status := post(t, server.URL+path+id+"/"+kind, "again"); status != http.StatusBadRequest {
			t.Errorf("a second answer: %d", status)
		}
	}
	<-s.Asked()
}

func TestTooLong(t *testing.T) {
	s := runtimeapi.New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := s.Invoke(ctx, nil, time.Minute)
		done <- err
	}()
	event, err := http.Get(server.URL + path + "next")
	if err != nil {
		t.Fatal(err)
	}
	event.Body.Close()
	id := event.Header.Get("Lambda-Runtime-Aws-Request-Id")
	if status := post(t, server.URL+path+id+"/response", strings.Repeat("x", 6<<20+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("6 MiB and a byte: %d", status)
	}
	cancel()
	if err := <-done; !errors.Is(err, runtimeapi.ErrNoAnswer) {
		t.Errorf("got %v, want ErrNoAnswer", err)
	}
}

func TestNobodyAsks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runtimeapi.New().Invoke(ctx, nil, time.Minute); !errors.Is(err, runtimeapi.ErrNoAnswer) {
		t.Errorf("got %v, want ErrNoAnswer", err)
	}
}
