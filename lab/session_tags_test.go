package lab_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Tags that a session hands on have to be admitted at every hop, as its source
// identity has.
func TestInheritedTagsNeedTagSession(t *testing.T) {
	b := start(t, assumeWorld)
	caller := b.session(roleIn(appl, "plain"), func(s *world.Session) {
		s.Tags, s.TransitiveTags = map[string]string{"team": "data"}, []string{"team"}
	})
	_, err := b.assume(caller, roleIn(appl, "by-role"))
	expect(t, deniedTo(appl, "plain", "sts:TagSession", roleIn(appl, "by-role")), err)
	_, err = b.assume(caller, roleIn(appl, "tags"))
	expect(t, answer{}, err)
	notHandedOn := b.session(roleIn(appl, "plain"), func(s *world.Session) { s.Tags = map[string]string{"team": "data"} })
	_, err = b.assume(notHandedOn, roleIn(appl, "by-role"))
	expect(t, answer{}, err)
}

// sts:TransitiveTagKeys is what TransitiveTagKeys says.
func TestTransitiveTagKeysAreACondition(t *testing.T) {
	b := start(t, assumeWorld, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if r := &w.Accounts[1].Roles[i]; r.Name == "tags" {
				r.Trust = policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:TagSession"}, "Principal", principal(roleIn(appl, "plain")),
					"Condition", map[string]any{"ForAllValues:StringEquals": map[string]any{"sts:TransitiveTagKeys": []any{"team"}}}))
			}
		}
	})
	for key, want := range map[string]answer{
		"team":  {},
		"stage": deniedTo(appl, "plain", "sts:AssumeRole", roleIn(appl, "tags")),
	} {
		_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "tags"), tagged("team", "data", "stage", "prod"),
			func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{key} })
		expect(t, want, err)
	}
}

// The same key where the tags come in the JWT.
func TestTransitiveTagKeysOfAJWT(t *testing.T) {
	b := start(t, webIdentityWorld, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if r := &w.Accounts[1].Roles[i]; r.Name == "tags" {
				r.Trust = policyOf(statement("Allow", []any{"sts:AssumeRoleWithWebIdentity", "sts:TagSession"}, "Principal", map[string]any{"Federated": provider},
					"Condition", map[string]any{"ForAnyValue:StringEquals": map[string]any{"sts:TransitiveTagKeys": []any{"team"}}}))
			}
		}
	})
	for key, want := range map[string]answer{
		"team":  {},
		"stage": {403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		tags := map[string]any{"principal_tags": map[string]any{"team": []any{"data"}, "stage": []any{"prod"}}, "transitive_tag_keys": []any{key}}
		_, err := b.webIdentity(roleIn(appl, "tags"), b.jwt("analyst", claims("https://aws.amazon.com/tags", tags)))
		expect(t, want, err)
	}
}
