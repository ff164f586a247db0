package awswire

import (
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// jsonProtocol is AWS's json 1.1 (and 1.0): the operation in X-Amz-Target.
type jsonProtocol struct{ service *Service }

func (p *jsonProtocol) add(*operation)                {}
func (p *jsonProtocol) words() *dialect               { return &jsonDialect }
func (p *jsonProtocol) errorCode(e *exception) string { return e.name }
func (p *jsonProtocol) requestID() string             { return uuid.NewString() }

func (p *jsonProtocol) contentType() string {
	return "application/x-amz-json-" + p.service.model.Metadata.JSONVersion
}

func (p *jsonProtocol) matches(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/" && p.target(r) != nil
}

func (p *jsonProtocol) target(r *http.Request) *operation {
	prefix, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if prefix != p.service.model.Metadata.TargetPrefix {
		return nil
	}
	return p.service.operations[name]
}

// route answers as Coral does: a request of no known protocol with a bare 404, an
// unknown target with 400 in JSON.
func (p *jsonProtocol) route(r *http.Request, body []byte) (*call, error) {
	unknown := Error{Code: "UnknownOperationException", Status: http.StatusNotFound}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != p.contentType() || r.Method != http.MethodPost || r.Header.Get("X-Amz-Target") == "" {
		return nil, &fault{err: unknown, undispatched: true, bare: true}
	}
	op := p.target(r)
	if op == nil {
		unknown.Status = http.StatusBadRequest
		return nil, &fault{err: unknown, undispatched: true}
	}
	return &call{op: op, request: r, body: body}, nil
}

func (p *jsonProtocol) source(c *call) (source, error) { return parseJSON(c.body) }

func (p *jsonProtocol) encode(w *response, op *operation, out reflect.Value) error {
	var j jsonWriter
	if err := j.structure(op.output.members, out); err != nil {
		return err
	}
	p.send(w, http.StatusOK, &j)
	return nil
}

func (p *jsonProtocol) encodeError(w *response, a *answerable) {
	var j jsonWriter
	j.b.WriteByte('{')
	j.name("__type")
	j.string(a.code)
	j.details(a)
	j.b.WriteByte('}')
	p.send(w, a.status, &j)
}

func (p *jsonProtocol) send(w *response, status int, j *jsonWriter) {
	w.status = status
	w.header.Set("Content-Type", p.contentType())
	w.body = j.b.Bytes()
}

func (p *jsonProtocol) stamp(w *response) { w.header.Set("x-amzn-RequestId", w.requestID) }
