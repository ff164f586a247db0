package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostile is a text that would colour a terminal, set its title, turn its lines round
// and begin new ones.
const hostile = "\x1b[31mx\x1b]0;y\x07\u202ez\u200f\u009b2J\r\n\U000e0041"

// tame wants tables with nothing in them that steers a terminal.
func tame(t *testing.T, rows [][]cell) {
	t.Helper()
	if len(rows) < 5 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, row := range rows {
		for _, c := range row {
			if c.text != printable(c.text) {
				t.Errorf("%q steers the terminal", c.text)
			}
		}
	}
}

func hostileIdentity() *identity {
	life := &lifeLeft{}
	return &identity{
		Context: hostile, UserID: hostile, User: &identityUser{hostile, hostile + "d", hostile + "e"},
		Groups: []identityGroup{{hostile, hostile}, {hostile, ""}}, MoreGroups: true,
		Center:  identityCenter{hostile, hostile, hostile, hostile, hostile, hostile},
		IDToken: &identityToken{hostile, hostile, hostile, hostile}, Caller: &identityCaller{hostile, hostile, hostile, hostile},
		Left: identityExpiration{RoleSession: life, IDToken: life}, now: time.Now(),
	}
}

func TestHostileNamesInTables(t *testing.T) {
	t.Parallel()
	tame(t, hostileIdentity().rows())
	tame(t, (&identity{
		Context: hostile, UserReason: hostile, GroupReason: hostile, TokenReason: hostile,
		Left: identityExpiration{RoleUnread: hostile, S3: stateS3{Unread: hostile}},
	}).rows())
	person := &identityToken{hostile, hostile, hostile, hostile}
	r := &stateReport{
		Context: hostile, Directory: hostile, Reason: hostile, Configured: true, Provider: hostile, TokenSource: hostile, SignedInAs: person,
		RoleUnread: hostile, S3: stateS3{Unread: hostile}, Failed: &stateFailed{Reason: hostile}, AWSProfiles: []string{hostile},
		Key: stateKey{"file", hostile, hostile}, IDToken: stateToken{Unread: hostile},
	}
	tame(t, r.rows())
	r.SignedInAs, r.Problems = nil, []string{hostile}
	tame(t, r.rows())
	r.IDToken.Stored, r.Problems = true, nil
	tame(t, r.rows())
	tame(t, rowsOfAll([]*stateReport{r, r, r, r, r}))
}

// TestNamesOfUsers: what is not printable counts for nothing, and something stands in
// the place of a name that is empty then.
func TestNamesOfUsers(t *testing.T) {
	t.Parallel()
	const empty = "\u202e\x1b"
	for _, c := range []struct {
		user *identityUser
		want string
	}{
		{&identityUser{"ann", "Ann", "ann"}, "User=ann (Ann)"},
		{&identityUser{"ann", "ann", "a@example.com"}, "User=ann E-mail=a@example.com"},
		{&identityUser{"ann", empty, empty}, "User=ann"},
		{&identityUser{empty, "Ann", ""}, "User=Ann"},
		{&identityUser{empty, empty, "a@example.com"}, "User=a@example.com E-mail=a@example.com"},
		{&identityUser{}, "User=has no name"},
	} {
		w := &identity{User: c.user, Groups: []identityGroup{{"id", empty}, {"id2", "two"}, {empty, ""}}, MoreGroups: true}
		var got []string
		for _, row := range w.userRows() {
			got = append(got, row[0].text+"="+row[1].text)
		}
		if diff := cmp.Diff(c.want+" Groups=id =two =has no name =and more", strings.Join(got, " ")); diff != "" {
			t.Error(diff)
		}
	}
}

// TestJSONIsWhole: values are escaped and not changed, and what is not known is null.
func TestJSONIsWhole(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	a := newApp(&Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }})
	if err := a.printJSON(hostileIdentity()); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); printable(text) != strings.ReplaceAll(text, "\n", "") || !strings.Contains(text, `\u202e`) || !strings.Contains(text, `\udb40\udc41`) {
		t.Errorf("%q", text)
	}
	var back identity
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
		t.Fatal(err)
	}
	if back.UserID != hostile || back.User.UserName != hostile || back.Groups[0].GroupID != hostile {
		t.Errorf("%+v", back)
	}
	out.Reset()
	if err := a.printJSON([]any{known(""), known(`a<b "c"` + "\u2028"), "é\u0085"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[\n  null,\n  \"a<b \\\"c\\\"\\u2028\",\n  \"é\\u0085\"\n]\n", out.String()); diff != "" {
		t.Error(diff)
	}
}
