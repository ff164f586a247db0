package e2e_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

// grantProfile is a profile in the manner of the original's README.
type grantProfile struct{ name, target, permission string }

var grantProfiles = []grantProfile{
	{"home", "s3://tip-demo-data/home/analyst/", "READWRITE"},
	{"reports", "s3://tip-demo-data/reports/", "READ"},
	{"inbox", "s3://tip-demo-data/inbox/", "WRITE"},
	// What GetDataAccess refuses.
	{"somebody-elses", "s3://tip-demo-data/home/engineer/", "READ"},
	{"too-much", "s3://tip-demo-data/reports/", "READWRITE"},
	{"no-slash", "s3://tip-demo-data/home/analyst", "READWRITE"},
}

// writer adds a grant to write and not to read.
func writer(w *lab.World) {
	all := w.AccessGrants[0].Grants
	added := all[1] // the analyst's own
	added.SubPrefix, added.Permission = "tip-demo-data/inbox/*", "WRITE"
	w.AccessGrants[0].Grants = append(all, added)
}

// presigning makes boto3, and version 1 of the AWS CLI, presign with version 4: in this
// region they would take version 2, which buckets made since June 2020 refuse.
const presigning = "s3=\n  signature_version=s3v4\n"

// grantsAt is a machine of the analyst with the profiles above.
func grantsAt(t *testing.T, door lab.Door) (*world, []string) {
	t.Helper()
	w, env := analystAt(t, door, writer)
	var text strings.Builder
	for _, p := range grantProfiles {
		text.WriteString("[profile " + p.name + "]\noutput=json\nregion=eu-west-1\n" + presigning +
			"credential_process=tip-cli s3ag get-data-access " + p.target + " --permission " + p.permission + "\n\n")
	}
	w.profiles(t, text.String())
	return w, env
}

// Each client, with nothing but a profile: it writes, lists, copies, synchronises,
// links to and deletes what is granted.
func TestGrantedProfiles(t *testing.T) {
	t.Parallel()
	w, env := grantsAt(t, lab.ProxyDoor)
	client := w.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	t.Run("clients", func(t *testing.T) {
		for _, tl := range tools {
			t.Run(tl.name, func(t *testing.T) {
				t.Parallel()
				a := tl.at(t, w, env)
				a.readsAndWrites(t, client)
				a.reads(t)
				a.writes(t)
			})
		}
	})
	t.Run("the trail", func(t *testing.T) { namesThePerson(t, w.Events()) })
	if got := w.Counts().DataAccesses; got.Granted != 3 || got.Refused != 0 {
		t.Errorf("GetDataAccess was called %+v times, want once for each of three profiles", got)
	}
}

// large is above the size from which each client uploads, and copies, in parts.
const large = 9 << 20

// readsAndWrites does all that READWRITE allows.
func (a at) readsAndWrites(t *testing.T, client *http.Client) {
	t.Helper()
	dir, under := t.TempDir(), "tip-demo-data/home/analyst/"+a.slug+"/"
	parts := make([]byte, large)
	_, _ = rand.Read(parts)
	one, big := file(t, dir, "one.txt", []byte("from "+a.name+"\n")), file(t, dir, "big.bin", parts)

	a.do(t, "home", "put", one, under+"one.txt")
	if got := a.do(t, "home", "get", under+"one.txt"); got != "from "+a.name+"\n" {
		t.Errorf("one.txt came back as %q", got)
	}
	a.do(t, "home", "put", big, under+"big.bin")
	a.do(t, "home", "copy", under+"big.bin", under+"copy.bin")
	if got := fetched(t, client, a.do(t, "home", "link", under+"copy.bin")); !bytes.Equal(got, parts) {
		t.Errorf("the link to copy.bin gives %d other bytes", len(got))
	}
	a.do(t, "home", "rm", under+"one.txt")
	if diff := cmp.Diff([]string{"big.bin", "copy.bin"}, a.keys(t, "home", under)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	a.synchronises(t, under+"tree/")
	a.do(t, "home", "rmall", under)
	if left := a.keys(t, "home", under); len(left) > 0 {
		t.Errorf("left after the deletion: %q", left)
	}
}

// synchronises takes a folder there and back. Names are as people choose them.
func (a at) synchronises(t *testing.T, under string) {
	t.Helper()
	dir, back := t.TempDir(), filepath.Join(t.TempDir(), "back")
	names := []string{"a b+c%41&d.txt", "plain.txt", "[x]~café.txt"}
	for _, name := range names {
		file(t, dir, name, []byte(name))
	}
	a.do(t, "home", "sync", dir, under)
	if err := os.Remove(filepath.Join(dir, "plain.txt")); err != nil {
		t.Fatal(err)
	}
	file(t, dir, "later.txt", []byte("later.txt"))
	a.do(t, "home", "sync", dir, under)
	want := []string{"[x]~café.txt", "a b+c%41&d.txt", "later.txt"}
	if diff := cmp.Diff(want, a.keys(t, "home", under)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	a.do(t, "home", "down", under, back)
	got := map[string]string{}
	for _, name := range want {
		content, _ := os.ReadFile(filepath.Join(back, name)) // what is missing is shown below
		got[name] = string(content)
	}
	if diff := cmp.Diff(map[string]string{want[0]: want[0], want[1]: want[1], want[2]: want[2]}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func (a at) reads(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff([]string{"2026/revenue.csv", "summary.txt"}, a.keys(t, "reports", "tip-demo-data/reports/")); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if got := a.do(t, "reports", "get", "tip-demo-data/reports/summary.txt"); got != "Revenue grew in the second quarter.\n" {
		t.Errorf("summary.txt: %q", got)
	}
}

// writes puts an object where nothing may be read. Where a client would look at it
// afterwards there is a setting against it.
func (a at) writes(t *testing.T) {
	t.Helper()
	if a.family == "rclone" {
		a.env = append(slices.Clone(a.env), "RCLONE_S3_NO_HEAD=true")
	}
	a.do(t, "inbox", "put", file(t, t.TempDir(), "letter", []byte("a letter")), "tip-demo-data/inbox/"+a.slug)
}

func file(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fetched(t *testing.T, client *http.Client, link string) []byte {
	t.Helper()
	answer, err := client.Get(strings.TrimSpace(link))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%.500s", answer.Status, err, body)
	}
	return body
}

// namesThePerson wants every call of S3 under the analyst's name, and every kind
// of upload to have happened.
func namesThePerson(t *testing.T, events []lab.Event) {
	t.Helper()
	seen := map[string]int{}
	for _, e := range events {
		if e.EventSource != "s3.amazonaws.com" || e.EventName == "GetDataAccess" {
			continue
		}
		seen[e.EventName]++
		if e.UserIdentity.OnBehalfOf == nil || e.UserIdentity.OnBehalfOf.UserID != analystID {
			t.Errorf("%s of %s on behalf of %+v", e.EventName, e.UserIdentity.ARN, e.UserIdentity.OnBehalfOf)
		}
	}
	for _, name := range []string{"PutObject", "GetObject", "ListObjectsV2", "DeleteObject", "DeleteObjects", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"} {
		if seen[name] == 0 {
			t.Errorf("no %s among the events %v", name, seen)
		}
	}
}
