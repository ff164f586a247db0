package labtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// ask asks for data as the person of the credentials.
func ask(tb testing.TB, cfg aws.Config) error {
	tb.Helper()
	_, err := s3control.NewFromConfig(cfg).GetDataAccess(tb.Context(), &s3control.GetDataAccessInput{
		AccountId: aws.String(labtest.ApplicationAccount), Target: aws.String("s3://tip-demo-data/reports/*"), Permission: "READ",
	})
	return err
}

// TestGuideWorld: another world, edited, with its own people.
func TestGuideWorld(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.IdentityCenter[0].Applications[0].Disabled = true
	}))
	if _, err := newReports(labtest.Config(l, nil)); err != nil {
		t.Fatal(err)
	}
	crowd := labtest.Start(t, labtest.Edit(func(w *lab.World) { labtest.Crowd(w, 100) }))
	who, err := labtest.SignIn(crowd, labtest.Okta, labtest.CrowdMember(42).Login)
	if err != nil || who.Subject != labtest.CrowdMember(42).Subject {
		t.Errorf("%+v, %v", who, err)
	}
}

// TestGuidePeople: what an administrator, or provisioning, does meanwhile.
func TestGuidePeople(t *testing.T) {
	l := labtest.Start(t)
	cfg := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))
	if err := ask(t, cfg); err != nil {
		t.Fatal(err)
	}
	err := l.SetGroupMembers(labtest.Analysts, "engineer@example.com")
	if err != nil || ask(t, cfg) == nil {
		t.Errorf("who left the group still may: %v", err)
	}
	token := labtest.IDToken(t, l, labtest.Analyst, func(o *lab.IDToken) { o.Claims = map[string]any{"email": "nobody@example.com"} })
	if token == "" {
		t.Error("no token")
	}
}

// TestGuideFaults: a fault ends with the test, and tells how often it struck.
func TestGuideFaults(t *testing.T) {
	l := labtest.Start(t)
	cfg := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))
	labtest.Fault(t, l, lab.Fault{Name: "busy", Operation: "GetDataAccess", First: 2, Do: lab.FaultThrottle})
	if err := ask(t, cfg); err != nil { // the SDK tries again
		t.Fatal(err)
	}
	if n := labtest.Struck(t, l, "busy"); n != 2 {
		t.Errorf("throttled %d times", n)
	}
}

// TestGuideClock: nobody waits.
func TestGuideClock(t *testing.T) {
	l := labtest.Start(t)
	cfg := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))
	l.AdvanceClock(2 * time.Hour)
	if err := ask(t, cfg); err == nil {
		t.Error("the session has ended")
	}
	if n := len(labtest.Events(l, labtest.Refused("ExpiredToken"))); n != 1 {
		t.Errorf("%d refusals", n)
	}
	if got := l.Counts().Exchanges; got != (lab.Tally{Granted: 1}) {
		t.Errorf("exchanges %+v", got)
	}
}

// TestGuideWorlds: what one lab has, another can begin with, and how a lab goes back.
func TestGuideWorlds(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(labtest.Organization), labtest.Edit(labtest.OriginalTemplate))
	text, err := l.Export()
	if err != nil {
		t.Fatal(err)
	}
	other := labtest.Start(t)
	if err := other.Import(text); err != nil || len(other.Accounts()) != 4 {
		t.Errorf("%d accounts, %v", len(other.Accounts()), err)
	}
	if err := other.Reset(); err != nil || len(other.Accounts()) != 2 {
		t.Errorf("%d accounts, %v", len(other.Accounts()), err)
	}
	folder := t.TempDir()
	kept := labtest.Start(t, func(o *lab.Options) { o.DataDir = folder })
	if err := kept.Import(text); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	again := labtest.Start(t, func(o *lab.Options) { o.DataDir = folder })
	if len(again.Accounts()) != 4 {
		t.Errorf("%d accounts after a restart", len(again.Accounts()))
	}
}

// TestGuideCommands: a program in any language.
func TestGuideCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("the AWS CLI is slow: -short")
	}
	path, err := exec.LookPath("aws")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("the AWS CLI is required in CI: %v", err)
	}
	if err != nil {
		t.Skip("the AWS CLI is not at hand")
	}
	l := labtest.Start(t)
	cmd := exec.CommandContext(t.Context(), path, "sts", "get-caller-identity")
	cmd.Env = labtest.Env(t, l, lab.ProxyDoor, l.Administrator(labtest.ApplicationAccount))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := len(labtest.Events(l, labtest.Named("GetCallerIdentity"))); n != 1 {
		t.Errorf("the lab was asked %d times", n)
	}
	l.AdvanceClock(time.Hour) // the program's own clock stays
	again := exec.CommandContext(t.Context(), path, cmd.Args[1:]...)
	again.Env = cmd.Env
	if out, err := again.CombinedOutput(); err == nil || !strings.Contains(string(out), "(SignatureDoesNotMatch)") {
		t.Errorf("with a clock an hour slow: %v\n%s", err, out)
	}
}
