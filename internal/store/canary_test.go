package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// calls are all functions and methods that can fail, with secrets wherever they take
// some, and complete files or such as are refused.
func calls(s *store.Store) map[string]func(context.Context) (any, error) {
	hidden := secret.New(canary)
	role := store.RoleCredentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: hidden, SessionToken: hidden, Expiration: time.Now().Add(time.Hour)}
	grant := entry("s3://b/*", func(e *store.S3Entry) { e.SecretAccessKey, e.SessionToken = hidden, hidden })
	nothing := func(err error) (any, error) { return nil, err }
	return map[string]func(context.Context) (any, error){
		"SaveConfig":       func(context.Context) (any, error) { return nothing(s.SaveConfig([]byte(`{"` + canary))) },
		"SaveIDPToken":     func(ctx context.Context) (any, error) { return nothing(s.SaveIDPToken(ctx, token())) },
		"SaveRole":         func(context.Context) (any, error) { return nothing(s.SaveRole(role)) },
		"SaveRole, no key": func(context.Context) (any, error) { r := role; r.AccessKeyID = ""; return nothing(s.SaveRole(r)) },
		"SaveS3":           func(context.Context) (any, error) { return nothing(s.SaveS3([]store.S3Entry{grant})) },
		"UpsertS3":         func(ctx context.Context) (any, error) { return nothing(s.UpsertS3(ctx, grant)) },
		"SaveApplicationToken": func(ctx context.Context) (any, error) {
			return nothing(s.SaveApplicationToken(ctx, applicationToken()))
		},
		"SaveClientSecret": func(ctx context.Context) (any, error) { return nothing(s.SaveClientSecret(ctx, hidden)) },
		"LoadConfig":       func(context.Context) (any, error) { _, err := s.LoadConfig(); return nil, err },
		"LoadIDPToken":     func(ctx context.Context) (any, error) { return s.LoadIDPToken(ctx) },
		"LoadRole":         func(context.Context) (any, error) { return s.LoadRole() },
		"LoadS3":           func(context.Context) (any, error) { return s.LoadS3() },
		"LoadSignIn":       func(context.Context) (any, error) { return s.LoadSignIn() },
		"LoadIssuer":       func(context.Context) (any, error) { return s.LoadIssuer() },
		"SaveIdentity": func(context.Context) (any, error) {
			return nothing(s.SaveIdentity(store.Identity{AccessKeyID: "ASIAEXAMPLE"}))
		},
		"LoadIdentity":         func(context.Context) (any, error) { return s.LoadIdentity() },
		"PeekIDPToken":         func(context.Context) (any, error) { return s.PeekIDPToken() },
		"PeekApplicationToken": func(context.Context) (any, error) { return s.PeekApplicationToken() },
		"LoadApplicationToken": func(ctx context.Context) (any, error) { return s.LoadApplicationToken(ctx) },
		"LoadClientSecret":     func(ctx context.Context) (any, error) { return s.LoadClientSecret(ctx) },
		"KeyLocation":          func(context.Context) (any, error) { return s.KeyLocation() },
		"CurrentContext":       func(context.Context) (any, error) { return store.CurrentContext(s.Dir()) },
		"SetCurrentContext":    func(context.Context) (any, error) { return nothing(store.SetCurrentContext(s.Dir(), "none")) },
		"Contexts":             func(context.Context) (any, error) { return store.Contexts(s.Dir()) },
		"SetAside": func(context.Context) (any, error) {
			return s.SetAside(store.ConfigFile, func([]byte) error { return errors.New(canary) })
		},
		"Lock":                  func(ctx context.Context) (any, error) { return s.Lock(ctx, "flow") },
		"ClearIDPToken":         func(ctx context.Context) (any, error) { return nothing(s.ClearIDPToken(ctx)) },
		"ClearApplicationToken": func(context.Context) (any, error) { return nothing(s.ClearApplicationToken()) },
		"ClearClientSecret":     func(context.Context) (any, error) { return nothing(s.ClearClientSecret()) },
		"ClearRole":             func(context.Context) (any, error) { return nothing(s.ClearRole()) },
		"ClearS3":               func(ctx context.Context) (any, error) { return s.ClearS3(ctx, "") },
		"ClearSignIn":           func(context.Context) (any, error) { return nothing(s.ClearSignIn()) },
		"ClearIssuer":           func(context.Context) (any, error) { return nothing(s.ClearIssuer()) },
		"ClearIdentity":         func(context.Context) (any, error) { return nothing(s.ClearIdentity()) },
		"ClearKeys":             func(ctx context.Context) (any, error) { return nothing(s.ClearKeys(ctx)) },
	}
}

// telltale is a keyring that shows the key in its errors, in several lines.
type telltale struct{ keyring }

func (k *telltale) Set(_, _, password string) error {
	return fmt.Errorf("cannot keep\n%s %s", password, canary[:6])
}

// Whatever is in the files, and whatever fails: no error, hint or notice shows it, and
// neither does a result that is printed.
func TestNothingShowsSecrets(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	contents := map[string]string{
		"bare": canary, "string": `"` + canary + `"`, "cut": `{"token": "` + canary, "key": `{"` + canary + `": ` + canary + `}`,
		"plain": `{"token": "` + canary + `", "refresh_token": "` + canary + `", "issuer": "https://x.example"}`,
		"types": `{"token": ["` + canary + `"], "sealed": "` + canary + `", "session_token": {"` + canary + `": 1}, "failed_at": "` + canary + `"}`,
		"header": `{"sealed": {"version": 1, "key": "` + canary + `", "key_id": "` + canary + `", "token": "` + canary + `", "refresh_token": "` + canary +
			`", "client_secret": "` + canary + `"}}`,
		"sealed": `{"sealed": {"version": 1, "key": "file", "key_id": "0123456789abcdef", "token": "` + canary + `", "refresh_token": "` + canary +
			`", "client_secret": "` + canary + `"}}`,
		"role": strings.Replace(originalRole, "2026-01-02T03:04:05+00:00", canary, 1), "s3": strings.Replace(originalS3, "1767323045.0", `"`+canary+`"`, 1),
		"none": "",
	}
	for _, form := range slices.Sorted(maps.Keys(contents)) {
		sweep(t.Context(), t, form, contents[form], nil)
	}
	for _, form := range []string{"none", "plain", "sealed"} {
		sweep(t.Context(), t, form+", telltale", contents[form], &telltale{})
	}
	sweep(ended, t, "ended", contents["sealed"], &telltale{})
}

// sweep makes every call in a directory of its own, with content in each file.
func sweep(ctx context.Context, t *testing.T, what, content string, k store.Keyring) {
	t.Helper()
	for name := range calls(nil) {
		var l listener
		s := newStore(t, l.option, func(o *store.Options) { o.Keyring = k })
		for _, file := range append(names, "sealing_keys.json", "sealing_key_0123456789abcdef") {
			if content != "" {
				put(t, s, file, content)
			}
		}
		put(t, s, store.CurrentContextFile, "!"+content) // no name of a context, which would be shown
		value, err := calls(s)[name](ctx)
		if release, ok := value.(func()); ok && release != nil {
			release()
			value = nil
		}
		texts := append(l.said, fmt.Sprint(value), fmt.Sprintf("%+v %#v", value, value), fmt.Sprintf("%v %+v", err, err))
		var file *store.FileError
		if errors.As(err, &file) {
			texts = append(texts, file.Hint(), fmt.Sprintf("%+v", file))
		} else if err != nil {
			t.Errorf("%s, %s: %v is no FileError", name, what, err)
		}
		for _, text := range texts {
			if strings.Contains(text, canary) {
				t.Errorf("%s, %s: %s", name, what, text)
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, %s: more than one line: %q", name, what, err)
		}
	}
}

// The reason that is stored, and shown, for a key in a file is one line without the key.
func TestReasonOfATelltaleKeyring(t *testing.T) {
	s := newStore(t, func(o *store.Options) { o.Keyring = &telltale{} })
	saveToken(t, s, token())
	location, err := s.KeyLocation()
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(text(t, location.Path))
	if strings.Contains(text(t, s.Path(store.IDPTokenFile)), key) || location.Reason != "OS keyring: it refused" {
		t.Errorf("reason %q", location.Reason)
	}
	s = newStore(t, with(&keyring{err: errors.New("a\nb" + strings.Repeat("é", 500))}))
	saveToken(t, s, token())
	if location, err = s.KeyLocation(); err != nil || strings.Contains(location.Reason, "\n") || len(location.Reason) > 210 {
		t.Errorf("reason %q, %v", location.Reason, err)
	}
}
