package idp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Authentication flows of InitiateAuth.
const (
	FlowPassword = "USER_PASSWORD_AUTH"
	FlowRefresh  = "REFRESH_TOKEN_AUTH"
	// flowRefreshOld is the same under its former name.
	flowRefreshOld = "REFRESH_TOKEN"
)

// adminScope is the scope of the access tokens that the API of user pools gives.
const adminScope = "aws.cognito.signin.user.admin"

// InitiateAuthInput is that of the API reference of Cognito user pools.
type InitiateAuthInput struct {
	AuthFlow          string
	AuthParameters    map[string]string
	ClientId          *string //nolint:revive // AWS's name
	ClientMetadata    map[string]string
	Session           *string
	AnalyticsMetadata *AnalyticsMetadataType
	UserContextData   *UserContextDataType
}

// AnalyticsMetadataType is read and not used.
type AnalyticsMetadataType struct {
	AnalyticsEndpointId *string //nolint:revive // AWS's name
}

// UserContextDataType is read and not used.
type UserContextDataType struct{ EncodedData, IpAddress *string } //nolint:revive // AWS's name

// InitiateAuthOutput never has a challenge: the lab knows no second factors.
type InitiateAuthOutput struct {
	AuthenticationResult *AuthenticationResultType
	AvailableChallenges  []string
	ChallengeName        string
	ChallengeParameters  map[string]string
	Session              *string
}

// AuthenticationResultType are the tokens. ExpiresIn is in seconds.
type AuthenticationResultType struct {
	AccessToken, IdToken, RefreshToken, TokenType *string //nolint:revive // AWS's name
	ExpiresIn                                     int32
	NewDeviceMetadata                             *NewDeviceMetadataType
}

// NewDeviceMetadataType is never set.
type NewDeviceMetadataType struct{ DeviceGroupKey, DeviceKey *string }

// UserPools returns the API of Cognito user pools (cognito-idp) over the issuers
// with Cognito's face: InitiateAuth with USER_PASSWORD_AUTH, for clients that the
// world allows it, and with REFRESH_TOKEN_AUTH. Nobody signs its requests.
func (s *Service) UserPools(opts ...awswire.Option) (*awswire.Service, error) {
	made, err := awswire.NewService("cognito-idp", append(opts, awswire.WithValidationCode("InvalidParameterException"))...)
	if err != nil {
		return nil, err
	}
	awswire.Handle(made, "InitiateAuth", s.initiateAuth)
	return made, nil
}

func (s *Service) initiateAuth(_ context.Context, c *awswire.Caller, in *InitiateAuthInput) (*InitiateAuthOutput, error) {
	p, client, ok := s.poolOf(c.Region, *in.ClientId)
	if !ok {
		return nil, poolError("ResourceNotFoundException", "User pool client "+*in.ClientId+" does not exist.")
	}
	p.warm()
	e := Event{Kind: KindInitiateAuth, Client: client.ID, GrantType: in.AuthFlow}
	if in.AuthFlow == flowRefreshOld {
		e.GrantType = FlowRefresh
	}
	result, err := p.initiateAuth(client, in, &e)
	p.reportAuth(e, err)
	if err != nil {
		return nil, err
	}
	return &InitiateAuthOutput{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, nil
}

// poolOf finds the user pool of a region that has a client.
func (s *Service) poolOf(region, clientID string) (*provider, *world.Client, bool) {
	for _, p := range s.providers {
		if p.issuer.Face != "cognito" || p.base.Hostname() != "cognito-idp."+region+".amazonaws.com" {
			continue
		}
		if client, ok := p.client(clientID); ok {
			return p, client, true
		}
	}
	return nil, nil, false
}

func poolError(code, message string) error { return &awswire.Error{Code: code, Message: message} }

func notAuthorized(message string) error { return poolError("NotAuthorizedException", message) }

func (p *provider) initiateAuth(client *world.Client, in *InitiateAuthInput, e *Event) (*AuthenticationResultType, error) {
	switch flow := in.AuthFlow; {
	case strings.HasPrefix(flow, "ADMIN_"):
		return nil, poolError("InvalidParameterException", "Initiate Auth method not supported.")
	case flow == FlowPassword && client.PasswordAuth:
		return p.passwordAuth(client, in.AuthParameters, e)
	case (flow == FlowRefresh || flow == flowRefreshOld) && client.RefreshToken:
		return p.refreshAuth(client, in.AuthParameters, e)
	}
	return nil, poolError("InvalidParameterException", in.AuthFlow+" flow not enabled for this client")
}

func (p *provider) passwordAuth(client *world.Client, params map[string]string, e *Event) (*AuthenticationResultType, error) {
	for _, name := range []string{"USERNAME", "PASSWORD"} {
		if params[name] == "" {
			return nil, poolError("InvalidParameterException", "Missing required parameter "+name)
		}
	}
	login := params["USERNAME"]
	if err := checkSecretHash(client, params, login); err != nil {
		return nil, err
	}
	person, ok := p.authenticate(login, params["PASSWORD"])
	switch {
	case person == nil && !client.HideUnknownUsers:
		return nil, poolError("UserNotFoundException", "User does not exist.")
	case !ok:
		return nil, notAuthorized("Incorrect username or password.")
	}
	e.Person = person.Login
	g := newGrant(client, person, []string{adminScope}, p.now())
	return p.authResult(g, p.firstRefreshToken(g), e)
}

// refreshAuth gives no new refresh token: the lab's Cognito does not rotate.
func (p *provider) refreshAuth(client *world.Client, params map[string]string, e *Event) (*AuthenticationResultType, error) {
	if params["REFRESH_TOKEN"] == "" {
		return nil, poolError("InvalidParameterException", "Missing required parameter REFRESH_TOKEN")
	}
	t, err := p.redeemable(params["REFRESH_TOKEN"], client, e)
	if err != nil {
		return nil, notAuthorized("Invalid Refresh Token")
	}
	if err := checkSecretHash(client, params, t.grant.person.Login, t.grant.person.Subject); err != nil {
		return nil, err
	}
	if _, _, err := p.rotate(t, nil, e); err != nil {
		return nil, notAuthorized("Refresh Token has been revoked")
	}
	return p.authResult(t.grant, "", e)
}

// checkSecretHash wants of a client with a secret the HMAC of the user's name
// and the client's id, and of one without none (Cognito developer guide,
// "Computing secret hash values"). A refresh may use the user's sub.
func checkSecretHash(client *world.Client, params map[string]string, names ...string) error {
	given := params["SECRET_HASH"]
	switch {
	case client.Secret == "" && given == "":
		return nil
	case client.Secret == "":
		return notAuthorized("Unable to verify secret hash for client " + client.ID)
	case given == "":
		return notAuthorized("Client " + client.ID + " is configured with secret but SECRET_HASH was not received")
	}
	fits := slices.ContainsFunc(names, func(name string) bool {
		mac := hmac.New(sha256.New, []byte(client.Secret))
		mac.Write([]byte(name + client.ID))
		return hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(given))
	})
	if !fits {
		return notAuthorized("SecretHash does not match for the client: " + client.ID)
	}
	return nil
}

// authResult makes the tokens of a grant. The ID token has all claims of the
// person, as no scopes were asked for, and no at_hash.
func (p *provider) authResult(g *grant, refresh string, e *Event) (*AuthenticationResultType, error) {
	access, err := p.accessText(g, g.scopes)
	if err != nil {
		return nil, err
	}
	key, err := p.keys.current(jose.RS256)
	if err != nil {
		return nil, err
	}
	scopes := g.scopes
	if !slices.Contains(scopes, "openid") {
		scopes = []string{"openid"}
	}
	claims := p.idClaims(g, scopes, p.now())
	e.TokenID, _ = claims[p.face.claims.tokenID].(string)
	p.remember(claims, g.person)
	id, err := key.sign(key.id, claims)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.access.put(access, &accessToken{grant: g, scopes: g.scopes}, accessTokenLifetime)
	p.mu.Unlock()
	bearer := "Bearer"
	result := &AuthenticationResultType{AccessToken: &access, IdToken: &id, TokenType: &bearer, ExpiresIn: int32(accessTokenLifetime.Seconds())}
	if refresh != "" {
		result.RefreshToken = &refresh
	}
	return result, nil
}

// reportAuth tells the observer how a call of InitiateAuth ended.
func (p *provider) reportAuth(e Event, err error) {
	e.Time, e.Issuer = p.now(), p.issuer.Name
	var refused *awswire.Error
	switch {
	case errors.As(err, &refused):
		e.Error, e.Description = refused.Code, refused.Message
	case err != nil:
		e.Error = "InternalErrorException"
	}
	p.observe(e)
}
