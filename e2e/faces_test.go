package e2e_test

import (
	"encoding/json"
	"maps"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tip-cli/tip-cli/lab"
)

// awaitPort waits until nobody listens on the port of the original's redirect,
// which is registered at the providers and cannot be another one.
func awaitPort(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:8090")
		if err == nil {
			if err := ln.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if time.Now().After(end) {
			need(t, false, "the port 8090")
		}
		time.Sleep(200 * time.Millisecond) // somebody else's program: there is nothing to wait on
	}
}

// The keys are the original's, and nothing but them; hosts, ports and paths are
// the products' own.
func TestChromiumSignsInThroughEachFace(t *testing.T) {
	w := newWorld(t)
	common := map[string]string{
		"token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"oidc_role_arn":                  "arn:aws:iam::444455556666:role/tip-oidc-role",
		"id_enhanced_role_arn":           "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
	}
	for _, face := range []struct {
		provider, host string
		keys           map[string]string
	}{
		{"okta", "dev-123456789.okta.com", map[string]string{
			"okta_url": "https://dev-123456789.okta.com/oauth2/default", "okta_client_id": "0oaTipCliEXAMPLE",
		}},
		{"entra-id", "login.microsoftonline.com", map[string]string{
			"entra_tenant_id": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "entra_client_id": "00001111-aaaa-2222-bbbb-3333cccc4444",
		}},
		{"cognito", "tip-cli.auth.eu-west-1.amazoncognito.com", map[string]string{
			"cognito_domain": "https://tip-cli.auth.eu-west-1.amazoncognito.com", "cognito_client_id": "1example23456789",
		}},
	} {
		t.Run(face.provider, func(t *testing.T) {
			keys := maps.Clone(common)
			maps.Copy(keys, face.keys)
			text, err := json.Marshal(keys)
			if err != nil {
				t.Fatal(err)
			}
			env := w.environ(lab.ProxyDoor, "TIP_CLI_CONTEXT="+face.provider)
			w.must(t, env, "tip-cli", "configure", "idp", "--provider", face.provider, "--config", string(text))
			awaitPort(t)
			ctx := browse(t, w)
			address, wait := startSignIn(t, env)
			if u, err := url.Parse(address); err != nil || u.Host != face.host || u.Query().Get("redirect_uri") != "http://localhost:8090/callback" {
				t.Errorf("the address is %s", address)
			}
			do(t, ctx, chromedp.Navigate(address), chromedp.WaitVisible(chromedp.ID("login")),
				chromedp.SendKeys(chromedp.ID("login"), "analyst"), chromedp.SendKeys(chromedp.ID("password"), "analyst"),
				chromedp.Click(chromedp.ID("sign-in")))
			stderr, err := wait()
			if err != nil || !strings.Contains(stderr, "Signed in as analyst@example.com") {
				t.Fatalf("tip-cli auth: %v\n%s", err, stderr)
			}
			awaitCallback(t, ctx)
			screenshot(t, ctx, "callback-"+face.provider+".png")
			w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
			w.must(t, env, "tip-cli", "s3ag", "get-data-access", "s3://tip-demo-data/reports/")
			w.must(t, env, "tip-cli", "auth", "refresh-token")
			w.must(t, env, "tip-cli", "auth", "get-iam-credentials")
			w.must(t, env, "tip-cli", "auth", "logout")
		})
	}
}
