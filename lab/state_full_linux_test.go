package lab_test

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

// inChild is set in the process that has the limit.
const inChild = "TIP_LAB_TEST_FULL_DISK"

// limitFiles lets files grow to a size only, as a full disk does, until the func is
// called.
func limitFiles(t *testing.T, size int64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(r syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: uint64(size), Max: before.Max})
	lift = func() { set(before) }
	t.Cleanup(lift)
	return lift
}

// A disk that was full leaves nothing behind when it is not any more.
func TestFullDisk(t *testing.T) {
	if os.Getenv(inChild) == "" { // the limit is the whole process's
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$")
		cmd.Env = append(os.Environ(), inChild+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	call := func() {
		t.Helper()
		if _, err := sts.NewFromConfig(l.config(labtest.Admin())).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	call()
	until(t, "saved", func() bool { _, _, saved := l.health(); return saved })
	trail := trailOf(t, dir)
	info, err := os.Stat(trail)
	if err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, info.Size()+100)
	call()
	until(t, "degraded", func() bool { status, _, _ := l.health(); return status == "degraded" })
	if now, err := os.Stat(trail); err != nil || now.Size() != info.Size() {
		t.Errorf("a part of a line is left: %d bytes, were %d; %v", now.Size(), info.Size(), err)
	}
	lift()
	call()
	until(t, "saved", func() bool { _, _, saved := l.health(); return saved })
	want := len(l.Events())
	l.end()
	if got := len(inDir(t, dir).Events()); got != want || want < 3 {
		t.Errorf("%d events, want %d", got, want)
	}
}
