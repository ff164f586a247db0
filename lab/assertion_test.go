package lab_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func invalidGrant(description string) answer {
	return answer{400, "InvalidGrantException", description}
}

func TestAssertion(t *testing.T) {
	b := start(t, strict)
	caller := b.session(oidcRole)
	now := time.Now()
	unverified := invalidGrant("The assertion cannot be verified")
	issuer := invalidGrant("The issuer of the assertion is not authorized")
	audience := invalidGrant("The audience of the assertion is not authorized")
	for name, c := range map[string]struct {
		edit func(*lab.IDToken)
		want answer
	}{
		"good":              {claims(), answer{}},
		"none":              {func(o *lab.IDToken) { o.Algorithm = "none" }, invalidGrant("Invalid assertion provided")},
		"HS256":             {func(o *lab.IDToken) { o.Algorithm = "HS256" }, invalidGrant("Invalid assertion provided")},
		"ES256":             {func(o *lab.IDToken) { o.Algorithm = "ES256" }, unverified},
		"RS384":             {func(o *lab.IDToken) { o.Algorithm = "RS384" }, unverified},
		"RS512":             {func(o *lab.IDToken) { o.Algorithm = "RS512" }, unverified},
		"PS256":             {func(o *lab.IDToken) { o.Algorithm = "PS256" }, unverified},
		"foreign key":       {func(o *lab.IDToken) { o.ForeignKey = true }, unverified},
		"unknown kid":       {func(o *lab.IDToken) { o.KeyID = aws.String("unknown") }, unverified},
		"no iss":            {claims("iss", nil), issuer},
		"other iss":         {claims("iss", "https://dev-987654321.okta.com"), issuer},
		"iss with a slash":  {claims("iss", okta+"/"), issuer},
		"iss in other case": {claims("iss", strings.ToUpper(okta)), issuer},
		"no sub":            {claims("sub", nil), invalidGrant("Missing a required claim: sub")},
		"no aud":            {claims("aud", nil), audience},
		"other aud":         {claims("aud", "other"), audience},
		"aud list":          {claims("aud", []any{"other", clientID}), answer{}},
		"aud list, none":    {claims("aud", []any{"other"}), audience},
		"azp does not help": {claims("aud", "other", "azp", clientID), audience},
		"azp does not harm": {claims("azp", "other"), answer{}},
		"no exp":            {claims("exp", nil), invalidGrant("Missing a required claim: exp")},
		"exp as text":       {claims("exp", "4102444800"), invalidGrant("Missing a required claim: exp")},
		"expired":           {func(o *lab.IDToken) { o.Expires = now.Add(-time.Second) }, answer{400, "ExpiredTokenException", "The assertion has expired"}},
		"nbf past":          {claims("nbf", now.Add(-time.Minute).Unix()), answer{}},
		"nbf future":        {claims("nbf", now.Add(time.Minute).Unix()), invalidGrant("The assertion is not yet valid")},
		"nbf as text":       {claims("nbf", "soon"), invalidGrant("The assertion is not yet valid")},
		"iat future":        {claims("iat", now.Add(time.Minute).Unix()), invalidGrant("The assertion is not yet valid")},
		"no iat":            {claims("iat", nil), answer{}},
		"issued long ago":   {func(o *lab.IDToken) { o.IssuedAt, o.Expires = now.Add(-100*time.Hour), now.Add(time.Hour) }, answer{}},
		"no jti":            {claims("jti", nil), answer{}},
		"no mapped claim":   {claims("email", nil), invalidGrant("The assertion lacks the mapped claim")},
		"claim is a list":   {claims("email", []any{"analyst@example.com"}), invalidGrant("The assertion lacks the mapped claim")},
		"nobody matches":    {claims("email", "nobody@example.com"), invalidGrant("No single user matches the assertion")},
		"other case":        {claims("email", "Analyst@example.com"), invalidGrant("No single user matches the assertion")},
		"groups are no use": {claims("email", "nobody@example.com", "groups", []any{"analysts"}), invalidGrant("No single user matches the assertion")},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.createToken(caller, asserting(b.jwt("analyst", c.edit)))
			expect(t, c.want, err)
		})
	}
	t.Run("no JWT", func(t *testing.T) {
		_, err := b.on(t).createToken(caller, asserting("2YotnFZFEjr1zCsicMWpAA"))
		expect(t, invalidGrant("Invalid assertion provided"), err)
	})
	t.Run("expires while it waits", func(t *testing.T) {
		b := start(t, strict)
		token := b.jwt("analyst", func(o *lab.IDToken) { o.Expires = now.Add(time.Minute) })
		b.clock.Advance(2 * time.Minute)
		_, err := b.createToken(b.session(oidcRole), asserting(token))
		expect(t, answer{400, "ExpiredTokenException", "The assertion has expired"}, err)
	})
}

// An issuer of the instance that the application does not list is as foreign as any other.
func TestIssuerOfAnotherApplication(t *testing.T) {
	arns, add := apps(map[string]func(*world.ApplicationFile){"other audience": func(a *world.ApplicationFile) {
		a.JWTBearer = []world.AuthorizedIssuerFile{{Issuer: "okta", Audiences: []string{"other"}}}
	}, "other issuer": func(a *world.ApplicationFile) {
		a.JWTBearer = []world.AuthorizedIssuerFile{{Issuer: "second", Audiences: []string{clientID}}}
	}})
	b := start(t, strict, func(w *lab.World) {
		c := &w.IdentityCenter[0]
		c.TrustedTokenIssuers = append(c.TrustedTokenIssuers, world.TrustedTokenIssuerFile{
			Name: "second", IssuerURL: "https://dev-987654321.okta.com", ClaimAttributePath: "email", IdentityStoreAttributePath: "emails.value"})
	}, add)
	_, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")), forClient(arns["other audience"]))
	expect(t, invalidGrant("The audience of the assertion is not authorized"), err)
	_, err = b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")), forClient(arns["other issuer"]))
	expect(t, invalidGrant("The issuer of the assertion is not authorized"), err)
}

func TestReplay(t *testing.T) {
	arns, add := apps(map[string]func(*world.ApplicationFile){"second": func(*world.ApplicationFile) {}})
	b := start(t, strict, add)
	caller := b.session(oidcRole)
	used := invalidGrant("The assertion has already been used")
	jti := func(id any) func(*lab.IDToken) { return claims("jti", id) }
	ask := func(t *testing.T, token string, want answer, edits ...func(*ssooidc.CreateTokenWithIAMInput)) {
		t.Helper()
		_, err := b.on(t).createToken(caller, append(edits, asserting(token))...)
		expect(t, want, err)
	}
	t.Run("the same JWT", func(t *testing.T) {
		token := b.jwt("analyst")
		ask(t, token, answer{})
		ask(t, token, used)
	})
	t.Run("the same jti in another JWT", func(t *testing.T) {
		ask(t, b.jwt("analyst", jti("one")), answer{})
		ask(t, b.jwt("analyst", jti("one"), claims("x", "y")), used)
		ask(t, b.jwt("engineer", jti("one")), used)
	})
	t.Run("at another application", func(t *testing.T) {
		token := b.jwt("analyst")
		ask(t, token, answer{}, forClient(arns["second"]))
		ask(t, token, used)
	})
	t.Run("without jti", func(t *testing.T) {
		token := b.jwt("analyst", jti(nil), claims("x", "1"))
		ask(t, token, answer{})
		ask(t, token, used)
		ask(t, b.jwt("analyst", jti(nil), claims("x", "2")), answer{})
	})
	t.Run("without jti, spelled otherwise", func(t *testing.T) {
		token := b.jwt("analyst", jti(nil), claims("x", "3"))
		ask(t, token, answer{})
		ask(t, respell(token), used)
		ask(t, strings.Replace(token, ".", ".\n", 1), used)
	})
	t.Run("what does not verify is not spent", func(t *testing.T) {
		id := jti("two")
		ask(t, b.jwt("analyst", id, func(o *lab.IDToken) { o.ForeignKey = true }), invalidGrant("The assertion cannot be verified"))
		ask(t, b.jwt("analyst", id, claims("aud", "other")), invalidGrant("The audience of the assertion is not authorized"))
		ask(t, b.jwt("analyst", id), answer{})
	})
	t.Run("who may not call does not spend", func(t *testing.T) {
		token := b.jwt("analyst")
		_, err := b.on(t).createToken(b.session(enhanced), asserting(token))
		expect(t, answer{403, "AccessDeniedException", ""}, err)
		ask(t, token, answer{})
	})
	t.Run("fifty at once", func(t *testing.T) {
		token := b.jwt("analyst")
		var won, lost atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, err := b.createToken(caller, asserting(token))
				switch answerOf(err) {
				case answer{}:
					won.Add(1)
				case used:
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("%d won and %d lost, want 1 and 49", won.Load(), lost.Load())
		}
	})
}

// respell writes the same signature in other base64url characters: the last one has unused bits.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])^1])
}

func TestUserMapping(t *testing.T) {
	mapped := func(claim, attribute string) func(*lab.World) {
		return func(w *lab.World) {
			i := &w.IdentityCenter[0].TrustedTokenIssuers[0]
			i.ClaimAttributePath, i.IdentityStoreAttributePath = claim, attribute
		}
	}
	user := func(i int, edit func(*world.UserFile)) func(*lab.World) {
		return func(w *lab.World) { edit(&w.IdentityCenter[0].Users[i]) }
	}
	external := user(0, func(u *world.UserFile) {
		u.ExternalIDs = []world.ExternalIDFile{{Issuer: "scim", ID: "00uAnalystEXAMPLE"}}
	})
	none := invalidGrant("No single user matches the assertion")
	for name, c := range map[string]struct {
		world []func(*lab.World)
		edit  func(*lab.IDToken)
		want  answer
	}{
		"userName":            {[]func(*lab.World){mapped("preferred_username", "userName")}, claims(), answer{}},
		"userName, nobody":    {[]func(*lab.World){mapped("preferred_username", "userName")}, claims("preferred_username", "x"), none},
		"external id":         {[]func(*lab.World){mapped("sub", "externalIds.value"), external}, claims(), answer{}},
		"external id, nobody": {[]func(*lab.World){mapped("sub", "externalIds.value")}, claims(), none},
		"two users": {[]func(*lab.World){user(1, func(u *world.UserFile) { u.Email = "analyst@example.com" })}, claims(),
			none},
		"disabled user": {[]func(*lab.World){user(0, func(u *world.UserFile) { u.Disabled = true })}, claims(), bare},
		"nested claim":  {[]func(*lab.World){mapped("user.mail", "emails.value")}, claims("user", map[string]any{"mail": "analyst@example.com"}), answer{}},
		"nested, not there": {[]func(*lab.World){mapped("user.mail", "emails.value")}, claims("user", "analyst@example.com"),
			invalidGrant("The assertion lacks the mapped claim")},
		"claim with a dot in its name": {[]func(*lab.World){mapped("user.mail", "emails.value")}, claims("user.mail", "analyst@example.com"), answer{}},
		"no e-mail in the directory": {[]func(*lab.World){user(0, func(u *world.UserFile) { u.Email = "" })}, claims("email", ""),
			invalidGrant("The assertion lacks the mapped claim")},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, append([]func(*lab.World){strict}, c.world...)...)
			_, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst", c.edit)))
			expect(t, c.want, err)
		})
	}
}

func TestAssignment(t *testing.T) {
	yes := true
	arns, add := apps(map[string]func(*world.ApplicationFile){
		"nobody": func(a *world.ApplicationFile) { a.AssignmentRequired = nil },
		"user": func(a *world.ApplicationFile) {
			a.AssignmentRequired, a.AssignedUsers = &yes, []string{"analyst@example.com"}
		},
		"group": func(a *world.ApplicationFile) { a.AssignmentRequired, a.AssignedGroups = &yes, []string{"analysts"} },
		"other user": func(a *world.ApplicationFile) {
			a.AssignmentRequired, a.AssignedUsers = &yes, []string{"engineer@example.com"}
		},
		"other group": func(a *world.ApplicationFile) { a.AssignmentRequired, a.AssignedGroups = &yes, []string{"engineers"} },
	})
	b := start(t, strict, add)
	for name, want := range map[string]answer{"nobody": bare, "user": {}, "group": {}, "other user": bare, "other group": bare} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")), forClient(arns[name]))
			expect(t, want, err)
		})
	}
}
