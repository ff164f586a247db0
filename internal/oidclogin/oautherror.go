package oidclogin

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// errorCode is error of RFC 6749 sections 4.1.2.1 and 5.2, in the form that all
// registered ones have. Other text is not repeated.
var errorCode = lazyregexp.New(`^[a-z_]{1,64}$`)

// oauthError turns an error and an error_description into an *Error. secrets
// are what was sent, in case the provider repeats it.
func (n Names) oauthError(kind Kind, code, description string, secrets []secret.Value) *Error {
	if !errorCode().MatchString(code) {
		code = "an unregistered error"
	}
	text := "the identity provider answered " + redact(code, secrets)
	if d := printable(redact(description, secrets), maxShown); d != "" {
		text += ": " + d
	}
	return (&Error{Kind: kind, Description: text, code: code}).hint("%s", n.codeHint(code))
}

// redirectError maps the error of an authorization response (RFC 6749 section
// 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6).
func (n Names) redirectError(code, description string, secrets []secret.Value) *Error {
	kind := KindDenied
	switch code {
	case "server_error", "temporarily_unavailable":
		kind = KindNetwork
	case "invalid_request", "invalid_scope", "invalid_client", "unauthorized_client",
		"unsupported_response_type", "invalid_request_object", "request_not_supported",
		"request_uri_not_supported", "registration_not_supported":
		kind = KindConfig
	}
	return n.oauthError(kind, code, description, secrets)
}

// tokenError maps an answer of the token endpoint that is no grant.
func (k *call) tokenError(a *answer, read answerFields, secrets []secret.Value) *Error {
	if e := k.statusProblem("the token endpoint", a, read); e != nil {
		return e
	}
	e := k.names.oauthError(tokenErrorKind(read.code), read.code, read.description, secrets)
	switch {
	case read.code == "invalid_client" && k.settings.ClientAuthentication != ClientNone:
		e.Hint = strings.TrimSpace("The identity provider does not take this client with its secret. " + k.names.check(k.names.ClientID, k.names.ClientSecret))
	case e.Kind == KindInvalidGrant && k.lost != "":
		e.Description += "; " + k.lost + ", and may have used up what was sent"
	}
	return e
}

// statusProblem is for an answer to a POST whose status tells more than its
// OAuth error, or that has none; nil for any other.
func (k *call) statusProblem(what string, a *answer, read answerFields) *Error {
	n := k.names
	switch {
	case unavailable(a.status):
		e := fail(KindNetwork, "%s answered HTTP status %d%s", what, a.status, later(a))
		e.after = a.retryAfter()
		return e
	case a.status >= 300 && a.status < 400:
		return fail(KindConfig, "%s answered with a redirect (HTTP status %d), which is not followed", what, a.status).
			hint("%s", n.check(n.Issuer, n.TokenEndpoint))
	case read.code == "":
		return fail(KindConfig, "%s answered HTTP status %d without an OAuth error", what, a.status).
			hint("%s", strings.TrimSpace("This may not be an OAuth "+strings.TrimPrefix(what, "the ")+". "+n.check(n.Issuer, n.TokenEndpoint)))
	}
	return nil
}

// later says how long the provider asks to wait.
func later(a *answer) string {
	if d := a.retryAfter(); d > 0 {
		return " and asks to wait " + d.Round(time.Second).String()
	}
	return ""
}

// tokenErrorKind maps error of RFC 6749 section 5.2 and RFC 8628 section 3.5, and
// what Entra ID adds.
func tokenErrorKind(code string) Kind {
	switch code {
	case "invalid_grant", "login_required", "interaction_required", "consent_required":
		return KindInvalidGrant
	case "access_denied", "authorization_declined":
		return KindDenied
	case "expired_token":
		return KindTimeout
	case "server_error", "temporarily_unavailable", "slow_down":
		return KindNetwork
	}
	return KindConfig
}

// unavailable says whether trying the same again later may help.
func unavailable(status int) bool {
	switch status {
	case http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

func (n Names) codeHint(code string) string {
	switch code {
	case "invalid_grant", "login_required", "interaction_required", "consent_required", "expired_token":
		return "Sign in again."
	case "invalid_client":
		return "The application must be a public (native) client, which needs no secret. " + n.check(n.ClientID)
	case "unauthorized_client", "unsupported_grant_type":
		return "Enable the authorization code and the refresh token grant for the application at the identity provider."
	case "invalid_scope":
		return "Ask only for scopes that the application has at the identity provider."
	case "access_denied":
		return "Check that the user is assigned to the application at the identity provider."
	}
	return ""
}

// requestError maps a failure to get an answer from what.
func (n Names) requestError(ctx context.Context, what string, err error) *Error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	var status *statusError
	var netErr net.Error
	switch {
	case errors.As(err, &status) && unavailable(status.code):
		return fail(KindNetwork, "%s answered HTTP status %d", what, status.code)
	case errors.As(err, &status):
		return fail(KindConfig, "%s answered HTTP status %d", what, status.code).hint("%s", n.check(n.Issuer))
	case errors.Is(err, errNotJSON): // a web page, mostly
		e := fail(KindNetwork, "%s: %v", what, errNotJSON)
		e.final = true
		return e.hint("%s", strings.TrimSpace(pageInPlace+" "+n.check(n.Issuer)))
	case errors.Is(err, errBodyTooLarge):
		return unusable(fail(KindNetwork, "%s: %v", what, errBodyTooLarge))
	case errors.Is(err, errRedirect):
		return fail(KindConfig, "%s: %v", what, errRedirect)
	case errors.As(err, &netErr) && netErr.Timeout():
		return fail(KindNetwork, "%s did not answer in time", what)
	}
	return connectionError(what, err)
}

// connectionError keeps the few causes whose text cannot hold bytes of an answer.
func connectionError(what string, err error) *Error {
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &certificate):
		e := fail(KindNetwork, "the certificate of %s is not trusted: %s", what, printable(certificate.Err.Error(), 2*maxShown))
		e.cause, e.final = certificate, true
		return e.hint("If a proxy intercepts TLS, point AWS_CA_BUNDLE at its CA certificate.")
	case errors.As(err, &op):
		e := fail(KindNetwork, "cannot reach %s: %s", what, printable(op.Error(), 2*maxShown))
		e.cause = op
		return e
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e := fail(KindNetwork, "%s closed the connection", what)
		e.cause = io.ErrUnexpectedEOF
		return e
	}
	return fail(KindNetwork, "%s gave no readable answer", what)
}

// contextError says why ctx ended.
func contextError(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Kind: KindTimeout, Description: "the time was up", cause: context.DeadlineExceeded}
	}
	return interrupted()
}

func interrupted() *Error {
	return &Error{Kind: KindInterrupted, Description: "interrupted", cause: context.Canceled}
}
