// Package sts serves the lab's AWS Security Token Service:
// AssumeRoleWithWebIdentity, AssumeRole with ProvidedContexts, and
// GetCallerIdentity. It holds handlers only, which are safe for concurrent use; state
// is the world's. It has neither SAML nor federation tokens, and no MFA.
package sts

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/jwks"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// handlers are the operations over one world.
type handlers struct {
	world *world.World
	authz *authz.Authorizer
	keys  *jwks.Keys
}

// New returns the service over w.
func New(w *world.World, a *authz.Authorizer, keys *jwks.Keys, opts ...awswire.Option) (*awswire.Service, error) {
	s, err := awswire.NewService("sts", append(opts, awswire.WithRefusal(reword(w)))...)
	if err != nil {
		return nil, err
	}
	h := &handlers{world: w, authz: a, keys: keys}
	awswire.Handle(s, "AssumeRoleWithWebIdentity", h.assumeRoleWithWebIdentity)
	awswire.Handle(s, "AssumeRole", h.assumeRole)
	awswire.Handle(s, "GetCallerIdentity", h.getCallerIdentity)
	return s, nil
}

// reword applies the switch about unsigned requests.
func reword(w *world.World) func(awswire.VerifyKind, *awswire.Error) {
	return func(kind awswire.VerifyKind, e *awswire.Error) {
		if kind == awswire.VerifyMissing {
			e.Message = w.Switches.MissingTokenText
		}
	}
}

// getCallerIdentity answers who signed. No policy can deny it.
func (h *handlers) getCallerIdentity(_ context.Context, c *awswire.Caller, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	return &sts.GetCallerIdentityOutput{Account: &s.Account, Arn: &s.ARN, UserId: &s.UserID}, nil
}

func validationError(format string, args ...any) error {
	return &awswire.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// limits of DurationSeconds beyond the range that the model knows.
const chainedLimit = time.Hour

// duration checks DurationSeconds against the role and, for chained sessions, against the hour.
func duration(seconds *int32, role *world.Role, chained bool) (time.Duration, error) {
	if seconds == nil {
		return time.Hour, nil
	}
	d := time.Duration(*seconds) * time.Second
	if d > role.MaxSessionDuration {
		return 0, validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if chained && d > chainedLimit {
		return 0, validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return d, nil
}

// grant is a session about to be given out.
type grant struct {
	role            *world.Role
	name            string
	duration        time.Duration
	sourceIdentity  string
	tags            map[string]string
	transitive      []string // keys of tags
	sessionPolicies []*policy.Document
	webIdentity     *world.WebIdentity
	identity        *world.IdentityContext
}

// issue stores the session and returns it in the API's form.
func (h *handlers) issue(g *grant) (*types.Credentials, *types.AssumedRoleUser) {
	now := h.world.Now().UTC().Truncate(time.Second)
	id, secret, token := world.NewCredentials()
	// Values of a form are pieces of the request's body. A session outlives it.
	g.name, g.sourceIdentity = strings.Clone(g.name), strings.Clone(g.sourceIdentity)
	s := &world.Session{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Issued: now, Expires: now.Add(g.duration),
		Kind: world.KindAssumedRole, Account: g.role.Account, RoleARN: g.role.ARN(), SessionName: g.name,
		ARN: h.world.AssumedRoleARN(g.role, g.name), UserID: g.role.ID + ":" + g.name,
		SourceIdentity: g.sourceIdentity, Tags: g.tags, TransitiveTags: g.transitive, SessionPolicies: g.sessionPolicies,
		WebIdentity: g.webIdentity, Identity: g.identity,
	}
	h.world.AddSession(s)
	credentials := &types.Credentials{AccessKeyId: &s.AccessKeyID, SecretAccessKey: &s.SecretAccessKey, SessionToken: &s.SessionToken, Expiration: &s.Expires}
	return credentials, &types.AssumedRoleUser{Arn: &s.ARN, AssumedRoleId: &s.UserID}
}
