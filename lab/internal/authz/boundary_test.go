package authz_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	userARN  = "arn:aws:iam::444455556666:user/ann"
	limits   = "arn:aws:iam::444455556666:policy/limits"
	manager  = "111122223333"
	stranger = "777788889999"
)

// boundedWorld has the role App and the user ann, both with the boundary, in an
// organization of two accounts beside a third that is no member.
func boundedWorld(t *testing.T, boundary m, edits ...func(*world.File)) *world.World {
	t.Helper()
	everything := map[string]any{"own": document(m{"Effect": "Allow", "Action": "*", "Resource": "*"})}
	f := &world.File{
		Version: 1, Region: "eu-west-1", Organization: world.OrganizationFile{ID: "o-a1b2c3d4e5", Management: manager, Outside: []string{stranger}},
		Accounts: []world.AccountFile{{ID: manager}, {ID: stranger}, {
			ID:       account,
			Policies: []world.ManagedPolicyFile{{Name: "limits", Document: document(boundary)}},
			Users:    []world.IAMUserFile{{Name: "ann", Policies: everything, PermissionsBoundary: limits, Tags: map[string]string{"team": "user"}}},
			Roles: []world.RoleFile{{Name: "App", Path: "/team/", Policies: everything, PermissionsBoundary: limits, Tags: map[string]string{"Team": "role", "cost": "7"},
				Trust: document(m{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"})}},
		}},
	}
	for _, edit := range edits {
		edit(f)
	}
	w, err := world.New(f, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func ann(w *world.World) *world.Session {
	u, _ := w.IAMUser(userARN)
	return &world.Session{AccessKeyID: "AKIAEXAMPLE", Kind: world.KindIAMUser, Account: account, ARN: userARN, UserID: u.ID, Issued: at}
}

func TestBoundary(t *testing.T) {
	const app = "User: arn:aws:sts::444455556666:assumed-role/App/alice is not authorized to perform: s3:GetDataAccess on resource: " + target
	const who = "User: " + userARN + " is not authorized to perform: s3:GetDataAccess on resource: " + target
	deny, other := m{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, m{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
	named := func(principal any) *policy.Document {
		return parse(t, policy.Resource, document(m{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": principal}))
	}
	off := func(f *world.File) { no := false; f.Switches.DenialNamesPolicy = &no }
	for name, c := range map[string]struct {
		boundary m
		resource *policy.Document
		user     bool
		owner    string
		edit     func(*world.File)
		want     string
	}{
		"within":                      {boundary: m{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}},
		"outside":                     {boundary: other, want: app + " because no permissions boundary allows the s3:GetDataAccess action"},
		"outside, the user":           {boundary: other, user: true, want: who + " because no permissions boundary allows the s3:GetDataAccess action"},
		"denied":                      {boundary: deny, want: app + " with an explicit deny in a permissions boundary: " + limits},
		"denied, the older text":      {boundary: deny, edit: off, want: app + " with an explicit deny in a permissions boundary"},
		"granted to the role":         {boundary: other, resource: named(m{"AWS": roleARN}), want: app + " because no permissions boundary allows the s3:GetDataAccess action"},
		"granted to the session":      {boundary: other, resource: named(m{"AWS": "arn:aws:sts::444455556666:assumed-role/App/alice"})},
		"granted to the user":         {boundary: other, user: true, resource: named(m{"AWS": userARN})},
		"granted to the user, denied": {boundary: deny, user: true, resource: named(m{"AWS": userARN}), want: who + " with an explicit deny in a permissions boundary: " + limits},
		"in the organization":         {boundary: deny, owner: manager, want: app + " with an explicit deny in a permissions boundary: " + limits},
		"in a foreign account":        {boundary: deny, owner: stranger, want: app + " with an explicit deny in a permissions boundary"},
		"by a foreign account": {boundary: deny, owner: manager, edit: func(f *world.File) { f.Organization.Outside = []string{account} },
			want: app + " with an explicit deny in a permissions boundary"},
		"in an account of another file": {boundary: deny, owner: "888899990000", want: app + " with an explicit deny in a permissions boundary"},
	} {
		t.Run(name, func(t *testing.T) {
			edits := []func(*world.File){}
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			w := boundedWorld(t, c.boundary, edits...)
			r := request()
			r.ResourcePolicy = c.resource
			if c.user {
				r.Session = ann(w)
			}
			if c.owner != "" {
				r.ResourceAccount = c.owner
			}
			got := ""
			if err := authz.New(w).Allow(r); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The keys of organizations, and the tags of roles, users and sessions.
func TestOrganizationAndTagKeys(t *testing.T) {
	const of = "aws:PrincipalTag/"
	for name, c := range map[string]struct {
		condition m
		user      bool
		owner     string
		allowed   bool
	}{
		"principal's organization":         {condition: m{"StringEquals": m{"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, allowed: true},
		"principal's path":                 {condition: m{"ForAnyValue:StringLike": m{"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-a1b2/*"}}, allowed: true},
		"resource's organization":          {condition: m{"StringEquals": m{"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}, allowed: true},
		"resource's path":                  {condition: m{"ForAnyValue:StringEquals": m{"aws:ResourceOrgPaths": "o-a1b2c3d4e5/r-a1b2/"}}, allowed: true},
		"resource of no member":            {condition: m{"StringEquals": m{"aws:ResourceOrgID": "o-a1b2c3d4e5"}}, owner: stranger},
		"resource of no member, no key":    {condition: m{"Null": m{"aws:ResourceOrgID": "true", "aws:ResourceOrgPaths": "true"}}, owner: stranger, allowed: true},
		"resource of an account elsewhere": {condition: m{"Null": m{"aws:ResourceOrgID": "true"}}, owner: "888899990000", allowed: true},
		"tag of the role":                  {condition: m{"StringEquals": m{of + "cost": "7"}}, allowed: true},
		"tag of the session over it":       {condition: m{"StringEquals": m{of + "team": "blue"}}, allowed: true},
		"which hides the role's":           {condition: m{"StringEquals": m{of + "Team": "role"}}},
		"tag of the user":                  {condition: m{"StringEquals": m{of + "team": "user"}}, user: true, allowed: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := boundedWorld(t, m{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": c.condition})
			r := request()
			if c.user {
				r.Session = ann(w)
			}
			if c.owner != "" { // which admits the caller, so that the boundary decides
				r.ResourceAccount = c.owner
				r.ResourcePolicy = parse(t, policy.Resource, document(m{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}))
			}
			if err := authz.New(w).Allow(r); (err == nil) != c.allowed {
				t.Errorf("error %v, want allowed %v", err, c.allowed)
			}
		})
	}
}

// The keys of a propagated person are those of a session that acts for the person,
// not of one that names the person for the audit trail only.
func TestPersonKeys(t *testing.T) {
	for name, audit := range map[string]bool{"acting": false, "for the trail": true} {
		condition := m{"StringEquals": m{"identitystore:UserId": "1234567890-aaaa", "identitystore:IdentityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"}}
		w := boundedWorld(t, m{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
		r := request()
		r.Session.Identity = &world.IdentityContext{UserID: "1234567890-aaaa", IdentityStoreARN: "arn:aws:identitystore::111122223333:identitystore/d-1", Audit: audit}
		if err := authz.New(w).Allow(r); (err == nil) == audit {
			t.Errorf("%s: %v", name, err)
		}
	}
}
