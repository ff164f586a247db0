package sigv4

import (
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// ClaimedScope is the credential scope that a request names, in its
// Authorization header or its presigned query; the zero Scope if it names none.
// It proves nothing: a router reads it to find the service that verifies.
func ClaimedScope(r *http.Request) awswire.Scope {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) < 5 {
		return awswire.Scope{}
	}
	return awswire.Scope{Region: parts[len(parts)-3], Service: parts[len(parts)-2]}
}
