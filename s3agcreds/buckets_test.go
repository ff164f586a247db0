package s3agcreds_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

func ofCalls(calls []signedCall) []signedCall {
	for i := range calls {
		calls[i].URL = ""
	}
	return calls
}

// Buckets that S3 Access Grants has nothing for are signed for as without the plugin.
func TestSpecialBuckets(t *testing.T) {
	const v4, v4a = "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"
	plain := []signedCall{{Method: "GET", Key: baseKey, Algorithm: v4}}
	tests := []struct {
		name, bucket string
		want         []signedCall
	}{
		{"case 60: a directory bucket", "b--euw1-az1--x-s3",
			[]signedCall{{Method: "GET", Key: baseKey, Algorithm: v4}, {Method: "GET", Key: "ASIAEXPRESS", Algorithm: v4}}},
		{"an access point of a directory bucket", "ap--euw1-az1--xa-s3", nil}, // nil: as the SDK does without
		{"a multi-region access point", "arn:aws:s3::444455556666:accesspoint/mfzwi23gnjvgw.mrap",
			[]signedCall{{Method: "GET", Key: baseKey, Algorithm: v4a}}},
		{"an access point", "arn:aws:s3:eu-west-1:444455556666:accesspoint/ap", plain},
		{"an access point alias", "ap-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias", plain},
		{"an Object Lambda access point", "arn:aws:s3-object-lambda:eu-west-1:444455556666:accesspoint/ap", plain},
		{"an Object Lambda alias", "ap-ajsd3s6fo8tetcbsk4jd3rsw7yh--ol-s3", plain},
		{"an access point on Outposts", "arn:aws:s3-outposts:eu-west-1:444455556666:outpost/op-01ac5d28a6a232904/accesspoint/ap", nil},
		{"an alias on Outposts", "ap-o01ac5d28a6a232904e8xz5w8ijx1qzlbp3i3kuse10--op-s3", nil},
		{"a general purpose bucket", "b", []signedCall{{Method: "GET", Key: "ASIAVENDED1", Algorithm: v4}}},
		{"one whose name only begins so", "x-s3--b", []signedCall{{Method: "GET", Key: "ASIAVENDED1", Algorithm: v4}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			without, with := newCloud(), newCloud("READ s3://b/*", "READ s3://x-s3--b/*")
			bare := getObject(tt.bucket, "k")(t.Context(), s3.NewFromConfig(without.config()))
			if err := getObject(tt.bucket, "k")(t.Context(), with.client(t)); (err == nil) != (bare == nil) {
				t.Fatalf("%v, without the plugin %v", err, bare)
			}
			want := tt.want
			if want == nil {
				want = ofCalls(without.calls)
			}
			if diff := cmp.Diff(want, ofCalls(with.calls)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if asked := len(with.log()) > 0; asked != strings.HasPrefix(with.calls[0].Key, "ASIAVENDED") {
				t.Errorf("asked %v, signed by %v", with.log(), with.keys())
			}
		})
	}
}

// What S3 Access Grants does not know is signed with the base credentials, whatever the
// fallback policy.
func TestOperationsWithoutGrants(t *testing.T) {
	calls := map[string]callS3{
		"case 57: ListBuckets with fallback off": func(ctx context.Context, c *s3.Client) error {
			_, err := c.ListBuckets(ctx, &s3.ListBucketsInput{})
			return err
		},
		"GetBucketVersioning": func(ctx context.Context, c *s3.Client) error {
			_, err := c.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("b")})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			c := newCloud()
			if err := call(t.Context(), c.client(t)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{baseKey}, c.keys()); diff != "" || len(c.log()) != 0 {
				t.Errorf("asked %v (-want +got):\n%s", c.log(), diff)
			}
		})
	}
}

func TestAnonymous(t *testing.T) {
	tests := map[string]func(*cloud) *s3.Client{
		"a client with anonymous credentials": func(c *cloud) *s3.Client {
			config := c.config()
			config.Credentials = aws.AnonymousCredentials{}
			return s3.NewFromConfig(config, c.plugin(t).Install)
		},
		"a client without credentials": func(c *cloud) *s3.Client {
			config := c.config()
			config.Credentials = nil
			return s3.NewFromConfig(config, c.plugin(t).Install)
		},
		"a user without credentials": func(c *cloud) *s3.Client {
			return s3.NewFromConfig(c.config(), c.plugin(t).As(aws.AnonymousCredentials{}))
		},
	}
	for name, client := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCloud("READ s3://b/*")
			if err := getObject("b", "k")(t.Context(), client(c)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]signedCall{{Method: "GET"}}, ofCalls(c.calls)); diff != "" || len(c.log()) != 0 {
				t.Errorf("asked %v (-want +got):\n%s", c.log(), diff)
			}
		})
	}
	t.Run("a call", func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		_, err := c.client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")},
			c.plugin(t).As(aws.AnonymousCredentials{}))
		if diff := cmp.Diff([]string{""}, c.keys()); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// A call of a client with the plugin may have other credentials.
func TestInstallAndAs(t *testing.T) {
	user := credentials.NewStaticCredentialsProvider("AKIAUSER", "secret", "token")
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	tests := []struct {
		name   string
		client func(*s3agcreds.Plugin) func(*s3.Options)
		call   func(*s3agcreds.Plugin) []func(*s3.Options)
		asker  string
		signer string
	}{
		{"installed", installed, none, baseKey, "ASIAVENDED1"},
		{"installed for the call", nil, again, baseKey, "ASIAVENDED1"},
		{"installed twice", installed, again, baseKey, "ASIAVENDED1"},
		{"as a user", nil, as(user), "AKIAUSER", "ASIAVENDED1"},
		{"as a user, installed", installed, as(user), "AKIAUSER", "ASIAVENDED1"},
		{"as a user twice", installed, func(p *s3agcreds.Plugin) []func(*s3.Options) { return append(as(user)(p), as(user)(p)...) }, "AKIAUSER", "ASIAVENDED1"},
		{"as the client itself", installed, func(p *s3agcreds.Plugin) []func(*s3.Options) {
			return []func(*s3.Options){func(o *s3.Options) { p.As(o.Credentials)(o) }}
		}, baseKey, "ASIAVENDED1"},
		{"a user's client, installed for the call", func(p *s3agcreds.Plugin) func(*s3.Options) { return p.As(user) }, again, "AKIAUSER", "ASIAVENDED1"},
		{"credentials of the call's own", installed, func(*s3agcreds.Plugin) []func(*s3.Options) {
			return []func(*s3.Options){func(o *s3.Options) { o.Credentials = user }}
		}, "", "AKIAUSER"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud("READ s3://b/*")
			p := c.plugin(t)
			var options []func(*s3.Options)
			if tt.client != nil {
				options = append(options, tt.client(p))
			}
			var agent string
			c.s3 = func(r *http.Request) *http.Response { agent = r.Header.Get("User-Agent"); return nil }
			if _, err := s3.NewFromConfig(c.config(), options...).GetObject(t.Context(), in, tt.call(p)...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tt.signer}, c.keys()); diff != "" {
				t.Errorf("signed (-want +got):\n%s", diff)
			}
			if asker := strings.Join(c.askers, " "); asker != tt.asker {
				t.Errorf("asked by %q, want %q", asker, tt.asker)
			}
			if n := features(agent); n != 1 {
				t.Errorf("feature K %d times in %q", n, agent)
			}
			if len(c.agents) > 0 && features(c.agents[0]) != 1 {
				t.Errorf("feature K %d times in %q", features(c.agents[0]), c.agents[0])
			}
		})
	}
}

func installed(p *s3agcreds.Plugin) func(*s3.Options) { return p.Install }
func none(*s3agcreds.Plugin) []func(*s3.Options)      { return nil }
func again(p *s3agcreds.Plugin) []func(*s3.Options)   { return []func(*s3.Options){p.Install} }

func as(user aws.CredentialsProvider) func(*s3agcreds.Plugin) []func(*s3.Options) {
	return func(p *s3agcreds.Plugin) []func(*s3.Options) { return []func(*s3.Options){p.As(user)} }
}

// features counts the SDK's feature id of S3 Access Grants in a User-Agent header.
func features(agent string) int {
	n := 0
	for _, word := range strings.Fields(agent) {
		if ids, ok := strings.CutPrefix(word, "m/"); ok {
			for _, id := range strings.Split(ids, ",") {
				if id == "K" {
					n++
				}
			}
		}
	}
	return n
}

// Two plugins: that of the call serves it, and forgets what S3 refused.
func TestPluginOfTheCall(t *testing.T) {
	c := newCloud("READ s3://b/*")
	first, second := c.plugin(t), c.plugin(t, minimal)
	client := s3.NewFromConfig(c.config(), first.Install)
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	if _, err := client.GetObject(t.Context(), in, second.Install); err != nil {
		t.Fatal(err)
	}
	c.s3 = func(r *http.Request) *http.Response {
		return answered(xmlAnswer(400, "<Error><Code>ExpiredToken</Code><Message>no</Message></Error>"), r)
	}
	for range 2 {
		if _, err := client.GetObject(t.Context(), in, second.Install); err == nil {
			t.Fatal("no error")
		}
	}
	const asked = "READ s3://b/k Minimal Object"
	if diff := cmp.Diff([]string{asked, asked}, c.log()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A user that somebody forgot is an error, not the client's credentials.
func TestAsNobody(t *testing.T) {
	c := newCloud("READ s3://b/*")
	client, p := c.client(t), c.plugin(t)
	_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}, p.As(nil))
	if !errors.Is(err, s3agcreds.ErrCredentialsMissing) || len(c.keys()) != 0 || len(c.log()) != 0 {
		t.Errorf("%v; asked %v, sent %v", err, c.log(), c.keys())
	}
	if _, err := client.ListBuckets(t.Context(), nil, p.As(nil)); !errors.Is(err, s3agcreds.ErrCredentialsMissing) {
		t.Error(err)
	}
}
