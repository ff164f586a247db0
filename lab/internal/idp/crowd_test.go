package idp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// A world of many people: the page offers some of them, everybody can type, and
// all their claims are announced.
func TestManyPeople(t *testing.T) {
	var people strings.Builder
	for i := range 60 {
		fmt.Fprintf(&people, "      - {login: Person%02d, password: p%02d, subject: subject-%02d, claims: {claim%02d: x}}\n", i, i, i, i)
	}
	l := newLabOf(t, strings.Replace(worldFile, "    people: &people\n", "    people: &people\n"+people.String(), 1), time.Now)
	page := l.get(t, plainURL+"/authorize?"+request().Encode())
	if n := strings.Count(page.body, `<button name="person"`); n != 50 || !strings.Contains(page.body, "12 more can sign in above.") {
		t.Errorf("%d people on the page, want 50 of 62", n)
	}
	if page := newLab(t).get(t, plainURL+"/authorize?"+request().Encode()); strings.Contains(page.body, "more can sign in") {
		t.Error("the page speaks of more people where there are none")
	}
	if got := l.signIn(t, plainURL, "lab_login", "pERSON59", "lab_password", "p59"); claims(t, got.IDToken)["sub"] != "subject-59" {
		t.Errorf("signed in as %v", claims(t, got.IDToken)["sub"])
	}
	for login, password := range map[string]string{"person59": "p58", "person60": "p60"} {
		if got := l.get(t, plainURL+"/authorize?"+headless("lab_login", login, "lab_password", password).Encode()); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s with %s: status %d", login, password, got.StatusCode)
		}
	}
	if metadata := l.get(t, plainURL+"/.well-known/openid-configuration"); !strings.Contains(metadata.body, `"claim59"`) {
		t.Error("the claims of the last person are not announced")
	}
}

// Logins that only full case folding takes for equal belong to whoever comes first,
// as they did when people were searched one by one.
func TestFoldedLogins(t *testing.T) {
	l := newLabOf(t, strings.Replace(worldFile, "    people: &people\n",
		"    people: &people\n      - {login: ſam, password: x, subject: long-s}\n", 1), time.Now)
	token, err := l.Issue("plain", "SAM", "tip-cli", idp.IssueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := claims(t, token)["sub"]; got != "long-s" {
		t.Errorf("subject %v", got)
	}
}
