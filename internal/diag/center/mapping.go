package center

import (
	"context"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// mapping looks for the claim by which the issuer looks people up.
func (l *look) mapping(ctx context.Context) {
	switch {
	case l.Has("center.mapping"):
	case l.issuer == nil:
		l.skip("needs the issuer: see center.issuer", "center.mapping", "center.user")
	case l.c.Token == nil || l.c.Token.Claims == nil:
		l.skip("needs a token: see token", "center.mapping", "center.user")
	default:
		l.claim(ctx)
	}
}

func (l *look) claim(ctx context.Context) {
	path := l.issuer.claim
	value, there := claimAt(l.c.Token.Claims, path)
	text, isText := value.(string)
	switch {
	case !there && l.scopeOf(path) != "":
		l.Found("center.claim-missing", "scopes", l.issuer.arn+" looks people up by the claim "+path+", and the scope "+l.scopeOf(path)+", which brings it, is not asked for", l.askScope(path))
	case !there || isText && text == "":
		l.Found("center.claim-missing", l.issuer.arn, l.issuer.arn+" looks people up by the claim "+path+", which the token lacks", l.claimFixes(ctx)...)
	case !isText:
		l.Found("center.claim-not-text", l.issuer.arn, l.issuer.arn+" looks people up by the claim "+path+", which is "+chain.KindOf(value)+" in the token", l.claimFixes(ctx)...)
	default:
		l.value = text
		l.OK("center.mapping", path+" = "+text+", compared with "+l.issuer.attribute)
		return
	}
	l.Skip("center.user", "needs the mapped claim: see center.mapping")
}

// scopeOf is the scope that brings a claim (OpenID Connect Core section 5.4), if the
// configured sign-in could ask for it and does not; else "".
func (l *look) scopeOf(claim string) string {
	c := l.c
	scope := map[string]string{"email": "email", "preferred_username": "profile"}[claim]
	if c.LoginErr != nil || !c.Asked.JWT.IsZero() || !c.Config.TokenSource().IsZero() || slices.Contains(c.Login.Scopes, scope) {
		return ""
	}
	return scope
}

// askScope is the fix that has the next sign-in ask for the scope of a claim.
func (l *look) askScope(claim string) finding.Fix {
	scope := l.scopeOf(claim)
	text := encoded(map[string]any{"scopes": append(slices.Clone(l.c.Login.Scopes), scope)})
	return finding.Fix{
		Who: finding.You, Does: "ask for the scope " + scope + ", and sign in again",
		Command: l.c.TipCLI("configure", "idp", "--config", text) + " && " + l.c.TipCLI("auth"),
	}
}

// claimAt is the value of a claim, whose path may have dots in it or lead into nested ones.
func claimAt(claims map[string]any, path string) (any, bool) {
	if value, ok := claims[path]; ok {
		return value, value != nil
	}
	var at any = claims
	for part := range strings.SplitSeq(path, ".") {
		within, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		at = within[part]
	}
	return at, at != nil
}

// usual are claims by which people are looked up, each with its attribute.
var usual = [][2]string{
	{"email", emailPath}, {"preferred_username", userNamePath}, {"upn", userNamePath}, {"email", userNamePath}, {"preferred_username", emailPath}, {"upn", emailPath},
}

// claimFixes map another claim, if the token has one that finds a user, or have the
// identity provider send the one.
func (l *look) claimFixes(ctx context.Context) []finding.Fix {
	send := finding.Fix{
		Who: finding.IdPAdmin, Does: "have the identity provider put the claim " + l.issuer.claim + " into the token, as a text",
		Console: "the application or authorization server at the identity provider > claims of the token (the scopes email and profile bring the usual ones)",
	}
	for _, pair := range usual {
		text, _ := l.c.Token.Claims[pair[0]].(string)
		if text == "" || pair[0] == l.issuer.claim {
			continue
		}
		switch known, found := l.finds(ctx, pair[1], text); {
		case found:
			return []finding.Fix{l.remap(pair[0], pair[1]), send}
		case !known:
			return []finding.Fix{console("look people up by the claim "+pair[0]+" and the attribute "+pair[1]+", if the users have it there, which may not be read", inIssuers), send}
		}
	}
	return []finding.Fix{send}
}

// finds reports whether a user has an attribute, if that may be asked.
func (l *look) finds(ctx context.Context, attribute, value string) (known, found bool) {
	if l.c.Registration.IdentityStoreID == "" {
		return false, false
	}
	_, r := l.byAttribute(ctx, attribute, value)
	return r == nil || r.NotFound, r == nil
}

// remap is the fix that changes the mapping of the issuer.
func (l *look) remap(claim, attribute string) finding.Fix {
	settings := map[string]any{"OidcJwtConfiguration": map[string]string{
		"ClaimAttributePath": claim, "IdentityStoreAttributePath": attribute, "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
	}}
	return fix("look everybody who comes by this issuer up by the claim "+claim+" and the attribute "+attribute, l.aws("sso-admin", "update-trusted-token-issuer",
		"--trusted-token-issuer-arn", l.issuer.arn, "--trusted-token-issuer-configuration", encoded(settings)))
}
