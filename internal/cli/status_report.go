package cli

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/ownprocess"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// stateReport is the JSON of status. What is not known is null.
type stateReport struct {
	Context   known `json:"context"`
	Current   bool  `json:"current"`
	Directory known `json:"state_directory"`
	// Ready says that credentials can be had without a person; Reason why not.
	Ready      bool     `json:"ready"`
	Reason     string   `json:"reason,omitempty"`
	Configured bool     `json:"configured"`
	Problems   []string `json:"problems"`
	// Provider of the identity, TokenSource where tokens come from in place of a sign-in.
	Provider    known          `json:"provider"`
	TokenSource known          `json:"token_source"`
	SignedInAs  *identityToken `json:"signed_in_as"`
	IDToken     stateToken     `json:"id_token"`
	Refresh     bool           `json:"refresh_token"`
	Application bool           `json:"identity_center_refresh_token"`
	Role        *stateRole     `json:"role_session"`
	RoleUnread  string         `json:"role_session_unread,omitempty"`
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
	AccountID known     `json:"account_id"`
	UserID    known     `json:"user_id"`
	ExpiresAt time.Time `json:"expires_at"`
	Seconds   int64     `json:"seconds"`
}

// stateS3 counts what has not expired. It is in the JSON of status and of whoami.
type stateS3 struct {
	Count  int        `json:"count"`
	Next   *time.Time `json:"next_expires_at"`
	Unread string     `json:"unread,omitempty"`
}

func s3Of(held *session.Status) stateS3 {
	return stateS3{len(held.S3), end(earliest(held.S3)), unread(held.S3Unread)}
}

// unread is why something cannot be read, "" if it can, or is not there.
func unread(err error) string {
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return ""
	}
	return oneLine(err.Error())
}

type stateFailed struct {
	FailedAt time.Time `json:"failed_at"`
	Reason   string    `json:"reason"`
	RetryAt  time.Time `json:"retry_at"`
}

// stateKey says where the key is that seals the tokens: keyring, file or none.
type stateKey struct {
	Place  string `json:"place"`
	Path   known  `json:"path"`
	Reason known  `json:"reason"`
}

// newReport begins a report on a context; unusable is why it cannot be used, or nil.
func newReport(context, dir string, unusable error) *stateReport {
	r := &stateReport{Context: known(context), Current: true, Directory: known(dir), AWSProfiles: []string{}, Problems: []string{}, Key: stateKey{Place: "none"}, now: time.Now()}
	r.judge(unusable)
	return r
}

func (r *stateReport) fromConfig(c config.Config) {
	r.Provider = known(c.IdP)
	if preset, ok := config.PresetFor(c.IdP); ok {
		r.Provider = known(preset.Name)
	}
	switch source := c.TokenSource(); {
	case len(source.Command) > 0:
		r.TokenSource = known("token_command: " + filepath.Base(source.Command[0]))
	case source.File != "":
		r.TokenSource = known("token_file: " + source.File)
	}
}

// judge takes what is wrong with the configuration.
func (r *stateReport) judge(err error) {
	r.Configured, r.Ready = r.Context != "" && !errors.Is(err, store.ErrNotFound), err == nil
	if err == nil {
		return
	}
	r.needed, r.Reason = err, "the configuration cannot be used"
	switch {
	case r.Context == "":
		r.Reason = "which context is in use is not known"
	case !r.Configured:
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
	r.IDToken.Unread = unread(t.Unread)
	if claims := t.Claims; claims != nil {
		r.SignedInAs = personOf(claims)
		r.IDToken.ExpiresAt = end(claims.Expiry)
	}
	r.Refresh, r.Application = t.Refreshable, held.ApplicationToken
	if role := held.Role; role != nil {
		r.Role = &stateRole{known(role.AccountID), known(role.UserID), role.Expiration.UTC(), secondsLeft(role.Expiration, r.now)}
	}
	r.RoleUnread, r.S3 = unread(held.RoleUnread), s3Of(held)
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
		r.Key = stateKey{"file", known(at.Path), known(oneLine(at.Reason))}
	}
}

// profilesBy are the AWS profiles that get credentials of the state in home, by the
// context. Those that name none follow the one that is chosen without a flag.
func (a *app) profilesBy(home string) map[string][]string {
	found := map[string][]string{}
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return found
	}
	chosen := a.Getenv(store.ContextVariable)
	if chosen == "" {
		chosen, _ = store.CurrentContext(home) // "", and thus nobody's, if that is not known
	}
	profiles, _ := awsprofile.All(path) // what cannot be read has none
	for _, p := range profiles {
		process, ours := ownprocess.Parse(awsprofile.Words(runtime.GOOS, p.Settings["credential_process"]))
		if !ours || !process.GetsCredentials() || process.State != "" && filepath.Clean(process.State) != home {
			continue
		}
		context := orElse(process.Context, chosen)
		found[context] = append(found[context], p.Name)
	}
	return found
}
