package awswire

import (
	"context"
	"errors"
	"net/http"
)

// Interference is what somebody makes of one request on purpose: see
// [WithInterference]. A nil Interference leaves the request alone.
type Interference struct {
	// Refusal is answered in place of the work; nil lets it be done. With
	// http.ErrAbortHandler the connection is cut as if the request had never come:
	// no observer hears of it.
	Refusal error
	// Context replaces that of the work; nil for the request's own.
	Context context.Context //nolint:containedctx // of the one request
	// Writer wraps the writer that the answer goes to; nil for as it is. It may
	// panic with http.ErrAbortHandler, after the observer was called.
	Writer func(http.ResponseWriter) http.ResponseWriter
}

// WithInterference has interfere called for every request that was verified and
// decoded, before its handler runs. It may take its time, and may be called
// concurrently.
func WithInterference(interfere func(context.Context, *Service, *Caller) *Interference) Option {
	return func(o *options) { o.interfere = interfere }
}

func (i *Interference) refusal() error {
	if i == nil {
		return nil
	}
	return i.Refusal
}

func (i *Interference) cuts() bool { return errors.Is(i.refusal(), http.ErrAbortHandler) }

func (i *Interference) context(ctx context.Context) context.Context {
	if i == nil || i.Context == nil {
		return ctx
	}
	return i.Context
}

func (i *Interference) writer(w http.ResponseWriter) http.ResponseWriter {
	if i == nil || i.Writer == nil {
		return w
	}
	return i.Writer(w)
}

// outages are the exceptions that services model for their own failures, in the
// order of preference, and what stands for those that model none.
var (
	throttles    = []string{"ThrottlingException", "TooManyRequestsException"}
	failures     = []string{"InternalServerException", "InternalErrorException", "InternalServiceError", "ServiceFailureException"}
	denials      = []string{"AccessDeniedException"}
	rateExceeded = "Rate exceeded"
)

// Throttled is the answer of the service to too many requests. The services of
// the query protocol answer Throttling, S3 Control as S3 does, and the others
// ThrottlingException, or whatever they model for it.
func (s *Service) Throttled() *Error {
	switch s.model.Metadata.Protocol {
	case "query":
		return &Error{Code: "Throttling", Message: rateExceeded, Status: http.StatusBadRequest, Common: true}
	case "rest-xml":
		return &Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable, Common: true}
	}
	if e := s.modelled(throttles); e != "" {
		return &Error{Code: e, Message: rateExceeded}
	}
	return &Error{Code: "ThrottlingException", Message: rateExceeded, Status: http.StatusBadRequest, Common: true}
}

// Failed is the answer of the service to a failure of its own.
func (s *Service) Failed() *Error {
	words := s.protocol.words()
	if words != &s3Dialect {
		if e := s.modelled(failures); e != "" {
			return &Error{Code: e, Message: words.message, Status: http.StatusInternalServerError}
		}
	}
	return &Error{Code: words.internal, Message: words.message, Status: http.StatusInternalServerError, Common: true}
}

// Down is the answer of a service that is not there for the moment. JSON services
// give it the name of an exception.
func (s *Service) Down() *Error {
	e := &Error{Code: "ServiceUnavailable", Message: "Service Unavailable", Status: http.StatusServiceUnavailable, Common: true}
	switch {
	case s.protocol.words() == &s3Dialect:
		e.Message = "Reduce your request rate."
	case s.speaksJSON():
		e.Code = "ServiceUnavailableException"
	}
	return e
}

// Denied is a denial with a text, as authorization words it.
func (s *Service) Denied(text string) *Error {
	if s.speaksJSON() {
		if e := s.modelled(denials); e != "" && s.name != "sso-oidc" { // whose own is bare
			return &Error{Code: e, Message: text}
		}
		return &Error{Code: "AccessDeniedException", Message: text, Common: true}
	}
	return &Error{Code: "AccessDenied", Message: text, Status: http.StatusForbidden, Common: true}
}

// Refused is the answer to a signature that is refused for a reason. region is that
// in which the client should have asked, for VerifyWrongRegion.
func (s *Service) Refused(kind VerifyKind, region, got string) *Error {
	e := s.refusal(&VerifyError{Kind: kind, Region: region, Got: got})
	s.opts.reword(kind, e)
	return e
}

func (s *Service) speaksJSON() bool {
	return s.model.Metadata.Protocol == "json" || s.model.Metadata.Protocol == "rest-json"
}

// modelled is the first of the names that is an exception of the service, as it is
// named on the wire.
func (s *Service) modelled(names []string) string {
	for _, name := range names {
		if e := s.exceptions[name]; e != nil {
			return s.protocol.errorCode(e)
		}
	}
	return ""
}
