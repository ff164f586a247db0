package session_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

const wholeTrial = "AssumeRoleWithWebIdentity CreateTokenWithIAM AssumeRole"

func (d *desk) try(t *testing.T, trial session.Trial) (*tipcreds.Session, error) {
	t.Helper()
	return session.Try(t.Context(), session.Options{
		Store: d.store, Config: d.config, Regions: config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1"}, HTTPClient: d.client(t),
	}, trial)
}

// A trial stores what any command would store, and takes the stored JWT first.
func TestTryStores(t *testing.T) {
	d := signedIn(t)
	for _, requests := range []string{wholeTrial, "Token " + wholeTrial} {
		made, err := d.try(t, session.Trial{})
		if err != nil {
			t.Fatal(err)
		}
		role, err := d.store.LoadRole()
		if err != nil || role.AccessKeyID != made.Credentials.AccessKeyID {
			t.Errorf("stored is %q (%v), not %q", role.AccessKeyID, err, made.Credentials.AccessKeyID)
		}
		if got := d.seen(); got != requests {
			t.Errorf("requests %q, want %q", got, requests)
		}
	}
}

// The JWT of somebody else, and another application, leave the person's state alone.
func TestTryLeavesStateAlone(t *testing.T) {
	d := signedIn(t)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	role, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	before, err := d.store.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made, err := d.try(t, session.Trial{JWT: secret.New(labtest.IDToken(t, d.lab, "engineer"))})
	if err != nil || made.UserID == role.UserID {
		t.Fatalf("user %q: %v", made.UserID, err)
	}
	_, err = d.try(t, session.Trial{ApplicationARN: strings.Replace(d.config.TokenExchangeApplicationARN, "apl-1234567890abcdef", "apl-abcdef1234567890", 1)})
	if failed, ok := errors.AsType[*tipcreds.ExchangeError](err); !ok || failed.Step != tipcreds.StepCreateToken {
		t.Errorf("another application: %v", err)
	}
	now, err := d.store.LoadRole()
	if err != nil || now.AccessKeyID != role.AccessKeyID {
		t.Errorf("the role session is another one: %v", err)
	}
	after, err := d.store.LoadIDPToken(t.Context())
	if err != nil || before.SpentSHA256 == after.SpentSHA256 {
		t.Errorf("the person's JWT that was sent is not marked: %v", err)
	}
}

// A JWT that is handed over and is the stored one counts as the stored one.
func TestTryOwnJWT(t *testing.T) {
	d := signedIn(t)
	held, err := d.store.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(t, session.Trial{JWT: held.Token}); err != nil {
		t.Fatal(err)
	}
	if held, err = d.store.LoadIDPToken(t.Context()); err != nil || held.Unspent() {
		t.Errorf("the JWT is not marked as spent: %v", err)
	}
	if _, err := d.try(t, session.Trial{JWT: held.Token}); !errors.Is(err, session.ErrSpentByOthers) {
		t.Errorf("a spent JWT: %v", err)
	}
	if diff := cmp.Diff(wholeTrial, d.seen()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A trial is made once: what another attempt might mend is for the person to see.
func TestTryOnce(t *testing.T) {
	d := signedIn(t)
	d.strike("CreateTokenWithIAM", answered(429, "ThrottlingException"))
	if _, err := d.try(t, session.Trial{}); err == nil {
		t.Error("a throttled trial succeeds")
	}
	if got := d.seen(); got != "AssumeRoleWithWebIdentity CreateTokenWithIAM" {
		t.Errorf("requests %q", got)
	}
	if held, err := d.store.LoadIDPToken(t.Context()); err != nil || !held.Unspent() {
		t.Errorf("a JWT that nobody looked at counts as spent: %v", err)
	}
}
