package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/childproc"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Exit codes.
const (
	ExitOK             = 0
	ExitError          = 1
	ExitUsage          = 2
	ExitSignInRequired = 3
	ExitAccessDenied   = 4
	ExitConfiguration  = 5
	ExitUnavailable    = 6
	// ExitCannotRun and ExitNotFound are of exec, about the command that it is to run.
	ExitCannotRun   = childproc.CannotRun
	ExitNotFound    = childproc.NotFound
	ExitInterrupted = 130
)

// usageError is a wrong command line.
type usageError struct {
	err  error
	hint string
}

// Error implements error.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }

// Hint is the help to look at.
func (e *usageError) Hint() string { return e.hint }

// exitCode maps an error to the exit code that scripts rely on.
func exitCode(err error) int {
	var (
		wrongUsage *usageError
		signIn     *session.SignInRequiredError
		exchange   *tipcreds.ExchangeError
		access     *s3agcreds.DataAccessError
		invalid    *config.InvalidError
		problem    config.Problem
		file       *store.FileError
		profile    *awsprofile.Error
		ca         *transport.CAError
		setting    *transport.EnvironmentError
		option     *s3agcreds.OptionError
		option2    *tipcreds.OptionError
		late       *session.TimeoutError
		noSecret   *session.ClientSecretError
		noContext  *store.ContextError
		source     *tokensource.Error
		call       *session.CallError
		unset      *noContextError
		child      *childproc.StartError
		loop       *recursion.Error
		ownLoop    *loopError
		short      *session.TooShortError
		issuer     *session.IssuerChangedError
		grants     *session.GrantsError
		unserved   *unservedError
	)
	switch {
	case errors.As(err, &late): // and not interrupted: it says what was under way when the time was up
		return ExitUnavailable
	case errors.Is(err, context.Canceled), oidclogin.KindOf(err) == oidclogin.KindInterrupted:
		return ExitInterrupted
	case errors.As(err, &wrongUsage), errors.As(err, &option), errors.Is(err, s3agcreds.ErrTarget):
		return ExitUsage
	case errors.As(err, &signIn):
		return ExitSignInRequired
	case errors.As(err, &file): // before the exchange, which stores something itself
		return fileCode(err)
	case errors.As(err, &exchange):
		return exchangeCode(exchange)
	case errors.As(err, &unserved):
		return ExitAccessDenied
	case errors.As(err, &grants) && grants.NoInstance():
		return ExitConfiguration
	case errors.As(err, &access):
		return accessCode(access)
	case errors.As(err, &invalid), errors.As(err, &problem), errors.As(err, &ca), errors.As(err, &setting),
		errors.As(err, &option2), errors.As(err, &profile), errors.As(err, &noSecret), errors.As(err, &noContext),
		errors.As(err, &loop), errors.As(err, &ownLoop), errors.As(err, &unset), errors.As(err, &issuer),
		errors.As(err, &short) && short.Err == nil:
		return ExitConfiguration
	case errors.As(err, &source):
		return sourceCode(source)
	case errors.As(err, &call):
		return callCode(call)
	case errors.As(err, &child):
		return child.Code()
	}
	return loginCode(err)
}

func exchangeCode(e *tipcreds.ExchangeError) int {
	switch {
	case e.HTTPStatus >= 500, e.Throttled(), e.InDoubt, e.Code == "IDPCommunicationError", unreached(e):
		return ExitUnavailable
	case strings.HasPrefix(e.Code, "AccessDenied"), e.Code == "InvalidGrantException":
		return ExitAccessDenied
	case slices.Contains(misconfigured, e.Code):
		return ExitConfiguration
	}
	return ExitError
}

// misconfigured are error codes of AWS that speak of what was set up, here or there.
var misconfigured = []string{
	"InvalidIdentityToken", "InvalidClientException", "UnauthorizedClientException", "UnsupportedGrantTypeException", "InvalidScopeException",
	"InvalidRequestRegionException", "RegionDisabledException", "ValidationError", "ValidationException", "InvalidRequestException",
}

// unreached reports whether no answer of AWS arrived, or none that could be read.
func unreached(err error) bool {
	var send *smithyhttp.RequestSendError
	var garbled *smithy.DeserializationError
	return errors.As(err, &send) || errors.As(err, &garbled) || errors.Is(err, context.DeadlineExceeded)
}

func accessCode(e *s3agcreds.DataAccessError) int {
	switch {
	case e.Kind == s3agcreds.KindUnavailable, e.Code == "" && unreached(e), errors.Is(e, s3agcreds.ErrNoCredentials):
		return ExitUnavailable
	case e.Kind == s3agcreds.KindNoGrant, e.Kind == s3agcreds.KindNotAuthorized, e.Kind == s3agcreds.KindLocationRole,
		strings.HasPrefix(e.Code, "AccessDenied"):
		return ExitAccessDenied
	case e.Kind == s3agcreds.KindNoInstance, tooLongForRole(e):
		return ExitConfiguration
	}
	return ExitError
}

func callCode(e *session.CallError) int {
	switch {
	case unreached(e), brokenOff(e):
		return ExitUnavailable
	case e.Denied():
		return ExitAccessDenied
	}
	return ExitError
}

// brokenOff reports whether the service answered that it cannot answer now: by the
// status or, as STS tells of too many requests, by the code alone.
func brokenOff(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if _, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; throttled {
			return true
		}
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == 429)
}

// fileCode: nothing configured yet is a matter of configuration, like a file that cannot be read.
func fileCode(err error) int {
	if errors.Is(err, store.ErrLocked) || errors.Is(err, fs.ErrPermission) {
		return ExitError
	}
	return ExitConfiguration
}

// sourceCode: a program that prints no token may be one that wants its user to sign in.
func sourceCode(e *tokensource.Error) int {
	switch e.Kind {
	case tokensource.KindConfig, tokensource.KindContent:
		return ExitConfiguration
	case tokensource.KindFailed:
		return ExitSignInRequired
	case tokensource.KindTimeout:
		return ExitUnavailable
	}
	return ExitError
}

func loginCode(err error) int {
	switch oidclogin.KindOf(err) {
	case oidclogin.KindNetwork:
		return ExitUnavailable
	case oidclogin.KindInvalidGrant, oidclogin.KindTimeout, oidclogin.KindNoIDToken:
		return ExitSignInRequired
	case oidclogin.KindDenied:
		return ExitAccessDenied
	case oidclogin.KindConfig, oidclogin.KindPortInUse:
		return ExitConfiguration
	}
	return ExitError
}

// usualHints are for errors that bring none of their own.
var usualHints = map[int]string{
	ExitError:          "run it again with -vv, which tells each step",
	ExitUsage:          "run: tip-cli --help",
	ExitSignInRequired: "run: tip-cli auth",
	ExitAccessDenied:   "ask whoever administers the application and its roles for access",
	ExitConfiguration:  "run: tip-cli configure idp",
	ExitUnavailable:    "try again later; if it stays so, look at the network and at HTTPS_PROXY and NO_PROXY",
}

// hintOf returns the first hint in an error's tree.
func hintOf(err error) string {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return "if a proxy intercepts TLS, set " + transport.CAVariable + " to a file with its CA certificate"
	}
	if h := hinted(err); h != "" {
		return h
	}
	if login, ok := errors.AsType[*oidclogin.Error](err); ok && login.Hint != "" {
		return login.Hint
	}
	if source, ok := errors.AsType[*tokensource.Error](err); ok {
		return source.Hint
	}
	return ""
}

// hinted returns the first hint in the tree of err that says something.
func hinted(err error) string {
	if of, ok := errors.AsType[*endpointError](err); ok { // it names the context, which the file's own does not
		return of.Hint()
	}
	if file, ok := errors.AsType[*store.FileError](err); ok && file.Hint() != "" {
		return file.Hint()
	}
	for err != nil {
		if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
			return h.Hint()
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, one := range many.Unwrap() {
				if h := hinted(one); h != "" {
					return h
				}
			}
		}
		err = errors.Unwrap(err)
	}
	return ""
}
