package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

func newClientSecret(a *app) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "client-secret", Short: "Store the secret of a confidential client, sealed",
		Long: `Reads the client secret from the terminal, without echo, or from standard input,
and stores it sealed. It is sent to the identity provider as the key
client_authentication says. client_secret_command in the configuration names a
program that prints the secret instead.`,
		Example: `  tip-cli configure client-secret
  print-my-secret | tip-cli configure client-secret`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.store()
			if err != nil {
				return err
			}
			if remove {
				return a.dropSecret(cmd, st)
			}
			if err := a.someContext(); err != nil {
				return err
			}
			value, err := a.readSecret(cmd.Context(), "Client secret: ")
			if source, ok := errors.AsType[*tokensource.Error](err); ok && source.Kind == tokensource.KindContent {
				return &usageError{err: err, hint: source.Hint}
			}
			if err != nil {
				return err
			}
			if err := checkSecret(value); err != nil {
				return usage(cmd, err)
			}
			defer a.progress.begin(waitingForOthers)()
			if err := session.StoreClientSecret(cmd.Context(), st, value); err != nil {
				return err
			}
			a.say("Stored the client secret, sealed.")
			return a.useSecret(cmd)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the stored secret")
	return cmd
}

// longestSecret bounds a client secret, in bytes: what is longer is another file.
const longestSecret = 4096

// checkSecret refuses what cannot be a client secret.
func checkSecret(value secret.Value) error {
	switch text := value.Reveal(); {
	case strings.TrimSpace(text) == "":
		return errors.New("the client secret is empty")
	case strings.ContainsAny(text, "\r\n"):
		return errors.New("the client secret has more than one line")
	case len(text) > longestSecret:
		return fmt.Errorf("the client secret has more than %d bytes", longestSecret)
	}
	return nil
}

// someContext refuses a context that is not configured: its name may be mistyped, and
// the secret would be nobody's. The first one may get its secret before its
// configuration.
func (a *app) someContext() error {
	home, name, err := a.inUse()
	if err != nil || name == store.DefaultContext {
		return err
	}
	return a.knownContext(home, name)
}

// dropSecret removes the secret, and has the client be a public one again.
func (a *app) dropSecret(cmd *cobra.Command, st *store.Store) error {
	if _, err := os.Stat(st.Dir()); errors.Is(err, fs.ErrNotExist) {
		a.say("There is no client secret.")
		return nil
	}
	said := "Removed the client secret."
	if _, err := os.Lstat(st.Path(store.ClientSecretFile)); errors.Is(err, fs.ErrNotExist) {
		said = "There is no client secret."
	}
	defer a.progress.begin(waitingForOthers)()
	if err := session.StoreClientSecret(cmd.Context(), st, secret.Value{}); err != nil {
		return err
	}
	a.say("%s", said)
	held, err := a.loadConfig()
	if err != nil || held.ClientAuthentication == "" || len(held.ClientSecretCommand) > 0 {
		return nil // a configuration that is not there sends no secret
	}
	next := held
	next.ClientAuthentication = ""
	return a.saveConfig(cmd, held, next, false)
}

// useSecret has a client that was public until now send its secret.
func (a *app) useSecret(cmd *cobra.Command) error {
	held, err := a.loadConfig()
	if errors.Is(err, store.ErrNotFound) || err == nil && held.ClientAuth() != config.ClientAuthNone {
		return nil
	}
	if err != nil {
		return err
	}
	next := held
	next.ClientAuthentication = config.ClientAuthBasic
	a.say("It is sent as client_secret_basic from now on; client_secret_post is the other value of client_authentication.")
	return a.saveConfig(cmd, held, next, false)
}

// needsSecret reports whether a sign-in takes the stored client secret.
func needsSecret(l config.Login) bool {
	return l.ClientAuthentication != "" && l.ClientAuthentication != config.ClientAuthNone && len(l.ClientSecretCommand) == 0
}
