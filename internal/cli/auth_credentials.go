package cli

import (
	"encoding/json"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/store"
)

func newGetIAMCredentials(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "get-iam-credentials", Short: "Print the identity-enhanced role session for credential_process",
		Long: `Prints the credentials of the identity-enhanced IAM role session as one JSON
document, in the form that credential_process of an AWS profile expects. Stored
credentials are printed while they hold; else new ones are exchanged.`,
		Example: `  tip-cli auth get-iam-credentials

  [profile my-tti-profile]
  region=eu-west-1
  credential_process=tip-cli auth get-iam-credentials`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.roleCredentials(cmd.Context())
			if err != nil {
				return err
			}
			return printCredentials(a.Stdout, processCredentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
				Expiration: c.Expiration.UTC().Format(time.RFC3339), AccountID: c.AccountID,
			})
		},
	}
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
	_, err = w.Write(append(text, '\n'))
	return err
}

// s3Credentials is the document for an S3 Access Grants entry. AccountId is left
// out: the account of the instance need not be that of the location's role.
func s3Credentials(e store.S3Entry) processCredentials {
	return processCredentials{
		AccessKeyID: e.AccessKeyID, SecretAccessKey: e.SecretAccessKey.Reveal(), SessionToken: e.SessionToken.Reveal(),
		Expiration: e.Expiration.UTC().Format(time.RFC3339),
	}
}
