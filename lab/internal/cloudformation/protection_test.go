package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

func TestTerminationProtection(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", tiny, func(in *cloudformation.CreateStackInput) { in.EnableTerminationProtection = aws.Bool(true) }))
	probe.Expect(t, invalid("Stack [mine] cannot be deleted while TerminationProtection is enabled"), b.delete("mine"))
	id := b.stack("mine").StackId
	protect := func(on bool) error {
		_, err := b.cfn.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: id, EnableTerminationProtection: &on})
		return err
	}
	probe.Must(t, 0, protect(false))
	probe.Must(t, 0, b.delete("mine"))
	probe.Expect(t, invalid("Termination protection cannot be changed on a stack in DELETE_COMPLETE state"), protect(true))
	_, err := b.cfn.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: id, TemplateBody: aws.String(tiny)})
	probe.Expect(t, invalid("Stack ["+*id+"] does not exist"), err)
	probe.Expect(t, probe.Answer{}, b.delete(*id))
}

// What cannot be deleted holds the stack, unless it is left out or force is used.
func TestDeleteFails(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*cloudformation.DeleteStackInput)
	}{
		"retained": {func(in *cloudformation.DeleteStackInput) { in.RetainResources = []string{"R"} }},
		"forced":   {func(in *cloudformation.DeleteStackInput) { in.DeletionMode = types.DeletionModeForceDeleteStack }},
	} {
		t.Run(name, func(t *testing.T) {
			b, ctx := start(t), t.Context()
			probe.Must(t, 0, b.create("mine", role("RoleName: people", "  W: {Type: AWS::CloudFormation::WaitConditionHandle}")))
			id := *b.stack("mine").StackId
			in := &cloudformation.DeleteStackInput{StackName: &id}
			c.edit(in)
			_, err := b.cfn.DeleteStack(ctx, in)
			probe.Expect(t, invalid("Invalid operation on stack ["+id+"]. ..."), err)
			_, err = b.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("people"), PolicyName: aws.String("more"),
				PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)})
			probe.Expect(t, probe.Answer{}, err)
			probe.Must(t, 0, b.delete("mine"))
			b.status("mine", "DELETE_FAILED")
			contains(t, aws.ToString(b.stack("mine").StackStatusReason), "The following resource(s) failed to delete: [R]. ")
			contains(t, strings.Join(b.events("mine"), "\n"), "R DELETE_FAILED Resource handler returned message: \"Cannot delete entity, must delete policies first.")
			_, err = b.cfn.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &id, RetainResources: []string{"Q"}})
			probe.Expect(t, invalid("The specified resources to retain must be in a valid state. Resource [Q] does not exist in the stack"), err)
			_, err = b.cfn.DeleteStack(ctx, in)
			probe.Expect(t, probe.Answer{}, err)
			b.status(id, "DELETE_COMPLETE")
			if !b.hasRole("people") {
				t.Error("the role is gone")
			}
		})
	}
}

// A stack policy keeps updates from resources; one for an update overrides it.
func TestStackPolicy(t *testing.T) {
	b, ctx := start(t), t.Context()
	allow := `{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}`
	probe.Must(t, 0, b.create("mine", role("Description: one", "  W: {Type: AWS::CloudFormation::WaitConditionHandle, Metadata: {k: 1}}")))
	n := len(b.events("mine"))
	for name, c := range map[string]struct{ policy, template, want string }{
		"replace": {`{"Statement": [` + allow + `, {"Effect": "Deny", "Principal": "*", "Action": "Update:Replace", "Resource": "LogicalResourceId/R"}]}`, role("Path: /x/"),
			"R UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource [LogicalResourceId/R];"},
		"modify": {`{"Statement": {"Effect": "Deny", "Principal": "*", "NotAction": "Update:Delete", "NotResource": "LogicalResourceId/W"}}`, role("Description: two"),
			"R UPDATE_FAILED Action denied by stack policy: Statement [#1] does not allow [Update:Modify] for resource [LogicalResourceId/R];"},
		"delete": {`{"Statement": [` + allow + `, {"Effect": "Deny", "Principal": "*", "Action": ["Update:Delete"], "Resource": "*", "Condition": {"StringLike": {"ResourceType": ["AWS::CloudF*"]}}}]}`, role("Description: one"),
			"W UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Delete] for resource [LogicalResourceId/W];"},
		"nothing": {`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "LogicalResourceId/Q*"}]}`, role("Description: two"),
			"R UPDATE_FAILED Action not allowed by stack policy: [Update:Modify] for resource [LogicalResourceId/R];"},
	} {
		_, err := b.cfn.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: aws.String("mine"), StackPolicyBody: &c.policy})
		probe.Expect(t, probe.Answer{}, err)
		probe.Must(t, 0, b.update("mine", c.template))
		b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
		if got := strings.Join(b.since("mine", n), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, got)
		}
		n = len(b.events("mine"))
	}
	out, err := b.cfn.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: aws.String("mine")})
	if probe.Must(t, out, err); out.StackPolicyBody == nil {
		t.Error("there is no stack policy")
	}
	probe.Must(t, 0, b.update("mine", role("Description: two"), func(in *cloudformation.UpdateStackInput) {
		in.StackPolicyDuringUpdateBody = aws.String(`{"Statement": [` + allow + `]}`)
	}))
	b.status("mine", "UPDATE_COMPLETE")
}

func TestStackPolicyRefusals(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", tiny))
	for policy, want := range map[string]string{
		`{`:                                   "Invalid JSON",
		`[]`:                                  "Invalid stack policy",
		`{"Statement": []}`:                   "Invalid stack policy",
		`{"Statement": [{"Effect": "May"}]}`:  "Statement [#1] must have an Effect of Allow or Deny",
		`{"Statement": [{"Effect": "Deny"}]}`: `Statement [#1] must have the Principal "*"`,
		`{"Statement": [{"Effect": "Deny", "Principal": "*"}]}`:                                         "Statement [#1] must have either an Action or a NotAction",
		`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "Update:*"}]}`:                   "Statement [#1] must have a Resource or a NotResource",
		`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "iam:*", "Resource": "*"}]}`:     "Statement [#1] has an unknown action iam:*",
		`{"Statement": [{"Effect": "Deny", "Principals": "*", "Action": "Update:*", "Resource": "*"}]}`: "Statement [#1] has an unknown element Principals",
	} {
		_, err := b.cfn.SetStackPolicy(t.Context(), &cloudformation.SetStackPolicyInput{StackName: aws.String("mine"), StackPolicyBody: &policy})
		probe.Expect(t, invalid("Error validating stack policy: "+want), err)
	}
}
