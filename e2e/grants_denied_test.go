package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// words are what the clients say, by their families.
type words map[string]string

// denials are what S3 itself refuses to credentials that were vended for less.
var denials = []struct {
	name, profile, verb string
	args                []string
	want                words
}{
	{"write with READ", "reports", "put", []string{"LETTER", "tip-demo-data/reports/letter"}, words{
		"AWS CLI": "An error occurred (AccessDenied) when calling the PutObject operation",
		"boto3":   "An error occurred (AccessDenied) when calling the PutObject operation",
		"rclone":  "AccessDenied: User: ",
	}},
	{"delete with READ", "reports", "rm", []string{"tip-demo-data/reports/summary.txt"}, words{
		"AWS CLI": "An error occurred (AccessDenied) when calling the DeleteObject operation",
		"boto3":   "An error occurred (AccessDenied) when calling the DeleteObject operation",
		"rclone":  "is not authorized to perform: s3:DeleteObject",
	}},
	{"read with WRITE", "inbox", "get", []string{"tip-demo-data/inbox/there"}, words{
		"AWS CLI": "An error occurred (403) when calling the HeadObject operation", // the answer to HEAD has no body
		"boto3":   "An error occurred (AccessDenied) when calling the GetObject operation",
		"rclone":  "is not authorized to perform: s3:ListBucket", // it looks for a folder of that name then
	}},
	{"list with WRITE", "inbox", "ls", []string{"tip-demo-data/inbox/"}, words{
		"AWS CLI": "An error occurred (AccessDenied) when calling the ListObjectsV2 operation",
		"boto3":   "An error occurred (AccessDenied) when calling the ListObjectsV2 operation",
		"rclone":  "is not authorized to perform: s3:ListBucket",
	}},
	{"another prefix", "reports", "ls", []string{"tip-demo-data/pipelines/"}, words{
		"AWS CLI": "An error occurred (AccessDenied) when calling the ListObjectsV2 operation",
		"boto3":   "An error occurred (AccessDenied) when calling the ListObjectsV2 operation",
		"rclone":  "is not authorized to perform: s3:ListBucket",
	}},
	{"somebody else's object", "home", "put", []string{"LETTER", "tip-demo-data/home/engineer/letter"}, words{
		"AWS CLI": "An error occurred (AccessDenied) when calling the PutObject operation",
		"boto3":   "An error occurred (AccessDenied) when calling the PutObject operation",
		"rclone":  "is not authorized to perform: s3:PutObject",
	}},
	{"copy from another prefix", "home", "copy", []string{"tip-demo-data/reports/summary.txt", "tip-demo-data/home/analyst/summary.txt"}, words{
		"AWS CLI": "An error occurred (403) when calling the HeadObject operation",
		"boto3":   "An error occurred (403) when calling the HeadObject operation",
		"rclone":  "is not authorized to perform: s3:ListBucket",
	}},
}

// vendingDenials are what GetDataAccess refuses, so that there are no credentials.
var vendingDenials = []struct{ name, profile, list, want string }{
	{"another person", "somebody-elses", "tip-demo-data/home/engineer/", "You do not have READ permissions to the requested S3 Prefix: s3://tip-demo-data/home/engineer/"},
	{"more than READ", "too-much", "tip-demo-data/reports/", "You do not have READWRITE permissions to the requested S3 Prefix: s3://tip-demo-data/reports/"},
	// A grant of home/analyst/* is none of home/analyst.
	{"no slash at the end", "no-slash", "tip-demo-data/home/analyst/", "You do not have READWRITE permissions to the requested S3 Prefix: s3://tip-demo-data/home/analyst"},
}

// code is the exit code of what S3 refused.
func (a at) code(verb string) int {
	single := map[string]int{"AWS CLI 1": 255, "AWS CLI 2": 254}[a.name]
	if verb == "ls" && single != 0 {
		return single // no transfer
	}
	return 1
}

func TestProfilesDenied(t *testing.T) {
	t.Parallel()
	w, env := grantsAt(t, lab.ProxyDoor)
	letter := file(t, t.TempDir(), "letter", []byte("a letter"))
	t.Run("clients", func(t *testing.T) {
		for _, tl := range tools {
			t.Run(tl.name, func(t *testing.T) {
				t.Parallel()
				a := tl.at(t, w, env)
				for _, d := range denials {
					args := slices.Clone(d.args)
					if args[0] == "LETTER" {
						args[0] = letter
					}
					a.denied(t, d.name, a.code(d.verb), d.want[a.family], a.argv(d.profile, d.verb, args...))
				}
				a.notVended(t)
			})
		}
	})
	for _, e := range w.Events() {
		asked, _ := e.RequestParameters["target"].(string)
		if e.EventName == "GetDataAccess" && e.ErrorCode == "" && strings.Contains(asked, "engineer") {
			t.Errorf("vended: %v", e.RequestParameters)
		}
	}
}

// denied wants a refusal in the client's own words.
func (a at) denied(t *testing.T, name string, code int, want string, argv []string) result {
	t.Helper()
	r := a.w.run(t, a.env, argv[0], argv[1:]...)
	if r.code != code || !strings.Contains(r.stderr, want) || r.stdout != "" {
		t.Errorf("%s: exit code %d of %v, want %d and %q\nstdout: %s\nstderr: %s", name, r.code, argv, code, want, r.stdout, r.stderr)
	}
	return r
}

// notVended wants what GetDataAccess said on the client's stderr, on one line, with a
// hint.
func (a at) notVended(t *testing.T) {
	t.Helper()
	code := 1
	if a.family == "AWS CLI" {
		code = 255 // a client without credentials
	}
	for _, d := range vendingDenials {
		r := a.denied(t, d.name, code, d.want, a.argv(d.profile, "ls", d.list))
		if n := strings.Count(r.stderr, "tip-cli: error: GetDataAccess for "); n != 1 || strings.Count(r.stderr, "tip-cli: hint: ") != 1 {
			t.Errorf("%s: %d lines of tip-cli\n%s", d.name, n, r.stderr)
		}
	}
}
