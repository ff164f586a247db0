package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
)

func (s *story) tellAll(hops []*lab.Exchange) {
	for _, x := range hops {
		s.tell(x)
	}
}

// tell prints a request and its answer, secrets shortened.
func (s *story) tell(x *lab.Exchange) {
	s.printf("   ->   %-10s %s\n", x.Caller.Service, x.Caller.Operation)
	for _, line := range sent(x.Input) {
		s.printf("           %s\n", line)
	}
	if x.Err != nil {
		s.printf("   <-   %-10d %s\n", x.Status, strings.ReplaceAll(x.Err.Error(), "\n", " "))
		return
	}
	s.printf("   <-   %d %s\n", x.Status, http.StatusText(x.Status))
	for _, line := range received(x.Output) {
		s.printf("           %s\n", line)
	}
}

func line(name string, value *string) string {
	return fmt.Sprintf("%-20s %s", name, aws.ToString(value))
}

func secretLine(name string, value *string) string {
	return fmt.Sprintf("%-20s %s", name, shorten(aws.ToString(value)))
}

// shorten shows enough of a secret to recognise it, and no more.
func shorten(s string) string {
	if len(s) < 24 {
		return "..."
	}
	return fmt.Sprintf("%s... (%d characters)", s[:10], len(s))
}

func sent(in any) []string {
	switch in := in.(type) {
	case *sts.AssumeRoleWithWebIdentityInput:
		return []string{line("RoleArn", in.RoleArn), line("RoleSessionName", in.RoleSessionName), secretLine("WebIdentityToken", in.WebIdentityToken)}
	case *ssooidc.CreateTokenWithIAMInput:
		return []string{line("clientId", in.ClientId), line("grantType", in.GrantType), secretLine("assertion", in.Assertion)}
	case *sts.AssumeRoleInput:
		lines := []string{line("RoleArn", in.RoleArn), line("RoleSessionName", in.RoleSessionName)}
		for _, c := range in.ProvidedContexts {
			lines = append(lines, line("ProviderArn", c.ProviderArn), secretLine("ContextAssertion", c.ContextAssertion))
		}
		return lines
	case *s3control.GetDataAccessInput:
		return []string{line("account", in.AccountId), line("target", in.Target), line("permission", aws.String(string(in.Permission)))}
	}
	return nil
}

func received(out any) []string {
	switch out := out.(type) {
	case *sts.AssumeRoleWithWebIdentityOutput:
		return []string{
			line("Subject", out.SubjectFromWebIdentityToken), line("Audience", out.Audience), line("Provider", out.Provider),
			line("AssumedRoleUser", out.AssumedRoleUser.Arn), until(out.Credentials.AccessKeyId, out.Credentials.Expiration),
		}
	case *ssooidc.CreateTokenWithIAMOutput:
		return []string{
			line("scope", aws.String(strings.Join(out.Scope, " "))), secretLine("idToken", out.IdToken),
			secretLine("identityContext", out.AwsAdditionalDetails.IdentityContext),
		}
	case *sts.AssumeRoleOutput:
		return []string{line("AssumedRoleUser", out.AssumedRoleUser.Arn), until(out.Credentials.AccessKeyId, out.Credentials.Expiration)}
	case *sts.GetCallerIdentityOutput:
		return []string{line("Arn", out.Arn), line("UserId", out.UserId), line("Account", out.Account)}
	case *s3control.GetDataAccessOutput:
		return []string{
			line("MatchedGrantTarget", out.MatchedGrantTarget),
			line("Grantee", aws.String(string(out.Grantee.GranteeType)+" "+aws.ToString(out.Grantee.GranteeIdentifier))),
			until(out.Credentials.AccessKeyId, out.Credentials.Expiration),
		}
	}
	return nil
}

func until(key *string, expiration *time.Time) string {
	return fmt.Sprintf("%-20s %s until %s", "Credentials", aws.ToString(key), aws.ToTime(expiration).Local().Format("15:04:05"))
}

// auditTrail prints what the lab recorded and checks that it names the people.
func (s *story) auditTrail() error {
	s.heading("The audit trail names the person")
	events := s.lab.Events()
	s.printf("   %-32s %-26s %-14s %s\n", "EVENT", "ROLE OR ISSUER", "ON BEHALF OF", "OUTCOME")
	for _, e := range events {
		s.printf("   %-32s %-26s %-14s %s\n", e.EventName, principal(&e), onBehalfOf(&e), outcome(&e))
	}
	for _, want := range []struct{ name, user, code string }{
		{"GetDataAccess", analystID, ""},
		{"GetObject", analystID, ""},
		{"PutObject", analystID, "AccessDenied"},
		{"GetDataAccess", engineerID, "AccessDenied"},
		{"GetObject", engineerID, ""},
	} {
		if !recorded(events, want.name, want.user, want.code) {
			return fmt.Errorf("step %d: the audit trail lacks %s on behalf of %s", s.step, want.name, want.user)
		}
	}
	return s.expect(true, "reads and the denied write carry onBehalfOf with the person's user id")
}

func recorded(events []lab.Event, name, user, code string) bool {
	for _, e := range events {
		if e.EventName == name && e.ErrorCode == code && e.UserIdentity.OnBehalfOf != nil && e.UserIdentity.OnBehalfOf.UserID == user {
			return true
		}
	}
	return false
}

func principal(e *lab.Event) string {
	if c := e.UserIdentity.SessionContext; c != nil && c.SessionIssuer != nil {
		return c.SessionIssuer.UserName
	}
	if e.UserIdentity.IdentityProvider != "" {
		_, host, _ := strings.Cut(e.UserIdentity.IdentityProvider, "://")
		host, _, _ = strings.Cut(host, "/")
		return host
	}
	return e.UserIdentity.Type
}

func onBehalfOf(e *lab.Event) string {
	if e.UserIdentity.OnBehalfOf == nil {
		return "-"
	}
	switch e.UserIdentity.OnBehalfOf.UserID {
	case analystID:
		return "analyst"
	case engineerID:
		return "engineer"
	}
	return e.UserIdentity.OnBehalfOf.UserID
}

func outcome(e *lab.Event) string {
	if e.ErrorCode == "" {
		return "ok"
	}
	return e.ErrorCode
}
