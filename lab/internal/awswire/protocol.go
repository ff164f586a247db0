package awswire

import (
	"fmt"
	"net/http"
	"reflect"
)

// protocol is what differs between AWS's protocols.
type protocol interface {
	// add makes an operation known to route.
	add(op *operation)
	// matches is Service.Matches.
	matches(r *http.Request) bool
	// route finds the operation of a request, or fails with a *fault.
	route(r *http.Request, body []byte) (*call, error)
	// source returns the top-level structure of the input, or a *malformed error.
	source(c *call) (source, error)
	// encode writes an output.
	encode(w *response, op *operation, out reflect.Value) error
	// encodeError writes an error.
	encodeError(w *response, a *answerable)
	// stamp sets the request id headers that every answer has.
	stamp(w *response)
	// errorCode is the name of an exception on the wire.
	errorCode(e *exception) string
	// requestID makes the id of a request, of the kind that the services have.
	requestID() string
	// words are the codes of the errors that the engine raises itself.
	words() *dialect
}

// call is a request whose operation is known.
type call struct {
	op      *operation
	request *http.Request
	body    []byte
	form    *form    // query
	route   *route   // REST
	labels  []string // REST: values of the route's labels
}

// response is an answer in the making.
type response struct {
	status    int
	header    http.Header
	body      []byte
	requestID string
	caller    *Caller
	// interference of somebody with the request; nil for none.
	interference *Interference
}

func newProtocol(s *Service) (protocol, error) {
	switch p := s.model.Metadata.Protocol; p {
	case "query":
		return &queryProtocol{service: s}, nil
	case "json":
		return &jsonProtocol{service: s}, nil
	case "rest-json":
		return &restJSON{service: s}, nil
	case "rest-xml":
		return &restXML{service: s}, nil
	default:
		return nil, fmt.Errorf("protocol %q is not supported", p)
	}
}

// encodeDepth bounds the nesting of an output: a handler may have made a cycle.
const encodeDepth = 4 * maxDepth

var errTooDeep = fmt.Errorf("the output is nested more than %d deep", encodeDepth)
