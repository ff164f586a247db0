package identitystore_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world, and an id of nothing.
const (
	store     = labtest.IdentityStoreID
	storeARN  = "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	analyst   = labtest.AnalystID
	engineer  = labtest.EngineerID
	analysts  = "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
	engineers = "1234567890-dddddddd-4444-4ddd-8ddd-dddddddddddd"
	nothing   = "1234567890-eeeeeeee-5555-4eee-8eee-eeeeeeeeeeee"
)

// same compares outputs, metadata aside and what is unexported.
var same = cmp.Options{
	cmpopts.IgnoreTypes(middleware.Metadata{}), cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore()),
	cmp.Exporter(func(t reflect.Type) bool { return strings.Contains(t.PkgPath(), "service/identitystore") }),
}

// bench is a lab with a client of an administrator of Identity Center.
type bench struct {
	*probe.Bench
	*identitystore.Client
}

func start(t *testing.T, edits ...func(*lab.World)) *bench {
	t.Helper()
	var p aws.CredentialsProvider
	edits = append(edits, func(w *lab.World) { p = probe.Administrator(w, probe.Center) })
	b := probe.Start(t, edits...)
	return &bench{b, identitystore.NewFromConfig(b.Config(p))}
}

func id() *string { return aws.String(store) }

func member(user string) types.MemberId { return &types.MemberIdMemberUserId{Value: user} }

// setting is an operation of UpdateUser or UpdateGroup.
func setting(path string, value any) types.AttributeOperation {
	op := types.AttributeOperation{AttributePath: &path}
	if value != nil {
		op.AttributeValue = document.NewLazyDocument(value)
	}
	return op
}

// plain is the least that a new user has.
func plain(name string) *identitystore.CreateUserInput {
	return &identitystore.CreateUserInput{
		IdentityStoreId: id(), UserName: &name, DisplayName: &name,
		Name: &types.Name{GivenName: aws.String("Given"), FamilyName: aws.String("Family")},
	}
}

func (b *bench) user(t testing.TB, in *identitystore.CreateUserInput) string {
	t.Helper()
	out, err := b.CreateUser(context.Background(), in)
	return *probe.Must(t, out, err).UserId
}

func (b *bench) group(t testing.TB, name string) string {
	t.Helper()
	out, err := b.CreateGroup(context.Background(), &identitystore.CreateGroupInput{IdentityStoreId: id(), DisplayName: &name})
	return *probe.Must(t, out, err).GroupId
}

func (b *bench) join(t testing.TB, group, user string) string {
	t.Helper()
	out, err := b.CreateGroupMembership(context.Background(), &identitystore.CreateGroupMembershipInput{IdentityStoreId: id(), GroupId: &group, MemberId: member(user)})
	return *probe.Must(t, out, err).MembershipId
}

func (b *bench) update(user string, ops ...types.AttributeOperation) error {
	ops = append([]types.AttributeOperation{}, ops...) // not nil, which the SDK refuses
	_, err := b.UpdateUser(context.Background(), &identitystore.UpdateUserInput{IdentityStoreId: id(), UserId: &user, Operations: ops})
	return err
}

func (b *bench) updateGroup(group string, ops ...types.AttributeOperation) error {
	_, err := b.UpdateGroup(context.Background(), &identitystore.UpdateGroupInput{IdentityStoreId: id(), GroupId: &group, Operations: ops})
	return err
}

func (b *bench) describe(t testing.TB, user string) *identitystore.DescribeUserOutput {
	t.Helper()
	out, err := b.DescribeUser(context.Background(), &identitystore.DescribeUserInput{
		IdentityStoreId: id(), UserId: &user, Extensions: []string{"aws:identitystore:enterprise"},
	})
	return probe.Must(t, out, err)
}

// Answers.
func invalid(message string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ValidationException", Message: message}
}

func conflict(message string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ConflictException", Message: message}
}

func notFound(message string) probe.Answer {
	return probe.Answer{Status: 400, Code: "ResourceNotFoundException", Message: message}
}

// limited lowers the quotas of the store.
func limited(users, groups int) func(*lab.World) {
	return func(w *lab.World) {
		w.IdentityCenter[0].DirectoryQuotas = world.DirectoryQuotas{MaxUsers: users, MaxGroups: groups}
	}
}
