package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// What is asked of a stack that is not there.
func TestNoStack(t *testing.T) {
	b := start(t)
	const does, id = "Stack [mine] does not exist", "Stack with id mine does not exist"
	for operation, want := range map[string]probe.Answer{
		"UpdateStack": invalid(does), "DeleteStack": {}, "DescribeStacks": invalid(id), "DescribeStackEvents": invalid(does),
		"DescribeStackResource": invalid("Stack 'mine' does not exist"), "DescribeStackResources": invalid(id), "ListStackResources": invalid(id),
		"GetTemplate": invalid(id), "GetTemplateSummary": invalid(id), "CreateChangeSet": invalid(does), "DescribeChangeSet": invalid(does),
		"ExecuteChangeSet": invalid(does), "DeleteChangeSet": invalid(does), "ListChangeSets": invalid(does), "CancelUpdateStack": invalid(does),
		"ContinueUpdateRollback": invalid(does), "RollbackStack": invalid(does), "UpdateTerminationProtection": invalid(does), "SetStackPolicy": invalid(does),
		"GetStackPolicy": invalid(does), "ListStacks": {}, "ListExports": {}, "ListImports": invalid("Export 'nobody' does not exist"),
	} {
		t.Run(operation, func(t *testing.T) { probe.Expect(t, want, requests[operation](t.Context(), b.cfn)) })
	}
}

// What is asked of a stack that is made, and of change sets that are not there.
func TestWrongState(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", tiny))
	id := *b.stack("mine").StackId
	gone := probe.Answer{Status: 404, Code: "ChangeSetNotFound", Message: "ChangeSet [next] does not exist"}
	for operation, want := range map[string]probe.Answer{
		"CreateStack":            {Status: 400, Code: "AlreadyExistsException", Message: "Stack [mine] already exists"},
		"UpdateStack":            invalid("No updates are to be performed."),
		"CancelUpdateStack":      invalid("CancelUpdateStack cannot be called from current stack status"),
		"ContinueUpdateRollback": invalid("Stack:" + id + " is in CREATE_COMPLETE state and can not continue update rollback."),
		"RollbackStack":          invalid("Stack:" + id + " is in CREATE_COMPLETE state and can not be rolled back."),
		"DescribeChangeSet":      gone, "ExecuteChangeSet": gone, "DeleteChangeSet": {},
		"SetStackPolicy": invalid("Error validating stack policy: Invalid stack policy"),
	} {
		t.Run(operation, func(t *testing.T) { probe.Expect(t, want, requests[operation](t.Context(), b.cfn)) })
	}
	probe.Expect(t, probe.Answer{Status: 400, Code: "AlreadyExistsException", Message: "Stack [mine] already exists"}, b.create("mine", "no template"))
}

func TestCreateStackRefusals(t *testing.T) {
	b := start(t)
	role := file(t, "two-roles.yaml")
	long := strings.Repeat("a", 129)
	for name, c := range map[string]struct {
		name, template string
		edit           func(*cloudformation.CreateStackInput)
		want           probe.Answer
	}{
		"name":       {"my_stack", tiny, nil, invalid("1 validation error detected: Value 'my_stack' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")},
		"long name":  {long, tiny, nil, invalid("1 validation error detected: Value '" + long + "' at 'stackName' failed to satisfy constraint: Member must have length less than or equal to 128")},
		"template":   {"mine", "hello", nil, invalid("Template format error: unsupported structure.")},
		"type":       {"mine", `{"Resources": {"A": {"Type": "AWS::EC2::VPC"}}}`, nil, invalid("Template format error: Unrecognized resource types: [AWS::EC2::VPC]")},
		"attribute":  {"mine", strings.Replace(role, "OIDCRole.Arn", "OIDCRole.Name", 1), nil, invalid("Template error: resource OIDCRole does not support attribute type Name in Fn::GetAtt")},
		"long":       {"mine", tiny + strings.Repeat(" ", 51200), nil, invalid("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200")},
		"none":       {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.TemplateBody = nil }, invalid("Either Template URL or Template Body must be specified.")},
		"both":       {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.TemplateURL = aws.String("https://b.s3.amazonaws.com/k") }, invalid("You cannot specify both TemplateBody and TemplateURL.")},
		"capability": {"mine", role, func(in *cloudformation.CreateStackInput) { in.Capabilities = nil }, probe.Answer{Status: 400, Code: "InsufficientCapabilitiesException", Message: "Requires capabilities : [CAPABILITY_IAM]"}},
		"names": {"mine", strings.Replace(role, "Policies:", "RoleName: people\n      Policies:", 1), func(in *cloudformation.CreateStackInput) { in.Capabilities = []types.Capability{"CAPABILITY_IAM"} },
			probe.Answer{Status: 400, Code: "InsufficientCapabilitiesException", Message: "Requires capabilities : [CAPABILITY_NAMED_IAM]"}},
		"parameter": {"mine", role, func(in *cloudformation.CreateStackInput) { in.Parameters = parameters("Other", "a") }, invalid("Parameters: [Other] do not exist in the template")},
		"no key": {"mine", role, func(in *cloudformation.CreateStackInput) {
			in.Parameters = []types.Parameter{{ParameterValue: aws.String("a")}}
		}, invalid("Invalid parameter: every parameter must have a ParameterKey")},
		"no value": {"mine", role, func(in *cloudformation.CreateStackInput) {
			in.Parameters = []types.Parameter{{ParameterKey: aws.String("ApplicationArn")}}
		}, invalid("Invalid input for parameter key ApplicationArn. A parameter must have a value or usePreviousValue as true")},
		"two values": {"mine", role, func(in *cloudformation.CreateStackInput) {
			in.Parameters = []types.Parameter{{ParameterKey: aws.String("ApplicationArn"), ParameterValue: aws.String("a"), UsePreviousValue: aws.Bool(true)}}
		}, invalid("Invalid input for parameter key ApplicationArn. Cannot specify usePreviousValue as true and non empty value for a parameter")},
		"previous": {"mine", role, func(in *cloudformation.CreateStackInput) {
			in.Parameters = []types.Parameter{{ParameterKey: aws.String("ApplicationArn"), UsePreviousValue: aws.Bool(true)}}
		}, invalid("Invalid input for parameter key ApplicationArn. Cannot specify usePreviousValue as true for a parameter key not in the previous template")},
		"types": {"mine", role, func(in *cloudformation.CreateStackInput) {
			in.ResourceTypes = []string{"AWS::S3::*", "AWS::IAM::Role", "AWS::IAM::OIDCProvider"}
		}, invalid("Resource type AWS::IAM::Policy is not allowed by parameter ResourceTypes [AWS::S3::*, AWS::IAM::Role, AWS::IAM::OIDCProvider]")},
		"tag":          {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("aws:x", "a") }, invalid("aws: prefixed tag key names are not allowed for external use.")},
		"tag twice":    {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("x", "a", "x", "b") }, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")},
		"tags":         {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags(manyTags(51)...) }, invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")},
		"notification": {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.NotificationARNs = []string{"me"} }, invalid("Invalid notification ARN: me")},
		"notifications": {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.NotificationARNs = make([]string, 6) },
			invalid("1 validation error detected: Value '[, , , , , ]' at 'notificationARNs' failed to satisfy constraint: Member must have length less than or equal to 5")},
		"rollback": {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.DisableRollback, in.OnFailure = aws.Bool(true), "DELETE" }, invalid("You can specify either DisableRollback or OnFailure, but not both.")},
		"triggers": {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.RollbackConfiguration = triggers() }, invalid("This lab has no alarms that could be rollback triggers.")},
		"role": {"mine", tiny, func(in *cloudformation.CreateStackInput) {
			in.RoleARN = aws.String("arn:aws:iam::444455556666:role/nobody")
		}, invalid("Role arn:aws:iam::444455556666:role/nobody is invalid or cannot be assumed")},
		"policy": {"mine", tiny, func(in *cloudformation.CreateStackInput) { in.StackPolicyBody = aws.String("{") }, invalid("Error validating stack policy: Invalid JSON")},
		"policies": {"mine", tiny, func(in *cloudformation.CreateStackInput) {
			in.StackPolicyBody, in.StackPolicyURL = aws.String("{}"), aws.String("https://b.s3.amazonaws.com/k")
		}, invalid("You cannot specify both StackPolicyURL and StackPolicyBody")},
		"somewhere": {"mine", tiny, func(in *cloudformation.CreateStackInput) {
			in.TemplateBody, in.TemplateURL = nil, aws.String("https://example.com/b/k")
		}, invalid("TemplateURL must reference a valid S3 object to which you have access.")},
		"no object": {"mine", tiny, func(in *cloudformation.CreateStackInput) {
			in.TemplateBody, in.TemplateURL = nil, aws.String("https://none.s3.eu-west-1.amazonaws.com/k")
		}, invalid("S3 error: The specified bucket does not exist\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")},
		"never made": {"mine", "Conditions: {No: !Equals [1, 2]}\nResources: {A: {Type: AWS::S3::Bucket, Condition: No}}", nil, invalid("Template format error: At least one Resources member must be defined.")},
		"left out":   {"mine", "Conditions: {No: !Equals [1, 2]}\nResources: {A: {Type: AWS::S3::Bucket, Condition: No}, B: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref A}}}", nil, invalid("Template format error: Unresolved resource dependencies [A] in the Resources block of the template")},
		"rule":       {"mine", "Rules: {R: {Assertions: [{Assert: !Equals [1, 2], AssertDescription: never}]}}\n" + role, nil, invalid("Template Error: Rule 'R' failed: never")},
	} {
		t.Run(name, func(t *testing.T) {
			var edits []func(*cloudformation.CreateStackInput)
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			probe.Expect(t, c.want, b.create(c.name, c.template, edits...))
		})
	}
	if out, err := b.cfn.ListStacks(t.Context(), &cloudformation.ListStacksInput{}); err != nil || len(out.StackSummaries) > 0 {
		t.Errorf("%d stacks are left, %v", len(out.StackSummaries), err)
	}
}

func manyTags(n int) []string {
	var kv []string
	for i := range n {
		kv = append(kv, "k"+strings.Repeat("a", i), "v")
	}
	return kv
}

func triggers() *types.RollbackConfiguration {
	return &types.RollbackConfiguration{RollbackTriggers: []types.RollbackTrigger{{Arn: aws.String("arn:aws:cloudwatch:eu-west-1:444455556666:alarm:a"), Type: aws.String("AWS::CloudWatch::Alarm")}}}
}

func TestReadRefusals(t *testing.T) {
	b, ctx := start(t), t.Context()
	probe.Must(t, 0, b.create("mine", tiny))
	_, err := b.cfn.DescribeStackResource(ctx, &cloudformation.DescribeStackResourceInput{StackName: aws.String("mine"), LogicalResourceId: aws.String("Other")})
	probe.Expect(t, invalid("Resource Other does not exist for stack mine"), err)
	_, err = b.cfn.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{})
	probe.Expect(t, invalid("You must specify either StackName or PhysicalResourceId"), err)
	_, err = b.cfn.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String("mine"), PhysicalResourceId: aws.String("x")})
	probe.Expect(t, invalid("Cannot specify both StackName and PhysicalResourceId"), err)
	_, err = b.cfn.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: aws.String("x")})
	probe.Expect(t, invalid("Stack for x does not exist"), err)
	_, err = b.cfn.GetTemplate(ctx, &cloudformation.GetTemplateInput{})
	probe.Expect(t, invalid("You must specify either StackName or ChangeSetName"), err)
	_, err = b.cfn.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: aws.String("next")})
	probe.Expect(t, invalid("StackName must be specified if ChangeSetName is not specified as an ARN."), err)
	_, err = b.cfn.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: aws.String("arn:aws:cloudformation:eu-west-1:444455556666:changeSet/a/b")})
	probe.Expect(t, probe.Answer{Status: 404, Code: "ChangeSetNotFound", Message: "ChangeSet [arn:aws:cloudformation:eu-west-1:444455556666:changeSet/a/b] does not exist"}, err)
	_, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{StackSetName: aws.String("x")})
	probe.Expect(t, probe.Answer{Status: 404, Code: "StackSetNotFoundException", Message: "StackSet x not found"}, err)
	_, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{StackName: aws.String("mine"), TemplateBody: aws.String(tiny)})
	probe.Expect(t, invalid("You can specify only one of StackName, TemplateBody and TemplateURL."), err)
	_, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{TemplateBody: aws.String("hello")})
	probe.Expect(t, invalid("Template format error: unsupported structure."), err)
	_, err = b.cfn.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{TemplateBody: aws.String("hello")})
	probe.Expect(t, invalid("Template format error: unsupported structure."), err)
	_, err = b.cfn.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{})
	probe.Expect(t, invalid("Either Template URL or Template Body must be specified."), err)
	_, err = b.cfn.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: aws.String("mine")})
	probe.Expect(t, invalid("You must specify either StackPolicyBody or StackPolicyURL"), err)
	for _, ask := range []func() error{
		func() error {
			_, err := b.cfn.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{NextToken: aws.String("x")})
			return err
		},
		func() error {
			_, err := b.cfn.ListStacks(ctx, &cloudformation.ListStacksInput{NextToken: aws.String("x")})
			return err
		},
		func() error {
			_, err := b.cfn.ListExports(ctx, &cloudformation.ListExportsInput{NextToken: aws.String("x")})
			return err
		},
		func() error {
			_, err := b.cfn.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String("mine"), NextToken: aws.String("x")})
			return err
		},
		func() error {
			_, err := b.cfn.ListStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: aws.String("mine"), NextToken: aws.String("x")})
			return err
		},
		func() error {
			_, err := b.cfn.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: aws.String("mine"), NextToken: aws.String("x")})
			return err
		},
	} {
		probe.Expect(t, invalid("NextToken is invalid"), ask())
	}
}

// A token makes a repeated request harmless, and is refused for another kind of request.
func TestClientRequestToken(t *testing.T) {
	b := start(t)
	token := func(in *cloudformation.CreateStackInput) { in.ClientRequestToken = aws.String("once") }
	probe.Must(t, 0, b.create("mine", tiny, token))
	probe.Must(t, 0, b.create("mine", tiny, token))
	id := *b.stack("mine").StackId
	exists := probe.Answer{Status: 400, Code: "TokenAlreadyExistsException", Message: "A stack operation with token once already exists for stack " + id}
	probe.Expect(t, exists, b.update("mine", tiny, func(in *cloudformation.UpdateStackInput) { in.ClientRequestToken = aws.String("once") }))
	_, err := b.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("mine"), ClientRequestToken: aws.String("once")})
	probe.Expect(t, exists, err)
	_, err = b.cfn.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: aws.String("mine"), ClientRequestToken: aws.String("once")})
	probe.Expect(t, exists, err)
	_, err = b.cfn.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("mine"), ClientRequestToken: aws.String("once")})
	probe.Expect(t, exists, err)
}
