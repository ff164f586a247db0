package lab_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// decode reads the claims of a JWT without verifying it, as clients do.
func decode(t *testing.T, token string) map[string]any {
	t.Helper()
	return claimsOf(t, token)
}

func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts in a JWT", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTokenAnswer(t *testing.T) {
	b := start(t, strict)
	out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")))
	if err != nil {
		t.Fatal(err)
	}
	c := decode(t, *out.IdToken)
	store := "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	issuer := ""
	for _, i := range []string{c["act"].(map[string]any)["sub"].(string)} {
		issuer = i
	}
	if !strings.HasPrefix(issuer, "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-") {
		t.Errorf("act.sub %q", issuer)
	}
	want := map[string]any{
		"iss": "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", "sub": analyst,
		"aws:identity_store_id": "d-1234567890", "aws:identity_store_arn": store, "aws:instance_arn": instance,
		"aws:instance_account": center, "aws:application_arn": appARN, "act": map[string]any{"sub": issuer},
		"sts:identity_context": *out.AwsAdditionalDetails.IdentityContext,
		"exp":                  c["iat"].(float64) + 3600,
	}
	varying := cmpopts.IgnoreMapEntries(func(k string, _ any) bool {
		return slices.Contains([]string{"aud", "iat", "auth_time", "aws:credential_id", "sts:audit_context"}, k)
	})
	if diff := cmp.Diff(want, c, varying); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if at, err := time.Parse(time.RFC3339, c["auth_time"].(string)); err != nil || at.Unix() != int64(c["iat"].(float64)) {
		t.Errorf("auth_time %v", c["auth_time"])
	}
	if aud, _ := c["aud"].(string); aud == "" || aud == appARN || strings.Contains(aud, ":") {
		t.Errorf("aud %q is not an opaque client id", aud)
	}
	for _, claim := range []string{"sts:identity_context", "sts:audit_context"} {
		if s := c[claim].(string); !strings.HasPrefix(s, "AQoJb3JpZ2luX2Vj") || len(s) > 2048 {
			t.Errorf("%s has %d characters and begins with %.16s", claim, len(s), s)
		}
	}
	if c["sts:identity_context"] == c["sts:audit_context"] || c["aws:credential_id"] == "" {
		t.Error("the contexts are the same, or there is no credential id")
	}
	type rest struct {
		Type, Issued string
		Expires      int32
		Refresh      bool
		Scope        []string
	}
	wantRest := rest{"Bearer", "urn:ietf:params:oauth:token-type:access_token", 3600, false,
		[]string{"s3:access_grants:read_write", "athena:workgroup:read_write", "lakeformation:query", "openid", "aws", "sts:identity_context"}}
	got := rest{*out.TokenType, *out.IssuedTokenType, out.ExpiresIn, out.RefreshToken != nil, out.Scope}
	if diff := cmp.Diff(wantRest, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if _, err := b.webIdentity(oidcRole, *out.IdToken); answerOf(err).Code != "InvalidIdentityToken" {
		t.Errorf("STS takes Identity Center's own ID token: %v", err)
	}
	again, err := b.createToken(b.session(oidcRole), asserting(b.jwt("engineer")))
	if err != nil {
		t.Fatal(err)
	}
	if e := decode(t, *again.IdToken); e["sub"] != engineer || e["aud"] != c["aud"] {
		t.Errorf("another user's sub %v and aud %v", e["sub"], e["aud"])
	}
}

// The narrower scopes that were asked for travel in the context.
func TestNarrowScopesTravel(t *testing.T) {
	b := start(t, strict)
	out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")), func(in *ssooidc.CreateTokenWithIAMInput) { in.Scope = []string{"lakeformation:query"} })
	if err != nil {
		t.Fatal(err)
	}
	id, err := b.lab.State().OpenContext(*out.AwsAdditionalDetails.IdentityContext)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"lakeformation:query", "openid", "aws", "sts:identity_context"}
	if diff := cmp.Diff(want, id.Scopes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, out.Scope); diff != "" {
		t.Error(diff)
	}
	sts, err := b.assume(b.session(oidcRole), enhanced, providing(*out.AwsAdditionalDetails.IdentityContext))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.dataAccess(static(sts.Credentials), "s3://tip-demo-data/reports/*", "READ")
	expect(t, noPermission("READ", "s3://tip-demo-data/reports/*"), err)
}

// An application with every scope that fits still makes contexts that STS takes.
func TestManyScopesFitIntoAContext(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		a := &w.IdentityCenter[0].Applications[0]
		a.Scopes = nil
		for i := range 25 {
			a.Scopes = append(a.Scopes, world.ScopeFile{Scope: "s3:access_grants:scope_number_" + string(rune('a'+i))})
		}
	})
	out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.assume(b.session(oidcRole), enhanced, providing(*out.AwsAdditionalDetails.IdentityContext))
	expect(t, answer{}, err)
}

func TestRefreshGrant(t *testing.T) {
	arns, add := apps(map[string]func(*world.ApplicationFile){
		"app":   func(a *world.ApplicationFile) { a.RefreshToken = true },
		"other": func(a *world.ApplicationFile) { a.RefreshToken = true },
		"assigned": func(a *world.ApplicationFile) {
			a.RefreshToken, a.AssignmentRequired, a.AssignedUsers = true, nil, []string{"engineer@example.com"}
		},
	})
	b := start(t, strict, add)
	caller := b.session(oidcRole)
	first, err := b.createToken(caller, asserting(b.jwt("analyst")), forClient(arns["app"]), func(in *ssooidc.CreateTokenWithIAMInput) {
		in.Scope = []string{"s3:access_grants:read_write"}
	})
	if err != nil {
		t.Fatal(err)
	}
	if first.RefreshToken == nil || *first.IssuedTokenType != "urn:ietf:params:oauth:token-type:refresh_token" {
		t.Fatalf("refresh token %v, issued token type %s", first.RefreshToken != nil, *first.IssuedTokenType)
	}
	issue := func(app, user string, expires time.Time) string {
		return b.lab.State().IssueRefreshToken(&world.RefreshToken{ApplicationARN: arns[app], UserID: user, IssuerARN: "arn", Expires: expires})
	}
	later := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		app, token string
		scope      []string
		want       answer
	}{
		"good":              {"app", *first.RefreshToken, nil, answer{}},
		"again":             {"app", *first.RefreshToken, nil, answer{}},
		"narrower":          {"app", *first.RefreshToken, []string{"s3:access_grants:read_write"}, answer{}},
		"wider":             {"app", *first.RefreshToken, []string{"lakeformation:query"}, answer{400, "InvalidScopeException", "Invalid scope: lakeformation:query"}},
		"other application": {"other", *first.RefreshToken, nil, invalidGrant("Invalid refresh token provided")},
		"unknown":           {"app", "aorAAAAAunknown", nil, invalidGrant("Invalid refresh token provided")},
		"an access token":   {"app", *first.AccessToken, nil, invalidGrant("Invalid refresh token provided")},
		"expired":           {"app", issue("app", analyst, time.Now().Add(-time.Second)), nil, answer{400, "ExpiredTokenException", "Refresh token expired"}},
		"user gone":         {"app", issue("app", "1234567890-eeeeeeee-5555-4eee-8eee-eeeeeeeeeeee", later), nil, invalidGrant("Invalid refresh token provided")},
		"not assigned":      {"assigned", issue("assigned", analyst, later), nil, bare},
		"assigned":          {"assigned", issue("assigned", engineer, later), nil, answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := b.on(t).createToken(caller, forClient(arns[c.app]), func(in *ssooidc.CreateTokenWithIAMInput) {
				in.GrantType, in.RefreshToken, in.Scope = aws.String("refresh_token"), &c.token, c.scope
			})
			expect(t, c.want, err)
			if name == "good" && err == nil {
				if decode(t, *out.IdToken)["sub"] != analyst || slices.Contains(out.Scope, "lakeformation:query") {
					t.Errorf("refreshed: sub %v, scope %v", decode(t, *out.IdToken)["sub"], out.Scope)
				}
			}
		})
	}
	t.Run("disabled user", func(t *testing.T) {
		b := start(t, strict, add, func(w *lab.World) { w.IdentityCenter[0].Users[0].Disabled = true })
		token := b.lab.State().IssueRefreshToken(&world.RefreshToken{ApplicationARN: arns["app"], UserID: analyst, Expires: later})
		_, err := b.createToken(b.session(oidcRole), forClient(arns["app"]), func(in *ssooidc.CreateTokenWithIAMInput) {
			in.GrantType, in.RefreshToken = aws.String("refresh_token"), &token
		})
		expect(t, bare, err)
	})
}
