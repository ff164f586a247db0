package cloudformation_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// gate holds the answers to an operation of IAM until it is opened.
type gate struct {
	operation string
	open      chan struct{}
	once      sync.Once
}

// slow starts a lab in which an operation of IAM takes until the gate opens.
func slow(t *testing.T, operation string) (*bench, *labtest.Clock, *gate) {
	t.Helper()
	g := &gate{operation: operation, open: make(chan struct{})}
	var admin aws.CredentialsProvider
	clock := &labtest.Clock{}
	l := labtest.Start(t, clock.With, labtest.Edit(func(w *lab.World) { admin = probe.Administrator(w, probe.Application) }), func(o *lab.Options) {
		o.OnExchange = func(x *lab.Exchange) {
			if x.Caller.Operation == g.operation {
				<-g.open
			}
		}
	})
	t.Cleanup(g.release)
	c := labtest.Config(l, admin)
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return &bench{Bench: &probe.Bench{TB: t, Lab: l, Clock: clock}, admin: admin, cfn: cloudformation.NewFromConfig(c), iam: iam.NewFromConfig(c)}, clock, g
}

func (g *gate) release() { g.once.Do(func() { close(g.open) }) }

// until waits for a stack to leave a status.
func (b *bench) until(name, left string) {
	b.Helper()
	for range 500 {
		if string(b.stack(name).StackStatus) != left {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatalf("stack %s stays %s", name, left)
}

// An operation that takes long is seen in progress, and keeps others away.
func TestInProgress(t *testing.T) {
	b, _, g := slow(t, "CreateRole")
	probe.Must(t, 0, b.create("mine", role("")))
	b.status("mine", "CREATE_IN_PROGRESS")
	id := *b.stack("mine").StackId
	probe.Expect(t, invalid("Stack:"+id+" is in CREATE_IN_PROGRESS state and can not be updated."), b.update("mine", tiny))
	probe.Expect(t, invalid("Stack [mine] cannot be deleted while in status CREATE_IN_PROGRESS: this lab ends no creation"), b.delete("mine"))
	g.release()
	b.until("mine", "CREATE_IN_PROGRESS")
	b.status("mine", "CREATE_COMPLETE")
}

// An update that is cancelled is rolled back when what it does at the moment is done.
func TestCancelUpdate(t *testing.T) {
	b, _, g := slow(t, "UpdateRole")
	probe.Must(t, 0, b.create("mine", role("Description: one")))
	probe.Must(t, 0, b.update("mine", role("Description: two")))
	b.status("mine", "UPDATE_IN_PROGRESS")
	probe.Expect(t, invalid("Stack [mine] cannot be deleted while in status UPDATE_IN_PROGRESS"), b.delete("mine"))
	_, err := b.cfn.CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String("mine")})
	probe.Expect(t, probe.Answer{}, err)
	g.release()
	b.until("mine", "UPDATE_IN_PROGRESS")
	b.until("mine", "UPDATE_ROLLBACK_IN_PROGRESS")
	b.until("mine", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	if got := *b.role(b.physical("mine")["R"]).Role.Description; got != "one" {
		t.Errorf("description %s", got)
	}
}

// A creation that exceeds its time, by the lab's clock, is rolled back.
func TestTimeout(t *testing.T) {
	b, clock, g := slow(t, "CreateRole")
	probe.Must(t, 0, b.create("mine", role(""), func(in *cloudformation.CreateStackInput) { in.TimeoutInMinutes = aws.Int32(2) }))
	b.status("mine", "CREATE_IN_PROGRESS")
	clock.Advance(3 * time.Minute)
	g.release()
	b.until("mine", "CREATE_IN_PROGRESS")
	b.until("mine", "ROLLBACK_IN_PROGRESS")
	contains(t, strings.Join(b.events("mine"), "\n"), "mine ROLLBACK_IN_PROGRESS Stack creation time exceeded the specified timeout. Rollback requested by user.")
	b.status("mine", "ROLLBACK_COMPLETE")
}

// A lab that ends does not wait for operations, beyond the request they are at.
func TestCloseEndsOperations(t *testing.T) {
	b, _, g := slow(t, "CreateRole")
	probe.Must(t, 0, b.create("mine", role("", "  S: {Type: AWS::IAM::Role, DependsOn: R, Properties: {AssumeRolePolicyDocument: "+trust+"}}")))
	time.AfterFunc(100*time.Millisecond, g.release)
	probe.Must(t, 0, b.Lab.Close())
	text, err := b.Lab.Export()
	var left struct{ Stacks []world.Stack }
	probe.Must(t, 0, yaml.Unmarshal(probe.Must(t, text, err), &left))
	if len(left.Stacks) != 1 || len(left.Stacks[0].Resources) != 1 {
		t.Fatalf("stacks %+v", left.Stacks)
	}
	// What was made is the stack's, whoever goes on with it.
	if id := left.Stacks[0].Resources[0].PhysicalID; !strings.HasPrefix(id, "mine-R-") || !strings.Contains(string(text), "name: "+id) {
		t.Errorf("resource %q in\n%s", id, text)
	}
}
