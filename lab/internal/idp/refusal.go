package idp

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// maxRequest bounds the bytes of a query or form.
const maxRequest = 16 << 10

// refusal is an OAuth error: status of the answer, error and error_description
// (RFC 6749, 4.1.2.1 and 5.2; OIDC Core, 3.1.2.6).
type refusal struct {
	status            int
	code, description string
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

func refuse(code, description string) *refusal {
	return &refusal{http.StatusBadRequest, code, description}
}

func badRequest(description string) *refusal { return refuse("invalid_request", description) }

func badGrant(description string) *refusal { return refuse("invalid_grant", description) }

// asRefusal turns any error into what the client is told.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	return &refusal{http.StatusInternalServerError, "server_error", "the lab failed"}
}

// parameters reads a query or form. An empty value counts as left out and no
// parameter may stand twice (RFC 6749, 3.1 and 3.2); the values come back with
// the error when the latter is all that is wrong.
func parameters(encoded string) (url.Values, error) {
	if len(encoded) > maxRequest {
		return nil, badRequest("the request is too long")
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, badRequest("the parameters are not form-encoded")
	}
	for name, all := range values {
		if len(all) == 1 && all[0] == "" {
			delete(values, name)
		}
	}
	for _, all := range values {
		if len(all) > 1 {
			return values, badRequest("a parameter stands twice")
		}
	}
	return values, nil
}

func isForm(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// scopeList splits a scope parameter and drops repetitions.
func scopeList(scope string) []string {
	var list []string
	for s := range splitSpace(scope) {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// writeJSON answers with JSON that nobody may keep.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}
