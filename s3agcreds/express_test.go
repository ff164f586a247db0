package s3agcreds_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const directoryBucket = "b--euw1-az1--x-s3"

var ofDirectory = &s3.GetObjectInput{Bucket: aws.String(directoryBucket), Key: aws.String("k")}

// ownSessions are a program's own.
type ownSessions struct{ aws.CredentialsProvider }

func (s ownSessions) Retrieve(ctx context.Context, _ string) (aws.Credentials, error) {
	return s.CredentialsProvider.Retrieve(ctx)
}

// lasting has sessions end after five minutes.
func lasting(r *http.Request) *http.Response {
	if !r.URL.Query().Has("session") {
		return nil
	}
	return answered(xmlAnswer(200, fmt.Sprintf(`<CreateSessionResult><Credentials><AccessKeyId>ASIAEXPRESS</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
		`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></CreateSessionResult>`, time.Now().Add(5*time.Minute).UTC().Format(time.RFC3339))), r)
}

// A session is used until a minute before its end, in its region.
func TestExpressSessions(t *testing.T) {
	const session, request = "AKIAUSER", "ASIAEXPRESS"
	user := credentials.NewStaticCredentialsProvider(session, "secret", "token")
	elsewhere := func(o *s3.Options) { o.Region = "us-east-1" }
	tests := []struct {
		name string
		wait time.Duration
		then []func(*s3.Options)
		want []string
	}{
		{"at once", 0, nil, []string{session, request, request}},
		{"just before the margin", 4*time.Minute - time.Second, nil, []string{session, request, request}},
		{"at the margin", 4 * time.Minute, nil, []string{session, request, session, request}},
		{"in another region", 0, []func(*s3.Options){elsewhere}, []string{session, request, session, request}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				c.s3 = lasting
				p := c.plugin(t)
				client := s3.NewFromConfig(c.config(), p.Install)
				if _, err := client.GetObject(t.Context(), ofDirectory, p.As(user)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(tt.wait)
				if _, err := client.GetObject(t.Context(), ofDirectory, append(tt.then, p.As(user))...); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, c.keys()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What a call has put into its own requests is not put into CreateSession.
func TestExpressIsNotTheCall(t *testing.T) {
	c := newCloud()
	p := c.plugin(t)
	var session, request string
	c.s3 = func(r *http.Request) *http.Response {
		if r.URL.Query().Has("session") {
			session = r.Header.Get("X-Of-The-Call")
		} else {
			request = r.Header.Get("X-Of-The-Call")
		}
		return nil
	}
	marked := func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("X-Of-The-Call", "yes"))
	}
	user := credentials.NewStaticCredentialsProvider("AKIAUSER", "secret", "token")
	if _, err := s3.NewFromConfig(c.config(), p.Install).GetObject(t.Context(), ofDirectory, p.As(user), marked); err != nil {
		t.Fatal(err)
	}
	if session != "" || request != "yes" {
		t.Errorf("CreateSession has %q, the call %q", session, request)
	}
}

// Credentials of a call's own, for which the plugin is installed, make the session.
func TestExpressInstalledForTheCall(t *testing.T) {
	user := credentials.NewStaticCredentialsProvider("AKIAUSER", "secret", "token")
	theirs := func(o *s3.Options) { o.Credentials = user }
	for name, client := range map[string]func(*cloud, *s3agcreds.Plugin) *s3.Client{
		"a client without the plugin": func(c *cloud, _ *s3agcreds.Plugin) *s3.Client { return s3.NewFromConfig(c.config()) },
		"a client with the plugin":    func(c *cloud, p *s3agcreds.Plugin) *s3.Client { return s3.NewFromConfig(c.config(), p.Install) },
		"a client of nobody": func(c *cloud, p *s3agcreds.Plugin) *s3.Client {
			return s3.NewFromConfig(c.config(), p.As(aws.AnonymousCredentials{}))
		},
	} {
		c := newCloud()
		p := c.plugin(t)
		if _, err := client(c, p).GetObject(t.Context(), ofDirectory, theirs, p.Install); err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff([]string{"AKIAUSER", "ASIAEXPRESS"}, c.keys()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What a program has for directory buckets stays; that of the SDK in a client does, too.
func TestExpressOfTheProgram(t *testing.T) {
	c := newCloud()
	p := c.plugin(t)
	own := ownSessions{credentials.NewStaticCredentialsProvider("ASIAOWN", "secret", "token")}
	client := s3.NewFromConfig(c.config(), func(o *s3.Options) { o.ExpressCredentials = own }, p.Install)
	for _, opts := range [][]func(*s3.Options){nil, {p.Install}} {
		if _, err := client.GetObject(t.Context(), ofDirectory, opts...); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ASIAOWN", "ASIAOWN"}, c.keys()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without credentials a directory bucket cannot be called, which is an error and no panic.
func TestExpressOfNobody(t *testing.T) {
	for name, opts := range map[string][2]func(*s3agcreds.Plugin) func(*s3.Options){
		"a call":   {installed, func(p *s3agcreds.Plugin) func(*s3.Options) { return p.As(aws.AnonymousCredentials{}) }},
		"a client": {func(p *s3agcreds.Plugin) func(*s3.Options) { return p.As(aws.AnonymousCredentials{}) }, installed},
	} {
		c := newCloud()
		p := c.plugin(t)
		_, err := s3.NewFromConfig(c.config(), opts[0](p)).GetObject(t.Context(), ofDirectory, opts[1](p))
		if !says(err, s3agcreds.ErrCredentialsMissing) || len(c.keys()) != 0 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, sent %v", name, err, c.keys())
		}
	}
}
