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

// Every operation goes there and back with boto3 and with the AWS CLI.
func TestForeignClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b := start(t)
			f := b.Foreign(kind, "cloudformation", b.admin)
			const policy = `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}`
			one, two := exporting, strings.Replace(exporting, "{O:", "{P: {Value: !Ref W}, O:", 1)
			f.Call("", "ValidateTemplate", "TemplateBody", one)
			f.Call("", "CreateStack", "StackName", "mine", "TemplateBody", one, "Tags", []any{probe.Members{"Key": "a", "Value": "b"}})
			stacks := f.Call("", "DescribeStacks", "StackName", "mine")["Stacks"].([]any)
			s := stacks[0].(probe.Members)
			if s["StackStatus"] != "CREATE_COMPLETE" || len(s["Outputs"].([]any)) != 1 {
				t.Errorf("stack %v", s)
			}
			f.Call("", "DescribeStackEvents", "StackName", "mine")
			f.Call("", "DescribeStackResource", "StackName", "mine", "LogicalResourceId", "W")
			f.Call("", "DescribeStackResources", "StackName", "mine")
			f.Call("", "ListStackResources", "StackName", "mine")
			f.Call("", "ListStacks", "StackStatusFilter", []any{"CREATE_COMPLETE"})
			f.Call("", "ListExports")
			f.Call("ValidationError", "ListImports", "ExportName", "mine-o")
			if diff := cmp.Diff(any([]any{"AWS::CloudFormation::WaitConditionHandle"}), f.Call("", "GetTemplateSummary", "StackName", "mine")["ResourceTypes"]); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
			f.Call("", "GetTemplate", "StackName", "mine")
			f.Call("", "SetStackPolicy", "StackName", "mine", "StackPolicyBody", policy)
			f.Call("", "GetStackPolicy", "StackName", "mine")
			f.Call("", "UpdateTerminationProtection", "StackName", "mine", "EnableTerminationProtection", true)
			f.Call("ValidationError", "DeleteStack", "StackName", "mine")
			f.Call("", "UpdateTerminationProtection", "StackName", "mine", "EnableTerminationProtection", false)
			set := f.Call("", "CreateChangeSet", "StackName", "mine", "ChangeSetName", "next", "TemplateBody", two)
			f.Call("", "DescribeChangeSet", "ChangeSetName", set["Id"])
			f.Call("", "ListChangeSets", "StackName", "mine")
			f.Call("", "DeleteChangeSet", "StackName", "mine", "ChangeSetName", "next")
			f.Call("ChangeSetNotFound", "ExecuteChangeSet", "StackName", "mine", "ChangeSetName", "next")
			f.Call("", "CreateChangeSet", "StackName", "mine", "ChangeSetName", "next", "TemplateBody", two)
			f.Call("", "ExecuteChangeSet", "StackName", "mine", "ChangeSetName", "next")
			f.Call("", "UpdateStack", "StackName", "mine", "TemplateBody", one)
			f.Call("ValidationError", "CancelUpdateStack", "StackName", "mine")
			f.Call("ValidationError", "ContinueUpdateRollback", "StackName", "mine")
			f.Call("ValidationError", "RollbackStack", "StackName", "mine")
			f.Call("", "DeleteStack", "StackName", "mine")
			f.Call("ValidationError", "DescribeStacks", "StackName", "mine")
			imports(b, f)
			rollsBack(b, f)
		})
	}
}

// imports: the stacks that use an export.
func imports(b *bench, f *probe.Foreign) {
	f.Helper()
	probe.Must(f, 0, b.create("first", exporting))
	probe.Must(f, 0, b.create("second", handle+"Outputs: {P: {Value: !ImportValue first-o}}\n"))
	if diff := cmp.Diff(any([]any{"second"}), f.Call("", "ListImports", "ExportName", "first-o")["Imports"]); diff != "" {
		f.Errorf("imports (-want +got):\n%s", diff)
	}
}

// rollsBack: a failed update is rolled back on request, and where that fails, without
// what hinders it.
func rollsBack(b *bench, f *probe.Foreign) {
	f.Helper()
	const more = "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}"
	made, err := b.iam.CreatePolicy(f.Context(), &iam.CreatePolicyInput{
		PolicyName: aws.String("bound"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
	})
	probe.Must(f, made, err)
	probe.Must(f, 0, b.create("back", role("PermissionsBoundary: "+*made.Policy.Arn)))
	probe.Must(f, 0, b.update("back", role("Description: two", more), func(in *cloudformation.UpdateStackInput) { in.DisableRollback = aws.Bool(true) }))
	b.status("back", "UPDATE_FAILED")
	_, err = b.iam.DeletePolicy(f.Context(), &iam.DeletePolicyInput{PolicyArn: made.Policy.Arn})
	probe.Must(f, 0, err)
	if id := f.Call("", "RollbackStack", "StackName", "back")["StackId"]; id != *b.stack("back").StackId {
		f.Errorf("RollbackStack answers %v", id)
	}
	b.status("back", "UPDATE_ROLLBACK_FAILED")
	f.Call("", "ContinueUpdateRollback", "StackName", "back", "ResourcesToSkip", []any{"R"})
	b.status("back", "UPDATE_ROLLBACK_COMPLETE")
}

// An update that is under way is cancelled with boto3 and with the AWS CLI.
func TestForeignClientsCancel(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			b, _, g := slow(t, "UpdateRole")
			f := b.Foreign(kind, "cloudformation", b.admin)
			probe.Must(t, 0, b.create("mine", role("Description: one")))
			probe.Must(t, 0, b.update("mine", role("Description: two")))
			b.status("mine", "UPDATE_IN_PROGRESS")
			f.Call("", "CancelUpdateStack", "StackName", "mine")
			g.release()
			for _, left := range []string{"UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"} {
				b.until("mine", left)
			}
			b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
		})
	}
}
