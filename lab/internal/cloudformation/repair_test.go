package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// keep has a failed update stay as it is.
func keep(in *cloudformation.UpdateStackInput) { in.DisableRollback = aws.Bool(true) }

// unfinished is the refusal of an update that would be rolled back to what failed.
func unfinished(status string) probe.Answer {
	return invalid("This stack is currently in a non-terminal [" + status + "] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. " +
		"To rollback to the last known good state, use the rollback-stack API")
}

// inlinePolicy is a policy Z of a role.
func inlinePolicy(role string) string {
	return "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: " + role + ", PolicyName: p, PolicyDocument: " + trustless + "}}\n"
}

// A template that is right makes what one that was wrong did not.
func TestUpdateRepairsAnUpdate(t *testing.T) {
	b, ctx := start(t), t.Context()
	probe.Must(t, 0, b.create("mine", role("Description: one")))
	n := len(b.events("mine"))
	probe.Must(t, 0, b.update("mine", role("Description: two", inlinePolicy("none")), keep))
	b.status("mine", "UPDATE_FAILED")
	contains(t, strings.Join(b.since("mine", n), "\n"), "mine UPDATE_FAILED The following resource(s) failed to create: [Z].")
	second := "  S: {Type: AWS::IAM::Role, DependsOn: Z, Properties: {AssumeRolePolicyDocument: " + trust + "}}\n"
	probe.Must(t, 0, b.update("mine", role("Description: two", inlinePolicy("!Ref R"), strings.Replace(second, "2012-10-17", "1999-01-01", 1)), keep))
	b.status("mine", "UPDATE_FAILED")
	out, err := b.propose(role("Description: two", inlinePolicy("!Ref R"), second))
	if probe.Must(t, out, err); len(out.Changes) != 1 || out.Changes[0].ResourceChange.Action != "Add" {
		t.Errorf("changes %v", out.Changes)
	}
	probe.Must(t, 0, b.update("mine", role("Description: two", inlinePolicy("!Ref R"), second), keep))
	b.status("mine", "UPDATE_COMPLETE")
	if !b.hasRole(b.physical("mine")["S"]) {
		t.Error("the role was not made")
	}
	if _, err := b.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(b.physical("mine")["R"]), PolicyName: aws.String("p")}); err != nil {
		t.Errorf("the policy was not made: %v", err)
	}
	probe.Expect(t, invalid("No updates are to be performed."), b.update("mine", role("Description: two", inlinePolicy("!Ref R"), second)))
}

// What a failed change left undone is done by the next one.
func TestUpdateRepairsAResource(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("Description: one")))
	wrong := strings.Replace(role("Description: two"), "2012-10-17", "1999-01-01", 1)
	probe.Must(t, 0, b.update("mine", wrong, keep))
	b.status("mine", "UPDATE_FAILED")
	contains(t, aws.ToString(b.stack("mine").StackStatusReason), "The following resource(s) failed to update: [R].")
	again, err := b.propose(wrong)
	if probe.Must(t, again, err); again.Status != "CREATE_COMPLETE" {
		t.Errorf("what failed cannot be tried again: %s", again.Status)
	}
	probe.Must(t, 0, b.update("mine", role("Description: two"), keep))
	b.status("mine", "UPDATE_COMPLETE")
	if got := *b.role(b.physical("mine")["R"]).Role.Description; got != "two" {
		t.Errorf("description %s", got)
	}
}

// A creation that was not rolled back goes on with an update: what failed is made
// anew, what is there stays.
func TestUpdateRepairsACreation(t *testing.T) {
	broken := inlinePolicy("none") + "  Q: {Type: AWS::IAM::Role, DependsOn: Z, Properties: {AssumeRolePolicyDocument: " + trust + "}}\n"
	for name, c := range map[string]struct{ first, then string }{
		"nothing of it": {role("", broken), role("", strings.Replace(broken, "none", "!Ref R", 1))},
		"a part of it":  {role("RoleName: people\nManagedPolicyArns: [\"arn:aws:iam::444455556666:policy/none\"]"), role("RoleName: people", inlinePolicy("!Ref R"))},
		"no longer":     {role("", broken), role("")},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			probe.Must(t, 0, b.create("mine", c.first, func(in *cloudformation.CreateStackInput) { in.DisableRollback = aws.Bool(true) }))
			b.status("mine", "CREATE_FAILED")
			was := b.physical("mine")["R"]
			probe.Expect(t, unfinished("CREATE_FAILED"), b.update("mine", c.then))
			out, err := b.propose(c.then)
			if probe.Must(t, out, err); out.Status != "CREATE_COMPLETE" {
				t.Errorf("change set %s", out.Status)
			}
			probe.Expect(t, unfinished("CREATE_FAILED"), b.execute())
			probe.Must(t, 0, b.update("mine", c.then, keep))
			b.status("mine", "UPDATE_COMPLETE")
			if now := b.physical("mine"); now["R"] != was || !b.hasRole(now["R"]) || strings.Contains(c.then, "  Q:") != b.hasRole(now["Q"]) {
				t.Errorf("was %s, is %v", was, now)
			}
			probe.Expect(t, invalid("No updates are to be performed."), b.update("mine", c.then))
			probe.Must(t, 0, b.delete("mine"))
			if b.hasRole(was) {
				t.Error("the role is left")
			}
		})
	}
}

// A creation that goes on and fails again can be rolled back to what there was.
func TestRollBackOfARepair(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("", inlinePolicy("none")), func(in *cloudformation.CreateStackInput) { in.DisableRollback = aws.Bool(true) }))
	ids := b.physical("mine")
	probe.Must(t, 0, b.update("mine", role("Description: two", inlinePolicy("nobody")), keep))
	b.status("mine", "UPDATE_FAILED")
	_, err := b.cfn.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: aws.String("mine")})
	probe.Expect(t, probe.Answer{}, err)
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	if diff := cmp.Diff(map[string]string{"R": ids["R"]}, b.physical("mine")); diff != "" {
		t.Errorf("physical ids (-want +got):\n%s", diff)
	}
}

// AWS updates no stack that stayed because of OnFailure.
func TestOnFailureDoNothing(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("", inlinePolicy("none")), func(in *cloudformation.CreateStackInput) { in.OnFailure = "DO_NOTHING" }))
	b.status("mine", "CREATE_FAILED")
	probe.Expect(t, invalid("This stack cannot be updated from [CREATE_FAILED] state because it contains [on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack creation."),
		b.update("mine", role(""), keep))
}

// What a resource needs that could not be deleted stays, and what it does not, goes.
func TestDeletionStopsAtWhatIsNeeded(t *testing.T) {
	b, ctx := start(t), t.Context()
	probe.Must(t, 0, b.create("mine", role("", "  B: {Type: AWS::S3::Bucket, DependsOn: R, Properties: {BucketName: full-of-something}}\n  S: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: "+trust+"}}\n")))
	ids, objects := b.physical("mine"), s3.NewFromConfig(b.Config(b.admin))
	_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("full-of-something"), Key: aws.String("k"), Body: strings.NewReader("v")})
	probe.Expect(t, probe.Answer{}, err)
	probe.Must(t, 0, b.delete("mine"))
	b.status("mine", "DELETE_FAILED")
	if !b.hasRole(ids["R"]) || b.hasRole(ids["S"]) {
		t.Errorf("R is there: %t, S: %t", b.hasRole(ids["R"]), b.hasRole(ids["S"]))
	}
	contains(t, aws.ToString(b.stack("mine").StackStatusReason), "The following resource(s) failed to delete: [B]. ")
	_, err = objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("full-of-something"), Key: aws.String("k")})
	probe.Expect(t, probe.Answer{}, err)
	probe.Must(t, 0, b.delete("mine"))
	if b.hasRole(ids["R"]) {
		t.Error("the role is left")
	}
}
