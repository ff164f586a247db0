package session_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// off is a desk whose person has signed in, at a lab whose clock is ahead of the local
// one by skew, or behind it.
func off(t *testing.T, skew time.Duration) *desk {
	t.Helper()
	d := newDeskAt(t, func(o *lab.Options) { o.Now = func() time.Time { return time.Now().Add(skew) } })
	d.proxy.Meddle(proxytest.Rewrite(nil, func(a *proxytest.Answer) {
		a.Header.Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	}))
	d.signIn(t, "analyst")
	d.proxy.Forget()
	return d
}

// New credentials are as long as AWS made them, whatever the local clock says. On disk
// they never last longer than by either clock.
func TestWholeSessionByAnyClock(t *testing.T) {
	for name, tt := range map[string]struct{ skew, left time.Duration }{
		"ahead of AWS's by 2 minutes": {-2 * time.Minute, 58 * time.Minute},
		"behind it by 2 minutes":      {2 * time.Minute, time.Hour},
		"the same":                    {0, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			d := off(t, tt.skew)
			got, err := d.RoleCredentialsLasting(t.Context(), time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			held, err := d.store.LoadRole()
			if left := time.Until(held.Expiration); err != nil || held.AccessKeyID != got.AccessKeyID || left > tt.left+2*time.Second || left < tt.left-30*time.Second {
				t.Errorf("on disk for %s, %v", left, err)
			}
		})
	}
}

// New credentials that are too short are an error, with a way out.
func TestNewButTooShort(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	c := d.config
	c.SessionDuration = 900
	_, err := d.open(t, c).RoleCredentialsLasting(t.Context(), time.Hour)
	short, ok := errors.AsType[*session.TooShortError](err)
	if !ok || short.Err != nil || short.Length != 15*time.Minute || short.Left > 15*time.Minute || short.Left < 14*time.Minute {
		t.Fatalf("%+v, %v", short, err)
	}
	if hint := short.Hint(); !strings.Contains(hint, "clock") || !strings.Contains(hint, "session_duration") || !strings.Contains(hint, "15m0s") {
		t.Errorf("hint %q", hint)
	}
	if (&session.TooShortError{Err: err}).Hint() != "" {
		t.Error("a hint in the place of the cause's")
	}
}

// S3 credentials do not last longer by a clock that is behind.
func TestGrantByAClockBehind(t *testing.T) {
	d := off(t, 3*time.Minute)
	got, err := d.DataAccess(t.Context(), session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(got.Expiration); left > time.Hour+time.Second || left < 59*time.Minute {
		t.Errorf("they last %s", left)
	}
}

// After the clock was set back nobody knows how long the last good ones last.
func TestLastGoodAfterTheClockWasSetBack(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*store.RoleCredentials)
		want   string
	}{
		"set back": {func(c *store.RoleCredentials) {
			c.Expiration, c.ObtainedAt = time.Now().Add(31*time.Hour), time.Now().Add(30*time.Hour)
		}, "whose end is not known, for the clock of this machine was set back"},
		"not": {lasting(10 * time.Minute), "that expire in "},
	} {
		d := newDesk(t)
		d.hold(t, tt.change)
		if err := d.lab.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := d.RoleCredentials(t.Context())
		if said := strings.Join(d.notices, "\n"); err != nil || !strings.Contains(said, tt.want) || strings.Contains(said, "h5") {
			t.Errorf("%s: %q, %v", name, said, err)
		}
	}
}

// Nothing is sent where the answer could not be stored.
func TestRoleFileThatCannotBeReplaced(t *testing.T) {
	for name, obstruct := range map[string]func(path string) error{
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a link":      func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "elsewhere"), path) },
	} {
		t.Run(name, func(t *testing.T) {
			d := signedIn(t)
			if err := obstruct(d.store.Path(store.RoleFile)); err != nil {
				t.Skip("cannot be made here: ", err)
			}
			for range 2 {
				_, err := d.RoleCredentials(t.Context())
				if file, ok := errors.AsType[*store.FileError](err); !ok || !errors.Is(err, store.ErrNotRegular) || file.Hint() == "" {
					t.Error(err)
				}
			}
			if got := d.seen(); got != "" {
				t.Errorf("sent: %s", got)
			}
		})
	}
}

// What is damaged or too large is set aside, and no obstacle.
func TestRoleFileThatIsReplaced(t *testing.T) {
	for name, content := range map[string]string{"damaged": "{", "too large": strings.Repeat(" ", store.MaxFileSize+1)} {
		d := signedIn(t)
		write(t, d.store.Path(store.RoleFile), content)
		if _, err := d.RoleCredentials(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// S3 credentials are not served on the word of a role session of another configuration.
func TestGrantBesideAnotherConfigurationsRole(t *testing.T) {
	d := newDesk(t)
	role := d.hold(t, func(*store.RoleCredentials) {})
	reports := session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead, Privilege: types.PrivilegeDefault, Region: "eu-west-1"}
	if _, err := d.DataAccess(t.Context(), reports); err != nil {
		t.Fatal(err)
	}
	if _, ok := session.HeldGrant(d.store, d.config, reports, ""); !ok {
		t.Error("not held")
	}
	role.Fingerprint = "another"
	if err := d.store.SaveRole(role); err != nil {
		t.Fatal(err)
	}
	if _, ok := session.HeldGrant(d.store, d.config, reports, ""); ok {
		t.Error("held")
	}
}
