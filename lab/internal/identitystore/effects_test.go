package identitystore_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// exchange asks Identity Center for a token of the analyst.
func (b *bench) exchange(t testing.TB) error {
	t.Helper()
	token := labtest.IDToken(t, b.Lab, labtest.Analyst)
	role, err := sts.NewFromConfig(b.Config(aws.AnonymousCredentials{})).AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(labtest.ApplicationRoleARN), RoleSessionName: aws.String("session"), WebIdentityToken: &token,
	})
	c := probe.Must(t, role, err).Credentials
	signed := b.Config(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, nil
	}))
	_, err = ssooidc.NewFromConfig(signed).CreateTokenWithIAM(context.Background(), &ssooidc.CreateTokenWithIAMInput{
		ClientId: aws.String(labtest.ApplicationARN), GrantType: aws.String("urn:ietf:params:oauth:grant-type:jwt-bearer"), Assertion: &token,
	})
	return err
}

// assigned makes the application one for the analysts.
func assigned(users, groups []string) func(*lab.World) {
	return func(w *lab.World) {
		on := true
		a := &w.IdentityCenter[0].Applications[0]
		a.AssignmentRequired, a.AssignedUsers, a.AssignedGroups = &on, users, groups
	}
}

// TestChangesReachTheExchange: what happens in the directory decides the next
// CreateTokenWithIAM.
func TestChangesReachTheExchange(t *testing.T) {
	noUser := probe.Answer{Status: 400, Code: "InvalidGrantException", Message: "*"}
	noAccess := probe.Answer{Status: 400, Code: "AccessDeniedException", Message: "*"}
	ctx := context.Background()
	mail := func(to string) func(*bench) error {
		return func(b *bench) error {
			return b.update(analyst, setting("emails", []any{map[string]any{"value": to, "type": "work", "primary": true}}))
		}
	}
	for name, c := range map[string]struct {
		world  func(*lab.World)
		change func(*bench) error
		want   probe.Answer
	}{
		"another address": {assigned([]string{"analyst@example.com"}, nil), mail("other@example.com"), noUser},
		"no address":      {assigned([]string{"analyst@example.com"}, nil), func(b *bench) error { return b.update(analyst, setting("emails", nil)) }, noUser},
		"same address":    {assigned([]string{"analyst@example.com"}, nil), mail("analyst@example.com"), probe.Answer{}},
		"deleted user": {assigned([]string{"analyst@example.com"}, nil), func(b *bench) error {
			return done(b.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: aws.String(analyst)}))
		}, noUser},
		"left the group": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			m, err := b.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: id(), GroupId: aws.String(analysts), MemberId: member(analyst)})
			if err != nil {
				return err
			}
			return done(b.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: id(), MembershipId: m.MembershipId}))
		}, noAccess},
		"deleted group": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			return done(b.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: aws.String(analysts)}))
		}, noAccess},
		"renamed group": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			return b.updateGroup(analysts, setting("displayName", "people"))
		}, probe.Answer{}},
		"disabled": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			return b.Lab.SetUserDisabled("ANALYST@example.com", true)
		}, noAccess},
		"enabled again": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			if err := b.Lab.SetUserDisabled("analyst@example.com", true); err != nil {
				return err
			}
			return b.Lab.SetUserDisabled("analyst@example.com", false)
		}, probe.Answer{}},
		"provisioned out": {assigned(nil, []string{"analysts"}), func(b *bench) error {
			return b.Lab.SetGroupMembers("analysts", "engineer@example.com")
		}, noAccess},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.world)
			probe.Expect(t, probe.Answer{}, b.exchange(t))
			probe.Must(t, 0, c.change(b))
			probe.Expect(t, c.want, b.exchange(t))
		})
	}
}

// TestNewUserOfOldName: somebody else of a deleted user's name has none of the
// assignments, and a new member all that the group has.
func TestNewUserOfOldName(t *testing.T) {
	b := start(t, assigned([]string{"analyst@example.com"}, []string{"engineers"}))
	_, err := b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: aws.String(analyst)})
	probe.Expect(t, probe.Answer{}, err)
	left, err := ssoadmin.NewFromConfig(b.Config(b.Lab.Administrator(probe.Center))).ListApplicationAssignments(t.Context(), &ssoadmin.ListApplicationAssignmentsInput{
		ApplicationArn: aws.String(labtest.ApplicationARN),
	})
	if list := probe.Must(t, left, err).ApplicationAssignments; len(list) != 1 || *list[0].PrincipalId != engineers {
		t.Errorf("assignments %+v", list)
	}
	again := plain("analyst@example.com")
	again.Emails = full().Emails
	again.Emails[0].Value = aws.String("analyst@example.com")
	user := b.user(t, again)
	probe.Expect(t, probe.Answer{Status: 400, Code: "AccessDeniedException", Message: "*"}, b.exchange(t))
	b.join(t, engineers, user)
	probe.Expect(t, probe.Answer{}, b.exchange(t))
}

// TestChangesReachTheGrants: a membership decides the next GetDataAccess of a
// session that was given out before.
func TestChangesReachTheGrants(t *testing.T) {
	b := start(t)
	control := s3control.NewFromConfig(b.Config(labtest.EnhancedCredentials(t, b.Lab, labtest.Analyst)))
	ask := func(target string) error {
		return done(control.GetDataAccess(t.Context(), &s3control.GetDataAccessInput{
			AccountId: aws.String(probe.Application), Target: &target, Permission: "READ",
		}))
	}
	const ofAnalysts, ofEngineers = "s3://tip-demo-data/reports/*", "s3://tip-demo-data/pipelines/*"
	no := probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}
	probe.Expect(t, probe.Answer{}, ask(ofAnalysts))
	probe.Expect(t, no, ask(ofEngineers))
	there := b.join(t, engineers, analyst)
	probe.Expect(t, probe.Answer{}, ask(ofEngineers))
	_, err := b.DeleteGroupMembership(t.Context(), &identitystore.DeleteGroupMembershipInput{IdentityStoreId: id(), MembershipId: &there})
	probe.Expect(t, probe.Answer{}, err)
	probe.Expect(t, no, ask(ofEngineers))
	b.join(t, engineers, analyst)
	_, err = b.DeleteGroup(t.Context(), &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: aws.String(engineers)})
	probe.Expect(t, probe.Answer{}, err)
	probe.Expect(t, no, ask(ofEngineers))
	_, err = b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: aws.String(analyst)})
	probe.Expect(t, probe.Answer{}, err)
	probe.Expect(t, no, ask(ofAnalysts))
}
