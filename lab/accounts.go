package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Account is an AWS account of the world and what it is in the organization.
type Account = world.OrganizationAccount

// administratorSeedBytes is the size of the secret from which the keys of the
// accounts' administrators follow.
const administratorSeedBytes = 32

func administratorSeed() []byte {
	seed := make([]byte, administratorSeedBytes)
	_, _ = rand.Read(seed) // never fails: crypto/rand aborts the program instead
	return seed
}

// Accounts returns the accounts of the world in the order of their ids.
func (l *Lab) Accounts() []Account { return l.current().world.Accounts() }

// Administrator gives credentials of the administrator of an account (12 digits),
// with which the account can be set up: a session of the role tip-lab-administrator
// that may do anything and does not end before the lab does. The role is the lab's
// own: IAM does not list it and refuses it as a principal, and it has no tags, not
// even where the account has a role of its name. Patterns of policies match its ARN.
// Retrieve fails for an account that the world does not have at the moment.
func (l *Lab) Administrator(account string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		s, ok := l.current().world.Administrator(account)
		if !ok {
			return aws.Credentials{}, fmt.Errorf("the lab has no account %q; it has %s", account, accountIDs(l.Accounts()))
		}
		return aws.Credentials{
			AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken,
			Source: "TipLab", AccountID: s.Account,
		}, nil
	})
}

func accountIDs(accounts []Account) string {
	ids := make([]string, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	return strings.Join(ids, ", ")
}

// CredentialsPage is what the page /_lab/credentials answers with: the form that
// the SDKs expect of a credential_process.
type CredentialsPage struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	AccountID       string `json:"AccountId"`
}

// serveCredentials answers with credentials of an account's administrator.
func (f *front) serveCredentials(w http.ResponseWriter, r *http.Request) {
	account := r.URL.Query().Get("account")
	s, ok := f.world.Administrator(account)
	if !ok {
		http.Error(w, fmt.Sprintf("there is no account %q; there are %s", account, accountIDs(f.world.Accounts())), http.StatusNotFound)
		return
	}
	answerJSON(w, CredentialsPage{
		Version: 1, AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken, AccountID: s.Account,
	})
}
