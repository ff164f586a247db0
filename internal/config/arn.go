package config

import (
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// The forms that the AWS APIs take: the sso-admin model's ApplicationArn, and IAM
// role names and paths (IAM user guide, "IAM and AWS STS quotas").
var (
	partitionForm   = lazyregexp.New(`^aws(-[a-z]{1,5}){0,3}$`)
	accountForm     = lazyregexp.New(`^[0-9]{12}$`)
	applicationForm = lazyregexp.New(`^application/(sso)?ins-[a-zA-Z0-9.-]{16}/apl-[a-zA-Z0-9]{16}$`)
	roleForm        = lazyregexp.New(`^role/([!-~]+/)?[a-zA-Z0-9_+=,.@-]{1,64}$`)
	sessionForm     = lazyregexp.New(`^assumed-role/([^/]+)/`)
)

const (
	applicationExample = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	roleExample        = "arn:aws:iam::444455556666:role/IdEnhancedRole"
)

type arn struct{ partition, service, region, account, resource string }

func parseARN(text string) (arn, bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !partitionForm().MatchString(parts[1]) {
		return arn{}, false
	}
	return arn{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}

// PartitionOf returns the partition of an ARN (aws, aws-cn, aws-us-gov, ...), or ""
// if text is no ARN.
func PartitionOf(text string) string {
	a, _ := parseARN(text)
	return a.partition
}

// AccountOf returns the account of an ARN, 12 digits, or "" if it has none.
func AccountOf(text string) string {
	a, _ := parseARN(text)
	return a.account
}

// Partition returns the partition that the configuration's ARNs are in, or "".
func (c Config) Partition() string {
	for _, text := range []string{c.TokenExchangeApplicationARN, c.OIDCRoleARN, c.IDEnhancedRoleARN} {
		if partition := PartitionOf(text); partition != "" {
			return partition
		}
	}
	return ""
}

func (c Config) arnProblems() []Problem {
	var problems []Problem
	add := func(p ...Problem) { problems = append(problems, p...) }
	add(applicationProblem("token_exchange_application_arn", c.TokenExchangeApplicationARN)...)
	add(roleProblem("oidc_role_arn", c.OIDCRoleARN)...)
	add(roleProblem("id_enhanced_role_arn", c.IDEnhancedRoleARN)...)
	if len(problems) > 0 {
		return problems
	}
	if c.OIDCRoleARN == c.IDEnhancedRoleARN {
		add(Problem{
			Key:     "id_enhanced_role_arn",
			Message: "must be another role than oidc_role_arn: the one assumes the other, and a role that assumes itself needs a trust policy that AWS advises against",
			Hint:    "create a second role, then " + configureHint,
		})
	}
	for _, role := range []struct{ key, value string }{{"oidc_role_arn", c.OIDCRoleARN}, {"id_enhanced_role_arn", c.IDEnhancedRoleARN}} {
		if got, want := PartitionOf(role.value), PartitionOf(c.TokenExchangeApplicationARN); got != want {
			add(Problem{
				Key:     role.key,
				Message: "is in partition " + got + ", but the application is in " + want + "; the exchange cannot cross partitions",
				Hint:    configureHint,
			})
		}
	}
	return problems
}

func applicationProblem(key, value string) []Problem {
	if value == "" {
		return []Problem{missing(key)}
	}
	a, ok := parseARN(value)
	if ok && a.service == "sso" && a.region == "" && accountForm().MatchString(a.account) && applicationForm().MatchString(a.resource) {
		return nil
	}
	message := "must be the ARN of a customer managed application, like " + applicationExample
	switch {
	case placeholder(value):
		message = "still holds a placeholder; it " + message
	case ok && a.service == "iam":
		message = "is an IAM ARN; it " + message
	case ok && strings.HasPrefix(a.resource, "instance/"):
		message = "is the ARN of the Identity Center instance; it " + message
	}
	return []Problem{{Key: key, Message: message, Hint: configureHint}}
}

func roleProblem(key, value string) []Problem {
	if value == "" {
		return []Problem{missing(key)}
	}
	a, ok := parseARN(value)
	if ok && a.service == "iam" && a.region == "" && accountForm().MatchString(a.account) && roleForm().MatchString(a.resource) && len(a.resource) <= 512+64 {
		return nil
	}
	message := "must be the ARN of an IAM role, like " + roleExample
	hint := configureHint
	switch {
	case placeholder(value):
		message = "still holds a placeholder; it " + message
	case ok && a.service == "sts":
		message = "is the ARN of a session, not of a role; it " + message
		if name := sessionForm().FindStringSubmatch(a.resource); name != nil {
			hint = "perhaps arn:" + a.partition + ":iam::" + a.account + ":role/" + name[1]
		}
	case ok && a.service == "sso":
		message = "is an Identity Center ARN; it " + message
	}
	return []Problem{{Key: key, Message: message, Hint: hint}}
}

func missing(key string) Problem {
	return Problem{Key: key, Message: "is missing", Hint: configureHint}
}

// placeholder notices <...> and {...}, which documentation has and values have not.
func placeholder(value string) bool { return strings.ContainsAny(value, "<>{}") }
