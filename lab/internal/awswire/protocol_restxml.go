package awswire

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"reflect"
)

// xmlDeclaration begins every XML body of S3 and S3 Control.
const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// restXML is AWS's rest-xml protocol as S3 Control speaks it.
type restXML struct {
	service *Service
	router  router
}

func (p *restXML) add(op *operation)             { p.router.add(op) }
func (p *restXML) words() *dialect               { return &s3Dialect }
func (p *restXML) errorCode(e *exception) string { return e.code }

// requestID is sixteen capital letters and digits, as S3's.
func (p *restXML) requestID() string { return rand.Text()[:16] }

func (p *restXML) stamp(w *response) {
	w.header.Set("x-amz-request-id", w.requestID)
	w.header.Set("x-amz-id-2", hostID(w.requestID))
}

// hostID is the second request id: opaque, but the same for the same request.
func hostID(requestID string) string {
	return base64.StdEncoding.EncodeToString([]byte("tip-lab host id of " + requestID))
}

func (p *restXML) matches(r *http.Request) bool {
	found, _, _ := p.router.find(r)
	return found != nil
}

func (p *restXML) route(r *http.Request, body []byte) (*call, error) {
	found, labels, otherMethod := p.router.find(r)
	switch {
	case found != nil:
		return &call{op: found.op, request: r, body: body, route: found, labels: labels}, nil
	case otherMethod:
		text := "The specified method is not allowed against this resource."
		return nil, &fault{err: Error{Code: "MethodNotAllowed", Status: http.StatusMethodNotAllowed, Message: text}, undispatched: true}
	}
	return nil, &fault{err: Error{Code: "InvalidURI", Status: http.StatusBadRequest, Message: "Couldn't parse the specified URI."}, undispatched: true}
}

// source parses the body if there is one, and checks its root element.
func (p *restXML) source(c *call) (source, error) {
	return newRESTSource(c, func(body []byte) (source, error) {
		root, err := parseXML(body)
		if err != nil {
			return nil, err
		}
		want := c.op.input.root
		if payload := c.op.input.payload; payload != nil {
			want = payload.wire
		}
		if root.name != want {
			return nil, errXML
		}
		return root, nil
	})
}

func (p *restXML) encode(w *response, op *operation, out reflect.Value) error {
	a := op.result
	if err := a.writeHeaders(w, out); err != nil {
		return err
	}
	var x xmlWriter
	x.b.WriteString(xmlDeclaration)
	switch {
	case a.payload != nil:
		if done, err := a.rawPayload(w, out); done || err != nil {
			return err
		}
		if unset(a.payload, out.Field(a.payload.field)) {
			return nil
		}
		if err := x.value(a.payload.wire, a.payload, out.Field(a.payload.field)); err != nil {
			return err
		}
	case len(a.body) == 0:
		return nil
	default:
		if err := x.structure(op.output.root, op.output.ns, a.body, out); err != nil {
			return err
		}
	}
	p.send(w, &x)
	return nil
}

// encodeError writes the error in an ErrorResponse, as S3 Control does; S3 itself
// answers a bare Error with the ids inside.
func (p *restXML) encodeError(w *response, a *answerable) {
	wrapped := p.service.name != "s3"
	var x xmlWriter
	x.b.WriteString(xmlDeclaration)
	if wrapped {
		x.open("ErrorResponse", namespace{})
	}
	x.open("Error", namespace{})
	x.leaf("Code", a.code)
	x.leaf("Message", a.message)
	x.details(a.members)
	if wrapped {
		x.close("Error")
	}
	x.leaf("RequestId", w.requestID)
	x.leaf("HostId", hostID(w.requestID))
	if wrapped {
		x.close("ErrorResponse")
	} else {
		x.close("Error")
	}
	w.status = a.status
	p.send(w, &x)
}

func (p *restXML) send(w *response, x *xmlWriter) {
	w.header.Set("Content-Type", "application/xml")
	w.body = x.b.Bytes()
}
