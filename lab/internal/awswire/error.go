package awswire

import (
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// Error is an error of an AWS service, as a handler returns it. The engine
// encodes it in the form of the service's protocol.
//
// Code is the name of the exception's shape or its code on the wire; the engine
// finds the exception in the model by either, and takes the wire code, and the
// status if Status is 0, from there. A code that the model does not have goes out
// as it is, by default with status 400.
type Error struct {
	Code    string
	Message string
	Status  int // HTTP status; 0 means the model's
	// Detail holds further members of the exception by their model names, such
	// as sso-oidc's "reason". Values are encoded as JSON or as text. Where the
	// exception has no message member but the OAuth ones, Message becomes
	// error_description, and error is derived from the exception's name unless
	// Detail has it.
	Detail map[string]any
	// Common says that this is AWS's common error of that name, which every
	// service can answer, even if the service models an exception of the same
	// name: an IAM denial at sso-oidc.
	Common bool
}

// Error implements error.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// fault is an error that the engine itself raises, with what else its answer
// needs. It is an error so that it can travel as one inside the package.
type fault struct {
	err Error
	// undispatched: raised before an operation was chosen.
	undispatched bool
	// bare: no protocol was recognised; Coral answers <Code/> and nothing else.
	bare bool
	// redirect, if not empty, is where a browser is sent.
	redirect string
}

func (f *fault) Error() string { return f.err.Error() }

// exception is an exception shape of the model, prepared for encoding.
type exception struct {
	name    string // shape name
	code    string // code on the wire in XML protocols
	status  int
	message string            // wire name of the message member, empty if none
	oauth   bool              // has error and error_description
	members map[string]string // model name to wire name
}

// newExceptions indexes the exceptions of a model by shape name and wire code.
func newExceptions(m *models.Model) map[string]*exception {
	all := map[string]*exception{}
	for name, shape := range m.Shapes {
		if !shape.Exception {
			continue
		}
		e := newException(name, shape)
		all[name] = e
		if _, taken := m.Shapes[e.code]; !taken {
			all[e.code] = e
		}
	}
	return all
}

func newException(name string, shape *models.Shape) *exception {
	e := &exception{name: name, code: name, status: http.StatusBadRequest, members: map[string]string{}}
	if shape.Fault {
		e.status = http.StatusInternalServerError
	}
	if t := shape.Error; t != nil {
		if t.Code != "" {
			e.code = t.Code
		}
		if t.HTTPStatusCode != 0 {
			e.status = t.HTTPStatusCode
		}
	}
	for _, m := range shape.Members {
		wire := first(m.Ref.LocationName, m.Name)
		e.members[m.Name] = wire
		if strings.EqualFold(m.Name, "message") {
			e.message = wire
		}
	}
	_, hasError := e.members["error"]
	_, hasText := e.members["error_description"]
	e.oauth = hasError && hasText
	return e
}

// answerable is an error ready to be encoded: resolved against the model.
type answerable struct {
	code         string // name on the wire
	message      string
	messageKey   string // wire name of the message member
	status       int
	members      []detail // further members, in a stable order
	modelled     bool
	undispatched bool
}

type detail struct {
	name  string
	value any
}

// commonStatus are the statuses of errors that are in no model.
var commonStatus = map[string]int{
	"AccessDenied":                403,
	"AuthFailure":                 401,
	"InternalError":               500,
	"InternalFailure":             500,
	"InternalServerException":     500,
	"ServiceUnavailable":          503,
	"ServiceUnavailableException": 503,
	"SlowDown":                    503,
}

// resolve looks an error up in the model.
func (s *Service) resolve(err *Error, undispatched bool) *answerable {
	a := &answerable{code: err.Code, message: err.Message, messageKey: "message", status: err.Status, undispatched: undispatched}
	e := s.exceptions[err.Code]
	if e == nil || err.Common {
		s.resolveCommon(a)
		a.members = details(err.Detail, nil)
		return a
	}
	a.modelled = true
	a.code = s.protocol.errorCode(e)
	if a.status == 0 {
		a.status = e.status
	}
	a.members = details(err.Detail, e.members)
	a.messageKey = first(e.message, "message")
	if e.message == "" && e.oauth {
		a.messageKey = "error_description"
		if _, given := err.Detail["error"]; !given {
			a.members = append([]detail{{"error", oauthError(e.name)}}, a.members...)
		}
	}
	return a
}

// resolveCommon completes an error that is not the service's own. An IAM denial
// of a Coral service has the status of its other authorisation errors, and a
// capital Message.
func (s *Service) resolveCommon(a *answerable) {
	status := max(commonStatus[a.code], http.StatusBadRequest)
	if a.code == "AccessDeniedException" {
		status = s.protocol.words().refusals[VerifyMissing].Status
		a.messageKey = "Message"
	}
	if a.status == 0 {
		a.status = status
	}
}

// details returns the further members by wire name, sorted.
func details(given map[string]any, wire map[string]string) []detail {
	list := make([]detail, 0, len(given))
	for _, name := range sortedKeys(given) {
		list = append(list, detail{first(wire[name], name), given[name]})
	}
	return list
}

// oauthError is the OAuth error code of an exception of SSO OIDC:
// InvalidGrantException is invalid_grant (RFC 6749 section 5.2, RFC 8628).
func oauthError(exception string) string {
	switch exception {
	case "InternalServerException":
		return "server_error"
	case "InvalidRequestRegionException":
		return "invalid_request"
	}
	var b strings.Builder
	for i, c := range strings.TrimSuffix(exception, "Exception") {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
