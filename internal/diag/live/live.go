// Package live is the section "live" of a diagnosis: the exchange of one JWT, step by
// step, as the program itself makes it.
//
// Without --live it sends nothing, and hands on a role session that is still good. With
// it, one JWT is spent: the stored one or a fresh one, and what comes of it is stored as
// any command would; or that of -j, and nothing is stored. Neither AWS profile nor
// ambient credentials have a part in it (docs/decisions/0007).
package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// leastLife is what a stored session must have left to be read with.
const leastLife = time.Minute

// notableSkew is from where a clock deserves a word: AWS refuses signatures that are
// five minutes off.
const notableSkew = 4 * time.Minute

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	log := finding.NewLog(finding.Live, Checks())
	switch reason := impossible(c); {
	case !c.Asked.Live:
		c.Session = stored(c)
		skip(log, "not asked for: --live makes the exchange, and spends one JWT")
	case reason != "":
		skip(log, reason)
	default:
		exchange(ctx, c, log)
	}
	return log.Results()
}

// impossible says why an exchange cannot be tried, "" if it can.
func impossible(c *chain.Chain) string {
	own := c.Asked.JWT.IsZero()
	switch {
	case c.HTTPErr != nil:
		return "there is no way to send requests: see the checks of this machine"
	case c.Store == nil || c.ConfigErr != nil && !errors.Is(c.ConfigErr, store.ErrNotFound):
		return "needs a configuration that can be used: see the checks of this machine"
	case c.Config.OIDCRoleARN == "" || c.Config.IDEnhancedRoleARN == "" || c.Asked.ApplicationARN == "":
		return "needs the application and both roles: see the checks of this machine"
	case c.RegionsErr != nil:
		return "needs to know the region: see the checks of this machine"
	case own && c.LoginErr != nil && c.Config.TokenSource().IsZero():
		return "needs a configured identity provider, or a JWT by -j: see the checks of this machine"
	}
	return ""
}

// stored is the person's role session of this configuration, if it is still good, nil
// otherwise. Nothing is changed.
func stored(c *chain.Chain) *chain.Session {
	if !c.Asked.JWT.IsZero() || c.Store == nil || c.ConfigErr != nil || c.HTTPErr != nil || c.RegionsErr != nil || c.Asked.ApplicationARN != c.Config.TokenExchangeApplicationARN {
		return nil
	}
	role, err := c.Store.LoadRole()
	if err != nil || time.Until(role.Expiration) < leastLife {
		return nil
	}
	if current, err := session.CurrentRole(c.Store, c.Config, role.AccessKeyID); err != nil || !current {
		return nil
	}
	return signedBy(c, aws.Credentials{AccessKeyID: role.AccessKeyID, SecretAccessKey: role.SecretAccessKey.Reveal(), SessionToken: role.SessionToken.Reveal()},
		role.AccountID, role.UserID)
}

// signedBy is a session of the person, nil if the environment does not let requests be made.
func signedBy(c *chain.Chain, keys aws.Credentials, account, user string) *chain.Session {
	cfg, err := transport.AWSConfig(c.HTTP, c.Regions.Region)
	if err != nil {
		return nil
	}
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: keys}
	return &chain.Session{Config: cfg, Account: account, UserID: user}
}

// exchange makes the exchange and says how each step went.
func exchange(ctx context.Context, c *chain.Chain, log *finding.Log) {
	if c.Notice != nil {
		c.Notice("the live exchange spends one JWT: " + whose(c))
	}
	r := &record{}
	made, err := session.Try(ctx, session.Options{
		Store: c.Store, Config: c.Config, Regions: c.Regions, HTTPClient: c.HTTP, Trace: nil, Notice: nil,
	}, session.Trial{JWT: c.Asked.JWT, ApplicationARN: c.Asked.ApplicationARN, Clients: r.clients()})
	if err != nil {
		failed(c, log, r, err)
		return
	}
	log.OK(checkJWT, "one JWT was spent: "+whose(c))
	log.OK(checkApplicationRole, "STS gave "+c.Config.OIDCRoleARN+r.of(opWebIdentity))
	log.OK(checkToken, fmt.Sprintf("Identity Center took the JWT for user %s of %s%s", made.UserID, orUnknown(made.IdentityStoreID), r.of(opToken)))
	log.OK(checkEnhancedRole, fmt.Sprintf("STS gave %s until %s%s", made.AssumedRoleARN, made.ExpiresAt.UTC().Format(time.RFC3339), r.of(opRole)))
	clock(c, log, made.ClockSkew)
	c.Session = signedBy(c, made.Credentials, made.Credentials.AccountID, made.UserID)
	introduce(ctx, c, log, made)
}

func orUnknown(text string) string {
	if text == "" {
		return "an identity store that it does not name"
	}
	return text
}

// whose says which JWT is sent.
func whose(c *chain.Chain) string {
	switch {
	case !c.Asked.JWT.IsZero():
		return "that of -j"
	case !c.Config.TokenSource().IsZero():
		return "the stored one or, if that is spent, one of the configured source of tokens"
	}
	return "the stored one or, if that is spent, a fresh one by the refresh token"
}

// introduce asks STS whom the new session speaks for.
func introduce(ctx context.Context, c *chain.Chain, log *finding.Log, made *tipcreds.Session) {
	if c.Session == nil {
		log.Unread(checkIdentity, "the environment keeps requests from being made", nil)
		return
	}
	r := &record{}
	client := sts.NewFromConfig(c.Session.Config, func(o *sts.Options) { o.APIOptions = append(o.APIOptions, r.install) })
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		unintroduced(log, err)
		return
	}
	if arn := aws.ToString(out.Arn); made.AssumedRoleARN != "" && arn != made.AssumedRoleARN {
		log.Found(kindOtherIdentity, arn, "STS says that the session is "+arn+", and gave "+made.AssumedRoleARN, again(c, "look again"))
		return
	}
	log.OK(checkIdentity, "the session is "+aws.ToString(out.Arn)+r.of(opIdentity))
}

// clock compares the clocks by what the answers told.
func clock(c *chain.Chain, log *finding.Log, ahead time.Duration) {
	known := func(id string) bool { return strings.HasPrefix(id, string(finding.Local)+".clock") }
	before := slices.Concat(c.Failed, c.Warned)
	if i := slices.IndexFunc(before, known); i >= 0 {
		log.Skip(checkClock, clockText(ahead)+": see "+before[i])
		return
	}
	if ahead.Abs() < notableSkew {
		log.OK(checkClock, "the clock of this machine agrees with AWS's")
		return
	}
	log.Found(kindClock, "clock of this machine", clockText(ahead), finding.Fix{
		Who: finding.You, Does: "set the clock of this machine by the network", Console: "the operating system's settings > date and time > set automatically",
	})
}

func clockText(ahead time.Duration) string {
	direction := "behind"
	if ahead < 0 {
		direction = "ahead of"
	}
	return "the clock of this machine is " + ahead.Abs().Round(time.Second).String() + " " + direction + " AWS's"
}

// skip leaves out every check that has no result yet.
func skip(log *finding.Log, reason string) {
	for _, check := range Checks() {
		if !log.Has(check.ID) {
			log.Skip(check.ID, reason)
		}
	}
}

func again(c *chain.Chain, does string) finding.Fix {
	return finding.Fix{Who: finding.You, Does: does, Command: c.TipCLI("diag", "--live")}
}
