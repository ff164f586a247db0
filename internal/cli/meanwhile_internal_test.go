package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/store"
)

func usableConfig() config.Config {
	return config.Config{
		IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: "0oaEXAMPLE",
		TokenExchangeApplicationARN: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		OIDCRoleARN:                 "arn:aws:iam::444455556666:role/OIDCRole", IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/IdEnhancedRole",
	}
}

func TestOnto(t *testing.T) {
	t.Parallel()
	held := usableConfig()
	next, now := held, held
	next.Region, now.SessionDuration = "eu-west-1", 1800
	want := now
	want.Region = "eu-west-1"
	got, err := onto(now, held, next, false)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var meanwhile *meanwhileError
	if _, err := onto(now, held, next, true); !errors.As(err, &meanwhile) || !strings.Contains(err.Error(), "damaged") || exitCode(err) != ExitError {
		t.Errorf("damaged meanwhile: %v", err)
	}
	if _, err := onto(config.Config{}, held, next, false); !errors.As(err, &meanwhile) || hintOf(err) != "run it again" {
		t.Errorf("gone meanwhile: %v", err)
	}
}

func TestCurrentConfig(t *testing.T) {
	t.Parallel()
	st := store.New(t.TempDir())
	path := st.Path(store.ConfigFile)
	for _, tt := range []struct {
		text   string
		broken bool
		region string
		fails  bool
	}{
		{"", false, "", false}, // no file
		{`{"region": "eu-west-1", "x": 1}`, false, "eu-west-1", false},
		{`{"region": "eu-west-1", "redirect_port": "x"}`, true, "eu-west-1", false},
		{"[1]", true, "", false},
		{"/", false, "", true},
	} {
		var err error
		switch tt.text {
		case "":
		case "/":
			err = errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		default:
			err = os.WriteFile(path, []byte(tt.text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		c, broken, err := currentConfig(st)
		if broken != tt.broken || c.Region != tt.region || (err != nil) != tt.fails {
			t.Errorf("%s: %q, broken %v, %v", tt.text, c.Region, broken, err)
		}
	}
}

// Whoever is held off for too long is told so, and nothing is written.
func TestOnlyWriter(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	a := newApp(&Env{Stderr: &stderr, Getenv: func(string) string { return "" }})
	path := filepath.Join(t.TempDir(), "aws", "config")
	release, err := a.onlyWriter(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := a.onlyWriter(ctx, path); !errors.Is(err, store.ErrLocked) || exitCode(err) != ExitError || !strings.Contains(hintOf(err), "wait for the other tip-cli") {
		t.Errorf("%v", err)
	}
	release()
	if release, err = a.onlyWriter(t.Context(), path); err != nil || stderr.Len() > 0 {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	release()
}

// Every remark on a provider that could not be looked at says what to do.
func TestUnseenHasAHint(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("x"), &oidclogin.Error{Kind: oidclogin.KindTimeout}, &oidclogin.Error{Kind: oidclogin.KindNetwork, Description: "x"},
		&oidclogin.Error{Kind: oidclogin.KindConfig, Description: "x", Hint: "y"},
	} {
		if r := unseen(config.Login{Issuer: "https://idp.example.com"}, err); r.hint == "" || !r.grave {
			t.Errorf("%v: %+v", err, r)
		}
	}
}

func TestProviderNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"okta": "okta", "Okta": "okta", "Microsoft Entra ID": "entra-id", "ENTRA-ID": "entra-id", "azure": "", "": ""} {
		if got, ok := providerNamed(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}
