package idp_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// secret has letters that form-encoding changes (RFC 6749, 2.3.1).
const secret = "s3cr+t/% &:ü"

// confidentialLab has clients with the secret at the plain issuer, under each
// way of authentication, and one at a user pool.
func confidentialLab(t *testing.T) *lab {
	t.Helper()
	clients := ""
	for id, authentication := range map[string]string{"basic": "", "post": "client_secret_post", "any": "any", "a b": "client_secret_basic"} {
		clients += "      - {id: " + id + ", secret: '" + secret + "', redirectUris: [" + callback + "], refreshToken: true"
		if authentication != "" {
			clients += ", authentication: " + authentication
		}
		clients += "}\n"
	}
	document := strings.Replace(worldFile, "      - id: other-cli\n", clients+"      - id: other-cli\n", 1)
	document = strings.Replace(document, oktaURL+"\n    face: okta", poolURL+"\n    face: cognito", 1)
	return newLabOf(t, document, time.Now)
}

func basic(id, secret string) []string {
	text := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
}

func TestClientAuthentication(t *testing.T) {
	tests := map[string]struct {
		client           string
		changes, headers []string
		status           int
		want             string
	}{
		"basic":                        {"basic", []string{"client_id", ""}, basic("basic", secret), 200, ""},
		"basic, client_id beside it":   {"basic", nil, basic("basic", secret), 200, ""},
		"basic, id to be encoded":      {"a b", []string{"client_id", ""}, basic("a b", secret), 200, ""},
		"basic, lower case scheme":     {"basic", nil, []string{"Authorization", strings.Replace(basic("basic", secret)[1], "Basic", "basic", 1)}, 200, ""},
		"post":                         {"post", []string{"client_secret", secret}, nil, 200, ""},
		"any by basic":                 {"any", nil, basic("any", secret), 200, ""},
		"any by post":                  {"any", []string{"client_secret", secret}, nil, 200, ""},
		"public":                       {"tip-cli", nil, nil, 200, ""},
		"public with Basic":            {"tip-cli", nil, basic("tip-cli", ""), 401, "invalid_client"},
		"public with a secret":         {"tip-cli", []string{"client_secret", secret}, nil, 401, "invalid_client"},
		"no secret":                    {"basic", nil, nil, 401, "invalid_client"},
		"empty secret":                 {"basic", nil, basic("basic", ""), 401, "invalid_client"},
		"wrong secret":                 {"basic", nil, basic("basic", "wrong"), 401, "invalid_client"},
		"secret that is not encoded":   {"basic", nil, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("basic:"+secret))}, 401, "invalid_client"},
		"wrong secret by post":         {"post", []string{"client_secret", "wrong"}, nil, 401, "invalid_client"},
		"by post, registered basic":    {"basic", []string{"client_secret", secret}, nil, 401, "invalid_client"},
		"by basic, registered post":    {"post", nil, basic("post", secret), 401, "invalid_client"},
		"another client's Basic":       {"basic", nil, basic("any", secret), 401, "invalid_client"},
		"both ways":                    {"any", []string{"client_secret", secret}, basic("any", secret), 400, "invalid_request"},
		"Bearer":                       {"basic", nil, []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
		"Basic of no base64":           {"basic", nil, []string{"Authorization", "Basic !"}, 401, "invalid_client"},
		"Basic without a colon":        {"basic", nil, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("basic"))}, 401, "invalid_client"},
		"Basic with a broken id":       {"basic", nil, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("%zz:x"))}, 401, "invalid_client"},
		"client assertion":             {"basic", []string{"client_assertion", "x"}, nil, 401, "invalid_client"},
		"client assertion, type alone": {"basic", []string{"client_assertion_type", "x"}, basic("basic", secret), 401, "invalid_client"},
	}
	l := confidentialLab(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			form := codeForm(l.code(t, plainURL, "client_id", tt.client), append([]string{"client_id", tt.client}, tt.changes...)...)
			answer := l.post(t, plainURL+"/token", form, tt.headers...)
			if got := answer.tokens(t); got.Status != tt.status || got.Error != tt.want {
				t.Errorf("%+v, want %d %s", got, tt.status, tt.want)
			}
			challenged := strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Basic ")
			if want := tt.status == 401 && tt.headers != nil; challenged != want {
				t.Errorf("challenged %v, want %v", challenged, want)
			}
			if strings.Contains(answer.body, secret) {
				t.Error("the answer has the secret")
			}
		})
	}
}

// Every endpoint that a client calls by itself wants the secret.
func TestClientAuthenticationEverywhere(t *testing.T) {
	l := confidentialLab(t)
	first := l.redeem(t, plainURL, codeForm(l.code(t, plainURL, "client_id", "basic"), "client_id", "basic"), basic("basic", secret)...)
	for name, send := range map[string]func(headers ...string) answer{
		"refresh": func(headers ...string) answer {
			return l.post(t, plainURL+"/token", refreshForm(first.RefreshToken, "client_id", "basic"), headers...)
		},
		"device": func(headers ...string) answer {
			return l.post(t, plainURL+"/device_authorization", deviceForm("client_id", "basic"), headers...)
		},
		"revocation": func(headers ...string) answer {
			return l.post(t, plainURL+"/revoke", revokeForm("x", "client_id", "basic"), headers...)
		},
	} {
		if got := send(); got.StatusCode != 401 || got.tokens(t).Error != "invalid_client" {
			t.Errorf("%s without the secret: %d", name, got.StatusCode)
		}
		if got := send(basic("basic", secret)...); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
}

// Discovery names what the issuer's clients use.
func TestAuthenticationMethods(t *testing.T) {
	l := confidentialLab(t)
	metadata := l.metadata(t, plainURL)
	for _, name := range []string{"token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"} {
		if diff := cmp.Diff([]any{"client_secret_basic", "client_secret_post", "none"}, metadata[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A user pool answers invalid_client with status 400.
func TestCognitoClientStatus(t *testing.T) {
	l := confidentialLab(t)
	code := l.get(t, poolDomain+"/oauth2/authorize?"+headless("client_id", "basic", "scope", "openid").Encode()).response(t).Get("code")
	form := codeForm(code, "client_id", "basic")
	if got := l.post(t, poolDomain+"/oauth2/token", form).tokens(t); got.Status != 400 || got.Error != "invalid_client" {
		t.Errorf("%+v", got)
	}
	if got := l.post(t, poolDomain+"/oauth2/token", form, basic("basic", secret)...).tokens(t); got.Status != 200 {
		t.Errorf("%+v", got)
	}
}
