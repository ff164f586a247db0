package awswire

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// Service serves one AWS service. Make one with [NewService], register its
// operations with [Handle], then use it as an [http.Handler].
type Service struct {
	name       string
	model      *models.Model
	protocol   protocol
	opts       options
	operations map[string]*operation
	exceptions map[string]*exception
	codecs     *compiler
}

// Exchange is one request and what became of it, for an observer: the audit
// trail, the console. Input and Output hold secrets in the clear.
type Exchange struct {
	Caller   Caller
	Input    any   // *Input of the operation; nil if refused before decoding
	Output   any   // *Output of the operation; nil on error
	Err      error // what was answered: an *Error, also where the engine refused; http.ErrAbortHandler if the connection was cut
	Status   int   // HTTP status of the answer; 0 if the connection was cut
	Start    time.Time
	Duration time.Duration
	Request  *http.Request // headers and URL only: a copy without the body
}

// operation is a registered operation, with everything that is needed to serve
// it prepared.
type operation struct {
	name     string
	model    *models.Operation
	unsigned bool
	input    *codec
	output   *codec
	result   *answer // how the output is laid out in the response
	call     func(context.Context, *Caller, any) (any, error)
}

type options struct {
	model     *models.Model
	verifier  Verifier
	region    func(*http.Request) string
	observe   func(context.Context, *Exchange)
	interfere func(context.Context, *Service, *Caller) *Interference
	now       func() time.Time
	log       *slog.Logger
	unions    map[reflect.Type]map[string]reflect.Type
	documents map[reflect.Type]func(any) reflect.Value
	patterns  map[string]func(string) bool
	// validation replaces the code of a broken constraint; reword edits refused signatures.
	validation string
	reword     func(VerifyKind, *Error)
}

// Option is an option of [NewService].
type Option func(*options)

// WithModel drives the service by m in place of the embedded model.
func WithModel(m *models.Model) Option { return func(o *options) { o.model = m } }

// WithVerifier has the signature of every request verified, except for
// operations that AWS serves unsigned. Without it nothing is verified.
func WithVerifier(v Verifier) Option { return func(o *options) { o.verifier = v } }

// WithRegion says which region a request is for. The router knows it from the
// host name or the credential scope; the default is us-east-1.
func WithRegion(region func(*http.Request) string) Option {
	return func(o *options) { o.region = region }
}

// WithObserver has observe called once for every request, refused ones
// included, just before the answer is sent. It may be called concurrently.
func WithObserver(observe func(context.Context, *Exchange)) Option {
	return func(o *options) { o.observe = observe }
}

// WithClock replaces the clock of Exchange.Start, Exchange.Duration and of what
// the answers themselves carry.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithLogger replaces slog's default logger for internal failures.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithValidationCode replaces the code that the protocol's services answer to a
// broken constraint, where it is not known for sure.
func WithValidationCode(code string) Option { return func(o *options) { o.validation = code } }

// WithRefusal has reword edit the answer to a refused signature, where the
// service's own words are not known for sure.
func WithRefusal(reword func(VerifyKind, *Error)) Option {
	return func(o *options) { o.reword = reword }
}

// WithPattern gives the meaning of one pattern of the model, spelled exactly as
// there, that Go's regular expressions cannot express. match must accept the
// whole string.
func WithPattern(pattern string, match func(string) bool) Option {
	return func(o *options) { o.patterns[pattern] = match }
}

// WithUnion registers the member types of a union: an interface type of an SDK's
// types package, and one value of each type that implements it, for example
//
//	awswire.WithUnion[types.Grant](&types.GrantMemberJwtBearer{}, &types.GrantMemberRefreshToken{})
//
// A member type is a pointer to a struct named XMemberY, for the member Y of the
// model, with the field Value.
func WithUnion[U any](members ...U) Option {
	return func(o *options) {
		union, types := reflect.TypeFor[U](), map[string]reflect.Type{}
		for _, m := range members {
			t := reflect.TypeOf(m)
			types[unionMemberName(union, t)] = t
		}
		o.unions[union] = types
	}
}

// WithDocument registers a document type: the interface of an SDK's document
// package, and its NewLazyDocument, for example
//
//	awswire.WithDocument(document.NewLazyDocument)
//
// A received document is handed to lazy as nil, bool, string, smithy-go's
// document.Number, []any or map[string]any.
func WithDocument[D any](lazy func(any) D) Option {
	return func(o *options) {
		o.documents[reflect.TypeFor[D]()] = func(v any) reflect.Value { return reflect.ValueOf(lazy(v)) }
	}
}

// NewService returns the service of that botocore name ("sts", "sso-oidc",
// "s3control") without any operation. It fails if there is no such model, or if
// its protocol is not one that the package speaks.
func NewService(name string, opts ...Option) (*Service, error) {
	s := &Service{name: name, operations: map[string]*operation{}, opts: options{
		region:    func(*http.Request) string { return "us-east-1" },
		observe:   func(context.Context, *Exchange) {},
		interfere: func(context.Context, *Service, *Caller) *Interference { return nil },
		now:       time.Now,
		log:       slog.Default(),
		unions:    map[reflect.Type]map[string]reflect.Type{},
		documents: map[reflect.Type]func(any) reflect.Value{},
		patterns:  map[string]func(string) bool{},
		reword:    func(VerifyKind, *Error) {},
	}}
	for _, opt := range opts {
		opt(&s.opts)
	}
	var err error
	if s.model = s.opts.model; s.model == nil {
		if s.model, err = models.Load(name); err != nil {
			return nil, fmt.Errorf("new service: %w", err)
		}
	}
	if s.protocol, err = newProtocol(s); err != nil {
		return nil, fmt.Errorf("new service %s: %w", name, err)
	}
	s.exceptions = newExceptions(s.model)
	s.codecs = newCompiler(s)
	return s, nil
}

// Handle registers the handler of an operation. I and O are the SDK's Input and
// Output structs of it. Handle must not be called once s serves.
//
// It panics on a programmer's error: the model has no such operation, it has a
// handler already, a type does not fit the model, a union or document type is
// not registered, or the model uses something that the engine cannot do.
//
// A handler's error should be an *[Error]; any other error, or a panic, is logged
// and answered as an internal failure without its text.
func Handle[I, O any](s *Service, name string, h func(context.Context, *Caller, *I) (*O, error)) {
	s.register(name, reflect.TypeFor[I](), reflect.TypeFor[O](), func(ctx context.Context, c *Caller, in any) (any, error) {
		out, err := h(ctx, c, in.(*I))
		if err != nil {
			return nil, err
		}
		if out == nil {
			return nil, fmt.Errorf("handler of %s returned neither output nor error", name)
		}
		return out, nil
	})
}

func (s *Service) register(name string, in, out reflect.Type, call func(context.Context, *Caller, any) (any, error)) {
	op, err := s.newOperation(name, in, out)
	if err != nil {
		panic(fmt.Sprintf("awswire: handle %s.%s: %v", s.name, name, err))
	}
	op.call = call
	s.operations[name] = op
	s.protocol.add(op)
}

func (s *Service) newOperation(name string, in, out reflect.Type) (*operation, error) {
	m := s.model.Operations[name]
	if m == nil {
		return nil, fmt.Errorf("the model has no such operation")
	}
	if s.operations[name] != nil {
		return nil, fmt.Errorf("it has a handler already")
	}
	op := &operation{name: name, model: m, unsigned: m.AuthType == "none" || slices.Contains(m.Auth, "smithy.api#noAuth")}
	var err error
	if op.input, err = s.codecs.top(m.Input, in, true); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if op.output, err = s.codecs.top(m.Output, out, false); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	op.result = newAnswer(m, op.output)
	return op, nil
}

// Name returns the botocore name of the service.
func (s *Service) Name() string { return s.name }

// Operations are the names of the operations that have a handler, in order.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(s.operations)) }

// SigningName returns the service of the credential scope: "sso-oauth" for
// sso-oidc.
func (s *Service) SigningName() string {
	return first(s.model.Metadata.SigningName, s.model.Metadata.EndpointPrefix)
}

// TargetPrefix returns what stands before the dot in X-Amz-Target: empty for
// services of other protocols than JSON.
func (s *Service) TargetPrefix() string { return s.model.Metadata.TargetPrefix }

// Matches reports whether r, by its method, URL and headers, is for this service
// and an operation that has a handler, so that a router can tell services on one
// host apart. It does not read the body: of the services of the query protocol,
// which name the operation there, it says true for every form, and the router
// must go by the credential scope.
func (s *Service) Matches(r *http.Request) bool { return s.protocol.matches(r) }
