package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// clock is a clock that stands still until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newWorld(t *testing.T) (*world.World, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}
	w, err := world.New(defaultFile(t), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return w, c
}

func addSession(w *world.World, id string, end time.Time) {
	w.AddSession(&world.Session{AccessKeyID: id, Kind: world.KindAssumedRole, Expires: end})
}

func TestSessionsAreRememberedForAnHourAfterTheirEnd(t *testing.T) {
	w, c := newWorld(t)
	addSession(w, "ASIAONE", c.at)
	token := w.IssueRefreshToken(&world.RefreshToken{Expires: c.at})
	for _, step := range []struct {
		later time.Duration
		known bool
	}{{time.Hour, true}, {time.Hour + 2*time.Minute, false}} {
		c.at = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC).Add(step.later)
		addSession(w, "ASIATWO", c.at.Add(time.Hour))
		if _, ok := w.Session("ASIAONE"); ok != step.known {
			t.Errorf("%s after its end: session known %v, want %v", step.later, ok, step.known)
		}
		if _, ok := w.RefreshToken(token); ok != step.known {
			t.Errorf("%s after its end: refresh token known %v, want %v", step.later, ok, step.known)
		}
	}
}

// A lab that runs for weeks must not grow with every exchange.
func TestNothingIsKeptForEver(t *testing.T) {
	w, c := newWorld(t)
	keys, _, _ := w.Held() // long-term keys have no end
	for range 50 {
		id, _, _ := world.NewCredentials()
		addSession(w, id, c.at.Add(time.Hour))
		w.IssueRefreshToken(&world.RefreshToken{Expires: c.at.Add(time.Hour)})
		if !w.Spend("https://issuer.example", id) {
			t.Fatal("an unused token counts as spent")
		}
	}
	c.at = c.at.Add(time.Duration(*w.Switches.ReplayMemory)*time.Second + 3*time.Hour)
	w.Spend("https://issuer.example", "last")
	sessions, refresh, spent := w.Held()
	if diff := cmp.Diff([]int{keys, 0, 1}, []int{sessions, refresh, spent}); diff != "" {
		t.Error(diff)
	}
}

// Of two who spend a refresh token one comes first.
func TestSpendRefreshToken(t *testing.T) {
	w, c := newWorld(t)
	token := w.IssueRefreshToken(&world.RefreshToken{Expires: c.at.Add(time.Hour)})
	if !w.SpendRefreshToken(token) || w.SpendRefreshToken(token) || w.SpendRefreshToken("unknown") {
		t.Error("a token was not spent exactly once")
	}
	if _, known := w.RefreshToken(token); known {
		t.Error("a spent token works on")
	}
}

func TestSpend(t *testing.T) {
	w, c := newWorld(t)
	start, memory := c.at, time.Duration(*w.Switches.ReplayMemory)*time.Second
	for _, step := range []struct {
		after      time.Duration
		issuer, id string
		fresh      bool
	}{
		{0, "https://a.example", "1", true},
		{0, "https://a.example", "1", false},
		{0, "https://a.example", "2", true},
		{0, "https://b.example", "1", true},
		{memory - time.Second, "https://a.example", "1", false},
		{memory, "https://a.example", "1", true},
	} {
		c.at = start.Add(step.after)
		if got := w.Spend(step.issuer, step.id); got != step.fresh {
			t.Errorf("%s %s after %s: %v, want %v", step.issuer, step.id, step.after, got, step.fresh)
		}
	}
}

func TestContextsAreSealed(t *testing.T) {
	w, c := newWorld(t)
	want := &world.IdentityContext{UserID: "u", Scopes: []string{"a:b"}, Issued: c.at, Expires: c.at.Add(time.Hour)}
	text, err := w.SealContext(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) != 2048 {
		t.Errorf("%d characters", len(text))
	}
	long := *want
	for range 400 {
		long.Scopes = append(long.Scopes, uuid.NewString())
	}
	if _, err := w.SealContext(&long); err == nil {
		t.Error("a context that AssumeRole would refuse")
	}
	got, err := w.OpenContext(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	other, _ := newWorld(t)
	foreign, err := other.SealContext(want)
	if err != nil {
		t.Fatal(err)
	}
	middle := len(text) / 2
	flipped := "A"
	if text[middle:middle+1] == flipped {
		flipped = "B"
	}
	for name, bad := range map[string]string{
		"another lab's": foreign, "empty": "", "prefix alone": text[:16], "cut": text[:len(text)-4],
		"without prefix": strings.TrimPrefix(text, "AQoJ"), "changed": text[:middle] + flipped + text[middle+1:],
		"with a line break": text[:middle] + "\n" + text[middle:], "not base64": text + "!",
	} {
		if _, err := w.OpenContext(bad); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
