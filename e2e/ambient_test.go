package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// poison is an environment full of credentials of others, all of which work, as do
// those of the profile called default.
type poison struct {
	vars  []string
	asked *atomic.Int64 // requests to the metadata service and the container endpoint
}

func poisoned(t *testing.T, w *world) poison {
	t.Helper()
	p := poison{asked: new(atomic.Int64)}
	others := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"AccessKeyId": "` + labtest.AdminAccessKeyID + `", "SecretAccessKey": "` + labtest.AdminSecretAccessKey + `"}`))
	}))
	t.Cleanup(others.Close)
	token, err := w.IssueIDToken("okta", "engineer", "0oaTipCliEXAMPLE")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.home, "cluster-token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := "[default]\naws_access_key_id = " + labtest.AdminAccessKeyID + "\naws_secret_access_key = " + labtest.AdminSecretAccessKey + "\n"
	if err := os.WriteFile(filepath.Join(w.home, "aws-credentials"), []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	p.vars = []string{
		"AWS_ACCESS_KEY_ID=" + labtest.AdminAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + labtest.AdminSecretAccessKey,
		"AWS_PROFILE=identity", "AWS_DEFAULT_PROFILE=identity",
		"AWS_ROLE_ARN=arn:aws:iam::444455556666:role/tip-oidc-role", "AWS_WEB_IDENTITY_TOKEN_FILE=" + file, "AWS_ROLE_SESSION_NAME=cluster",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + others.URL + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN=theirs",
		"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + others.URL,
	}
	return p
}

// signer is who made a request.
type signer struct{ operation, caller string }

// signers of the requests of an exchange, in order.
func (w *world) signers() []signer {
	exchange := []string{"AssumeRoleWithWebIdentity", "CreateTokenWithIAM", "AssumeRole", "GetDataAccess"}
	var all []signer
	for _, e := range w.Events() {
		if slices.Contains(exchange, e.EventName) {
			all = append(all, signer{e.EventName, e.UserIdentity.Type + " " + filepath.Base(filepath.Dir(e.UserIdentity.ARN))})
		}
	}
	return all
}

// Whatever the environment offers: our exchange is signed by our own sessions
// only, and the client gets the analyst.
func TestAmbientCredentialsSignNothing(t *testing.T) {
	t.Parallel()
	for _, c := range allClients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.need(t)
			w, env := analystAt(t, lab.ProxyDoor)
			p := poisoned(t, w)
			env = append(slices.Clone(env), p.vars...)
			want := []signer{
				{"AssumeRoleWithWebIdentity", "WebIdentityUser ."}, {"CreateTokenWithIAM", "AssumedRole tip-oidc-role"},
				{"AssumeRole", "AssumedRole tip-oidc-role"},
			}
			w.errand(t, env, c, byProcess, "identity")
			if c.library {
				want = append(want, signer{"GetDataAccess", "AssumedRole tip-id-enhanced-role"})
				w.errand(t, env, c, byProcess, "grant")
				w.errand(t, env, c, byExec, "grant")
				w.errand(t, env, c, byEnv, "identity")
				w.errand(t, env, c, byExecServer, "identity")
			}
			if diff := cmp.Diff(want, w.signers(), cmp.AllowUnexported(signer{})); diff != "" {
				t.Errorf("who signed (-want +got):\n%s", diff)
			}
			if n := p.asked.Load(); n != 0 {
				t.Errorf("%d requests for credentials of others", n)
			}
		})
	}
}
