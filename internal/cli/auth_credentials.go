package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/store"
)

func newGetIAMCredentials(a *app) *cobra.Command {
	var minTTL ttl
	cmd := &cobra.Command{
		Use: "get-iam-credentials", Short: "Print the identity-enhanced role session for credential_process",
		Long: `Prints the credentials of the identity-enhanced IAM role session as one JSON
document, in the form that credential_process of an AWS profile expects. Stored
credentials are printed while they hold; else new ones are exchanged. They have
15 minutes of life left, or less if they cannot be renewed.

With --min-ttl stored credentials are printed only if they have more than that
left, whether they can be renewed or not; else it is an error. New ones may fall
short of it by the time that getting them took, 50 seconds at most. A session
lasts an hour: with --min-ttl 1h every call makes a new one.

TIP_CLI_FASTPATH=off switches the shortcut off that answers from disk before the
rest of the program starts.`,
		Example: `  tip-cli auth get-iam-credentials
  tip-cli auth get-iam-credentials --min-ttl 30m

  [profile my-tti-profile]
  region=eu-west-1
  credential_process=tip-cli auth get-iam-credentials`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.roleCredentialsFor(cmd.Context(), time.Duration(minTTL))
			if err != nil {
				return err
			}
			return printCredentials(a.Stdout, processCredentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
				Expiration: c.Expiration.UTC().Format(time.RFC3339), AccountID: c.AccountID,
			})
		},
	}
	cmd.Flags().Var(&minTTL, "min-ttl", "life that must be left, such as 30m, or in seconds: else renew, or fail")
	return cmd
}

// ttl is the value of --min-ttl: a duration as Go writes it, or a number of seconds.
type ttl time.Duration

// String implements pflag.Value.
func (t *ttl) String() string {
	if *t == 0 {
		return "" // the help shows no default then
	}
	return time.Duration(*t).String()
}

// Type implements pflag.Value.
func (t *ttl) Type() string { return "duration" }

// Set implements pflag.Value.
func (t *ttl) Set(text string) error {
	d, err := time.ParseDuration(text)
	if seconds, notPlain := strconv.ParseUint(text, 10, 31); notPlain == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < 0 {
		return errors.New("give a duration such as 30m or 1h30m, or a number of seconds")
	}
	*t = ttl(d)
	return nil
}

// tooLong says that no credentials last as long as was asked for: whose have the longest
// life, and what to do for a longer one, if something.
func tooLong(asked, longest time.Duration, whose, longer string) error {
	hint := fmt.Sprintf("ask for %d seconds at most", int(longest/time.Second))
	if longer != "" {
		hint += ", or " + longer
	}
	return &usageError{err: fmt.Errorf("--min-ttl %s is more than %s, which is %s", asked, whose, longest), hint: hint}
}

// processCredentials is the document of credential_process.
type processCredentials struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

// printCredentials writes the document in one piece.
func printCredentials(w io.Writer, c processCredentials) error {
	c.Version = 1
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return printed(w.Write(append(text, '\n')))
}

// s3Credentials is the document for an S3 Access Grants entry. AccountId is left
// out: the account of the instance need not be that of the location's role.
func s3Credentials(e store.S3Entry) processCredentials {
	return processCredentials{
		AccessKeyID: e.AccessKeyID, SecretAccessKey: e.SecretAccessKey.Reveal(), SessionToken: e.SessionToken.Reveal(),
		Expiration: e.Expiration.UTC().Format(time.RFC3339),
	}
}
