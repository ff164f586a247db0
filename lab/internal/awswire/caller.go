package awswire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Caller says who sent a request, and to what. The engine fills it; a handler
// must not change it.
type Caller struct {
	Service   string // botocore's name: "sts", "sso-oidc", "s3control"
	Operation string // "AssumeRole"; empty while no operation is known
	Region    string // the region the request is for, as [WithRegion] says
	// AccountID is the account that the request names: the header
	// x-amz-account-id, else the 12-digit first label of the host (S3 Control).
	// It is not the caller's own account.
	AccountID   string
	AccessKeyID string    // the key that signed; empty if unsigned
	Signature   Signature // zero if unsigned
	RequestID   string    // as answered in the request id header
	SourceIP    string    // without the port
	UserAgent   string
	Host        string // as the client sent it
	Referer     string // as the client sent it; usually empty
	Secure      bool   // the request came over TLS
	TLSVersion  string // "1.3"; empty without TLS
	// Via are the services, by their principals, that sent the request for their
	// caller, the first one first: a request of CloudFormation has
	// cloudformation.amazonaws.com. Empty for a request of a client.
	Via []string
}

type viaKey struct{}

// WithVia returns a context for requests that a service, by its principal, sends
// within the process in the name of c, its own caller: they are marked as such.
func WithVia(ctx context.Context, c *Caller, principal string) context.Context {
	return context.WithValue(ctx, viaKey{}, append(slices.Clone(c.Via), principal))
}

func newCaller(s *Service, r *http.Request) *Caller {
	c := &Caller{
		Service:   s.name,
		Region:    s.opts.region(r),
		AccountID: accountID(r),
		RequestID: s.protocol.requestID(),
		SourceIP:  sourceIP(r.RemoteAddr),
		UserAgent: r.UserAgent(),
		Host:      r.Host,
		Referer:   r.Referer(),
		Secure:    r.TLS != nil,
	}
	if via, _ := r.Context().Value(viaKey{}).([]string); len(via) > 0 { // as CloudTrail shows a call of a service
		c.Via, c.SourceIP, c.UserAgent = via, via[len(via)-1], via[len(via)-1]
	}
	if c.Secure {
		c.TLSVersion = strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS ")
	}
	return c
}

func sourceIP(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

func accountID(r *http.Request) string {
	if id := r.Header.Get("x-amz-account-id"); id != "" {
		return id
	}
	label, _, _ := strings.Cut(r.Host, ".")
	if isAccountID(label) {
		return label
	}
	return ""
}

// isAccountID reports whether s is twelve decimal digits.
func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
