package cloudformation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// again is the world of a lab, exported and read again by way of YAML and JSON.
func again(t *testing.T, w *world.World) *world.World {
	t.Helper()
	const endpoint = "127.0.0.1:4566"
	text, err := w.Export().YAML(endpoint)
	probe.Must(t, text, err)
	f, err := world.Parse(text, endpoint)
	probe.Must(t, f, err)
	text, err = f.JSON(endpoint)
	probe.Must(t, text, err)
	f, err = world.ParseJSON(text, endpoint)
	probe.Must(t, f, err)
	out, err := world.New(f, time.Now)
	return probe.Must(t, out, err)
}

// stacks are the stacks of the application account as the world has them.
func stacks(w *world.World) []*world.Stack { return w.Stacks(probe.Application, "eu-west-1") }

// An exported world has its stacks to the last event, and goes on with them.
func TestStacksAreExported(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("gone", tiny))
	probe.Must(t, 0, b.delete("gone"))
	probe.Must(t, 0, b.create("mine", changing+"Outputs: {O: {Value: !GetAtt A.Arn, Export: {Name: o}, Description: d}}", func(in *cloudformation.CreateStackInput) {
		in.Tags, in.NotificationARNs = stackTags("a", "b"), []string{"arn:aws:sns:eu-west-1:444455556666:topic"}
		in.StackPolicyBody, in.TimeoutInMinutes = aws.String(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}`), aws.Int32(5)
	}))
	out, err := b.propose(strings.Replace(changing, "/a/", "/b/", 1))
	probe.Must(t, out, err)
	probe.Must(t, 0, b.create("failed", role("", "  Z: {Type: AWS::IAM::RolePolicy, DependsOn: R, Properties: {RoleName: none, PolicyName: p}}"), func(in *cloudformation.CreateStackInput) { in.DisableRollback = aws.Bool(true) }))
	text, err := b.Lab.Export()
	probe.Must(t, text, err)
	f, err := world.Parse(text, "127.0.0.1:4566")
	probe.Must(t, f, err)
	w, err := world.New(f, time.Now)
	probe.Must(t, w, err)
	var events []string
	mine, _ := w.Stack(probe.Application, "eu-west-1", "mine")
	for _, e := range mine.Events {
		events = append(events, strings.TrimSpace(e.LogicalID+" "+e.Status+" "+e.StatusReason))
	}
	if diff := cmp.Diff(b.events("mine"), events); diff != "" {
		t.Errorf("events (-before +after):\n%s", diff)
	}
	if len(stacks(w)) != 3 || len(mine.ChangeSets) != 1 || len(mine.Outputs) != 1 || mine.Policy == "" {
		t.Errorf("%d stacks, %d change sets, %d outputs", len(stacks(w)), len(mine.ChangeSets), len(mine.Outputs))
	}
	if diff := cmp.Diff(stacks(w), stacks(again(t, w))); diff != "" {
		t.Errorf("stacks (-before +after):\n%s", diff)
	}
}

// An operation that ended with its lab has failed.
func TestInterruptedOperations(t *testing.T) {
	for status, want := range map[string]string{
		"CREATE_IN_PROGRESS": "CREATE_FAILED", "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED", "DELETE_IN_PROGRESS": "DELETE_FAILED",
		"UPDATE_IN_PROGRESS": "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE", "REVIEW_IN_PROGRESS": "REVIEW_IN_PROGRESS",
	} {
		b := start(t, func(w *lab.World) {
			w.Stacks = []world.Stack{{
				ID: "arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/1", Name: "mine", Account: probe.Application, Status: status,
				Input:     world.StackInput{Template: tiny},
				Resources: []world.StackResource{{LogicalID: "Handle", Type: "AWS::CloudFormation::WaitConditionHandle", Status: "CREATE_IN_PROGRESS"}},
			}}
		})
		b.status("mine", want)
		if want == "CREATE_FAILED" {
			contains(t, *b.stack("mine").StackStatusReason, "The lab ended during the operation")
			probe.Must(t, 0, b.delete("mine"))
			b.status("arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/1", "DELETE_COMPLETE")
		}
	}
}

func TestStacksOfAWorldFile(t *testing.T) {
	good := func() world.Stack {
		return world.Stack{ID: "arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/1", Name: "mine", Account: probe.Application, Status: "CREATE_COMPLETE"}
	}
	for want, edit := range map[string]func(*world.Stack){
		`account "1" is not in accounts`: func(s *world.Stack) { s.Account = "1" },
		`region "x" is not the name`:     func(s *world.Stack) { s.Region = "x" },
		`a name has 1 to 128`:            func(s *world.Stack) { s.Name = "my_stack" },
		`does not begin with arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/`: func(s *world.Stack) { s.ID = "mine" },
		`status "DONE" is none of a stack`:                                              func(s *world.Stack) { s.Status = "DONE" },
		`resource "R" stands twice`:                                                     func(s *world.Stack) { s.Resources = []world.StackResource{{LogicalID: "R"}, {LogicalID: "R"}} },
	} {
		f, err := world.Parse(lab.DefaultWorld(), "127.0.0.1:4566")
		probe.Must(t, f, err)
		s := good()
		edit(&s)
		f.Stacks = []world.Stack{s}
		if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f, err := world.Parse(lab.DefaultWorld(), "127.0.0.1:4566")
	probe.Must(t, f, err)
	f.Stacks = []world.Stack{good(), good()}
	if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), "a stack of that name exists") {
		t.Errorf("%v", err)
	}
}

// The trail names CloudFormation's events as AWS does, and holds no secrets.
func TestTrail(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", changing, func(in *cloudformation.CreateStackInput) { in.Parameters = parameters("Secret", "very-secret") }))
	probe.Expect(t, invalid("Stack [none] does not exist"), b.update("none", tiny))
	seen := map[string]string{}
	for _, e := range b.Lab.Events() {
		if e.EventName == "CreateStack" {
			want := map[string]any{"stackName": "mine", "capabilities": []any{"CAPABILITY_NAMED_IAM"}, "parameters": []any{"Secret"}}
			if diff := cmp.Diff(want, e.RequestParameters); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		}
		if e.EventSource == "cloudformation.amazonaws.com" {
			seen[e.EventName] = e.ErrorCode
			if text := shown(e.RequestParameters); strings.Contains(text, "secret") || strings.Contains(text, "hush") {
				t.Errorf("a secret is in %s", text)
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"CreateStack": "", "UpdateStack": "ValidationError"}, seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
