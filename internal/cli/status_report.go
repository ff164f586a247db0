package cli

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// stateReport is the JSON of status. What is not known is null.
type stateReport struct {
	Context   string `json:"context"`
	Current   bool   `json:"current"`
	Directory string `json:"state_directory"`
	// Ready says that credentials can be had without a person; Reason why not.
	Ready      bool     `json:"ready"`
	Reason     string   `json:"reason,omitempty"`
	Configured bool     `json:"configured"`
	Problems   []string `json:"problems"`
	// Provider of the identity, TokenSource where tokens come from in place of a sign-in.
	Provider    string         `json:"provider"`
	TokenSource string         `json:"token_source,omitempty"`
	SignedInAs  *identityToken `json:"signed_in_as"`
	IDToken     stateToken     `json:"id_token"`
	Refresh     bool           `json:"refresh_token"`
	Application bool           `json:"identity_center_refresh_token"`
	Role        *stateRole     `json:"role_session"`
	S3          stateS3        `json:"s3_credentials"`
	Failed      *stateFailed   `json:"failed_sign_in"`
	AWSProfiles []string       `json:"aws_profiles"`
	Key         stateKey       `json:"key"`

	needed error
	now    time.Time
}

type stateToken struct {
	Stored bool `json:"stored"`
	// Unread is why nothing more is known of it.
	Unread     string     `json:"unread,omitempty"`
	Spent      bool       `json:"spent"`
	ObtainedAt *time.Time `json:"obtained_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

type stateRole struct {
	AccountID string    `json:"account_id"`
	UserID    string    `json:"user_id"`
	ExpiresAt time.Time `json:"expires_at"`
	Seconds   int64     `json:"seconds"`
}

type stateS3 struct {
	Count int        `json:"count"`
	Next  *time.Time `json:"next_expires_at"`
}

type stateFailed struct {
	FailedAt time.Time `json:"failed_at"`
	Reason   string    `json:"reason"`
	RetryAt  time.Time `json:"retry_at"`
}

// stateKey says where the key is that seals the tokens: keyring, file or none.
type stateKey struct {
	Place  string `json:"place"`
	Path   string `json:"path,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func (r *stateReport) fromConfig(c config.Config) {
	r.Provider = c.IdP
	if preset, ok := config.PresetFor(c.IdP); ok {
		r.Provider = preset.Name
	}
	switch source := c.TokenSource(); {
	case len(source.Command) > 0:
		r.TokenSource = "token_command: " + filepath.Base(source.Command[0])
	case source.File != "":
		r.TokenSource = "token_file: " + source.File
	}
}

// judge takes what is wrong with the configuration.
func (r *stateReport) judge(err error) {
	r.Configured, r.Ready = !errors.Is(err, store.ErrNotFound), err == nil
	if err == nil {
		return
	}
	r.needed, r.Reason = err, "the configuration cannot be used"
	if !r.Configured {
		r.Reason = "nothing is configured"
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		r.Problems = append(r.Problems, oneLine(line))
	}
}

func (r *stateReport) fromDisk(held *session.Status) {
	t := &held.Token
	r.IDToken = stateToken{Stored: t.Stored, Spent: t.Spent, ObtainedAt: end(t.ObtainedAt)}
	if t.Stored && t.Unread != nil {
		r.IDToken.Unread = oneLine(t.Unread.Error())
	}
	if claims := t.Claims; claims != nil {
		r.SignedInAs = &identityToken{claims.Issuer, claims.Subject, claims.Email, claims.Name}
		r.IDToken.ExpiresAt = end(claims.Expiry)
	}
	r.Refresh, r.Application = t.Refreshable, held.ApplicationToken
	if role := held.Role; role != nil {
		r.Role = &stateRole{role.AccountID, role.UserID, role.Expiration.UTC(), secondsLeft(role.Expiration, r.now)}
	}
	r.S3 = stateS3{len(held.S3), end(earliest(held.S3))}
	if f := held.Failed; f != nil {
		r.Failed = &stateFailed{f.FailedAt.UTC(), oneLine(f.Reason), held.RetryAt.UTC()}
	}
	if held.Needed != nil {
		r.Ready, r.needed, r.Reason = false, held.Needed, oneLine(held.Needed.Error())
	}
}

func (r *stateReport) fromKey(st *store.Store) {
	at, err := st.KeyLocation()
	switch {
	case err != nil:
		r.Key.Place = "none"
	case at.Keyring:
		r.Key.Place = "keyring"
	default:
		r.Key = stateKey{"file", at.Path, oneLine(at.Reason)}
	}
}

// profilesOf are the AWS profiles whose credential_process is tip-cli with a
// context; one that names none follows the context in use.
func (a *app) profilesOf(context string) []string {
	found := []string{}
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return found
	}
	names, _ := awsprofile.Profiles(path) // what cannot be read has none
	for _, name := range names {
		settings, err := awsprofile.Get(path, name)
		if err == nil && a.usesContext(awsprofile.Words(runtime.GOOS, settings["credential_process"]), context) {
			found = append(found, printable(name))
		}
	}
	return found
}

func (a *app) usesContext(words []string, context string) bool {
	if len(words) == 0 || strings.TrimSuffix(strings.ToLower(awsprofile.Base(words[0])), ".exe") != "tip-cli" {
		return false
	}
	if !slices.Contains(words, "get-iam-credentials") && !slices.Contains(words, "get-data-access") {
		return false
	}
	for i, word := range words {
		if value, ok := strings.CutPrefix(word, "--context="); ok {
			return value == context
		}
		if word == "--context" && i+1 < len(words) {
			return words[i+1] == context
		}
	}
	home, err := store.Dir(a.Getenv, os.UserHomeDir)
	if err != nil {
		return false
	}
	current, err := a.chosenContext(home)
	return err == nil && current == context
}
