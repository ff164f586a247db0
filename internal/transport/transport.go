// Package transport makes the HTTP client and the AWS configuration that every
// call of tip-cli goes through, from the standard environment settings of the
// AWS SDKs and of proxies.
//
// It reads no AWS profile and no credentials: what signs a call is given to the
// client of that call. Everything it returns is safe for concurrent use.
package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"golang.org/x/net/http/httpproxy"
)

// CAVariable names a PEM file that is trusted beside the system's roots, for AWS
// and for the identity provider alike.
const CAVariable = "AWS_CA_BUNDLE"

// CAError says that the file of [CAVariable] cannot be used.
type CAError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *CAError) Error() string { return fmt.Sprintf("%s %s: %v", CAVariable, e.Path, e.Err) }

// Unwrap returns the cause.
func (e *CAError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *CAError) Hint() string {
	return "set " + CAVariable + " to a file with PEM certificates, or unset it"
}

// EnvironmentError says that a standard environment setting of the AWS SDKs has
// a value that it cannot have.
type EnvironmentError struct{ Err error }

// Error implements error.
func (e *EnvironmentError) Error() string {
	return "the AWS environment variables: " + e.Err.Error()
}

// Unwrap returns the cause, which names the variable.
func (e *EnvironmentError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *EnvironmentError) Hint() string { return "correct that environment variable, or unset it" }

// requestTimeout bounds one request with its body: a server that accepts and is
// silent must not hold up everybody who waits for the same answer.
const requestTimeout = 10 * time.Second

// New returns the HTTP client for an environment: HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY in either case, and the certificates of AWS_CA_BUNDLE appended to the
// system's. A request lasts 10 seconds at most. The error is a *[CAError].
func New(getenv func(string) string) (*awshttp.BuildableClient, error) {
	roots, err := pool(getenv(CAVariable))
	if err != nil {
		return nil, err
	}
	proxy := proxyFunc(getenv)
	return awshttp.NewBuildableClient().WithTimeout(requestTimeout).WithTransportOptions(func(t *http.Transport) {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }
		if roots != nil {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
		}
	}), nil
}

// proxyFunc follows the variables of getenv, where http.ProxyFromEnvironment
// would remember those of the process.
func proxyFunc(getenv func(string) string) func(*url.URL) (*url.URL, error) {
	either := func(upper, lower string) string {
		if v := getenv(upper); v != "" {
			return v
		}
		return getenv(lower)
	}
	c := httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
		CGI:        getenv("REQUEST_METHOD") != "",
	}
	return c.ProxyFunc()
}

// pool returns the system's roots with a file's added, nil for the system's alone.
func pool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &CAError{Path: path, Err: err}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, &CAError{Path: path, Err: fmt.Errorf("no certificate in it")}
	}
	return roots, nil
}

// AWSConfig returns a configuration for a region with the SDK's standard
// environment settings (endpoints, FIPS, dual-stack, retries). It signs with
// nothing: neither ambient credentials nor a profile can get into an exchange.
// Unlike [New] it reads the environment of the process, as the SDK does. The
// error is an *[EnvironmentError].
func AWSConfig(client *awshttp.BuildableClient, region string) (aws.Config, error) {
	env, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, &EnvironmentError{Err: err}
	}
	env.Credentials, env.SharedConfigProfile, env.SharedConfigFile, env.SharedCredentialsFile = aws.Credentials{}, "", "", ""
	cfg := aws.Config{
		Region: region, HTTPClient: client, Credentials: aws.AnonymousCredentials{},
		RetryMode: env.RetryMode, RetryMaxAttempts: env.RetryMaxAttempts,
		DefaultsMode: env.DefaultsMode, AppID: env.AppID, ConfigSources: []any{env},
	}
	if env.BaseEndpoint != "" && (env.IgnoreConfiguredEndpoints == nil || !*env.IgnoreConfiguredEndpoints) {
		cfg.BaseEndpoint = &env.BaseEndpoint
	}
	return cfg, nil
}
