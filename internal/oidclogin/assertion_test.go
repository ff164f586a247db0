package oidclogin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

const api = "https://api.example"

func accessAssertion(s *oidclogin.Settings) {
	s.Assertion, s.Audience = oidclogin.AssertionAccessToken, api
}

// accessClaims are those of a JWT access token (RFC 9068 section 2.2), edited.
func (p *idp) accessClaims(edit func(map[string]any)) map[string]any {
	c := map[string]any{
		"iss": p.URL, "sub": "api-" + subject, "aud": api, "client_id": clientID,
		"iat": at(0), "exp": at(time.Hour), "jti": "AT.example",
	}
	if edit != nil {
		edit(c)
	}
	return c
}

func (p *idp) accessToken(edit func(map[string]any)) string {
	token := sign(p.t, jose.RS256, rsaKey(), keyID, p.accessClaims(edit))
	p.remember(token)
	return token
}

// TestAssertion: the access token is what AWS gets, beside a verified ID token.
func TestAssertion(t *testing.T) {
	p := newIDP(t)
	access := p.accessToken(nil)
	p.answer = set("access_token", access)
	r := p.signIn(t, signInOptions{settings: accessAssertion})
	if r.err != nil || r.tokens.Assertion.Reveal() != access || r.tokens.AssertionClaims.Subject != "api-"+subject ||
		r.tokens.Claims.Subject != subject || r.tokens.IDToken.IsZero() {
		t.Fatalf("%+v, %v", r.tokens, r.err)
	}
	r = p.signIn(t, signInOptions{})
	if r.err != nil || r.tokens.Assertion.Reveal() != r.tokens.IDToken.Reveal() || r.tokens.AssertionClaims.ID != r.tokens.Claims.ID {
		t.Fatalf("%+v, %v", r.tokens, r.err)
	}
	p.answer = set("id_token", nil)
	r = p.signIn(t, signInOptions{settings: accessAssertion})
	wantError(t, r.err, oidclogin.KindNoIDToken, "no id_token") // the nonce is in it
}

// accessWays are sign-in, refresh and verification with an access token.
func (p *idp) accessWays(t *testing.T, access string) map[string]error {
	t.Helper()
	settings := p.settings()
	accessAssertion(&settings)
	client := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
	p.answer = set("access_token", access)
	signedIn := p.signIn(t, signInOptions{settings: accessAssertion})
	p.answer = both(set("access_token", access), set("id_token", nil))
	refreshed, refreshErr := client.Refresh(t.Context(), secret.New(held))
	if !refreshed.Rotated || refreshed.Assertion.IsZero() != (refreshErr != nil) {
		t.Errorf("refreshed %+v, %v", refreshed, refreshErr)
	}
	errs := map[string]error{"sign in": signedIn.err, "refresh": refreshErr}
	if access != "" {
		_, errs["verify"] = client.Verify(t.Context(), secret.New(access))
	}
	p.assertNoSecret(t, formats(errs), formats(refreshed))
	return errs
}

func TestAccessTokenClaims(t *testing.T) {
	tests := map[string]struct {
		edit func(map[string]any)
		kind oidclogin.Kind
		want string // empty: accepted
	}{
		"right":         {nil, 0, ""},
		"list aud":      {set("aud", []string{api, "other"}), 0, ""},
		"no sub":        {set("sub", nil), 0, ""},
		"azp of client": {set("azp", clientID), 0, ""},
		"cid of client": {both(set("cid", clientID), set("client_id", nil)), 0, ""},
		"no client":     {set("client_id", nil), 0, ""},
		"other azp":     {set("azp", "other"), oidclogin.KindVerification, `the access token is for another client: azp is "other"`},
		"other cid":     {set("cid", "other"), oidclogin.KindVerification, `cid is "other"`},
		"other client":  {set("client_id", "ot\u202eher"), oidclogin.KindVerification, `client_id is "ot her"`},
		"other appid":   {set("appid", "other"), oidclogin.KindVerification, `appid is "other"`},
		"empty azp":     {set("azp", ""), oidclogin.KindVerification, `azp is ""`},
		"odd cid":       {set("cid", 7), oidclogin.KindVerification, "the claims of the access token are malformed"},
		"no aud":        {set("aud", nil), oidclogin.KindConfig, "the access token has no aud claim"},
		"empty aud":     {set("aud", ""), oidclogin.KindConfig, "the access token has no aud claim"},
		"empty list":    {set("aud", []string{}), oidclogin.KindConfig, "the access token has no aud claim"},
		"other issuer":  {set("iss", "https://evil.example"), oidclogin.KindVerification, "the access token is refused: "},
		"expired":       {both(set("iat", at(-2*time.Hour)), set("exp", at(-time.Hour))), oidclogin.KindVerification, "the access token expired at"},
		"no exp":        {set("exp", nil), oidclogin.KindVerification, "the access token has no exp claim"},
		"nbf ahead":     {set("nbf", at(6*time.Minute)), oidclogin.KindVerification, "the access token is not valid before"},
		"iat ahead":     {set("iat", at(6*time.Minute)), oidclogin.KindVerification, "the access token was issued at"},
		"no iat":        {set("iat", nil), oidclogin.KindVerification, "the access token has no iat claim"},
		"odd claim":     {set("email", 7), oidclogin.KindVerification, "the claims of the access token are malformed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			for way, err := range p.accessWays(t, p.accessToken(tt.edit)) {
				if tt.want != "" {
					wantError(t, err, tt.kind, tt.want)
				} else if err != nil {
					t.Errorf("%s: %v", way, err)
				}
			}
		})
	}
}

func TestAccessTokenForms(t *testing.T) {
	tests := map[string]struct {
		token func(p *idp) string
		jwks  http.HandlerFunc
		kind  oidclogin.Kind
		want  string
	}{
		"opaque":      {func(p *idp) string { return p.secret("access") }, nil, oidclogin.KindConfig, "the access token is opaque: it is not a JWT"},
		"encrypted":   {func(p *idp) string { return "a.b.c.d." + p.secret("access") }, nil, oidclogin.KindConfig, "the access token is opaque"},
		"HS256":       {func(p *idp) string { return confusedToken(p.t, p.accessClaims(nil)).(string) }, nil, oidclogin.KindVerification, "the access token is signed with HS256"},
		"none":        {func(p *idp) string { return unsigned(`{"alg":"none"}`, p.accessClaims(nil)) }, nil, oidclogin.KindVerification, "the access token is not signed"},
		"another key": {func(p *idp) string { return signedByOther(p.t, p.accessClaims(nil)).(string) }, nil, oidclogin.KindVerification, "the signature of the access token is wrong"},
		"unknown kid": {func(p *idp) string { return signedBy("key-9")(p.t, p.accessClaims(nil)).(string) }, nil, oidclogin.KindVerification, `the access token is signed with key "key-9"`},
		"none at all": {func(*idp) string { return "" }, nil, oidclogin.KindNetwork, "the answer of the token endpoint has no access_token"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			token := tt.token(p)
			if token != "" {
				p.remember(token)
			}
			for _, err := range p.accessWays(t, token) {
				wantError(t, err, tt.kind, tt.want)
			}
		})
	}
}

// TestAccessTokenPrevious: a refreshed access token is compared with the one that
// was sent before; an ID token beside it is verified too.
func TestAccessTokenPrevious(t *testing.T) {
	tests := map[string]struct {
		previous oidclogin.Claims
		claims   func(map[string]any)
		want     string
	}{
		"same":           {oidclogin.Claims{Subject: "api-" + subject}, nil, ""},
		"other user":     {oidclogin.Claims{Subject: subject}, nil, "the refreshed access token is for another user"},
		"other issuer":   {oidclogin.Claims{Issuer: "https://idp.example"}, nil, "the refreshed access token is issued by"},
		"nonce is ours":  {oidclogin.Claims{Nonce: "n"}, nil, ""},
		"ID token wrong": {oidclogin.Claims{}, set("aud", "other"), "the ID token is refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.claims = tt.claims
			p.answer = set("access_token", p.accessToken(set("nonce", "m")))
			settings := p.settings()
			accessAssertion(&settings)
			tokens, err := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)}).
				Refresh(t.Context(), secret.New(held), func(o *oidclogin.RefreshOptions) { o.Previous = tt.previous })
			if tt.want != "" {
				wantError(t, err, oidclogin.KindVerification, tt.want)
			} else if err != nil || tokens.IDToken.IsZero() {
				t.Error(err)
			}
			if !tokens.Rotated || tokens.Assertion.IsZero() != (err != nil) {
				t.Errorf("%+v", tokens)
			}
		})
	}
}

// TestAssertionOfCognito: the issuer is learned from the ID token, and from the
// access token where a refresh gives that alone. Without aud it is refused.
func TestAssertionOfCognito(t *testing.T) {
	p, client := newCognito(t)
	bound := p.accessToken(set("iss", pool))
	p.answer = set("access_token", bound)
	if r := p.signInCognito(t, client, accessAssertion); r.err != nil || r.tokens.AssertionClaims.Issuer != pool {
		t.Errorf("%+v, %v", r.tokens, r.err)
	}
	settings := p.settings()
	withoutIssuer(domain)(&settings)
	accessAssertion(&settings)
	c := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client})
	p.answer = both(set("access_token", bound), set("id_token", nil))
	if tokens, err := c.Refresh(t.Context(), secret.New(held)); err != nil || tokens.Assertion.Reveal() != bound {
		t.Errorf("%+v, %v", tokens, err)
	}
	plain := p.accessToken(both(set("iss", pool), set("aud", nil)))
	p.answer = set("access_token", plain)
	wantError(t, p.signInCognito(t, client, accessAssertion).err, oidclogin.KindConfig, "the access token has no aud claim")
}
