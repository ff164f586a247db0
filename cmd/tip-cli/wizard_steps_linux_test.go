package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configuredReview brings a person with a configuration to the review of the forms.
func (p *person) configuredReview() {
	p.t.Helper()
	p.answers("Ping Identity", "\r")
	p.answers("such as 0oEXAMPLE", "\r\r")
	p.answers("identity-enhanced session", "\r\r\r")
	p.answers("Region of IAM Identity Center", "\r\r")
	p.reads("Is this right")
}

// configures runs configure idp elsewhere with some keys.
func (p *person) configures(keys string) {
	p.t.Helper()
	if out, err := p.command(p.t, "configure", "idp", "--config", keys).CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

// What is stored while the forms are open stays.
func TestWizardKeepsWhatIsStoredMeanwhile(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	p.configuredAt(t)
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure")
	p.configuredReview()
	p.configures(`{"session_duration": 1800, "sign_in": "never"}`)
	p.types("\r")
	p.answers("What next", "\x1b")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.shown())
	}
	text, err := os.ReadFile(filepath.Join(p.state(), "config.json"))
	if err != nil || !strings.Contains(string(text), `"session_duration": 1800`) || !strings.Contains(string(text), `"sign_in": "never"`) {
		t.Errorf("%v\n%s", err, text)
	}
}

// What does not go with it is refused.
func TestWizardRefusesWhatWasStoredMeanwhile(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	p.configuredAt(t)
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure")
	p.answers("Ping Identity", "\r")
	p.answers("such as 0oEXAMPLE", "\r\r")
	p.answers("identity-enhanced session", "\r\r\x15"+oidcRole+"2\r")
	p.answers("Region of IAM Identity Center", "\r\r")
	p.reads("Is this right")
	p.configures(`{"oidc_role_arn": "` + oidcRole + `2"}`)
	before, err := os.ReadFile(filepath.Join(p.state(), "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	p.types("\r")
	p.reads("config.json was changed meanwhile, and nothing was stored: id_enhanced_role_arn: must be another role")
	p.reads("hint:.* run it again")
	_ = cmd.Wait()
	after, err := os.ReadFile(filepath.Join(p.state(), "config.json"))
	if code := cmd.ProcessState.ExitCode(); code != 1 || err != nil || string(after) != string(before) {
		t.Errorf("exit code %d, %v\n%s", code, err, after)
	}
}

// A sign-in that fails is offered again, and leaving it at that has its exit code.
func TestWizardFailedSignIn(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	p.configuredAt(t)
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure")
	p.configuredReview()
	p.Refuse("dev-123456789")
	p.types("\r")
	p.answers("Sign in now", "\r")
	p.reads("warning:.*dev-123456789")
	p.reads("Sign in now: that failed, and can be tried again")
	p.screenCleared()
	p.types("\r") // again
	p.reads("warning:(?s).*can be tried again")
	p.screenCleared()
	p.types("\x1b[B\r") // the profile
	p.answers("Name of the profile", "\r")
	p.reads("now gets its credentials from tip-cli(?s).*What next")
	p.types("\x1b")
	p.reads("Later: tip-cli auth\r?\n")
	p.reads("error:.*dev-123456789")
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 6 || strings.Contains(p.shown(), "Later: tip-cli auth set-aws-profile") {
		t.Errorf("exit code %d\n%s", code, p.shown())
	}
}

// Quitting stores nothing, wherever it is offered.
func TestWizardQuit(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	for name, to := range map[string]func(*person){
		"after a look in vain": func(p *person) {
			p.Refuse("dev-123456789")
			p.answers("Ping Identity", "\r")
			p.answers("such as 0oEXAMPLE", "\r\r")
			p.answers("What now", "\x1b[B\x1b[B\x1b[B\r")
		},
		"at the review": func(p *person) {
			p.configuredReview()
			p.types("\x1b[B\x1b[B\x1b[B\r")
		},
	} {
		p := newcomer(t)
		p.configuredAt(t)
		var stdout strings.Builder
		cmd := p.begins(&stdout, "configure")
		to(p)
		_ = cmd.Wait()
		p.reads("Nothing was stored")
		if code := cmd.ProcessState.ExitCode(); code != 130 || strings.Contains(p.shown(), "Saved ") {
			t.Errorf("%s: exit code %d\n%s", name, code, p.shown())
		}
	}
}

// A profile that is somebody else's is refused where its name is asked for.
func TestWizardRefusesTakenProfile(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	p.configuredAt(t)
	if err := os.WriteFile(filepath.Join(p.dir, "aws-config"), []byte("[profile tip]\ncredential_process = vault-creds --role tip-cli\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure", "--no-check")
	p.configuredReview()
	p.types("\r")
	p.answers("What next", "\x1b[B\r")
	p.answers("Name of the profile", "\r")
	p.answers("gets its credentials elsewhere", "-x\r")
	p.reads("now gets its credentials from tip-cli(?s).*What next")
	p.types("\x1b")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.shown())
	}
}
