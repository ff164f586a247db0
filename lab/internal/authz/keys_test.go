package authz_test

import (
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// aws:MultiFactorAuthPresent is there, and false, in sessions that a role was
// assumed for; federated ones and long-term keys lack it (IAM user guide).
func TestMultiFactorKey(t *testing.T) {
	w := boundedWorld(t, statement("Allow", nil))
	for name, c := range map[string]struct {
		session *world.Session
		present bool
	}{
		"role": {func() *world.Session { s := session(); s.WebIdentity = nil; return s }(), true}, "web identity": {session(), false}, "user": {ann(w), false},
	} {
		t.Run(name, func(t *testing.T) {
			for condition, refuses := range map[string]bool{"Bool": c.present, "BoolIfExists": true} {
				deny := parse(t, policy.Resource, document(m{"Effect": "Allow", "Principal": m{"AWS": account}, "Action": "s3:*", "Resource": "*"},
					m{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": m{condition: m{"aws:MultiFactorAuthPresent": "false"}}}))
				r := request()
				r.Session, r.ResourcePolicy = c.session, deny
				if err := authz.New(w).Allow(r); (err != nil) != refuses {
					t.Errorf("%s: %v", condition, err)
				}
			}
		})
	}
}

// Who did not sign is described as such.
func TestAnonymousKeys(t *testing.T) {
	for key, value := range map[string]string{"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous", "aws:PrincipalAccount": "anonymous"} {
		r := request()
		r.Session = nil
		r.ResourcePolicy = parse(t, policy.Resource, document(m{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": m{"StringEquals": m{key: value}}}))
		if err := authz.New(newWorld(t, statement("Allow", nil))).Allow(r); err != nil {
			t.Errorf("%s is not %s: %v", key, value, err)
		}
	}
}

// Trust policies that are asked alone know whose the role is.
func TestTrustsKnowsTheAccount(t *testing.T) {
	for key, value := range map[string]string{"aws:ResourceAccount": account, "aws:ResourceOrgID": "o-a1b2c3d4e5", "aws:ResourceOrgPaths": "o-a1b2c3d4e5/r-a1b2/"} {
		w, err := world.New(&world.File{Version: 1, Region: "eu-west-1",
			Organization: world.OrganizationFile{ID: "o-a1b2c3d4e5", Management: account},
			Accounts: []world.AccountFile{{ID: account, Roles: []world.RoleFile{{Name: "trusting", Trust: document(
				m{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": m{"Service": "access-grants.s3.amazonaws.com"}, "Condition": m{"ForAnyValue:StringEquals": m{key: value}}})}}}}}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		role, _ := w.RoleNamed(account, "trusting")
		if !authz.New(w).Trusts(role, policy.Principal{Service: "access-grants.s3.amazonaws.com"}, "sts:AssumeRole", nil) {
			t.Errorf("%s is not %s", key, value)
		}
	}
}

// The lab's administrators wear nobody's tags, nor do sessions of a role that has
// been made anew since.
func TestTagsAreOfTheVeryRole(t *testing.T) {
	role := world.RoleFile{Name: world.AdministratorRole, Tags: map[string]string{"team": "red"}, Policies: m{"own": document(statement("Allow", nil))},
		Trust: document(m{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": m{"AWS": account}})}
	w, err := world.New(&world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: account, Roles: []world.RoleFile{role}}}}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Bootstrap([]byte("seed")); err != nil {
		t.Fatal(err)
	}
	administrator, _ := w.Administrator(account)
	own, _ := w.RoleNamed(account, world.AdministratorRole)
	session := func(id string) *world.Session {
		return &world.Session{Kind: world.KindAssumedRole, Account: account, RoleARN: own.ARN(), ARN: w.AssumedRoleARN(own, "alice"), UserID: id + ":alice"}
	}
	for name, c := range map[string]struct {
		session *world.Session
		tagged  bool
	}{"the role's": {session(own.ID), true}, "another role's": {session("AROAEXAMPLEID1234567X"), false}, "the administrator's": {administrator, false}} {
		r := request()
		r.Session = c.session
		r.ResourcePolicy = parse(t, policy.Resource, document(m{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},
			m{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": m{"StringEquals": m{"aws:PrincipalTag/team": "red"}}}))
		if err := authz.New(w).Allow(r); (err != nil) != c.tagged {
			t.Errorf("%s: %v", name, err)
		}
	}
}
