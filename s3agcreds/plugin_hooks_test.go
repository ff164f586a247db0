package s3agcreds_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// sourced are credentials that know where they are from.
type sourced struct{ sources []aws.CredentialSource }

// Retrieve implements [aws.CredentialsProvider].
func (sourced) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: baseKey, SecretAccessKey: "secret"}, nil
}

// ProviderSources implements [aws.CredentialProviderSource].
func (s sourced) ProviderSources() []aws.CredentialSource { return s.sources }

// unsourced are credentials that do not.
type unsourced struct{}

// Retrieve implements [aws.CredentialsProvider].
func (unsourced) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return sourced{}.Retrieve(ctx)
}

// The SDK sees the base through the plugin: whoever asks what kind of credentials a client
// has is told of the base.
func TestPluginIsCredentialsProvider(t *testing.T) {
	c := newCloud("READ s3://b/*")
	static := credentials.NewStaticCredentialsProvider(baseKey, "secret", "")
	kinds := map[string]aws.CredentialsProvider{
		"static": static, "sourced": sourced{}, "person": &person{}, "cache": aws.NewCredentialsCache(static), "anonymous": aws.AnonymousCredentials{},
	}
	for name, base := range map[string]aws.CredentialsProvider{
		"static": static, "sourced": sourced{}, "person": &person{name: "ann", key: "AKIAANN1"}, "cache": aws.NewCredentialsCache(static),
	} {
		cfg := c.config()
		cfg.Credentials = base
		with := s3.NewFromConfig(cfg, c.plugin(t).Install).Options().Credentials
		if with == base {
			t.Fatalf("%s: the plugin is not there", name)
		}
		for kind, target := range kinds {
			if got, want := aws.IsCredentialsProvider(with, target), aws.IsCredentialsProvider(base, target); got != want {
				t.Errorf("%s is %s: %v, and %v without the plugin", name, kind, got, want)
			}
		}
	}
}

// The User-Agent header names the sources of the base, as without the plugin, and S3
// Access Grants.
func TestCredentialSources(t *testing.T) {
	for name, tt := range map[string]struct {
		base aws.CredentialsProvider
		want []awsmiddleware.UserAgentFeature
	}{
		"a role": {
			sourced{[]aws.CredentialSource{aws.CredentialSourceProfile, aws.CredentialSourceSTSAssumeRole}},
			[]awsmiddleware.UserAgentFeature{awsmiddleware.UserAgentFeatureCredentialsProfile, awsmiddleware.UserAgentFeatureCredentialsStsAssumeRole},
		},
		"keys in code": {
			credentials.NewStaticCredentialsProvider(baseKey, "secret", ""),
			[]awsmiddleware.UserAgentFeature{awsmiddleware.UserAgentFeatureCredentialsCode},
		},
		"of no known source": {unsourced{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud("READ s3://b/*")
			cfg := c.config()
			cfg.Credentials = tt.base
			without := agentFeatures(t, c, s3.NewFromConfig(cfg))
			for _, want := range tt.want {
				if !slices.Contains(without, string(want)) {
					t.Fatalf("without the plugin %v, want %s", without, want)
				}
			}
			granted := string(awsmiddleware.UserAgentFeatureS3AccessGrants)
			if slices.Contains(without, granted) {
				t.Fatalf("without the plugin %v", without)
			}
			want := slices.Sorted(slices.Values(append(without, granted)))
			p := c.plugin(t)
			for by, optFns := range map[string][]func(*s3.Options){
				"client": nil, "call": {p.As(tt.base)},
			} {
				if diff := cmp.Diff(want, agentFeatures(t, c, s3.NewFromConfig(cfg, p.Install), optFns...)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", by, diff)
				}
			}
		})
	}
}

// agentFeatures are those that the User-Agent header of a call names, sorted.
func agentFeatures(t *testing.T, c *cloud, client *s3.Client, optFns ...func(*s3.Options)) []string {
	t.Helper()
	var agent string
	c.s3 = func(r *http.Request) *http.Response {
		agent = r.Header.Get("User-Agent")
		return nil
	}
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}, optFns...); err != nil {
		t.Fatal(err)
	}
	for word := range strings.FieldsSeq(agent) {
		if list, ok := strings.CutPrefix(word, "m/"); ok {
			return slices.Sorted(strings.SplitSeq(list, ","))
		}
	}
	return nil
}

// The plugin's meter provider counts, if it has one, and not the client's as well.
func TestMeterProviderPrecedence(t *testing.T) {
	requests := map[string]int{
		"s3agcreds.requests outcome=miss": 1, "s3agcreds.requests outcome=hit": 1,
		"s3agcreds.get_data_access.duration permission=READ result=granted": 1,
	}
	for _, own := range []bool{true, false} {
		plugins, clients := newMeter(), newMeter()
		c := newCloud("READ s3://b/*")
		client := s3.NewFromConfig(c.config(), func(o *s3.Options) { o.MeterProvider = clients }, c.plugin(t, func(o *s3agcreds.Options) {
			if own {
				o.MeterProvider = plugins
			}
		}).Install)
		for range 2 {
			if err := getObject("b", "k")(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		counting, silent := plugins, clients
		if !own {
			counting, silent = clients, plugins
		}
		if diff := cmp.Diff(requests, counting.counts); diff != "" || silent.made != 0 || len(silent.counts) != 0 {
			t.Errorf("the plugin has one: %v; the other counts %v (-want +got):\n%s", own, silent.counts, diff)
		}
	}
}
