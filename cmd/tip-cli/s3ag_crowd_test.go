package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

const twoHundred = 200

// sibling are the arguments that ask for one of many paths under one grant.
func sibling(i int) []string {
	return []string{"s3ag", "get-data-access", fmt.Sprintf("s3://tip-demo-data/reports/2026/part-%03d/", i), "--permission", "READ"}
}

// startSiblings starts n more processes, each for a path of its own.
func (c *crowd) startSiblings(n int) []*member {
	c.t.Helper()
	for range n {
		c.args = sibling(len(c.members))
		c.start(1)
	}
	return c.members[len(c.members)-n:]
}

// reads wants the credentials of an answer to read a report.
func (w *watched) reads(t *testing.T, answer string) {
	t.Helper()
	var c struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(answer), &c); err != nil {
		t.Fatal(err)
	}
	client := s3.New(s3.Options{Region: "eu-west-1", HTTPClient: w.HTTPClient(), Credentials: awscredentials.NewStaticCredentialsProvider(c.AccessKeyId, c.SecretAccessKey, c.SessionToken)})
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("reports/summary.txt")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	if text, err := io.ReadAll(out.Body); err != nil || !strings.HasPrefix(string(text), "Revenue grew") {
		t.Errorf("read %q, %v", text, err)
	}
}

// one wants one entry to be stored.
func (w *watched) one(t *testing.T) {
	t.Helper()
	if entries, err := store.New(w.state()).LoadS3(); err != nil || len(entries) != 1 {
		t.Errorf("%d entries are stored, %v", len(entries), err)
	}
}

// Two hundred processes at once that want S3 credentials for siblings under one grant,
// with nothing at hand: one refresh, one exchange, one GetDataAccess.
func TestTwoHundredSiblings(t *testing.T) {
	long(t)
	t.Parallel()
	t.Run("case 27: siblings under one matched target: one GetDataAccess call", func(t *testing.T) {
		w := coldStart(t)
		before := w.done()
		h := newHold(proxytest.Token, false)
		w.Meddle(h.hook)
		c := newCrowd(t, w)
		defer time.AfterFunc(heldAtMost, h.let).Stop() // who comes after that finds what there is
		c.startSiblings(twoHundred)
		h.let()
		c.wait()
		c.answered()
		if diff := cmp.Diff(work{1, 0, 1, 1}, w.done().minus(before)); diff != "" {
			t.Errorf("by the lab's own count (-want +got):\n%s", diff)
		}
		if n := w.granted("GetDataAccess"); n != 1 {
			t.Errorf("%d calls of GetDataAccess in the audit trail", n)
		}
		w.one(t)
		w.reads(t, c.members[twoHundred-1].stdout.String())
	})
}

// warmStart is coldStart with a role session, so that the next run asks for a grant only.
func warmStart(t *testing.T) *watched {
	t.Helper()
	w := coldStart(t)
	w.must(t, credentials)
	w.Forget()
	return w
}

// The process that asks is killed while all others wait: one of them asks again, and all
// have its answer. They are as many as can be seen to wait before the first, whose answer
// is kept back, would ask again.
func TestSiblingsAndTheFirstIsKilled(t *testing.T) {
	long(t)
	t.Parallel()
	needProc(t)
	w := warmStart(t)
	h := newHold("GetDataAccess", true)
	w.Meddle(h.hook)
	c := newCrowd(t, w, sibling(0)...)
	holder := c.holding(h)
	awaitIdle(c.deadline(), t, c.startSiblings(39))
	holder.kill()
	c.wait()
	c.answered(holder)
	if holder.cmd.ProcessState.ExitCode() != -1 || holder.stdout.Len() > 0 {
		t.Errorf("the first was not killed: %v, %q", holder.cmd.ProcessState, holder.stdout.String())
	}
	if n := w.granted("GetDataAccess"); n != 2 {
		t.Errorf("%d calls of GetDataAccess in the audit trail, want that of the killed one and another", n)
	}
	w.one(t)
	w.reads(t, c.members[1].stdout.String())
}

// Many processes that ask for what nobody has granted: those who wait for an answer take
// it over, and all say the same.
func TestManyProcessesAreDeniedAGrant(t *testing.T) {
	long(t)
	t.Parallel()
	needProc(t)
	w := warmStart(t)
	h := newHold("GetDataAccess", false)
	w.Meddle(h.hook)
	c := newCrowd(t, w, "s3ag", "get-data-access", "s3://tip-demo-data/private/payroll.csv")
	c.holding(h)
	awaitIdle(c.deadline(), t, c.start(49))
	h.let()
	c.wait()
	for i, m := range c.members {
		if code := m.cmd.ProcessState.ExitCode(); code != 4 || m.stdout.Len() > 0 || m.stderr.String() != c.members[0].stderr.String() {
			t.Errorf("process %d: exit code %d, stdout %q, stderr %s", i, code, m.stdout.String(), m.stderr.String())
		}
	}
	want := []proxytest.Operation{"GetDataAccess", "GetAccessGrantsInstanceForPrefix"}
	if diff := cmp.Diff(want, w.steps()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	// Who comes later asks for himself.
	w.Forget()
	later := w.run(t, c.args)
	w.check(t, later, 4)
	if diff := cmp.Diff(want, w.steps()); diff != "" {
		t.Errorf("steps of a later one (-want +got):\n%s", diff)
	}
}

// Who insists on new credentials gets some of his own, and they are those that others
// are then given.
func TestForcedCredentialsWin(t *testing.T) {
	long(t)
	t.Parallel()
	t.Run("case 32: a forced new credential wins", func(t *testing.T) {
		w := warmStart(t)
		w.must(t, sibling(0))
		c := newCrowd(t, w, append(sibling(0), "--force-new-creds")...)
		c.start(8)
		c.wait()
		var keys []string
		for _, m := range c.members {
			keys = append(keys, keyOf(t, m.stdout.String()))
		}
		if different := slices.Compact(slices.Sorted(slices.Values(keys))); len(different) != 8 || w.granted("GetDataAccess") != 9 {
			t.Errorf("%d different keys of 8 processes, %d calls", len(different), w.granted("GetDataAccess"))
		}
		if next := keyOf(t, w.must(t, sibling(1)).stdout); !slices.Contains(keys, next) {
			t.Errorf("afterwards the old key is given (the original's file keeps both, and the first one serves)")
		}
		w.one(t)
	})
}

func keyOf(t *testing.T, answer string) string {
	t.Helper()
	var c struct{ AccessKeyId string }
	if err := json.Unmarshal([]byte(answer), &c); err != nil || c.AccessKeyId == "" {
		t.Fatalf("%v in %d bytes", err, len(answer))
	}
	return c.AccessKeyId
}

// Ctrl-C ends one that waits for its turn, at once, and the others wait on.
func TestCtrlCWhileAnotherAsks(t *testing.T) {
	long(t)
	t.Parallel()
	needProc(t)
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
	w := warmStart(t)
	h := newHold("GetDataAccess", false)
	w.Meddle(h.hook)
	c := newCrowd(t, w, sibling(0)...)
	c.holding(h)
	waiting := c.startSiblings(3)
	awaitIdle(c.deadline(), t, waiting)
	if err := waiting[1].cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-waiting[1].ended:
	case <-c.deadline().Done():
		t.Fatal("Ctrl-C does not end the wait")
	}
	h.let()
	c.wait()
	c.answered(waiting[1])
	if code, said := waiting[1].cmd.ProcessState.ExitCode(), waiting[1].stderr.String(); code != 130 || waiting[1].stdout.Len() > 0 || said != "tip-cli: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, said)
	}
	if n := w.seenOf("GetDataAccess"); n != 1 {
		t.Errorf("%d calls of GetDataAccess", n)
	}
}
