package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// bare is a denial that names nothing.
var bare = answer{400, "AccessDeniedException", ""}

// application n of the tests: the default one under another ARN.
func applicationARN(n int) string {
	return fmt.Sprintf("arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-%016d", n)
}

// apps adds applications by name and returns their ARNs.
func apps(edits map[string]func(*world.ApplicationFile)) (map[string]string, func(*lab.World)) {
	arns := map[string]string{}
	for name := range edits {
		arns[name] = applicationARN(len(arns))
	}
	return arns, func(w *lab.World) {
		c := &w.IdentityCenter[0]
		for name, edit := range edits {
			a := c.Applications[0]
			a.Name, a.ARN = name, arns[name]
			edit(&a)
			c.Applications = append(c.Applications, a)
		}
	}
}

// actors is an actor policy for principals.
func actors(arns ...any) map[string]any {
	return policyOf(statement("Allow", "sso-oauth:CreateTokenWithIAM", "Principal", principal(arns...), "Resource", "*"))
}

func actorApps() (map[string]string, func(*lab.World)) {
	by := func(arns ...any) func(*world.ApplicationFile) {
		return func(a *world.ApplicationFile) { a.ActorPolicy = actors(arns...) }
	}
	return apps(map[string]func(*world.ApplicationFile){
		"none":       func(a *world.ApplicationFile) { a.ActorPolicy = nil },
		"disabled":   func(a *world.ApplicationFile) { a.Disabled, a.ActorPolicy = true, actors("*") },
		"other role": by(roleIn(appl, "tip-id-enhanced-role")),
		"role":       by(roleIn(appl, "plain"), roleIn(center, "plain"), roleIn(appl, "allowed"), roleIn(center, "allowed"), roleIn(appl, "forbidden"), roleIn(center, "forbidden")),
		"account":    by(appl, center),
		"root":       by("arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"),
		"star":       by("*"),
		"wrong action": func(a *world.ApplicationFile) {
			a.ActorPolicy = policyOf(statement("Allow", "sso-oauth:IntrospectTokenWithIAM", "Principal", principal("*"), "Resource", "*"))
		},
		"deny": func(a *world.ApplicationFile) {
			a.ActorPolicy = policyOf(
				statement("Allow", "sso-oauth:CreateTokenWithIAM", "Principal", principal("*"), "Resource", "*"),
				statement("Deny", "sso-oauth:CreateTokenWithIAM", "Principal", principal(roleIn(center, "plain")), "Resource", "*"))
		},
	})
}

// callers are roles of both accounts with different identity policies.
func callers(w *lab.World) {
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	for i := range w.Accounts {
		addRole(w, i, "plain", nobody, nil)
		addRole(w, i, "allowed", nobody, allowing("sso-oauth:CreateTokenWithIAM"))
		addRole(w, i, "forbidden", nobody, map[string]any{"p": policyOf(statement("Deny", "sso-oauth:*", "Resource", "*"))})
	}
}

// byIdentity is the refusal of the caller's own policies.
func byIdentity(account, caller, app, reason string) answer {
	return answer{403, "AccessDeniedException", "User: arn:aws:sts::" + account + ":assumed-role/" + caller +
		"/session is not authorized to perform: sso-oauth:CreateTokenWithIAM on resource: " + app + " " + reason}
}

const (
	noIdentity   = "because no identity-based policy allows the sso-oauth:CreateTokenWithIAM action"
	denyIdentity = "with an explicit deny in an identity-based policy"
)

func TestActorPolicy(t *testing.T) {
	arns, add := actorApps()
	b := start(t, strict, callers, add)
	for name, c := range map[string]struct {
		account, caller, app string
		want                 string
	}{
		"role named":                               {center, "plain", "role", "ok"},
		"role named, identity policy denies":       {center, "forbidden", "role", denyIdentity},
		"everybody":                                {center, "plain", "star", "ok"},
		"account named, no identity policy":        {center, "plain", "account", noIdentity},
		"account named, identity policy":           {center, "allowed", "account", "ok"},
		"root named, no identity policy":           {center, "plain", "root", noIdentity},
		"root named, identity policy":              {center, "allowed", "root", "ok"},
		"other role named":                         {center, "allowed", "other role", ""},
		"no actor policy":                          {center, "allowed", "none", ""},
		"other action":                             {center, "allowed", "wrong action", ""},
		"actor policy denies":                      {center, "plain", "deny", ""},
		"disabled":                                 {center, "allowed", "disabled", ""},
		"across, role named":                       {appl, "plain", "role", noIdentity},
		"across, role named, identity policy":      {appl, "allowed", "role", "ok"},
		"across, role named, denies":               {appl, "forbidden", "role", denyIdentity},
		"across, account named":                    {appl, "plain", "account", noIdentity},
		"across, account named, identity policy":   {appl, "allowed", "account", "ok"},
		"across, root named, identity policy":      {appl, "allowed", "root", "ok"},
		"across, root named":                       {appl, "plain", "root", noIdentity},
		"across, everybody":                        {appl, "plain", "star", noIdentity},
		"across, other role, identity policy":      {appl, "allowed", "other role", ""},
		"across, no actor policy, identity policy": {appl, "allowed", "none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			want := bare
			switch c.want {
			case "ok":
				want = answer{}
			case noIdentity, denyIdentity:
				want = byIdentity(c.account, c.caller, arns[c.app], c.want)
			}
			_, err := b.createToken(b.session(roleIn(c.account, c.caller)), asserting(b.jwt("analyst")), forClient(arns[c.app]))
			if c.want != "ok" && c.want != "" {
				// An IAM denial has a capital Message, which the typed exception of Go loses.
				want.Message = ""
			}
			expect(t, want, err)
		})
	}
	t.Run("an enhanced session", func(t *testing.T) {
		b := b.on(t)
		_, err := b.createToken(b.personAs(roleIn(center, "allowed"), analyst), asserting(b.jwt("analyst")), forClient(arns["star"]))
		expect(t, answer{403, "AccessDeniedException", ""}, err)
	})
	t.Run("the text of an IAM denial", func(t *testing.T) {
		b := b.on(t)
		_, err := b.createToken(b.session(roleIn(appl, "plain")), asserting(b.jwt("analyst")), forClient(arns["role"]))
		if err == nil {
			t.Fatal("allowed")
		}
		var e answer
		for _, event := range b.lab.Events() {
			e = answer{Code: event.ErrorCode, Message: event.ErrorMessage}
		}
		if want := byIdentity(appl, "plain", arns["role"], noIdentity); e.Message != want.Message {
			t.Errorf("the trail says %q, want %q", e.Message, want.Message)
		}
	})
}

func TestCreateTokenRequest(t *testing.T) {
	arns, add := apps(map[string]func(*world.ApplicationFile){
		"no jwt":    func(a *world.ApplicationFile) { a.JWTBearer = nil },
		"refresher": func(a *world.ApplicationFile) { a.RefreshToken = true },
	})
	b := start(t, strict, add)
	caller := b.session(oidcRole)
	kind := func(s string) func(*ssooidc.CreateTokenWithIAMInput) {
		return func(in *ssooidc.CreateTokenWithIAMInput) { in.GrantType = &s }
	}
	scope := func(s ...string) func(*ssooidc.CreateTokenWithIAMInput) {
		return func(in *ssooidc.CreateTokenWithIAMInput) { in.Scope = s }
	}
	refresh := func(s string) func(*ssooidc.CreateTokenWithIAMInput) {
		return func(in *ssooidc.CreateTokenWithIAMInput) {
			in.GrantType, in.RefreshToken = aws.String("refresh_token"), &s
		}
	}
	type edits []func(*ssooidc.CreateTokenWithIAMInput)
	lacking := answer{400, "UnauthorizedClientException", "The grant type is not configured for this application"}
	unknown := answer{401, "InvalidClientException", "Invalid client"}
	fresh := func() func(*ssooidc.CreateTokenWithIAMInput) { return asserting(b.jwt("analyst")) }
	for name, c := range map[string]struct {
		edits edits
		want  answer
	}{
		"good":                    {edits{fresh()}, answer{}},
		"unknown application":     {edits{fresh(), forClient(applicationARN(99))}, unknown},
		"no ARN":                  {edits{fresh(), forClient("tip-cli")}, unknown},
		"issuer's client id":      {edits{fresh(), forClient(clientID)}, unknown},
		"instance ARN":            {edits{fresh(), forClient(instance)}, unknown},
		"unknown grant type":      {edits{fresh(), kind("password")}, answer{400, "UnsupportedGrantTypeException", "Unsupported grant type"}},
		"jwt-bearer missing":      {edits{fresh(), forClient(arns["no jwt"])}, lacking},
		"refresh_token missing":   {edits{refresh("aorAAAA")}, lacking},
		"token exchange missing":  {edits{kind("urn:ietf:params:oauth:grant-type:token-exchange")}, lacking},
		"authorization code":      {edits{kind("authorization_code")}, lacking},
		"no assertion":            {nil, answer{400, "InvalidRequestException", "Missing required parameter: assertion"}},
		"empty assertion":         {edits{asserting("")}, answer{400, "InvalidRequestException", "Missing required parameter: assertion"}},
		"no refresh token":        {edits{kind("refresh_token"), forClient(arns["refresher"])}, answer{400, "InvalidRequestException", "Missing required parameter: refreshToken"}},
		"unknown refresh token":   {edits{refresh("aorAAAA"), forClient(arns["refresher"])}, answer{400, "InvalidGrantException", "Invalid refresh token provided"}},
		"scope":                   {edits{fresh(), scope("s3:access_grants:read_write")}, answer{}},
		"default scopes":          {edits{fresh(), scope("openid", "aws", "sts:identity_context")}, answer{}},
		"scope not configured":    {edits{fresh(), scope("redshift:connect")}, answer{400, "InvalidScopeException", "Invalid scope: redshift:connect"}},
		"one of two unconfigured": {edits{fresh(), scope("lakeformation:query", "redshift:connect")}, answer{400, "InvalidScopeException", "Invalid scope: redshift:connect"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.on(t).createToken(caller, c.edits...)
			expect(t, c.want, err)
		})
	}
	t.Run("another region", func(t *testing.T) {
		b := b.on(t)
		config := b.config(caller)
		config.Region = "us-east-1"
		_, err := ssooidc.NewFromConfig(config).CreateTokenWithIAM(t.Context(), &ssooidc.CreateTokenWithIAMInput{
			ClientId: aws.String(appARN), GrantType: aws.String(jwtGrant), Assertion: aws.String(b.jwt("analyst"))})
		expect(t, unknown, err)
	})
	t.Run("no caller", func(t *testing.T) {
		_, err := b.on(t).createToken(nil, fresh())
		if a := answerOf(err); a.Code != "MissingAuthenticationTokenException" && !strings.Contains(a.Message, "sign") {
			t.Errorf("answer %+v", a)
		}
	})
}
