package local

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// endpointVariables lead requests elsewhere than to AWS.
func endpointVariables() []string {
	return []string{
		"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_S3_CONTROL", "AWS_ENDPOINT_URL_S3",
		"AWS_ENDPOINT_URL_IDENTITYSTORE", "AWS_ENDPOINT_URL_SSO_ADMIN", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ATHENA",
	}
}

// endpoints looks whether requests go to AWS, and whether AWS answers.
func (s *section) endpoints(ctx context.Context) {
	const check = "local.endpoints"
	before := len(s.log.Results())
	seen := "those of AWS (" + ignoreEndpoints + ")"
	if !s.ignoresEndpoints() {
		seen = s.configuredEndpoints()
	}
	if len(s.log.Results()) == before {
		s.askAWS(ctx)
	}
	if len(s.log.Results()) == before {
		s.log.OK(check, seen)
	}
}

const ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

func (s *section) ignoresEndpoints() bool {
	return strings.EqualFold(s.Getenv(ignoreEndpoints), "true")
}

// configuredEndpoints looks at the variables, and says where requests go.
func (s *section) configuredEndpoints() string {
	var others []string
	for _, name := range endpointVariables() {
		value := s.Getenv(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		switch {
		case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
			s.log.Found("local.endpoint-invalid", name, "it is no URL with https", set(name, "unset it, or set it to a URL such as https://sts.eu-west-1.amazonaws.com"))
		case u.Scheme == "http" && !loopback(u.Hostname()):
			s.log.Found("local.endpoint-plain", name, u.Redacted()+" is neither https nor on this machine", set(name, "unset it, or set it to a URL with https"))
		default:
			others = append(others, name+" "+u.Redacted())
		}
	}
	if len(others) > 0 {
		return "others than those of AWS: " + strings.Join(others, ", ")
	}
	return "those of AWS"
}

// awsPatience bounds the question to AWS, with a second attempt.
const awsPatience = 12 * time.Second

// askAWS asks STS, with which every exchange begins, without a signature: it refuses, and
// says what time it is.
func (s *section) askAWS(ctx context.Context) {
	if s.HTTP == nil || s.HTTPErr != nil || s.Regions.Region == "" {
		return
	}
	cfg, err := transport.AWSConfig(s.HTTP, s.Regions.Region)
	if err != nil {
		return // local.variables has said so
	}
	waiting, cancel := context.WithTimeout(ctx, awsPatience)
	defer cancel()
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.RetryMaxAttempts = 2 })
	began := s.now()
	_, err = client.GetCallerIdentity(waiting, &sts.GetCallerIdentityInput{})
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil && response.HTTPStatusCode() != 0 { // 0 where nobody answered
		s.aws = s.read("AWS", response.Response.Header, began)
		return
	}
	if err != nil && ctx.Err() == nil {
		s.unanswered(err)
	}
}

// unanswered is STS that gave no answer.
func (s *section) unanswered(err error) {
	where := config.Endpoint("sts", s.Regions.Region)
	if sent, ok := errors.AsType[*url.Error](err); ok {
		if u, parseErr := url.Parse(sent.URL); parseErr == nil {
			where = u.Scheme + "://" + u.Host
		}
	}
	const does = "unset it, or set it to an endpoint that answers"
	fix := finding.Fix{Who: finding.You, Does: "let this machine reach it over https, or by a proxy", Console: "the network of this machine (VPN, firewall); for a proxy: HTTPS_PROXY in the shell that runs tip-cli"}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	variable := s.endpointVariable()
	switch {
	case variable != "":
		where, fix = variable+" "+where, set(variable, does)
	case untrusted:
		fix = set(transport.CAVariable, "trust who looks into TLS here, if it is your company's: set it to a file with its certificate authority (PEM)")
	}
	s.log.Found("local.endpoint-unreachable", where, innermost(err), fix)
}

// endpointVariable is the one that leads requests to STS elsewhere, or "".
func (s *section) endpointVariable() string {
	for _, name := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
		if s.Getenv(name) != "" && !s.ignoresEndpoints() {
			return name
		}
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
