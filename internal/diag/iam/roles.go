package iam

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
)

// longestChained is what STS gives at most if one role assumes another.
const longestChained = time.Hour

func (s *section) lookAtApplicationRole(ctx context.Context) {
	s.roles.Application = s.lookAtRole(ctx, checkApp, s.c.Config.OIDCRoleARN, "oidc_role_arn")
}

func (s *section) lookAtEnhancedRole(ctx context.Context) {
	s.roles.Enhanced = s.lookAtRole(ctx, checkEnhanced, s.c.Config.IDEnhancedRoleARN, "id_enhanced_role_arn")
}

// lookAtRole reads a role; it is nil if the exchange cannot use it, or if it could not be read.
func (s *section) lookAtRole(ctx context.Context, check, arn, key string) *chain.Role {
	asked, ok := iamrole.Parse(arn)
	switch {
	case arn == "":
		s.Skip(check, key+" is not configured")
		return nil
	case !ok:
		s.Skip(check, key+" is no ARN of a role: "+arn)
		return nil
	case s.c.Application.Account != "" && asked.AccountID != s.c.Application.Account:
		s.Unread(check, fmt.Sprintf("%s is of account %s, the credentials to read with are of account %s", arn, asked.AccountID, s.c.Application.Account), nil)
		return nil
	}
	role, refused := iamrole.Read(ctx, s.client, arn)
	switch {
	case refused != nil && refused.NotFound:
		s.Found(check+"-missing", arn, refused.Seen, s.reconfigure(key))
		return nil
	case refused != nil:
		s.Unread(check, refused.Seen, refused.Missing())
		return nil
	case role.ARN != arn:
		s.Found(check+"-arn", key+" "+arn, "IAM has "+role.ARN, finding.Fix{
			Who: finding.You, Does: "configure the role's ARN", Command: s.c.TipCLI("configure", "idp", "--config", string(iamrole.Value(map[string]string{key: role.ARN}))),
		})
		return nil
	}
	s.OK(check, arn)
	return role
}

// reconfigure is for a role that is not there: nobody knows whether it was mistyped, or
// never made.
func (s *section) reconfigure(key string) finding.Fix {
	return finding.Fix{
		Who:  finding.AppAdmin,
		Does: "make the roles by the template of tip-cli configure generate-cfn-template, or set " + key + " to the role that there is (tip-cli configure idp)",
	}
}

// lookAtDuration needs no role: IAM admits no MaxSessionDuration under an hour.
func (s *section) lookAtDuration() {
	asked := s.c.Config.SessionLength()
	if asked <= longestChained {
		s.OK(checkDuration, "session_duration "+asked.String())
		return
	}
	s.Found("iam.session-too-long", "session_duration", "a session by role chaining lasts "+longestChained.String()+" at most, session_duration is "+asked.String(), finding.Fix{
		Who: finding.You, Does: "ask for an hour", Command: s.c.TipCLI("configure", "idp", "--config", `{"session_duration":3600}`),
	})
}

// doubt says what is known of a question that stays open.
func doubt(check, known string, a *iamrole.Answer, r *chain.Role, s *section) {
	var missing []string
	if r != nil && a.Doubts == nil {
		missing = r.Missing
	}
	s.Unread(check, strings.TrimPrefix(known+"; "+a.Why, "; "), missing)
}
