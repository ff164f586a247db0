package awswire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// sameData compares SDK structs: what is exported counts, an empty list is no
// list, a stream is its bytes, and a document its JSON.
var sameData = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmpopts.IgnoreTypes(middleware.Metadata{}),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b anyDocument) bool { return documentText(a) == documentText(b) }),
	cmp.Comparer(func(a, b io.Reader) bool { return bytes.Equal(kept(a), kept(b)) }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ContentLength" }, cmp.Ignore()), // HTTP's own
}

// anyDocument is a document of any SDK.
type anyDocument interface{ MarshalSmithyDocument() ([]byte, error) }

// documentText is a document's JSON with its keys in order.
func documentText(d anyDocument) string {
	if d == nil {
		return ""
	}
	text, err := d.MarshalSmithyDocument()
	if err != nil {
		return err.Error()
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err.Error()
	}
	text, _ = json.Marshal(v) // what came from JSON goes back
	return string(text)
}

func newFiller(t *testing.T, s service, seed string) *filler {
	h := fnv.New64()
	_, _ = io.WriteString(h, seed)
	return &filler{t: t, rng: rand.New(rand.NewPCG(h.Sum64(), 1)), model: s.model, unions: s.unions, fixed: s.fixed, documents: s.documents}
}

// TestRoundTrip sends made-up inputs with the SDK's clients to every operation,
// and made-up outputs back: both must arrive as they were sent.
func TestRoundTrip(t *testing.T) {
	times := 20
	if testing.Short() {
		times = 3
	}
	for _, s := range labServices(t) {
		t.Run("lab/"+s.name, func(t *testing.T) { roundTrip(t, s, times) })
	}
	for _, s := range allServices(t) {
		t.Run("all/"+s.name, func(t *testing.T) { roundTrip(t, s, 3) })
	}
}

func roundTrip(t *testing.T, s service, times int) {
	var received, answer any
	svc, names := s.newService(t, func(_ context.Context, _ *awswire.Caller, _ string, in any) (any, error) {
		received = in
		return answer, nil
	})
	srv := httptest.NewServer(svc)
	t.Cleanup(srv.Close)
	client := s.client(config(srv))
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for i := range times {
				f := newFiller(t, s, fmt.Sprint(s.name, name, i))
				op := s.model.Operations[name]
				inType, outType := s.types(t, name)
				in, out := reflect.New(inType), reflect.New(outType)
				f.top(op.Input, in.Elem())
				f.top(op.Output, out.Elem())
				keep(in)
				keep(out)
				received, answer = nil, out.Interface()
				got, err := call(t.Context(), client, name, in)
				if err != nil {
					t.Fatalf("%v\ninput: %+v", err, in.Interface())
				}
				keep(reflect.ValueOf(received))
				keep(reflect.ValueOf(got))
				if diff := cmp.Diff(in.Interface(), received, sameData); diff != "" {
					t.Errorf("input, sent and received:\n%s", diff)
				}
				if diff := cmp.Diff(out.Interface(), got, sameData); diff != "" {
					t.Errorf("output, sent and received:\n%s", diff)
				}
			}
		})
	}
}

// keep replaces the streams of the struct that v points to by streams whose bytes
// can be compared after they have been read.
func keep(v reflect.Value) {
	v = v.Elem()
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if r, ok := v.Field(i).Interface().(io.Reader); ok {
			data, _ := io.ReadAll(r)
			v.Field(i).Set(reflect.ValueOf(stream{bytes.NewReader(data), data}))
		}
	}
}

// stream is a reader that clients can rewind to sign it.
type stream struct {
	*bytes.Reader
	data []byte
}

func (stream) Close() error { return nil }

func kept(r io.Reader) []byte {
	s, _ := r.(stream)
	return s.data
}

// TestErrorRoundTrip has every modelled error of every operation thrown: the SDK
// must see its type, code, status and message.
func TestErrorRoundTrip(t *testing.T) {
	for _, s := range append(labServices(t), allServices(t)...) {
		t.Run(s.name, func(t *testing.T) { errorRoundTrip(t, s) })
	}
}

func errorRoundTrip(t *testing.T, s service) {
	var thrown error
	svc, names := s.newService(t, func(context.Context, *awswire.Caller, string, any) (any, error) { return nil, thrown })
	srv := httptest.NewServer(svc)
	t.Cleanup(srv.Close)
	client := s.client(config(srv))
	for _, name := range names {
		op := s.model.Operations[name]
		inType, _ := s.types(t, name)
		in := reflect.New(inType)
		newFiller(t, s, name).top(op.Input, in.Elem())
		if op.HTTP.Method == http.MethodHead {
			continue // no body, no code
		}
		for _, ref := range op.Errors {
			shape := s.model.Shapes[ref.Shape]
			keep(in)
			thrown = fmt.Errorf("wrapped: %w", &awswire.Error{Code: ref.Shape, Message: "what <went> wrong"})
			_, err := call(t.Context(), client, name, in)
			wantCode, wantStatus := ref.Shape, 400
			if shape.Fault {
				wantStatus = 500
			}
			if e := shape.Error; e != nil {
				if e.Code != "" {
					wantCode = e.Code
				}
				wantStatus = e.HTTPStatusCode
			}
			var typed smithy.APIError
			var response *awshttp.ResponseError
			if !errors.As(err, &typed) || !errors.As(err, &response) {
				t.Fatalf("%s: %s: %v", name, ref.Shape, err)
			}
			if got := reflect.TypeOf(typed).Elem().Name(); got != ref.Shape {
				t.Errorf("%s: %s: the SDK's type is %s", name, ref.Shape, got)
			}
			if typed.ErrorCode() != wantCode && typed.ErrorCode() != ref.Shape {
				t.Errorf("%s: code %s, want %s", name, typed.ErrorCode(), wantCode)
			}
			if got := response.HTTPStatusCode(); got != wantStatus {
				t.Errorf("%s: %s: status %d, want %d", name, ref.Shape, got, wantStatus)
			}
			if got := errorText(typed); got != "what <went> wrong" && len(shape.Members) > 0 {
				t.Errorf("%s: %s: message %q", name, ref.Shape, got)
			}
		}
	}
}

// errorText is the message, which for the OAuth services is in a field of its own.
func errorText(err smithy.APIError) string {
	if f := reflect.ValueOf(err).Elem().FieldByName("Error_description"); f.IsValid() && !f.IsNil() {
		return f.Elem().String()
	}
	return err.ErrorMessage()
}
