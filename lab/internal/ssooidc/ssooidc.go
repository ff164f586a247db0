// Package ssooidc serves the lab's IAM Identity Center OIDC service:
// CreateTokenWithIAM with the grants jwt-bearer and refresh_token. It holds
// handlers only; state is the world's.
package ssooidc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/jwks"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Grant types of CreateTokenWithIAM.
const (
	grantJWTBearer         = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantRefreshToken      = "refresh_token"
	grantAuthorizationCode = "authorization_code"
)

// Token types of the answer.
const (
	typeAccessToken  = "urn:ietf:params:oauth:token-type:access_token"
	typeRefreshToken = "urn:ietf:params:oauth:token-type:refresh_token"
)

// defaultScopes go with every token.
var defaultScopes = []string{"openid", "aws", "sts:identity_context"}

const tokenLifetime = time.Hour

// handlers are the operations over one world.
type handlers struct {
	world  *world.World
	authz  *authz.Authorizer
	keys   *jwks.Keys
	signer *signer
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, keys *jwks.Keys, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("sso-oidc", append(opts, awswire.WithRefusal(restatus(w)))...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a, keys: keys, signer: newSigner(w.Switches.CentralTokenAlgorithm)}
	awswire.Handle(s, "CreateTokenWithIAM", h.createTokenWithIAM)
	return s, nil
}

// restatus applies the switch about refused signatures.
func restatus(w *world.World) func(awswire.VerifyKind, *awswire.Error) {
	return func(_ awswire.VerifyKind, e *awswire.Error) {
		if w.Switches.TokenSignatureStatus == "400" {
			e.Status = http.StatusBadRequest
		}
	}
}

// exception is an error of the service. An empty description is what AWS calls bare.
func exception(name, description string) error {
	return &awswire.Error{Code: name, Message: description}
}

func (h *handlers) createTokenWithIAM(ctx context.Context, c *awswire.Caller, in *ssooidc.CreateTokenWithIAMInput) (*ssooidc.CreateTokenWithIAMOutput, error) {
	app, ok := h.world.Application(aws.ToString(in.ClientId))
	if !ok || app.Region != c.Region {
		return nil, exception("InvalidClientException", "Invalid client")
	}
	if err := h.authorize(c, app); err != nil {
		return nil, err
	}
	subject, err := h.redeem(ctx, app, in)
	if err != nil {
		return nil, err
	}
	scopes, err := grantedScopes(app, in.Scope, subject.scopes)
	if err != nil {
		return nil, err
	}
	if err := h.spend(ctx, subject.unspent); err != nil {
		return nil, err
	}
	return h.answer(app, subject, scopes)
}

// authorize asks the application's actor policy, and the caller's identity
// policies where IAM does: across accounts always.
func (h *handlers) authorize(c *awswire.Caller, app *world.Application) error {
	session, err := h.authz.Session(c)
	if err != nil {
		return err
	}
	if app.ActorPolicy == nil || app.Disabled {
		return exception("AccessDeniedException", "")
	}
	err = h.authz.Allow(&authz.Request{
		Caller: c, Session: session, Action: "sso-oauth:CreateTokenWithIAM", Resource: app.ARN, ResourceAccount: app.Account,
		ResourcePolicy: app.ActorPolicy, RequireResource: true, RequireIdentity: *h.world.Switches.CallerPolicyForToken,
	})
	if err == nil {
		return nil
	}
	var denied *authz.Denied
	if errors.As(err, &denied) && byIdentity(denied) {
		return &awswire.Error{Code: "AccessDeniedException", Message: denied.Error(), Common: true}
	}
	return exception("AccessDeniedException", "")
}

// subject is the person for whom a token is made.
type subject struct {
	user *world.User
	// issuerARN is the trusted token issuer that vouched for the person.
	issuerARN string
	// unspent is the JWT to spend when nothing else can refuse, nil for none.
	unspent *assertion
	// scopes that a refresh may not exceed; nil for all of the application.
	scopes []string
	// refreshToken that was redeemed, and its end.
	refreshToken string
	expires      time.Time
}

// redeem checks the grant and returns whose it is.
func (h *handlers) redeem(ctx context.Context, app *world.Application, in *ssooidc.CreateTokenWithIAMInput) (*subject, error) {
	switch aws.ToString(in.GrantType) {
	case grantJWTBearer:
		if app.JWTBearer == nil {
			return nil, h.missingGrant()
		}
		if aws.ToString(in.Assertion) == "" {
			return nil, exception("InvalidRequestException", "Missing required parameter: assertion")
		}
		return h.redeemAssertion(ctx, app, *in.Assertion)
	case grantRefreshToken:
		if !app.RefreshToken {
			return nil, h.missingGrant()
		}
		if aws.ToString(in.RefreshToken) == "" {
			return nil, exception("InvalidRequestException", "Missing required parameter: refreshToken")
		}
		return h.redeemRefreshToken(app, *in.RefreshToken)
	case grantTokenExchange:
		return nil, h.unserved(app.TokenExchange, in.SubjectToken, "subjectToken", "Invalid subject token provided")
	case grantAuthorizationCode:
		return nil, h.unserved(app.AuthorizationCode != nil, in.Code, "code", "Invalid authorization code provided")
	}
	return nil, exception("UnsupportedGrantTypeException", "Unsupported grant type")
}

// unserved refuses a grant whose tokens or codes nothing in the lab gives out:
// whatever a client has is not valid.
func (h *handlers) unserved(configured bool, given *string, parameter, refusal string) error {
	switch {
	case !configured:
		return h.missingGrant()
	case aws.ToString(given) == "":
		return exception("InvalidRequestException", "Missing required parameter: "+parameter)
	}
	return invalidGrant(refusal)
}

func (h *handlers) missingGrant() error {
	return exception(h.world.Switches.MissingGrant, "The grant type is not configured for this application")
}

// admit checks that a user may use the application now.
func (h *handlers) admit(app *world.Application, user *world.User) error {
	if user.Disabled {
		return exception(h.world.Switches.DisabledUser, "")
	}
	if !app.AssignmentRequired || app.AssignedTo(user.ID) {
		return nil
	}
	for _, g := range h.world.GroupsOf(app.Instance, user.ID) {
		if app.AssignedTo(g.ID) {
			return nil
		}
	}
	return exception("AccessDeniedException", "")
}

// invalidRefreshToken is the one refusal of this service of which a capture is public.
func invalidRefreshToken() error { return invalidGrant("Invalid refresh token provided") }

func (h *handlers) redeemRefreshToken(app *world.Application, text string) (*subject, error) {
	t, ok := h.world.RefreshToken(text)
	if !ok || t.ApplicationARN != app.ARN {
		return nil, invalidRefreshToken()
	}
	if !h.world.Now().Before(t.Expires) {
		return nil, exception(h.world.Switches.ExpiredRefreshToken, "Refresh token expired")
	}
	user, ok := h.world.User(app.Instance, t.UserID)
	if !ok {
		return nil, invalidRefreshToken()
	}
	if err := h.admit(app, user); err != nil {
		return nil, err
	}
	return &subject{user: user, issuerARN: t.IssuerARN, scopes: t.Scopes, refreshToken: text, expires: t.Expires}, nil
}

// grantedScopes are the requested scopes, or all that are configured, with the defaults.
func grantedScopes(app *world.Application, requested, limit []string) ([]string, error) {
	var allowed []string
	for _, s := range app.Scopes {
		if limit == nil || slices.Contains(limit, s.Name) {
			allowed = append(allowed, s.Name)
		}
	}
	if len(requested) == 0 {
		return append(allowed, defaultScopes...), nil
	}
	var granted []string
	for _, s := range requested {
		switch {
		case slices.Contains(granted, s), slices.Contains(defaultScopes, s):
		case slices.Contains(allowed, s):
			granted = append(granted, s)
		default:
			return nil, exception("InvalidScopeException", "Invalid scope: "+s)
		}
	}
	return append(granted, defaultScopes...), nil
}
