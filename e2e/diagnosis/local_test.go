package diagnosis_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// path is that of a file of the state.
func (b *bench) path(name string) string { return filepath.Join(b.state, name) }

// put writes a file of the state past the program.
func (b *bench) put(name, text string) {
	b.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) chmod(path string, mode os.FileMode) {
	b.Helper()
	if err := os.Chmod(path, mode); err != nil {
		b.Fatal(err)
	}
}

// setenv changes the environment of the programs to come; "" removes.
func (b *bench) setenv(names ...string) {
	for i := 0; i < len(names); i += 2 {
		kept := b.environ[:0:0]
		for _, entry := range b.environ {
			if !strings.HasPrefix(entry, names[i]+"=") {
				kept = append(kept, entry)
			}
		}
		if b.environ = kept; names[i+1] != "" {
			b.environ = append(b.environ, names[i]+"="+names[i+1])
		}
	}
}

// atBrowser has the sign-ins to come be those of the analyst.
func (b *bench) atBrowser() {
	b.setenv("BROWSER", fmt.Sprintf(`"%s" sign-in --as analyst %%s`, filepath.Join(programs, "tip-lab")))
}

// key sets a key of config.json past the program, which would refuse it.
func (b *bench) key(key string, value any) {
	b.Helper()
	text, err := os.ReadFile(b.path("config.json"))
	if err != nil {
		b.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		b.Fatal(err)
	}
	all[key] = value
	text, err = json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	b.put("config.json", string(text))
}

// add appends to one of the AWS files.
func (b *bench) add(name, text string) {
	b.Helper()
	before, err := os.ReadFile(filepath.Join(b.home, name))
	if err != nil {
		b.Fatal(err)
	}
	b.write(name, string(before)+text)
}

// profile has an AWS profile get its credentials from tip-cli.
func (b *bench) profile() {
	b.Helper()
	b.must("tip-cli", "auth", "set-aws-profile", "--profile", "mine")
}

// replace edits one of the AWS files.
func (b *bench) replace(name, before, after string) {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.home, name))
	if err != nil {
		b.Fatal(err)
	}
	if !strings.Contains(string(text), before) {
		b.Fatalf("%s has no %q:\n%s", name, before, text)
	}
	b.write(name, strings.Replace(string(text), before, after, 1))
}

// plain puts the tokens into idp_token.json as the original leaves them.
func (b *bench) plain() {
	b.Helper()
	st := store.New(b.state, func(o *store.Options) { o.Keyring = nil })
	token, err := st.LoadIDPToken(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"token": token.Token.Reveal(), "refresh_token": token.RefreshToken.Reveal(), "requires_refresh": token.RequiresRefresh})
	if err != nil {
		b.Fatal(err)
	}
	b.put(store.IDPTokenFile, string(text))
}

// removeKey loses the key that seals the tokens.
func (b *bench) removeKey() {
	b.Helper()
	keys, err := filepath.Glob(b.path("sealing_key_*"))
	if err != nil || len(keys) == 0 {
		b.Fatal("there is no key file", err)
	}
	for _, path := range keys {
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
}

// takePort listens on the redirect port.
func (b *bench) takePort() {
	b.Helper()
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", b.port))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
}

// wait holds the lock of the exchange as a process that hangs would.
func (b *bench) wait() (end func()) {
	b.Helper()
	release, err := store.New(b.state).Lock(b.Context(), "session")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(release)
	return release
}

func localMistakes() []mistake {
	all := append(settingMistakes(), fileMistakes()...)
	return append(append(all, machineMistakes()...), profileMistakes()...)
}

func settingMistakes() []mistake {
	return []mistake{
		{
			id: "local.context-unusable", what: "the context that was chosen is gone", culprit: "current_context",
			make: func(b *bench) { b.put("current_context", "gone\n") },
		},
		{
			id: "local.configuration-invalid", what: "a key of the configuration has a value that it cannot have", culprit: "sign_in",
			make: func(b *bench) { b.key("sign_in", "sometimes") },
		},
		{
			id: "local.configuration-odd", what: "a key of the configuration is misspelt", culprit: "sesion_duration",
			make: func(b *bench) { b.key("sesion_duration", 1800) },
		},
		{
			id: "local.variable-invalid", what: "TIP_CLI_SIGN_IN has a value that it cannot have", culprit: "TIP_CLI_SIGN_IN",
			make: func(b *bench) { b.setenv("TIP_CLI_SIGN_IN", "no") },
			mend: func(b *bench) { b.setenv("TIP_CLI_SIGN_IN", "never") }, says: "unset it",
		},
		{
			id: "local.variable-ignored", name: "value", what: "TIP_CLI_FASTPATH is set to something else than off", culprit: "TIP_CLI_FASTPATH",
			make: func(b *bench) { b.setenv("TIP_CLI_FASTPATH", "no") }, mend: func(b *bench) { b.setenv("TIP_CLI_FASTPATH", "off") }, says: "off",
		},
		{
			id: "local.variable-ignored", name: "misspelt", what: "the name of a variable is misspelt", culprit: "TIP_CLI_SIGNIN",
			make: func(b *bench) { b.setenv("TIP_CLI_SIGNIN", "never") }, mend: func(b *bench) { b.setenv("TIP_CLI_SIGNIN", "") }, says: "unset it",
		},
	}
}

func fileMistakes() []mistake {
	return []mistake{
		{
			id: "local.directory-open", what: "everybody can look into the state directory", culprit: "state",
			make: func(b *bench) { b.chmod(b.state, 0o755) },
		},
		{
			id: "local.directory-unusable", what: "everybody can write to the state directory, and other things are in it", culprit: "state",
			make: func(b *bench) { b.put("notes.txt", "mine"); b.chmod(b.state, 0o777) },
		},
		{
			id: "local.file-open", name: "tokens", what: "others can read the tokens", culprit: "idp_token.json",
			make: func(b *bench) { b.chmod(b.path("idp_token.json"), 0o644) },
		},
		{
			id: "local.file-open", name: "configuration", what: "others can write the configuration, and so name roles and programs", culprit: "config.json",
			make: func(b *bench) { b.chmod(b.path("config.json"), 0o666) },
		},
		{
			id: "local.file-unreadable", what: "a directory is in the place of a file", culprit: "s3_creds.json",
			make: func(b *bench) {
				_ = os.Remove(b.path("s3_creds.json")) // it may not be there yet
				if err := os.Mkdir(b.path("s3_creds.json"), 0o700); err != nil {
					b.Fatal(err)
				}
			},
		},
		{
			id: "local.file-damaged", what: "the file of the role session was cut off", culprit: "role_creds.json",
			make: func(b *bench) { b.put("role_creds.json", `{"access_key_id": "AS`) },
		},
		{
			id: "local.token-damaged", what: "the file of the tokens was cut off", culprit: "idp_token.json",
			make: func(b *bench) { b.put("idp_token.json", `{"token": "e`); b.atBrowser() },
		},
		{
			id: "local.tokens-plain", what: "the original's tokens are in plain text", culprit: "idp_token.json",
			make: func(b *bench) { b.plain() },
		},
		{
			id: "local.key-lost", what: "the key file that seals the tokens was deleted", culprit: "idp_token.json",
			make: func(b *bench) { b.removeKey(); b.atBrowser() },
		},
		{
			id: "local.lock-impossible", what: "a directory is in the place of a lock", culprit: "session.lock",
			make: func(b *bench) {
				_ = os.Remove(b.path("session.lock")) // it may not be there yet
				if err := os.Mkdir(b.path("session.lock"), 0o700); err != nil {
					b.Fatal(err)
				}
			},
		},
	}
}

func machineMistakes() []mistake {
	var end func()
	return []mistake{
		{
			id: "local.locked", what: "another tip-cli hangs in an exchange", culprit: "session.lock",
			make: func(b *bench) { end = b.wait() }, mend: func(*bench) { end() }, says: "wait for the other tip-cli",
		},
		{
			id: "local.sign-in-paused", what: "the last sign-in failed a minute ago", culprit: "sign_in.json",
			make: func(b *bench) {
				b.put("sign_in.json", fmt.Sprintf(`{"failed_at": %q, "reason": "access denied"}`, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)))
				b.setenv("TIP_CLI_SIGN_IN", "auto")
				b.atBrowser()
			},
		},
		{
			id: "local.port-in-use", what: "another program listens on the redirect port", culprit: "/callback",
			make: func(b *bench) { b.takePort() },
		},
		{
			id: "local.no-browser", what: "sign_in_method is browser on a machine without one", culprit: "sign_in_method",
			keys: map[string]any{"sign_in_method": "browser"},
		},
		{
			id: "local.browser-missing", what: "BROWSER names a program that is not there", culprit: "BROWSER",
			make: func(b *bench) { b.setenv("BROWSER", "no-such-browser %s") }, mend: func(b *bench) { b.setenv("BROWSER", "") }, says: "unset it",
		},
		{
			id: "local.ca-bundle-unusable", what: "AWS_CA_BUNDLE names a file that is not there", culprit: "/nowhere/ca.pem",
			make: func(b *bench) { b.setenv("GOOD", b.getenv("AWS_CA_BUNDLE"), "AWS_CA_BUNDLE", "/nowhere/ca.pem") },
			mend: func(b *bench) { b.setenv("AWS_CA_BUNDLE", b.getenv("GOOD")) }, says: "PEM certificates",
		},
		{
			id: "local.proxy-unreachable", what: "HTTPS_PROXY is that of another network", culprit: "HTTPS_PROXY",
			make: func(b *bench) { b.setenv("GOOD", b.getenv("HTTPS_PROXY"), "HTTPS_PROXY", "http://127.0.0.1:9") },
			mend: func(b *bench) { b.setenv("HTTPS_PROXY", b.getenv("GOOD")) }, says: "unset it",
		},
		{
			id: "local.proxy-invalid", what: "HTTPS_PROXY names a kind of proxy that there is not", culprit: "HTTPS_PROXY",
			make: func(b *bench) { b.setenv("GOOD", b.getenv("HTTPS_PROXY"), "HTTPS_PROXY", "socks4://127.0.0.1:1080") },
			mend: func(b *bench) { b.setenv("HTTPS_PROXY", b.getenv("GOOD")) }, says: "address of the proxy",
		},
		{
			id: "local.endpoint-invalid", what: "an endpoint is given without https", culprit: "AWS_ENDPOINT_URL_IDENTITYSTORE",
			make: func(b *bench) { b.setenv("AWS_ENDPOINT_URL_IDENTITYSTORE", "identitystore.eu-west-1.amazonaws.com") },
			mend: func(b *bench) { b.setenv("AWS_ENDPOINT_URL_IDENTITYSTORE", "") }, says: "unset it",
		},
		{
			id: "local.endpoint-unreachable", what: "`AWS_ENDPOINT_URL` is that of a test that has ended", culprit: "AWS_ENDPOINT_URL http://127.0.0.1:9",
			make: func(b *bench) { b.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9") },
			mend: func(b *bench) { b.setenv("AWS_ENDPOINT_URL", "") }, says: "unset it",
		},
		{
			id: "local.endpoint-plain", what: "an endpoint is without TLS", culprit: "AWS_ENDPOINT_URL_S3",
			make: func(b *bench) { b.setenv("AWS_ENDPOINT_URL_S3", "http://s3.example.com") },
			mend: func(b *bench) { b.setenv("AWS_ENDPOINT_URL_S3", "") }, says: "unset it",
		},
		{
			id: "local.clock-drifts", what: "the clock of this machine is two minutes slow", culprit: "clock of this machine",
			make: func(b *bench) { b.Lab.AdvanceClock(2 * time.Minute) }, mend: func(b *bench) { b.Lab.ResetClock() }, says: "set the clock",
		},
		{
			id: "local.clock-off", what: "the clock of this machine is ten minutes fast", culprit: "clock of this machine",
			make: func(b *bench) { b.Lab.AdvanceClock(-10 * time.Minute) }, mend: func(b *bench) { b.Lab.ResetClock() }, says: "set the clock",
		},
	}
}

func profileMistakes() []mistake {
	return []mistake{
		{
			id: "local.profile-program-gone", what: "tip-cli was moved after an AWS profile was written", culprit: "profile mine",
			make: func(b *bench) { b.profile(); b.replace("aws-config", programs, "/nowhere") },
		},
		{
			id: "local.profile-other-program", what: "an AWS profile runs an older tip-cli", culprit: "profile mine",
			make: func(b *bench) {
				b.profile()
				b.replace("aws-config", programs, b.home)
				b.write("tip-cli", "#!/bin/sh\nexit 1\n")
				b.chmod(filepath.Join(b.home, "tip-cli"), 0o700)
			},
		},
		{
			id: "local.profile-context-gone", what: "an AWS profile is for a context that was deleted", culprit: "profile mine",
			make: func(b *bench) { b.profile(); b.replace("aws-config", "--context default", "--context gone") },
		},
		{
			id: "local.profile-masked", name: "credentials", what: "the AWS credentials file has keys for the same profile", culprit: "profile mine",
			make: func(b *bench) {
				b.profile()
				b.add("aws-credentials", "[mine]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n")
			},
		},
		{
			id: "local.profile-masked", name: "role", what: "the AWS profile has a role_arn beside credential_process", culprit: "profile mine",
			make: func(b *bench) {
				b.profile()
				b.add("aws-config", "role_arn = arn:aws:iam::444455556666:role/other\n")
			},
		},
		{
			id: "local.profile-masked", name: "environment", what: "keys are in the environment beside AWS_PROFILE", culprit: "AWS_ACCESS_KEY_ID",
			make: func(b *bench) {
				b.profile()
				b.setenv("AWS_PROFILE", "mine", "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret")
			},
			mend: func(b *bench) { b.setenv("AWS_ACCESS_KEY_ID", "", "AWS_SECRET_ACCESS_KEY", "") }, says: "take the keys out",
		},
		{
			id: "local.profile-loop", what: "token_command uses an AWS profile that waits for it", culprit: "profile mine",
			make: func(b *bench) {
				b.profile()
				b.key("token_command", []string{"aws", "--profile", "mine", "sts", "get-web-identity-token"})
			},
			mend: func(b *bench) { b.must("tip-cli", "configure", "idp", "--config", `{"token_command": null}`) }, says: "token_command",
		},
		{
			id: "local.profile-without-region", what: "neither the AWS profile nor the environment names a region", culprit: "profile mine",
			make: func(b *bench) {
				b.profile()
				b.shell("sed -i.bak '/^\\[profile mine\\]/,$ { /^region/d; }' " + filepath.Join(b.home, "aws-config"))
				b.setenv("AWS_REGION", "", "AWS_DEFAULT_REGION", "")
			},
		},
		{
			id: "local.profiles-unreadable", what: "a line of the AWS config file is none", culprit: "aws-config",
			make: func(b *bench) { b.profile(); b.add("aws-config", "what is this\n") },
		},
	}
}

// getenv is a variable of the programs to come.
func (b *bench) getenv(name string) string {
	for _, entry := range b.environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// What --fix mends on this machine it mends without losing a token, and asks nobody with --yes.
func TestFix(t *testing.T) {
	for name, tt := range map[string]struct {
		id   string
		make func(*bench)
	}{
		"directory": {"local.directory-open", func(b *bench) { b.chmod(b.state, 0o755) }},
		"file":      {"local.file-open", func(b *bench) { b.chmod(b.path("idp_token.json"), 0o644) }},
		"damaged":   {"local.file-damaged", func(b *bench) { b.put("role_creds.json", `{"access_key_id": "AS`) }},
		"plain":     {"local.tokens-plain", func(b *bench) { b.plain() }},
		"program":   {"local.profile-program-gone", func(b *bench) { b.profile(); b.replace("aws-config", programs, "/nowhere") }},
		"pause": {"local.sign-in-paused", func(b *bench) {
			b.put("sign_in.json", fmt.Sprintf(`{"failed_at": %q, "reason": "access denied"}`, time.Now().UTC().Format(time.RFC3339)))
			b.setenv("TIP_CLI_SIGN_IN", "auto")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.configure(nil)
			b.signIn("analyst")
			held := b.tokens()
			tt.make(b)
			if d := b.diag(); !strings.Contains(d.String(), tt.id) {
				t.Fatalf("%s is not found:\n%s", tt.id, d)
			}
			if left := b.diag("--fix"); !strings.Contains(left.String(), tt.id) {
				t.Fatalf("%s was mended although nobody could be asked", tt.id)
			}
			if d := b.diag("--fix", "--yes"); d.code != 0 || d.String() != "" {
				t.Errorf("after --fix --yes: exit code %d\n%s", d.code, d)
			}
			if now := b.tokens(); now != held {
				t.Error("the tokens are others now")
			}
		})
	}
}

// With --fix the exchange of --live is made once, after what was mended.
func TestFixThenLive(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	b.chmod(b.path("idp_token.json"), 0o644)
	before := len(labtest.Events(b.Lab, labtest.Named("CreateTokenWithIAM")))
	for n := 1; n <= 2; n++ { // the second time there is nothing to mend
		if d := b.diag("--fix", "--yes", "--live"); d.code != 0 || d.String() != "" {
			t.Errorf("exit code %d\n%s", d.code, d)
		}
		if made := len(labtest.Events(b.Lab, labtest.Named("CreateTokenWithIAM"))) - before; made != n {
			t.Errorf("%d exchanges, not %d", made, n)
		}
	}
}

// tokens are those that are stored.
func (b *bench) tokens() string {
	b.Helper()
	token, err := store.New(b.state, func(o *store.Options) { o.Keyring = nil }).LoadIDPToken(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return token.Token.Reveal() + " " + token.RefreshToken.Reveal()
}
