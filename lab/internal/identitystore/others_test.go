package identitystore_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestStoresOfOthers: an identity store is nothing to accounts outside the
// organization, and that of an account instance nothing to any other account.
func TestStoresOfOthers(t *testing.T) {
	const everything = "all"
	for name, edit := range map[string]func(*lab.World){
		"outside the organization": func(w *lab.World) {
			w.Organization.Management, w.Organization.Outside = probe.Center, []string{probe.Application}
		},
		"account instance": func(w *lab.World) { w.IdentityCenter[0].AccountInstance = true },
	} {
		t.Run(name, func(t *testing.T) {
			var p aws.CredentialsProvider
			b := start(t, edit, func(w *lab.World) {
				p = probe.Actor(w, probe.Application, everything, probe.Statement("Allow", "*", "Resource", "*"))
			})
			c := identitystore.NewFromConfig(b.Config(p))
			for operation, op := range operations() {
				want := denied("444455556666:assumed-role/"+everything, operation, "resource-based", append(slices.Clone(op.resources), storeARN))
				probe.Expect(t, want, op.call(c))
			}
		})
	}
}

// TestPrivateStore: the management account does not read the directory of a
// member's account instance, who reads it.
func TestPrivateStore(t *testing.T) {
	const own = "d-0987654321"
	var p aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		w.IdentityCenter = append(w.IdentityCenter, world.InstanceFile{
			Account: probe.Application, Region: "eu-west-1", ARN: "arn:aws:sso:::instance/ssoins-0987654321abcdef", IdentityStoreID: own,
			Users: []world.UserFile{{ID: "11111111-2222-4333-8444-555555555555", UserName: "private"}},
		})
		p = probe.Administrator(w, probe.Application)
	})
	list := &identitystore.ListUsersInput{IdentityStoreId: aws.String(own)}
	_, err := b.ListUsers(t.Context(), list)
	probe.Expect(t, denied("111122223333:assumed-role/probe-administrator", "ListUsers", "resource-based",
		[]string{"arn:aws:identitystore:::user/*", "arn:aws:identitystore::444455556666:identitystore/" + own}), err)
	out, err := identitystore.NewFromConfig(b.Config(p)).ListUsers(t.Context(), list)
	if probe.Must(t, out, err); len(out.Users) != 1 || *out.Users[0].UserName != "private" {
		t.Errorf("users %v", out.Users)
	}
}
