package regions_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/regions"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	here     = "eu-west-1"
	far      = "us-east-1"
	instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
)

// chainOf is the chain of the default world when only the regions are left to look at.
func chainOf(l *lab.Lab) *chain.Chain {
	center, app := labtest.Config(l, l.Administrator(labtest.CenterAccount)), labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
	transport := l.HTTPClient().Transport.(*http.Transport)
	return &chain.Chain{
		Asked:        chain.Asked{ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}},
		Getenv:       func(string) string { return "" },
		HTTP:         awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy, t.TLSClientConfig = transport.Proxy, transport.TLSClientConfig }),
		Config:       config.Config{TokenExchangeApplicationARN: labtest.ApplicationARN, IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/tip-id-enhanced-role", Region: here},
		Regions:      config.Regions{Region: here, IdentityCenterRegion: here, Source: "region"},
		Center:       chain.Access{Config: &center, Profile: "center", Account: labtest.CenterAccount},
		Application:  chain.Access{Config: &app, Profile: "app", Account: labtest.ApplicationAccount},
		Registration: &chain.Registration{ApplicationARN: labtest.ApplicationARN, InstanceARN: instance},
	}
}

// ids are those of the results, with what is missing.
func ids(results []finding.Result) string {
	var all []string
	for _, r := range results {
		text := strings.TrimPrefix(r.ID, "regions.")
		if r.Status == finding.Skipped {
			text = "-"
		}
		all = append(all, strings.TrimSpace(text+" "+strings.Join(r.Missing, " ")))
	}
	return strings.Join(all, ", ")
}

func TestRegions(t *testing.T) {
	l := labtest.Start(t)
	nobody := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))
	elsewhere := func(c *chain.Chain) { c.Regions.Region, c.Regions.IdentityCenterRegion = far, far }
	apart := func(c *chain.Chain) { c.Regions.Region, c.Config.IdentityCenterRegion = far, here }
	for name, test := range map[string]struct {
		edit func(*chain.Chain)
		want string
	}{
		"healthy":        {func(*chain.Chain) {}, "partition, center, grants, -, environment"},
		"target":         {func(c *chain.Chain) { c.Asked.Target = "s3://tip-demo-data/x" }, "partition, center, grants, target, environment"},
		"no bucket":      {func(c *chain.Chain) { c.Asked.Target = "s3://no-such-bucket-here/x" }, "partition, center, grants, -, environment"},
		"no bucket name": {func(c *chain.Chain) { c.Asked.Target = "s3:///x" }, "partition, center, grants, -, environment"},
		"starred bucket": {func(c *chain.Chain) { c.Asked.Target = "s3://tip-demo-*" }, "partition, center, grants, -, environment"},
		"hostile bucket": {func(c *chain.Chain) { c.Asked.Target = "s3://../../\x00?%zz#" }, "partition, center, grants, -, environment"},
		"no HTTP":        {func(c *chain.Chain) { c.HTTPErr, c.Asked.Target = errors.New("no CA"), "s3://b/" }, "partition, center, grants, -, environment"},
		"no regions":     {func(c *chain.Chain) { c.RegionsErr = errors.New("none") }, "-, -, -, -, -"},
		"no application": {func(c *chain.Chain) { c.Asked.ApplicationARN, c.Registration = "", nil }, "-, -, grants, -, environment"},
		"no profile":     {func(c *chain.Chain) { c.Center = chain.Access{Reason: "no credentials"} }, "partition, center.unread, grants, -, environment"},
		"described":      {func(c *chain.Chain) { c.Center = chain.Access{}; c.Registration.Name = "tip-cli" }, "partition, center, grants, -, environment"},
		"no rights":      {func(c *chain.Chain) { c.Center.Config = &nobody }, "partition, center.unread sso:ListInstances, grants, -, environment"},
		"both elsewhere": {elsewhere, "partition, center-elsewhere, -, -, environment"},
		"another account": {func(c *chain.Chain) {
			elsewhere(c)
			c.Center = c.Application
			c.Registration.InstanceARN = strings.Replace(instance, "1234", "ffff", 1)
		}, "partition, center.unread, grants, -, environment"},
		"no instance":      {func(c *chain.Chain) { c.Registration.InstanceARN = strings.Replace(instance, "1234", "ffff", 1) }, "partition, no-instance, -, -, environment"},
		"apart":            {apart, "partition, center, grants-elsewhere, -, environment"},
		"apart, no access": {func(c *chain.Chain) { apart(c); c.Application = chain.Access{Reason: "none"} }, "partition, center, grants.unread, -, environment"},
		"apart, no rights": {func(c *chain.Chain) { apart(c); c.Application.Config = &nobody }, "partition, center, grants.unread s3:GetAccessGrantsInstance, -, environment"},
		"apart, not S3":    {func(c *chain.Chain) { apart(c); c.Asked.Services = []chain.Service{chain.AthenaService} }, "partition, center, -, -, environment"},
		"China": {func(c *chain.Chain) {
			c.Asked.ApplicationARN = strings.Replace(labtest.ApplicationARN, "aws", "aws-cn", 1)
		}, "other-partition, -, -, -, environment"},
		"not an ARN":  {func(c *chain.Chain) { c.Asked.ApplicationARN = "::::" }, "-, center, grants, -, environment"},
		"environment": {func(c *chain.Chain) { c.Getenv = func(string) string { return far } }, "partition, center, grants, -, environment-differs"},
		"AWS_DEFAULT_REGION": {func(c *chain.Chain) {
			c.Getenv = func(name string) string { return map[string]string{"AWS_DEFAULT_REGION": far}[name] }
		}, "partition, center, grants, -, environment-differs"},
		"from the environment": {func(c *chain.Chain) {
			c.Regions.Source, c.Getenv = "AWS_REGION", func(string) string { return here }
		}, "partition, center, grants, -, environment"},
	} {
		t.Run(name, func(t *testing.T) {
			c := chainOf(l)
			test.edit(c)
			results := regions.Run(t.Context(), c)
			if diff := cmp.Diff(test.want, ids(results)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, results)
			}
		})
	}
}

// The first command fits what is configured: where Identity Center's region follows the
// other one, and S3 is wanted, both are wrong.
func TestCenterElsewhere(t *testing.T) {
	l := labtest.Start(t)
	for name, test := range map[string]struct {
		edit          func(*chain.Chain)
		culprit, want string
	}{
		"configured": {func(c *chain.Chain) { c.Config.IdentityCenterRegion = far }, "identity_center_region", `{"identity_center_region": "eu-west-1"}`},
		"S3":         {func(*chain.Chain) {}, "region", `{"region": "eu-west-1"}`},
		"Athena":     {func(c *chain.Chain) { c.Asked.Services = []chain.Service{chain.AthenaService} }, "region", `{"identity_center_region": "eu-west-1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			c := chainOf(l)
			c.Regions.Region, c.Regions.IdentityCenterRegion = far, far
			test.edit(c)
			for _, r := range regions.Run(t.Context(), c) {
				if r.ID == "regions.center-elsewhere" && (r.Culprit != test.culprit || !strings.Contains(r.Fixes[0].Command, test.want)) {
					t.Errorf("%s: %+v", r.Culprit, r.Fixes)
				}
			}
		})
	}
}

// In another partition only its own regions are asked.
func TestOtherPartition(t *testing.T) {
	const arn = "arn:aws-us-gov:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	l := labtest.Start(t)
	c := chainOf(l)
	var asked []string
	center := c.Center.Config.Copy()
	center.HTTPClient = roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Hostname())
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: http.NoBody, Request: r}, nil
	})
	c.Center.Config, c.Asked.ApplicationARN, c.Config.TokenExchangeApplicationARN = &center, arn, arn
	c.Registration.InstanceARN = "arn:aws-us-gov:sso:::instance/ssoins-1234567890abcdef"
	c.Regions.Region, c.Regions.IdentityCenterRegion = "us-gov-west-1", "us-gov-west-1"
	if got := ids(regions.Run(t.Context(), c)); got != "partition, no-instance, -, -, environment" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"sso.us-gov-west-1.amazonaws.com", "sso.us-gov-east-1.amazonaws.com"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) Do(r *http.Request) (*http.Response, error) { return f(r) }

var _ aws.HTTPClient = roundTripper(nil)
