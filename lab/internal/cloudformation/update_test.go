package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// role is a template with a role R of these further properties, and whatever follows.
func role(more string, rest ...string) string {
	return "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: " + trust + "\n" + indent(more, 6) + strings.Join(rest, "\n")
}

const trust = `{Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}`

func indent(text string, n int) string {
	if text == "" {
		return ""
	}
	return strings.Repeat(" ", n) + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n)) + "\n"
}

func (b *bench) role(name string) *iam.GetRoleOutput {
	b.Helper()
	out, err := b.iam.GetRole(b.Context(), &iam.GetRoleInput{RoleName: &name})
	return probe.Must(b, out, err)
}

// since are the events of a stack after so many.
func (b *bench) since(name string, n int) []string { return b.events(name)[n:] }

// What replaces a resource makes another one first, and then deletes the old one.
func TestReplacement(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("Path: /one/")))
	was, n := b.physical("mine")["R"], len(b.events("mine"))
	probe.Must(t, 0, b.update("mine", role("Path: /two/")))
	now := b.physical("mine")["R"]
	want := []string{
		"mine UPDATE_IN_PROGRESS User Initiated",
		"R UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
		"R UPDATE_IN_PROGRESS Resource creation Initiated", "R UPDATE_COMPLETE",
		"mine UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "R DELETE_IN_PROGRESS", "R DELETE_COMPLETE", "mine UPDATE_COMPLETE",
	}
	if diff := cmp.Diff(want, b.since("mine", n)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if was == now || b.hasRole(was) || *b.role(now).Role.Path != "/two/" {
		t.Errorf("was %s, is %s", was, now)
	}
	if !strings.HasPrefix(now, "mine-R-") || len(now) != len("mine-R-")+13 {
		t.Errorf("physical id %s", now)
	}
}

// A resource with a name of its own cannot be made a second time under it.
func TestCustomNamesDoNotMove(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("RoleName: people")))
	probe.Must(t, 0, b.update("mine", role("RoleName: people\nPath: /x/")))
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	contains(t, strings.Join(b.events("mine"), "\n"), "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename people and update the stack again.")
	probe.Must(t, 0, b.create("other", role("RoleName: people")))
	b.status("other", "ROLLBACK_COMPLETE")
	contains(t, strings.Join(b.events("other"), "\n"), "people already exists in stack "+*b.stack("mine").StackId)
	if !b.hasRole("people") {
		t.Error("the roll-back of another stack took the role")
	}
}

// An update that fails half-way puts everything back.
func TestUpdateRollsBack(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("Description: one\nPath: /one/", "Outputs: {O: {Value: !Ref R}}"), func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("team", "us") }))
	was, outputs := b.physical("mine"), b.outputs("mine")
	id := *b.role(was["R"]).Role.RoleId
	const more = `
  A: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ` + trust + `}}
  Z: {Type: AWS::IAM::RolePolicy, DependsOn: [A, R], Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}
Outputs: {P: {Value: !Ref R}}`
	n := len(b.events("mine"))
	probe.Must(t, 0, b.update("mine", role("Description: two\nPath: /two/", more), func(in *cloudformation.UpdateStackInput) { in.Tags = stackTags("team", "them") }))
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	if diff := cmp.Diff(was, b.physical("mine")); diff != "" {
		t.Errorf("physical ids (-before +after):\n%s\n%s", diff, strings.Join(b.since("mine", n), "\n"))
	}
	if diff := cmp.Diff(outputs, b.outputs("mine")); diff != "" {
		t.Errorf("outputs (-before +after):\n%s", diff)
	}
	r := b.role(was["R"]).Role
	if *r.RoleId != id || *r.Description != "one" || *r.Tags[0].Value != "us" {
		t.Errorf("role %s, %s, tags %v", *r.RoleId, *r.Description, *r.Tags[0].Value)
	}
	out, err := b.iam.ListRoles(t.Context(), &iam.ListRolesInput{PathPrefix: aws.String("/two/")})
	if probe.Must(t, out, err); len(out.Roles) > 0 {
		t.Errorf("%s is left", *out.Roles[0].RoleName)
	}
	probe.Must(t, 0, b.update("mine", role("Description: three\nPath: /one/")))
	b.status("mine", "UPDATE_COMPLETE")
	if got := *b.role(was["R"]).Role.Description; got != "three" {
		t.Errorf("description %s", got)
	}
}

// Without roll-back a failed update stays where it is, until RollbackStack or another update.
func TestUpdateWithoutRollback(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("Description: one")))
	const more = "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}"
	fails := role("Description: two", more)
	probe.Must(t, 0, b.update("mine", fails, keep))
	b.status("mine", "UPDATE_FAILED")
	name := b.physical("mine")["R"]
	if got := *b.role(name).Role.Description; got != "two" {
		t.Errorf("description %s", got)
	}
	_, err := b.cfn.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("mine")})
	probe.Expect(t, invalid("Stack:"+*b.stack("mine").StackId+" is in UPDATE_FAILED state and can not continue update rollback."), err)
	_, err = b.cfn.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: aws.String("mine")})
	probe.Expect(t, probe.Answer{}, err)
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	if got := *b.role(name).Role.Description; got != "one" {
		t.Errorf("description %s", got)
	}
	probe.Must(t, 0, b.update("mine", fails, keep))
	id := *b.stack("mine").StackId
	probe.Expect(t, unfinished("UPDATE_FAILED"), b.update("mine", role("Description: three")))
	probe.Must(t, 0, b.update("mine", role("Description: three"), keep))
	b.status("mine", "UPDATE_COMPLETE")
	if diff := cmp.Diff(map[string]string{"R": name}, b.physical("mine")); diff != "" {
		t.Errorf("physical ids (-want +got):\n%s", diff)
	}
	probe.Must(t, 0, b.update("mine", fails, keep))
	probe.Must(t, 0, b.delete("mine"))
	b.status(id, "DELETE_COMPLETE")
	if b.hasRole(name) {
		t.Error("the role is left")
	}
}

// A roll-back that fails goes on when what hinders it is gone, or without what it cannot put back.
func TestContinueUpdateRollback(t *testing.T) {
	b, ctx := start(t), t.Context()
	const more = "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}"
	boundary := "PermissionsBoundary: arn:aws:iam::444455556666:policy/bound"
	made, err := b.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("bound"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)})
	if err != nil {
		made, err = b.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("bound"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
	}
	probe.Must(t, made, err)
	probe.Must(t, 0, b.create("mine", role(boundary)))
	b.status("mine", "CREATE_COMPLETE")
	probe.Must(t, 0, b.update("mine", role("Description: two", more), func(in *cloudformation.UpdateStackInput) { in.DisableRollback = aws.Bool(true) }))
	b.status("mine", "UPDATE_FAILED")
	_, err = b.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Policy.Arn})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.cfn.RollbackStack(ctx, &cloudformation.RollbackStackInput{StackName: aws.String("mine")})
	probe.Expect(t, probe.Answer{}, err)
	b.status("mine", "UPDATE_ROLLBACK_FAILED")
	id := *b.stack("mine").StackId
	probe.Expect(t, invalid("Stack:"+id+" is in UPDATE_ROLLBACK_FAILED state and can not be updated."), b.update("mine", role("")))
	resume := func(skip ...string) error {
		_, err := b.cfn.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("mine"), ResourcesToSkip: skip})
		return err
	}
	probe.Expect(t, invalid("Invalid resources to skip: [Q]. Only resources in the UPDATE_FAILED state can be skipped."), resume("Q"))
	probe.Expect(t, probe.Answer{}, resume())
	b.status("mine", "UPDATE_ROLLBACK_FAILED")
	probe.Expect(t, probe.Answer{}, resume("R"))
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
}

// A stack that fails to be made stays, goes, or is rolled back as the request says.
func TestCreateFails(t *testing.T) {
	b := start(t)
	broken := role("", "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}")
	for name, c := range map[string]struct {
		edit func(*cloudformation.CreateStackInput)
		want string
	}{
		"back":  {func(*cloudformation.CreateStackInput) {}, "ROLLBACK_COMPLETE"},
		"keep":  {func(in *cloudformation.CreateStackInput) { in.DisableRollback = aws.Bool(true) }, "CREATE_FAILED"},
		"stay":  {func(in *cloudformation.CreateStackInput) { in.OnFailure = "DO_NOTHING" }, "CREATE_FAILED"},
		"leave": {func(in *cloudformation.CreateStackInput) { in.OnFailure = "DELETE" }, "DELETE_COMPLETE"},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			var id string
			out, err := b.cfn.CreateStack(t.Context(), edited(name, broken, c.edit))
			id = *probe.Must(t, out, err).StackId
			b.status(id, c.want)
			if left := b.hasRole(b.physical(id)["R"]); left != (c.want == "CREATE_FAILED") {
				t.Errorf("the role is left: %t", left)
			}
			if c.want == "CREATE_FAILED" {
				_, err := b.cfn.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: &name})
				probe.Expect(t, probe.Answer{}, err)
				b.status(name, "ROLLBACK_COMPLETE")
			}
		})
	}
}

func edited(name, template string, edit func(*cloudformation.CreateStackInput)) *cloudformation.CreateStackInput {
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &template, Capabilities: namedIAM}
	edit(in)
	return in
}

// What keeps its resources leaves them, on deletion, on removal and on replacement.
func TestPoliciesOfResources(t *testing.T) {
	b := start(t)
	keep := func(path string) string {
		return strings.Replace(role("Path: "+path), "    Type:", "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n    Type:", 1) +
			"  W: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
	}
	probe.Must(t, 0, b.create("mine", keep("/one/")))
	one := b.physical("mine")["R"]
	probe.Must(t, 0, b.update("mine", keep("/two/")))
	two := b.physical("mine")["R"]
	probe.Must(t, 0, b.update("mine", tiny))
	b.status("mine", "UPDATE_COMPLETE")
	contains(t, strings.Join(b.events("mine"), "\n"), "R DELETE_SKIPPED")
	for _, name := range []string{one, two} {
		if !b.hasRole(name) {
			t.Errorf("%s is gone", name)
		}
	}
}

// Events name what a service refused, in its words.
func TestFailuresOfResources(t *testing.T) {
	b := start(t)
	for name, c := range map[string]struct{ template, want string }{
		"properties": {role("Foo: 1\nTags: [{Key: a}]\nMaxSessionDuration: long\nManagedPolicyArns: x"), "R CREATE_FAILED Properties validation failed for resource R with message:\n" +
			"[#/ManagedPolicyArns: expected type: JSONArray, found: String, #/MaxSessionDuration: expected type: Integer, found: String, #/Tags/0: required key [Value] not found, #: extraneous key [Foo] is not permitted]"},
		"required": {"Resources: {R: {Type: AWS::IAM::Role}}", "R CREATE_FAILED Properties validation failed for resource R with message:\n[#: required key [AssumeRolePolicyDocument] not found]"},
		"document": {strings.Replace(role(""), "2012-10-17", "1999-01-01", 1), "(Service: Iam, Status Code: 400, Request ID: "},
		"function": {role("Description: !Select [3, [a]]"), ""},
		"import":   {role("Description: !ImportValue nothing"), "R CREATE_FAILED No export named nothing found."},
		"policy":   {"Resources: {R: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, PolicyDocument: {}}}}", "At least one of [Groups,Roles,Users] must be non-empty."},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			err := b.create(name, c.template)
			if c.want == "" {
				probe.Expect(t, invalid("Template error: Fn::Select cannot select nonexistent value at index 3"), err)
				return
			}
			probe.Expect(t, probe.Answer{}, err)
			b.status(name, "ROLLBACK_COMPLETE")
			contains(t, strings.Join(b.events(name), "\n"), c.want)
		})
	}
}
