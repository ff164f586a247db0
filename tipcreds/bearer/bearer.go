package bearer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Defaults of [Options].
const (
	// DefaultRealm is the realm of the challenges.
	DefaultRealm = "api"
	// DefaultMaxTokenBytes is how long a token may be: as long as STS takes it, see
	// AssumeRoleWithWebIdentity.
	DefaultMaxTokenBytes = 20_000
	// DefaultVerifyTimeout bounds one verification, in which the issuer's keys may
	// be fetched.
	DefaultVerifyTimeout = 10 * time.Second
)

// Options configures the middleware.
type Options struct {
	// Token takes the token from a request. Default: [FromAuthorization]. Of its
	// errors a [*RefusalError] is answered as it is, [ErrNoToken] with 401 without an
	// error code, the context's as of [Error], and any other with 400 invalid_request.
	Token func(r *http.Request) (string, error)
	// MaxTokenBytes bounds the token; a longer one is refused unread.
	MaxTokenBytes int
	// VerifyTimeout bounds the verifier.
	VerifyTimeout time.Duration
	// Check judges a verified token: its scopes, azp, nonce, groups. A
	// [*RefusalError] is answered as it is, see [InsufficientScope]; the context's as
	// of [Error]; any other error with 401 invalid_token. Where users can choose names
	// of claims, read the claims into a map: to encoding/json, GROUPS is groups.
	Check func(ctx context.Context, token *oidc.IDToken) error
	// Subject says whose JWTs TokenSource returns, from the claims of a verified
	// token and nothing else that a client could choose. Default: the token's own iss
	// and sub. Errors as of Check. Credentials of users are found by what it returns.
	Subject func(ctx context.Context, token *oidc.IDToken) (tipcreds.Subject, error)
	// TokenSource returns what is asked for a JWT of the user when one must be
	// exchanged, see [tipcreds.Pool.For]. It is called for every request; what it
	// returns only when a handler calls AWS and the credentials do not last. Its context
	// is not the request's, and it may still run when the request has ended. Default:
	// rawToken itself is the JWT.
	TokenSource func(r *http.Request, verified *oidc.IDToken, rawToken string) tipcreds.WebTokenProvider
	// Retrieve gets the credentials before the handler runs, so that a token that
	// cannot be exchanged is refused by the middleware, as [Error] does, and not in the
	// midst of an answer. It costs an exchange for users whose requests never call AWS.
	Retrieve bool
	// Realm is that of the challenges: printable ASCII (RFC 9110 section 11.5).
	Realm string
	// ErrorHandler answers refused requests, and those of [Error]. Default: the
	// refusal's own ServeHTTP, which it may call as well.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, refusal *RefusalError)
	// Logger gets a line with the reason for every refusal: those for which the
	// client can do something as information, those without a token for debugging,
	// others as warnings, mistakes of the program as errors. It holds no tokens, as long
	// as the errors of Token hold none. Nil: silence.
	Logger *slog.Logger
}

// Causes of a [*tipcreds.OptionError] of [New].
var (
	// ErrPoolMissing means that no pool was given.
	ErrPoolMissing = errors.New("a pool of users is required")
	// ErrVerifierMissing means that no verifier was given, or none for an issuer.
	ErrVerifierMissing = errors.New("a verifier is required")
	// ErrRealm means that a realm does not fit into a challenge.
	ErrRealm = errors.New("a realm has printable ASCII characters")
)

// New returns the middleware. The verifier says whose tokens are accepted:
// [NewVerifier], an [*oidc.IDTokenVerifier], [Issuers], or one of the program's own.
// An argument or option that is refused gives a [*tipcreds.OptionError].
func New(pool *tipcreds.Pool, verifier Verifier, optFns ...func(*Options)) (func(http.Handler) http.Handler, error) {
	o := Options{
		Token: FromAuthorization, MaxTokenBytes: DefaultMaxTokenBytes, VerifyTimeout: DefaultVerifyTimeout,
		Subject: ownSubject, TokenSource: ownToken, Realm: DefaultRealm,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, refusal *RefusalError) { refusal.ServeHTTP(w, r) },
		Logger:       slog.New(slog.DiscardHandler),
	}
	d := o
	for _, fn := range optFns {
		fn(&o)
	}
	o.fill(&d)
	if pool == nil {
		return nil, &tipcreds.OptionError{Option: "pool", Err: ErrPoolMissing}
	}
	verifier, err := checked(verifier)
	if err != nil {
		return nil, &tipcreds.OptionError{Option: "verifier", Err: err}
	}
	if !printable(o.Realm) {
		return nil, &tipcreds.OptionError{Option: "Realm", Value: o.Realm, Err: ErrRealm}
	}
	m := &middleware{pool: pool, verifier: verifier, options: o}
	return m.handler, nil
}

// fill gives options that were emptied their defaults.
func (o *Options) fill(d *Options) {
	if o.Token == nil {
		o.Token = d.Token
	}
	if o.MaxTokenBytes <= 0 {
		o.MaxTokenBytes = d.MaxTokenBytes
	}
	if o.VerifyTimeout <= 0 {
		o.VerifyTimeout = d.VerifyTimeout
	}
	if o.Subject == nil {
		o.Subject = d.Subject
	}
	if o.TokenSource == nil {
		o.TokenSource = d.TokenSource
	}
	if o.Realm == "" {
		o.Realm = d.Realm
	}
	if o.ErrorHandler == nil {
		o.ErrorHandler = d.ErrorHandler
	}
	if o.Logger == nil {
		o.Logger = d.Logger
	}
}

func ownSubject(_ context.Context, token *oidc.IDToken) (tipcreds.Subject, error) {
	return tipcreds.Subject{Issuer: token.Issuer, ID: token.Subject}, nil
}

func ownToken(_ *http.Request, _ *oidc.IDToken, rawToken string) tipcreds.WebTokenProvider {
	return func(context.Context) (string, error) { return rawToken, nil }
}

// requestKey is the context's key for a *request.
type requestKey struct{}

// request is what the middleware knows of one.
type request struct {
	middleware *middleware
	raw        string
	token      *oidc.IDToken
	refused    bool // is with the ErrorHandler
}

// TokenFrom returns the verified token of a request that the middleware let pass, for
// its claims. Do not change it.
func TokenFrom(ctx context.Context) (*oidc.IDToken, bool) {
	req, ok := ctx.Value(requestKey{}).(*request)
	if !ok || req.token == nil {
		return nil, false
	}
	return req.token, true
}

type middleware struct {
	pool     *tipcreds.Pool
	verifier Verifier
	options  Options
}

func (m *middleware) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admitted, refusal := m.admit(r)
		if refusal != nil {
			m.refuse(w, r, refusal)
			return
		}
		defer returnForm(r, admitted)
		next.ServeHTTP(w, admitted)
	})
}

// returnForm hands the uploads that were read from a copy of the request back to it:
// net/http removes the temporary files of its own request only.
func returnForm(own, handed *http.Request) {
	if own.MultipartForm == nil {
		own.MultipartForm = handed.MultipartForm
	}
}

// admit returns the request with its user, or why there is none.
func (m *middleware) admit(r *http.Request) (*http.Request, *RefusalError) {
	raw, err := m.token(r)
	if err != nil {
		return nil, refusalOr(err, badRequest)
	}
	token, refusal := m.verify(r.Context(), raw)
	if refusal != nil {
		return nil, refusal.without(raw)
	}
	subject, err := m.judge(r.Context(), token)
	if err != nil {
		return nil, refusalOr(err, badToken).without(raw)
	}
	user := m.pool.For(subject, m.options.TokenSource(r, token, raw))
	ctx := context.WithValue(r.Context(), requestKey{}, &request{middleware: m, raw: raw, token: token})
	ctx = tipcreds.WithUser(ctx, user)
	if m.options.Retrieve {
		if _, err := user.Retrieve(ctx); err != nil {
			return nil, refusalOr(err, serverError).without(raw)
		}
	}
	return r.WithContext(ctx), nil
}

// token is that of the request, within its bounds.
func (m *middleware) token(r *http.Request) (string, error) {
	raw, err := m.options.Token(r)
	switch {
	case err != nil:
		return "", err
	case raw == "":
		return "", ErrNoToken
	case len(raw) > m.options.MaxTokenBytes:
		return "", errTokenTooLong
	}
	return raw, nil
}

var (
	errTokenTooLong = errors.New("the token is longer than MaxTokenBytes")
	errNobody       = errors.New("the verified token names no issuer and subject")
	errNoResult     = errors.New("the verifier gave neither a token nor an error")
)

func (m *middleware) verify(ctx context.Context, raw string) (*oidc.IDToken, *RefusalError) {
	ctx, cancel := context.WithTimeout(ctx, m.options.VerifyTimeout)
	defer cancel()
	token, err := m.verifier.Verify(ctx, raw)
	if err == nil && token != nil {
		err = checkClaims(token)
	}
	switch {
	case err == nil && token != nil:
		return token, nil
	case err == nil:
		return nil, serverError(errNoResult)
	}
	if _, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return nil, expiredToken(err)
	}
	if errors.Is(err, ErrKeysUnavailable) || ctx.Err() != nil {
		return nil, unavailable(err, 0)
	}
	return nil, refusalOr(err, badToken)
}

// judge says whose the verified token is.
func (m *middleware) judge(ctx context.Context, token *oidc.IDToken) (tipcreds.Subject, error) {
	if m.options.Check != nil {
		if err := m.options.Check(ctx, token); err != nil {
			return tipcreds.Subject{}, err
		}
	}
	subject, err := m.options.Subject(ctx, token)
	if err == nil && (subject.Issuer == "" || subject.ID == "") {
		err = errNobody
	}
	return subject, err
}
