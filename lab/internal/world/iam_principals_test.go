package world_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const namedAccount = "444455556666"

// naming is a policy that names a principal, as world files have it, and has its ARN
// in a condition as well.
func naming(principal, action, resource string) string {
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"` + action + `"`
	if resource != "" {
		text += `,"Resource":"` + resource + `"`
	}
	return text + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:*/ann"}}}]}`
}

// namedWorld has policies of every kind that name a principal.
func namedWorld(t *testing.T, arn string) *world.World {
	t.Helper()
	f := defaultFile(t)
	a := &f.Accounts[1]
	if a.ID != namedAccount {
		t.Fatalf("account %s", a.ID)
	}
	own := naming("444455556666", "sts:AssumeRole", "")
	a.Roles = append(a.Roles, world.RoleFile{Name: "ann", Trust: own}, world.RoleFile{Name: "friend", Trust: naming(arn, "sts:AssumeRole", "")})
	a.Users = append(a.Users, world.IAMUserFile{Name: "ann"})
	a.Secrets = append(a.Secrets, world.SecretFile{Name: "named", Value: "v", Policy: naming(arn, "secretsmanager:*", "*")})
	f.Buckets = append(f.Buckets, world.BucketFile{Name: "named", Account: namedAccount, Policy: naming(arn, "s3:*", "arn:aws:s3:::named/*")})
	f.AccessGrants = []world.AccessGrantsFile{{Account: namedAccount, ResourcePolicy: naming(arn, "s3:*", "*")}}
	f.IdentityCenter[0].Applications[0].ActorPolicy = naming(arn, "sso-oauth:*", "*")
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// policies are those of namedWorld, with their texts.
func policies(t *testing.T, w *world.World) map[string]*policy.Document {
	t.Helper()
	role, _ := w.RoleNamed(namedAccount, "friend")
	secret, _ := w.Secret(namedAccount, w.Region, "named")
	bucket, _ := w.Bucket("named")
	grants, ok := w.AccessGrants(namedAccount, w.Region)
	if !ok {
		t.Fatal("no S3 Access Grants instance")
	}
	app := w.Applications(w.InstancesIn(w.Region)[0])[0]
	all := map[string]*policy.Document{"role": role.Trust, "secret": secret.Policy, "bucket": bucket.Policy, "grants": grants.ResourcePolicy, "application": app.ActorPolicy}
	for kind, text := range map[string]string{"secret": secret.PolicyText, "bucket": bucket.PolicyText, "grants": grants.PolicyText, "application": app.ActorPolicyText} {
		if text != all[kind].Text() {
			t.Errorf("%s: the text is not that of the document: %s", kind, text)
		}
	}
	return all
}

// Every policy that names who is gone or has another name follows.
func TestPoliciesFollowPrincipals(t *testing.T) {
	remove := func(*world.Role) error { return nil }
	user := "arn:aws:iam::444455556666:user/ann"
	rename := func(path, name string) func(*testing.T, *world.World) string {
		return func(t *testing.T, w *world.World) string {
			u, err := w.ChangeIAMUser(namedAccount, "ann", func(u *world.IAMUser) error { u.Path, u.Name = path, name; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(path, ":") {
				return u.ID
			}
			return u.ARN()
		}
	}
	for name, c := range map[string]struct {
		arn    string
		change func(*testing.T, *world.World) string
	}{
		"role deleted": {"arn:aws:iam::444455556666:role/ann", func(t *testing.T, w *world.World) string {
			r, _ := w.RoleNamed(namedAccount, "ann")
			if err := w.RemoveRole(namedAccount, "ann", remove); err != nil {
				t.Fatal(err)
			}
			return r.ID
		}},
		"user deleted": {user, func(t *testing.T, w *world.World) string {
			u, _ := w.IAMUserNamed(namedAccount, "ann")
			if err := w.RemoveIAMUser(namedAccount, "ann", func(*world.IAMUser) error { return nil }); err != nil {
				t.Fatal(err)
			}
			return u.ID
		}},
		"user renamed":                       {user, rename("/", "anne")},
		"user moved":                         {user, rename("/team/", "ann")},
		"user moved where no policy can say": {user, rename("/te:am/", "ann")},
		"user changed": {user, func(t *testing.T, w *world.World) string {
			if _, err := w.ChangeIAMUser(namedAccount, "ann", func(u *world.IAMUser) error { u.Tags = map[string]string{"a": "b"}; return nil }); err != nil {
				t.Fatal(err)
			}
			return user
		}},
		"namesake deleted": {user, func(t *testing.T, w *world.World) string {
			if err := w.RemoveRole(namedAccount, "ann", remove); err != nil {
				t.Fatal(err)
			}
			return user
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := namedWorld(t, c.arn)
			before := policies(t, w)
			is := c.change(t, w)
			want, got := map[string]string{}, map[string]string{}
			for kind, doc := range policies(t, w) {
				want[kind], got[kind] = strings.ReplaceAll(before[kind].Text(), c.arn, is), doc.Text()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownPrincipal(t *testing.T) {
	w := namedWorld(t, "arn:aws:iam::444455556666:role/ann")
	for who, unknown := range map[string]bool{
		"arn:aws:iam::444455556666:role/ann": false, "arn:aws:iam::444455556666:user/ann": false, "444455556666": false, "*": false,
		"arn:aws:iam::999999999999:role/far": false, "arn:aws:sts::444455556666:assumed-role/ann/session": false,
		"arn:aws:iam::444455556666:role/none": true, "arn:aws:iam::444455556666:user/none": true, "AROAEXAMPLEID1234567X": true, "AIDAEXAMPLEID1234567X": true,
	} {
		doc, err := policy.Parse([]byte(naming(who, "s3:*", "*")), policy.Resource)
		if err != nil {
			t.Fatal(err)
		}
		got, is := w.UnknownPrincipal(doc)
		if is != unknown || is && got != who {
			t.Errorf("%s: %q, %t", who, got, is)
		}
	}
}

func TestChangeBucketRefuses(t *testing.T) {
	w := namedWorld(t, "444455556666")
	refusal := errors.New("no")
	if err := w.ChangeBucket("named", func(b *world.Bucket) error { b.Policy = nil; return refusal }); !errors.Is(err, refusal) {
		t.Error(err)
	}
	if b, _ := w.Bucket("named"); b.Policy == nil {
		t.Error("a refused change is kept")
	}
	if err := w.ChangeBucket("none", func(*world.Bucket) error { return nil }); !errors.Is(err, world.ErrNoBucket) {
		t.Error(err)
	}
}
