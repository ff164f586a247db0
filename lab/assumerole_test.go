package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// deniedTo is AWS's refusal of an action on a role to the session of a caller.
func deniedTo(account, caller, action, role string) answer {
	return answer{403, "AccessDenied", "User: arn:aws:sts::" + account + ":assumed-role/" + caller + "/session is not authorized to perform: " + action + " on resource: " + role}
}

const onContext = "sts:SetContext"

// assumeWorld has callers with and without an identity policy in both accounts,
// and targets that name them in every way.
func assumeWorld(w *lab.World) {
	strict(w)
	both := []any{"sts:AssumeRole", onContext}
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	for i := range w.Accounts {
		addRole(w, i, "plain", nobody, nil)
		addRole(w, i, "allowed", nobody, allowing("sts:*"))
		addRole(w, i, "without-context", nobody, allowing("sts:AssumeRole"))
		addRole(w, i, "forbidden", nobody, map[string]any{"p": policyOf(
			statement("Allow", "sts:*", "Resource", "*"), statement("Deny", "sts:AssumeRole", "Resource", "*"))})
	}
	names := []any{}
	for _, name := range []string{"plain", "allowed", "without-context", "forbidden"} {
		names = append(names, roleIn(appl, name), roleIn(center, name))
	}
	for name, who := range map[string]any{
		"by-role":    principal(names...),
		"by-account": principal(appl, center),
		"by-root":    principal("arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:root"),
		"by-star":    "*",
		"by-session": principal("arn:aws:sts::444455556666:assumed-role/plain/session"),
		"nobody":     principal("arn:aws:iam::444455556666:role/somebody-else"),
	} {
		addRole(w, 1, name, policyOf(statement("Allow", both, "Principal", who)), nil).MaxSessionDuration = 7200
	}
	addRole(w, 1, "assume-only", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(appl, roleIn(appl, "plain")))), nil)
	addRole(w, 1, "context-only", policyOf(statement("Allow", onContext, "Principal", principal(roleIn(appl, "plain")))), nil)
	addRole(w, 1, "conditional", policyOf(
		statement("Allow", "sts:AssumeRole", "Principal", principal(roleIn(appl, "plain"))),
		statement("Allow", onContext, "Principal", principal(roleIn(appl, "plain")), "Condition", map[string]any{
			"ForAllValues:ArnEquals": map[string]any{"sts:RequestContextProviders": []any{contexts}},
			"Null":                   map[string]any{"sts:RequestContextProviders": "false"},
			"StringEquals":           map[string]any{"identitystore:UserId": analyst, "identitycenter:ApplicationArn": appARN, "identitycenter:InstanceArn": instance},
		})), nil)
	addRole(w, 1, "other-provider", policyOf(
		statement("Allow", "sts:AssumeRole", "Principal", principal(roleIn(appl, "plain"))),
		statement("Allow", onContext, "Principal", principal(roleIn(appl, "plain")), "Condition", map[string]any{
			"ForAllValues:ArnEquals": map[string]any{"sts:RequestContextProviders": []any{"arn:aws:iam::aws:contextProvider/Other"}}})), nil)
	addRole(w, 1, "short", policyOf(statement("Allow", both, "Principal", principal(roleIn(appl, "plain")))), nil)
	further(w)
}

// further adds targets for external ids, source identities and session tags.
func further(w *lab.World) {
	plain := principal(roleIn(appl, "plain"), roleIn(appl, "source"), roleIn(appl, "tags"))
	addRole(w, 1, "external", policyOf(statement("Allow", "sts:AssumeRole", "Principal", plain, "Condition",
		map[string]any{"StringEquals": map[string]any{"sts:ExternalId": "secret-42"}})), nil)
	addRole(w, 1, "source", policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:SetSourceIdentity"}, "Principal", plain, "Condition",
		map[string]any{"StringLikeIfExists": map[string]any{"sts:SourceIdentity": "ana*"}})), nil)
	addRole(w, 1, "tags", policyOf(
		statement("Allow", "sts:AssumeRole", "Principal", plain),
		statement("Allow", "sts:TagSession", "Principal", plain, "Condition",
			map[string]any{"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": []any{"team", "Team", "cost"}}})), nil)
	addRole(w, 1, "for-tagged", policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:TagSession"}, "Principal", principal(appl), "Condition",
		map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/team": "data"}})), nil)
}

func TestAssumeRoleTrust(t *testing.T) {
	b := start(t, assumeWorld)
	for name, c := range map[string]struct {
		account, caller, role string
		denied                string
	}{
		"role named, no identity policy":            {appl, "plain", "by-role", ""},
		"role named, identity policy":               {appl, "allowed", "by-role", ""},
		"role named, identity policy denies":        {appl, "forbidden", "by-role", "sts:AssumeRole"},
		"session named, no identity policy":         {appl, "plain", "by-session", ""},
		"everybody, no identity policy":             {appl, "plain", "by-star", ""},
		"account named, no identity policy":         {appl, "plain", "by-account", "sts:AssumeRole"},
		"account named, identity policy":            {appl, "allowed", "by-account", ""},
		"account named, no context in the policy":   {appl, "without-context", "by-account", onContext},
		"account named, identity policy denies":     {appl, "forbidden", "by-account", "sts:AssumeRole"},
		"root named, no identity policy":            {appl, "plain", "by-root", "sts:AssumeRole"},
		"root named, identity policy":               {appl, "allowed", "by-root", ""},
		"nobody named, identity policy":             {appl, "allowed", "nobody", "sts:AssumeRole"},
		"across, role named, no identity policy":    {center, "plain", "by-role", "sts:AssumeRole"},
		"across, role named, identity policy":       {center, "allowed", "by-role", ""},
		"across, role named, context missing":       {center, "without-context", "by-role", onContext},
		"across, account named, no identity policy": {center, "plain", "by-account", "sts:AssumeRole"},
		"across, account named, identity policy":    {center, "allowed", "by-account", ""},
		"across, everybody, no identity policy":     {center, "plain", "by-star", "sts:AssumeRole"},
		"across, everybody, identity policy":        {center, "allowed", "by-star", ""},
		"across, nobody named, identity policy":     {center, "allowed", "nobody", "sts:AssumeRole"},
		"no such role":                              {appl, "allowed", "no-such-role", "sts:AssumeRole"},
		"SetContext missing in the trust":           {appl, "plain", "assume-only", onContext},
		"SetContext missing in the trust, allowed":  {appl, "allowed", "assume-only", onContext},
		"AssumeRole missing in the trust":           {appl, "plain", "context-only", "sts:AssumeRole"},
		"conditions on the context hold":            {appl, "plain", "conditional", ""},
		"condition on another provider":             {appl, "plain", "other-provider", onContext},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			want := answer{}
			if c.denied != "" {
				want = deniedTo(c.account, c.caller, c.denied, roleIn(appl, c.role))
			}
			_, err := b.assume(b.session(roleIn(c.account, c.caller)), roleIn(appl, c.role), providing(b.context(analyst)))
			expect(t, want, err)
		})
	}
	t.Run("condition on the user", func(t *testing.T) {
		b := b.on(t)
		_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "conditional"), providing(b.context(engineer)))
		expect(t, deniedTo(appl, "plain", onContext, roleIn(appl, "conditional")), err)
	})
	t.Run("without a context SetContext is not asked for", func(t *testing.T) {
		b := b.on(t)
		_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "assume-only"))
		expect(t, answer{}, err)
	})
	t.Run("an enhanced session assumes nothing", func(t *testing.T) {
		b := b.on(t)
		_, err := b.assume(b.personAs(roleIn(appl, "allowed"), analyst), roleIn(appl, "by-role"))
		expect(t, deniedTo(appl, "allowed", "sts:AssumeRole", roleIn(appl, "by-role")), err)
	})
	t.Run("a session with an audit context does", func(t *testing.T) {
		b := b.on(t)
		audit := func(id *world.IdentityContext) { id.Audit = true }
		_, err := b.assume(b.personAs(roleIn(appl, "allowed"), analyst, audit), roleIn(appl, "by-role"))
		expect(t, answer{}, err)
	})
}

func TestProvidedContexts(t *testing.T) {
	b := start(t, assumeWorld)
	other := start(t, strict)
	own := b.context(analyst)
	from := func(arn, assertion string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) {
			in.ProvidedContexts = []types.ProvidedContext{{ProviderArn: &arn, ContextAssertion: &assertion}}
		}
	}
	invalid := answer{400, "ValidationError", "The provided context assertion is not valid."}
	flip := func(i int) string {
		text := []byte(own)
		text[i] = 'A' + (text[i]+1-'A')%26
		return string(text)
	}
	for name, c := range map[string]struct {
		edit func(*sts.AssumeRoleInput)
		want answer
	}{
		"good":          {providing(own), answer{}},
		"again":         {providing(own), answer{}},
		"audit context": {providing(b.context(analyst, func(id *world.IdentityContext) { id.Audit = true })), answer{}},
		"two": {func(in *sts.AssumeRoleInput) { providing(own)(in); providing(own)(in) },
			answer{400, "ValidationError", "Only one context of a context provider can be provided."}},
		"six": {func(in *sts.AssumeRoleInput) {
			for range 6 {
				providing(own)(in)
			}
		}, answer{400, "ValidationError", "1 validation error detected: Value..."}},
		"other provider": {from("arn:aws:iam::aws:contextProvider/Other", own),
			answer{400, "ValidationError", "arn:aws:iam::aws:contextProvider/Other is not a valid context provider."}},
		"provider of an account": {from("arn:aws:iam::444455556666:contextProvider/IdentityCenter", own),
			answer{400, "ValidationError", "arn:aws:iam::444455556666:contextProvider/IdentityCenter is not a valid context provider."}},
		"made up":        {providing("AQoJb3JpZ2luX2VjAAAA"), invalid},
		"no prefix":      {providing(strings.TrimPrefix(own, "AQoJ")), invalid},
		"first byte":     {providing(flip(20)), invalid},
		"last byte":      {providing(flip(len(own) - 6)), invalid},
		"cut off":        {providing(own[:len(own)-4]), invalid},
		"of another lab": {providing(other.context(analyst)), invalid},
		"an ID token":    {providing(b.jwt("analyst")), invalid},
		"expired": {providing(b.context(analyst, func(id *world.IdentityContext) { id.Expires = time.Now().Add(-time.Second) })),
			answer{400, "ExpiredTokenException", "The provided context assertion has expired."}},
		"too long": {providing("AQoJb3JpZ2luX2Vj" + strings.Repeat("A", 2048)), answer{400, "ValidationError", "1 validation error detected: Value..."}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), c.edit)
			expect(t, c.want, err)
		})
	}
}

func TestAssumeRoleDuration(t *testing.T) {
	b := start(t, assumeWorld)
	limits := func(text string) answer { return answer{400, "ValidationError", text} }
	chaining := limits("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	maximum := limits("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	user := labtest.Admin()
	for name, c := range map[string]struct {
		role    string
		user    bool
		seconds int32
		want    answer
	}{
		"default":                      {"by-role", false, 0, answer{}},
		"an hour":                      {"by-role", false, 3600, answer{}},
		"chained beyond the hour":      {"by-role", false, 3601, chaining},
		"the role's limit comes first": {"short", false, 3601, maximum},
		"the model's limit first":      {"short", false, 43201, limits("1 validation error detected: Value '43201'...")},
		"too short":                    {"by-role", false, 899, limits("1 validation error detected: Value '899'...")},
		"a user beyond the hour":       {"by-account", true, 7200, answer{}},
		"a user beyond the limit":      {"by-account", true, 7201, maximum},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			p := b.session(roleIn(appl, "plain"))
			if c.user {
				p = user
			}
			out, err := b.assume(p, roleIn(appl, c.role), func(in *sts.AssumeRoleInput) {
				if c.seconds != 0 {
					in.DurationSeconds = aws.Int32(c.seconds)
				}
			})
			expect(t, c.want, err)
			if err != nil {
				return
			}
			want := time.Hour
			if c.seconds != 0 {
				want = time.Duration(c.seconds) * time.Second
			}
			if d := time.Until(*out.Credentials.Expiration); d > want || d < want-10*time.Second {
				t.Errorf("the session lasts %v, want %v", d, want)
			}
		})
	}
}
