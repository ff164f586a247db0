package lab

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// serveIssuer serves the OIDC providers, with the faults that are set.
func (f *front) serveIssuer(w http.ResponseWriter, r *http.Request) {
	if !f.lab.faults.Armed() {
		f.idp.ServeHTTP(w, r)
		return
	}
	at, ok := f.idp.Endpoint(r)
	if !ok {
		f.idp.ServeHTTP(w, r)
		return
	}
	readAhead(r)
	s := f.strike(r.Context(), &faults.Request{Service: faults.ProviderService, Operation: at.Name, Issuer: at.Issuer})
	if s == nil {
		f.idp.ServeHTTP(w, r)
		return
	}
	damaged := s.Writer(r.Context(), w)
	if d := s.Decision(); d != nil && d.Do != faults.Expire {
		f.refuseSignIn(damaged, at, d)
		return
	}
	whole := &recorded{header: http.Header{}, status: http.StatusOK}
	f.idp.ServeHTTP(whole, r)
	maps.Copy(damaged.Header(), whole.header)
	if len(whole.body.Bytes()) > 0 && r.Method != http.MethodHead {
		damaged.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	}
	damaged.WriteHeader(whole.status)
	_, _ = damaged.Write(whole.body.Bytes()) // the client has gone; there is nobody to tell
}

// maxForm bounds what is read ahead of a request to an OIDC provider, in bytes: more
// than any of them takes.
const maxForm = 64 << 10

// readAhead reads the body of a request before anything waits: not until it is read
// does the server notice that a client leaves.
func readAhead(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	var read bytes.Buffer
	_, _ = io.CopyN(&read, r.Body, maxForm) // whoever reads on sees the error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, r.Body), r.Body}
}

// refuseSignIn answers as an OIDC provider does (RFC 6749, 5.2), too many requests as
// RFC 6585, section 4, has it and Okta in its own words.
func (f *front) refuseSignIn(w http.ResponseWriter, at idp.Endpoint, d *faults.Fault) {
	status, code, text := http.StatusBadRequest, d.Code, d.Message
	switch d.Do {
	case faults.Reset:
		status = http.StatusServiceUnavailable // which nobody sees
	case faults.Throttle:
		status, code, text = http.StatusTooManyRequests, "temporarily_unavailable", "too many requests"
	case faults.InternalError:
		status, code, text = http.StatusInternalServerError, "server_error", "the provider failed"
	case faults.Unavailable:
		status, code, text = http.StatusServiceUnavailable, "temporarily_unavailable", "the provider is not available"
	case faults.Deny:
		status, code, text = http.StatusForbidden, "access_denied", "a policy of the provider denies the request"
	case faults.Refuse:
		if d.Status != 0 {
			status = d.Status
		}
	}
	body := map[string]any{"error": code, "error_description": text}
	h := w.Header()
	if d.Do == faults.Throttle || d.Do == faults.Unavailable {
		after := "1"
		if d.RetryAfter > 0 {
			after = inSeconds(d.RetryAfter)
		}
		h.Set("Retry-After", after)
		if at.Face == "okta" && d.Do == faults.Throttle {
			body = f.oktaLimit(h, after)
		}
	}
	answer, err := json.Marshal(body)
	if err != nil { // texts can always be written
		answer = nil
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	w.WriteHeader(status)
	_, _ = w.Write(answer) // the client has gone; there is nobody to tell
}

// oktaLimit is Okta's answer to too many requests ("Rate limits", developer.okta.com).
func (f *front) oktaLimit(h http.Header, after string) map[string]any {
	seconds, err := strconv.ParseInt(after, 10, 64)
	if err != nil { // it was made of a number
		seconds = 1
	}
	h.Set("X-Rate-Limit-Limit", "600")
	h.Set("X-Rate-Limit-Remaining", "0")
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(f.lab.Now().Unix()+seconds, 10))
	text := "API call exceeded rate limit due to too many requests."
	return map[string]any{"errorCode": "E0000047", "errorSummary": text, "errorLink": "E0000047", "errorCauses": []any{}}
}
