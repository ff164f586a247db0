package session_test

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// Who signs out while S3 Access Grants answers leaves no credentials behind, and is not
// handed out in the next session what was vended in the one before.
func TestSignedOutInFlight(t *testing.T) {
	d := withRole(t)
	d.strike("GetDataAccess", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if _, err := d.open(t, d.config).Logout(context.Background()); err != nil {
			t.Error(err)
		}
		forward(w, r)
	})
	late, err := d.DataAccess(t.Context(), readReports())
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(d.store.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(d.store.Path(f.Name())); err != nil || strings.Contains(string(text), late.SecretAccessKey.Reveal()) {
			t.Errorf("after the sign-out %s holds a secret, %v", f.Name(), err)
		}
	}
	d.signIn(t, "analyst")
	d.seen()
	if e, err := d.DataAccess(t.Context(), readReports()); err != nil || e.AccessKeyID == late.AccessKeyID || !strings.Contains(d.seen(), "GetDataAccess") {
		t.Errorf("the next session: %v", err)
	}
}

// What was vended for one person is not stored beside the session of another.
func TestSomebodyElseSignsInInFlight(t *testing.T) {
	d := withRole(t)
	d.strike("GetDataAccess", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		other := d.open(t, d.config)
		d.login = "engineer"
		if _, err := other.SignIn(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := other.RoleCredentials(context.Background()); err != nil {
			t.Error(err)
		}
		forward(w, r)
	})
	e, err := d.DataAccess(t.Context(), readReports())
	if err != nil {
		t.Fatal(err)
	}
	role, err := d.store.LoadRole()
	if err != nil || role.UserID == e.UserID {
		t.Fatalf("%q: %v", role.UserID, err)
	}
	entries, err := d.store.LoadS3()
	if err != nil || len(entries) > 0 {
		t.Errorf("stored beside %s: %v, %v", role.UserID, entries, err)
	}
}

// Who waits for the turn while somebody else signs in asks as them, and leaves a denial for
// their question.
func TestSomebodyElseSignsInBeforeTheTurn(t *testing.T) {
	d := withRole(t)
	release, err := d.store.Lock(t.Context(), session.TurnOf(d.Session, readReports()))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan store.S3Entry, 1)
	go func() {
		e, _ := d.DataAccess(t.Context(), readReports())
		asked <- e
	}()
	other := d.open(t, d.config)
	d.login = "engineer"
	if _, err := other.SignIn(t.Context()); err != nil {
		t.Error(err)
	}
	role, err := other.RoleCredentials(t.Context())
	release()
	if e := <-asked; err != nil || e.UserID != "" && e.UserID != role.UserID {
		t.Errorf("asked as %s: %v", e.UserID, err)
	}
	if entries, err := d.store.LoadS3(); err != nil || slices.ContainsFunc(entries, func(e store.S3Entry) bool { return e.UserID != role.UserID }) {
		t.Errorf("%v, %v", entries, err)
	}
}

// A region that is configured otherwise, or found elsewhere, is another instance: nothing
// that is stored of the one before serves.
func TestRegionOfStoredGrants(t *testing.T) {
	d := withRole(t)
	near := d.get(t, readReports(), "GetDataAccess")
	moved := d.config
	moved.Region = "us-east-1"
	far := readReports(func(r *session.GrantRequest) { r.Region = "us-east-1" })
	if _, ok := session.HeldGrant(d.store, moved, far, ""); ok {
		t.Error("served in another region")
	}
	named := readReports(func(r *session.GrantRequest) { r.Region = "eu-west-1" })
	if e, ok := session.HeldGrant(d.store, moved, named, ""); !ok || e.AccessKeyID != near.AccessKeyID {
		t.Error("not served in its own region")
	}
	if _, ok := session.HeldGrant(d.store, d.config, readReports(), ""); ok {
		t.Error("served in no region")
	}
	entries, err := d.store.LoadS3()
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	entries[0].Region = "" // as older versions have stored it
	if err := d.store.SaveS3(entries); err != nil {
		t.Fatal(err)
	}
	if e := d.get(t, readReports(), "GetDataAccess"); e.AccessKeyID == near.AccessKeyID {
		t.Error("served without a region")
	}
}

// The credentials in a server's memory are current while they answer its request.
func TestCurrentGrant(t *testing.T) {
	d := withRole(t)
	request := readReports(because("nightly"), func(r *session.GrantRequest) { r.Region = "eu-west-1" })
	e := d.get(t, request, "GetDataAccess")
	for name, tt := range map[string]struct {
		edit func(*session.GrantRequest)
		key  string
		want bool
	}{
		"the same":              {func(*session.GrantRequest) {}, e.AccessKeyID, true},
		"forced":                {func(r *session.GrantRequest) { r.Force = true }, e.AccessKeyID, true},
		"another key":           {func(*session.GrantRequest) {}, "ASIAOTHER", false},
		"another account":       {func(r *session.GrantRequest) { r.AccountID = "111122223333" }, e.AccessKeyID, false},
		"another region":        {func(r *session.GrantRequest) { r.Region = "us-east-1" }, e.AccessKeyID, false},
		"another audit context": {func(r *session.GrantRequest) { r.AuditContext = "monthly" }, e.AccessKeyID, false},
		"no audit context":      {func(r *session.GrantRequest) { r.AuditContext = "" }, e.AccessKeyID, false},
	} {
		r := request
		tt.edit(&r)
		if got, err := session.CurrentGrant(d.store, d.config, r, tt.key); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// The fast path is told the region of config.json, or the AWS config file's with its mark.
func TestIntroducedRegion(t *testing.T) {
	entry := store.S3Entry{
		Target: "s3://tip-demo-data/reports/*", Permission: "READ", TargetType: "Prefix", Privilege: "Default", AccountID: "444455556666", Region: "eu-west-1",
		AccessKeyID: "ASIAS3", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: time.Now().Add(time.Hour),
	}
	const mark = "fnv1a-128:00"
	for name, tt := range map[string]struct {
		configured, region, mark string // the last two as they are stored
		found                    string // the mark of the file from which the region is
		wantRegion, wantMark     string
	}{
		"configured":                  {"eu-west-1", "", "", "", "eu-west-1", ""},
		"configured by now":           {"eu-west-1", "us-east-1", mark, "", "eu-west-1", ""},
		"configured otherwise":        {"eu-west-1", "us-east-1", "", "", "eu-west-1", ""},
		"no longer configured":        {"", "us-east-1", "", "", "", ""},
		"of a profile":                {"", "", "", mark, "eu-west-1", mark},
		"of a profile, since":         {"", "us-east-1", "", mark, "eu-west-1", mark},
		"of another profile":          {"", "us-east-1", "fnv1a-128:11", mark, "eu-west-1", mark},
		"of the environment for once": {"", "us-east-1", mark, "", "us-east-1", mark},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.config
			c.Region = tt.configured
			text, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := d.store.SaveConfig(text); err != nil {
				t.Fatal(err)
			}
			role := d.hold(t, func(r *store.RoleCredentials) { r.S3Region, r.S3RegionMark = tt.region, tt.mark })
			e := entry
			e.Identity = role.S3Identity
			if err := d.store.SaveS3([]store.S3Entry{e}); err != nil {
				t.Fatal(err)
			}
			if _, ok := session.HeldGrant(d.store, c, reports("x"), tt.found); !ok {
				t.Fatal("not held")
			}
			got, err := d.store.LoadRole()
			if err != nil || got.S3Region != tt.wantRegion || got.S3RegionMark != tt.wantMark {
				t.Errorf("%q, %q, %v", got.S3Region, got.S3RegionMark, err)
			}
		})
	}
}
