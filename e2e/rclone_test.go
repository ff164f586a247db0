package e2e_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

func rcloneAt(t *testing.T, door lab.Door) at {
	t.Helper()
	needRclone(t)
	w, env := grantsAt(t, door)
	return rcloneTool.at(t, w, env)
}

// with is the same machine with more variables.
func (a at) with(vars ...string) at {
	a.env = append(append([]string{}, a.env...), vars...)
	return a
}

// What rclone needs to know of S3 Access Grants, and what it says without.
func TestRcloneSettings(t *testing.T) {
	t.Parallel()
	a := rcloneAt(t, lab.ProxyDoor)
	letter := file(t, t.TempDir(), "letter", []byte("a letter"))
	put := []string{"rclone", "copyto", "--retries", "1", letter, "home:tip-demo-data/home/analyst/letter"}
	checked := append([]string{}, put...)
	checked = append(checked, "--no-check-dest")
	for _, c := range []struct {
		name, want string
		with       at
		argv       []string
	}{
		{"it would make the bucket", "s3:CreateBucket", a.with("RCLONE_S3_NO_CHECK_BUCKET=false"), append(checked, "--s3-no-check-bucket=false")},
		{"it looks for an object that is not there", "Forbidden: Forbidden", a, put},
		{"it looks at an object that it may not read", "Forbidden: Forbidden", a, []string{"rclone", "copyto", "--retries", "1", "--no-check-dest", letter, "inbox:tip-demo-data/inbox/letter"}},
		{"its SDK cannot add to its roots", "LoadCustomCABundleError", a.with("AWS_CA_BUNDLE=" + a.w.caFile), checked},
		{"a grant lists no buckets", "s3:ListAllMyBuckets", a, []string{"rclone", "lsd", "home:"}},
		{"nor more than its prefix", "s3:ListBucket", a, []string{"rclone", "lsf", "home:tip-demo-data"}},
	} {
		t.Run(c.name, func(t *testing.T) { c.with.denied(t, c.name, 1, c.want, c.argv) })
	}
	t.Run("with its settings", func(t *testing.T) {
		a.w.must(t, a.env, checked[0], checked[1:]...)
		if got := a.do(t, "home", "get", "tip-demo-data/home/analyst/letter"); got != "a letter" {
			t.Errorf("letter: %q", got)
		}
	})
	t.Run("between two profiles", func(t *testing.T) {
		a.w.must(t, a.env, "rclone", "sync", "reports:tip-demo-data/reports/", "home:tip-demo-data/home/analyst/copied")
		a.w.must(t, a.env, "rclone", "check", "reports:tip-demo-data/reports/", "home:tip-demo-data/home/analyst/copied")
		if diff := cmp.Diff([]string{"2026/revenue.csv", "summary.txt"}, a.keys(t, "home", "tip-demo-data/home/analyst/copied/")); diff != "" {
			t.Errorf("objects (-want +got):\n%s", diff)
		}
	})
}

// Without a configuration of its own: flags, and the profile from the environment.
// Refused is what is asked for again, as often as rclone tries.
func TestRcloneByTheEnvironment(t *testing.T) {
	t.Parallel()
	a := rcloneAt(t, lab.ProxyDoor)
	flags := []string{"--config", "", "--s3-env-auth", "--s3-provider", "AWS", "--s3-region", "eu-west-1", "--s3-no-check-bucket"}
	read := a.with("AWS_PROFILE=reports")
	if got := read.w.must(t, read.env, "rclone", append([]string{"cat", ":s3:tip-demo-data/reports/summary.txt"}, flags...)...); !strings.HasPrefix(got, "Revenue grew") {
		t.Errorf("summary.txt: %q", got)
	}
	letter := file(t, t.TempDir(), "letter", []byte("a letter"))
	put := append([]string{"rclone", "copyto", "--no-check-dest", letter, ":s3:tip-demo-data/reports/letter"}, flags...)
	read.denied(t, "write", 1, "s3:PutObject", put)
	refused := a.with("AWS_PROFILE=too-much")
	before := a.w.Counts().DataAccesses.Refused
	r := refused.denied(t, "not vended", 1, "You do not have READWRITE permissions", put)
	attempts := strings.Count(r.stderr, "Attempt ")
	if lines := strings.Count(r.stderr, "tip-cli: error: "); attempts != 3 || lines != attempts {
		t.Errorf("%d attempts and %d lines of tip-cli\n%s", attempts, lines, r.stderr)
	}
	if asked := a.w.Counts().DataAccesses.Refused - before; asked > attempts {
		t.Errorf("GetDataAccess was asked %d times in %d attempts", asked, attempts)
	}
}

// rclone 1.60 does not know AWS_ENDPOINT_URL, which tip-cli goes by.
func TestRcloneThroughTheEndpointDoor(t *testing.T) {
	t.Parallel()
	a := rcloneAt(t, lab.EndpointDoor)
	through := []string{"--s3-endpoint", a.w.Endpoint(), "--s3-provider", "Other"}
	run := func(args ...string) []string { return append(append([]string{"rclone"}, args...), through...) }
	letter := file(t, t.TempDir(), "letter", []byte("a letter"))
	put := run("copyto", "--no-check-dest", letter, "home:tip-demo-data/home/analyst/letter")
	a.w.must(t, a.env, put[0], put[1:]...)
	get := run("cat", "home:tip-demo-data/home/analyst/letter")
	if got := a.w.must(t, a.env, get[0], get[1:]...); got != "a letter" {
		t.Errorf("letter: %q", got)
	}
	a.denied(t, "write", 1, "AccessDenied", run("copyto", "--retries", "1", "--no-check-dest", letter, "reports:tip-demo-data/reports/letter"))
	a.denied(t, "not vended", 1, "You do not have READ permissions", run("lsf", "somebody-elses:tip-demo-data/home/engineer/"))
}
