package world_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const secretStem = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:"

// loaded is the default world after an edit of the application account.
func loaded(t *testing.T, edit func(*world.AccountFile)) (*world.World, error) {
	t.Helper()
	f := defaultFile(t)
	edit(&f.Accounts[1])
	return world.New(f, time.Now)
}

func TestSecretAndSessionRefusals(t *testing.T) {
	secret := func(edit func(*world.SecretFile)) func(*world.AccountFile) {
		return func(a *world.AccountFile) { edit(&a.Secrets[0]) }
	}
	session := func(edit func(*world.RoleSessionFile)) func(*world.AccountFile) {
		return func(a *world.AccountFile) {
			for i := range a.Roles {
				if a.Roles[i].Sessions != nil {
					edit(&a.Roles[i].Sessions[0])
				}
			}
		}
	}
	long := strings.Repeat("x", 65537)
	tags := map[string]string{}
	for i := range 51 {
		tags[strings.Repeat("k", i+1)] = ""
	}
	policyFor := func(arn string) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": arn}, "Action": "secretsmanager:GetSecretValue", "Resource": "*",
		}}}
	}
	for name, c := range map[string]struct {
		edit func(*world.AccountFile)
		want string
	}{
		"secret name":        {secret(func(s *world.SecretFile) { s.Name = "a b" }), "a secret name has 1 to 512"},
		"no secret name":     {secret(func(s *world.SecretFile) { s.Name = "" }), "a secret name has 1 to 512"},
		"secret twice":       {func(a *world.AccountFile) { a.Secrets = append(a.Secrets, a.Secrets[0]) }, "the name stands twice"},
		"long suffix":        {secret(func(s *world.SecretFile) { s.Suffix = "abcdefg" }), "not six letters or digits"},
		"description":        {secret(func(s *world.SecretFile) { s.Description = long }), "more than 2048 characters"},
		"region":             {secret(func(s *world.SecretFile) { s.Region = "Europe" }), "not the name of a region"},
		"suffix":             {secret(func(s *world.SecretFile) { s.Suffix = "abc" }), "not six letters or digits"},
		"empty value":        {secret(func(s *world.SecretFile) { s.Value = "" }), "value: 0 bytes"},
		"long value":         {secret(func(s *world.SecretFile) { s.Value = long }), "value: 65537 bytes"},
		"no JSON":            {secret(func(s *world.SecretFile) { s.Value = func() {} }), "neither a text nor what JSON can say"},
		"many tags":          {secret(func(s *world.SecretFile) { s.Tags = tags }), "51 tags"},
		"tag":                {secret(func(s *world.SecretFile) { s.Tags = map[string]string{"": "x"} }), "a key has 1 to 128"},
		"tag value":          {secret(func(s *world.SecretFile) { s.Tags = map[string]string{"a": long} }), "a value 256 at most"},
		"AWS's tag":          {secret(func(s *world.SecretFile) { s.Tags = map[string]string{"AWS:a": "x"} }), "AWS's own"},
		"policy":             {secret(func(s *world.SecretFile) { s.Policy = map[string]any{"Version": "2012-10-17"} }), "policy: "},
		"policy not JSON":    {secret(func(s *world.SecretFile) { s.Policy = map[string]any{"Version": func() {}} }), "policy: "},
		"long policy":        {secret(func(s *world.SecretFile) { s.Policy = long }), "longer than 20480 bytes"},
		"policy for nobody":  {secret(func(s *world.SecretFile) { s.Policy = policyFor("arn:aws:iam::444455556666:role/nobody") }), "there is no arn:aws:iam::444455556666:role/nobody"},
		"session name":       {session(func(s *world.RoleSessionFile) { s.Name = "a" }), "a session name has 2 to 64"},
		"session id":         {session(func(s *world.RoleSessionFile) { s.ID = "AKIAIOSFODNN7EXAMPLE" }), "is not ASIA"},
		"session id's case":  {session(func(s *world.RoleSessionFile) { s.ID = "ASIAiosfodnn7example" }), "is not ASIA"},
		"session id's start": {session(func(s *world.RoleSessionFile) { s.ID = "XASIAI44QH8DHBEXAMPLE" }), "is not ASIA"},
		"session id's end":   {session(func(s *world.RoleSessionFile) { s.ID = "ASIAI44QH8DHBEXAMPLEx" }), "is not ASIA"},
		"no session secret":  {session(func(s *world.RoleSessionFile) { s.Secret = "" }), "the secret is missing"},
		"no session token":   {session(func(s *world.RoleSessionFile) { s.Token = "" }), "a token has 1 to 4096"},
		"session token":      {session(func(s *world.RoleSessionFile) { s.Token = "a b" }), "a token has 1 to 4096"},
		"long session token": {session(func(s *world.RoleSessionFile) { s.Token = long }), "a token has 1 to 4096"},
		"session lifetime":   {session(func(s *world.RoleSessionFile) { s.Lifetime = -1 }), "lifetime: -1 seconds"},
		"session twice": {func(a *world.AccountFile) {
			a.Roles[0].Sessions = []world.RoleSessionFile{{Name: "other", ID: "ASIAI44QH8DHBEXAMPLE", Secret: "x", Token: "y"}}
		}, `id "ASIAI44QH8DHBEXAMPLE" stands twice`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := loaded(t, c.edit); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestPasswordAuthIsCognitos(t *testing.T) {
	for name, edit := range map[string]func(*world.ClientFile){
		"passwordAuth":     func(c *world.ClientFile) { c.PasswordAuth = true },
		"hideUnknownUsers": func(c *world.ClientFile) { c.HideUnknownUsers = true },
	} {
		f := defaultFile(t)
		edit(&f.Issuers[0].Clients[0])
		if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), "are for the face cognito") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := defaultFile(t)
	f.Issuers[3].Clients[0].RedirectURIs = nil
	if _, err := world.New(f, time.Now); err == nil || !strings.Contains(err.Error(), "redirectUris are needed") {
		t.Errorf("a client without a redirect URI: %v", err)
	}
}

// A secret's value is text or JSON, and its ARN the same in every run.
func TestSecretsLoad(t *testing.T) {
	w, err := loaded(t, func(a *world.AccountFile) {
		a.Secrets = append(a.Secrets,
			world.SecretFile{Name: "text", Value: "as it is", Tags: map[string]string{"a": "b"}},
			world.SecretFile{Name: "list", Value: []any{1, "two"}, Region: "eu-west-2"},
			world.SecretFile{Name: "bare"})
	})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, region := range []string{"eu-west-1", "eu-west-2"} {
		for _, s := range w.Secrets("444455556666", region) {
			v, ok := s.Staged(world.StageCurrent)
			if values[s.Name] = "none"; ok {
				values[s.Name] = *v.Text
			}
		}
	}
	want := map[string]string{"tip-notebook/app-user": `{"password":"analyst","username":"analyst@example.com"}`, "text": "as it is", "list": `[1,"two"]`, "bare": "none"}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	again, err := loaded(t, func(a *world.AccountFile) { a.Secrets = append(a.Secrets, world.SecretFile{Name: "text"}) })
	if err != nil {
		t.Fatal(err)
	}
	one, _ := w.Secret("444455556666", "eu-west-1", "text")
	other, _ := again.Secret("444455556666", "eu-west-1", "text")
	if one.ARN != other.ARN || !strings.HasPrefix(one.ARN, secretStem+"text-") {
		t.Errorf("ARNs %s and %s", one.ARN, other.ARN)
	}
}

// A partial ARN finds a secret unless its name itself ends like a suffix.
func TestPartialSecretARN(t *testing.T) {
	w, err := loaded(t, func(a *world.AccountFile) {
		a.Secrets = append(a.Secrets, world.SecretFile{Name: "app-abcdef", Suffix: "uvwxyz"})
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{
		"app-abcdef": true, secretStem + "app-abcdef-uvwxyz": true, secretStem + "app-abcdef": false, "app": false,
		secretStem + "tip-notebook/app-user": true, secretStem + "tip-notebook/app": false,
	} {
		if _, ok := w.Secret("444455556666", "eu-west-1", id); ok != want {
			t.Errorf("%s: found %v", id, ok)
		}
	}
	if _, ok := w.Secret("111122223333", "eu-west-1", "app-abcdef"); ok {
		t.Error("another account finds it by name")
	}
	if _, ok := w.Secret("444455556666", "eu-west-2", "app-abcdef"); ok {
		t.Error("another region finds it by name")
	}
}

// A secret that was handed out stays as it was, and one that is over is gone.
func TestSecretsAreReplaced(t *testing.T) {
	w, err := loaded(t, func(*world.AccountFile) {})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := w.Secret("444455556666", "eu-west-1", "tip-notebook/app-user")
	refused := errors.New("no")
	if _, err := w.ChangeSecret(before.ARN, func(s *world.Secret) error { s.Name = "x"; return refused }); !errors.Is(err, refused) || before.Name == "x" {
		t.Errorf("%v, %s", err, before.Name)
	}
	if _, err := w.ChangeSecret(before.ARN, func(s *world.Secret) error {
		s.Versions = append(s.Versions, world.SecretVersion{ID: "v2"}, world.SecretVersion{ID: "v3"})
		s.Stage("v2", world.StageCurrent)
		s.Stage("v3", world.StageCurrent)
		s.Stage("nobody", world.StageCurrent)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	after, _ := w.Secret("444455556666", "eu-west-1", "tip-notebook/app-user")
	stages := func(s *world.Secret) (all [][]string) {
		for _, v := range s.Versions {
			all = append(all, v.Stages)
		}
		return all
	}
	if diff := cmp.Diff([][]string{{"AWSCURRENT"}}, stages(before)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{}, {"AWSPREVIOUS"}, {"AWSCURRENT"}}, stages(after)); diff != "" {
		t.Error(diff)
	}
	if err := w.AddSecret(after); !errors.Is(err, world.ErrSecretExists) {
		t.Errorf("added twice: %v", err)
	}
	if _, err := w.ChangeSecret(after.ARN, func(s *world.Secret) error { s.Deleted, s.Purged = w.Now(), w.Now(); return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangeSecret(after.ARN, func(*world.Secret) error { return nil }); !errors.Is(err, world.ErrNoSecret) {
		t.Errorf("changed after its end: %v", err)
	}
	if len(w.Secrets("444455556666", "eu-west-1")) != 0 {
		t.Error("it is listed after its end")
	}
	if err := w.AddSecret(before); err != nil {
		t.Errorf("its name is not free: %v", err)
	}
}
