// Package probe is what the tests of the lab's services share: a lab with
// clients for it, actors with just the rights that a test gives them, and the
// answers that clients got. It uses the lab as any program does. Nothing but
// tests imports it.
package probe

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Accounts of the default world.
const (
	Center      = "111122223333"
	Application = "444455556666"
)

// Bench is a lab under test.
type Bench struct {
	testing.TB
	Lab    *lab.Lab
	Clock  *labtest.Clock
	client *http.Client
}

// Start starts a lab with the default world, edited.
func Start(tb testing.TB, edits ...func(*lab.World)) *Bench {
	tb.Helper()
	b := &Bench{TB: tb, Clock: &labtest.Clock{}}
	opts := []func(*lab.Options){b.Clock.With}
	for _, edit := range edits {
		opts = append(opts, labtest.Edit(edit))
	}
	b.Lab = labtest.Start(tb, opts...)
	b.client = b.Lab.HTTPClient()
	tb.Cleanup(b.client.CloseIdleConnections)
	return b
}

// On is the bench for a subtest.
func (b *Bench) On(tb testing.TB) *Bench {
	return &Bench{TB: tb, Lab: b.Lab, Clock: b.Clock, client: b.client}
}

// Config leads SDK clients through the proxy door, without retries.
func (b *Bench) Config(p aws.CredentialsProvider) aws.Config {
	c := labtest.Config(b.Lab, p)
	c.HTTPClient = labtest.Steady(b.client)
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return c
}

// Actor adds a role to an account of a world, with one identity policy of the
// statements, and returns credentials of a session of it.
func Actor(w *lab.World, account, name string, statements ...map[string]any) aws.CredentialsProvider {
	for i := range w.Accounts {
		a := &w.Accounts[i]
		if a.ID != account {
			continue
		}
		id := fmt.Sprintf("ASIAPROBE%011X", len(a.Roles)+1000*i)
		role := world.RoleFile{
			Name: name, Trust: PolicyOf(Statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"AWS": account})),
			Sessions: []world.RoleSessionFile{{Name: "probe", ID: id, Secret: "secret-of-" + id, Token: "token-of-" + id}},
		}
		if len(statements) > 0 {
			role.Policies = map[string]any{"probe": PolicyOf(statements...)}
		}
		a.Roles = append(a.Roles, role)
		s := role.Sessions[0]
		return credentials.NewStaticCredentialsProvider(s.ID, s.Secret, s.Token)
	}
	panic("probe: no account " + account)
}

// Administrator is an [Actor] who may do anything.
func Administrator(w *lab.World, account string) aws.CredentialsProvider {
	return Actor(w, account, "probe-administrator", Statement("Allow", "*", "Resource", "*"))
}

// Statement is a policy statement; kv are further elements by name.
func Statement(effect string, action any, kv ...any) map[string]any {
	s := map[string]any{"Effect": effect, "Action": action}
	for pair := range slices.Chunk(kv, 2) {
		s[pair[0].(string)] = pair[1]
	}
	return s
}

// PolicyOf is a policy of these statements.
func PolicyOf(statements ...map[string]any) map[string]any {
	all := make([]any, len(statements))
	for i, s := range statements {
		all[i] = s
	}
	return map[string]any{"Version": "2012-10-17", "Statement": all}
}
