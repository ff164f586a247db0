package ssooidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// byIdentity tells whether the caller's own policies refused, and not the application's.
func byIdentity(d *authz.Denied) bool { return d.Outcome.By != policy.ResourceBased }

// answer makes the tokens of a successful exchange.
func (h *handlers) answer(app *world.Application, s *subject, scopes []string) (*ssooidc.CreateTokenWithIAMOutput, error) {
	issued := h.world.Now().UTC()
	now := issued.Truncate(time.Second)
	id := &world.IdentityContext{
		UserID: s.user.ID, IdentityStoreID: app.Instance.IdentityStoreID, IdentityStoreARN: app.Instance.IdentityStoreARN,
		InstanceARN: app.Instance.ARN, ApplicationARN: app.ARN, CredentialID: uuid.NewString(),
		Scopes: scopes, Issued: issued, Expires: now.Add(tokenLifetime),
	}
	identityContext, err := h.world.SealContext(id)
	if err != nil {
		return nil, err
	}
	idToken, err := h.idToken(app, s, id, identityContext)
	if err != nil {
		return nil, err
	}
	out := &ssooidc.CreateTokenWithIAMOutput{
		AccessToken: aws.String(opaque()), TokenType: aws.String("Bearer"), ExpiresIn: int32(tokenLifetime / time.Second),
		IdToken: &idToken, Scope: scopes, IssuedTokenType: aws.String(typeAccessToken),
	}
	if *h.world.Switches.AdditionalDetails {
		out.AwsAdditionalDetails = &types.AwsAdditionalDetails{IdentityContext: &identityContext}
	}
	if app.RefreshToken {
		text, err := h.refreshToken(app, s, scopes, now)
		if err != nil {
			return nil, err
		}
		out.IssuedTokenType, out.RefreshToken = aws.String(typeRefreshToken), &text
	}
	return out, nil
}

// refreshToken returns the token of a refresh again, or a new one. A new one
// keeps the scopes and the end of the one before it.
func (h *handlers) refreshToken(app *world.Application, s *subject, scopes []string, now time.Time) (string, error) {
	next := &world.RefreshToken{
		ApplicationARN: app.ARN, UserID: s.user.ID, Scopes: scopes, IssuerARN: s.issuerARN, Expires: now.Add(app.RefreshTokenLifetime),
	}
	if s.refreshToken != "" {
		next.Scopes, next.Expires = s.scopes, s.expires
		switch h.world.Switches.RefreshTokenRotation {
		case "none":
			return s.refreshToken, nil
		case "single-use":
			if !h.world.SpendRefreshToken(s.refreshToken) { // another request was first
				return "", invalidRefreshToken()
			}
		}
	}
	return h.world.IssueRefreshToken(next), nil
}

func (h *handlers) idToken(app *world.Application, s *subject, id *world.IdentityContext, identityContext string) (string, error) {
	audit := *id
	audit.Audit = true
	auditContext, err := h.world.SealContext(&audit)
	if err != nil {
		return "", err
	}
	instance := app.Instance.ARN[strings.LastIndexByte(app.Instance.ARN, '/')+1:]
	return h.signer.sign(map[string]any{
		"iss":                    "https://identitycenter.amazonaws.com/" + instance,
		"sub":                    s.user.ID,
		"aud":                    app.ClientID,
		"iat":                    id.Issued.Unix(),
		"exp":                    id.Expires.Unix(),
		"auth_time":              id.Issued.Format(time.RFC3339),
		"act":                    map[string]string{"sub": s.issuerARN},
		"sts:identity_context":   identityContext,
		"sts:audit_context":      auditContext,
		"aws:identity_store_id":  app.Instance.IdentityStoreID,
		"aws:identity_store_arn": app.Instance.IdentityStoreARN,
		"aws:instance_arn":       app.Instance.ARN,
		"aws:instance_account":   app.Instance.Account,
		"aws:application_arn":    app.ARN,
		"aws:credential_id":      id.CredentialID,
	})
}

// opaque is an access token: nothing in the lab accepts it, as nothing at STS does.
func opaque() string {
	b := make([]byte, 180)
	_, _ = rand.Read(b)
	return "aoaAAAAA" + base64.StdEncoding.EncodeToString(b)
}

// signer signs Identity Center's own ID tokens. Its key is made at the first use.
type signer struct{ signer func() (jose.Signer, error) }

func newSigner(algorithm string) *signer {
	return &signer{signer: sync.OnceValues(func() (jose.Signer, error) {
		key, err := newKey(algorithm)
		if err != nil {
			return nil, err
		}
		opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", uuid.NewString())
		return jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, opts)
	})}
}

func newKey(algorithm string) (any, error) {
	switch algorithm {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

func (s *signer) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signer, err := s.signer()
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}
