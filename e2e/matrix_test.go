package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

// errandProfiles has a profile for each errand, of the same name.
const errandProfiles = `[profile identity]
region=eu-west-1
credential_process=tip-cli auth get-iam-credentials
[profile grant]
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-demo-data/reports/ --permission READ
`

// grantFlags are what exec, env and serve need for the errand grant.
var grantFlags = []string{"--s3", "s3://tip-demo-data/reports/", "--permission", "READ"}

// way is a way for credentials to come to a client.
type way struct {
	name string
	// errand is the one that programs do that take a second for each call; "" for all.
	errand string
	// argv is the client's command for an errand, and what stands before it.
	argv func(c client, errand string) []string
}

func flagsOf(errand string) []string {
	if errand == "grant" {
		return grantFlags
	}
	return nil
}

var (
	byProcess = way{"credential_process", "", func(c client, errand string) []string { return c.command(errand, errand) }}
	byExec    = way{"exec", "grant", func(c client, errand string) []string {
		return slices.Concat([]string{"tip-cli", "exec"}, flagsOf(errand), []string{"--"}, c.command(errand, ""))
	}}
	byExecServer = way{"exec with a server", "identity", func(c client, errand string) []string {
		return slices.Concat([]string{"tip-cli", "exec", "--server"}, flagsOf(errand), []string{"--"}, c.command(errand, ""))
	}}
	byEnv = way{"env", "identity", func(c client, errand string) []string {
		evaluated := `eval "$(tip-cli env --format sh ` + strings.Join(flagsOf(errand), " ") + `)"; exec "$@"`
		return slices.Concat([]string{"sh", "-euc", evaluated, "sh"}, c.command(errand, ""))
	}}
)

// forgetting runs a client without what the environment says of credentials.
func forgetting(script string) string {
	return `eval "$(tip-cli env --format sh --unset)"; ` + script
}

// byFormats are the ways by a file in a format of env.
var byFormats = []way{
	{"env --format dotenv", "identity", func(c client, errand string) []string {
		sourced := forgetting(`tip-cli env --format dotenv > env.$$; set -a; . ./env.$$; set +a; exec "$@"`)
		return slices.Concat([]string{"sh", "-euc", sourced, "sh"}, c.command(errand, ""))
	}},
	{"env --format ini", "identity", func(c client, errand string) []string {
		file := forgetting(`tip-cli env --format ini --profile me > ini.$$; export AWS_SHARED_CREDENTIALS_FILE=ini.$$ AWS_REGION=eu-west-1; exec "$@"`)
		return slices.Concat([]string{"sh", "-euc", file, "sh"}, c.command(errand, "me"))
	}},
	{"env --format json", "identity", func(c client, errand string) []string {
		parsed := forgetting(`tip-cli env --format json > json.$$; exec python3 -c 'import json, os, sys
os.environ.update(json.load(open(sys.argv[1])))
os.execvp(sys.argv[2], sys.argv[2:])' json.$$ "$@"`)
		return slices.Concat([]string{"sh", "-euc", parsed, "sh"}, c.command(errand, ""))
	}},
}

// analystAt is a machine at which the analyst has signed in, with the profiles of
// the errands.
func analystAt(t *testing.T, door lab.Door, edits ...func(*lab.World)) (*world, []string) {
	t.Helper()
	w := newWorld(t, edits...)
	env := w.environ(door)
	issuer := oktaIssuer
	if door == lab.EndpointDoor {
		issuer = w.Endpoint() + "/idp"
	}
	w.configure(t, env, issuer)
	w.signIn(t, env, "analyst")
	w.profiles(t, errandProfiles)
	return w, env
}

// errand runs the errand and compares what it shows.
func (w *world) errand(t *testing.T, env []string, c client, by way, errand string) {
	t.Helper()
	argv := by.argv(c, errand)
	got := read(w.must(t, env, argv[0], argv[1:]...))
	if diff := cmp.Diff(shows[errand], got); diff != "" {
		t.Errorf("%s by %s (-want +got):\n%s", c.name, by.name, diff)
	}
}

// Every client, each way, against real host names.
func TestClients(t *testing.T) {
	t.Parallel()
	w, env := analystAt(t, lab.ProxyDoor)
	ways := []way{byProcess, byExec, byEnv, byExecServer, w.byServer(t, env)}
	for _, c := range allClients {
		for _, by := range ways {
			t.Run(c.name+"/"+by.name, func(t *testing.T) {
				t.Parallel()
				c.need(t)
				for _, errand := range []string{"identity", "grant"} {
					if c.library || by.errand == "" || by.errand == errand {
						w.errand(t, env, c, by, errand)
					}
				}
			})
		}
	}
}

// The other formats of env, for clients that read them in their own way. The
// environment is somebody else's until then.
func TestClientsByFormats(t *testing.T) {
	t.Parallel()
	w, env := analystAt(t, lab.ProxyDoor)
	env = append(env, poisoned(t, w).vars...)
	for _, c := range clientsNamed("AWS CLI 1", "AWS CLI 2", "boto3") {
		for _, by := range byFormats {
			t.Run(c.name+"/"+by.name, func(t *testing.T) {
				t.Parallel()
				c.need(t)
				w.errand(t, env, c, by, "identity")
			})
		}
	}
}

func TestClientsThroughTheEndpointDoor(t *testing.T) {
	t.Parallel()
	w, env := analystAt(t, lab.EndpointDoor)
	for _, c := range allClients {
		if !c.endpoints || !c.library { // of the AWS CLI see TestAWSCLIThroughTheEndpointDoor
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.need(t)
			w.errand(t, env, c, byProcess, "identity")
			w.errand(t, env, c, byProcess, "grant")
			w.errand(t, env, c, byExec, "identity")
			w.errand(t, env, c, byExecServer, "identity")
		})
	}
}

// Spaces in the path of the program and quotes in the profile: each client splits
// a credential_process in its own way.
func TestClientsAndAPathWithSpaces(t *testing.T) {
	t.Parallel()
	w, env := analystAt(t, lab.ProxyDoor)
	copied := placedIn(t, filepath.Join(w.home, "Program Files (x86)"))
	w.must(t, env, copied, "auth", "set-aws-profile", "--profile", "identity")
	if text, err := os.ReadFile(filepath.Join(w.home, "aws-config")); err != nil || !strings.Contains(string(text), `credential_process=`+w.home) {
		t.Fatalf("the profile does not name the program: %v\n%s", err, text)
	}
	for _, c := range allClients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.need(t)
			w.errand(t, env, c, byProcess, "identity")
		})
	}
}
