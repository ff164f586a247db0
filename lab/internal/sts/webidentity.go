package sts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/jwks"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// signatures are the algorithms that STS accepts of an OIDC provider.
var signatures = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

func (h *handlers) assumeRoleWithWebIdentity(ctx context.Context, c *awswire.Caller, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	if in.ProviderId != nil {
		return nil, validationError("ProviderId must not be set for OpenID Connect ID tokens.")
	}
	id, err := h.verifyWebIdentity(ctx, aws.ToString(in.RoleArn), aws.ToString(in.WebIdentityToken))
	if err != nil {
		return nil, err
	}
	role, ok := h.world.Role(aws.ToString(in.RoleArn))
	if !ok || !h.trustsWebIdentity(c, role, id, aws.ToString(in.RoleSessionName)) {
		return nil, &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	}
	d, err := duration(in.DurationSeconds, role, false)
	if err != nil {
		return nil, err
	}
	limits, err := h.sessionPolicies(role, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	size := packedOf(in.Policy, in.PolicyArns, id.tags)
	if err := h.fits(size); err != nil {
		return nil, err
	}
	who := id.WebIdentity // without what was needed to verify it
	credentials, user := h.issue(&grant{
		role: role, name: *in.RoleSessionName, duration: d, sessionPolicies: limits,
		sourceIdentity: id.sourceIdentity, tags: id.tags, transitive: id.transitive, webIdentity: &who,
	})
	out := &sts.AssumeRoleWithWebIdentityOutput{
		Credentials: credentials, AssumedRoleUser: user, PackedPolicySize: size.percent(),
		Audience: &id.Audience, Provider: &id.Issuer, SubjectFromWebIdentityToken: &id.Subject,
	}
	if id.sourceIdentity != "" {
		out.SourceIdentity = &id.sourceIdentity
	}
	return out, nil
}

// webIdentity is a verified JWT.
type webIdentity struct {
	world.WebIdentity
	providerARN    string
	keys           policy.Context
	sourceIdentity string
	tags           map[string]string
	transitive     []string
}

// verifyWebIdentity checks the JWT in the order of what it proves: form, issuer, signature, audience, time.
func (h *handlers) verifyWebIdentity(ctx context.Context, roleARN, raw string) (*webIdentity, error) {
	t, err := jwks.Parse(raw)
	if err != nil {
		return nil, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	issuer, ok := t.String("iss")
	if !ok {
		return nil, invalidToken("Missing a required claim: iss")
	}
	provider, ok := h.world.OIDCProvider(accountOf(roleARN), issuer)
	if !ok {
		return nil, invalidToken("No OpenIDConnect provider found in your account for %s", issuer)
	}
	if err := h.verifySignature(ctx, provider, t); err != nil {
		return nil, err
	}
	if err := h.checkTimes(t); err != nil {
		return nil, err
	}
	return h.readClaims(provider, t)
}

func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

func invalidToken(format string, args ...any) error {
	return &awswire.Error{Code: "InvalidIdentityToken", Message: fmt.Sprintf(format, args...)}
}

const noVerificationKey = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"

func (h *handlers) verifySignature(ctx context.Context, provider *world.OIDCProvider, t *jwks.Token) error {
	doc, err := h.keys.Verify(ctx, provider.Issuer, t, signatures...)
	switch {
	case errors.Is(err, jwks.ErrUnreachable):
		return &awswire.Error{Code: h.world.Switches.UnreachableIssuer, Message: noVerificationKey}
	case errors.Is(err, jwks.ErrDiscovery):
		return invalidToken(noVerificationKey)
	case errors.Is(err, jwks.ErrAlgorithm):
		return invalidToken("The ID Token's signing algorithm %s is not supported", t.Algorithm)
	case err != nil:
		return invalidToken("The ID Token's signature is invalid")
	case len(doc.ResponseTypes) == 0, len(doc.SubjectTypes) == 0, len(doc.IDTokenSigningAlgs) == 0, len(doc.ClaimsSupported) == 0:
		return invalidToken(noVerificationKey)
	case h.world.Switches.IssuerThumbprints == "checked" && !thumbprinted(provider, doc.Thumbprint):
		return invalidToken("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
	}
	return nil
}

// thumbprinted reports whether a provider admits the chain of its issuer's host.
// A provider without thumbprints got them from IAM, which looked.
func thumbprinted(provider *world.OIDCProvider, thumbprint string) bool {
	return thumbprint == "" || len(provider.Thumbprints) == 0 || containsFold(provider.Thumbprints, thumbprint)
}

const notYetValid = "The ID Token is not yet valid"

func (h *handlers) checkTimes(t *jwks.Token) error {
	now := h.world.Now()
	leeway := time.Duration(*h.world.Switches.ClockLeeway) * time.Second
	exp, _, ok := t.Time("exp")
	if !ok {
		return invalidToken("Missing a required claim: exp")
	}
	iat, _, ok := t.Time("iat")
	if !ok {
		return invalidToken("Missing a required claim: iat")
	}
	if !now.Before(exp.Add(leeway)) {
		return expired("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), exp.Unix())
	}
	if age := now.Sub(iat); age > time.Duration(*h.world.Switches.MaxTokenAge)*time.Second {
		return expired("Token too old: %d", int64(age.Seconds()))
	}
	if iat.After(now.Add(leeway)) && *h.world.Switches.RefuseFutureTokens {
		return invalidToken(notYetValid)
	}
	if nbf, present, ok := t.Time("nbf"); present && (!ok || now.Add(leeway).Before(nbf)) {
		return invalidToken(notYetValid)
	}
	return nil
}

func expired(format string, args ...any) error {
	return &awswire.Error{Code: "ExpiredTokenException", Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// readClaims checks the audience and collects the condition keys of the OIDC provider.
func (h *handlers) readClaims(provider *world.OIDCProvider, t *jwks.Token) (*webIdentity, error) {
	subject, ok := t.String("sub")
	if !ok || len(subject) < 6 || len(subject) > 255 {
		return nil, invalidToken("The ID Token's subject must have 6 to 255 characters")
	}
	audience := t.Audience()
	if len(audience) == 0 {
		return nil, invalidToken("Missing a required claim: aud")
	}
	prefix := world.IssuerHostPath(provider.Issuer) + ":"
	id := &webIdentity{
		WebIdentity: world.WebIdentity{Issuer: provider.Issuer, Subject: subject},
		providerARN: provider.ARN(),
		keys:        policy.Context{prefix + "sub": {subject}, "aws:FederatedProvider": {h.world.FederatedProvider(provider.Account, provider.Issuer)}},
	}
	if azp, ok := t.String("azp"); ok {
		id.keys[prefix+"oaud"] = audience
		audience = []string{azp}
	}
	known := slices.IndexFunc(audience, func(a string) bool { return slices.Contains(provider.ClientIDs, a) })
	if known < 0 {
		return nil, invalidToken("Incorrect token audience")
	}
	id.Audience = audience[known]
	id.keys[prefix+"aud"] = audience
	if h.world.Switches.SeveralAudiences == "known" {
		id.keys[prefix+"aud"] = []string{id.Audience}
	}
	if amr, ok := stringList(t.Claims["amr"]); ok {
		id.keys[prefix+"amr"] = amr
	}
	if email, ok := t.String("email"); ok {
		id.keys[prefix+"email"] = []string{email}
	}
	return id, id.readSessionClaims(t, *h.world.Switches.TokenTags)
}

func stringList(v any) ([]string, bool) {
	if s, ok := v.(string); ok {
		return []string{s}, true
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	all := make([]string, 0, len(list))
	for _, entry := range list {
		s, ok := entry.(string)
		if !ok {
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}

// trustsWebIdentity asks the role's trust policy for every action that the JWT calls for.
func (h *handlers) trustsWebIdentity(c *awswire.Caller, role *world.Role, id *webIdentity, sessionName string) bool {
	keys := authz.CallerKeys(c)
	keys["sts:RoleSessionName"] = []string{sessionName}
	addRoleTags(keys, role)
	maps.Copy(keys, id.keys)
	actions := []string{"sts:AssumeRoleWithWebIdentity"}
	if id.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
		keys["sts:SourceIdentity"] = []string{id.sourceIdentity}
	}
	if len(id.tags) > 0 {
		actions = append(actions, "sts:TagSession")
		addTagKeys(keys, id.tags, id.transitive)
	}
	for _, action := range actions {
		if !h.authz.Trusts(role, policy.Principal{Federated: id.providerARN}, action, keys) {
			return false
		}
	}
	return true
}

// addTagKeys adds the condition keys of the tags that a request gives.
func addTagKeys(keys policy.Context, tags map[string]string, transitive []string) {
	if len(transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = transitive
	}
	for key, value := range tags {
		keys["aws:RequestTag/"+key] = []string{value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], key)
	}
}
