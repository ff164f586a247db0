package tipcreds

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestClockSkewMeasure(t *testing.T) {
	asked := time.Date(2026, 1, 1, 12, 0, 0, 700e6, time.UTC)
	answered := asked.Add(5 * time.Second)
	tests := []struct {
		name      string
		date, age string
		want      time.Duration
		measured  bool
	}{
		{"none", "", "", 0, false},
		{"no date", "noon", "", 0, false},
		{"from a cache", "Thu, 01 Jan 2026 11:00:00 GMT", "3600", 0, false},
		{"same second", "Thu, 01 Jan 2026 12:00:00 GMT", "", 0, true},
		{"slow answer", "Thu, 01 Jan 2026 12:00:03 GMT", "", 0, true},
		{"at the end", "Thu, 01 Jan 2026 12:00:05 GMT", "", 0, true},
		{"local behind", "Thu, 01 Jan 2026 12:06:05 GMT", "", 6 * time.Minute, true},
		{"local ahead", "Thu, 01 Jan 2026 11:54:00 GMT", "", -6 * time.Minute, true},
		{"RFC 850", "Thursday, 01-Jan-26 11:54:00 GMT", "", -6 * time.Minute, true},
	}
	for _, tt := range tests {
		header := http.Header{"Date": {tt.date}}
		if tt.age != "" {
			header.Set("Age", tt.age)
		}
		if got, ok := clockSkew(header, asked, answered); got != tt.want || ok != tt.measured {
			t.Errorf("%s: %v, %v", tt.name, got, ok)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{"0", "", 0},
		{"-7", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"86401", "", 24 * time.Hour},
		{"18446744073709551615", "", 24 * time.Hour},
		{"18446744073709551616", "", 0},
		{"Thu, 01 Jan 2026 12:01:00 GMT", "", time.Minute},
		{"Thu, 01 Jan 2026 12:01:00 GMT", "Thu, 01 Jan 2026 12:00:50 GMT", 10 * time.Second},
		{"Thu, 01 Jan 2026 11:59:00 GMT", "", 0},
		{"Thu, 01 Jan 2099 11:59:00 GMT", "", 24 * time.Hour},
	}
	for _, tt := range tests {
		header := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
		if got := retryAfter(header, now); got != tt.want {
			t.Errorf("%q, %q: %v, want %v", tt.value, tt.date, got, tt.want)
		}
	}
}

// TestLeaseJitter: renewal lies between the window and a tenth more before the
// expiry, and is not always at the same moment.
func TestLeaseJitter(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name         string
		life, window time.Duration
		skew         time.Duration
		latest       time.Duration // from now
		spread       time.Duration
	}{
		{"default", time.Hour, 5 * time.Minute, 0, 55 * time.Minute, 30 * time.Second},
		{"cut", 15 * time.Minute, 15 * time.Minute, 0, 10 * time.Minute, 30 * time.Second},
		{"none", time.Hour, -1, 0, time.Hour, 0},
		{"local behind", time.Hour, 5 * time.Minute, 6 * time.Minute, 49 * time.Minute, 30 * time.Second},
		{"local ahead", time.Hour, 5 * time.Minute, -6 * time.Minute, 55 * time.Minute, 30 * time.Second},
		{"expired by AWS's clock", time.Hour, 5 * time.Minute, 2 * time.Hour, -time.Hour, 0},
	}
	for _, tt := range tests {
		c, seen := aws.Credentials{CanExpire: true, Expires: now.Add(tt.life)}, map[time.Duration]bool{}
		for range 200 {
			at := newLease(c, now, tt.window, tt.skew).renewAt.Sub(now)
			seen[at] = true
			if at > tt.latest || at < tt.latest-tt.spread {
				t.Fatalf("%s: renewal in %v, want %v to %v", tt.name, at, tt.latest-tt.spread, tt.latest)
			}
		}
		if (len(seen) > 1) != (tt.spread > 0) {
			t.Errorf("%s: %d different moments", tt.name, len(seen))
		}
	}
}

func TestApplicationLease(t *testing.T) {
	now := time.Now()
	l := newApplicationLease(aws.Credentials{Expires: now.Add(2 * time.Minute)}, 30*time.Second)
	if l.due(now.Add(30*time.Second-time.Millisecond)) || !l.due(now.Add(30*time.Second)) {
		t.Errorf("due %v from now", l.renewAt.Sub(now))
	}
	if none := (*lease)(nil); !none.due(now) || none.usable(now) {
		t.Error("no lease is good")
	}
}

func TestBoundedBody(t *testing.T) {
	for size, tooLong := range map[int]bool{0: false, 9: false, 10: true, 11: true} {
		b := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader(strings.Repeat("x", size))), left: 10}
		got, err := io.ReadAll(b)
		if errors.Is(err, ErrAnswerTooLong) != tooLong || len(got) != min(size, 10) {
			t.Errorf("%d: read %d: %v", size, len(got), err)
		}
	}
}
