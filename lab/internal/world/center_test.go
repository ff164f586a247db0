package world_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const centerARN = "arn:aws:sso:::instance/ssoins-1234567890abcdef"

// center is the default world with its Identity Center instance.
func center(t *testing.T, now func() time.Time, edits ...func(*world.File)) (*world.World, *world.Instance) {
	t.Helper()
	f := defaultFile(t)
	for _, edit := range edits {
		edit(f)
	}
	w, err := world.New(f, now)
	if err != nil {
		t.Fatal(err)
	}
	in, ok := w.Instance(centerARN)
	if !ok {
		t.Fatal("no instance")
	}
	return w, in
}

// TestCenterExport: whatever the API can set is in the file, and comes back.
func TestCenterExport(t *testing.T) {
	w, in := center(t, time.Now, func(f *world.File) { yes := true; f.Switches.AuthorizationCodeGrant = &yes })
	app := w.NewApplication(in, "444455556666", "whole")
	gone, err := w.CreateTrustedTokenIssuer(world.Repeatable{}, in, world.TrustedTokenIssuer{
		Name: "gone", IssuerURL: "https://gone.example.com", ClaimAttributePath: "sub", IdentityStoreAttributePath: "userName", Tags: map[string]string{"a": "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/not-there"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}`
	app.Description, app.Disabled, app.Tags, app.AssignmentRequired = "of everything", true, map[string]string{"team": "data"}, false
	app.Portal = world.PortalOptions{Origin: "APPLICATION", URL: "https://app.example.com", Hidden: true}
	app.JWTBearer = []world.AuthorizedIssuer{{IssuerARN: w.TrustedTokenIssuers(in)[0].ARN, Audiences: []string{"b", "a"}}, {IssuerARN: gone.ARN, Audiences: []string{"c"}}}
	app.RefreshToken, app.RefreshTokenLifetime, app.TokenExchange, app.AuthorizationCode = true, time.Hour, true, []string{"https://app.example.com/code"}
	app.ActorPolicyText, app.BackgroundSessions = text, false
	if app.ActorPolicy, err = policy.Parse([]byte(text), policy.Actor); err != nil {
		t.Fatal(err)
	}
	app.Scopes = []world.Scope{{Name: "b:c", Targets: []string{centerARN}}, {Name: "a"}}
	empty := w.NewApplication(in, "111122223333", "empty")
	empty.JWTBearer = []world.AuthorizedIssuer{}
	for _, a := range []*world.Application{app, empty} {
		if _, err := w.CreateApplication(world.Repeatable{}, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []world.Assignment{{ID: w.Users(in)[0].ID}, {ID: w.Groups(in)[1].ID, Group: true}} {
		if err := w.Assign(app.ARN, to); err != nil {
			t.Fatal(err)
		}
	}
	own, err := w.CreateInstance(world.Repeatable{}, "444455556666", "us-east-1", world.InstanceSettings{Name: "own", KMSKeyARN: "arn:aws:kms:us-east-1:444455556666:key/11111111-2222-4333-8444-555555555555", Tags: map[string]string{"c": "d"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteTrustedTokenIssuer(in, gone.ARN); err != nil {
		t.Fatal(err)
	}
	for form, read := range again {
		t.Run(form, func(t *testing.T) {
			f, err := read(w.Export(), endpoint, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			second, err := world.New(f, func() time.Time { return time.Now().Add(time.Hour) })
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []*world.Application{app, empty} {
				got, ok := second.Application(want.ARN)
				if !ok {
					t.Fatalf("no application %s", want.Name)
				}
				if diff := cmp.Diff(shown(want), shown(got)); diff != "" {
					t.Errorf("application (-made +exported):\n%s", diff)
				}
			}
			i, ok := second.Instance(own.ARN)
			if !ok || !i.OfAccount || i.Region != "us-east-1" || !i.Created.Equal(own.Created) || i.IdentityStoreID != own.IdentityStoreID {
				t.Errorf("instance %+v, want %+v", i, own)
			}
			if diff := cmp.Diff(w.InstanceSettings(own), second.InstanceSettings(i)); diff != "" {
				t.Errorf("settings (-made +exported):\n%s", diff)
			}
			main, _ := second.Instance(centerARN)
			if diff := cmp.Diff(w.TrustedTokenIssuers(in), second.TrustedTokenIssuers(main)); diff != "" {
				t.Errorf("issuers (-made +exported):\n%s", diff)
			}
		})
	}
}

// shown is everything of an application but what it points to.
func shown(a *world.Application) any {
	c := *a
	c.Instance, c.ActorPolicy = nil, nil
	return []any{
		c.ARN, c.Name, c.Description, c.Account, c.Region, c.Creator, c.Created.UTC(), c.Disabled, c.Portal, c.Tags, c.AssignmentRequired, c.Assignments(),
		c.JWTBearer, c.RefreshToken, c.RefreshTokenLifetime, c.TokenExchange, c.AuthorizationCode, c.ActorPolicyText, a.ActorPolicy != nil, c.Scopes, c.BackgroundSessions, c.ClientID,
	}
}

// TestRefusedCenterFiles has what the keys of an instance and its applications do not admit.
func TestRefusedCenterFiles(t *testing.T) {
	app := func(f *world.File) *world.ApplicationFile { return &f.IdentityCenter[0].Applications[0] }
	long := map[string]string{strings.Repeat("k", 129): ""}
	for name, test := range map[string]struct {
		edit func(*world.File)
		want string
	}{
		"name of an instance":    {func(f *world.File) { f.IdentityCenter[0].Name = "a b" }, "up to 255 letters"},
		"key of an instance":     {func(f *world.File) { f.IdentityCenter[0].KMSKeyARN = "alias/a" }, "not the ARN of a key"},
		"tags of an instance":    {func(f *world.File) { f.IdentityCenter[0].Tags = long }, "tags: "},
		"tags of an issuer":      {func(f *world.File) { f.IdentityCenter[0].TrustedTokenIssuers[0].Tags = long }, "tags: "},
		"negative quota":         {func(f *world.File) { f.IdentityCenter[0].MaxApplications = -1 }, "maxApplications: 1 to 7000 are allowed"},
		"higher quota":           {func(f *world.File) { f.IdentityCenter[0].MaxApplications = 7001 }, "maxApplications: 1 to 7000 are allowed"},
		"tags of an application": {func(f *world.File) { app(f).Tags = long }, "tags: "},
		"name":                   {func(f *world.File) { app(f).Name = strings.Repeat("a", 101) }, "100 characters at most"},
		"description":            {func(f *world.File) { app(f).Description = strings.Repeat("a", 129) }, "100 characters at most"},
		"account":                {func(f *world.File) { app(f).Account = "999999999999" }, "not in accounts"},
		"origin":                 {func(f *world.File) { app(f).Portal.Origin = "ELSEWHERE" }, "neither IDENTITY_CENTER nor APPLICATION"},
		"portal's URL":           {func(f *world.File) { app(f).Portal = world.PortalFile{Origin: "APPLICATION", URL: "ftp://a"} }, "not an http or https URL"},
		"URL without origin":     {func(f *world.File) { app(f).Portal.URL = "https://a.example.com" }, "goes with an origin"},
		"origin without URL":     {func(f *world.File) { app(f).Portal.Origin = "APPLICATION" }, "goes with an origin"},
		"authorization code":     {func(f *world.File) { app(f).AuthorizationCode = []string{"https://a"} }, "only with the switch"},
		"scope twice":            {func(f *world.File) { app(f).Scopes = append(app(f).Scopes, app(f).Scopes[0]) }, "stands twice"},
		"issuer of another instance": {func(f *world.File) {
			app(f).JWTBearer[0].Issuer = strings.Replace(issuerARN, "1234567890abcdef", "ffffffffffffffff", 1)
		}, "no trusted token issuer"},
		"refresh token lifetime": {func(f *world.File) { app(f).RefreshTokenLifetime = 60 }, "refreshToken: true"},
	} {
		t.Run(name, func(t *testing.T) {
			f := defaultFile(t)
			test.edit(f)
			if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

// TestRepeatsAreForgotten after a day.
func TestRepeatsAreForgotten(t *testing.T) {
	now := time.Now()
	w, in := center(t, func() time.Time { return now })
	create := func(name string) (*world.Application, error) {
		return w.CreateApplication(world.Repeatable{Account: "111122223333", Operation: "CreateApplication", Token: "t", Parameters: name}, w.NewApplication(in, "111122223333", name))
	}
	first, err := create("one")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(23 * time.Hour)
	if again, err := create("one"); err != nil || again.ARN != first.ARN {
		t.Errorf("repeated within the day: %v", err)
	}
	if _, err := create("two"); !errors.Is(err, world.ErrOtherParameters) {
		t.Errorf("other parameters within the day: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := create("two"); err != nil {
		t.Errorf("other parameters after it: %v", err)
	}
}

// TestStaleChanges are refused where what they change has gone meanwhile.
func TestStaleChanges(t *testing.T) {
	w, in := center(t, time.Now)
	issuer, app := w.TrustedTokenIssuers(in)[0], w.Applications(in)[0]
	made := w.NewApplication(in, in.Account, "late")
	to := world.Assignment{ID: w.Users(in)[0].ID}
	if err := w.DeleteInstance(in); err != nil {
		t.Fatal(err)
	}
	nothing := func(*world.Application) error { return nil }
	for name, got := range map[string]struct{ err, want error }{
		"delete instance":    {w.DeleteInstance(in), world.ErrNoInstance},
		"change instance":    {w.ChangeInstance(in, func(*world.InstanceSettings) error { return nil }), world.ErrNoInstance},
		"create issuer":      {second(w.CreateTrustedTokenIssuer(world.Repeatable{}, in, *issuer)), world.ErrNoInstance},
		"change issuer":      {w.ChangeTrustedTokenIssuer(in, issuer.ARN, func(*world.TrustedTokenIssuer) error { return nil }), world.ErrNoIssuer},
		"delete issuer":      {w.DeleteTrustedTokenIssuer(in, issuer.ARN), world.ErrNoIssuer},
		"create application": {second(w.CreateApplication(world.Repeatable{}, made)), world.ErrNoInstance},
		"change application": {w.ChangeApplication(app.ARN, nothing), world.ErrNoApplication},
		"delete application": {w.DeleteApplication(app.ARN), world.ErrNoApplication},
		"assign":             {w.Assign(app.ARN, to), world.ErrNoApplication},
		"unassign":           {w.Unassign(app.ARN, to), world.ErrNoApplication},
	} {
		if !errors.Is(got.err, got.want) {
			t.Errorf("%s: %v, want %v", name, got.err, got.want)
		}
	}
	if g, ok := w.AccessGrants("444455556666", "eu-west-1"); !ok || g.IdentityCenter != nil {
		t.Error("S3 Access Grants is still associated with the instance")
	}
}

func second[T any](_ T, err error) error { return err }

// TestSnapshotsOfApplicationsStay as they were while others change them.
func TestSnapshotsOfApplicationsStay(t *testing.T) {
	w, in := center(t, time.Now)
	before := w.Applications(in)[0]
	want := shown(before)
	err := w.ChangeApplication(before.ARN, func(a *world.Application) error {
		for _, s := range []string{"first", "second"} {
			if err := a.PutScope(world.Scope{Name: s}); err != nil {
				return err
			}
		}
		return errors.Join(a.PutScope(world.Scope{Name: before.Scopes[0].Name, Targets: []string{centerARN}}), a.RemoveScope(before.Scopes[1].Name), a.RemoveGrant(world.GrantJWTBearer))
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, shown(before)); diff != "" {
		t.Errorf("the application that was read before (-before +after):\n%s", diff)
	}
	refused := errors.New("refused")
	if err := w.ChangeApplication(before.ARN, func(a *world.Application) error { a.Name = "half"; return refused }); !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
	if now, _ := w.Application(before.ARN); now.Name != before.Name {
		t.Error("a refused change was made")
	}
}

// go test -run '^$' -bench BenchmarkAssign ./lab/internal/world
func BenchmarkAssign(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := &world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: "111122223333"}}, IdentityCenter: []world.InstanceFile{{
				Account: "111122223333", ARN: centerARN, IdentityStoreID: "d-1234567890",
			}}}
			for i := range n {
				f.IdentityCenter[0].Users = append(f.IdentityCenter[0].Users, world.UserFile{ID: fmt.Sprintf("11111111-2222-4333-8444-%012d", i), UserName: fmt.Sprint("user-", i)})
			}
			w, err := world.New(f, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			in, _ := w.Instance(centerARN)
			a, err := w.CreateApplication(world.Repeatable{}, w.NewApplication(in, in.Account, "a"))
			if err != nil {
				b.Fatal(err)
			}
			users := w.Users(in)
			for _, u := range users[1:] {
				if err := w.Assign(a.ARN, world.Assignment{ID: u.ID}); err != nil {
					b.Fatal(err)
				}
			}
			to := world.Assignment{ID: users[0].ID}
			for b.Loop() {
				if err := errors.Join(w.Assign(a.ARN, to), w.Unassign(a.ARN, to)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
