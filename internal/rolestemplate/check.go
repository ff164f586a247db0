package rolestemplate

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

const scheme = "https://"

// Limits of IAM (API reference of CreateOpenIDConnectProvider, TagRole and CreateRole;
// "IAM and AWS STS quotas").
const (
	longestURL      = 255
	longestAudience = 255
	mostAudiences   = 100
	mostTags        = 50
	longestTrust    = 2048
	longestRights   = 10240 // of all inline policies of a role
	shortestSession = 3600
	longestSession  = 43200
)

var (
	hostForm        = lazyregexp.New(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
	pathForm        = lazyregexp.New(`^(/[A-Za-z0-9._~%+@,;=&!'()-]*)*$`)
	thumbprintForm  = lazyregexp.New(`^[0-9a-f]{40}$`)
	applicationForm = lazyregexp.New(`^arn:aws(-[a-z]{1,10}){0,3}:sso::[0-9]{12}:application/(sso)?ins-[a-zA-Z0-9.-]{16}/apl-[a-zA-Z0-9]{16}$`)
	providerForm    = lazyregexp.New(`^arn:aws(-[a-z]{1,10}){0,3}:iam::[0-9]{12}:oidc-provider/(.+)$`)
	roleNameForm    = lazyregexp.New(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	regionForm      = lazyregexp.New(`^[a-z]{2,4}(-[a-z]{2,12}){1,2}-[0-9]$`)
	accountForm     = lazyregexp.New(`^[0-9]{12}$`)
	tagForm         = lazyregexp.New(`^[\p{L}\p{N}\p{Zs}_.:/=+@-]*$`)
)

func (in *Input) checkURL() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("URL %s %s", shown(in.URL), fmt.Sprintf(format, args...))
	}
	if err := plainURL(in.URL); err != nil {
		return fmt.Errorf("URL %s %w", shown(in.URL), err)
	}
	u, err := url.Parse(in.URL)
	switch {
	case err != nil:
		return refuse("cannot be read as a URL")
	case u.User != nil:
		return refuse("has a user name")
	case u.Port() != "" || strings.HasSuffix(u.Host, ":"):
		return refuse("has a port, which IAM does not take")
	case !hostForm().MatchString(u.Host):
		return refuse("has no host name such as idp.example.com")
	}
	path := strings.TrimPrefix(in.hostPath(), u.Host)
	const document = "/.well-known/openid-configuration"
	switch {
	case strings.HasSuffix(path, document):
		return refuse("is that of the discovery document: give the issuer, without %s", document)
	case !pathForm().MatchString(path):
		return refuse("has a character in its path that no ARN of a provider can have")
	case slices.ContainsFunc(strings.Split(path, "/"), func(s string) bool { return s == "." || s == ".." }):
		return refuse("has . or .. in its path")
	}
	return nil
}

// shown quotes input in an error, where it must not hide what is wrong with it.
func shown(s string) string {
	const enough = 100
	if len(s) > enough {
		return fmt.Sprintf("%q...", s[:enough])
	}
	return fmt.Sprintf("%q", s)
}

// plainURL refuses what a URL has that no issuer in IAM can have, before anything reads it.
func plainURL(text string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case !strings.HasPrefix(text, scheme):
		return errors.New("does not begin with " + scheme + ", which IAM wants")
	case len(text) > longestURL:
		return fmt.Errorf("has %d characters, and IAM takes %d", len(text), longestURL)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("has a space or a character beyond ASCII: percent-encode a path, and write a host as xn--")
	case strings.Contains(text, "?"):
		return errors.New("has a query, which IAM does not take")
	case strings.Contains(text, "#"):
		return errors.New("has a fragment, which no issuer has")
	}
	return nil
}

func (in *Input) checkAudiences() error {
	if len(in.Audiences) == 0 {
		return errors.New("there is no audience")
	}
	if n := len(in.Audiences); n > mostAudiences {
		return fmt.Errorf("there are %d audiences, and IAM takes %d", n, mostAudiences)
	}
	for _, aud := range in.Audiences {
		if err := checkAudience(aud); err != nil {
			return fmt.Errorf("the audience %s %w", shown(aud), err)
		}
	}
	return nil
}

// checkAudience refuses what would not arrive in the trust policy as it is.
func checkAudience(aud string) error {
	switch n := utf8.RuneCountInString(aud); {
	case aud == "":
		return errors.New("is empty")
	case !utf8.ValidString(aud):
		return errors.New("is not UTF-8")
	case n > longestAudience:
		return fmt.Errorf("has %d characters, and IAM takes %d", n, longestAudience)
	case strings.TrimSpace(aud) != aud:
		return errors.New("begins or ends with a space")
	case strings.Contains(aud, "${"):
		return errors.New("has ${, with which IAM begins a variable in a policy")
	case strings.Contains(aud, "{{resolve:"):
		return errors.New("has {{resolve:, which CloudFormation would put another value for")
	}
	for _, r := range aud {
		if r < ' ' || r > '~' && r <= 0xA0 || r == 0xAD || r > 0xFF {
			return fmt.Errorf("has the character %U, which no trust policy can have: from %U to %U are allowed, without what does not print", r, ' ', 0xFF)
		}
	}
	return nil
}

func (in *Input) checkThumbprint() error {
	if in.Thumbprint != "" && !thumbprintForm().MatchString(in.Thumbprint) {
		return fmt.Errorf("THUMBPRINT %s is not the SHA-1 fingerprint of a certificate, 40 hexadecimal digits", shown(in.Thumbprint))
	}
	return nil
}

func (in *Input) checkApplication() error {
	if in.ApplicationARN != "" && !applicationForm().MatchString(in.ApplicationARN) {
		return fmt.Errorf("--application-arn %q is not arn:aws:sso::ACCOUNT:application/ssoins-ID/apl-ID", in.ApplicationARN)
	}
	return nil
}

func (in *Input) checkServices() error {
	for _, s := range in.Services {
		if !slices.Contains(Services(), s) {
			return fmt.Errorf("--service %q is none of %s", string(s), joined(Services()))
		}
	}
	return nil
}

func joined(services []Service) string {
	var names []string
	for _, s := range services {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func (in *Input) checkRoles() error {
	for flag, name := range map[string]string{"--oidc-role-name": in.OIDCRoleName, "--id-enhanced-role-name": in.EnhancedRoleName} {
		if name != "" && !roleNameForm().MatchString(name) {
			return fmt.Errorf("%s %q is not 1 to 64 letters, digits and _+=,.@-", flag, name)
		}
	}
	if in.OIDCRoleName != "" && strings.EqualFold(in.OIDCRoleName, in.EnhancedRoleName) {
		return fmt.Errorf("the two roles cannot both have the name %s", in.OIDCRoleName)
	}
	if d := in.SessionDuration; d != 0 && (d < shortestSession || d > longestSession) {
		return fmt.Errorf("--session-duration %d is not %d to %d seconds", d, shortestSession, longestSession)
	}
	return nil
}

func (in *Input) checkPlaces() error {
	if in.Region != "" && !regionForm().MatchString(in.Region) {
		return fmt.Errorf("--region %q is not a region such as eu-west-1", in.Region)
	}
	for _, account := range in.GrantsAccounts {
		if !accountForm().MatchString(account) {
			return fmt.Errorf("--access-grants-account %q is not 12 digits", account)
		}
	}
	return nil
}

func (in *Input) checkProvider() error {
	if in.ProviderARN == "" {
		return nil
	}
	parts := providerForm().FindStringSubmatch(in.ProviderARN)
	if parts == nil {
		return fmt.Errorf("--existing-provider %q is not arn:aws:iam::ACCOUNT:oidc-provider/%s", in.ProviderARN, in.hostPath())
	}
	if of := parts[len(parts)-1]; of != in.hostPath() {
		return fmt.Errorf("--existing-provider %s is the provider of %q, not of %q", in.ProviderARN, scheme+of, in.URL)
	}
	return nil
}

// checkPartitions wants what is named to be in one partition: roles, application and
// regions of two know nothing of each other.
func (in *Input) checkPartitions() error {
	first, of := "", ""
	for _, named := range [][2]string{
		{"--existing-provider", partitionOfARN(in.ProviderARN)}, {"--application-arn", partitionOfARN(in.ApplicationARN)}, {"--region", partitionOfRegion(in.Region)},
	} {
		switch flag, partition := named[0], named[1]; {
		case partition == "":
		case first == "":
			first, of = partition, flag
		case partition != first:
			return fmt.Errorf("%s is in the partition %s, and %s in %s: the exchange cannot cross partitions", of, first, flag, partition)
		}
	}
	return nil
}

func partitionOfARN(arn string) string {
	if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 {
		return parts[1]
	}
	return ""
}

// partitionOfRegion knows the partitions that have public documents; "" is any other.
func partitionOfRegion(region string) string {
	for _, p := range [][2]string{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"eusc-", "aws-eusc"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
	} {
		if strings.HasPrefix(region, p[0]) {
			return p[1]
		}
	}
	if region == "" || strings.Contains(region, "iso") {
		return ""
	}
	return "aws"
}

func (in *Input) checkTags() error {
	if n := len(in.Tags); n > mostTags {
		return fmt.Errorf("there are %d tags, and IAM takes %d", n, mostTags)
	}
	seen := map[string]bool{}
	for _, tag := range in.Tags {
		folded := strings.ToLower(tag.Key)
		switch {
		case tag.Key == "" || utf8.RuneCountInString(tag.Key) > 128 || !tagForm().MatchString(tag.Key):
			return fmt.Errorf("the key of the tag %s is not 1 to 128 letters, digits, spaces and _.:/+@-", shown(tag.Key))
		case tag.Value == "" || utf8.RuneCountInString(tag.Value) > 256 || !tagForm().MatchString(tag.Value):
			return fmt.Errorf("the value of the tag %s, %s, is not 1 to 256 letters, digits, spaces and _.:/=+@-", tag.Key, shown(tag.Value))
		case strings.HasPrefix(folded, "aws:"):
			return fmt.Errorf("the tag %s begins with aws:, which AWS keeps for itself", tag.Key)
		case seen[folded]:
			return fmt.Errorf("the tag %s is there twice", tag.Key)
		}
		seen[folded] = true
	}
	return nil
}
