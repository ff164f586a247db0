package iam_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// crowd gives the account 10,000 roles, as many users, and 2,000 policies.
func crowd(w *lab.World) {
	a, trust, document := of(w), trusting(account), allowing("s3:*")
	a.IAMQuotas = world.IAMQuotas{Roles: 20_000, Users: 20_000, Policies: 3_000}
	for i := range 10_000 {
		name := fmt.Sprintf("many%05d", i)
		a.Roles = append(a.Roles, world.RoleFile{Name: name, Trust: trust, Tags: map[string]string{"n": name}})
		a.Users = append(a.Users, world.IAMUserFile{Name: name})
		if i < 2_000 {
			a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: name, Document: document})
		}
	}
}

// A page of a list costs what is on it, whatever else the account has. One operation
// is a page, the client's part included.
func BenchmarkLists(b *testing.B) { // go test -bench Lists -run - ./lab/internal/iam
	var admin aws.CredentialsProvider
	bench := probe.Start(b, func(w *lab.World) {
		crowd(w)
		admin = probe.Administrator(w, account)
	})
	client := iam.NewFromConfig(bench.Config(admin))
	for _, operation := range []string{"ListRoles", "ListUsers", "ListPolicies", "GetAccountAuthorizationDetails"} {
		b.Run(operation, func(b *testing.B) {
			var marker any
			for b.Loop() {
				out, err := send(b, client, do(operation, "Marker", marker))
				probe.Must(b, out, err)
				marker = out["Marker"]
			}
		})
	}
}
