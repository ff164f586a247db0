package labtest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// TestConstants: they name what the default world has.
func TestConstants(t *testing.T) {
	world := string(lab.DefaultWorld())
	for _, c := range []string{
		labtest.CenterAccount, labtest.ApplicationAccount, labtest.ApplicationARN, labtest.InstanceARN, labtest.IdentityStoreID,
		labtest.AnalystID, labtest.EngineerID, labtest.ClientID, labtest.AdminAccessKeyID, labtest.AdminSecretAccessKey,
		labtest.NotebookAccessKeyID, labtest.NotebookSecretAccessKey, labtest.NotebookSessionToken,
		"name: " + strings.TrimPrefix(labtest.ApplicationRoleARN, "arn:aws:iam::"+labtest.ApplicationAccount+":role/"),
		"name: " + strings.TrimPrefix(labtest.AccessRoleARN, "arn:aws:iam::"+labtest.ApplicationAccount+":role/"),
		"login: " + labtest.Analyst, "login: " + labtest.Engineer, "displayName: " + labtest.Analysts, "displayName: " + labtest.Engineers,
		"- name: " + labtest.Okta, "- name: " + labtest.Loopback,
	} {
		if !strings.Contains(world, c) {
			t.Errorf("the default world has no %s", c)
		}
	}
}

// TestEnhancedCredentials: they carry the person, and events of the three calls are there.
func TestEnhancedCredentials(t *testing.T) {
	l := labtest.Start(t)
	c := labtest.EnhancedCredentials(t, l, labtest.Engineer)
	who, err := sts.NewFromConfig(labtest.Config(l, c)).GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.Contains(*who.Arn, ":assumed-role/tip-id-enhanced-role/") {
		t.Fatalf("%v, %v", who, err)
	}
	var names []string
	for _, e := range labtest.Events(l) {
		names = append(names, e.EventName)
	}
	if want := []string{"AssumeRoleWithWebIdentity", "CreateTokenWithIAM", "AssumeRole", "GetCallerIdentity"}; !slices.Equal(want, names) {
		t.Errorf("events %v, want %v", names, want)
	}
	if n := len(labtest.Events(l, labtest.OnBehalfOf(labtest.EngineerID), labtest.Named("GetCallerIdentity"))); n != 1 {
		t.Errorf("%d events on behalf of the engineer", n)
	}
	for what, match := range map[string]func(*lab.Event) bool{
		"on behalf of another": labtest.OnBehalfOf(labtest.AnalystID), "refused": labtest.Refused(""), "of another name": labtest.Named("GetDataAccess"),
	} {
		if found := labtest.Events(l, match); len(found) != 0 {
			t.Errorf("events %s: %+v", what, found)
		}
	}
}

// failing is a test that goes wrong on purpose.
type failing struct {
	testing.TB
	told string
}

func (f *failing) Fatalf(format string, _ ...any) {
	f.told = format
	panic(f)
}

// TestFailures: a test that asks for what cannot be had fails with a reason.
func TestFailures(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.IdentityCenter[0].Users[0].Disabled = true // the analyst
	}))
	for want, call := range map[string]func(testing.TB){
		"start the lab: %v":                   func(tb testing.TB) { labtest.Start(tb, func(o *lab.Options) { o.Addr = "192.0.2.1:0" }) },
		"sign %s in: %v":                      func(tb testing.TB) { labtest.IDToken(tb, l, "nobody") },
		"credentials of %s: %v":               func(tb testing.TB) { labtest.EnhancedCredentials(tb, l, labtest.Analyst) },
		"credentials for the environment: %v": func(tb testing.TB) { labtest.Env(tb, l, lab.ProxyDoor, l.Administrator("000000000000")) },
	} {
		t.Run(want, func(t *testing.T) {
			f := &failing{TB: t}
			defer func() {
				if recover() == nil || f.told != want {
					t.Errorf("told %q", f.told)
				}
			}()
			call(f)
		})
	}
}

// TestEnv: a child gets to the lab by either door, and nowhere else.
func TestEnv(t *testing.T) {
	t.Setenv("AWS_PROFILE", "somebody")
	t.Setenv("AWS_ACCESS_KEY_ID", "ambient")
	t.Setenv("AWS_ROLE_ARN", "ambient")
	l := labtest.Start(t)
	value := func(environ []string, name string) (string, bool) {
		for _, entry := range environ {
			if v, ok := strings.CutPrefix(entry, name+"="); ok {
				return v, true
			}
		}
		return "", false
	}
	for door, want := range map[lab.Door]map[string]string{
		lab.EndpointDoor: {"AWS_ENDPOINT_URL": l.Endpoint(), "AWS_ACCESS_KEY_ID": labtest.AdminAccessKeyID, "AWS_REGION": l.Region()},
		lab.ProxyDoor:    {"HTTPS_PROXY": l.Endpoint(), "AWS_SECRET_ACCESS_KEY": labtest.AdminSecretAccessKey, "AWS_REGION": l.Region()},
	} {
		environ := labtest.Env(t, l, door, labtest.Admin())
		for name, v := range want {
			if got, _ := value(environ, name); got != v {
				t.Errorf("%s: %s is %q, want %q", door, name, got, v)
			}
		}
		for _, name := range []string{"AWS_PROFILE", "AWS_ROLE_ARN", "AWS_SESSION_TOKEN"} {
			if v, set := value(environ, name); set {
				t.Errorf("%s: %s is set to %q", door, name, v)
			}
		}
		for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
			if file, set := value(environ, name); !set {
				t.Errorf("%s: %s is not set", door, name)
			} else if _, err := os.Stat(file); err == nil {
				t.Errorf("%s: %s exists", door, file)
			}
		}
	}
	if v, set := value(labtest.Env(t, l, lab.EndpointDoor, nil), "AWS_ACCESS_KEY_ID"); set {
		t.Errorf("without credentials the key is %q", v)
	}
	asked, err := sts.NewFromConfig(labtest.Config(l, nil)).GetCallerIdentity(t.Context(), nil)
	if err == nil {
		t.Errorf("without credentials: %v", aws.ToString(asked.Arn))
	}
}

// TestEnvOfChild runs this test again as a child, with the environment.
func TestEnvOfChild(t *testing.T) {
	if os.Getenv("LABTEST_CHILD") != "" {
		if ca, err := os.ReadFile(os.Getenv("AWS_CA_BUNDLE")); err != nil || !bytes.Contains(ca, []byte("CERTIFICATE")) {
			t.Fatalf("no CA: %v", err)
		}
		return
	}
	l := labtest.Start(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestEnvOfChild$")
	cmd.Env = append(labtest.Env(t, l, lab.ProxyDoor, nil), "LABTEST_CHILD=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestGuide: what docs/labtest.md shows is in the examples, to the line.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "labtest.md"))
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	for _, name := range []string{"example_test.go", "guide_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, text...)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(string(code)) {
		lines[strings.TrimSpace(line)] = true
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(guide, -1)
	if len(blocks) < 5 {
		t.Fatalf("%d blocks of Go", len(blocks))
	}
	for _, b := range blocks {
		for line := range strings.Lines(string(b[1])) {
			if line = strings.TrimSpace(line); line != "" && !lines[line] {
				t.Errorf("no example has the line\n\t%s", line)
			}
		}
	}
}
