package s3agcreds_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

const (
	crowdBucket = "tip-demo-data"
	sharedKey   = "crowd/shared/notice.txt"
)

// homeKey is an object that one of the crowd may read and write, and nobody else.
func homeKey(m labtest.Member) string { return "crowd/home/" + m.Login + "/notes.txt" }

// service is a server whose users are a crowd: one pool, one plugin and one S3 client.
type service struct {
	testing.TB
	lab    *lab.Lab
	pool   *tipcreds.Pool
	plugin *s3agcreds.Plugin
	client *s3.Client
	wire   *wire
}

func newService(t testing.TB, users int, optFns ...func(*s3agcreds.Options)) *service {
	t.Helper()
	s := &service{TB: t, lab: labtest.Start(t, labtest.Edit(func(w *lab.World) { withCrowd(w, users) }))}
	client := s.lab.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	s.wire = &wire{HTTPClient: client, askers: map[string]string{}}
	cfg := aws.Config{Region: s.lab.Region(), HTTPClient: s.wire}
	var err error
	s.pool, err = tipcreds.NewPool(enhancedRole, "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(o *tipcreds.PoolOptions) {
			o.ApplicationRoleARN, o.AWSConfig = "arn:aws:iam::444455556666:role/tip-oidc-role", cfg
		})
	if err != nil {
		t.Fatal(err)
	}
	shared := s.pool.Config(cfg)
	if s.plugin, err = s3agcreds.New(shared, optFns...); err != nil {
		t.Fatal(err)
	}
	s.client = s3.NewFromConfig(shared, s.plugin.Install)
	return s
}

// withCrowd gives each of a crowd a home, and all of them a folder.
func withCrowd(w *lab.World, users int) {
	labtest.Crowd(w, users)
	w.Switches.CentralTokenAlgorithm = "ES256" // made faster
	grants := &w.AccessGrants[0].Grants
	add := func(prefix, permission, user, group string) {
		*grants = append(*grants, (*grants)[0])
		g := &(*grants)[len(*grants)-1]
		g.ID, g.Location, g.SubPrefix, g.Object, g.Permission, g.User, g.Group, g.Role = "", "s3://", crowdBucket+"/"+prefix, false, permission, user, group, ""
	}
	for i := range w.Buckets {
		b := &w.Buckets[i]
		if b.Name != crowdBucket {
			continue
		}
		put := func(key, body string) {
			b.Objects = append(b.Objects, b.Objects[0])
			b.Objects[len(b.Objects)-1].Key, b.Objects[len(b.Objects)-1].Body = key, body
		}
		put(sharedKey, "notice")
		for i := range users {
			m := labtest.CrowdMember(i + 1)
			put(homeKey(m), m.Login)
		}
	}
	add("crowd/shared/*", "READ", "", labtest.CrowdGroup)
	for i := range users {
		m := labtest.CrowdMember(i + 1)
		add("crowd/home/"+m.Login+"/*", "READWRITE", m.UserName, "")
	}
}

// user is one of the crowd with the token of a new sign-in, and the context of a request
// of theirs.
func (s *service) user(m labtest.Member) (*tipcreds.User, context.Context) {
	s.Helper()
	id, err := labtest.SignIn(s.lab, "okta", m.Login)
	if err != nil {
		s.Fatal(err)
	}
	u := s.pool.For(tipcreds.Subject{Issuer: id.Issuer, ID: id.Subject}, func(context.Context) (string, error) { return id.Token, nil })
	return u, tipcreds.WithUser(context.Background(), u)
}

func (s *service) get(ctx context.Context, key string, optFns ...func(*s3.Options)) (string, error) {
	in := &s3.GetObjectInput{Bucket: aws.String(crowdBucket), Key: &key}
	out, err := s.client.GetObject(ctx, in, optFns...)
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

func (s *service) put(ctx context.Context, key, body string, optFns ...func(*s3.Options)) error {
	in := &s3.PutObjectInput{Bucket: aws.String(crowdBucket), Key: &key, Body: strings.NewReader(body)}
	_, err := s.client.PutObject(ctx, in, optFns...)
	return err
}

// visit is what the i-th of the crowd does. Every error is reported, and every answer that
// is somebody else's.
func (s *service) visit(i, users int) {
	me, other := labtest.CrowdMember(i), labtest.CrowdMember(i%users+1)
	u, ctx := s.user(me)
	as := s.plugin.As(u)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if got, err := s.get(ctx, homeKey(me), as); err != nil || got != me.Login {
				s.Errorf("%s reads at home %q: %v", me.Login, got, err)
			}
			if got, err := s.get(ctx, sharedKey, as); err != nil || got != "notice" {
				s.Errorf("%s reads the notice %q: %v", me.Login, got, err)
			}
			if err := s.put(ctx, homeKey(me), me.Login, as); err != nil {
				s.Errorf("%s writes at home: %v", me.Login, err)
			}
		})
	}
	for range 3 {
		if got, err := s.get(ctx, homeKey(other), as); kindOf(err) != s3agcreds.KindNoGrant {
			s.Errorf("%s reads at %s's %q: %v", me.Login, other.Login, got, err)
		}
		if err := s.put(ctx, sharedKey, me.Login, as); kindOf(err) != s3agcreds.KindNoGrant {
			s.Errorf("%s writes the notice: %v", me.Login, err)
		}
	}
	wg.Wait()
}

// checkTrail reports every S3 request since a mark that was not made for whose key it is,
// or that is about somebody else's home. It returns how many there were.
func (s *service) checkTrail(since int) (requests int) {
	s.Helper()
	vendedTo := s.vendedTo()
	for _, e := range s.lab.Events()[since:] {
		key, _ := e.RequestParameters["key"].(string)
		if key == "" {
			continue
		}
		requests++
		person, behind := vendedTo[e.UserIdentity.AccessKeyID], ""
		if e.UserIdentity.OnBehalfOf != nil {
			behind = e.UserIdentity.OnBehalfOf.UserID
		}
		if person == "" || person != behind || e.ErrorCode != "" {
			s.Errorf("%s %s: key of %q, on behalf of %q: %s", e.EventName, key, person, behind, e.ErrorCode)
		}
		if rest, home := strings.CutPrefix(key, "crowd/home/"); home {
			login, _, _ := strings.Cut(rest, "/")
			if !strings.HasSuffix(person, login[len("user-"):]) {
				s.Errorf("%s %s: of %s", e.EventName, key, person)
			}
		}
	}
	return requests
}

// TestServerIsolation: one S3 client, many users at once, each request with its user's
// grants. Every answer belongs to the person, and so does every key in AWS's trail.
func TestServerIsolation(t *testing.T) {
	const users = 20
	s := newService(t, users)
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() { s.visit(i+1, users) })
	}
	wg.Wait()
	// Each of them: READ and WRITE at home, READ of the notice, and two denials.
	if diff := cmp.Diff(lab.Tally{Granted: 3 * users, Refused: 2 * users}, s.lab.Counts().DataAccesses); diff != "" {
		t.Errorf("GetDataAccess (-want +got):\n%s", diff)
	}
	if got := s.checkTrail(0); got != 9*users {
		t.Errorf("%d requests at S3", got)
	}
	if got := s.plugin.Stats(); got.Grants != 3*users || got.Denials != 2*users {
		t.Errorf("%+v", got)
	}
	look, looks := map[string]bool{}, 0
	for _, e := range s.lab.Events() {
		if e.EventName == findInstance {
			looks++
			look[e.UserIdentity.AccessKeyID] = true
		}
	}
	if looks != 1 {
		t.Errorf("%d look-ups of the account, of %d users", looks, len(look))
	}
}

// TestServerSessions: a new session of the same person costs no grant; after sign-out
// everything is asked for again.
func TestServerSessions(t *testing.T) {
	s := newService(t, 2)
	first, second := labtest.CrowdMember(1), labtest.CrowdMember(2)
	granted := func() int { return s.lab.Counts().DataAccesses.Granted }
	key := func(u *tipcreds.User) string {
		c, err := u.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c.AccessKeyID
	}
	read := func(m labtest.Member, want int) *tipcreds.User {
		t.Helper()
		u, ctx := s.user(m)
		if got, err := s.get(ctx, homeKey(m), s.plugin.As(u)); err != nil || got != m.Login || granted() != want {
			t.Errorf("%s: %q, %v, %d grants", m.Login, got, err, granted())
		}
		return u
	}
	before, _ := read(first, 1), read(second, 2)
	held := key(before)
	if err := s.pool.Forget(t.Context(), before.Subject()); err != nil {
		t.Fatal(err)
	}
	after := read(first, 2) // the session is another, the grant the one at hand
	if key(after) == held {
		t.Fatal("the session is the same")
	}
	if err := s.pool.Forget(t.Context(), after.Subject()); err != nil {
		t.Fatal(err)
	}
	s.plugin.Forget(after.Principal())
	read(first, 3)
	read(second, 3)
	if got := s.checkTrail(0); got != 5 {
		t.Errorf("%d requests at S3", got)
	}
}

// TestServerOnLoopback: everything is reached by one endpoint on loopback, as AWS_ENDPOINT_URL
// gives it: the account of the instance included.
func TestServerOnLoopback(t *testing.T) {
	s := newService(t, 1)
	cfg := aws.Config{Region: s.lab.Region(), HTTPClient: s.client.Options().HTTPClient, BaseEndpoint: aws.String(s.lab.Endpoint())}
	cfg = s.pool.Config(cfg)
	plugin, err := s3agcreds.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.plugin, s.client = plugin, s3.NewFromConfig(cfg, plugin.Install, func(o *s3.Options) { o.UsePathStyle = true })
	me := labtest.CrowdMember(1)
	u, ctx := s.user(me)
	if got, err := s.get(ctx, homeKey(me), plugin.As(u)); err != nil || got != me.Login {
		t.Errorf("%q: %v", got, err)
	}
	var names []string
	for _, e := range s.lab.Events() {
		if e.EventSource == "s3.amazonaws.com" {
			names = append(names, e.EventName)
		}
	}
	if diff := cmp.Diff([]string{findInstance, getAccess, "GetObject"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// everybody says of every user that they are the same: what no provider must do.
type everybody struct{ *tipcreds.User }

func (everybody) Principal() string { return "everybody" }

// TestServerMisuse: keys that were vended for one user do not leave with another's request,
// whatever mistake the program makes.
func TestServerMisuse(t *testing.T) {
	s := newService(t, 2)
	a, ofA := s.user(labtest.CrowdMember(1))
	b, ofB := s.user(labtest.CrowdMember(2))
	home := homeKey(labtest.CrowdMember(1))
	vended, err := s.plugin.Grant(ofA, a, "s3://"+crowdBucket+"/"+home, "READ")
	if err != nil {
		t.Fatal(err)
	}
	stolen := func(o *s3.Options) { o.Credentials = credentials.StaticCredentialsProvider{Value: vended.Credentials} }
	if _, err := s.get(ofA, home, stolen); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if _, err := s.get(ofA, home, s.plugin.As(everybody{a})); err != nil { // remembered as everybody's
		t.Error(err)
	}
	at := len(s.lab.Events())
	for mistake, request := range map[string]struct {
		ctx context.Context
		opt func(*s3.Options)
	}{
		"a grant in another's request":  {ofB, stolen},
		"a grant in nobody's request":   {t.Context(), stolen},
		"a principal of all":            {ofB, s.plugin.As(everybody{b})},
		"another user with the request": {ofB, s.plugin.As(a)},
	} {
		_, err := s.get(request.ctx, home, request.opt)
		if wrong, ok := errors.AsType[*tipcreds.WrongUserError](err); !ok || wrong.Signer != a.Subject() {
			t.Errorf("%s: %v", mistake, err)
		}
	}
	// To sign for b, their own session was bought. Nothing of S3 was asked.
	if got := s.checkTrail(at); got != 0 {
		t.Errorf("%d requests at S3", got)
	}
	if _, err := s.get(ofB, home, s.plugin.As(b)); kindOf(err) != s3agcreds.KindNoGrant {
		t.Errorf("who is b: %v", err)
	}
	if _, err := s.get(ofB, home); err == nil || !strings.Contains(err.Error(), tipcreds.ErrNoUser.Error()) {
		t.Errorf("a call without credentials: %v", err)
	}
}
