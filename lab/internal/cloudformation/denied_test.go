package cloudformation_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// request is one of each operation, about the stack mine and its change set.
type request func(context.Context, *cloudformation.Client) error

const tiny = `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`

var requests = map[string]request{
	"CreateStack": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("mine"), TemplateBody: aws.String(tiny)})
		return err
	},
	"UpdateStack": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: aws.String("mine"), TemplateBody: aws.String(tiny)})
		return err
	},
	"DeleteStack": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String("mine")})
		return err
	},
	"DescribeStacks": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String("mine")})
		return err
	},
	"DescribeStackEvents": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String("mine")})
		return err
	},
	"DescribeStackResource": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DescribeStackResource(ctx, &cloudformation.DescribeStackResourceInput{StackName: aws.String("mine"), LogicalResourceId: aws.String("Handle")})
		return err
	},
	"DescribeStackResources": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String("mine")})
		return err
	},
	"ListStackResources": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ListStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: aws.String("mine")})
		return err
	},
	"GetTemplate": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String("mine")})
		return err
	},
	"GetTemplateSummary": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{StackName: aws.String("mine")})
		return err
	},
	"CreateChangeSet": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next"), TemplateBody: aws.String(tiny)})
		return err
	},
	"DescribeChangeSet": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next")})
		return err
	},
	"ExecuteChangeSet": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next")})
		return err
	},
	"DeleteChangeSet": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next")})
		return err
	},
	"ListChangeSets": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: aws.String("mine")})
		return err
	},
	"CancelUpdateStack": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.CancelUpdateStack(ctx, &cloudformation.CancelUpdateStackInput{StackName: aws.String("mine")})
		return err
	},
	"ContinueUpdateRollback": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("mine")})
		return err
	},
	"RollbackStack": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.RollbackStack(ctx, &cloudformation.RollbackStackInput{StackName: aws.String("mine")})
		return err
	},
	"UpdateTerminationProtection": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{StackName: aws.String("mine"), EnableTerminationProtection: aws.Bool(true)})
		return err
	},
	"SetStackPolicy": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: aws.String("mine"), StackPolicyBody: aws.String("{}")})
		return err
	},
	"GetStackPolicy": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: aws.String("mine")})
		return err
	},
	"ListStacks": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ListStacks(ctx, &cloudformation.ListStacksInput{})
		return err
	},
	"ValidateTemplate": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{TemplateBody: aws.String(tiny)})
		return err
	},
	"ListExports": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ListExports(ctx, &cloudformation.ListExportsInput{})
		return err
	},
	"ListImports": func(ctx context.Context, c *cloudformation.Client) error {
		_, err := c.ListImports(ctx, &cloudformation.ListImportsInput{ExportName: aws.String("nobody")})
		return err
	},
}

// ofNoStack are the operations that are authorized on everything.
var ofNoStack = map[string]bool{"ListStacks": true, "ValidateTemplate": true, "ListExports": true, "ListImports": true}

// Every operation is denied to somebody without the right to it, in AWS's words.
func TestDenied(t *testing.T) {
	var nobody aws.CredentialsProvider
	b := start(t, func(w *lab.World) { nobody = probe.Actor(w, probe.Application, "nobody") })
	c := cloudformation.NewFromConfig(b.Config(nobody))
	for operation, ask := range requests {
		t.Run(operation, func(t *testing.T) {
			text := "User: arn:aws:sts::444455556666:assumed-role/nobody/probe is not authorized to perform: cloudformation:" + operation
			if !ofNoStack[operation] {
				text += " on resource: arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/*"
			}
			probe.Expect(t, probe.Answer{Status: 403, Code: "AccessDenied", Message: text + "..."}, ask(t.Context(), c))
		})
	}
	if len(requests) != 25 {
		t.Errorf("%d operations, the model has 25", len(requests))
	}
}

// The right to stacks of one name, by tag, or by what a request carries, is no
// right to others.
func TestConditionsOfRights(t *testing.T) {
	var owner aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		const mine = "arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/*"
		owner = probe.Actor(w, probe.Application, "owner",
			probe.Statement("Allow", "cloudformation:*", "Resource", mine, "Condition", map[string]any{
				"StringEqualsIfExists": map[string]any{"cloudformation:ChangeSetName": "good", "aws:RequestTag/team": "us"},
				"Null":                 map[string]any{"cloudformation:RoleArn": "true", "cloudformation:TemplateUrl": "true"},
			}),
			probe.Statement("Allow", "cloudformation:DescribeStacks", "Resource", "*", "Condition", map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/team": "us"}}),
		)
	})
	b.cfn = cloudformation.NewFromConfig(b.Config(owner))
	denied := probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}
	probe.Expect(t, denied, b.create("other", tiny))
	probe.Expect(t, denied, b.create("mine", tiny, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("team", "them") }))
	probe.Expect(t, denied, b.create("mine", tiny, func(in *cloudformation.CreateStackInput) { in.RoleARN = aws.String("arn:aws:iam::444455556666:role/x") }))
	probe.Expect(t, denied, b.create("mine", tiny, func(in *cloudformation.CreateStackInput) {
		in.TemplateBody, in.TemplateURL = nil, aws.String("https://bucket.s3.eu-west-1.amazonaws.com/key")
	}))
	probe.Must(t, 0, b.create("mine", tiny, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("team", "us") }))
	b.status("mine", "CREATE_COMPLETE")
	for name, want := range map[string]probe.Answer{"bad": denied, "good": {}} {
		_, err := b.cfn.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("mine"), ChangeSetName: &name, TemplateBody: aws.String(tiny)})
		probe.Expect(t, want, err)
	}
	_, err := b.cfn.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: b.stack("mine").StackId})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.cfn.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("arn:aws:cloudformation:eu-west-1:111122223333:stack/mine/1")})
	probe.Expect(t, denied, err)
}
