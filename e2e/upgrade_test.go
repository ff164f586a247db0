package e2e_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
)

// oldHome is the home directory of somebody who has used the original until now:
// its four files as its json.dump writes them, with the default modes, and the
// profiles of its README.
type oldHome struct {
	*world
	env []string
	dir string // ~/.aws_tip_cli
}

const oldConfig = `{
    "token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
    "oidc_role_arn": "arn:aws:iam::444455556666:role/tip-oidc-role",
    "id_enhanced_role_arn": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
    "idp": "okta",
    "okta_url": "https://dev-123456789.okta.com/oauth2/default",
    "okta_client_id": "0oaTipCliEXAMPLE"
}`

const oldToken = `{
    "token": %q,
    "refresh_token": %q,
    "requires_refresh": true
}`

const oldRole = `{
    "access_key_id": %q,
    "secret_access_key": %q,
    "session_token": %q,
    "expiration": %q
}`

const oldGrant = `{
    "s3://tip-demo-data/reports/*": [
        {
            "id": "%x",
            "permission": "READ",
            "target_type": "Prefix",
            "privilege": "Default",
            "expiration": %d.0,
            "creds": {
                "AccessKeyId": %q,
                "SecretAccessKey": %q,
                "SessionToken": %q
            }
        }
    ]
}`

// Its profiles, with the lab's bucket. The region is that of [default], because a
// credential_process does not see the profile that runs it.
const oldProfiles = `[default]
region=eu-west-1

[profile my-tti-profile]
output=json
region=eu-west-1
credential_process=tip-cli auth get-iam-credentials

[profile my-tti-profile-s3ag]
output=json
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-demo-data/reports/ --permission READ
`

// upgraded has the original's files, of which the session ends in left. They are
// made from a sign-in with real tokens and keys.
func upgraded(t *testing.T, left time.Duration) oldHome {
	t.Helper()
	w, before := analystAt(t, lab.ProxyDoor)
	w.must(t, before, "tip-cli", "s3ag", "get-data-access", "s3://tip-demo-data/reports/", "--permission", "READ")
	held := store.New(filepath.Join(w.home, "state"), func(o *store.Options) { o.Keyring = nil })
	token, err := held.LoadIDPToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	role, err := held.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	grants, err := held.LoadS3()
	if err != nil || len(grants) != 1 {
		t.Fatalf("%d grants: %v", len(grants), err)
	}
	home := oldHome{world: w, dir: filepath.Join(w.home, ".aws_tip_cli"), env: homeOnly(before)}
	end := time.Now().Add(left)
	id := sha256.Sum256([]byte("(('Permission', 'READ'), ('Privilege', 'Default'), ('TargetType', 'Prefix'))"))
	for name, text := range map[string]string{
		"../.aws/config":  oldProfiles,
		"config.json":     oldConfig,
		"idp_token.json":  fmt.Sprintf(oldToken, token.Token.Reveal(), token.RefreshToken.Reveal()),
		"role_creds.json": fmt.Sprintf(oldRole, role.AccessKeyID, role.SecretAccessKey.Reveal(), role.SessionToken.Reveal(), end.UTC().Format("2006-01-02T15:04:05+00:00")),
		"s3_creds.json":   fmt.Sprintf(oldGrant, id, end.Unix(), grants[0].AccessKeyID, grants[0].SecretAccessKey.Reveal(), grants[0].SessionToken.Reveal()),
	} {
		path := filepath.Join(home.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(w.home, "state")); err != nil {
		t.Fatal(err)
	}
	return home
}

// homeOnly is the environment without the variables that name files and regions.
func homeOnly(env []string) []string {
	named := regexp.MustCompile(`^(AWS_TIP_CLI|AWS_CONFIG_FILE|AWS_SHARED_CREDENTIALS_FILE|AWS_REGION|AWS_DEFAULT_REGION)=`)
	var kept []string
	for _, entry := range env {
		if !named.MatchString(entry) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// written is what a file says, and when and with which mode it was written.
type written struct {
	Text string
	Mode os.FileMode
	Time time.Time
}

func (h oldHome) files(t *testing.T) map[string]written {
	t.Helper()
	all := map[string]written{}
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(h.dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = written{string(text), info.Mode().Perm(), info.ModTime()}
	}
	return all
}

// At once, without a sign-in or a configuration: what is valid is served, and
// nothing is written. Only the modes of the files with secrets are mended.
func TestUpgradeWithAValidSession(t *testing.T) {
	t.Parallel()
	h := upgraded(t, 50*time.Minute)
	before, asked := h.files(t), h.Counts()
	for _, c := range clientsNamed("AWS CLI 1", "boto3") {
		t.Run(c.name, func(t *testing.T) {
			c.need(t)
			h.oldProfile(t, c, "identity", "my-tti-profile")
		})
	}
	for _, name := range []string{"idp_token.json", "role_creds.json", "s3_creds.json"} {
		wanted := before[name]
		wanted.Mode = 0o600
		before[name] = wanted
	}
	if diff := cmp.Diff(before, h.files(t)); diff != "" {
		t.Errorf("the files changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(asked, h.Counts()); diff != "" {
		t.Errorf("requests (-before +after):\n%s", diff)
	}
	list := h.must(t, h.env, "tip-cli", "s3ag", "list-credentials")
	if !strings.Contains(list, "s3://tip-demo-data/reports/*") || !strings.Contains(list, "READ") || strings.Contains(list, "expired") {
		t.Errorf("the list has\n%s", list)
	}
}

// oldProfile does an errand with a profile of the original's README.
func (h oldHome) oldProfile(t *testing.T, c client, errand, profile string) {
	t.Helper()
	argv := c.command(errand, profile)
	if diff := cmp.Diff(shows[errand], read(h.must(t, h.env, argv[0], argv[1:]...))); diff != "" {
		t.Errorf("%s (-want +got):\n%s", c.name, diff)
	}
}

// The plaintext refresh token gives a new session. What is written then can still
// be read by the original, and the tokens lie there in plain text no more.
func TestUpgradeWithAnExpiredSession(t *testing.T) {
	t.Parallel()
	for _, c := range clientsNamed("AWS CLI 2", "boto3") {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.need(t)
			h := upgraded(t, -time.Minute)
			before := h.files(t)
			h.oldProfile(t, c, "grant", "my-tti-profile-s3ag")
			h.oldProfile(t, c, "identity", "my-tti-profile")
			counts := h.Counts()
			if counts.SignIns.Granted != 1 || counts.Refreshes.Granted != 1 || counts.Exchanges.Granted != 2 {
				t.Errorf("counts %+v", counts)
			}
			after := h.files(t)
			if diff := cmp.Diff(before["config.json"], after["config.json"]); diff != "" {
				t.Errorf("config.json changed (-before +after):\n%s", diff)
			}
			h.readByTheOriginal(t, after)
		})
	}
}

// readByTheOriginal reads the files as the original does.
func (h oldHome) readByTheOriginal(t *testing.T, files map[string]written) {
	t.Helper()
	var token struct {
		Token           string `json:"token"`
		RefreshToken    string `json:"refresh_token"`
		RequiresRefresh bool   `json:"requires_refresh"`
	}
	decode(t, files, "idp_token.json", &token)
	if token.Token != "" || token.RefreshToken != "" || !token.RequiresRefresh {
		t.Errorf("idp_token.json: %+v", token)
	}
	role := map[string]any{}
	decode(t, files, "role_creds.json", &role)
	expiration, _ := role["expiration"].(string)
	end, err := time.Parse("2006-01-02T15:04:05-07:00", strings.Replace(expiration, "Z", "+00:00", 1))
	if err != nil || time.Until(end) < 50*time.Minute || role["access_key_id"] == "" || role["secret_access_key"] == "" || role["session_token"] == "" {
		t.Errorf("role_creds.json until %s: %v", expiration, err)
	}
	var grants map[string][]struct {
		ID, Permission, Privilege string
		TargetType                string `json:"target_type"`
		Expiration                float64
		Creds                     map[string]string
	}
	decode(t, files, "s3_creds.json", &grants)
	entries := grants["s3://tip-demo-data/reports/*"]
	if len(entries) == 0 {
		t.Fatalf("s3_creds.json has %d targets", len(grants))
	}
	newest := entries[len(entries)-1]
	if newest.ID == "" || newest.Permission != "READ" || newest.TargetType != "Prefix" || newest.Expiration < float64(time.Now().Unix()) || newest.Creds["AccessKeyId"] == "" {
		t.Errorf("s3_creds.json: %s until %f", newest.ID, newest.Expiration)
	}
}

func decode(t *testing.T, files map[string]written, name string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(files[name].Text), v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if mode := files[name].Mode; mode != 0o600 {
		t.Errorf("%s has mode %o", name, mode)
	}
}
