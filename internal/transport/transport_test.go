package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// echo answers every request with the URL that it was for.
type echo struct{}

func (echo) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(r.Method + " " + r.URL.String())),
	}, nil
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func get(client *awshttp.BuildableClient, url string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// Two authorities in the bundle: both are trusted, beside the system's.
func TestCABundle(t *testing.T) {
	one, other := proxytest.Start(t, echo{}), proxytest.Start(t, echo{})
	both := file(t, "# two authorities\n"+string(one.CA())+"\n"+string(other.CA()))
	const url = "https://sts.eu-west-1.amazonaws.com/"
	for _, p := range []*proxytest.Proxy{one, other} {
		client, err := transport.New(environment("HTTPS_PROXY", p.URL(), "AWS_CA_BUNDLE", both))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := get(client, url); got != "GET "+url {
			t.Errorf("got %q, %v", got, err)
		}
	}
	for name, bundle := range map[string]string{"the other alone": file(t, string(other.CA())), "none": ""} {
		client, err := transport.New(environment("HTTPS_PROXY", one.URL(), "AWS_CA_BUNDLE", bundle))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := get(client, url); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestCABundleRefused(t *testing.T) {
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "missing.pem"), "empty": file(t, ""), "garbage": file(t, "not PEM"), "a folder": t.TempDir(),
		"a key": file(t, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
	} {
		_, err := transport.New(environment("AWS_CA_BUNDLE", path))
		var ca *transport.CAError
		if !errors.As(err, &ca) || ca.Path != path || !strings.HasPrefix(err.Error(), "AWS_CA_BUNDLE "+path+": ") || ca.Hint() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProxyVariables(t *testing.T) {
	p := proxytest.Start(t, echo{})
	bundle := file(t, string(p.CA()))
	direct := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") }))
	t.Cleanup(direct.Close)
	const nobody = "http://127.0.0.1:1"
	for _, test := range []struct {
		name, url string
		env       []string
		want      string // "" for no answer
	}{
		{"upper case", "https://a.test/", []string{"HTTPS_PROXY", p.URL()}, "GET https://a.test/"},
		{"lower case", "https://a.test/", []string{"https_proxy", p.URL()}, "GET https://a.test/"},
		{"both", "https://a.test/", []string{"HTTPS_PROXY", p.URL(), "https_proxy", nobody}, "GET https://a.test/"},
		{"not for this host", "https://a.test/", []string{"HTTPS_PROXY", p.URL(), "NO_PROXY", "a.test"}, ""},
		{"not for this domain, lower case", "https://a.test/", []string{"HTTPS_PROXY", p.URL(), "no_proxy", ".test"}, ""},
		{"not for anybody", "https://a.test/", []string{"HTTPS_PROXY", p.URL(), "NO_PROXY", "*"}, ""},
		{"for another host", "https://a.test/", []string{"HTTPS_PROXY", p.URL(), "NO_PROXY", "b.test"}, "GET https://a.test/"},
		{"not for http", "http://a.test/", []string{"HTTPS_PROXY", p.URL()}, ""},
		{"never for loopback", direct.URL, []string{"HTTP_PROXY", nobody, "HTTPS_PROXY", nobody}, "direct"},
		{"nobody listens", "https://a.test/", []string{"HTTPS_PROXY", nobody}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, err := transport.New(environment(append(test.env, "AWS_CA_BUNDLE", bundle)...))
			if err != nil {
				t.Fatal(err)
			}
			got, err := get(client, test.url)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestRequestsAreBounded(t *testing.T) {
	client, err := transport.New(environment())
	if err != nil {
		t.Fatal(err)
	}
	if got := client.GetTimeout(); got != 10*time.Second {
		t.Errorf("a request may last %v", got)
	}
}

// recorder is an AWS endpoint that keeps what it is asked and answers with a status.
type recorder struct {
	mu     sync.Mutex
	hosts  []string
	signed []string
	status int
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts, r.signed = append(r.hosts, req.URL.Host), append(r.signed, req.Header.Get("Authorization"))
	return &http.Response{StatusCode: r.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

// ask calls AssumeRoleWithWebIdentity and GetDataAccess with the configuration
// of the process's environment, and returns the hosts that were asked.
func ask(t *testing.T, region string, status int) *recorder {
	t.Helper()
	seen := &recorder{status: status}
	p := proxytest.Start(t, seen)
	client, err := transport.New(environment("HTTPS_PROXY", p.URL(), "AWS_CA_BUNDLE", file(t, string(p.CA()))))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := transport.AWSConfig(client, region)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = sts.NewFromConfig(cfg).AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::444455556666:role/x"), RoleSessionName: aws.String("tip-cli"), WebIdentityToken: aws.String("token"),
	})
	_, _ = s3control.NewFromConfig(cfg).GetDataAccess(context.Background(), &s3control.GetDataAccessInput{
		AccountId: aws.String("444455556666"), Target: aws.String("s3://bucket/"), Permission: types.PermissionRead,
	})
	return seen
}

// clean unsets whatever of AWS the process has in its environment.
func clean(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // so that it comes back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		name, region string
		env          map[string]string
		want         []string
	}{
		{"regional", "eu-west-1", nil, []string{"sts.eu-west-1.amazonaws.com", "444455556666.s3-control.eu-west-1.amazonaws.com"}},
		{"China", "cn-north-1", nil, []string{"sts.cn-north-1.amazonaws.com.cn", "444455556666.s3-control.cn-north-1.amazonaws.com.cn"}},
		{
			"FIPS", "us-east-1", map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"},
			[]string{"sts-fips.us-east-1.amazonaws.com", "444455556666.s3-control-fips.us-east-1.amazonaws.com"},
		},
		{
			"dual stack", "eu-west-1", map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"},
			[]string{"sts.eu-west-1.api.aws", "444455556666.s3-control.dualstack.eu-west-1.amazonaws.com"},
		},
		{
			"one endpoint for all", "eu-west-1", map[string]string{"AWS_ENDPOINT_URL": "https://all.test"},
			[]string{"all.test", "444455556666.all.test"},
		},
		{
			"one for STS", "eu-west-1", map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.test"},
			[]string{"sts.test", "444455556666.s3-control.eu-west-1.amazonaws.com"},
		},
		{
			"STS's own comes first", "eu-west-1", map[string]string{"AWS_ENDPOINT_URL": "https://all.test", "AWS_ENDPOINT_URL_STS": "https://sts.test"},
			[]string{"sts.test", "444455556666.all.test"},
		},
		{
			"ignored", "eu-west-1",
			map[string]string{"AWS_ENDPOINT_URL": "https://all.test", "AWS_ENDPOINT_URL_STS": "https://sts.test", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
			[]string{"sts.eu-west-1.amazonaws.com", "444455556666.s3-control.eu-west-1.amazonaws.com"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			clean(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			if diff := cmp.Diff(test.want, ask(t, test.region, http.StatusForbidden).hosts); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRetries(t *testing.T) {
	for attempts, want := range map[string]int{"": 6, "1": 2, "2": 4} {
		clean(t)
		if attempts != "" {
			t.Setenv("AWS_MAX_ATTEMPTS", attempts)
		}
		if got := len(ask(t, "eu-west-1", http.StatusServiceUnavailable).hosts); got != want {
			t.Errorf("AWS_MAX_ATTEMPTS=%q: %d requests for two calls, want %d", attempts, got, want)
		}
	}
}

// Neither keys nor profiles of the environment sign anything, and profiles that
// do not exist are not missed.
func TestAmbientCredentialsSignNothing(t *testing.T) {
	clean(t)
	config := file(t, "[profile p]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\nregion = us-west-2\nendpoint_url = https://profile.test\n")
	for _, env := range []map[string]string{
		{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "stale"},
		{"AWS_PROFILE": "p", "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": config},
		{"AWS_PROFILE": "no-such-profile"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE": config, "AWS_ROLE_ARN": "arn:aws:iam::444455556666:role/x"},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"},
	} {
		for name, value := range env {
			t.Setenv(name, value)
		}
		seen := ask(t, "eu-west-1", http.StatusForbidden)
		if diff := cmp.Diff([]string{"", ""}, seen.signed); diff != "" {
			t.Errorf("%v: signed:\n%s", env, diff)
		}
		if diff := cmp.Diff([]string{"sts.eu-west-1.amazonaws.com", "444455556666.s3-control.eu-west-1.amazonaws.com"}, seen.hosts); diff != "" {
			t.Errorf("%v: hosts:\n%s", env, diff)
		}
		clean(t)
	}
}

func TestWrongSettings(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_MAX_ATTEMPTS": "many", "AWS_RETRY_MODE": "often", "AWS_USE_FIPS_ENDPOINT": "perhaps", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "x",
	} {
		clean(t)
		t.Setenv(name, value)
		_, err := transport.AWSConfig(awshttp.NewBuildableClient(), "eu-west-1")
		var setting *transport.EnvironmentError
		if !errors.As(err, &setting) || !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), value) || setting.Hint() == "" {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
