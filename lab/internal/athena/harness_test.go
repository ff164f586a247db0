package athena_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// Things of the default world.
const (
	instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	role     = "arn:aws:iam::444455556666:role/tip-athena-role"
	theirs   = "tip-workgroup"
)

// same compares outputs, metadata and times aside and what is unexported.
var same = cmp.Options{
	cmpopts.IgnoreTypes(middleware.Metadata{}), cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore()),
	cmp.Exporter(func(t reflect.Type) bool { return strings.Contains(t.PkgPath(), "service/athena") }),
}

// bench is a lab with a client of an administrator of the application account.
type bench struct {
	*probe.Bench
	*athena.Client
}

func start(t *testing.T, edits ...func(*lab.World)) *bench {
	t.Helper()
	var p aws.CredentialsProvider
	edits = append(edits, func(w *lab.World) { p = probe.Administrator(w, probe.Application) })
	b := probe.Start(t, edits...)
	return &bench{b, athena.NewFromConfig(b.Config(p))}
}

func (b *bench) get(t testing.TB, name string) *types.WorkGroup {
	t.Helper()
	out, err := b.GetWorkGroup(context.Background(), &athena.GetWorkGroupInput{WorkGroup: &name})
	return probe.Must(t, out, err).WorkGroup
}

func (b *bench) create(name string, c *types.WorkGroupConfiguration, edits ...func(*athena.CreateWorkGroupInput)) error {
	in := &athena.CreateWorkGroupInput{Name: &name, Configuration: c}
	for _, edit := range edits {
		edit(in)
	}
	_, err := b.CreateWorkGroup(context.Background(), in)
	return err
}

func (b *bench) update(name string, u *types.WorkGroupConfigurationUpdates, edits ...func(*athena.UpdateWorkGroupInput)) error {
	in := &athena.UpdateWorkGroupInput{WorkGroup: &name, ConfigurationUpdates: u}
	for _, edit := range edits {
		edit(in)
	}
	_, err := b.UpdateWorkGroup(context.Background(), in)
	return err
}

func (b *bench) drop(name string) error {
	_, err := b.DeleteWorkGroup(context.Background(), &athena.DeleteWorkGroupInput{WorkGroup: &name})
	return err
}

// withCenter is a configuration for the default world's Identity Center.
func withCenter() *types.WorkGroupConfiguration {
	return &types.WorkGroupConfiguration{
		ExecutionRole:               aws.String(role),
		IdentityCenterConfiguration: &types.IdentityCenterConfiguration{EnableIdentityCenter: aws.Bool(true), IdentityCenterInstanceArn: aws.String(instance)},
	}
}

func results(location string) *types.WorkGroupConfiguration {
	return &types.WorkGroupConfiguration{ResultConfiguration: &types.ResultConfiguration{OutputLocation: &location}}
}

// Answers.
func invalid(message string) probe.Answer {
	return probe.Answer{Status: 400, Code: "InvalidRequestException", Message: message}
}
