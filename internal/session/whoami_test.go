package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// inGroups has the analyst in so many groups more, and lets the role read that.
func inGroups(n int) func(*lab.World) {
	return func(w *lab.World) {
		w.Switches.IdentityContextAllowList = []string{"identitystore:*"}
		w.Accounts[1].Roles[1].Policies["directory"] = map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": "identitystore:*", "Resource": "*"},
		}}
		c := &w.IdentityCenter[0]
		template := c.Groups[0]
		for i := range n {
			g := template
			g.ID, g.DisplayName = fmt.Sprintf("1234567890-99999999-0000-4000-8000-%012d", i), fmt.Sprintf("group %d", i)
			c.Groups = append(c.Groups, g)
		}
	}
}

// always meddles with an operation, however often it is asked for.
func always(d *desk, operation proxytest.Operation, hook proxytest.Hook) {
	d.strike(operation, slices.Repeat([]proxytest.Hook{hook}, 100)...)
}

// refusal is an answer of the identity store.
func refusal(code string) proxytest.Hook {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type": %q, "Message": "no"}`, code)
	}
}

// TestDirectoryUser reads as the person, with many groups, and not for ever.
func TestDirectoryUser(t *testing.T) {
	d := newDesk(t, inGroups(120))
	d.signIn(t, "analyst")
	role, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := d.DirectoryUser(t.Context(), role)
	if u.Refused != nil || u.GroupsRefused != nil || u.MoreGroups || u.UserName != "analyst@example.com" || u.Email != "analyst@example.com" || len(u.Groups) != 121 {
		t.Fatalf("%+v", u)
	}
	names := 0
	for _, g := range u.Groups {
		if g.Name != "" {
			names++
		}
	}
	if names != 50 {
		t.Errorf("%d names", names)
	}
	d.strike("DescribeUser", func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type": "AccessDeniedException", "Message": "no"}`)
	})
	u = d.DirectoryUser(t.Context(), role)
	if call, ok := errors.AsType[*session.CallError](u.Refused); !ok || !call.Denied() || len(u.Groups) != 121 {
		t.Errorf("denied: %v", u.Refused)
	}
	role.AccessKeyID = "ASIAANOTHERSESSION"
	if u := d.DirectoryUser(t.Context(), role); !errors.Is(u.Refused, session.ErrUnknownStore) || !errors.Is(u.GroupsRefused, session.ErrUnknownStore) {
		t.Errorf("another session: %+v", u)
	}
	if _, err := d.Caller(t.Context(), role); err == nil {
		t.Error("STS knows a key that does not exist")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Caller(ended, role); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestManyGroups: 500 are listed, and that there are more is told.
func TestManyGroups(t *testing.T) {
	for extra, more := range map[int]bool{499: false, 500: true, 649: true} { // one is there before
		d := newDesk(t, inGroups(extra))
		d.signIn(t, "analyst")
		role, err := d.RoleCredentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		always(d, "DescribeGroup", refusal("AccessDeniedException")) // names are not the point
		if u := d.DirectoryUser(t.Context(), role); len(u.Groups) != 500 || u.MoreGroups != more || u.GroupsRefused != nil {
			t.Errorf("%d groups: %d, more %v, %v", extra+1, len(u.Groups), u.MoreGroups, u.GroupsRefused)
		}
	}
}

// TestGroupIsGone: one without a name does not keep the others from theirs, unless
// names may not be read at all.
func TestGroupIsGone(t *testing.T) {
	for code, want := range map[string]int{"ResourceNotFoundException": 3, "AccessDeniedException": 0} {
		d := newDesk(t, inGroups(3))
		d.signIn(t, "analyst")
		role, err := d.RoleCredentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		always(d, "DescribeGroup", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if asked++; asked == 1 {
				refusal(code)(w, r, forward)
				return
			}
			forward(w, r)
		})
		names := 0
		for _, g := range d.DirectoryUser(t.Context(), role).Groups {
			if g.Name != "" {
				names++
			}
		}
		if names != want {
			t.Errorf("%s: %d names, want %d", code, names, want)
		}
	}
}

// TestDirectoryHangs: it is not waited for as long as credentials are.
func TestDirectoryHangs(t *testing.T) {
	d := newDesk(t, inGroups(0))
	d.signIn(t, "analyst")
	role, err := d.RoleCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.DirectoryWithin(200 * time.Millisecond)
	always(d, "DescribeUser", func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { <-r.Context().Done() })
	if u := d.DirectoryUser(t.Context(), role); !errors.Is(u.Refused, context.DeadlineExceeded) {
		t.Errorf("%+v", u)
	}
}

// TestRefusedSession replaces a session that AWS does not take, once.
func TestRefusedSession(t *testing.T) {
	d := newDesk(t)
	d.signIn(t, "analyst")
	first, _, err := d.Introduced(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	refuse := func(code string, times int) {
		refused = 0
		always(d, "GetCallerIdentity", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if refused++; refused > times {
				forward(w, r)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>"+code+"</Code><Message>no</Message></Error></ErrorResponse>")
		})
	}
	refuse("ExpiredToken", 1)
	second, caller, err := d.Introduced(t.Context())
	if err != nil || second.AccessKeyID == first.AccessKeyID || caller.Account != "444455556666" || refused != 2 {
		t.Errorf("%v, %+v, asked %d times", err, caller, refused)
	}
	refuse("InvalidClientTokenId", 9)
	if _, _, err := d.Introduced(t.Context()); refused != 2 || err == nil {
		t.Errorf("for ever: %v, asked %d times", err, refused)
	}
	refuse("AccessDenied", 9)
	held, _, err := d.Introduced(t.Context())
	if call, ok := errors.AsType[*session.CallError](err); !ok || !call.Denied() || refused != 1 || held.AccessKeyID == "" {
		t.Errorf("denied: %v, asked %d times", err, refused)
	}
}
