package lab_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func tagged(kv ...string) func(*sts.AssumeRoleInput) {
	return func(in *sts.AssumeRoleInput) {
		for i := 0; i < len(kv); i += 2 {
			in.Tags = append(in.Tags, types.Tag{Key: &kv[i], Value: &kv[i+1]})
		}
	}
}

// spaced is a policy of n characters, most of them white space.
func spaced(n int) string {
	text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	return "{" + strings.Repeat(" ", n-len(text)) + text[1:]
}

func TestAssumeRoleParameters(t *testing.T) {
	b := start(t, assumeWorld)
	source := func(s string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &s }
	}
	external := func(s string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.ExternalId = &s }
	}
	document := func(s string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.Policy = &s }
	}
	denied := func(action, role string) answer { return deniedTo(appl, "plain", action, roleIn(appl, role)) }
	invalid := func(text string) answer { return answer{400, "ValidationError", text} }
	for name, c := range map[string]struct {
		role string
		edit func(*sts.AssumeRoleInput)
		want answer
	}{
		"external id":                {"external", external("secret-42"), answer{}},
		"wrong external id":          {"external", external("secret-43"), denied("sts:AssumeRole", "external")},
		"no external id":             {"external", func(*sts.AssumeRoleInput) {}, denied("sts:AssumeRole", "external")},
		"source identity":            {"source", source("analyst"), answer{}},
		"source identity, condition": {"source", source("bob"), denied("sts:AssumeRole", "source")},
		"source identity, no action": {"by-role", source("analyst"), denied("sts:SetSourceIdentity", "by-role")},
		"tags":                       {"tags", tagged("team", "data"), answer{}},
		"tag key not admitted":       {"tags", tagged("stage", "prod"), denied("sts:TagSession", "tags")},
		"tags without TagSession":    {"by-role", tagged("team", "data"), denied("sts:TagSession", "by-role")},
		"system tag":                 {"tags", tagged("AWS:team", "data"), invalid("Tag keys that begin with aws: are reserved for system use.")},
		"tag twice":                  {"tags", tagged("team", "data", "team", "sales"), invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")},
		"tag twice in another case":  {"tags", tagged("team", "data", "Team", "sales"), invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")},
		"transitive without tag":     {"tags", func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"team"} }, invalid("The specified transitive tag key must be included in the requested tags.")},
		"malformed policy":           {"by-role", document(`{"Statement":{}}`), answer{400, "MalformedPolicyDocument", "Missing required field Effect"}},
		"policy without an effect":   {"by-role", document(`{"Version":"2012-10-17","Statement":[{"Action":"s3:*","Resource":"*"}]}`), answer{400, "MalformedPolicyDocument", "Missing required field Effect"}},
		"policy of 2,048 characters": {"by-role", document(spaced(2048)), answer{}},
		"policy of 2,049 characters": {"by-role", document(spaced(2049)), invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048")},
		"unknown operator":           {"by-role", document(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSort":{"aws:userid":"x"}}}}`), answer{400, "MalformedPolicyDocument", "*"}},
		"unknown variable":           {"by-role", document(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${no:such}"}}`), answer{400, "MalformedPolicyDocument", "*"}},
		"managed policy": {"by-role", func(in *sts.AssumeRoleInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")}}
		}, answer{404, "NoSuchEntity", "ARN arn:aws:iam::aws:policy/NoSuchPolicy does not exist or is not attachable."}},
		"bad session name": {"by-role", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }, invalid("1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: ...")},
		"bad role ARN":     {"by-role", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("role") }, invalid("1 validation error detected: Value 'role' at 'roleArn' failed...")},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, c.role), c.edit)
			expect(t, c.want, err)
		})
	}
}

// A source identity is fixed once it is set, and every further role must admit it.
func TestSourceIdentityStays(t *testing.T) {
	b := start(t, assumeWorld)
	named := func(s *world.Session) { s.SourceIdentity = "analyst" }
	set := func(s string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &s }
	}
	caller := b.session(roleIn(appl, "plain"), named)
	out, err := b.assume(caller, roleIn(appl, "source"))
	expect(t, answer{}, err)
	if err == nil && aws.ToString(out.SourceIdentity) != "analyst" {
		t.Errorf("SourceIdentity %q, want the inherited one", aws.ToString(out.SourceIdentity))
	}
	_, err = b.assume(caller, roleIn(appl, "source"), set("analyst"))
	expect(t, answer{}, err)
	_, err = b.assume(caller, roleIn(appl, "source"), set("anabel"))
	expect(t, answer{403, "AccessDenied", "The source identity of this session cannot be changed."}, err)
	_, err = b.assume(caller, roleIn(appl, "by-role"))
	expect(t, deniedTo(appl, "plain", "sts:SetSourceIdentity", roleIn(appl, "by-role")), err)
}

func TestTransitiveTags(t *testing.T) {
	b := start(t, assumeWorld)
	out, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "tags"), tagged("team", "data", "cost", "1"),
		func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"team"} })
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.assume(static(out.Credentials), roleIn(appl, "tags"), tagged("TEAM", "sales"))
	expect(t, answer{400, "ValidationError", "One of the specified transitive tag keys can't be set..."}, err)
	out, err = b.assume(static(out.Credentials), roleIn(appl, "tags"))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := b.lab.State().Session(*out.Credentials.AccessKeyId)
	if diff := cmp.Diff(map[string]string{"team": "data"}, s.Tags); diff != "" {
		t.Errorf("tags of the chained session (-want +got):\n%s", diff)
	}
	if !slices.Contains(s.TransitiveTags, "team") {
		t.Errorf("transitive tags %v", s.TransitiveTags)
	}
	claim := "https://aws.amazon.com/tags"
	tags := map[string]any{"principal_tags": map[string]any{"team": []any{"data"}}, "transitive_tag_keys": []any{"stage"}}
	b2 := start(t, webIdentityWorld)
	_, err = b2.webIdentity(roleIn(appl, "tags"), b2.jwt("analyst", claims(claim, tags)))
	expect(t, invalidToken("The claim "+claim+" names transitive_tag_keys that are no principal_tags"), err)
	tags["transitive_tag_keys"] = []any{"team"}
	web, err := b2.webIdentity(roleIn(appl, "tags"), b2.jwt("analyst", claims(claim, tags)))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := b2.lab.State().Session(*web.Credentials.AccessKeyId); !slices.Equal(s.TransitiveTags, []string{"team"}) {
		t.Errorf("transitive tags %v of a web identity session", s.TransitiveTags)
	}
}

// The tags of a session are condition keys of what it asks for.
func TestPrincipalTags(t *testing.T) {
	b := start(t, assumeWorld, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if w.Accounts[1].Roles[i].Name == "tags" {
				w.Accounts[1].Roles[i].Policies = allowing("sts:AssumeRole")
			}
		}
	})
	for team, want := range map[string]answer{"data": {}, "sales": deniedTo(appl, "tags", "sts:AssumeRole", roleIn(appl, "for-tagged"))} {
		out, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "tags"), tagged("team", team))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.assume(static(out.Credentials), roleIn(appl, "for-tagged"))
		expect(t, want, err)
	}
}

func TestAssumeRoleAnswer(t *testing.T) {
	b := start(t, assumeWorld)
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	out, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), providing(b.context(analyst)), func(in *sts.AssumeRoleInput) { in.Policy = &document })
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::444455556666:assumed-role/by-role/session" || !strings.HasPrefix(*out.AssumedRoleUser.AssumedRoleId, "AROA") {
		t.Errorf("assumed role user %+v", *out.AssumedRoleUser)
	}
	if out.PackedPolicySize == nil || *out.PackedPolicySize < 1 {
		t.Error("there is no PackedPolicySize with a session policy")
	}
	who, err := b.sts(static(out.Credentials)).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *who.Account != appl || *who.Arn != *out.AssumedRoleUser.Arn || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("GetCallerIdentity %s %s %s", *who.Account, *who.Arn, *who.UserId)
	}
	if !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") || time.Until(*out.Credentials.Expiration) > time.Hour {
		t.Errorf("credentials %s until %v", *out.Credentials.AccessKeyId, out.Credentials.Expiration)
	}
}

// GetCallerIdentity cannot be denied: not by a policy, nor by the allow list.
func TestCallerIdentityCannotBeDenied(t *testing.T) {
	b := start(t, func(w *lab.World) {
		strict(w)
		addRole(w, 1, "denied", policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*"))),
			map[string]any{"p": policyOf(statement("Deny", "*", "Resource", "*"))})
	})
	_, err := b.sts(b.personAs(roleIn(appl, "denied"), analyst)).GetCallerIdentity(t.Context(), nil)
	expect(t, answer{}, err)
}

// A context that has expired within the leeway is good, but a session that ends with
// it would have no time left.
func TestSessionWithoutTime(t *testing.T) {
	leeway := 60
	b := start(t, assumeWorld, func(w *lab.World) { w.Switches.ClockLeeway, w.Switches.SessionEndsWithContext = &leeway, on() })
	over := b.context(analyst, func(id *world.IdentityContext) { id.Expires = b.clock.Now().Add(-time.Second) })
	_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), providing(over))
	expect(t, answer{400, "ExpiredTokenException", "The provided context assertion has expired."}, err)
}
