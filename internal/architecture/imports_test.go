package architecture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the top of the repository, seen from this package.
const root = "../.."

// packages asks go list for all packages as they are on an operating system.
func packages(t *testing.T, goos string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			t.Parallel()
			all := packages(t, goos)
			for _, r := range rules {
				for i := range all {
					for _, v := range r.violations(&all[i]) {
						t.Error(v)
					}
				}
			}
		})
	}
}

// Every rule is about something: a package that was renamed takes its rule along.
func TestRulesApply(t *testing.T) {
	all := packages(t, "linux")
	for _, r := range rules {
		for _, pattern := range append(r.from, r.except...) {
			found := false
			for i := range all {
				found = found || matchAny([]string{pattern}, local(all[i].ImportPath))
			}
			if !found {
				t.Errorf("no package is %s (%s)", pattern, r.reason)
			}
		}
	}
}

// The checker says no, and each rule does for something.
func TestForbiddenEdges(t *testing.T) {
	tests := []struct {
		name string
		pkg  pkg
	}{
		{"the client is linked with the lab", pkg{ImportPath: "internal/session", Deps: []string{"lab"}}},
		{"a library is linked with the lab", pkg{ImportPath: "tipcreds", Deps: []string{"lab/labtest"}}},
		{"the lab imports the client", pkg{ImportPath: "lab/internal/idp", Imports: []string{"internal/oidclogin"}}},
		{"the lab imports the commands", pkg{ImportPath: "lab", Imports: []string{"internal/cli"}}},
		{"a program reaches into the lab", pkg{ImportPath: "cmd/tip-lab/demo", Imports: []string{"lab/internal/world"}}},
		{"a test reaches into the lab", pkg{ImportPath: "e2e", XTestImports: []string{"lab/internal/world"}}},
		{"one library imports the other", pkg{ImportPath: "tipcreds", Imports: []string{"s3agcreds"}}},
		{"the other imports the one", pkg{ImportPath: "s3agcreds", Imports: []string{"tipcreds"}}},
		{"a library imports internal code", pkg{ImportPath: "s3agcreds", Imports: []string{"internal/secret"}}},
		{"a library's test uses internal code", pkg{ImportPath: "tipcreds", XTestImports: []string{"internal/secret"}}},
		{"a cache imports the other library", pkg{ImportPath: "tipcreds/rediscache", Imports: []string{"s3agcreds"}}},
		{"a cache imports another", pkg{ImportPath: "tipcreds/rediscache", Imports: []string{"tipcreds/cachetest"}}},
		{"a cache is linked with its test suite", pkg{ImportPath: "tipcreds/rediscache", Deps: []string{"testing"}}},
		{"servers for tests know the cache", pkg{ImportPath: "tipcreds/rediscache/redistest", Imports: []string{"tipcreds"}}},
		{"tipcreds brings Redis", pkg{ImportPath: "tipcreds", Deps: []string{"github.com/redis/go-redis/v9"}}},
		{"tip-cli brings Redis", pkg{ImportPath: "cmd/tip-cli", Deps: []string{"github.com/redis/go-redis/v9"}}},
		{"tipcreds brings OpenTelemetry", pkg{ImportPath: "tipcreds", Deps: []string{"go.opentelemetry.io/otel/trace"}}},
		{"telemetry brings an SDK", pkg{ImportPath: "tipcreds/tipotel", Deps: []string{"go.opentelemetry.io/otel/sdk/trace"}}},
		{"a library is linked with cobra", pkg{ImportPath: "tipcreds/rediscache", Deps: []string{"github.com/spf13/cobra"}}},
		{"the credentials verify tokens", pkg{ImportPath: "tipcreds", Deps: []string{"github.com/coreos/go-oidc/v3/oidc"}}},
		{"an example uses internal code", pkg{ImportPath: "examples/webapp", Imports: []string{"internal/oidclogin"}}},
		{"an example is linked to another", pkg{ImportPath: "examples/webapp", Imports: []string{"examples/cli"}}},
		{"an example brings its lab", pkg{ImportPath: "examples/cli", Imports: []string{"lab"}}},
		{"the local run of the notebook does its work", pkg{ImportPath: "examples/s3-access-grants/local", Imports: []string{"tipcreds"}}},
		{"an example is imported", pkg{ImportPath: "e2e", XTestImports: []string{"examples/webapp"}}},
		{"main does more than one call", pkg{ImportPath: "cmd/tip-cli", Imports: []string{"internal/store"}}},
		{"the generator of the reference reads the store", pkg{ImportPath: "cmd/tip-cli/gendocs", Imports: []string{"internal/store"}}},
		{"tip-lab uses the client's store", pkg{ImportPath: "cmd/tip-lab", Imports: []string{"internal/store"}}},
		{"the flow runs commands", pkg{ImportPath: "internal/session", Imports: []string{"internal/cli"}}},
		{"the flow has flags", pkg{ImportPath: "internal/session", Imports: []string{"github.com/spf13/pflag"}}},
		{"a program is imported", pkg{ImportPath: "e2e", Imports: []string{"cmd/tip-lab/demo"}}},
		{"a program is linked with testing", pkg{ImportPath: "cmd/tip-lab", Deps: []string{"testing"}}},
		{"secrets leave the standard library", pkg{ImportPath: "internal/secret", Imports: []string{"go.yaml.in/yaml/v3"}}},
		{"expressions are taken from the configuration", pkg{ImportPath: "internal/lazyregexp", Imports: []string{"internal/config"}}},
		{"the configuration reads the store", pkg{ImportPath: "internal/config", Imports: []string{"internal/store"}}},
		{"the judge of answers keeps secrets", pkg{ImportPath: "internal/answer", Imports: []string{"internal/secret"}}},
		{"the fast path is linked with JSON", pkg{ImportPath: "internal/fastpath", Deps: []string{"encoding/json"}}},
		{"the fast path loads the SDK", pkg{ImportPath: "internal/fastpath", Imports: []string{"github.com/aws/aws-sdk-go-v2/aws"}}},
		{"the transport knows the configuration", pkg{ImportPath: "internal/transport", Imports: []string{"internal/config"}}},
		{"atomic files know secrets", pkg{ImportPath: "internal/store/atomicfile", Imports: []string{"internal/secret"}}},
		{"the profile editor reads the store", pkg{ImportPath: "internal/awsprofile", Imports: []string{"internal/store"}}},
		{"the store judges a configuration", pkg{ImportPath: "internal/store", Imports: []string{"internal/config"}}},
		{"sign-in writes files", pkg{ImportPath: "internal/oidclogin", Imports: []string{"internal/store"}}},
		{"the terminal chooses a sign-in", pkg{ImportPath: "internal/terminal", Imports: []string{"internal/oidclogin"}}},
		{"the template reads the configuration", pkg{ImportPath: "internal/rolestemplate", Imports: []string{"internal/config"}}},
		{"thumbprints choose their client", pkg{ImportPath: "internal/thumbprint", Imports: []string{"internal/transport"}}},
		{"the wizard stores answers", pkg{ImportPath: "internal/wizard", Imports: []string{"internal/config"}}},
		{"variables are read from the store", pkg{ImportPath: "internal/shellenv", Imports: []string{"internal/store"}}},
		{"a command runner gets credentials", pkg{ImportPath: "internal/childproc", Imports: []string{"internal/session"}}},
		{"the guard reads the store", pkg{ImportPath: "internal/recursion", Imports: []string{"internal/store"}}},
		{"a token source signs in", pkg{ImportPath: "internal/tokensource", Imports: []string{"golang.org/x/oauth2"}}},
		{"the credentials endpoint knows the flow", pkg{ImportPath: "internal/credserver", Imports: []string{"internal/session"}}},
		{"the flow edits profiles", pkg{ImportPath: "internal/session", Imports: []string{"internal/awsprofile"}}},
		{"findings know the chain", pkg{ImportPath: "internal/diag/finding", Imports: []string{"internal/diag/chain"}}},
		{"refusals know findings", pkg{ImportPath: "internal/diag/refusal", Imports: []string{"internal/diag/finding"}}},
		{"the chain is linked to the flow", pkg{ImportPath: "internal/diag/chain", Imports: []string{"internal/session"}}},
		{"a section looks into another", pkg{ImportPath: "internal/diag/regions", Imports: []string{"internal/diag/center"}}},
		{"the machine is asked for an exchange", pkg{ImportPath: "internal/diag/local", Imports: []string{"internal/session"}}},
		{"the live exchange reads AWS profiles", pkg{ImportPath: "internal/diag/live", Imports: []string{"internal/awsprofile"}}},
		{"roles are judged for one section", pkg{ImportPath: "internal/diag/iamrole", Imports: []string{"internal/diag/iam"}}},
		{"buckets know the chain", pkg{ImportPath: "internal/diag/bucket", Imports: []string{"internal/diag/chain"}}},
		{"the access of a diagnosis makes findings", pkg{ImportPath: "internal/diag/ambient", Imports: []string{"internal/diag/finding"}}},
		{"the page reads the chain", pkg{ImportPath: "internal/diag/page", Imports: []string{"internal/diag/chain"}}},
		{"explanations read the state", pkg{ImportPath: "internal/diag/explain", Imports: []string{"internal/store"}}},
		{"explanations are linked to the network", pkg{ImportPath: "internal/diag/explain", Imports: []string{"encoding/json"}, Deps: []string{"net/http"}}},
		{"commands of profiles are run", pkg{ImportPath: "internal/ownprocess", Imports: []string{"internal/childproc"}}},
		{"a section makes an exchange", pkg{ImportPath: "internal/diag/center", Imports: []string{"internal/session"}}},
		{"a section runs the others", pkg{ImportPath: "internal/diag/center", Imports: []string{"internal/diag"}}},
		{"the flow takes ambient credentials", pkg{ImportPath: "internal/session", Imports: []string{"internal/diag/ambient"}}},
		{"a service imports another", pkg{ImportPath: "lab/internal/sts", Imports: []string{"lab/internal/ssooidc"}}},
		{"a service's child imports another", pkg{ImportPath: "lab/internal/s3/store", Imports: []string{"lab/internal/s3control"}}},
		{"a service of tomorrow imports another", pkg{ImportPath: "lab/internal/athena", Imports: []string{"lab/internal/s3"}}},
		{"the ledger imports the switches", pkg{ImportPath: "lab/assumptions", Imports: []string{"lab/internal/world"}}},
		{"policy evaluation reads the world", pkg{ImportPath: "internal/policy", Imports: []string{"lab/internal/world"}}},
		{"certificates know the world", pkg{ImportPath: "lab/internal/tlsca", Imports: []string{"lab/internal/world"}}},
		{"keys are read from the world", pkg{ImportPath: "lab/internal/jwks", Imports: []string{"lab/internal/world"}}},
		{"the wire engine knows the world", pkg{ImportPath: "lab/internal/awswire/sigv4", Imports: []string{"lab/internal/world"}}},
		{"the world serves requests", pkg{ImportPath: "lab/internal/world", Imports: []string{"lab/internal/awswire"}}},
		{"authorization calls a service", pkg{ImportPath: "lab/internal/authz", Imports: []string{"lab/internal/sts"}}},
		{"the audit trail decides", pkg{ImportPath: "lab/internal/audit", Imports: []string{"lab/internal/authz"}}},
		{"the tests' lab takes a service apart", pkg{ImportPath: "lab/internal/probe", Imports: []string{"lab/internal/sts"}}},
		{"a service is made with what is for tests", pkg{ImportPath: "lab/internal/sts", Imports: []string{"lab/internal/probe"}}},
		{"labtest starts services alone", pkg{ImportPath: "lab/labtest", Imports: []string{"lab/internal/sts"}}},
	}
	said := map[string]bool{}
	for _, tt := range tests {
		found := allViolations(inModule(tt.pkg))
		if len(found) == 0 {
			t.Errorf("%s: no rule forbids it", tt.name)
		}
		for _, v := range found {
			_, reason, _ := strings.Cut(v, ": ")
			said[reason] = true
		}
	}
	for _, r := range rules {
		if !said[r.reason] {
			t.Errorf("no case above is against the rule that %s", r.reason)
		}
	}
}

func TestAllowedEdges(t *testing.T) {
	for _, p := range []pkg{
		{ImportPath: "internal/session", XTestImports: []string{"lab/labtest"}},
		{ImportPath: "tipcreds", Imports: []string{"github.com/aws/aws-sdk-go-v2/aws", "context"}, XTestImports: []string{"tipcreds", "lab/labtest"}},
		{ImportPath: "cmd/tip-lab/demo", Imports: []string{"lab", "internal/cli"}},
		{ImportPath: "examples/webapp", Imports: []string{"tipcreds", "s3agcreds", "golang.org/x/oauth2"}, TestImports: []string{"lab/labtest", "cmd/tip-lab/chromium"}},
		{ImportPath: "lab/internal/s3", Imports: []string{"lab/internal/s3/store", "lab/internal/world", "net/http"}},
		{ImportPath: "lab/internal/awswire/sigv4", Imports: []string{"lab/internal/awswire"}},
	} {
		if diff := cmp.Diff([]string(nil), allViolations(inModule(p))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.ImportPath, diff)
		}
	}
}

func allViolations(p pkg) []string {
	var found []string
	for _, r := range rules {
		found = append(found, r.violations(&p)...)
	}
	return found
}

// inModule completes the paths of a package made up for a test.
func inModule(p pkg) pkg {
	p.ImportPath = module + "/" + p.ImportPath
	for _, list := range [][]string{p.Imports, p.TestImports, p.XTestImports, p.Deps} {
		for i, path := range list {
			if top, _, _ := strings.Cut(path, "/"); ours[top] {
				list[i] = module + "/" + path
			}
		}
	}
	return p
}

// ours are the top folders of this module.
var ours = map[string]bool{"cmd": true, "internal": true, "lab": true, "tipcreds": true, "s3agcreds": true, "e2e": true, "examples": true}
