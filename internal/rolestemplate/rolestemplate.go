// Package rolestemplate makes the CloudFormation template of what the exchange needs in
// IAM: the OIDC provider of an issuer, the role that its ID tokens assume, and the role
// that speaks for the person.
//
// The template is made as data and written by one writer for each format, so that no
// input can become anything but the string that it is. What IAM or CloudFormation would
// refuse, or read as something else, is refused here. The package asks nobody anything
// and keeps no state; everything in it is safe for concurrent use.
package rolestemplate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Service is an AWS service that the second role may use for the person.
type Service string

// The services. The names are those of tip-cli diag --service.
const (
	S3            Service = "s3"
	Athena        Service = "athena"
	LakeFormation Service = "lakeformation"
	Redshift      Service = "redshift"
	QBusiness     Service = "qbusiness"
)

// Services are all of them, in the order in which their policies are written.
func Services() []Service { return []Service{S3, Athena, LakeFormation, Redshift, QBusiness} }

// Usual are the services of the original's template.
func Usual() []Service { return []Service{S3, Athena} }

// What CloudFormation must be allowed before it deploys a template with roles, and
// with roles whose names are given.
const (
	Capability      = "CAPABILITY_IAM"
	CapabilityNamed = "CAPABILITY_NAMED_IAM"
)

// Tag is a tag of the resources.
type Tag struct{ Key, Value string }

// Input is what a template is made from. URL and Audiences are needed.
type Input struct {
	// URL is the issuer, exactly as its tokens have it.
	URL string
	// Audiences are the values of aud (azp, where a token has that) that are accepted.
	Audiences []string
	// Thumbprint is 40 hexadecimal digits, with or without colons, or empty.
	Thumbprint string
	// ApplicationARN is the one application whose tokens the first role may ask for,
	// empty for any.
	ApplicationARN string
	// Services are empty for the usual ones.
	Services []Service
	// OIDCRoleName and EnhancedRoleName are empty for names of CloudFormation's making.
	OIDCRoleName, EnhancedRoleName string
	// SessionDuration is the longest session of the second role in seconds, 0 for IAM's
	// default of an hour.
	SessionDuration int
	// Region is the one region of the services, empty for any.
	Region string
	// GrantsAccounts own S3 Access Grants instances that are used beside that of the
	// account of the roles.
	GrantsAccounts []string
	// ProviderARN is an OIDC provider that is there already, empty to make one.
	ProviderARN string
	Tags        []Tag
}

// Template is a template that CloudFormation can deploy.
type Template struct {
	header []string
	body   object
	named  bool
}

// New makes a template. The error says what about the input cannot be.
func New(in Input) (*Template, error) {
	in = in.normal()
	if err := in.check(); err != nil {
		return nil, err
	}
	t := &Template{body: in.template(), named: in.OIDCRoleName+in.EnhancedRoleName != ""}
	t.header = in.header(t.Capability())
	if n := in.trustLength(); n > longestTrust {
		return nil, fmt.Errorf("the trust policy of the role would have %d characters, and IAM takes %d: give fewer or shorter audiences", n, longestTrust)
	}
	if n := in.rightsLength(); n > longestRights {
		return nil, fmt.Errorf("the policies of the role would have %d characters, and IAM takes %d: give fewer --access-grants-account", n, longestRights)
	}
	return t, nil
}

// Capability is what must be allowed when the template is deployed.
func (t *Template) Capability() string {
	if t.named {
		return CapabilityNamed
	}
	return Capability
}

// YAML is the template as people read it, with comments that say how to go on.
func (t *Template) YAML() []byte {
	var b strings.Builder
	for _, line := range t.header {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	writeYAML(&b, t.body)
	return []byte(b.String())
}

// JSON is the template as programs read it.
func (t *Template) JSON() ([]byte, error) { return encodeJSON(t.body) }

// normal is the input without repetitions and in one spelling.
func (in Input) normal() Input {
	in.Audiences = unique(in.Audiences)
	in.GrantsAccounts = unique(in.GrantsAccounts)
	in.Thumbprint = strings.ToLower(strings.ReplaceAll(in.Thumbprint, ":", ""))
	if len(in.Services) == 0 {
		in.Services = Usual()
	}
	return in
}

func unique(list []string) []string {
	var all []string
	for _, s := range list {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// hostPath is the issuer as ARNs and condition keys have it.
func (in *Input) hostPath() string { return strings.TrimPrefix(in.URL, scheme) }

func (in *Input) check() error {
	for _, check := range []func() error{
		in.checkURL, in.checkAudiences, in.checkThumbprint, in.checkApplication, in.checkServices, in.checkRoles, in.checkPlaces, in.checkProvider, in.checkPartitions, in.checkTags,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	if in.ProviderARN != "" && in.Thumbprint != "" {
		return errors.New("a thumbprint is for a provider that the template makes, and --existing-provider names one that is there")
	}
	return nil
}
