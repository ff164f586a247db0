package diagnosis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/center"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iam"
	"github.com/tip-cli/tip-cli/internal/diag/idp"
	"github.com/tip-cli/tip-cli/internal/diag/token"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// setting is the number in a variable.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// What diag says without an exchange is what the exchange then comes to, in worlds that
// were changed at random: no failure is found where it works, and where it does not one is
// found that is about the step it stops at, or what could not be told is said to be unknown.
//
// TIP_DIAG_ROUNDS is how many worlds are tried, TIP_DIAG_SEED the first. Where the rounds
// are given, every tenth broken world is mended by the commands of its findings too, which
// takes the AWS CLI.
func TestDifferential(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds: -short")
	}
	first, rounds := setting("TIP_DIAG_SEED", 1), setting("TIP_DIAG_ROUNDS", 20)
	mending := os.Getenv("TIP_DIAG_ROUNDS") != ""
	counts := map[string]int{}
	for seed := first; seed < first+rounds; seed++ {
		v := newVariant(seed)
		if !v.legal(t.Context()) {
			counts["are none"]++
			continue
		}
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			b := start(t, v.world)
			b.prepare(v)
			jwt := labtest.IDToken(t, b.Lab, labtest.Analyst, v.token)
			results, step := b.judge(jwt), b.exchange(jwt)
			verdict, wrong := compare(step, results)
			if counts[verdict]++; wrong {
				t.Errorf("%s: %s, stopped at %q\n%s", v, verdict, step, wrongs(results))
			} else if mending && verdict == stopsFound && seed%10 == 0 {
				b.mend(v, results)
			}
		})
	}
	if t.Logf("of %d worlds: %v", rounds, counts); rounds >= 10 && 2*counts["are none"] > rounds {
		t.Error("most worlds are none: the changes make what the lab refuses")
	}
}

// mostFixes are run at most: the changes of a world are two, and each may be in the way of
// every step.
const mostFixes = 6

// mend runs the first fix, and looks again, until nothing fails: then the exchange works. A fix
// without a command ends it.
func (b *bench) mend(v *variant, results []finding.Result) {
	b.Helper()
	var ran []string
	for range mostFixes {
		failed := of(results, finding.Fail)
		jwt := labtest.IDToken(b, b.Lab, labtest.Analyst, v.token)
		if len(failed) == 0 {
			if step := b.exchange(jwt); step != "" && len(of(results, finding.Unknown)) == 0 {
				b.Errorf("%s: nothing fails, and the exchange stops at %s after\n%s", v, step, strings.Join(ran, "\n"))
			}
			return
		}
		command := failed[0].Fixes[0].Command
		if command == "" || failed[0].Section == finding.Token {
			return
		}
		needAWSCLI(b.T, command)
		ran = append(ran, command)
		if r := b.run("/bin/sh", "-euc", command); r.code != 0 {
			b.Errorf("%s: %s: %s%s", v, failed[0].ID, command, r.stderr)
			return
		}
		results = b.judge(jwt)
	}
	b.Errorf("%s: still after\n%s\n%s", v, strings.Join(ran, "\n"), wrongs(results))
}

const stopsFound = "stop with a finding"

// compare says how a diagnosis and an exchange that stopped at a step agree; the step is
// "" where it works.
func compare(step tipcreds.Step, results []finding.Result) (verdict string, wrong bool) {
	failed, unknown := of(results, finding.Fail), append(of(results, finding.Unknown), of(results, finding.Warn)...)
	about := func(r finding.Result) bool {
		return slices.ContainsFunc(stepChecks[step], func(prefix string) bool { return strings.HasPrefix(r.Check, prefix) })
	}
	switch {
	case step == "" && len(failed) > 0:
		return "works, and a failure is found", true
	case step == "":
		return "work", false
	case len(failed) == 0 && slices.ContainsFunc(unknown, about):
		return "stop with an unknown", false
	case len(failed) == 0:
		return "stops, and no failure is found", true
	case !slices.ContainsFunc(append(failed, unknown...), about):
		return "stops, and something else is blamed", true
	}
	return stopsFound, false
}

// stepChecks are the checks that are about a step of the exchange.
var stepChecks = map[tipcreds.Step][]string{
	tipcreds.StepAssumeApplicationRole: {"token.", "iam.provider", "iam.client", "iam.application-role", "iam.trust", "iam.session-claims"},
	tipcreds.StepCreateToken:           {"token.", "iam.exchange", "center."},
	tipcreds.StepAssumeAccessRole:      {"iam.enhanced-role", "iam.duration", "iam.assume", "iam.set-context", "iam.session-claims"},
}

// of are the results of a status that are about the exchange.
func of(results []finding.Result, status finding.Status) []finding.Result {
	return slices.DeleteFunc(slices.Clone(results), func(r finding.Result) bool {
		// Services and scopes are for what comes after the exchange.
		return r.Status != status || r.Check == "iam.services" || r.Check == "iam.allow-list" || r.Check == "center.scopes"
	})
}

// wrongs are the results that are not ok, for people.
func wrongs(results []finding.Result) string {
	var b strings.Builder
	for _, r := range results {
		if r.Status != finding.OK && r.Status != finding.Skipped {
			fmt.Fprintf(&b, "  %s %s: %s\n", r.Status, r.ID, r.Seen)
		}
	}
	return b.String()
}

// legal reports whether the lab takes the world, as AWS would.
func (v *variant) legal(ctx context.Context) bool {
	l, err := lab.Start(ctx, lab.Options{Edit: v.world})
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// chain is that of a machine that is configured for the world.
func (b *bench) chain(jwt string) *chain.Chain {
	b.Helper()
	c := &chain.Chain{
		Asked: chain.Asked{JWT: secret.New(jwt), ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}},
		Config: config.Config{
			IdP: config.OIDC, OIDCIssuer: oktaIssuer, OIDCClientID: labtest.ClientID,
			TokenExchangeApplicationARN: labtest.ApplicationARN, OIDCRoleARN: roleARNs + oidcRole, IDEnhancedRoleARN: roleARNs + enhancedRole,
		},
		Getenv: func(string) string { return "" },
	}
	c.Login, c.LoginErr = c.Config.Login()
	c.Regions.Region, c.Regions.IdentityCenterRegion = b.Lab.Region(), b.Lab.Region()
	door := b.Lab.HTTPClient().Transport.(*http.Transport)
	c.HTTP = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy, t.TLSClientConfig = door.Proxy, door.TLSClientConfig.Clone() })
	directory, roles := b.admin(labtest.CenterAccount), b.admin(labtest.ApplicationAccount)
	c.Center = chain.Access{Config: &directory, Profile: "center", Account: labtest.CenterAccount}
	c.Application = chain.Access{Config: &roles, Profile: "app", Account: labtest.ApplicationAccount}
	return c
}

// judge runs the sections that foresee the exchange.
func (b *bench) judge(jwt string) []finding.Result {
	b.Helper()
	c := b.chain(jwt)
	var all []finding.Result
	idp.Run(b.Context(), c)
	for _, run := range []func(context.Context, *chain.Chain) []finding.Result{token.Run, iam.Run, center.Run} {
		for _, r := range run(b.Context(), c) {
			if all = append(all, r); r.Status == finding.Fail {
				c.Failed = append(c.Failed, r.ID)
			}
		}
	}
	return all
}

// exchange exchanges a JWT as tip-cli does. It returns the step that failed.
func (b *bench) exchange(jwt string) tipcreds.Step {
	b.Helper()
	p, err := tipcreds.New(roleARNs+enhancedRole, labtest.ApplicationARN, func(context.Context) (string, error) { return jwt, nil }, func(o *tipcreds.Options) {
		o.ApplicationRoleARN, o.ApplicationSessionName, o.AWSConfig = roleARNs+oidcRole, "tip-cli", labtest.Config(b.Lab, nil)
	})
	if err != nil {
		b.Fatal(err)
	}
	_, err = p.Exchange(b.Context(), jwt)
	if failure, ok := errors.AsType[*tipcreds.ExchangeError](err); ok {
		return failure.Step
	}
	if err != nil {
		b.Fatal(err)
	}
	return ""
}

// variant is a world that was changed at random.
type variant struct {
	seed   int
	names  []string
	worlds []func(*lab.World)
	tokens []func(*lab.IDToken)
	makes  []func(*bench)
	dice   *rand.Rand
}

func (v *variant) String() string {
	return fmt.Sprintf("seed %d: %s", v.seed, strings.Join(v.names, "; "))
}

func (v *variant) world(w *lab.World) {
	for _, change := range v.worlds {
		change(w)
	}
}

func (v *variant) token(o *lab.IDToken) {
	for _, change := range v.tokens {
		change(o)
	}
}

// prepare makes the changes that a running lab takes.
func (b *bench) prepare(v *variant) {
	for _, change := range v.makes {
		change(b)
	}
}
