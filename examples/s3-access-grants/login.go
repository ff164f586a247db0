package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

// problem is an error and what to do about it.
type problem struct {
	err  error
	hint string
}

// Error implements error.
func (p *problem) Error() string { return p.err.Error() }

// Hint says what to do.
func (p *problem) Hint() string { return p.hint }

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.err }

// fetchIDToken is step 0, and the [tipcreds.WebTokenProvider]: every call signs the user
// in anew, since Identity Center takes an ID token once.
func (n *notebook) fetchIDToken(ctx context.Context) (string, error) {
	n.print("0. Fetch the application ID token")
	user, err := n.getSecret(ctx)
	if err != nil {
		return "", err
	}
	n.print("   The secret %s names the user %q.", n.secret, user.Username)
	token, err := n.login(ctx, user)
	if err != nil {
		return "", err
	}
	n.print("   Login successful.")
	return token, nil
}

// userCreds are the fields of the secret.
type userCreds struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// getSecret reads the user's credentials. No error holds any of the secret's text.
func (n *notebook) getSecret(ctx context.Context) (*userCreds, error) {
	out, err := secretsmanager.NewFromConfig(n.aws).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &n.secret})
	if err != nil {
		return nil, &problem{fmt.Errorf("unable to retrieve the secret %s: %w", n.secret, err), n.secretHint(err)}
	}
	if out.SecretString == nil {
		return nil, fmt.Errorf("the secret %s is binary: store it as a SecretString, {\"username\": ..., \"password\": ...}", n.secret)
	}
	var user userCreds
	if json.Unmarshal([]byte(*out.SecretString), &user) != nil || user.Username == "" || user.Password == "" {
		return nil, fmt.Errorf("the secret %s is not JSON of the form {\"username\": ..., \"password\": ...}", n.secret)
	}
	return &user, nil
}

func (n *notebook) secretHint(err error) string {
	answer, _ := errors.AsType[smithy.APIError](err)
	switch {
	case answer == nil:
		return "the program needs credentials of the notebook's role, as in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
	case answer.ErrorCode() == "AccessDeniedException":
		return "the Secrets-Manager-Policy of the notebook's role must allow secretsmanager:GetSecretValue on this secret in " + n.region
	case answer.ErrorCode() == "ResourceNotFoundException":
		return "name the secret with -user-creds, and its region with -region: there is none of that name in " + n.region
	}
	return ""
}

// maxAnswer bounds the application's answer, in bytes.
const maxAnswer = 1 << 20

// login signs the user in and returns the ID token. What the application writes in a
// refusal is not shown, since it could repeat what it was sent.
func (n *notebook) login(ctx context.Context, user *userCreds) (string, error) {
	address := n.endpoint + "/users/login"
	payload, err := json.Marshal(map[string]string{"email": user.Username, "password": user.Password})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := n.http.Do(request)
	if err != nil {
		return "", &problem{fmt.Errorf("login failed: %w", err), "start the application, or name it with -api-endpoint"}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", &problem{fmt.Errorf("login failed: POST %s: HTTP %d %s", address, response.StatusCode, http.StatusText(response.StatusCode)), n.loginHint(response.StatusCode)}
	}
	var answer struct {
		Token string `json:"token"`
	}
	if json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer) != nil || answer.Token == "" {
		return "", fmt.Errorf("login failed: POST %s: the answer is not JSON of the form {\"token\": ...}", address)
	}
	return answer.Token, nil
}

func (n *notebook) loginHint(status int) string {
	if status == http.StatusUnauthorized {
		return "the application does not know the username and password that are in the secret " + n.secret
	}
	return "look at the application's log, and at -api-endpoint"
}
