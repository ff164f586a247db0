package lab_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// TestCrowd has some people exchange at once, by each door, and asks who they have become.
func TestCrowd(t *testing.T) {
	for _, door := range []lab.Door{lab.EndpointDoor, lab.ProxyDoor} {
		t.Run(string(door), func(t *testing.T) {
			l := newLoad(t, 200, door)
			l.run(50)
			l.check()
			want, got := map[string]int{}, map[string]int{}
			for i := range 200 {
				want[labtest.CrowdMember(i+1).UserID] = 1
			}
			for _, e := range l.lab.Events() {
				if user := l.become(&e); user != "" {
					got[user]++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// become is the person of the session that an AssumeRole gave out, empty for another event.
func (l *load) become(e *lab.Event) string {
	if e.EventName != "AssumeRole" {
		return ""
	}
	credentials, _ := e.ResponseElements["credentials"].(map[string]any)
	key, _ := credentials["accessKeyId"].(string)
	s, ok := l.lab.State().Session(key)
	if !ok || s.Identity == nil {
		return ""
	}
	return s.Identity.UserID
}

// Everybody of a crowd is in its group and has an e-mail address and a subject of
// their own; nobody else has joined.
func TestCrowdMembers(t *testing.T) {
	const n = 12
	b := start(t, func(w *lab.World) { labtest.Crowd(w, n) })
	in, ok := b.lab.State().Instance(instance)
	if !ok {
		t.Fatal("no instance")
	}
	groups := b.lab.State().GroupsOf(in, labtest.CrowdMember(n).UserID)
	if len(groups) != 1 || groups[0].DisplayName != labtest.CrowdGroup || len(b.lab.State().Members(in, groups[0].ID)) != n {
		t.Errorf("groups %+v", groups)
	}
	for i := 1; i <= n; i++ {
		m := labtest.CrowdMember(i)
		users := b.lab.State().FindUsers(in, "emails.value", m.UserName)
		if len(users) != 1 || users[0].ID != m.UserID {
			t.Errorf("%d: users %+v", i, users)
		}
		for issuer, url := range map[string]string{"okta": okta, "loopback": b.lab.Endpoint() + "/idp"} {
			who, err := labtest.SignIn(b.lab, issuer, m.Login)
			if diff := cmp.Diff(labtest.Identity{Issuer: url, Subject: m.Subject, Token: who.Token}, who); err != nil || diff != "" {
				t.Errorf("%d at %s: %v\n%s", i, issuer, err, diff)
			}
		}
	}
	for issuer, login := range map[string]string{"okta": labtest.CrowdMember(n + 1).Login, "nowhere": labtest.CrowdMember(1).Login} {
		if _, err := labtest.SignIn(b.lab, issuer, login); err == nil {
			t.Errorf("%s signs in at %s", login, issuer)
		}
	}
}
