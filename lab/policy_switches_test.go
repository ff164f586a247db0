package lab_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// policyReadings are the switches about the evaluation of policies and about STS.
func policyReadings() map[string]reading {
	denies := func(w *lab.World) {
		a := &w.Accounts[1]
		a.Policies = append(a.Policies, world.ManagedPolicyFile{Name: "no-secrets", Document: policyOf(statement("Deny", "secretsmanager:*", "Resource", "*"))})
		addRole(w, 1, "no-secrets", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(appl))), nil).ManagedPolicies = []string{"arn:aws:iam::444455556666:policy/no-secrets"}
	}
	web := func(role string, edits ...func(*lab.IDToken)) func(*bench) string {
		return func(b *bench) string {
			_, err := b.webIdentity(roleIn(appl, role), b.jwt("analyst", edits...))
			return short(err)
		}
	}
	return map[string]reading{
		"FederatedProvider": {[]func(*lab.World){webIdentityWorld}, func(s *world.Switches) { s.FederatedProvider = "issuer" }, web("provider"), worked, "403 AccessDenied"},
		"SeveralAudiences":  {[]func(*lab.World){webIdentityWorld}, func(s *world.Switches) { s.SeveralAudiences = "all" }, web("aud-client", audiences("https://example.com/api", clientID)), worked, "403 AccessDenied"},
		"DenialNamesPolicy": {[]func(*lab.World){strict, denies}, func(s *world.Switches) { s.DenialNamesPolicy = off() }, func(b *bench) string {
			a := answerOf(errOf(b.secret(b.session(roleIn(appl, "no-secrets")), appUser)))
			_, reason, _ := strings.Cut(a.Message, " with ")
			return reason
		}, "an explicit deny in an identity-based policy: arn:aws:iam::444455556666:policy/no-secrets", "an explicit deny in an identity-based policy"},
		"PackedPolicyLimit": {[]func(*lab.World){assumeWorld}, func(s *world.Switches) { s.PackedPolicyLimit = off() }, func(b *bench) string {
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "tags"), tagged("team", strings.Repeat("v", 256), "cost", strings.Repeat("v", 256)), func(in *sts.AssumeRoleInput) {
				in.Policy = aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::%s"}}`, strings.Repeat("b", 1800)))
			})
			return short(err)
		}, "400 PackedPolicyTooLarge", worked},
		"IssuerThumbprints": {[]func(*lab.World){webIdentityWorld, func(w *lab.World) { w.Accounts[1].OIDCProviders[0].Thumbprints = []string{strings.Repeat("0", 40)} }},
			func(s *world.Switches) { s.IssuerThumbprints = "checked" }, func(b *bench) string {
				_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst"))
				return short(err)
			}, worked, "400 InvalidIdentityToken"},
		"RefuseFutureTokens": {[]func(*lab.World){webIdentityWorld}, func(s *world.Switches) { s.RefuseFutureTokens = on() }, func(b *bench) string {
			_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst", func(o *lab.IDToken) { o.IssuedAt = time.Now().Add(time.Minute) }))
			return short(err)
		}, worked, "400 InvalidIdentityToken"},
	}
}
