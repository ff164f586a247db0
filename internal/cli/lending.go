package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store"
)

// lending are the flags of the commands that hand credentials to other programs
// by their environment: whose, and for what.
type lending struct {
	s3, permission, region string
	minTTL                 ttl
}

func (l *lending) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&l.s3, "s3", "", "credentials of S3 Access Grants for this path, such as s3://example-bucket/prefix/, in place of the role session")
	fl.StringVar(&l.permission, "permission", "", "READ, WRITE or READWRITE, with --s3 (default: READ)")
	fl.StringVar(&l.region, "region", "", "region for AWS_REGION and AWS_DEFAULT_REGION (default: the configured one, else that of the environment)")
	fl.Var(&l.minTTL, "min-ttl", "life that the credentials must have left, such as 30m, or in seconds: else renew, or fail")
}

// check refuses flags that cannot be meant, before anything is asked for.
func (l *lending) check(cmd *cobra.Command) error {
	for _, name := range []string{"s3", "region", "permission"} {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return usage(cmd, fmt.Errorf("--%s is empty", name))
		}
	}
	if l.s3 == "" {
		if l.permission != "" {
			return usage(cmd, errors.New("--permission is for --s3"))
		}
		return nil
	}
	if _, err := l.grant().request(l.s3); err != nil {
		return usage(cmd, err)
	}
	return nil
}

// grant is what --s3 asks of S3 Access Grants.
func (l *lending) grant() *grantFlags {
	return &grantFlags{permission: cmp.Or(l.permission, "READ"), privilege: "Default", minTTL: l.minTTL}
}

// words are the flags as they were typed.
func (l *lending) words() []string {
	var words []string
	for _, f := range []struct{ name, value string }{{"--s3", l.s3}, {"--permission", l.permission}, {"--region", l.region}, {"--min-ttl", l.minTTL.String()}} {
		if f.value != "" {
			words = append(words, f.name, f.value)
		}
	}
	return words
}

// lend gets the credentials that are asked for.
func (a *app) lend(ctx context.Context, l *lending) (shellenv.Credentials, error) {
	if l.s3 == "" {
		c, err := a.roleCredentialsFor(ctx, time.Duration(l.minTTL))
		return lentRole(c), err
	}
	r, err := l.grant().request(l.s3)
	if err != nil {
		return shellenv.Credentials{}, err
	}
	e, err := a.dataAccess(ctx, r)
	return lentGrant(e), err
}

// lentRole are the credentials of the role session for other programs.
func lentRole(c store.RoleCredentials) shellenv.Credentials {
	return shellenv.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Expiration: c.Expiration, AccountID: c.AccountID,
	}
}

// lentGrant are credentials of S3 Access Grants for other programs. They name no
// account: that of the instance need not be that of the location's role.
func lentGrant(e store.S3Entry) shellenv.Credentials {
	return shellenv.Credentials{
		AccessKeyID: e.AccessKeyID, SecretAccessKey: e.SecretAccessKey, SessionToken: e.SessionToken, Expiration: e.Expiration,
	}
}

// lentRegion is the region for whoever is handed credentials: that of the command
// line, the configured one, else that of the environment or of its profile, which
// is not handed on; "" if there is none.
func (a *app) lentRegion(cmd *cobra.Command, l *lending) (string, error) {
	c, _ := a.configNow() // whoever gets credentials by it says what is wrong with it
	if l.region == "" {
		return cmp.Or(c.Region, a.Getenv(shellenv.Region), a.Getenv(shellenv.DefaultRegion), a.profileRegion()), nil
	}
	return l.region, a.plausible(c, l.region, cmd.CommandPath()+" --help")
}
