package oidclogin

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// authenticate gets the secret of a confidential client, once in an operation.
func (k *call) authenticate(ctx context.Context) error {
	s := k.settings
	if s.ClientAuthentication == ClientNone || !k.clientSecret.IsZero() {
		return nil
	}
	value, err := s.ClientSecret(ctx)
	switch {
	case ctx.Err() != nil:
		return contextError(ctx)
	case err != nil:
		e := fail(KindConfig, "the client secret cannot be had: %s", printable(redact(err.Error(), nil), maxShown))
		e.cause = err
		return e.hint("%s", k.names.check(k.names.ClientSecret))
	case value.IsZero():
		return fail(KindConfig, "the client secret is empty").hint("%s", k.names.check(k.names.ClientSecret))
	}
	k.clientSecret = value
	return nil
}

// post sends a form to an endpoint as this client: at most sends times where the
// provider may have worked on it. Redirects are not followed: what is posted is
// for that endpoint alone.
func (k *call) post(ctx context.Context, endpoint string, form url.Values, sends int) (*answer, error) {
	basic := k.settings.ClientAuthentication == ClientSecretBasic
	if !basic {
		form.Set("client_id", k.settings.ClientID)
	}
	if k.settings.ClientAuthentication == ClientSecretPost {
		form.Set("client_secret", k.clientSecret.Reveal())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		req.Header.Set("Authorization", "Basic "+k.basicCredentials())
	}
	return k.send(req, sends)
}

// basicCredentials are id and secret for HTTP Basic, each form-urlencoded first
// (RFC 6749 section 2.3.1).
func (k *call) basicCredentials() string {
	plain := url.QueryEscape(k.settings.ClientID) + ":" + url.QueryEscape(k.clientSecret.Reveal())
	return base64.StdEncoding.EncodeToString([]byte(plain))
}

// secretFields are what a form may hold that must not come back in an error.
var secretFields = []string{"code", "code_verifier", "refresh_token", "device_code", "token", "client_secret"}

// sentIn returns the secrets of a form and of the client.
func (k *call) sentIn(form url.Values) []secret.Value {
	secrets := []secret.Value{k.clientSecret, secret.New(k.basicCredentials())}
	for _, name := range secretFields {
		secrets = append(secrets, secret.New(form.Get(name)))
	}
	return secrets
}
