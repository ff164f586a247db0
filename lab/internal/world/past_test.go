package world_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const farAway = 26 * time.Hour

// moved is a world whose clock can be moved away from one that nobody moves.
func moved(t *testing.T) (*world.World, *clock, *clock) {
	t.Helper()
	w, lab := newWorld(t)
	machine := &clock{lab.at}
	w.SetUnmoved(machine.now)
	return w, lab, machine
}

// TestClockForwardAndBack: what was there is there again, in either direction.
func TestClockForwardAndBack(t *testing.T) {
	for _, far := range []time.Duration{farAway, -farAway} {
		w, lab, machine := moved(t)
		addSession(w, "ASIAONE", lab.at.Add(time.Hour))
		token := w.IssueRefreshToken(&world.RefreshToken{Expires: lab.at.Add(time.Hour)})
		w.Spend("issuer", "1")
		lab.at = lab.at.Add(far)
		addSession(w, "ASIATWO", lab.at.Add(time.Hour))
		w.Spend("issuer", "2")
		lab.at, machine.at = lab.at.Add(-far).Add(2*time.Minute), machine.at.Add(2*time.Minute)
		addSession(w, "ASIATHREE", lab.at.Add(time.Hour))
		_, session := w.Session("ASIAONE")
		_, refresh := w.RefreshToken(token)
		if diff := cmp.Diff([]bool{true, true, false}, []bool{session, refresh, w.Spend("issuer", "1")}); diff != "" {
			t.Errorf("%v: session known, refresh token known, JWT unspent (-want +got):\n%s", far, diff)
		}
	}
}

// TestForgetsAfterTheClockWentBack: the lab does not wait until the clock is where
// it was.
func TestForgetsAfterTheClockWentBack(t *testing.T) {
	w, lab, _ := moved(t)
	lab.at = lab.at.Add(-time.Minute)
	addSession(w, "ASIAONE", lab.at)
	lab.at = lab.at.Add(-farAway)
	addSession(w, "ASIATWO", lab.at)
	lab.at = lab.at.Add(2 * time.Hour)
	addSession(w, "ASIATHREE", lab.at)
	if _, ok := w.Session("ASIATWO"); ok {
		t.Error("what ended two hours ago is known")
	}
}

// TestEndedStaysEnded: putting the clock back does not undo it, and what is made
// afterwards is good.
func TestEndedStaysEnded(t *testing.T) {
	w, lab, _ := moved(t)
	lab.at = lab.at.Add(farAway)
	w.AddSession(&world.Session{AccessKeyID: "ASIAONE", SessionToken: "x", Kind: world.KindAssumedRole, Expires: lab.at.Add(time.Hour)})
	token := w.IssueRefreshToken(&world.RefreshToken{Expires: lab.at.Add(time.Hour), UserID: "u"})
	seal := func() string {
		text, err := w.SealContext(&world.IdentityContext{UserID: "u", Issued: lab.at, Expires: lab.at.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	one := func(s *world.Session) bool { return s.AccessKeyID == "ASIAONE" }
	old := seal()
	if n := w.EndSessions(one) + w.EndRefreshTokens("u"); n != 2 {
		t.Fatalf("%d ended", n)
	}
	w.EndContexts("u")
	lab.at = lab.at.Add(-2 * farAway)
	addSession(w, "ASIATWO", lab.at.Add(time.Hour)) // has what is over forgotten
	session, _ := w.Session("ASIAONE")
	refresh, _ := w.RefreshToken(token)
	context, err := w.OpenContext(old)
	if err != nil || session == nil || refresh == nil {
		t.Fatal("they are forgotten instead of ended", err)
	}
	for name, end := range map[string]time.Time{"session": session.Expires, "refresh token": refresh.Expires, "identity context": context.Expires} {
		if !end.Before(lab.at) {
			t.Errorf("the %s goes on until %v", name, end)
		}
	}
	if fresh, err := w.OpenContext(seal()); err != nil || !fresh.Expires.After(lab.at) {
		t.Errorf("an identity context that came later: %+v, %v", fresh, err)
	}
	if n := w.EndSessions(one) + w.EndRefreshTokens("u"); n != 0 {
		t.Errorf("%d ended twice", n)
	}
}
