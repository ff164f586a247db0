package cloudformation_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// bench is a lab with an administrator's clients.
type bench struct {
	*probe.Bench
	admin aws.CredentialsProvider
	cfn   *cloudformation.Client
	iam   *iam.Client
}

func start(tb testing.TB, edits ...func(*lab.World)) *bench {
	tb.Helper()
	b := &bench{}
	b.Bench = probe.Start(tb, append(edits, func(w *lab.World) { b.admin = probe.Administrator(w, probe.Application) })...)
	b.cfn = cloudformation.NewFromConfig(b.Config(b.admin))
	b.iam = iam.NewFromConfig(b.Config(b.admin))
	return b
}

// on is the bench for a subtest.
func (b *bench) on(tb testing.TB) *bench {
	c := *b
	c.Bench = b.On(tb)
	return &c
}

func file(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	return string(probe.Must(tb, text, err))
}

// create makes a stack; edits change the request first.
func (b *bench) create(name, template string, edits ...func(*cloudformation.CreateStackInput)) error {
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &template, Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"}}
	for _, edit := range edits {
		edit(in)
	}
	_, err := b.cfn.CreateStack(b.Context(), in)
	return err
}

// update changes a stack; edits change the request first.
func (b *bench) update(name, template string, edits ...func(*cloudformation.UpdateStackInput)) error {
	in := &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: &template, Capabilities: []types.Capability{"CAPABILITY_NAMED_IAM"}}
	for _, edit := range edits {
		edit(in)
	}
	_, err := b.cfn.UpdateStack(b.Context(), in)
	return err
}

func (b *bench) delete(name string) error {
	_, err := b.cfn.DeleteStack(b.Context(), &cloudformation.DeleteStackInput{StackName: &name})
	return err
}

func (b *bench) stack(name string) types.Stack {
	b.Helper()
	out, err := b.cfn.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	return probe.Must(b, out, err).Stacks[0]
}

// status wants a stack in a status.
func (b *bench) status(name, want string) {
	b.Helper()
	s := b.stack(name)
	if string(s.StackStatus) != want {
		b.Fatalf("stack %s: %s (%s), want %s\n%s", name, s.StackStatus, aws.ToString(s.StackStatusReason), want, strings.Join(b.events(name), "\n"))
	}
}

// events are the events of a stack, oldest first, as "id status reason".
func (b *bench) events(name string) []string {
	b.Helper()
	out, err := b.cfn.DescribeStackEvents(b.Context(), &cloudformation.DescribeStackEventsInput{StackName: &name})
	var all []string
	for _, e := range probe.Must(b, out, err).StackEvents {
		all = append(all, strings.TrimSpace(*e.LogicalResourceId+" "+string(e.ResourceStatus)+" "+aws.ToString(e.ResourceStatusReason)))
	}
	slices.Reverse(all)
	return all
}

// outputs of a stack by their keys.
func (b *bench) outputs(name string) map[string]string {
	b.Helper()
	all := map[string]string{}
	for _, o := range b.stack(name).Outputs {
		all[*o.OutputKey] = *o.OutputValue
	}
	return all
}

// physical are the physical ids of a stack's resources by their logical ones.
func (b *bench) physical(name string) map[string]string {
	b.Helper()
	out, err := b.cfn.ListStackResources(b.Context(), &cloudformation.ListStackResourcesInput{StackName: &name})
	all := map[string]string{}
	for _, r := range probe.Must(b, out, err).StackResourceSummaries {
		all[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
	}
	return all
}

// hasRole reports whether the account has a role.
func (b *bench) hasRole(name string) bool {
	_, err := b.iam.GetRole(b.Context(), &iam.GetRoleInput{RoleName: &name})
	return err == nil
}

func invalid(message string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ValidationError", Message: message}
}

func stackTags(kv ...string) []types.Tag {
	var tags []types.Tag
	for i := 0; i < len(kv); i += 2 {
		tags = append(tags, types.Tag{Key: &kv[i], Value: &kv[i+1]})
	}
	return tags
}

func parameters(kv ...string) []types.Parameter {
	var all []types.Parameter
	for i := 0; i < len(kv); i += 2 {
		all = append(all, types.Parameter{ParameterKey: &kv[i], ParameterValue: &kv[i+1]})
	}
	return all
}

var namedIAM = []types.Capability{"CAPABILITY_NAMED_IAM"}
