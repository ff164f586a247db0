package awswire

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// faultNamespace is that of errors raised before an operation was chosen.
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// queryProtocol is AWS's query protocol: a form in, XML out.
type queryProtocol struct{ service *Service }

func (p *queryProtocol) add(*operation)                {}
func (p *queryProtocol) words() *dialect               { return &queryDialect }
func (p *queryProtocol) errorCode(e *exception) string { return e.code }
func (p *queryProtocol) requestID() string             { return uuid.NewString() }

func (p *queryProtocol) matches(r *http.Request) bool {
	query := r.URL.Query()
	if query.Has("Action") {
		return query.Get("Version") == p.service.model.Metadata.APIVersion && p.service.operations[query.Get("Action")] != nil
	}
	return r.Method == http.MethodPost && r.URL.Path == "/" && isForm(r)
}

func isForm(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}

func (p *queryProtocol) route(r *http.Request, body []byte) (*call, error) {
	text := r.URL.RawQuery
	if r.Method == http.MethodPost && isForm(r) {
		text = strings.TrimPrefix(text+"&", "&") + string(body)
	}
	parameters, err := parseForm(text)
	if err != nil {
		return nil, &fault{err: Error{Code: "MalformedInput", Status: 400, Message: err.Error()}, undispatched: true}
	}
	action, given := parameters.get("Action")
	if !given {
		return nil, &fault{err: Error{Code: "MissingAction", Status: http.StatusFound}, redirect: p.home(r)}
	}
	version, given := parameters.get("Version")
	if !given {
		version = "NO_VERSION_SPECIFIED"
	}
	op := p.service.operations[action]
	if op == nil || version != p.service.model.Metadata.APIVersion {
		text := fmt.Sprintf("Could not find operation %s for version %s", action, version)
		return nil, &fault{err: Error{Code: "InvalidAction", Status: 400, Message: text}, undispatched: true}
	}
	return &call{op: op, request: r, body: body, form: parameters}, nil
}

// home is the page to which a request without an action is sent. STS, probed,
// sends it to IAM's.
func (p *queryProtocol) home(r *http.Request) string {
	page := p.service.name
	if page == "sts" {
		page = "iam"
	}
	home := "https://aws.amazon.com/" + page
	if r.URL.RawQuery != "" {
		home += "?" + r.URL.RawQuery
	}
	return home
}

func (p *queryProtocol) source(c *call) (source, error) { return c.form, nil }

func (p *queryProtocol) encode(w *response, op *operation, out reflect.Value) error {
	x := &xmlWriter{indent: true}
	x.open(op.name+"Response", namespace{uri: p.service.model.Metadata.XMLNamespace})
	if ref := op.model.Output; ref != nil {
		wrapper := first(ref.ResultWrapper, op.name+"Result")
		if err := x.structure(wrapper, namespace{}, op.output.members, out); err != nil {
			return err
		}
	}
	x.open("ResponseMetadata", namespace{})
	x.leaf("RequestId", w.requestID)
	x.close("ResponseMetadata")
	x.close(op.name + "Response")
	p.send(w, http.StatusOK, x)
	return nil
}

func (p *queryProtocol) encodeError(w *response, a *answerable) {
	kind, ns := "Sender", p.service.model.Metadata.XMLNamespace
	if a.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	if a.undispatched {
		ns = faultNamespace
	}
	x := &xmlWriter{indent: true}
	x.open("ErrorResponse", namespace{uri: ns})
	x.open("Error", namespace{})
	x.leaf("Type", kind)
	x.leaf("Code", a.code)
	x.optional("Message", a.message)
	x.details(a.members)
	x.close("Error")
	x.leaf("RequestId", w.requestID)
	x.close("ErrorResponse")
	p.send(w, a.status, x)
}

func (p *queryProtocol) send(w *response, status int, x *xmlWriter) {
	x.newline()
	w.status = status
	w.header.Set("Content-Type", "text/xml")
	w.body = x.b.Bytes()
}

func (p *queryProtocol) stamp(w *response) {
	w.header.Set("x-amzn-RequestId", w.requestID)
	if p.service.name == "sts" {
		w.header.Set("x-amz-sts-extended-request-id", p.extendedID(w))
	}
}

// extendedID is STS's second request id: in captures, the base64 of
// "1:us-east-2:S:1763579652304:R:1Qdxo2gT".
func (p *queryProtocol) extendedID(w *response) string {
	id := fmt.Sprintf("1:%s:S:%d:R:%s", w.caller.Region, p.service.opts.now().UnixMilli(), w.requestID[:8])
	return base64.StdEncoding.EncodeToString([]byte(id))
}
