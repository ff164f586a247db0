package loginapi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer bounds an answer of the user pool, in bytes.
const maxAnswer = 1 << 20

// Pool is an app client of a Cognito user pool, with the authentication flow
// ALLOW_USER_PASSWORD_AUTH.
type Pool struct {
	// Endpoint is https://cognito-idp.REGION.amazonaws.com on AWS.
	Endpoint string
	// ClientID is the aud of the ID tokens.
	ClientID string
	// ClientSecret is empty for a public client.
	ClientSecret string
	// HTTPClient has a time limit and follows no redirects, which would take the
	// password along.
	HTTPClient *http.Client
}

// result is an answer of InitiateAuth, or its exception.
type result struct {
	ChallengeName        string
	AuthenticationResult struct {
		IDToken string `json:"IdToken"`
	}
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// signIn calls InitiateAuth with USER_PASSWORD_AUTH, which nobody signs, and returns
// the ID token. A refusal by the user pool is a *refusal.
func (p Pool) signIn(ctx context.Context, username, password string) (string, error) {
	parameters := map[string]string{"USERNAME": username, "PASSWORD": password}
	if p.ClientSecret != "" {
		parameters["SECRET_HASH"] = p.secretHash(username)
	}
	status, res, err := p.call(ctx, map[string]any{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": p.ClientID, "AuthParameters": parameters})
	switch {
	case err != nil:
		return "", err
	case status != http.StatusOK:
		return "", refused(status, res)
	case res.ChallengeName != "":
		return "", &refusal{http.StatusUnauthorized, "This user cannot sign in with a password alone.", "challenge " + res.ChallengeName}
	case res.AuthenticationResult.IDToken == "":
		return "", fmt.Errorf("InitiateAuth: the answer has no ID token")
	}
	return res.AuthenticationResult.IDToken, nil
}

// secretHash is that of the developer guide, "Computing secret hash values".
func (p Pool) secretHash(username string) string {
	mac := hmac.New(sha256.New, []byte(p.ClientSecret))
	mac.Write([]byte(username + p.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// call sends InitiateAuth in the protocol AWS JSON 1.1.
func (p Pool) call(ctx context.Context, input any) (int, *result, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	response, err := p.HTTPClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	var res result
	if json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&res) != nil { // its error could quote a token
		return 0, nil, fmt.Errorf("InitiateAuth: HTTP %d, and no answer in JSON", response.StatusCode)
	}
	return response.StatusCode, &res, nil
}

// refused translates an exception. Whoever tries passwords learns neither who exists
// nor whose password must be reset.
func refused(status int, res *result) error {
	code := res.Type[strings.LastIndex(res.Type, "#")+1:]
	reason := fmt.Sprintf("HTTP %d, %s: %s", status, code, res.Message)
	switch code {
	case "NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException":
		return &refusal{http.StatusUnauthorized, "Incorrect username or password.", reason}
	case "TooManyRequestsException", "LimitExceededException":
		return &refusal{http.StatusTooManyRequests, "Try again later.", reason}
	}
	return fmt.Errorf("InitiateAuth: %s", reason)
}
