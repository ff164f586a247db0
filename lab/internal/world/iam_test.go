package world_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	iamAccount = "444455556666"
	ownPolicy  = "arn:aws:iam::444455556666:policy/team/own"
)

// iamFile is an account with every key of IAM.
func iamFile() world.AccountFile {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tags := map[string]string{"team": "blue", "empty": ""}
	used := world.UseFile{At: &at, Service: "s3", Region: "eu-west-1"}
	odd := `{ "Version" : "2012-10-17",` + "\n" + `"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	return world.AccountFile{
		ID: iamAccount, IAMQuotas: world.IAMQuotas{Roles: 10, Users: 11, Policies: 12, OIDCProviders: 13},
		OIDCProviders: []world.OIDCProviderFile{{URL: "https://a.example.com", Created: &at, Tags: tags, Thumbprints: []string{strings.Repeat("a", 40)}}, {URL: "https://b.example.com", ClientIDs: []string{"x"}}},
		Policies: []world.ManagedPolicyFile{
			{Name: "own", Path: "/team/", ID: "ANPAEXAMPLE000000001", Description: "text", Created: &at, Updated: &at, Tags: tags, DefaultVersion: "v2", LastVersion: 9,
				Versions: []world.PolicyVersionFile{{ID: "v2", Document: odd, Created: &at}, {ID: "v5", Document: statement("Action", "sqs:*")}}},
			{Name: "short", Document: statement("Action", "s3:*")},
		},
		Roles: []world.RoleFile{{
			Name: "app", Path: "/team/", ID: "AROAEXAMPLE000000001", Description: "text", Created: &at, MaxSessionDuration: 7200,
			Trust:    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLE999999999"},"Action":"sts:AssumeRole"}]}`,
			Policies: map[string]any{"odd": odd, "plain": statement("Action", "s3:*")}, ManagedPolicies: []string{ownPolicy, "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
			PermissionsBoundary: ownPolicy, Tags: tags, LastUsed: world.UseFile{At: &at, Region: "eu-west-1"},
			Sessions: []world.RoleSessionFile{{Name: "given", ID: "ASIAEXAMPLE000000001", Secret: "x", Token: "y"}},
		}},
		Users: []world.IAMUserFile{{
			Name: "ops", Path: "/team/", ID: "AIDAEXAMPLE000000001", Created: &at, Policies: map[string]any{"plain": statement("Action", "s3:*")},
			ManagedPolicies: []string{ownPolicy}, PermissionsBoundary: ownPolicy, Tags: tags,
			AccessKeys: []world.AccessKeyFile{{ID: "AKIAEXAMPLE000000001", Secret: "x", Created: &at, LastUsed: used}, {ID: "AKIAEXAMPLE000000002", Secret: "y", Inactive: true, Created: &at}},
		}},
	}
}

func iamWorld(t *testing.T, accounts ...world.AccountFile) (*world.World, error) {
	t.Helper()
	return world.New(&world.File{Version: 1, Region: "eu-west-1", Accounts: accounts}, func() time.Time { return time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC) })
}

// What is exported makes the same world, ids, dates and texts of documents included.
func TestIAMExport(t *testing.T) {
	w, err := iamWorld(t, iamFile())
	if err != nil {
		t.Fatal(err)
	}
	once := w.Export()
	again, err := iamWorld(t, once.Accounts...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once.Accounts, again.Export().Accounts); diff != "" {
		t.Errorf("export (-once +again):\n%s", diff)
	}
	for _, world := range []*world.World{w, again} {
		r, ok := world.RoleNamed(iamAccount, "APP")
		if !ok || r.ID != "AROAEXAMPLE000000001" || r.Created.Year() != 2026 || len(r.Policies) != 4 || r.Boundary.ARN() != ownPolicy || !strings.Contains(r.Inline[0].Document.Text(), "\n") {
			t.Errorf("role %+v", r)
		}
		p, _ := world.Policy(ownPolicy)
		if v := p.AddVersion(p.Document(), time.Now()); v.ID != "v10" || p.Default != "v2" {
			t.Errorf("version %s, default %s", v.ID, p.Default)
		}
		if _, ok := world.Session("AKIAEXAMPLE000000002"); ok {
			t.Error("an inactive key has a session")
		}
		if u, ok := world.LastUse("AKIAEXAMPLE000000001"); !ok || u.Service != "s3" {
			t.Errorf("use %+v", u)
		}
	}
}

func TestIAMRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*world.AccountFile)
		want string
	}{
		"quota":                {func(a *world.AccountFile) { a.IAMQuotas.Roles = -1 }, "not negative"},
		"policy name":          {func(a *world.AccountFile) { a.Policies[0].Name = "a b" }, "a policy name has"},
		"policy twice":         {func(a *world.AccountFile) { a.Policies[1].Name = "OWN" }, "stands twice"},
		"policy path":          {func(a *world.AccountFile) { a.Policies[0].Path = "x" }, "slash"},
		"policy id":            {func(a *world.AccountFile) { a.Policies[0].ID = "AROAEXAMPLE000000001" }, "is not ANPA"},
		"policy tags":          {func(a *world.AccountFile) { a.Policies[0].Tags["aws:x"] = "" }, "reserved"},
		"no versions":          {func(a *world.AccountFile) { a.Policies[0].Versions = nil }, "it has 0"},
		"document and version": {func(a *world.AccountFile) { a.Policies[0].Document = statement("Action", "s3:*") }, "it has 3"},
		"six versions":         {func(a *world.AccountFile) { a.Policies[0].Versions = make([]world.PolicyVersionFile, 6) }, "it has 6"},
		"version id":           {func(a *world.AccountFile) { a.Policies[0].Versions[0].ID = "2" }, "v and a number"},
		"order of versions":    {func(a *world.AccountFile) { a.Policies[0].Versions[1].ID = "v1" }, "order"},
		"empty version":        {func(a *world.AccountFile) { a.Policies[0].Versions[0].Document = nil }, "the policy is empty"},
		"bad version":          {func(a *world.AccountFile) { a.Policies[0].Versions[0].Document = "{" }, "invalid Json"},
		"default version":      {func(a *world.AccountFile) { a.Policies[0].DefaultVersion = "v3" }, "none of the versions"},
		"last version":         {func(a *world.AccountFile) { a.Policies[0].LastVersion = 4 }, "a later one"},
		"role id":              {func(a *world.AccountFile) { a.Roles[0].ID = "AROA" }, "is not AROA"},
		"role tags":            {func(a *world.AccountFile) { a.Roles[0].Tags = map[string]string{"a": "", "A": ""} }, "the case of keys"},
		"tag value":            {func(a *world.AccountFile) { a.Roles[0].Tags["x"] = "!" }, "letters, digits"},
		"too many tags":        {func(a *world.AccountFile) { a.Roles[0].Tags = manyTags(51) }, "50 at most"},
		"role description":     {func(a *world.AccountFile) { a.Roles[0].Description = strings.Repeat("x", 1001) }, "1000 characters"},
		"inline name":          {func(a *world.AccountFile) { a.Roles[0].Policies["a b"] = statement("Action", "s3:*") }, "a name has"},
		"inline empty":         {func(a *world.AccountFile) { a.Roles[0].Policies["x"] = nil }, "the policy is empty"},
		"attached twice":       {func(a *world.AccountFile) { a.Roles[0].ManagedPolicies[1] = ownPolicy }, "stands twice"},
		"attached unknown":     {func(a *world.AccountFile) { a.Roles[0].ManagedPolicies[1] = "arn:aws:iam::aws:policy/None" }, "is not known"},
		"boundary unknown":     {func(a *world.AccountFile) { a.Roles[0].PermissionsBoundary = "arn:aws:iam::444455556666:policy/own" }, "is not known"},
		"user name":            {func(a *world.AccountFile) { a.Users[0].Name = "" }, "a user name has"},
		"user path":            {func(a *world.AccountFile) { a.Users[0].Path = "team" }, "slash"},
		"user id":              {func(a *world.AccountFile) { a.Users[0].ID = "x" }, "is not AIDA"},
		"user twice":           {func(a *world.AccountFile) { a.Users = append(a.Users, world.IAMUserFile{Name: "OPS"}) }, "stands twice"},
		"key twice":            {func(a *world.AccountFile) { a.Users[0].AccessKeys[1].ID = a.Users[0].AccessKeys[0].ID }, "stands twice"},
		"key of another": {func(a *world.AccountFile) {
			a.Users = append(a.Users, world.IAMUserFile{Name: "other", AccessKeys: []world.AccessKeyFile{{ID: "AKIAEXAMPLE000000002", Secret: "x"}}})
		}, "stands twice"},
		"key without secret": {func(a *world.AccountFile) { a.Users[0].AccessKeys[0].Secret = "" }, "with a secret"},
		"provider tags":      {func(a *world.AccountFile) { a.OIDCProviders[0].Tags = map[string]string{"": "x"} }, "a key has"},
		"same provider": {func(a *world.AccountFile) {
			a.OIDCProviders = append(a.OIDCProviders, world.OIDCProviderFile{URL: "https://a.example.com"})
		}, "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			f := iamFile()
			c.edit(&f)
			if _, err := iamWorld(t, f); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("key", i)] = ""
	}
	return tags
}

// The policies of AWS are those of the partition.
func TestPoliciesOfAWS(t *testing.T) {
	f := &world.File{Version: 1, Partition: "aws-cn", Region: "cn-north-1", Accounts: []world.AccountFile{{ID: iamAccount}}}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AdministratorAccess", "AWSIAMIdentityCenterAllowListForIdentityContext", "service-role/AWSLambdaBasicExecutionRole"} {
		if _, ok := w.ManagedPolicy("arn:aws-cn:iam::aws:policy/" + name); !ok {
			t.Errorf("%s is not there", name)
		}
	}
	allow, _ := w.ManagedPolicy("arn:aws-cn:iam::aws:policy/AWSIAMIdentityCenterAllowListForIdentityContext")
	if allow.Text() != w.AllowList.Text() {
		t.Error("the allow list is another than the one that STS attaches")
	}
	if !slices.IsSortedFunc(w.Policies(iamAccount), func(a, b *world.ManagedPolicy) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}) {
		t.Error("not in the order of names")
	}
}

// A managed policy that went away between a handler's look and the change is not
// attached, and is nobody's boundary.
func TestPoliciesThatAreNotThere(t *testing.T) {
	w, err := iamWorld(t, iamFile())
	if err != nil {
		t.Fatal(err)
	}
	const none = "arn:aws:iam::444455556666:policy/none"
	attach := func(e *world.Entity) { e.Attach(none) }
	bound := func(e *world.Entity) { e.BoundaryARN = none }
	for name, edit := range map[string]func(*world.Entity){"attached": attach, "boundary": bound} {
		role, user := w.NewRole(iamAccount, "/", name), w.NewIAMUser(iamAccount, "/", name)
		edit(&role.Entity)
		edit(&user.Entity)
		_, changedRole := w.ChangeRole(iamAccount, "app", func(r *world.Role) error { edit(&r.Entity); return nil })
		_, changedUser := w.ChangeIAMUser(iamAccount, "ops", func(u *world.IAMUser) error { edit(&u.Entity); return nil })
		for what, err := range map[string]error{"new role": w.AddRole(role), "new user": w.AddIAMUser(user), "role": changedRole, "user": changedUser} {
			if !errors.Is(err, world.ErrNoPolicy) {
				t.Errorf("%s of a %s: %v", name, what, err)
			}
		}
	}
}

// The last use of an access key is forgotten with the key, or with its user.
func TestUsesAreForgotten(t *testing.T) {
	const key = "AKIAEXAMPLE000000001"
	for name, forget := range map[string]func(*world.World) error{
		"user": func(w *world.World) error {
			return w.RemoveIAMUser(iamAccount, "ops", func(*world.IAMUser) error { return nil })
		},
		"key": func(w *world.World) error {
			_, err := w.ChangeIAMUser(iamAccount, "ops", func(u *world.IAMUser) error { u.DropKey(key); return nil })
			return err
		},
	} {
		w, err := iamWorld(t, iamFile())
		if err != nil {
			t.Fatal(err)
		}
		_, before := w.LastUse(key)
		if err := forget(w); err != nil {
			t.Fatal(err)
		}
		if _, after := w.LastUse(key); !before || after {
			t.Errorf("%s: the use was there %t, is there %t", name, before, after)
		}
	}
}

// Identity policies are asked for at every request.
func BenchmarkIdentityPolicies(b *testing.B) {
	w, err := world.New(&world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{iamFile()}}, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	s, _ := w.Session("ASIAEXAMPLE000000001")
	for b.Loop() { // go test -bench IdentityPolicies ./lab/internal/world
		if all, ok := w.IdentityPolicies(s); !ok || len(all) != 4 || w.Boundary(s) == nil {
			b.Fatal("no policies")
		}
	}
}
