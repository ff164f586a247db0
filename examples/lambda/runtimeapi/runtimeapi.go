// Package runtimeapi is the side of AWS Lambda that a function asks for its work
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), so that one can be
// run and tested as a process without AWS.
//
// A [Server] stands for one execution environment, and is safe for concurrent use. It
// does not start the function, does not kill it at a deadline, and does not freeze it
// between invocations. Errors at the start (init/error) and streamed answers are not
// taken.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxAnswer is the limit of an answer in bytes, as Lambda has it.
const maxAnswer = 6 << 20

// ErrNoAnswer means that the function did not take an event, or did not answer.
var ErrNoAnswer = errors.New("no answer of the function")

// Server is the Runtime API as an [http.Handler]. A function finds it by the
// environment variable AWS_LAMBDA_RUNTIME_API, host:port.
type Server struct {
	mux   *http.ServeMux
	work  chan *invocation
	asked chan struct{}
	first sync.Once

	mu      sync.Mutex
	pending map[string]*invocation
	count   int
}

// invocation is an event on its way through the environment.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan Answer
}

// Answer is what a function made of an event: a response, or a function error.
type Answer struct {
	Body   []byte
	Failed bool
}

// New returns a server.
func New() *Server {
	s := &Server{mux: http.NewServeMux(), work: make(chan *invocation), asked: make(chan struct{}), pending: map[string]*invocation{}}
	const path = "/2018-06-01/runtime/invocation/"
	s.mux.HandleFunc("GET "+path+"next", s.next)
	s.mux.HandleFunc("POST "+path+"{id}/response", func(w http.ResponseWriter, r *http.Request) { s.take(w, r, false) })
	s.mux.HandleFunc("POST "+path+"{id}/error", func(w http.ResponseWriter, r *http.Request) { s.take(w, r, true) })
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Asked is closed when the function has started and asks for its first event.
func (s *Server) Asked() <-chan struct{} { return s.asked }

// Invoke hands an event to the function and returns its answer, as Invoke of the
// Lambda API does. The function is told that it has timeout for it; the call waits
// until ctx ends ([ErrNoAnswer]).
func (s *Server) Invoke(ctx context.Context, payload []byte, timeout time.Duration) (Answer, error) {
	s.mu.Lock()
	s.count++
	i := &invocation{id: fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", s.count), payload: payload, answer: make(chan Answer, 1)}
	s.mu.Unlock()
	i.deadline = time.Now().Add(timeout)
	select {
	case s.work <- i:
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
	select {
	case a := <-i.answer:
		return a, nil
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
}

// next hands out one event, when there is one.
func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	s.first.Do(func() { close(s.asked) })
	select {
	case i := <-s.work:
		s.mu.Lock()
		s.pending[i.id] = i
		s.mu.Unlock()
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:444455556666:function:link")
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
		_, _ = w.Write(i.payload)
	case <-r.Context().Done():
	}
}

// take hands an answer to whoever invoked. One to an event that is not with the
// function is refused.
func (s *Server) take(w http.ResponseWriter, r *http.Request, failed bool) {
	s.mu.Lock()
	i := s.pending[r.PathValue("id")]
	delete(s.pending, r.PathValue("id"))
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	switch {
	case i == nil:
		http.Error(w, "no such invocation", http.StatusBadRequest)
	case err != nil:
		http.Error(w, "the answer is too long or was cut", http.StatusRequestEntityTooLarge)
	default:
		w.WriteHeader(http.StatusAccepted)
		i.answer <- Answer{Body: body, Failed: failed}
	}
}
