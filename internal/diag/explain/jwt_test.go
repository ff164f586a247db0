package explain_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/explain"
)

// What is wrong with a token is said of whom it concerns.
func TestTokenVerdicts(t *testing.T) {
	const sts, center = "STS (AssumeRoleWithWebIdentity)", "Identity Center (CreateTokenWithIAM)"
	hour := 3600
	tests := []struct {
		name           string
		header, claims map[string]any
		id, by, says   string // says "" for no problem
	}{
		{"good", nil, nil, "jwt.id-token", "", ""},
		{"ES256", map[string]any{"alg": "ES256"}, nil, "jwt.id-token", center, "only RS256"},
		{"none", map[string]any{"alg": "none"}, nil, "jwt.id-token", sts, "not signed"},
		{"HS256", map[string]any{"alg": "HS256"}, nil, "jwt.id-token", sts, "signed with HS256"},
		{"no alg", map[string]any{"alg": nil}, nil, "jwt.id-token", center, "only RS256"},
		{"Graph", map[string]any{"nonce": "x"}, nil, "jwt.id-token", sts, "Microsoft Graph"},
		{"expired", nil, map[string]any{"exp": now.Unix() - 10}, "jwt.id-token", sts, "has expired"},
		{"too old", nil, map[string]any{"iat": now.Unix() - 48*3600}, "jwt.id-token", sts, "too old"},
		{"from the future", nil, map[string]any{"iat": now.Unix() + int64(hour)}, "jwt.id-token", sts, "issued in the future (in 1h0m)"},
		{"not yet", nil, map[string]any{"nbf": now.Unix() + int64(hour)}, "jwt.id-token", center, "not valid yet"},
		{"no exp", nil, map[string]any{"exp": nil}, "jwt.id-token", center, "no exp"},
		{"no iat", nil, map[string]any{"iat": nil}, "jwt.id-token", sts, "no iat"},
		{"milliseconds", nil, map[string]any{"exp": now.UnixMilli()}, "jwt.id-token", sts, ""},
		{"exp as text", nil, map[string]any{"exp": "2026-01-01"}, "jwt.id-token", sts, "exp is no time in seconds since 1970, as a number: it is a string"},
		{"exp as list", nil, map[string]any{"exp": []any{1}}, "jwt.id-token", sts, "it is a list"},
		{"negative", nil, map[string]any{"exp": -5}, "jwt.id-token", sts, "exp is no time"},
		{"no issuer", nil, map[string]any{"iss": nil}, "jwt.id-token", center, "no issuer"},
		{"http", nil, map[string]any{"iss": "http://idp.example.com"}, "jwt.id-token", sts, "no https URL"},
		{"Entra version 1", nil, map[string]any{"iss": "https://sts.windows.net/t/"}, "jwt.id-token", center, "version 1"},
		{"no audience", nil, map[string]any{"aud": nil}, "jwt.id-token", sts, "no audience"},
		{"azp", nil, map[string]any{"azp": "other", "aud": []any{"a", "b"}}, "jwt.id-token", sts, "azp (other) differs from aud (a, b)"},
		{"azp fits", nil, map[string]any{"azp": "0oa1"}, "jwt.id-token", "", ""},
		{"Cognito's access token", nil, map[string]any{"aud": nil, "token_use": "access", "client_id": "c"}, "jwt.access-token", sts, "as access tokens of Cognito have none"},
		{"Graph's audience", nil, map[string]any{"aud": "00000003-0000-0000-c000-000000000000", "scp": "User.Read"}, "jwt.access-token", center, "Microsoft Graph"},
		{"Okta's access token", nil, map[string]any{"aud": "api://default", "cid": "0oa1", "scp": []any{"openid"}}, "jwt.access-token", "", ""},
		{"at+jwt", map[string]any{"typ": "at+jwt"}, nil, "jwt.access-token", "", ""},
		{"Keycloak's refresh token", nil, map[string]any{"typ": "Refresh"}, "jwt.refresh-token", sts, "refresh token"},
		{"GitHub", nil, map[string]any{"iss": "https://token.actions.githubusercontent.com"}, "jwt.machine-token", center, "workload"},
		{"unverified address", nil, map[string]any{"email_verified": false}, "jwt.id-token", center, "not verified"},
		{"Identity Center's own", nil, map[string]any{"iss": "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", "sts:identity_context": strings.Repeat("c", 500)}, "jwt.identity-center", center, "does not take its own token"},
		{"its audit context alone", nil, map[string]any{"sts:audit_context": "c"}, "jwt.identity-center", "STS (AssumeRole)", "no sts:identity_context"},
	}
	for _, tt := range tests {
		e := one(t, token(t, with(rs256, tt.header), with(good, tt.claims)))
		if e.Kind != explain.JWT || e.ID != tt.id {
			t.Errorf("%s: %s, want %s", tt.name, e.ID, tt.id)
		}
		if !strings.Contains(e.Means, "signature was not verified") {
			t.Errorf("%s: it does not say that nothing was verified: %s", tt.name, e.Means)
		}
		found, problems := false, 0
		for _, v := range e.Verdicts {
			if v.Problem {
				problems++
				found = found || v.By == tt.by && strings.Contains(v.Says, tt.says)
			}
		}
		if tt.by == "" && problems > 0 || tt.by != "" && !found {
			t.Errorf("%s: want %q by %s: %+v", tt.name, tt.says, tt.by, e.Verdicts)
		}
	}
}

// What stands in a token is shown, but for what is secret.
func TestTokenFacts(t *testing.T) {
	context := "AQoJb3JpZ2luX2Vj" + strings.Repeat("Zm9vYmFy", 60)
	text := token(t, rs256, with(good, map[string]any{"sts:identity_context": context, "act": map[string]any{"sub": "arn:aws:sso::111122223333:trustedTokenIssuer/a/b"}, "groups": []any{"g"}}))
	e := one(t, "Bearer "+text[:40]+"\n  "+text[40:])
	for name, want := range map[string]string{
		"iss": "https://dev-123456789.okta.com/oauth2/default", "exp": "2026-11-22T13:00:00Z (in 1h0m)", "header alg": "RS256", "sts:identity_context": "496 characters",
		"act": "arn:aws:sso::111122223333:trustedTokenIssuer/a/b", "other claims": "groups, nonce", "email": "analyst@example.com",
	} {
		if got := fact(e, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if v := e.Verdicts[len(e.Verdicts)-1]; !v.Problem || !strings.Contains(v.Says, "without Bearer") {
		t.Errorf("what is around the token is not told: %+v", v)
	}
	for _, leak := range []string{context[:40], signature, "n-secret-nonce"} {
		if strings.Contains(flat(e), leak) {
			t.Errorf("%s is repeated", leak)
		}
	}
}

// Hostile tokens get one explanation.
func TestBrokenTokens(t *testing.T) {
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	header := b64(`{"alg":"RS256"}`)
	deep := strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000)
	for name, tt := range map[string]struct{ text, id string }{
		"two parts":        {header + "." + b64(`{"a":1}`), "jwt.broken"},
		"four parts":       {header + ".a.b.c", "jwt.broken"},
		"five parts":       {header + "....", "jwt.encrypted"},
		"no JSON":          {header + "." + b64("hello") + ".x", "jwt.broken"},
		"a list":           {header + "." + b64("[1]") + ".x", "jwt.broken"},
		"null":             {header + "." + b64("null") + ".x", "jwt.broken"},
		"bad base64":       {header + ".a.x", "jwt.broken"},
		"trailing JSON":    {header + "." + b64(`{"a":1}{"b":2}`) + ".x", "jwt.broken"},
		"deep":             {header + "." + b64(`{"a":`+deep+`}`) + ".x", "jwt.broken"},
		"not UTF-8 inside": {header + "." + b64("{\"iss\":\"\xff\xfe\",\"exp\":1e400,\"iat\":-1e400,\"sub\":{},\"aud\":[[1],null]}") + ".x", "jwt.id-token"},
		"empty claims":     {header + "." + b64("{}") + ".", "jwt.id-token"},
		"1 MB":             {header + "." + b64(`{"a":"`+strings.Repeat("x", 700000)+`"}`) + ".x", "jwt.id-token"},
		"in an address":    {"https://example.com/#id_token=" + header + "abc." + b64(`{"iss":"https://a.example"}`) + ".x&state=1", "jwt.broken"},
		"in a log":         {"got token " + token(t, rs256, good) + " from the provider", "jwt.id-token"},
	} {
		if e := one(t, tt.text); e.ID != tt.id || len(flat(e)) > 20000 {
			t.Errorf("%s: %s, want %s, %d bytes", name, e.ID, tt.id, len(flat(e)))
		}
	}
}
