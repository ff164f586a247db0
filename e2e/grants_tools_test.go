package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tool is a program of somebody else that moves objects, with the credentials of a
// profile. Its objects are BUCKET/KEY.
type tool struct {
	name string
	// slug is its folder in the lab and on disk.
	slug string
	// family is whose words it uses for a refusal.
	family string
	need   func(t *testing.T)
	// argv is the command line of a verb: ls PREFIX, put FILE OBJECT, get OBJECT, rm
	// OBJECT, rmall PREFIX, copy OBJECT OBJECT, sync FOLDER PREFIX, down PREFIX FOLDER,
	// link OBJECT.
	argv func(profile, verb string, args ...string) []string
	// environ changes the environment, nil for as it is.
	environ func(t *testing.T, w *world, env []string) []string
	// bare is whether ls prints keys without the prefix that was asked for.
	bare bool
}

var tools = []tool{
	awsTool("1"), awsTool("2"),
	{
		name: "boto3", slug: "boto3", family: "boto3", need: needBoto3,
		argv: func(profile, verb string, args ...string) []string {
			return append([]string{"python3", script("grants.py"), profile, verb}, args...)
		},
	},
	rcloneTool,
}

var rcloneTool = tool{
	name: "rclone", slug: "rclone", family: "rclone", need: needRclone, bare: true,
	argv: rcloneArgv, environ: rcloneEnviron,
}

func awsTool(major string) tool {
	return tool{
		name: "AWS CLI " + major, slug: "aws" + major, family: "AWS CLI",
		need: func(t *testing.T) { needAWSCLIOf(t, major) },
		argv: func(profile, verb string, args ...string) []string {
			return slices.Concat([]string{awsCLIs()[major], "--profile", profile}, awsVerb(verb, args), copyProps(major, verb))
		},
	}
}

func awsVerb(verb string, args []string) []string {
	uri := func(i int) string { return "s3://" + args[i] }
	switch verb {
	case "ls":
		bucket, prefix, _ := strings.Cut(args[0], "/")
		return []string{"s3api", "list-objects-v2", "--bucket", bucket, "--prefix", prefix, "--query", "Contents[].Key", "--output", "text"}
	case "put":
		return []string{"s3", "cp", "--only-show-errors", args[0], uri(1)}
	case "get":
		return []string{"s3", "cp", uri(0), "-"}
	case "rm":
		return []string{"s3", "rm", "--only-show-errors", uri(0)}
	case "rmall":
		return []string{"s3", "rm", "--only-show-errors", "--recursive", uri(0)}
	case "copy":
		return []string{"s3", "cp", "--only-show-errors", uri(0), uri(1)}
	case "sync":
		return []string{"s3", "sync", "--only-show-errors", "--delete", args[0], uri(1)}
	case "down":
		return []string{"s3", "sync", "--only-show-errors", uri(0), args[1]}
	case "link":
		return []string{"s3", "presign", "--expires-in", "300", uri(0)}
	}
	panic("no verb " + verb)
}

// copyProps keeps version 2 of the AWS CLI from copying the tags of an object that it
// copies in parts: no grant allows to read tags.
func copyProps(major, verb string) []string {
	if major == "2" && verb == "copy" {
		return []string{"--copy-props", "metadata-directive"}
	}
	return nil
}

func needRclone(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("rclone")
	need(t, err == nil, "rclone")
}

// rcloneArgv is the command of a verb. A remote has the name of its profile.
func rcloneArgv(profile, verb string, args ...string) []string {
	remote := func(i int) string { return profile + ":" + args[i] }
	argv := []string{"rclone", "--retries", "1", "--low-level-retries", "1"}
	switch verb {
	case "ls":
		return append(argv, "lsf", "--recursive", "--files-only", remote(0))
	case "put": // see TestRcloneSettings for the flag
		return append(argv, "copyto", "--no-check-dest", args[0], remote(1))
	case "get":
		return append(argv, "cat", remote(0))
	case "rm":
		return append(argv, "deletefile", remote(0))
	case "rmall":
		return append(argv, "delete", remote(0))
	case "copy":
		return append(argv, "copyto", "--no-check-dest", remote(0), remote(1))
	case "sync":
		return append(argv, "sync", args[0], remote(1))
	case "down":
		return append(argv, "copy", remote(0), args[1])
	case "link":
		return append(argv, "link", "--expire", "5m", remote(0))
	}
	panic("no verb " + verb)
}

// rcloneSettings are those of each remote beside its profile. Without no_check_bucket
// rclone makes the bucket before it writes, which no grant allows.
const rcloneSettings = "type = s3\nprovider = AWS\nenv_auth = true\nregion = eu-west-1\nno_check_bucket = true\nupload_cutoff = 5M\nchunk_size = 5M\n"

// rcloneEnviron writes rclone's configuration with a remote for each profile.
func rcloneEnviron(t *testing.T, w *world, env []string) []string {
	t.Helper()
	var text strings.Builder
	for _, profile := range grantProfiles {
		fmt.Fprintf(&text, "[%s]\nprofile = %s\n%s", profile.name, profile.name, rcloneSettings)
	}
	path := filepath.Join(w.home, "rclone.conf")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(withoutCABundle(env), "RCLONE_CONFIG="+path)
}

// withoutCABundle takes AWS_CA_BUNDLE away, at which the SDK of rclone 1.60 stops.
// SSL_CERT_FILE names the lab's CA to rclone and to tip-cli.
func withoutCABundle(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool { return strings.HasPrefix(entry, "AWS_CA_BUNDLE=") })
}

// at is the tool on a machine.
type at struct {
	tool
	w   *world
	env []string
}

func (tl tool) at(t *testing.T, w *world, env []string) at {
	t.Helper()
	tl.need(t)
	if tl.environ != nil {
		env = tl.environ(t, w, env)
	}
	return at{tl, w, env}
}

// do runs a verb that is allowed, and returns what it prints.
func (a at) do(t *testing.T, profile, verb string, args ...string) string {
	t.Helper()
	argv := a.argv(profile, verb, args...)
	return a.w.must(t, a.env, argv[0], argv[1:]...)
}

// keys are what lies under a prefix, in order.
func (a at) keys(t *testing.T, profile, prefix string) []string {
	t.Helper()
	found := []string{}
	for key := range strings.FieldsFuncSeq(a.do(t, profile, "ls", prefix), func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }) {
		if _, under, _ := strings.Cut(prefix, "/"); !a.bare {
			key = strings.TrimPrefix(key, under)
		}
		if key != "" && key != "None" { // what the AWS CLI prints for nothing
			found = append(found, key)
		}
	}
	slices.Sort(found)
	return found
}
