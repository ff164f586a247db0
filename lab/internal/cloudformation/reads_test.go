package cloudformation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const described = `
AWSTemplateFormatVersion: "2010-09-09"
Description: what it is
Metadata: {by: us}
Parameters: {P: {Type: String, Default: a, AllowedValues: [a, b], Description: d, NoEcho: true}}
Resources:
  R: {Type: AWS::IAM::Role, Properties: {RoleName: people, AssumeRolePolicyDocument: {}}}
  S: {Type: AWS::IAM::RolePolicy, Properties: {}}
  T: {Type: AWS::S3::Bucket}
`

func TestTemplateSummary(t *testing.T) {
	b, ctx := start(t), t.Context()
	out, err := b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{TemplateBody: aws.String(described)})
	want := &cloudformation.GetTemplateSummaryOutput{
		Description: aws.String("what it is"), Version: aws.String("2010-09-09"), Metadata: aws.String(`{"by":"us"}`),
		Capabilities: namedIAM, CapabilitiesReason: aws.String("The following resource(s) require capabilities: [AWS::IAM::Role, AWS::IAM::RolePolicy]"),
		ResourceTypes: []string{"AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::S3::Bucket"},
		Parameters: []types.ParameterDeclaration{{
			ParameterKey: aws.String("P"), ParameterType: aws.String("String"), DefaultValue: aws.String("a"), Description: aws.String("d"), NoEcho: aws.Bool(true),
			ParameterConstraints: &types.ParameterConstraints{AllowedValues: []string{"a", "b"}},
		}},
	}
	ignore := cmpopts.IgnoreUnexported(cloudformation.GetTemplateSummaryOutput{}, cloudformation.ValidateTemplateOutput{}, types.ParameterDeclaration{}, types.ParameterConstraints{}, types.TemplateParameter{}, types.Warnings{}, middleware.Metadata{})
	if diff := cmp.Diff(want, probe.Must(t, out, err), ignore, cmpopts.IgnoreTypes(middleware.Metadata{})); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	valid, err := b.cfn.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{TemplateBody: aws.String(described)})
	wanted := &cloudformation.ValidateTemplateOutput{
		Description: want.Description, Capabilities: want.Capabilities, CapabilitiesReason: want.CapabilitiesReason,
		Parameters: []types.TemplateParameter{{ParameterKey: aws.String("P"), DefaultValue: aws.String("a"), Description: aws.String("d"), NoEcho: aws.Bool(true)}},
	}
	if diff := cmp.Diff(wanted, probe.Must(t, valid, err), ignore, cmpopts.IgnoreTypes(middleware.Metadata{})); diff != "" {
		t.Errorf("validation (-want +got):\n%s", diff)
	}
	strange := "Resources: {A: {Type: AWS::EC2::VPC}, B: {Type: AWS::S3::Bucket}}\nOutputs: {O: {Value: !GetAtt A.Anything}}"
	_, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{TemplateBody: &strange})
	probe.Expect(t, invalid("Template format error: Unrecognized resource types: [AWS::EC2::VPC]"), err)
	out, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{
		TemplateBody: &strange, TemplateSummaryConfig: &types.TemplateSummaryConfig{TreatUnrecognizedResourceTypesAsWarnings: aws.Bool(true)},
	})
	if probe.Must(t, out, err); out.Warnings == nil || !slices.Equal(out.Warnings.UnrecognizedResourceTypes, []string{"AWS::EC2::VPC"}) {
		t.Errorf("warnings %v", out.Warnings)
	}
}

// Lists of nothing are in the answers: clients look into them.
func TestEmptyLists(t *testing.T) {
	b, ctx := start(t), t.Context()
	name := aws.String("mine")
	none := func(what string, there bool, n int) {
		t.Helper()
		if !there || n > 0 {
			t.Errorf("%s: %t, %d", what, there, n)
		}
	}
	d, err := b.cfn.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	none("Stacks", probe.Must(t, d, err).Stacks != nil, len(d.Stacks))
	l, err := b.cfn.ListStacks(ctx, &cloudformation.ListStacksInput{})
	none("StackSummaries", probe.Must(t, l, err).StackSummaries != nil, len(l.StackSummaries))
	x, err := b.cfn.ListExports(ctx, &cloudformation.ListExportsInput{})
	none("Exports", probe.Must(t, x, err).Exports != nil, len(x.Exports))
	s, err := b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{TemplateBody: aws.String(handle)})
	none("Parameters of a summary", probe.Must(t, s, err).Parameters != nil, len(s.Parameters))
	v, err := b.cfn.ValidateTemplate(ctx, &cloudformation.ValidateTemplateInput{TemplateBody: aws.String(handle)})
	none("Parameters", probe.Must(t, v, err).Parameters != nil, len(v.Parameters))
	c, err := b.propose(handle, creating)
	none("NotificationARNs of a change set", probe.Must(t, c, err).NotificationARNs != nil, len(c.NotificationARNs))
	r, err := b.cfn.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: name})
	none("StackResources", probe.Must(t, r, err).StackResources != nil, len(r.StackResources))
	m, err := b.cfn.ListStackResources(ctx, &cloudformation.ListStackResourcesInput{StackName: name})
	none("StackResourceSummaries", probe.Must(t, m, err).StackResourceSummaries != nil, len(m.StackResourceSummaries))
	probe.Must(t, 0, b.execute())
	none("Tags", b.stack("mine").Tags != nil, len(b.stack("mine").Tags))
	none("NotificationARNs", b.stack("mine").NotificationARNs != nil, len(b.stack("mine").NotificationARNs))
	e, err := b.cfn.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: name})
	none("Summaries", probe.Must(t, e, err).Summaries != nil, len(e.Summaries))
	c, err = b.propose(handle)
	none("Changes", probe.Must(t, c, err).Changes != nil, len(c.Changes))
}

// many are so many stacks of the application account.
func many(n int) func(*lab.World) {
	return func(w *lab.World) {
		for i := range n {
			name := fmt.Sprintf("old%d", i)
			w.Stacks = append(w.Stacks, world.Stack{
				ID: "arn:aws:cloudformation:eu-west-1:444455556666:stack/" + name + "/1", Name: name, Account: probe.Application, Status: "CREATE_COMPLETE",
				Outputs: []world.StackOutput{{Key: "O", Value: "v", Export: name}},
			})
		}
	}
}

func TestManyStacks(t *testing.T) {
	b, ctx := start(t, many(world.MaxStacks)), t.Context()
	quota := probe.Answer{Status: 400, Code: "LimitExceededException", Message: "Limit for stack has been exceeded (2000)"}
	probe.Expect(t, quota, b.create("mine", tiny))
	_, err := b.propose(tiny, creating)
	probe.Expect(t, quota, err)
	exports := cloudformation.NewListExportsPaginator(b.cfn, &cloudformation.ListExportsInput{})
	n := 0
	for exports.HasMorePages() {
		page, err := exports.NextPage(ctx)
		n += len(probe.Must(t, page, err).Exports)
	}
	p := cloudformation.NewListStacksPaginator(b.cfn, &cloudformation.ListStacksInput{StackStatusFilter: []types.StackStatus{"CREATE_COMPLETE"}})
	listed := map[string]bool{}
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		for _, s := range probe.Must(t, page, err).StackSummaries {
			listed[*s.StackName] = true
		}
	}
	d := cloudformation.NewDescribeStacksPaginator(b.cfn, &cloudformation.DescribeStacksInput{})
	shown := 0
	for d.HasMorePages() {
		page, err := d.NextPage(ctx)
		shown += len(probe.Must(t, page, err).Stacks)
	}
	if n != 2000 || len(listed) != 2000 || shown != 2000 {
		t.Errorf("%d exports, %d stacks listed, %d described", n, len(listed), shown)
	}
	probe.Must(t, 0, b.delete("old0"))
	probe.Expect(t, probe.Answer{}, b.create("mine", tiny))
}

// Whoever knows the name of a resource finds its stack.
func TestStackOfAResource(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("", "  W: {Type: AWS::CloudFormation::WaitConditionHandle, Metadata: {k: v}}")))
	out, err := b.cfn.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{PhysicalResourceId: aws.String(b.physical("mine")["R"]), LogicalResourceId: aws.String("W")})
	if probe.Must(t, out, err); len(out.StackResources) != 1 || *out.StackResources[0].LogicalResourceId != "W" {
		t.Errorf("resources %v", out.StackResources)
	}
	one, err := b.cfn.DescribeStackResource(t.Context(), &cloudformation.DescribeStackResourceInput{StackName: aws.String("mine"), LogicalResourceId: aws.String("W")})
	if probe.Must(t, one, err); *one.StackResourceDetail.Metadata != `{"k":"v"}` {
		t.Errorf("metadata %s", *one.StackResourceDetail.Metadata)
	}
}

// A physical name is cut to what the service takes, and keeps its end.
func TestLongNames(t *testing.T) {
	b := start(t)
	stack, id := strings.Repeat("s", 100), strings.Repeat("R", 100)
	probe.Must(t, 0, b.create(stack, strings.Replace(role(""), "  R:", "  "+id+":", 1)))
	b.status(stack, "CREATE_COMPLETE")
	if got := b.physical(stack)[id]; len(got) != 64 || !strings.HasPrefix(got, "sss") || !strings.Contains(got, "-RRR") {
		t.Errorf("physical id %s", got)
	}
}

// What a new resource that shall be kept comes to when its creation is rolled back.
func TestRetainOnRollback(t *testing.T) {
	for policy, c := range map[string]struct{ flag, kept bool }{"Retain": {false, true}, "Retain ": {true, false}, "RetainExceptOnCreate": {false, false}} {
		b := start(t)
		broken := strings.Replace(role("RoleName: people", "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p}}"),
			"    Type:", "    DeletionPolicy: "+strings.TrimSpace(policy)+"\n    Type:", 1)
		probe.Must(t, 0, b.create("mine", broken, func(in *cloudformation.CreateStackInput) { in.RetainExceptOnCreate = &c.flag }))
		b.status("mine", "ROLLBACK_COMPLETE")
		if got := b.hasRole("people"); got != c.kept {
			t.Errorf("%s, %t: the role is kept: %t", policy, c.flag, got)
		}
	}
}

// A replacement that cannot be made leaves the old resource, and an update that is
// wrong by itself changes nothing.
func TestFailedReplacement(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", role("Path: /one/")))
	was := b.physical("mine")
	for _, template := range []string{role("Path: no slash"), role("Foo: 1"), role("Description: !ImportValue nothing"),
		role("Path: /one/", "  N: {Type: AWS::IAM::Role}"), role("Path: /one/", "Outputs: {O: {Value: !ImportValue nothing}}")} {
		probe.Must(t, 0, b.update("mine", template))
		b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
		if diff := cmp.Diff(was, b.physical("mine")); diff != "" || !b.hasRole(was["R"]) {
			t.Errorf("%s: physical ids (-before +after):\n%s", template, diff)
		}
	}
	probe.Must(t, 0, b.update("mine", role("Path: /one/\nDescription: d"), func(in *cloudformation.UpdateStackInput) { in.ClientRequestToken = aws.String("once") }))
	probe.Must(t, 0, b.update("mine", role("Path: /one/\nDescription: d"), func(in *cloudformation.UpdateStackInput) { in.ClientRequestToken = aws.String("once") }))
	probe.Must(t, 0, b.update("mine", "", func(in *cloudformation.UpdateStackInput) {
		in.TemplateBody, in.UsePreviousTemplate, in.Tags = nil, aws.Bool(true), stackTags("a", "b")
	}))
	b.status("mine", "UPDATE_COMPLETE")
}
