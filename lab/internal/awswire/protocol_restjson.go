package awswire

import (
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// restJSON is AWS's rest-json protocol.
type restJSON struct {
	service *Service
	router  router
}

func (p *restJSON) add(op *operation)             { p.router.add(op) }
func (p *restJSON) errorCode(e *exception) string { return e.name }
func (p *restJSON) requestID() string             { return uuid.NewString() }
func (p *restJSON) stamp(w *response)             { w.header.Set("x-amzn-RequestId", w.requestID) }

// words takes InvalidRequestException for broken constraints where the service
// has that and no ValidationException: sso-oidc.
func (p *restJSON) words() *dialect {
	d := restJSONDialect
	if p.service.exceptions["ValidationException"] == nil && p.service.exceptions["InvalidRequestException"] != nil {
		d.validation = "InvalidRequestException"
	}
	return &d
}

func (p *restJSON) matches(r *http.Request) bool {
	found, _, _ := p.router.find(r)
	return found != nil
}

func (p *restJSON) route(r *http.Request, body []byte) (*call, error) {
	found, labels, _ := p.router.find(r)
	if found == nil {
		unknown := Error{Code: "UnknownOperationException", Status: http.StatusNotFound}
		return nil, &fault{err: unknown, undispatched: true, bare: true}
	}
	c := &call{op: found.op, request: r, body: body, route: found, labels: labels}
	if len(body) > 0 && c.op.input.payload == nil && !isJSON(r) {
		unsupported := Error{Code: "UnsupportedMediaTypeException", Status: http.StatusUnsupportedMediaType}
		return nil, &fault{err: unsupported, undispatched: true}
	}
	return c, nil
}

// isJSON reports whether the body is JSON, or of no stated type.
func isJSON(r *http.Request) bool {
	if r.Header.Get("Content-Type") == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/x-amz-json-"))
}

func (p *restJSON) source(c *call) (source, error) { return newRESTSource(c, parseJSON) }

func (p *restJSON) encode(w *response, op *operation, out reflect.Value) error {
	a := op.result
	if err := a.writeHeaders(w, out); err != nil {
		return err
	}
	var j jsonWriter
	switch {
	case a.payload != nil:
		if done, err := a.rawPayload(w, out); done || err != nil {
			return err
		}
		if unset(a.payload, out.Field(a.payload.field)) {
			return nil
		}
		if err := j.value(a.payload, out.Field(a.payload.field)); err != nil {
			return err
		}
	case !a.shaped || len(a.body) == 0 && len(a.headers) > 0:
		return nil
	default:
		if err := j.structure(a.body, out); err != nil {
			return err
		}
	}
	w.header.Set("Content-Type", "application/json")
	w.body = j.b.Bytes()
	return nil
}

// coral is the namespace in x-amzn-ErrorType: the service's for its own
// exceptions where it is known from a capture, Coral's for common ones.
var coral = map[string]string{"sso-oidc": "com.amazonaws.sso.oidc"}

func (p *restJSON) encodeError(w *response, a *answerable) {
	errorType, ns := a.code, coral[p.service.name]
	if !a.modelled {
		ns = "com.amazon.coral.service"
	}
	if ns != "" {
		errorType += ":http://internal.amazon.com/coral/" + ns + "/"
	}
	var j jsonWriter
	j.b.WriteByte('{')
	j.details(a)
	j.b.WriteByte('}')
	w.status = a.status
	w.header.Set("x-amzn-ErrorType", errorType)
	w.header.Set("Content-Type", "application/json")
	w.body = j.b.Bytes()
}
