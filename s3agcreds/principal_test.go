package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// person is a user whose credentials are renewed, and who guards what was vended.
type person struct {
	name    string
	key     string
	mu      sync.Mutex
	adopted []string
}

var (
	_ s3agcreds.Principaler = (*person)(nil)
	_ s3agcreds.Adopter     = (*person)(nil)
)

func (p *person) Principal() string { return p.name }

func (p *person) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: p.key, SecretAccessKey: "secret", SessionToken: "token"}, nil
}

func (p *person) Adopt(vended aws.Credentials) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.adopted = append(p.adopted, vended.AccessKeyID)
}

func TestPrincipals(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t)
	client := s3.NewFromConfig(c.config(), p.Install)
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	read := func(who aws.CredentialsProvider) string {
		t.Helper()
		if _, err := client.GetObject(t.Context(), in, p.As(who)); err != nil {
			t.Fatal(err)
		}
		keys := c.keys()
		return keys[len(keys)-1]
	}
	ann, bob := &person{name: "ann", key: "AKIAANN1"}, &person{name: "bob", key: "AKIABOB1"}
	nobody := &person{key: "AKIANOBODY1"}
	t.Run("case 21: another identity", func(t *testing.T) {
		original(t, "serves it: the identity is not in the key")
		got := []string{read(ann), read(bob), read(nobody)}
		if diff := cmp.Diff([]string{"ASIAVENDED1", "ASIAVENDED2", "ASIAVENDED3"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("case 22: who is known by name, with renewed credentials and in a new struct", func(t *testing.T) {
		ann.key, bob.key, nobody.key = "AKIAANN2", "AKIABOB2", "AKIANOBODY2"
		got := []string{read(ann), read(bob), read(nobody), read(&person{name: "ann", key: "AKIAANN3"})}
		if diff := cmp.Diff([]string{"ASIAVENDED1", "ASIAVENDED2", "ASIAVENDED4", "ASIAVENDED1"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	if diff := cmp.Diff([]string{"ASIAVENDED1"}, ann.adopted); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
	p.Forget("ann")
	if got := []string{read(ann), read(bob)}; got[0] != "ASIAVENDED5" || got[1] != "ASIAVENDED2" {
		t.Errorf("after ann signed out: %v", got)
	}
}

// Credentials are known by what they are, not by the struct that they come in.
func TestEqualCredentials(t *testing.T) {
	t.Run("case 22: equal static credentials in a new struct", func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		p := c.plugin(t)
		client := s3.NewFromConfig(c.config(), p.Install)
		for range 3 {
			for _, equal := range []aws.CredentialsProvider{
				credentials.NewStaticCredentialsProvider("AKIAUSER", "secret", "token"),
				credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKIAUSER", SecretAccessKey: "secret", SessionToken: "token"}},
				aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIAUSER", "secret", "token")),
			} {
				if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}, p.As(equal)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if diff := cmp.Diff([]string{"READ s3://b/k"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// The credentials of a client with the plugin are those of whom it is for.
func TestGrantOfAClient(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p, ann := c.plugin(t), &person{name: "ann", key: "AKIAANN1"}
	client := s3.NewFromConfig(c.config(), p.As(ann))
	for _, base := range []aws.CredentialsProvider{client.Options().Credentials, ann} {
		if g, err := p.Grant(t.Context(), base, "s3://b/k", "READ"); err != nil || g.Credentials.AccessKeyID != "ASIAVENDED1" {
			t.Errorf("%v, %v", g, err)
		}
	}
	if diff := cmp.Diff([]string{"ASIAVENDED1"}, ann.adopted); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
}

// A user that is a nil pointer is an error of the call.
func TestAsNilUser(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t)
	client := s3.NewFromConfig(c.config(), p.Install)
	var nobody *tipcreds.User
	for _, bucket := range []string{"b", directoryBucket} {
		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")}, p.As(nobody))
		if !says(err, tipcreds.ErrNoUser) || len(c.keys())+len(c.log()) != 0 {
			t.Errorf("%s: %v, asked %v, sent %v", bucket, err, c.log(), c.keys())
		}
	}
	if _, err := p.Grant(t.Context(), nobody, "s3://b/k", "READ"); !errors.Is(err, tipcreds.ErrNoUser) {
		t.Error(err)
	}
}

// One client, many users at once: nobody is served by another's grant.
func TestManyUsersAtOnce(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t)
	config := c.config()
	config.Credentials = nil
	client := s3.NewFromConfig(config, p.Install)
	people := make([]*person, 20)
	var all sync.WaitGroup
	for i := range people {
		people[i] = &person{name: fmt.Sprint("user", i), key: fmt.Sprint("AKIAUSER", i)}
		for range 10 {
			all.Go(func() {
				// The key of the URL tells whose call it is.
				in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: &people[i].name}
				if _, err := client.GetObject(t.Context(), in, p.As(people[i])); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for _, call := range c.calls {
		name := call.URL[strings.LastIndex(call.URL, "/")+1:]
		for _, who := range people {
			if who.name == name && !cmp.Equal(who.adopted, []string{call.Key}) {
				t.Errorf("%s was signed by %s, whose own is %v", name, call.Key, who.adopted)
			}
		}
	}
	if n := len(c.log()); n != len(people) || len(c.calls) != 10*len(people) {
		t.Errorf("asked %d times for %d calls", n, len(c.calls))
	}
}
