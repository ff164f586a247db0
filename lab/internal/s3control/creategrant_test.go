package s3control_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/s3control"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// A grant is not made when what it was checked against has gone meanwhile.
func TestGrantThatCameTooLate(t *testing.T) {
	person := world.Grant{ID: "new", LocationID: "default", Scope: "s3://b/*", Permission: "READ", Grantee: world.DirectoryUser, GranteeID: "x", ApplicationARN: "ALL"}
	role := person
	role.Grantee = world.IAMGrantee
	gone := person
	gone.LocationID = "gone"
	dissociate := func(g *world.AccessGrants) error { g.Dissociate(); return nil }
	for name, c := range map[string]struct {
		grant     world.Grant
		meanwhile func(*world.AccessGrants) error
		want      string
	}{
		"nothing":           {person, func(*world.AccessGrants) error { return nil }, ""},
		"dissociation":      {person, dissociate, "InvalidAccessGrant"},
		"dissociation, IAM": {role, dissociate, ""},
		"another Center": {person, func(g *world.AccessGrants) error {
			g.Associate(&world.Instance{ARN: "arn:aws:sso:::instance/x"})
			return nil
		}, "InvalidAccessGrant"},
		"location is gone":       {gone, func(*world.AccessGrants) error { return nil }, "NoSuchAccessGrantsLocationError"},
		"the same grant is made": {person, func(g *world.AccessGrants) error { n := person; n.ID = "other"; return g.AddGrant(&n) }, "AccessGrantAlreadyExists"},
	} {
		t.Run(name, func(t *testing.T) {
			w, checked := defaultWorld(t)
			if _, err := w.ChangeAccessGrants(checked.Account, checked.Region, c.meanwhile); err != nil {
				t.Fatal(err)
			}
			var got string
			if e, ok := errors.AsType[*awswire.Error](s3control.AddGrant(w, checked, &c.grant)); ok {
				got = e.Code
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			now, _ := w.AccessGrants(checked.Account, checked.Region)
			if _, made := now.Grant("new"); made != (c.want == "") {
				t.Errorf("made: %t", made)
			}
		})
	}
}

func defaultWorld(t *testing.T) (*world.World, *world.AccessGrants) {
	t.Helper()
	text, err := os.ReadFile("../../default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, "127.0.0.1:8000")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	g, ok := w.AccessGrants("444455556666", "eu-west-1")
	if !ok {
		t.Fatal("no instance")
	}
	return w, g
}
