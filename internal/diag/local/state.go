package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/store"
)

// keyringPatience bounds how long the keyring is waited for: it may ask a person.
const keyringPatience = 3 * time.Second

// directory looks at the state directory and those above it that are tip-cli's.
func (s *section) directory() {
	const check = "local.directory"
	if s.Store == nil {
		s.log.Skip(check, noState)
		return
	}
	before := len(s.log.Results())
	for _, f := range s.flaws() {
		switch {
		case f.Kind == store.FlawUnusable:
			s.log.Found("local.directory-unusable", f.Path, cause(f.Err), s.elsewhere(f))
		case f.Kind == store.FlawOpen && f.Want&0o100 != 0:
			s.log.Found("local.directory-open", f.Path, fmt.Sprintf("its mode is %04o, and should be %04o", f.Mode, f.Want), tighten(f))
		}
	}
	if len(s.log.Results()) > before {
		return
	}
	if _, err := os.Stat(s.Store.Dir()); errors.Is(err, fs.ErrNotExist) {
		s.log.OK(check, s.Store.Dir()+" is made by the first command that stores something")
		return
	}
	s.log.OK(check, s.Store.Dir()+" is yours alone")
}

func (s *section) flaws() []store.Flaw {
	st, err := s.looking()
	if err != nil {
		return nil // s.Store would not be there either
	}
	return st.Inspect()
}

// elsewhere is what to do where the state cannot be. Where others can write it is enough
// that they cannot.
func (s *section) elsewhere(f store.Flaw) finding.Fix {
	if info, err := os.Stat(f.Path); err == nil && info.IsDir() && info.Mode()&fs.ModeSticky == 0 && info.Mode().Perm()&0o022 != 0 && !strings.Contains(cause(f.Err), "another user") {
		return finding.Fix{Who: finding.You, Does: "keep other users from writing there", Command: chain.Quoted("chmod", "go-w", f.Path)}
	}
	return set(store.HomeVariable, "set "+store.HomeVariable+" to a directory of your own, or make this one yours")
}

func tighten(f store.Flaw) finding.Fix {
	fix := finding.Fix{Who: finding.You, Does: "close it to other users", Command: chain.Quoted("chmod", fmt.Sprintf("%04o", f.Want), f.Path)}
	if info, err := os.Lstat(f.Path); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		fix.Repair = repairTighten + " " + f.Path
	}
	return fix
}

// cause is what an error of the store says without the path, which is the culprit.
func cause(err error) string {
	if file, ok := errors.AsType[*store.FileError](err); ok {
		return file.Err.Error()
	}
	return err.Error()
}

// files looks at the files of the context. What is wrong with config.json beyond its
// mode was said with the configuration.
func (s *section) files() {
	const check = "local.files"
	if s.Store == nil {
		s.log.Skip(check, noState)
		return
	}
	before := len(s.log.Results())
	flaws := s.flaws()
	for _, f := range flaws {
		unreadable := func(other store.Flaw) bool { return other.Kind == store.FlawUnreadable && other.Path == f.Path }
		if f.Kind != store.FlawForeign || !slices.ContainsFunc(flaws, unreadable) { // which says more
			s.file(f)
		}
	}
	if len(s.log.Results()) > before {
		return
	}
	seen := "what is there is yours alone and can be read"
	if aside, err := s.Store.DamagedFiles(); err == nil && len(aside) > 0 {
		seen += fmt.Sprintf("; %d damaged ones were set aside (*.damaged): delete them when you are done with them", len(aside))
	}
	s.log.OK(check, seen)
}

func (s *section) file(f store.Flaw) {
	isConfig := filepath.Base(f.Path) == store.ConfigFile
	switch {
	case f.Kind == store.FlawOpen && f.Want&0o100 == 0:
		s.log.Found("local.file-open", f.Path, fmt.Sprintf("its mode is %04o, and should be %04o", f.Mode, f.Want), tighten(f))
	case f.Kind == store.FlawForeign:
		s.log.Found("local.file-foreign", f.Path, "it is not yours", own(f.Path))
	case f.Kind == store.FlawUnreadable && !isConfig:
		s.log.Found("local.file-unreadable", f.Path, cause(f.Err), s.moveAway(f.Path))
	case f.Kind == store.FlawDamaged && !isConfig:
		s.damaged(f)
	}
}

// own is the fix for a file or directory of somebody else, such as one that sudo has left.
func own(path string) finding.Fix {
	words := []string{"chown", strconv.Itoa(os.Geteuid()), path}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		words = slices.Insert(words, 1, "-R")
	}
	return finding.Fix{Who: finding.You, Does: "make it your own, as administrator", Console: "run as administrator: " + chain.Quoted(words...)}
}

// letIn are the fixes for a path of the state that may not be read: what keeps us out is
// itself or the nearest directory above it that the system tells of.
func (s *section) letIn(path string) []finding.Fix {
	info, err := os.Lstat(path)
	for err != nil && s.Home != "" && len(path) > len(s.Home) {
		path = filepath.Dir(path)
		info, err = os.Lstat(path)
	}
	elsewhere := set(store.HomeVariable, "set "+store.HomeVariable+" to a directory of your own")
	if err != nil || s.system == "windows" { // it is outside of what is tip-cli's
		return []finding.Fix{elsewhere}
	}
	needed, mode := fs.FileMode(0o400), "u+r"
	if info.IsDir() {
		needed, mode = 0o700, "u+rwx"
	}
	if info.Mode().Perm()&needed != needed {
		return []finding.Fix{{Who: finding.You, Does: "let yourself read it", Command: chain.Quoted("chmod", mode, path)}}
	}
	return []finding.Fix{own(path), elsewhere}
}

// moveAway is the fix for what stands in the place of a file.
func (s *section) moveAway(path string) finding.Fix {
	info, err := os.Lstat(path)
	switch {
	case err == nil && s.system != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o400 != 0: // its owner may, so that it is not yours
		return own(path)
	case err == nil && info.Mode().IsRegular():
		return finding.Fix{Who: finding.You, Does: "let yourself read it", Command: chain.Quoted("chmod", "0600", path)}
	}
	return finding.Fix{Who: finding.You, Does: "move it away", Command: chain.Quoted("mv", path, free(path))}
}

// damaged tells files that only a sign-in makes anew from others.
func (s *section) damaged(f store.Flaw) {
	name := filepath.Base(f.Path)
	aside := finding.Fix{Who: finding.You, Does: "set it aside: it is made anew when it is needed", Command: chain.Quoted("mv", f.Path, free(f.Path)), Repair: repairAside + " " + name}
	switch name {
	case store.IDPTokenFile, store.ApplicationTokenFile:
		s.log.Found("local.token-damaged", f.Path, cause(f.Err), finding.Fix{Who: finding.You, Does: "sign in, which sets it aside", Command: s.TipCLI("auth")}, aside)
	case store.ClientSecretFile:
		s.log.Found("local.token-damaged", f.Path, cause(f.Err), finding.Fix{Who: finding.You, Does: "store the client secret again", Command: s.TipCLI("configure", "client-secret")}, aside)
	default:
		s.log.Found("local.file-damaged", f.Path, cause(f.Err), aside)
	}
}

// free is a name beside path that nobody has, as the store would choose it.
func free(path string) string {
	for n := 1; ; n++ {
		aside := path + ".damaged"
		if n > 1 {
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		if _, err := os.Lstat(aside); err != nil || n >= 100 {
			return aside
		}
	}
}

// sealing looks whether tokens are sealed, and whether their key can be had.
func (s *section) sealing(ctx context.Context) {
	const sealed, key = "local.tokens-sealed", "local.key"
	if s.Store == nil {
		s.log.Skip(sealed, noState)
		s.log.Skip(key, noState)
		return
	}
	st, err := s.looking()
	if err != nil {
		s.log.Skip(sealed, noState)
		s.log.Skip(key, noState)
		return
	}
	token, tokenErr := st.LoadIDPToken(ctx)
	switch {
	case errors.Is(tokenErr, store.ErrNotFound):
		s.log.Skip(sealed, "there are no tokens")
	case token.Plaintext:
		s.log.Found("local.tokens-plain", s.Store.Path(store.IDPTokenFile), "the ID token and the refresh token are in plain text, as the original leaves them", finding.Fix{
			Who: finding.You, Does: "seal them; the next renewal does it, too", Command: s.TipCLI("diag", "--fix", "--yes"), Repair: repairSeal,
		})
	case errors.Is(tokenErr, store.ErrCorrupt), errors.Is(tokenErr, store.ErrTooLarge), errors.Is(tokenErr, store.ErrNotRegular), errors.Is(tokenErr, fs.ErrPermission):
		s.log.Skip(sealed, "the file of the tokens cannot be used, see local.files")
	default:
		s.log.OK(sealed, "AES-256-GCM")
	}
	s.key(ctx, st, tokenErr)
}

// key looks whether every sealed file opens. The keyring is asked once.
func (s *section) key(ctx context.Context, st *store.Store, tokenErr error) {
	const check = "local.key"
	_, applicationErr := st.LoadApplicationToken(ctx)
	_, secretErr := st.LoadClientSecret(ctx)
	at, locationErr := st.KeyLocation()
	all := []error{tokenErr, applicationErr, secretErr}
	is := func(of error) func(error) bool { return func(err error) bool { return errors.Is(err, of) } }
	switch {
	case slices.ContainsFunc(all, is(store.ErrKeyLost)):
		for _, err := range all {
			if errors.Is(err, store.ErrKeyLost) {
				s.keyLost(err)
			}
		}
	case slices.ContainsFunc(all, is(store.ErrKeyUnavailable)):
		err := all[slices.IndexFunc(all, is(store.ErrKeyUnavailable))]
		s.log.Unread(check, cause(err), nil, s.runs(hintOf(err, s.TipCLI("auth"))))
	case errors.Is(locationErr, store.ErrNotFound):
		s.log.Skip(check, "nothing is sealed")
	case locationErr != nil:
		s.log.Skip(check, "the file of the tokens cannot be used, see local.files")
	default:
		s.log.OK(check, at.String())
	}
}

func (s *section) keyLost(err error) {
	command, does := s.TipCLI("auth"), "sign in: the tokens are sealed with a new key"
	if strings.HasSuffix(s.culpritOf(err), store.ClientSecretFile) {
		command, does = s.TipCLI("configure", "client-secret"), "store the client secret again"
	}
	s.log.Found("local.key-lost", s.culpritOf(err), cause(err), finding.Fix{Who: finding.You, Does: does, Command: command})
}

// pause looks whether a sign-in failed that is being waited after.
func (s *section) pause() {
	const check = "local.pause"
	if s.Store == nil {
		s.log.Skip(check, noState)
		return
	}
	failed, err := s.Store.LoadSignIn()
	left := store.SignInPause - s.now().Sub(failed.FailedAt)
	switch {
	case err != nil:
		s.log.OK(check, "the last sign-in did not fail")
	case s.login:
		s.log.Skip(check, "a sign-in is under way in another process")
	case left <= 0 || left > store.SignInPause:
		s.log.OK(check, "the last one was "+failed.FailedAt.UTC().Format(time.RFC3339)+", and is not waited after")
	case s.policy() == config.SignInNever:
		s.log.OK(check, "the last one was "+failed.FailedAt.UTC().Format(time.RFC3339)+"; sign-ins do not begin by themselves here")
	default:
		s.log.Found("local.sign-in-paused", s.Store.Path(store.SignInFile), fmt.Sprintf("the sign-in at %s did not succeed (%s); none is begun by itself for another %s",
			failed.FailedAt.UTC().Format(time.RFC3339), failed.Reason, left.Round(time.Second)),
			finding.Fix{Who: finding.You, Does: "sign in now, by your own wish", Command: s.TipCLI("auth"), Repair: repairPause})
	}
}
