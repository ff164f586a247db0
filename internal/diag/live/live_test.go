package live_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/live"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

func configured() *chain.Chain {
	return &chain.Chain{
		Asked: chain.Asked{Live: true, ApplicationARN: labtest.ApplicationARN},
		Config: config.Config{
			OIDCRoleARN: "arn:aws:iam::444455556666:role/tip-oidc-role", IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		},
	}
}

// statuses are the ids of results with their statuses, in one line.
func statuses(results []finding.Result) string {
	var all []string
	for _, r := range results {
		all = append(all, string(r.Status)+":"+strings.TrimPrefix(r.ID, "live."))
	}
	return strings.Join(all, " ")
}

// Each step is told by itself: what went before it is fine, what follows is left out.
func TestFailed(t *testing.T) {
	const (
		first  = tipcreds.StepAssumeApplicationRole
		second = tipcreds.StepCreateToken
		third  = tipcreds.StepAssumeAccessRole
	)
	refused := func(step tipcreds.Step, code, message string) *tipcreds.ExchangeError {
		return &tipcreds.ExchangeError{Step: step, Code: code, Message: message, HTTPStatus: 400, RequestID: "r-1"}
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"not a step": {errors.New("no lock"), "unknown:jwt.unread skipped:application-role skipped:identity-center skipped:enhanced-role skipped:clock skipped:caller"},
		"denied":     {refused(first, "AccessDenied", ""), "ok:jwt ok:clock fail:application-role-denied skipped:identity-center skipped:enhanced-role skipped:caller"},
		"no keys":    {refused(first, "InvalidIdentityToken", "Couldn't retrieve verification key"), "ok:jwt ok:clock fail:issuer-unreachable skipped:identity-center skipped:enhanced-role skipped:caller"},
		"invalid":    {refused(second, "InvalidGrantException", ""), "ok:jwt ok:application-role ok:clock fail:exchange-refused skipped:enhanced-role skipped:caller"},
		"no context": {refused(third, "AccessDenied", "not authorized to perform: sts:SetContext"), "ok:jwt ok:application-role ok:identity-center ok:clock fail:set-context-denied skipped:caller"},
		"too long":   {refused(third, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration"), "ok:jwt ok:application-role ok:identity-center ok:clock fail:session-too-long skipped:caller"},
		"no answer":  {&tipcreds.ExchangeError{Step: second, Err: errors.New("gone")}, "ok:jwt ok:application-role unknown:identity-center.unread skipped:enhanced-role skipped:clock skipped:caller"},
		"down":       {&tipcreds.ExchangeError{Step: third, Code: "ServiceUnavailable", HTTPStatus: 503}, "ok:jwt ok:application-role ok:identity-center ok:clock unknown:enhanced-role.unread skipped:caller"},
		"late": {
			&tipcreds.ExchangeError{Step: first, Code: "ExpiredTokenException", HTTPStatus: 400, ClockSkew: 10 * time.Minute},
			"ok:jwt warn:clock-off fail:jwt-refused skipped:identity-center skipped:enhanced-role skipped:caller",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, statuses(live.Failed(configured(), tt.err))); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// What an earlier section has found is named; else what it could not look at.
func TestFailedPointsBack(t *testing.T) {
	denied := &tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException", HTTPStatus: 400}
	c := configured()
	c.Unknown = []string{"center.actor", "local.port"}
	if seen := live.Failed(c, denied)[3].Seen; !strings.Contains(seen, "not looked at so far: center.actor") || strings.Contains(seen, "local.port") {
		t.Errorf("seen %q", seen)
	}
	c.Failed = []string{"local.port-taken", "iam.role-missing", "center.not-assigned"}
	r := live.Failed(c, denied)[3]
	if r.Status != finding.Skipped || !strings.HasSuffix(r.Seen, "AccessDeniedException; see center.not-assigned, iam.role-missing") {
		t.Errorf("%s, seen %q", r.Status, r.Seen)
	}
}

// What did not answer is named once.
func TestNoAnswer(t *testing.T) {
	gone := &tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Err: errors.New("gone")}
	if seen := live.Failed(configured(), gone)[2].Seen; seen != "CreateTokenWithIAM: no answer: gone; that says nothing of the configuration" {
		t.Errorf("seen %q", seen)
	}
}

func TestSessionTooLongFix(t *testing.T) {
	long := &tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "ValidationError", Message: "DurationSeconds", HTTPStatus: 400}
	want := `tip-cli configure idp --config '{"session_duration": null}'`
	if got := live.Failed(configured(), long)[4].Fixes[0].Command; got != want {
		t.Errorf("command %q, want %q", got, want)
	}
}

func TestClock(t *testing.T) {
	for ahead, want := range map[time.Duration]string{0: "ok:clock", time.Minute: "ok:clock", 6 * time.Minute: "warn:clock-off", -time.Hour: "warn:clock-off"} {
		if got := statuses(live.Clock(configured(), ahead)); got != want {
			t.Errorf("%s: %s, want %s", ahead, got, want)
		}
	}
	c := configured()
	c.Failed = []string{"local.clock-off"}
	if got := statuses(live.Clock(c, time.Hour)); got != "skipped:clock" {
		t.Errorf("known already: %s", got)
	}
}

// STS names another session than the one that it gave.
func TestOtherIdentity(t *testing.T) {
	l := labtest.Start(t)
	c := configured()
	c.Session = &chain.Session{Config: labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))}
	made := &tipcreds.Session{AssumedRoleARN: "arn:aws:sts::444455556666:assumed-role/other/tip"}
	if got := statuses(live.Introduce(t.Context(), c, made)); got != "fail:other-identity" {
		t.Errorf("results %s", got)
	}
	made.AssumedRoleARN = ""
	if got := statuses(live.Introduce(t.Context(), c, made)); got != "ok:caller" {
		t.Errorf("results %s", got)
	}
}

// Whatever is missing, every check has its result, and nothing is sent.
func TestIncomplete(t *testing.T) {
	for name, edit := range map[string]func(*chain.Chain){
		"nothing":      func(c *chain.Chain) { *c = chain.Chain{} },
		"not asked":    func(c *chain.Chain) { c.Asked.Live = false },
		"no store":     func(*chain.Chain) {},
		"no HTTP":      func(c *chain.Chain) { c.HTTPErr = errors.New("bad proxy") },
		"JWT, no home": func(c *chain.Chain) { c.Asked.JWT = secret.New("eyJ") },
	} {
		t.Run(name, func(t *testing.T) {
			c := configured()
			edit(c)
			want := "skipped:jwt skipped:application-role skipped:identity-center skipped:enhanced-role skipped:clock skipped:caller"
			if diff := cmp.Diff(want, statuses(live.Run(t.Context(), c))); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}
