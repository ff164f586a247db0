package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

const listGrants proxytest.Operation = "ListCallerAccessGrants"

// page answers a question for grants with those of some scopes, and where the next are.
func page(next string, scopes ...string) proxytest.Hook {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<ListCallerAccessGrantsResult>")
		if next != "" {
			_, _ = fmt.Fprintf(w, "<NextToken>%s</NextToken>", next)
		}
		_, _ = io.WriteString(w, "<CallerAccessGrantsList>")
		for _, scope := range scopes {
			_, _ = fmt.Fprintf(w, "<AccessGrant><Permission>READ</Permission><GrantScope>%s</GrantScope><ApplicationArn>ALL</ApplicationArn></AccessGrant>", scope)
		}
		_, _ = io.WriteString(w, "</CallerAccessGrantsList></ListCallerAccessGrantsResult>")
	}
}

func scopes(found *session.CallerGrants) []string {
	var all []string
	for _, g := range found.Grants {
		all = append(all, g.Scope)
	}
	return all
}

func TestCallerGrantsPages(t *testing.T) {
	d := signedIn(t)
	for name, tt := range map[string]struct {
		pages     []proxytest.Hook
		want      []string
		truncated bool
	}{
		"case 68: pages of grants are flattened, in order, each once": {
			[]proxytest.Hook{page("1", "s3://c/*", "s3://a/*"), page("2"), page("", "s3://b/*", "s3://a/*")}, []string{"s3://a/*", "s3://b/*", "s3://c/*"}, false,
		},
		"case 68: none": {[]proxytest.Hook{page("")}, nil, false},
		"case 68: a page that leads to itself": {
			[]proxytest.Hook{page("1", "s3://a/*"), page("1", "s3://b/*"), page("1", "s3://c/*")}, []string{"s3://a/*", "s3://b/*"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d.strike(listGrants, tt.pages...)
			found, err := d.CallerGrants(t.Context(), session.GrantsQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, scopes(&found)); diff != "" || found.Truncated != tt.truncated {
				t.Errorf("truncated %t (-want +got):\n%s", found.Truncated, diff)
			}
		})
	}
}

// Pages without end come to one.
func TestCallerGrantsWithoutEnd(t *testing.T) {
	d := signedIn(t)
	asked := 0
	d.proxy.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != listGrants {
			forward(w, r)
			return
		}
		asked++
		page(fmt.Sprint(asked), fmt.Sprintf("s3://b/%d/*", asked))(w, r, forward)
	})
	found, err := d.CallerGrants(t.Context(), session.GrantsQuery{})
	if err != nil || !found.Truncated || asked != 1000 || len(found.Grants) != 1000 {
		t.Errorf("asked %d times, %d grants, truncated %t, %v", asked, len(found.Grants), found.Truncated, err)
	}
}

// What was listed is remembered for the person, and for nobody else.
func TestCallerGrantsRemembered(t *testing.T) {
	d := signedIn(t)
	want := func(when string, targets ...string) {
		t.Helper()
		held, err := d.store.LoadGrants()
		if err != nil && (targets != nil || !errors.Is(err, store.ErrNotFound)) {
			t.Errorf("%s: %v", when, err)
		}
		if diff := cmp.Diff(targets, held.Targets()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	list := func(q session.GrantsQuery, hook proxytest.Hook) {
		t.Helper()
		d.strike(listGrants, hook)
		if _, err := d.CallerGrants(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	list(session.GrantsQuery{}, page("", "s3://a/*", "s3://b/1/*", "s3://b/2/*"))
	want("all", "s3://a/*", "s3://b/1/*", "s3://b/2/*")
	list(session.GrantsQuery{Prefix: "s3://b/"}, page("", "s3://b/3/*"))
	want("what begins with a prefix", "s3://a/*", "s3://b/3/*")
	list(session.GrantsQuery{AccountID: "111122223333"}, page("", "s3://a/*", "s3://owner/*"))
	want("another instance", "s3://a/*", "s3://b/3/*", "s3://owner/*")
	list(session.GrantsQuery{}, page(""))
	want("none any more", "s3://a/*", "s3://owner/*")

	release, err := d.store.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	list(session.GrantsQuery{}, page("", "s3://c/*"))
	release()
	want("while somebody has the lock", "s3://a/*", "s3://owner/*")
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("it waited %v for the lock", waited)
	}

	list(session.GrantsQuery{}, func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if _, err := d.open(t, d.config).Logout(context.Background()); err != nil {
			t.Error(err)
		}
		page("", "s3://c/*")(w, r, forward)
	})
	want("after signing out meanwhile")

	d.signIn(t, "analyst")
	list(session.GrantsQuery{}, func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		other := d.open(t, d.config)
		d.login = "engineer"
		if _, err := other.SignIn(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := other.RoleCredentials(context.Background()); err != nil {
			t.Error(err)
		}
		page("", "s3://c/*")(w, r, forward)
	})
	want("after somebody else has signed in meanwhile")
}

// What was known of somebody else, or by another configuration, is not kept beside it.
func TestCallerGrantsForgetOthers(t *testing.T) {
	d := signedIn(t)
	const instance = "444455556666/eu-west-1"
	if err := d.store.SaveGrants(store.Grants{Identity: "another", Instances: map[string][]string{instance: {"s3://theirs/*"}, "111122223333/eu-west-1": {"s3://theirs-too/*"}}}); err != nil {
		t.Fatal(err)
	}
	d.strike(listGrants, page("", "s3://a/1/*"))
	if _, err := d.CallerGrants(t.Context(), session.GrantsQuery{Prefix: "s3://a/"}); err != nil {
		t.Fatal(err)
	}
	held, err := d.store.LoadGrants()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s3://a/1/*"}, held.Targets()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Grants for other applications are not worth completing.
func TestOtherApplicationsAreNotRemembered(t *testing.T) {
	d := signedIn(t)
	found, err := d.CallerGrants(t.Context(), session.GrantsQuery{})
	if err != nil {
		t.Fatal(err)
	}
	held, err := d.store.LoadGrants()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"s3://tip-demo-data/home/analyst/*", "s3://tip-demo-data/reports/*", "s3://tip-demo-data/shared/*", "s3://tip-team-data/*"}
	if diff := cmp.Diff(want, held.Targets()); diff != "" || len(found.Grants) != 5 {
		t.Errorf("of %d (-want +got):\n%s", len(found.Grants), diff)
	}
	d.signIn(t, "engineer")
	if _, err := d.store.LoadGrants(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another person has them: %v", err)
	}
}

func TestCallerGrantsFail(t *testing.T) {
	d := signedIn(t)
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	d.strike(listGrants, proxytest.Deny(listGrants, 1, 403, "AccessDenied", "no"))
	_, err := d.CallerGrants(t.Context(), session.GrantsQuery{AccountID: "444455556666", Region: "eu-west-1"})
	if refused, ok := errors.AsType[*session.GrantsError](err); !ok || refused.NoInstance() || !refused.Err.Denied() || refused.Hint() == "" || refused.AccountID != "444455556666" {
		t.Errorf("denied: %v", err)
	}
	d.strike(listGrants, proxytest.Deny(listGrants, 1, 404, "AccessGrantsInstanceNotExistsError", "no"))
	_, err = d.CallerGrants(t.Context(), session.GrantsQuery{})
	if refused, ok := errors.AsType[*session.GrantsError](err); !ok || !refused.NoInstance() || refused.Unfound != "" {
		t.Errorf("no instance: %v", err)
	}
	d.AnswerWithin(300 * time.Millisecond)
	d.strike(listGrants, func(http.ResponseWriter, *http.Request, http.HandlerFunc) { <-ended })
	_, err = d.CallerGrants(t.Context(), session.GrantsQuery{})
	if _, ok := errors.AsType[*session.TimeoutError](err); !ok {
		t.Errorf("no answer: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.CallerGrants(gone, session.GrantsQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// S3 tells the region of a bucket, if it is another than the one that is asked.
func TestBucketRegion(t *testing.T) {
	d := signedIn(t, func(w *lab.World) {
		b := w.Buckets[0]
		b.Name, b.Region = "elsewhere-data", "eu-central-1"
		w.Buckets = append(w.Buckets, b)
	})
	if got, err := d.BucketRegion(t.Context(), "elsewhere-data", "eu-west-1"); err != nil || got != "eu-central-1" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := d.BucketRegion(t.Context(), "no-such-bucket-at-all", "eu-west-1"); err == nil {
		t.Errorf("a bucket that is not there is in %q", got)
	}
}
