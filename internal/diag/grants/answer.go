package grants

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// askAWS has credentials given out for the path, where that is asked for and possible.
func (s *section) askAWS(ctx context.Context) {
	if s.target == "" || !s.Asked.Live || s.person == nil {
		return
	}
	s.given, s.askErr = s.ask(ctx)
}

// checkAnswer compares what AWS has decided about the path with what was read.
func (s *section) checkAnswer() {
	switch {
	case s.target == "":
		s.log.Skip(checkAnswer, "needs a path: --target")
	case !s.Asked.Live:
		s.log.Skip(checkAnswer, "not asked for: --live has AWS decide")
	case s.person == nil:
		s.log.Skip(checkAnswer, "there is no session of the person: see the live exchange")
	case s.askErr != nil:
		s.refused(s.askErr)
	default:
		s.judge(s.given)
	}
}

// judge compares what AWS gives with what the grants promise.
func (s *section) judge(given *s3agcreds.Grant) {
	seen := "GetDataAccess gives " + string(s.permission) + " on " + given.MatchedGrantTarget + " until " + given.ExpiresAt.UTC().Format(time.RFC3339)
	if given.Grantee.Identifier != "" {
		seen += ", by a grant to " + given.Grantee.Identifier
	}
	switch {
	case s.serves == nil && s.unsure:
		s.log.OK(checkAnswer, seen)
	case s.serves == nil:
		s.log.Found("grants.unexpected", s.target, seen+", and no grant that was read says so", s.grantAs(s.target, s.permission))
	case given.MatchedGrantTarget != s.serves.scope:
		s.log.Found("grants.unexpected", s.target, seen+", and the nearest grant that was read is "+s.serves.String(), s.lookAgain())
	default:
		s.log.OK(checkAnswer, seen)
	}
}

func (s *section) ask(ctx context.Context) (*s3agcreds.Grant, error) {
	provider, err := s3agcreds.NewProvider(s.person, s.account, s.target, s.permission)
	if err != nil {
		return nil, err
	}
	return provider.Grant(ctx)
}

// refused says what a refusal of GetDataAccess means.
func (s *section) refused(err error) {
	e, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	if !ok || e.Kind == s3agcreds.KindUnavailable || e.Code == "" {
		s.log.Unread(checkAnswer, refusal.Of("s3:GetDataAccess", err).Seen, nil, s.lookAgain())
		return
	}
	seen := "GetDataAccess: " + e.Code + ": " + e.Message
	if e.RequestID != "" {
		seen += " (request id " + e.RequestID + ")"
	}
	if cause := s.cause(); cause != "" {
		s.log.Skip(checkAnswer, seen+"; see "+cause)
		return
	}
	culprit, fix := s.instance, finding.Fix{Who: finding.DataAdmin, Does: e.Hint(), Console: "Amazon S3 > Access Grants"}
	switch e.Kind {
	case s3agcreds.KindNotAuthorized:
		culprit, fix.Who, fix.Console = s.ourRole(), finding.AppAdmin, "IAM > Roles > the identity-enhanced role > Permissions"
	case s3agcreds.KindLocationRole:
		if s.covering != nil {
			culprit = s.covering.role
		}
		fix.Console = "IAM > Roles > the role of the location > Trust relationships"
	case s3agcreds.KindNoGrant, s3agcreds.KindNoInstance, s3agcreds.KindUnavailable, s3agcreds.KindOther:
	}
	if fix.Does == "" {
		fix.Does = "look up what AWS says"
	}
	s.log.Found("grants.refused", culprit, seen, fix)
}

// cause is a finding that explains a refusal, "" if there is none: of this section, or of
// those before it that the service depends on.
func (s *section) cause() string {
	for _, r := range s.log.Results() {
		if r.Status == finding.Fail {
			return r.ID
		}
	}
	for _, id := range s.Failed {
		for _, section := range []finding.Section{finding.IAM, finding.Center} {
			if len(id) > len(section) && id[:len(section)+1] == string(section)+"." {
				return id
			}
		}
	}
	return ""
}

func (s *section) lookAgain() finding.Fix {
	return finding.Fix{Who: finding.You, Does: "look again: a grant may have been made or taken back meanwhile", Command: s.TipCLI("diag", "--live", "--target", s.target, "--permission", string(s.permission))}
}
