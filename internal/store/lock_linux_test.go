package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// cpu returns the time that processes have used so far (proc_pid_stat(5)), which the
// kernel counts in hundredths of a second.
func cpu(processes []*exec.Cmd) time.Duration {
	var ticks int64
	for _, p := range processes {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		var user, system int64
		_, _ = fmt.Sscan(fields[11], &user)
		_, _ = fmt.Sscan(fields[12], &system)
		ticks += user + system
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// BenchmarkWaiters has 100 processes wait for 2 s and then go through one after the
// other: go test -run '^$' -bench Waiters -benchtime 1x ./internal/store
func BenchmarkWaiters(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		release, err := reopen(dir).Lock(b.Context(), "flow")
		if err != nil {
			b.Fatal(err)
		}
		waiters := make([]*exec.Cmd, 100)
		for i := range waiters {
			waiters[i] = startWaiter(b, dir)
		}
		started := cpu(waiters)
		time.Sleep(2 * time.Second)
		waited := cpu(waiters) - started
		freed := time.Now()
		release()
		for _, waiter := range waiters {
			if err := waiter.Wait(); err != nil {
				b.Error(err)
			}
		}
		b.ReportMetric(float64(time.Since(freed).Milliseconds()), "drain-ms")
		b.ReportMetric(waited.Seconds()/2*100, "%cpu")
	}
}

func startWaiter(b *testing.B, dir string) *exec.Cmd {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), helperVariable+"=wait "+dir)
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "waiting\n" || err != nil {
		b.Fatalf("%q, %v", line, err)
	}
	return command
}
