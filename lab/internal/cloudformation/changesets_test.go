package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// propose makes a change set next of the stack mine; edits change the request first.
func (b *bench) propose(template string, edits ...func(*cloudformation.CreateChangeSetInput)) (*cloudformation.DescribeChangeSetOutput, error) {
	in := &cloudformation.CreateChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next"), TemplateBody: &template, Capabilities: namedIAM}
	for _, edit := range edits {
		edit(in)
	}
	out, err := b.cfn.CreateChangeSet(b.Context(), in)
	if err != nil {
		return nil, err
	}
	return b.cfn.DescribeChangeSet(b.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: out.Id, IncludePropertyValues: aws.Bool(true)})
}

func (b *bench) execute() error {
	_, err := b.cfn.ExecuteChangeSet(b.Context(), &cloudformation.ExecuteChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next")})
	return err
}

func creating(in *cloudformation.CreateChangeSetInput) { in.ChangeSetType = types.ChangeSetTypeCreate }

const changing = `
Parameters: {Text: {Type: String, Default: one}, Secret: {Type: String, NoEcho: true, Default: hush-hush}}
Resources:
  A: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ` + trust + `, Path: /a/, Description: !Ref Text}}
  B: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref A, PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:*", Resource: !GetAtt A.Arn}]}}}
  C: {Type: AWS::CloudFormation::WaitConditionHandle, Metadata: {k: 1}}
  D: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ` + trust + `, Description: !Sub "-${Secret}-"}}
`

// A change set tells each change, and why it comes about.
func TestChangeSet(t *testing.T) {
	b := start(t)
	first, err := b.propose(changing, creating)
	probe.Must(t, first, err)
	var added []string
	for _, c := range first.Changes {
		added = append(added, string(c.ResourceChange.Action)+" "+*c.ResourceChange.LogicalResourceId)
	}
	if diff := cmp.Diff([]string{"Add A", "Add B", "Add C", "Add D"}, added); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	b.status("mine", "REVIEW_IN_PROGRESS")
	probe.Must(t, 0, b.execute())
	b.status("mine", "CREATE_COMPLETE")

	edited := strings.NewReplacer("/a/", "/b/", "{k: 1}", "{k: 2}", "  D:", "  E:").Replace(changing)
	second, err := b.propose(edited, func(in *cloudformation.CreateChangeSetInput) { in.Parameters = parameters("Text", "two") })
	probe.Must(t, second, err)
	ids := b.physical("mine")
	target := func(name, recreation string) *types.ResourceTargetDefinition {
		return &types.ResourceTargetDefinition{Attribute: "Properties", Name: &name, RequiresRecreation: types.RequiresRecreation(recreation)}
	}
	change := func(c types.ResourceChange) types.Change { return types.Change{Type: "Resource", ResourceChange: &c} }
	want := []types.Change{
		change(types.ResourceChange{
			Action: "Modify", LogicalResourceId: aws.String("A"), PhysicalResourceId: aws.String(ids["A"]), ResourceType: aws.String("AWS::IAM::Role"),
			Replacement: "True", PolicyAction: "ReplaceAndDelete", Scope: []types.ResourceAttribute{"Properties"},
			Details: []types.ResourceChangeDetail{
				{Target: target("Description", "Never"), Evaluation: "Static", ChangeSource: "ParameterReference", CausingEntity: aws.String("Text")},
				{Target: target("Description", "Never"), Evaluation: "Dynamic", ChangeSource: "DirectModification"},
				{Target: target("Path", "Always"), Evaluation: "Static", ChangeSource: "DirectModification"},
			},
		}),
		change(types.ResourceChange{
			Action: "Modify", LogicalResourceId: aws.String("B"), PhysicalResourceId: aws.String(ids["B"]), ResourceType: aws.String("AWS::IAM::RolePolicy"),
			Replacement: "Conditional", PolicyAction: "ReplaceAndDelete", Scope: []types.ResourceAttribute{"Properties"},
			Details: []types.ResourceChangeDetail{
				{Target: target("PolicyDocument", "Never"), Evaluation: "Dynamic", ChangeSource: "ResourceAttribute", CausingEntity: aws.String("A.Arn")},
				{Target: target("RoleName", "Always"), Evaluation: "Dynamic", ChangeSource: "ResourceReference", CausingEntity: aws.String("A")},
			},
		}),
		change(types.ResourceChange{
			Action: "Modify", LogicalResourceId: aws.String("C"), PhysicalResourceId: aws.String(ids["C"]), ResourceType: aws.String("AWS::CloudFormation::WaitConditionHandle"),
			Replacement: "False", Scope: []types.ResourceAttribute{"Metadata"},
			Details: []types.ResourceChangeDetail{{Target: &types.ResourceTargetDefinition{Attribute: "Metadata", RequiresRecreation: "Never"}, Evaluation: "Static", ChangeSource: "DirectModification"}},
		}),
		change(types.ResourceChange{Action: "Add", LogicalResourceId: aws.String("E"), ResourceType: aws.String("AWS::IAM::Role")}),
		change(types.ResourceChange{Action: "Remove", LogicalResourceId: aws.String("D"), PhysicalResourceId: aws.String(ids["D"]), ResourceType: aws.String("AWS::IAM::Role"), PolicyAction: "Delete"}),
	}
	ignore := []cmp.Option{
		cmpopts.IgnoreUnexported(types.Change{}, types.ResourceChange{}, types.ResourceChangeDetail{}, types.ResourceTargetDefinition{}),
		cmpopts.IgnoreFields(types.ResourceChange{}, "BeforeContext", "AfterContext"),
		cmpopts.IgnoreFields(types.ResourceTargetDefinition{}, "BeforeValue", "AfterValue", "Path", "AttributeChangeType"),
	}
	if diff := cmp.Diff(want, second.Changes, ignore...); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	contains(t, *second.Changes[0].ResourceChange.AfterContext, `"Description":"two"`)
	contains(t, *second.Changes[1].ResourceChange.AfterContext, `"RoleName":"{{changeSet:KNOWN_AFTER_APPLY}}"`)
	contains(t, *second.Changes[4].ResourceChange.BeforeContext, `"Description":"-****-"`)
	probe.Must(t, 0, b.execute())
	b.status("mine", "UPDATE_COMPLETE")
	if now := b.physical("mine"); now["A"] == ids["A"] || now["B"] == ids["B"] || now["D"] != "" || now["C"] != ids["C"] {
		t.Errorf("physical ids %v, were %v", now, ids)
	}
}

// A secret parameter shows nowhere.
func TestNoEcho(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", changing))
	for _, p := range b.stack("mine").Parameters {
		if *p.ParameterKey == "Secret" && *p.ParameterValue != "****" {
			t.Errorf("the secret is %s", *p.ParameterValue)
		}
	}
	out, err := b.cfn.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("mine")})
	for _, e := range probe.Must(t, out, err).StackEvents {
		if strings.Contains(aws.ToString(e.ResourceProperties), "hush") {
			t.Errorf("the secret is in %s", *e.ResourceProperties)
		}
	}
	if got := *b.role(b.physical("mine")["D"]).Role.Description; got != "-hush-hush-" {
		t.Errorf("the role has %s", got)
	}
}

func TestChangeSetRefusals(t *testing.T) {
	b, ctx := start(t), t.Context()
	for name, c := range map[string]struct {
		edit func(*cloudformation.CreateChangeSetInput)
		want probe.Answer
	}{
		"update of nothing": {func(*cloudformation.CreateChangeSetInput) {}, invalid("Stack [mine] does not exist")},
		"import":            {func(in *cloudformation.CreateChangeSetInput) { in.ChangeSetType = "IMPORT" }, invalid("This lab imports no resources into stacks.")},
		"existing":          {func(in *cloudformation.CreateChangeSetInput) { in.ImportExistingResources = aws.Bool(true) }, invalid("This lab imports no resources into stacks.")},
		"drift":             {func(in *cloudformation.CreateChangeSetInput) { in.DeploymentMode = "REVERT_DRIFT" }, invalid("This lab detects no drift that a change set could revert.")},
		"delete":            {func(in *cloudformation.CreateChangeSetInput) { in.OnStackFailure = "DELETE" }, invalid("OnStackFailure cannot be set to DELETE while updating a stack.")},
		"previous": {func(in *cloudformation.CreateChangeSetInput) {
			creating(in)
			in.TemplateBody, in.UsePreviousTemplate = nil, aws.Bool(true)
		}, invalid("When creating a new stack, you cannot specify UsePreviousTemplate.")},
		"both":       {func(in *cloudformation.CreateChangeSetInput) { creating(in); in.UsePreviousTemplate = aws.Bool(true) }, invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")},
		"capability": {func(in *cloudformation.CreateChangeSetInput) { creating(in); in.Capabilities = nil }, probe.Answer{Status: 400, Code: "InsufficientCapabilitiesException", Message: "Requires capabilities : [CAPABILITY_IAM]"}},
		"another's": {func(in *cloudformation.CreateChangeSetInput) {
			creating(in)
			in.StackName = aws.String("arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/1")
		}, invalid("Stack [arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/1] does not exist")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.propose(changing, c.edit)
			probe.Expect(t, c.want, err)
		})
	}
	first, err := b.propose(changing, creating, func(in *cloudformation.CreateChangeSetInput) { in.ClientToken = aws.String("once") })
	probe.Must(t, first, err)
	_, err = b.propose(changing, creating)
	probe.Expect(t, probe.Answer{Status: 400, Code: "AlreadyExistsException", Message: "ChangeSet [next] already exists"}, err)
	_, err = b.propose(changing, creating, func(in *cloudformation.CreateChangeSetInput) { in.ClientToken = aws.String("once") })
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.cfn.GetTemplateSummary(ctx, &cloudformation.GetTemplateSummaryInput{StackName: aws.String("mine")})
	probe.Expect(t, invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."), err)
	probe.Must(t, 0, b.execute())
	_, err = b.propose(changing, creating, func(in *cloudformation.CreateChangeSetInput) { in.ChangeSetName = aws.String("late") })
	probe.Expect(t, invalid("Stack [mine] already exists and cannot be created again with the changeSet [late]."), err)
	executed := probe.Answer{Status: 400, Code: "InvalidChangeSetStatus", Message: "ChangeSet [" + *first.ChangeSetId + "] cannot be executed in its current status of [CREATE_COMPLETE]"}
	probe.Expect(t, executed, b.execute())
	list, err := b.cfn.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: aws.String("mine")})
	if probe.Must(t, list, err); len(list.Summaries) > 0 {
		t.Errorf("%d change sets are listed", len(list.Summaries))
	}
	_, err = b.cfn.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: first.ChangeSetId})
	probe.Expect(t, probe.Answer{Status: 400, Code: "InvalidChangeSetStatus", Message: "ChangeSet [" + *first.ChangeSetId + "] cannot be deleted in its current execution status of [EXECUTE_COMPLETE]"}, err)
}

// Without changes a change set fails; an update by the other way does away with it.
func TestChangeSetWithoutChanges(t *testing.T) {
	b, ctx := start(t), t.Context()
	probe.Must(t, 0, b.create("mine", changing))
	out, err := b.propose(changing)
	probe.Must(t, out, err)
	const why = "The submitted information didn't contain changes. Submit different information to create a change set."
	if out.Status != "FAILED" || aws.ToString(out.StatusReason) != why || out.ExecutionStatus != "UNAVAILABLE" {
		t.Errorf("%s (%s), %s", out.Status, aws.ToString(out.StatusReason), out.ExecutionStatus)
	}
	probe.Expect(t, probe.Answer{Status: 400, Code: "InvalidChangeSetStatus", Message: "ChangeSet [" + *out.ChangeSetId + "] cannot be executed in its current status of [FAILED]"}, b.execute())
	_, err = b.cfn.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: out.ChangeSetId})
	probe.Expect(t, probe.Answer{}, err)
	withOutput := changing + "Outputs: {O: {Value: a}}\n"
	if out, err = b.propose(withOutput); err != nil || out.Status != "CREATE_COMPLETE" || len(out.Changes) > 0 {
		t.Errorf("an output is no change: %v, %v", out, err)
	}
	template, err := b.cfn.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next")})
	if probe.Must(t, template, err); *template.TemplateBody != withOutput {
		t.Errorf("template of the change set: %s", *template.TemplateBody)
	}
	probe.Must(t, 0, b.update("mine", strings.Replace(changing, "{k: 1}", "{k: 3}", 1)))
	list, err := b.cfn.ListChangeSets(ctx, &cloudformation.ListChangeSetsInput{StackName: aws.String("mine")})
	if probe.Must(t, list, err); len(list.Summaries) > 0 {
		t.Errorf("%d change sets are left", len(list.Summaries))
	}
	_, err = b.propose(strings.Replace(changing, "  C: {Type: AWS::CloudFormation::WaitConditionHandle", "  C: {Type: AWS::S3::Bucket", 1))
	probe.Expect(t, invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [C]"), err)
}

// The tags of a stack become those of its resources, which keep their own.
func TestStackTags(t *testing.T) {
	b := start(t)
	tagged := func(kv ...string) func(*cloudformation.UpdateStackInput) {
		return func(in *cloudformation.UpdateStackInput) { in.Tags = stackTags(kv...) }
	}
	own := role("Tags: [{Key: own, Value: a}, {Key: team, Value: mine}]")
	probe.Must(t, 0, b.create("mine", own, func(in *cloudformation.CreateStackInput) { in.Tags = stackTags("team", "us", "cost", "low") }))
	tags := func() map[string]string {
		all := map[string]string{}
		for _, tag := range b.role(b.physical("mine")["R"]).Role.Tags {
			all[*tag.Key] = *tag.Value
		}
		return all
	}
	if diff := cmp.Diff(map[string]string{"own": "a", "team": "mine", "cost": "low"}, tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	probe.Must(t, 0, b.update("mine", own, tagged("cost", "high", "new", "b")))
	b.status("mine", "UPDATE_COMPLETE")
	if diff := cmp.Diff(map[string]string{"own": "a", "team": "mine", "cost": "high", "new": "b"}, tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	probe.Must(t, 0, b.update("mine", own, tagged("cost", "high")))
	if diff := cmp.Diff(map[string]string{"own": "a", "team": "mine", "cost": "high"}, tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	probe.Expect(t, invalid("No updates are to be performed."), b.update("mine", own))
}
