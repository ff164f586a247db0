package demo_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/demo"
	"github.com/tip-cli/tip-cli/cmd/tip-lab/labcli"
	"github.com/tip-cli/tip-cli/lab"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tip-lab": func() { os.Exit(labcli.Run(context.Background(), os.Args[1:])) }})
}

func run(t *testing.T, edit func(*lab.World)) (string, error) {
	t.Helper()
	program, err := exec.LookPath("tip-lab")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out strings.Builder
	err = demo.Run(ctx, demo.Options{Program: program, Out: &out, Environ: os.Environ(), Edit: edit})
	return out.String(), err
}

var heading = regexp.MustCompile(`(?m)^[0-9]+\. (.*)$`)

// The story, by its headings, and what must and must not be in it.
func TestStory(t *testing.T) {
	out, err := run(t, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for _, m := range heading.FindAllStringSubmatch(out, -1) {
		got = append(got, m[1])
	}
	want := []string{
		"Configure tip-cli, as analyst",
		"Sign in at the identity provider: authorization code with PKCE",
		"Exchange the ID token for credentials that carry the identity",
		"Who am I?",
		"Read an object that the group analysts may read, through S3 Access Grants",
		"Write there: denied, twice",
		"Read with the identity-enhanced session itself: denied by AWS's own allow list",
		"Send the same ID token to Identity Center again: a JWT is exchanged once",
		"Configure tip-cli, as engineer",
		"Sign in at the identity provider: authorization code with PKCE",
		"The same role, another person: other grants",
		"The audit trail names the person",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headings (-want +got):\n%s", diff)
	}
	for _, part := range []string{
		"AssumeRoleWithWebIdentity", "CreateTokenWithIAM", "identityContext", "ContextAssertion", "MatchedGrantTarget", "InvalidGrantException",
		"Every step gave what it should",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("the story lacks %q", part)
		}
	}
	// Okta names no issuer in its authorization responses (RFC 9207).
	if !regexp.MustCompile(`/callback\?code=\.\.\.&state=\.\.\.\n`).MatchString(out) {
		t.Error("the story shows another callback than that of the face okta")
	}
	if long := regexp.MustCompile(`eyJ[\w-]{30,}|IQoJ[\w+/]{30,}`).FindString(out); long != "" {
		t.Errorf("the story shows a whole secret: %.20s...", long)
	}
}

// A world in which something is not as it should be makes the demo fail, and say where.
func TestSabotage(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*lab.World)
		want string
	}{
		"a grant that is missing": {func(w *lab.World) { w.AccessGrants[0].Grants = w.AccessGrants[0].Grants[1:] }, "step 5"},
		"a grant that gives more": {func(w *lab.World) { w.AccessGrants[0].Grants[0].Permission = "READWRITE" }, "step 6"},
		"no trust":                {func(w *lab.World) { w.Accounts[1].OIDCProviders = nil }, "step 3"},
		"nobody signs in":         {func(w *lab.World) { w.Issuers[0].People[0].Claims["email"] = "else@example.com" }, "step 2"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(t, test.edit)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(out, "Every step gave what it should") {
				t.Errorf("%v, want a failure in %s\n%s", err, test.want, out)
			}
		})
	}
}
