package awswire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"time"
)

// maxBody is the limit of a request body in bytes, as STS has it.
const maxBody = 10_000_000

// ServeHTTP serves one request. A panic of a handler with http.ErrAbortHandler is
// passed on, so that a fault on purpose can cut the connection.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	x := &Exchange{Caller: *newCaller(s, r), Start: s.opts.now(), Request: withoutBody(r)}
	resp := &response{status: http.StatusOK, header: http.Header{}, requestID: x.Caller.RequestID, caller: &x.Caller}
	if err := s.exchange(r, x, resp); err != nil {
		x.Output = nil
		s.refuse(r.Context(), x, resp, err)
	}
	s.protocol.stamp(resp)
	x.Status = resp.status
	x.Duration = time.Since(begun)
	w = resp.interference.writer(w)
	if resp.interference.cuts() {
		w.WriteHeader(http.StatusServiceUnavailable)
		panic(http.ErrAbortHandler)
	}
	s.opts.observe(r.Context(), x)
	if errors.Is(x.Err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	send(w, r, resp)
}

// exchange does all that can fail.
func (s *Service) exchange(r *http.Request, x *Exchange, resp *response) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	c, err := s.protocol.route(r, body)
	if err != nil {
		return err
	}
	x.Caller.Operation = c.op.name
	x.Caller.Signature, err = s.verify(c, x.Caller.Region)
	if x.Caller.AccessKeyID = x.Caller.Signature.AccessKeyID; err != nil {
		return err
	}
	if x.Input, err = s.decode(c); err != nil {
		return err
	}
	resp.interference = s.opts.interfere(r.Context(), s, &x.Caller)
	if err := resp.interference.refusal(); err != nil {
		return err
	}
	if x.Output, err = s.handle(resp.interference.context(r.Context()), c.op, x); err != nil {
		return err
	}
	if err := s.protocol.encode(resp, c.op, reflect.ValueOf(x.Output).Elem()); err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	return nil
}

var errTooLarge = errors.New("body too large")

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		text := "The request body terminated unexpectedly"
		return nil, &fault{err: Error{Code: "IncompleteBody", Status: http.StatusBadRequest, Message: text}, undispatched: true}
	case len(body) > maxBody:
		return nil, errTooLarge
	}
	return body, nil
}

func (s *Service) verify(c *call, region string) (Signature, error) {
	if s.opts.verifier == nil || c.op.unsigned {
		return Signature{}, nil
	}
	return s.opts.verifier.Verify(c.request, c.body, Scope{Service: s.SigningName(), Region: region})
}

// decode fills a new input and checks it.
func (s *Service) decode(c *call) (any, error) {
	src, err := s.protocol.source(c)
	if err != nil {
		return nil, err
	}
	in := reflect.New(c.op.input.typ)
	var d decoder
	if err := d.structure(src, c.op.input, in.Elem()); err != nil {
		return nil, err
	}
	if text := d.message(); text != "" {
		return nil, &Error{Code: first(s.opts.validation, s.protocol.words().validation), Message: text}
	}
	return in.Interface(), nil
}

// handle calls the handler and turns a panic into an error.
func (s *Service) handle(ctx context.Context, op *operation, x *Exchange) (out any, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if abort, ok := p.(error); ok && errors.Is(abort, http.ErrAbortHandler) {
			err = http.ErrAbortHandler
			return
		}
		s.opts.log.ErrorContext(ctx, "handler panicked", "service", s.name, "operation", op.name, "panic", p, "stack", string(debug.Stack()))
		err = errPanicked
	}()
	return op.call(ctx, &x.Caller, x.Input)
}

var errPanicked = errors.New("handler panicked")

// refuse answers an error, and notes in the exchange what was answered.
func (s *Service) refuse(ctx context.Context, x *Exchange, resp *response, err error) {
	clear(resp.header)
	if errors.Is(err, http.ErrAbortHandler) {
		x.Err, resp.status = err, 0
		return
	}
	f := s.asFault(ctx, x, err)
	x.Err = &f.err
	switch {
	case f.redirect != "":
		resp.status, resp.body = f.err.Status, nil
		resp.header.Set("Location", f.redirect)
	case f.bare:
		resp.status, resp.body = f.err.Status, []byte("<"+f.err.Code+"/>\n")
		resp.header["Content-Type"] = nil // Coral sends none; nor shall net/http guess one
	default:
		a := s.resolve(&f.err, f.undispatched)
		f.err.Status = a.status
		s.protocol.encodeError(resp, a)
	}
}

// asFault turns any error into one that can be answered. What is not meant for
// clients is logged and answered as an internal failure.
func (s *Service) asFault(ctx context.Context, x *Exchange, err error) *fault {
	words := s.protocol.words()
	var f *fault
	var e *Error
	var v *VerifyError
	var m *malformed
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &v):
		refusal := s.refusal(v)
		s.opts.reword(v.Kind, refusal)
		return &fault{err: *refusal}
	case errors.As(err, &m):
		return &fault{err: Error{Code: malformedCode(words, m), Status: http.StatusBadRequest, Message: m.text, Common: true}}
	case errors.Is(err, errTooLarge):
		return &fault{err: Error{Code: words.tooLarge, Status: http.StatusRequestEntityTooLarge, Message: "Request Entity Too Large"}, undispatched: true}
	case errors.As(err, &e):
		return &fault{err: *e}
	}
	if !errors.Is(err, errPanicked) {
		s.opts.log.ErrorContext(ctx, "request failed", "service", s.name, "operation", x.Caller.Operation, "error", err)
	}
	return &fault{err: Error{Code: s.internalCode(words), Status: http.StatusInternalServerError, Message: words.message}}
}

func malformedCode(words *dialect, m *malformed) string {
	if m.body {
		return words.malformed
	}
	return words.binding
}

// internalCode prefers the exception that the service models for its failures.
func (s *Service) internalCode(words *dialect) string {
	if e := s.exceptions["InternalServerException"]; e != nil {
		return e.name
	}
	return words.internal
}

// withoutBody copies what an observer may look at.
func withoutBody(r *http.Request) *http.Request {
	return &http.Request{
		Method: r.Method, URL: r.URL, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Header: r.Header.Clone(),
		Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, ContentLength: r.ContentLength, TLS: r.TLS, Body: http.NoBody,
	}
}

func send(w http.ResponseWriter, r *http.Request, resp *response) {
	header := w.Header()
	maps.Copy(header, resp.header)
	bodiless := resp.status == http.StatusNoContent || resp.status == http.StatusNotModified
	if !bodiless && (r.Method != http.MethodHead || header.Get("Content-Length") == "") {
		header.Set("Content-Length", strconv.Itoa(len(resp.body)))
	}
	w.WriteHeader(resp.status)
	if !bodiless && r.Method != http.MethodHead {
		// The client may be gone; there is nobody left to tell.
		_, _ = w.Write(resp.body)
	}
}
