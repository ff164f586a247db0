package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

// preset is an identity provider under an address such as its makers give out,
// with the keys of config.json that a person enters.
type preset struct {
	name, issuer, client, secret string
	keys                         map[string]string
	// scope and parameters are what the authorization request must have.
	scope      string
	parameters map[string]string
	// offline is whether there is a refresh token: the lab's plain provider gives
	// one for offline_access only.
	offline bool
}

const usualScope = "openid email profile offline_access"

var presets = []preset{
	{
		name: "keycloak", issuer: "https://keycloak.example.com/realms/example", client: "tip-cli", scope: usualScope, offline: true,
		keys: map[string]string{"keycloak_url": "https://keycloak.example.com/realms/example", "keycloak_client_id": "tip-cli"},
	},
	{
		name: "auth0", issuer: "https://example.eu.auth0.com/", client: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", scope: usualScope, offline: true,
		keys: map[string]string{"auth0_domain": "example.eu.auth0.com", "auth0_client_id": "AbCdEfGhIjKlMnOpQrStUvWxYz012345"},
	},
	{
		name: "google", issuer: "https://accounts.google.com", client: "123456789012-example.apps.googleusercontent.com", secret: "open-sesame",
		scope: "openid email profile", parameters: map[string]string{"access_type": "offline", "prompt": "consent"},
		keys: map[string]string{"google_client_id": "123456789012-example.apps.googleusercontent.com"},
	},
	{
		name: "ping", issuer: "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as", client: "66666666-7777-8888-9999-000000000000",
		scope: usualScope, offline: true,
		keys: map[string]string{
			"ping_issuer": "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as", "ping_client_id": "66666666-7777-8888-9999-000000000000",
		},
	},
}

// add appends an entry to a list of the world.
func add[S ~[]T, T any](list *S) *T {
	*list = append(*list, *new(T))
	return &(*list)[len(*list)-1]
}

// live adds the provider to a world, and everything on AWS's side that believes it.
func (p preset) live(w *lab.World) {
	redirects, people := w.Issuers[0].Clients[0].RedirectURIs, w.Issuers[0].People
	is := add(&w.Issuers)
	is.Name, is.URL, is.People = p.name, p.issuer, people
	c := add(&is.Clients)
	c.ID, c.RedirectURIs, c.RefreshToken, c.Secret = p.client, redirects, true, p.secret
	if p.secret != "" {
		c.Authentication = "client_secret_post"
	}
	account, center := &w.Accounts[1], &w.IdentityCenter[0]
	known := add(&account.OIDCProviders)
	known.URL, known.ClientIDs = p.issuer, []string{p.client}
	hostPath := strings.TrimPrefix(p.issuer, "https://")
	trust := account.Roles[0].Trust.(map[string]any)
	trust["Statement"] = append(slices.Clone(trust["Statement"].([]any)), map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Federated": "arn:aws:iam::444455556666:oidc-provider/" + hostPath},
		"Action":    "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{hostPath + ":aud": p.client}},
	})
	issuer := add(&center.TrustedTokenIssuers)
	issuer.Name, issuer.IssuerURL, issuer.ClaimAttributePath, issuer.IdentityStoreAttributePath = p.name, p.issuer, "email", "emails.value"
	grant := add(&center.Applications[0].JWTBearer)
	grant.Issuer, grant.Audiences = p.name, []string{p.client}
}

// Each known provider with no more than the keys that its questions ask for.
func TestPresets(t *testing.T) {
	for _, p := range presets {
		t.Run(p.name, func(t *testing.T) {
			w := newWorld(t, p.live)
			env := w.environ(lab.ProxyDoor)
			w.must(t, env, "tip-cli", "configure", "idp", "--provider", p.name, "--config", p.configuration(t, w))
			if p.secret != "" {
				w.refused(t, env, "hint: run: tip-cli configure client-secret", "tip-cli", "auth")
				w.typed(t, env, p.secret+"\n", "tip-cli", "configure", "client-secret")
			}
			p.signsIn(t, w, env)
			if got := w.must(t, env, "tip-cli", "auth", "get-iam-credentials"); !json.Valid([]byte(got)) {
				t.Errorf("credentials: %s", got)
			}
			w.must(t, env, "tip-cli", "s3ag", "get-data-access", "s3://tip-demo-data/reports/")
			p.refreshes(t, w, env)
			signedOut := w.run(t, env, "tip-cli", "auth", "logout")
			if revoked := strings.Contains(signedOut.stderr, "the refresh token is revoked"); signedOut.code != 0 || revoked != p.offline {
				t.Errorf("signed out: exit code %d\n%s", signedOut.code, signedOut.stderr)
			}
		})
	}
}

func (p preset) configuration(t *testing.T, w *world) string {
	t.Helper()
	keys := map[string]any{
		"token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"oidc_role_arn":                  "arn:aws:iam::444455556666:role/tip-oidc-role",
		"id_enhanced_role_arn":           "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"redirect_port":                  w.port,
	}
	for key, value := range p.keys {
		keys[key] = value
	}
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var printedAddress = regexp.MustCompile(`(?m)^  (https://\S+)$`)

// signsIn signs the analyst in and looks at the authorization request.
func (p preset) signsIn(t *testing.T, w *world, env []string) {
	t.Helper()
	r := w.run(t, append(slices.Clone(env), browserOf("analyst")), "tip-cli", "auth")
	if r.code != 0 || !strings.Contains(r.stderr, "Signed in as analyst@example.com") {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	address := printedAddress.FindStringSubmatch(r.stderr)
	if address == nil {
		t.Fatalf("no address:\n%s", r.stderr)
	}
	u, err := url.Parse(address[1])
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"client_id": p.client, "response_type": "code", "scope": p.scope, "code_challenge_method": "S256",
		"redirect_uri": fmt.Sprintf("http://localhost:%d/callback", w.port),
	}
	maps.Copy(want, p.parameters)
	got := map[string]string{}
	for name := range u.Query() {
		if !slices.Contains([]string{"state", "nonce", "code_challenge"}, name) {
			got[name] = u.Query().Get(name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the authorization request (-want +got):\n%s", diff)
	}
	if issuer := strings.TrimSuffix(p.issuer, "/"); !strings.HasPrefix(address[1], issuer+"/") {
		t.Errorf("the address is %s", address[1])
	}
}

// refreshes renews, or is told that only a person can.
func (p preset) refreshes(t *testing.T, w *world, env []string) {
	t.Helper()
	if !p.offline {
		w.refused(t, env, "hint: run: tip-cli auth", "tip-cli", "auth", "refresh-token")
		return
	}
	w.must(t, env, "tip-cli", "auth", "refresh-token")
	w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
}

// Auth0's issuer has its slash everywhere: where AWS knows it without, nobody gets in.
func TestAuth0WithoutTheSlash(t *testing.T) {
	p := presets[slices.IndexFunc(presets, func(p preset) bool { return p.name == "auth0" })]
	for name, edit := range map[string]func(*lab.World){
		"in IAM": func(w *lab.World) {
			known := w.Accounts[1].OIDCProviders
			known[len(known)-1].URL = strings.TrimSuffix(p.issuer, "/")
		},
		"in Identity Center": func(w *lab.World) {
			trusted := w.IdentityCenter[0].TrustedTokenIssuers
			trusted[len(trusted)-1].IssuerURL = strings.TrimSuffix(p.issuer, "/")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p.live, edit)
			env := w.environ(lab.ProxyDoor)
			w.must(t, env, "tip-cli", "configure", "idp", "--provider", p.name, "--config", p.configuration(t, w))
			w.signIn(t, env, "analyst")
			r := w.run(t, env, "tip-cli", "auth", "get-iam-credentials")
			if r.code != 4 && r.code != 5 || r.stdout != "" {
				t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}

// browserOf is a browser in which somebody signs in by itself.
func browserOf(login string) string {
	return `BROWSER="` + filepath.Join(programs, executable("tip-lab")) + `" sign-in --as ` + login + ` %s`
}

// typed runs a program of ours that reads what a person types.
func (w *world) typed(t *testing.T, environ []string, text, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, executable(name)), args...)
	cmd.Env, cmd.Dir, cmd.Stdin = environ, w.home, strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
