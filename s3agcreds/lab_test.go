package s3agcreds_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Things of the lab's default world.
const (
	demo, team   = "tip-demo-data", "tip-team-data"
	enhancedRole = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	analystID    = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
)

// scene is a lab in which people use S3 through the plugin.
type scene struct {
	testing.TB
	lab   *lab.Lab
	clock *labClock
	cfg   aws.Config // of nobody
}

// labClock is AWS's clock, which a test puts forward.
type labClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *labClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *labClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func newScene(t testing.TB, edits ...func(*lab.World)) *scene {
	t.Helper()
	s := &scene{TB: t, clock: &labClock{}}
	opts := []func(*lab.Options){
		func(o *lab.Options) { o.Now = s.clock.now },
		labtest.Edit(func(w *lab.World) { w.Switches.CentralTokenAlgorithm = "ES256" }), // made faster
	}
	for _, edit := range edits {
		opts = append(opts, labtest.Edit(edit))
	}
	s.lab = labtest.Start(t, opts...)
	client := s.lab.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	s.cfg = aws.Config{Region: s.lab.Region(), HTTPClient: client}
	return s
}

// on is the scene for a subtest.
func (s *scene) on(t testing.TB) *scene { return &scene{t, s.lab, s.clock, s.cfg} }

// person are the credentials of somebody who has signed in.
func (s *scene) person(login string) *tipcreds.Provider {
	s.Helper()
	signedIn := func(context.Context) (string, error) { return s.lab.IssueIDToken("okta", login, labtest.ClientID) }
	p, err := tipcreds.New(enhancedRole, "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", signedIn,
		func(o *tipcreds.Options) {
			o.ApplicationRoleARN, o.AWSConfig = "arn:aws:iam::444455556666:role/tip-oidc-role", s.cfg
		})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// through is an S3 client of somebody with the plugin.
func (s *scene) through(who aws.CredentialsProvider, optFns ...func(*s3agcreds.Options)) (*s3.Client, *s3agcreds.Plugin) {
	s.Helper()
	cfg := s.cfg.Copy()
	cfg.Credentials = who
	plugin, err := s3agcreds.New(cfg, optFns...)
	if err != nil {
		s.Fatal(err)
	}
	return s3.NewFromConfig(cfg, plugin.Install), plugin
}

// admin is an S3 client that may do everything, without the plugin.
func (s *scene) admin() *s3.Client {
	cfg := s.cfg.Copy()
	cfg.Credentials = labtest.Admin()
	return s3.NewFromConfig(cfg)
}

// asked is a call of GetDataAccess, with the error code of its answer.
type asked struct{ Target, Permission, Code string }

// mark begins a section of the trail.
func (s *scene) mark() int { return len(s.lab.Events()) }

// asked are the calls of GetDataAccess since a mark. Those are left out after which
// the SDK sets its clock by that of the lab, which a test has moved, and calls again.
func (s *scene) asked(since int) []asked {
	var all []asked
	for _, e := range s.lab.Events()[since:] {
		if e.EventName == "GetDataAccess" && e.ErrorCode != "RequestTimeTooSkewed" {
			all = append(all, asked{e.RequestParameters["target"].(string), e.RequestParameters["permission"].(string), e.ErrorCode})
		}
	}
	return all
}

// wantAsked compares the calls of GetDataAccess since a mark, in any order.
func (s *scene) wantAsked(since int, want ...asked) {
	s.Helper()
	got := s.asked(since)
	order := func(a, b asked) int { return strings.Compare(a.Target+a.Permission, b.Target+b.Permission) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("GetDataAccess (-want +got):\n%s", diff)
	}
}

// data are the names of the S3 events since a mark. Each must be the person's; "" for
// nobody.
func (s *scene) data(since int, person string) []string {
	s.Helper()
	var names []string
	for _, e := range s.lab.Events()[since:] {
		if e.EventSource != "s3.amazonaws.com" || e.EventName == "GetDataAccess" || e.EventName == "GetAccessGrantsInstanceForPrefix" {
			continue
		}
		names = append(names, e.EventName)
		behind := ""
		if e.UserIdentity.OnBehalfOf != nil {
			behind = e.UserIdentity.OnBehalfOf.UserID
		}
		if behind != person {
			s.Errorf("%s on behalf of %q, want %q", e.EventName, behind, person)
		}
	}
	return names
}

// further appends an element to a list and returns it.
func further[T any](list *[]T) *T {
	*list = append(*list, *new(T))
	return &(*list)[len(*list)-1]
}

// granting adds a grant of the analyst's below a prefix such as "bucket/inbox/*".
func granting(permission, under string) func(*lab.World) {
	return func(w *lab.World) {
		g := further(&w.AccessGrants[0].Grants)
		g.Location, g.SubPrefix, g.Permission, g.User = "s3://", under, permission, "analyst@example.com"
	}
}
