package live

import (
	"errors"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// step is one of an exchange that may fail.
type step struct {
	check, operation string
	// place among the checks.
	place int
	// culprit is what is refused.
	culprit func(*chain.Chain) string
	// causes are the sections that know of what is usually wrong.
	causes []finding.Section
	// kinds are the findings by the code of AWS; other is that of any other.
	kinds map[string]string
	other string
}

// steps are those of the exchange.
func steps() map[tipcreds.Step]step {
	return map[tipcreds.Step]step{
		tipcreds.StepAssumeApplicationRole: {
			check: checkApplicationRole, operation: opWebIdentity, place: 1,
			culprit: func(c *chain.Chain) string { return c.Config.OIDCRoleARN },
			causes:  []finding.Section{finding.IAM, finding.Token, finding.IdP},
			kinds: map[string]string{
				"AccessDenied": kindRoleDenied, "InvalidIdentityToken": kindJWTRefused, "ExpiredTokenException": kindJWTRefused, "ExpiredToken": kindJWTRefused,
				"IDPRejectedClaim": kindJWTRefused, "IDPCommunicationError": kindNoKeys,
			}, other: kindWebIdentity,
		},
		tipcreds.StepCreateToken: {
			check: checkToken, operation: opToken, place: 2,
			culprit: func(c *chain.Chain) string { return c.Asked.ApplicationARN },
			causes:  []finding.Section{finding.Regions, finding.Center, finding.Token, finding.IdP, finding.IAM},
			kinds: map[string]string{
				"AccessDeniedException": kindTokenDenied, "InvalidGrantException": kindGrantRefused, "ExpiredTokenException": kindGrantRefused,
				"InvalidClientException": kindNoApplication, "UnauthorizedClientException": kindNoGrantType, "UnsupportedGrantTypeException": kindNoGrantType,
				"InvalidRequestRegionException": kindOtherRegion,
			}, other: kindToken,
		},
		tipcreds.StepAssumeAccessRole: {
			check: checkEnhancedRole, operation: opRole, place: 3,
			culprit: func(c *chain.Chain) string { return c.Config.IDEnhancedRoleARN },
			causes:  []finding.Section{finding.IAM},
			kinds:   map[string]string{"AccessDenied": kindEnhancedDenied}, other: kindEnhanced,
		},
	}
}

// kind is the finding that a failure is.
func (s *step) kind(e *tipcreds.ExchangeError) string {
	switch {
	case strings.Contains(e.Message, "verification key"):
		return kindNoKeys
	case e.Code == "AccessDenied" && strings.Contains(e.Message, "sts:SetContext"):
		return kindContextDenied
	case e.Code == "ValidationError" && strings.Contains(e.Message, "DurationSeconds") && s.check == checkEnhancedRole:
		return kindTooLong
	}
	if kind, ok := s.kinds[e.Code]; ok {
		return kind
	}
	return s.other
}

// failed says where an exchange has stopped, and why.
func failed(c *chain.Chain, log *finding.Log, r *record, err error) {
	e, isStep := errors.AsType[*tipcreds.ExchangeError](err)
	var s step
	if isStep {
		s, isStep = steps()[e.Step]
	}
	if !isStep {
		before(c, log, err)
		skip(log, "needs a JWT to exchange")
		return
	}
	log.OK(checkJWT, "a JWT was sent: "+whose(c))
	if s.place > 1 {
		log.OK(checkApplicationRole, "STS gave "+c.Config.OIDCRoleARN+r.of(opWebIdentity))
	}
	if s.place > 2 {
		log.OK(checkToken, "Identity Center took the JWT"+r.of(opToken))
	}
	switch blamed := e.ClockSkew.Abs() >= notableSkew; {
	case blamed:
		clock(c, log, e.ClockSkew)
	case e.HTTPStatus != 0:
		log.OK(checkClock, "the clock of this machine agrees with AWS's")
	}
	s.report(c, log, e)
	skip(log, "needs "+s.check)
}

// report writes what a failed step came to.
func (s *step) report(c *chain.Chain, log *finding.Log, e *tipcreds.ExchangeError) {
	seen := s.operation + ": " + words(e)
	if e.HTTPStatus == 0 || e.HTTPStatus >= 500 || e.Throttled() || e.InDoubt || e.Code == "" {
		log.Unread(s.check, seen+"; that says nothing of the configuration", nil, again(c, "try again later"))
		return
	}
	if known := s.known(c); len(known) > 0 { // one cause is one finding
		log.Skip(s.check, seen+"; see "+strings.Join(known, ", "))
		return
	}
	kind := s.kind(e)
	if open := s.unknown(c); len(open) > 0 {
		seen += "; not looked at so far: " + strings.Join(open, ", ")
	}
	log.Found(kind, s.culprit(c), seen, s.fix(c, kind, e))
}

// words are what AWS said, with the id of the request.
func words(e *tipcreds.ExchangeError) string {
	text := strings.TrimSuffix(e.Code+": "+e.Message, ": ")
	if e.Code == "" && e.Err != nil {
		text = strings.TrimPrefix(refusal.Of("", e.Err).Seen, ": ") // that of the operation stands before it
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	return text
}

// known are the failures so far that may be the cause, those of the nearest section first.
func (s *step) known(c *chain.Chain) []string { return inSections(c.Failed, s.causes) }

// unknown are the checks that could have told the cause.
func (s *step) unknown(c *chain.Chain) []string { return inSections(c.Unknown, s.causes) }

func inSections(ids []string, sections []finding.Section) []string {
	const most = 6
	var all []string
	for _, section := range sections {
		for _, id := range ids {
			if strings.HasPrefix(id, string(section)+".") && !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all[:min(most, len(all))]
}

// fix is what usually mends a failure.
func (s *step) fix(c *chain.Chain, kind string, e *tipcreds.ExchangeError) finding.Fix {
	usual := e.Hint()
	if usual == "" {
		usual = "look up what AWS says"
	}
	unexplained := kind == kindGrantRefused && len(s.unknown(c)) == 0 && c.Center.Config != nil && c.Application.Config != nil
	switch {
	case unexplained && c.Token != nil && c.Token.Claims != nil && c.Token.ID == "":
		return finding.Fix{
			Who: finding.IdPAdmin, Does: "put a jti into ID tokens, another into each: this one has none, and everything else is as it should be, unless it was used elsewhere",
			Console: "the identity provider's administration: claims of ID tokens",
		}
	case unexplained && c.Asked.JWT.IsZero():
		return again(c, "exchange a fresh JWT: everything else is as it should be, so that this one was probably used elsewhere")
	case kind == kindTooLong:
		return finding.Fix{Who: finding.You, Does: "ask for an hour, which every role gives", Command: c.TipCLI("configure", "idp", "--config", `{"session_duration": null}`)}
	}
	who, flag := finding.AppAdmin, "--app-profile"
	if s.check == checkToken {
		who, flag = finding.CenterAdmin, "--profile"
	}
	return finding.Fix{Who: who, Does: usual + "; with an AWS profile that may read them (" + flag + ") diag looks at these one by one", Console: console(s.check)}
}

func console(check string) string {
	if check == checkToken {
		return "IAM Identity Center > Applications > Customer managed > the application"
	}
	return "IAM > Roles > the role > Trust relationships"
}

// before is a failure before the first step.
func before(c *chain.Chain, log *finding.Log, err error) {
	needed, ok := errors.AsType[*session.SignInRequiredError](err)
	if !ok {
		log.Unread(checkJWT, "there was no exchange: "+innermost(err), nil, again(c, "try again"))
		return
	}
	if known := inSections(c.Failed, []finding.Section{finding.Token, finding.IdP, finding.Local}); len(known) > 0 {
		log.Skip(checkJWT, needed.Reason+"; see "+strings.Join(known, ", "))
		return
	}
	fix := finding.Fix{Who: finding.You, Does: "sign in", Command: c.TipCLI("auth")}
	if needed.Fix != "" {
		fix = finding.Fix{Who: finding.You, Does: needed.Fix, Console: "the program or person that the JWT is from"}
	}
	log.Found(kindNoJWT, culpritOfJWT(c), needed.Reason, fix)
}

func culpritOfJWT(c *chain.Chain) string {
	switch {
	case c.Token != nil:
		return c.Token.From
	case !c.Asked.JWT.IsZero():
		return "-j"
	}
	return "idp_token.json"
}

func innermost(err error) string {
	if refused := refusal.Of("", err); refused.Code != "" || refused.Unsigned {
		return refused.Seen
	}
	return err.Error()
}

// unintroduced is a failed GetCallerIdentity.
func unintroduced(log *finding.Log, err error) {
	refused := refusal.Of("sts:GetCallerIdentity", err)
	if refused.Unreachable {
		log.Unread(checkIdentity, refused.Seen, nil)
		return
	}
	log.Found(kindNotTaken, "the new role session", refused.Seen, finding.Fix{
		Who: finding.You, Does: "wait some seconds and look again: new credentials need a moment to be known everywhere", Console: "nowhere: it passes by itself",
	})
}
