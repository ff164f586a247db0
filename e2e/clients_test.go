package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// client is a program of somebody else that does an errand for us, see
// testdata/clients: with the credentials of an AWS profile, or with those that
// its own chain of providers finds where profile is "".
type client struct {
	name string
	need func(t *testing.T)
	// argv is the command line without the errand.
	argv func() []string
	// endpoints is whether it knows AWS_ENDPOINT_URL, and so the endpoint door.
	endpoints bool
	// library is whether an errand is one process, which may last.
	library bool
}

var allClients = []client{
	{
		name: "AWS CLI 1", endpoints: true,
		need: func(t *testing.T) { needAWSCLIOf(t, "1") },
		argv: func() []string { return []string{"sh", script("aws.sh"), awsCLIs()["1"]} },
	},
	{
		name: "AWS CLI 2",
		need: func(t *testing.T) { needAWSCLIOf(t, "2") },
		argv: func() []string { return []string{"sh", script("aws.sh"), awsCLIs()["2"]} },
	},
	{
		name: "boto3", endpoints: true, library: true, need: needBoto3,
		argv: func() []string { return []string{"python3", script("sdk.py")} },
	},
	{
		name: "SDK for JavaScript", endpoints: true, library: true, need: needJavaScript,
		argv: func() []string { return []string{"node", script(filepath.Join("js", "sdk.cjs"))} },
	},
	{
		name: "SDK for Go", endpoints: true, library: true, need: func(*testing.T) {},
		argv: func() []string { return []string{testBinary(), goErrand} },
	},
}

func clientsNamed(names ...string) []client {
	return slices.DeleteFunc(slices.Clone(allClients), func(c client) bool { return !slices.Contains(names, c.name) })
}

func (c client) command(errand, profile string) []string {
	argv := append(c.argv(), errand)
	if profile != "" {
		argv = append(argv, "--profile", profile)
	}
	return argv
}

// script is a file of testdata/clients.
func script(name string) string {
	path, err := filepath.Abs(filepath.Join("testdata", "clients", name))
	if err != nil {
		panic(err) // there is no working directory any more
	}
	return path
}

func testBinary() string {
	path, err := os.Executable()
	if err != nil {
		panic(err) // a system that does not say what it runs
	}
	return path
}

var awsVersion = regexp.MustCompile(`^aws-cli/(\d+)\.`)

// awsCLIs are the AWS CLIs of this machine by major version, the first of each on
// PATH: that of pip and that of the system stand side by side.
var awsCLIs = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin") {
		path, err := exec.LookPath(filepath.Join(dir, "aws"))
		if err != nil {
			continue
		}
		version, err := exec.CommandContext(context.Background(), path, "--version").CombinedOutput() // old ones say it on stderr
		if err != nil {
			continue
		}
		if major := awsVersion.FindSubmatch(version); major != nil && found[string(major[1])] == "" {
			found[string(major[1])] = path
		}
	}
	return found
})

func needAWSCLIOf(t *testing.T, major string) {
	t.Helper()
	need(t, awsCLIs()[major] != "", "version "+major+" of the AWS CLI")
}

// needJavaScript wants the packages of the lock file, and no others.
func needJavaScript(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	need(t, err == nil, "node")
	for _, name := range []string{"client-sts", "client-s3"} {
		want := packageVersion(t, script(filepath.Join("js", "package-lock.json")), "node_modules/@aws-sdk/"+name)
		installed := script(filepath.Join("js", "node_modules", ".package-lock.json"))
		need(t, fileExists(installed), "the SDK for JavaScript (npm ci --prefix e2e/testdata/clients/js)")
		got := packageVersion(t, installed, "node_modules/@aws-sdk/"+name)
		need(t, got == want, name+" "+want+" (npm ci --prefix e2e/testdata/clients/js)")
	}
}

// packageVersion reads the version of a package in a lock file.
func packageVersion(t *testing.T, path, name string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	return lock.Packages[name].Version
}

// identity and grant are what an errand shows to the analyst.
var (
	identityShows = map[string]string{"identity": "tip-" + analystID + " 444455556666", "direct": "AccessDenied"}
	grantShows    = map[string]string{
		"keys": "reports/2026/revenue.csv,reports/summary.txt", "body": "Revenue grew in the second quarter.", "write": "AccessDenied",
	}
)

var shows = map[string]map[string]string{"identity": identityShows, "grant": grantShows}

// read turns the output of an errand into words and what came of them. What
// stands before the colon of a UserId is another one in each lab.
func read(stdout string) map[string]string {
	shown := map[string]string{}
	for line := range strings.Lines(stdout) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, after, ok := strings.Cut(rest, ":"); ok && word == "identity" {
			rest = after
		}
		shown[word] = rest
	}
	return shown
}
