package cloudformation_test

import (
	"strings"
	"testing"

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
		})
	}
}
