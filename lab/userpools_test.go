package lab_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tip-cli/tip-cli/lab"
)

const poolHost = "https://cognito-idp.eu-west-1.amazonaws.com/"

// authAnswer is the answer of InitiateAuth.
type authAnswer struct {
	AuthenticationResult struct {
		IdToken, AccessToken, RefreshToken, TokenType string
		ExpiresIn                                     int
	}
	ChallengeName string
}

type authRequest map[string]any

func passwordFlow(login, password string, more ...string) authRequest {
	params := map[string]string{"USERNAME": login, "PASSWORD": password}
	for i := 0; i < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return authRequest{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": appClient, "AuthParameters": params}
}

func refreshFlow(token string, more ...string) authRequest {
	params := map[string]string{"REFRESH_TOKEN": token}
	for i := 0; i < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return authRequest{"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": appClient, "AuthParameters": params}
}

func (r authRequest) with(key string, value any) authRequest {
	r[key] = value
	return r
}

// initiateAuth calls InitiateAuth as the SDKs do, unsigned.
func (b *bench) initiateAuth(in authRequest) (*authAnswer, answer) {
	b.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	target := poolHost
	if b.door != "" {
		target = b.door + "/"
	}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, target, bytes.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	var good authAnswer
	var bad struct {
		Code    string `json:"__type"`
		Message string
	}
	if json.Unmarshal(body, &good) != nil || json.Unmarshal(body, &bad) != nil {
		b.Fatalf("answer %s", body)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, answer{resp.StatusCode, bad.Code, bad.Message}
	}
	return &good, answer{}
}

// TestInitiateAuth: tokens as a user pool gives them, at both doors, and with a refresh token again.
func TestInitiateAuth(t *testing.T) {
	b := start(t)
	for _, door := range []string{"", b.lab.Endpoint()} {
		b.door = door
		got, refused := b.initiateAuth(passwordFlow("analyst@example.com", "analyst"))
		if refused != (answer{}) {
			t.Fatal(refused)
		}
		r := got.AuthenticationResult
		if r.TokenType != "Bearer" || r.ExpiresIn != 3600 || r.RefreshToken == "" || got.ChallengeName != "" {
			t.Errorf("result %+v", r)
		}
		id, access := b.verified(r.IdToken), b.verified(r.AccessToken)
		for name, want := range map[string]any{
			"iss": poolHost + "eu-west-1_AppEXAMPLE", "aud": appClient, "token_use": "id", "email": "analyst@example.com", "email_verified": true,
			"sub": "33333333-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "cognito:username": "33333333-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "at_hash": nil,
		} {
			if id[name] != want {
				t.Errorf("ID token: %s is %v, want %v", name, id[name], want)
			}
		}
		if access["scope"] != "aws.cognito.signin.user.admin" || access["token_use"] != "access" || access["client_id"] != appClient || access["origin_jti"] != id["origin_jti"] {
			t.Errorf("access token %v", access)
		}
		for _, flow := range []string{"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"} {
			again, refused := b.initiateAuth(refreshFlow(r.RefreshToken).with("AuthFlow", flow))
			if refused != (answer{}) {
				t.Fatal(refused)
			}
			fresh := b.verified(again.AuthenticationResult.IdToken)
			if fresh["jti"] == id["jti"] || fresh["sub"] != id["sub"] || fresh["auth_time"] != id["auth_time"] || again.AuthenticationResult.RefreshToken != "" {
				t.Errorf("refreshed %v", fresh)
			}
		}
	}
	if c := b.lab.Counts(); c.SignIns.Granted != 2 || c.Refreshes.Granted != 4 {
		t.Errorf("counts %+v %+v", c.SignIns, c.Refreshes)
	}
}

// verified are the claims of a token that a key of the pool signed.
func (b *bench) verified(token string) map[string]any {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, poolHost+"eu-west-1_AppEXAMPLE/.well-known/jwks.json", nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&keys); err != nil {
		b.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		b.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.Claims(keys.Key(parsed.Headers[0].KeyID)[0], &claims); err != nil {
		b.Fatal(err)
	}
	return claims
}

// confidential gives the application's client a secret.
func confidential(w *lab.World) {
	c := &w.Issuers[len(w.Issuers)-1].Clients[0]
	c.Secret, c.HideUnknownUsers = "app-secret", true
}

func secretHash(name string) string {
	mac := hmac.New(sha256.New, []byte("app-secret"))
	mac.Write([]byte(name + appClient))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestInitiateAuthRefusals: each in Cognito's words.
func TestInitiateAuthRefusals(t *testing.T) {
	const user, notAuthorized, invalid = "analyst@example.com", "NotAuthorizedException", "InvalidParameterException"
	plain, secret := start(t), start(t, confidential)
	for name, test := range map[string]struct {
		b    *bench
		in   authRequest
		want answer
	}{
		"wrong password":  {plain, passwordFlow(user, "wrong"), answer{400, notAuthorized, "Incorrect username or password."}},
		"nobody":          {plain, passwordFlow("nobody", "x"), answer{400, "UserNotFoundException", "User does not exist."}},
		"no password":     {plain, passwordFlow(user, ""), answer{400, invalid, "Missing required parameter PASSWORD"}},
		"no name":         {plain, passwordFlow("", "x"), answer{400, invalid, "Missing required parameter USERNAME"}},
		"no parameters":   {plain, authRequest{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": appClient}, answer{400, invalid, "Missing required parameter USERNAME"}},
		"unknown client":  {plain, passwordFlow(user, "analyst").with("ClientId", "nobody"), answer{400, "ResourceNotFoundException", "User pool client nobody does not exist."}},
		"another flow":    {plain, passwordFlow(user, "analyst").with("AuthFlow", "USER_SRP_AUTH"), answer{400, invalid, "USER_SRP_AUTH flow not enabled for this client"}},
		"admin's flow":    {plain, passwordFlow(user, "analyst").with("AuthFlow", "ADMIN_NO_SRP_AUTH"), answer{400, invalid, "Initiate Auth method not supported."}},
		"no such flow":    {plain, passwordFlow(user, "analyst").with("AuthFlow", "PASSWORD"), answer{400, invalid, "1 validation error detected:..."}},
		"other client":    {plain, passwordFlow("analyst", "analyst").with("ClientId", "1example23456789"), answer{400, invalid, "USER_PASSWORD_AUTH flow not enabled for this client"}},
		"needless hash":   {plain, passwordFlow(user, "analyst", "SECRET_HASH", "x"), answer{400, notAuthorized, "Unable to verify secret hash for client " + appClient}},
		"bad refresh":     {plain, refreshFlow("x"), answer{400, notAuthorized, "Invalid Refresh Token"}},
		"no refresh":      {plain, refreshFlow(""), answer{400, invalid, "Missing required parameter REFRESH_TOKEN"}},
		"no hash":         {secret, passwordFlow(user, "analyst"), answer{400, notAuthorized, "Client " + appClient + " is configured with secret but SECRET_HASH was not received"}},
		"wrong hash":      {secret, passwordFlow(user, "analyst", "SECRET_HASH", secretHash("x")), answer{400, notAuthorized, "SecretHash does not match for the client: " + appClient}},
		"right hash":      {secret, passwordFlow(user, "analyst", "SECRET_HASH", secretHash(user)), answer{}},
		"nobody, hidden":  {secret, passwordFlow("nobody", "x", "SECRET_HASH", secretHash("nobody")), answer{400, notAuthorized, "Incorrect username or password."}},
		"hash of another": {secret, passwordFlow(user, "analyst", "SECRET_HASH", secretHash("engineer@example.com")), answer{400, notAuthorized, "SecretHash does not match for the client: " + appClient}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := test.b.initiateAuth(test.in)
			if begin, ok := strings.CutSuffix(test.want.Message, "..."); ok && strings.HasPrefix(got.Message, begin) {
				got.Message = test.want.Message
			}
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
	if c := plain.lab.Counts(); c.SignIns.Refused == 0 || c.Refreshes.Refused != 2 || c.SignIns.Granted != 0 {
		t.Errorf("counts %+v %+v", c.SignIns, c.Refreshes)
	}
}

// TestInitiateAuthEnds: with a hash the refresh works, and not after the sign-ins were ended or without the grant.
func TestInitiateAuthEnds(t *testing.T) {
	b := start(t, confidential)
	got, refused := b.initiateAuth(passwordFlow("engineer@example.com", "engineer", "SECRET_HASH", secretHash("engineer@example.com")))
	if refused != (answer{}) {
		t.Fatal(refused)
	}
	token := got.AuthenticationResult.RefreshToken
	for name, want := range map[string]answer{
		"engineer@example.com":                 {},
		"44444444-bbbb-4bbb-8bbb-bbbbbbbbbbbb": {},
		"analyst@example.com":                  {400, "NotAuthorizedException", "SecretHash does not match for the client: " + appClient},
	} {
		if _, got := b.initiateAuth(refreshFlow(token, "SECRET_HASH", secretHash(name))); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if err := b.lab.EndSignIns("notebook-app"); err != nil {
		t.Fatal(err)
	}
	if _, got := b.initiateAuth(refreshFlow(token, "SECRET_HASH", secretHash("engineer@example.com"))); got != (answer{400, "NotAuthorizedException", "Refresh Token has been revoked"}) {
		t.Errorf("after the end: %+v", got)
	}
	without := start(t, func(w *lab.World) { w.Issuers[len(w.Issuers)-1].Clients[0].RefreshToken = false })
	if _, got := without.initiateAuth(refreshFlow("x")); got != (answer{400, "InvalidParameterException", "REFRESH_TOKEN_AUTH flow not enabled for this client"}) {
		t.Errorf("without the grant: %+v", got)
	}
}

// TestInitiateAuthTrail: neither a password nor a token is written down.
func TestInitiateAuthTrail(t *testing.T) {
	b := start(t)
	_, _ = b.initiateAuth(passwordFlow("analyst@example.com", "wrong"))
	_, _ = b.initiateAuth(passwordFlow("analyst@example.com", "analyst"))
	events := b.lab.Events()
	if len(events) != 2 {
		t.Fatalf("%d events", len(events))
	}
	for i, e := range events {
		if e.EventSource != "cognito-idp.amazonaws.com" || e.EventName != "InitiateAuth" || e.ReadOnly || e.UserIdentity.Type != "Unknown" ||
			e.RecipientAccountID != center || e.RequestParameters["authParameters"] != "HIDDEN_DUE_TO_SECURITY_REASONS" || e.RequestParameters["clientId"] != appClient {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if events[0].ErrorCode != "NotAuthorizedException" || events[1].ErrorCode != "" {
		t.Errorf("errors %q %q", events[0].ErrorCode, events[1].ErrorCode)
	}
	result, _ := events[1].ResponseElements["authenticationResult"].(map[string]any)
	for _, name := range []string{"idToken", "accessToken", "refreshToken"} {
		if result[name] != "HIDDEN_DUE_TO_SECURITY_REASONS" {
			t.Errorf("%s: %v", name, result[name])
		}
	}
}

// TestInitiateAuthIsOfARegion: a client is known in the region of its pool only.
func TestInitiateAuthIsOfARegion(t *testing.T) {
	b := start(t)
	b.door = "https://cognito-idp.us-east-1.amazonaws.com"
	_, got := b.initiateAuth(passwordFlow("analyst@example.com", "analyst"))
	compare(t, answer{400, "ResourceNotFoundException", "User pool client " + appClient + " does not exist."}, got)
}

// TestInitiateAuthAtUserInfo: its access token is not for that endpoint.
func TestInitiateAuthAtUserInfo(t *testing.T) {
	b := start(t)
	got, refused := b.initiateAuth(passwordFlow("analyst@example.com", "analyst"))
	if refused != (answer{}) {
		t.Fatal(refused)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://tip-notebook-app.auth.eu-west-1.amazoncognito.com/oauth2/userInfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+got.AuthenticationResult.AccessToken)
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(string(text), "invalid_token") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestTargetIsOfAPost: X-Amz-Target does not keep anybody from a pool's keys.
func TestTargetIsOfAPost(t *testing.T) {
	b := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, poolHost+"eu-west-1_AppEXAMPLE/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || !strings.Contains(string(text), `"keys"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
