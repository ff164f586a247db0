package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// The whole way through an S3 client.
func TestPlugin(t *testing.T) {
	t.Run("case 27: siblings under one target, one call", func(t *testing.T) {
		c := newCloud("READ s3://b/team/*")
		client := c.client(t)
		for _, call := range []callS3{getObject("b", "team/a"), getObject("b", "team/b/c"), listObjects("b", "team/", "/"), getObject("b", "team/a")} {
			if err := call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"READ s3://b/team/a"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("case 34: many at once, one call", func(t *testing.T) {
		original(t, "a peer asks for each")
		c := newCloud("READWRITE s3://b/team/*")
		client := c.client(t)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if err := getObject("b", fmt.Sprintf("team/%d", i))(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(c.log()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("case 04: READWRITE serves READ and WRITE", func(t *testing.T) {
		c := newCloud("READWRITE s3://b/*")
		client := c.client(t)
		for _, call := range []callS3{copyObject("b", "b/A/x", "B/y"), getObject("b", "A/x"), putObject("b", "A/z"), deleteObjects("b", "1", "2")} {
			if err := call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"READWRITE s3://b/*"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("case 06: READ does not serve WRITE", func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		client := c.client(t)
		if err := getObject("b", "k")(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		dataAccessError(t, putObject("b", "k")(t.Context(), client))
	})
	t.Run("case 38: a repeated 403 within 5 minutes, no call", func(t *testing.T) {
		original(t, "a peer asks each time it is denied")
		synctest.Test(t, func(t *testing.T) {
			c := newCloud()
			client := c.client(t)
			for _, want := range []int{1, 1, 2} {
				if e := dataAccessError(t, getObject("b", "k")(t.Context(), client)); e.Kind != s3agcreds.KindNoGrant || len(c.log()) != want {
					t.Errorf("%s after %d calls, want %d", e.Kind, len(c.log()), want)
				}
				if want == 1 {
					time.Sleep(3 * time.Minute)
				}
			}
		})
	})
	t.Run("case 38: so with a denial in other words", func(t *testing.T) {
		c := newCloud()
		client := c.client(t)
		c.control = func() *http.Response { return answered(errorAnswer(403, "AccessDenied", "Access Denied"), nil) }
		for range 2 {
			dataAccessError(t, getObject("b", "k")(t.Context(), client))
		}
		if n := len(c.log()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("case 40: a sibling of what was denied asks", func(t *testing.T) {
		original(t, "a peer denies it unasked")
		c := newCloud("READ s3://b/foo/log")
		client := c.client(t)
		dataAccessError(t, getObject("b", "foo/bar")(t.Context(), client))
		if err := getObject("b", "foo/log")(t.Context(), client); err != nil || len(c.log()) != 2 {
			t.Errorf("asked %v: %v", c.log(), err)
		}
	})
	t.Run("case 42: a covering grant beats a cached denial", func(t *testing.T) {
		original(t, "a peer looks at denials first")
		c := newCloud()
		client := c.client(t)
		dataAccessError(t, getObject("b", "foo/bar")(t.Context(), client))
		c.grant("READ s3://b/foo/*")
		for _, key := range []string{"foo/log", "foo/bar"} {
			if err := getObject("b", key)(t.Context(), client); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		if n := len(c.log()); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestGrant(t *testing.T) {
	c := newCloud("READ s3://b/p*", "READ s3://b/k", "READ s3://b/*")
	p := c.plugin(t)
	for _, tt := range []struct{ target, asked, matched string }{
		{"s3://b/p*", "READ s3://b/p", "s3://b/p*"},
		{"s3://b/k", "READ s3://b/k", "s3://b/k"},
		{"s3://b/k", "", "s3://b/k"},
		{"s3://b", "READ s3://b/*", "s3://b/*"},
		{"s3://b/", "", "s3://b/*"},
		{"s3://b/p1", "", "s3://b/p*"},
	} {
		before := len(c.log())
		g, err := p.Grant(t.Context(), nil, tt.target, types.PermissionRead)
		if err != nil {
			t.Fatal(tt.target, err)
		}
		if asked := strings.Join(c.log()[before:], " "); asked != tt.asked || g.MatchedGrantTarget != tt.matched {
			t.Errorf("%s: asked %q, matched %s", tt.target, asked, g.MatchedGrantTarget)
		}
		g.Credentials = aws.Credentials{} // which is the caller's own
	}
	if err := getObject("b", "p/x")(t.Context(), s3.NewFromConfig(c.config(), p.Install)); err != nil || len(c.log()) != 3 {
		t.Errorf("a request does not share the grant: %v, asked %v", err, c.log())
	}
	if diff := cmp.Diff([]string{"ASIAVENDED1"}, c.keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGrantRefusesArguments(t *testing.T) {
	p := newCloud("READ s3://b/*").plugin(t)
	for _, tt := range []struct {
		target     string
		permission types.Permission
		want       error
	}{
		{"b/k", types.PermissionRead, s3agcreds.ErrTarget},
		{"s3://b*", types.PermissionRead, s3agcreds.ErrOneBucket},
		{"s3://*", types.PermissionRead, s3agcreds.ErrOneBucket},
		{"s3://b/k", "LIST", s3agcreds.ErrPermission},
	} {
		_, err := p.Grant(t.Context(), nil, tt.target, tt.permission)
		if e, ok := errors.AsType[*s3agcreds.OptionError](err); !ok || !errors.Is(err, tt.want) || e.Option == "" {
			t.Errorf("%s %s: %v", tt.target, tt.permission, err)
		}
	}
	broken := errors.New("no base")
	if _, err := p.Grant(t.Context(), failing{broken}, "s3://b/k", "READ"); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Retrieve(context.Context) (aws.Credentials, error) { return aws.Credentials{}, f.err }

func TestRefreshAndForget(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t)
	client := s3.NewFromConfig(c.config(), p.Install)
	read := func() {
		t.Helper()
		if err := getObject("b", "k")(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("case 32: a forced new credential wins", func(t *testing.T) {
		original(t, "an old credential shadows it: the cache is append-only")
		read()
		g, err := p.Refresh(t.Context(), nil, "s3://b/k", types.PermissionRead)
		if err != nil || g.Credentials.AccessKeyID != "ASIAVENDED2" {
			t.Fatalf("%v %v", g, err)
		}
		read()
		if diff := cmp.Diff([]string{"ASIAVENDED1", "ASIAVENDED2"}, c.keys()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	p.Forget(baseKey)
	read()
	if diff := cmp.Diff([]string{"ASIAVENDED1", "ASIAVENDED2", "ASIAVENDED3"}, c.keys()); diff != "" {
		t.Errorf("forgotten (-want +got):\n%s", diff)
	}
	want := s3agcreds.Stats{Grants: 1, Hits: 1, Misses: 3}
	if diff := cmp.Diff(want, p.Stats()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What S3 refuses is forgotten, and nothing else.
func TestSpentCredentials(t *testing.T) {
	tests := []struct {
		code string
		want []string
	}{
		{"ExpiredToken", []string{"ASIAVENDED1", "ASIAVENDED3"}},
		{"InvalidToken", []string{"ASIAVENDED1", "ASIAVENDED3"}},
		{"InvalidAccessKeyId", []string{"ASIAVENDED1", "ASIAVENDED3"}},
		{"TokenRefreshRequired", []string{"ASIAVENDED1", "ASIAVENDED3"}},
		{"AccessDenied", []string{"ASIAVENDED1", "ASIAVENDED1"}},
		{"SignatureDoesNotMatch", []string{"ASIAVENDED1", "ASIAVENDED1"}},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			c := newCloud("READ s3://b/x/*", "READ s3://b/y/*")
			client := c.client(t)
			c.s3 = func(r *http.Request) *http.Response {
				if len(c.calls) > 1 {
					return nil
				}
				return answered(xmlAnswer(400, "<Error><Code>"+tt.code+"</Code><Message>no</Message></Error>"), r)
			}
			x, y := getObject("b", "x/k"), getObject("b", "y/k")
			if err := x(t.Context(), client); err == nil {
				t.Fatal("no error")
			}
			if err := errors.Join(y(t.Context(), client), x(t.Context(), client), y(t.Context(), client)); err != nil {
				t.Fatal(err)
			}
			keys := c.keys()
			if diff := cmp.Diff(tt.want, []string{keys[0], keys[2]}); diff != "" || keys[1] != "ASIAVENDED2" || keys[3] != "ASIAVENDED2" {
				t.Errorf("signed by %v (-want +got):\n%s", keys, diff)
			}
		})
	}
}

// A call as somebody has the session of a directory bucket made for them.
func TestExpressAs(t *testing.T) {
	c := newCloud()
	p := c.plugin(t)
	client := s3.NewFromConfig(c.config(), p.Install)
	in := &s3.GetObjectInput{Bucket: aws.String("b--euw1-az1--x-s3"), Key: aws.String("k")}
	for _, key := range []string{"AKIAUSER1", "AKIAUSER2", "AKIAUSER1"} {
		user := credentials.NewStaticCredentialsProvider(key, "secret", "token")
		if _, err := client.GetObject(t.Context(), in, p.As(user)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"AKIAUSER1", "ASIAEXPRESS", "AKIAUSER2", "ASIAEXPRESS", "ASIAEXPRESS"}
	if diff := cmp.Diff(want, c.keys()); diff != "" || len(c.log()) != 0 {
		t.Errorf("asked %v (-want +got):\n%s", c.log(), diff)
	}
	user := credentials.NewStaticCredentialsProvider("AKIAUSER4", "secret", "token")
	presigned, err := s3.NewPresignClient(client, s3.WithPresignClientFromClientOptions(p.As(user))).PresignGetObject(t.Context(), in)
	if err != nil || !strings.Contains(presigned.URL, "ASIAEXPRESS") || c.keys()[len(c.keys())-1] != "AKIAUSER4" {
		t.Errorf("presigned %v: %v", presigned, err)
	}
	if _, err := client.GetObject(t.Context(), in, p.As(nil)); !says(err, s3agcreds.ErrCredentialsMissing) {
		t.Error(err)
	}
	c.s3 = func(r *http.Request) *http.Response { return answered(xmlAnswer(200, `<CreateSessionResult/>`), r) }
	if _, err := client.GetObject(t.Context(), in, p.As(credentials.NewStaticCredentialsProvider("AKIAUSER3", "s", "t"))); !says(err, s3agcreds.ErrNoCredentials) {
		t.Error(err)
	}
}

// says is for what the SDK does not wrap.
func says(err, cause error) bool { return err != nil && strings.Contains(err.Error(), cause.Error()) }
