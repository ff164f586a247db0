package local

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// AWS refuses signatures that are five minutes off; a minute is worth a word.
const (
	wrongClock    = 5 * time.Minute
	driftingClock = time.Minute
	// clockPatience bounds each question for the time.
	clockPatience = 5 * time.Second
)

// reading is the clock of somebody else, ahead of ours by some time.
type reading struct {
	whose string
	ahead time.Duration
}

// clock compares the clock with the Date headers of AWS (askAWS) and of the identity provider. If AWS
// agrees with us, the provider's is the one that is off.
func (s *section) clock(ctx context.Context) {
	const check = "local.clock"
	if s.HTTPErr != nil || s.HTTP == nil {
		s.log.Skip(check, "nobody can be asked the time: there is no HTTP, see local.authorities and local.proxy")
		return
	}
	theirs, provider := s.aws, s.timeOfProvider(ctx)
	if theirs == nil {
		theirs, provider = provider, nil
	}
	if theirs == nil {
		s.log.Unread(check, "neither AWS nor the identity provider told the time", nil)
		return
	}
	ours := fmt.Sprintf("%s is %s", theirs.whose, off(theirs.ahead))
	switch {
	case theirs.ahead.Abs() >= wrongClock:
		s.log.Found("local.clock-off", "the clock of this machine", ours, s.setClock())
	case theirs.ahead.Abs() >= driftingClock:
		s.log.Found("local.clock-drifts", "the clock of this machine", ours, s.setClock())
	case provider != nil && provider.ahead.Abs() >= driftingClock:
		s.log.Found("local.provider-clock-off", s.Login.Issuer, fmt.Sprintf("%s is %s, and AWS agrees with this machine", provider.whose, off(provider.ahead)),
			finding.Fix{Who: finding.IdPAdmin, Does: "set the clock of the identity provider", Console: "the servers of " + s.Login.Issuer + ": time synchronization (NTP)"})
	default:
		s.log.OK(check, ours)
	}
}

// off words a difference, to the second: Date headers know no more.
func off(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d.Abs() <= 2*time.Second:
		return "right"
	case d > 0:
		return d.String() + " ahead of this machine"
	}
	return (-d).String() + " behind this machine"
}

func (s *section) setClock() finding.Fix {
	how := map[string]string{
		"linux": "run as administrator: timedatectl set-ntp true (in WSL: hwclock -s)", "darwin": "run as administrator: sntp -sS time.apple.com",
		"windows": "run as administrator: w32tm /resync",
	}[s.system]
	if how == "" {
		how = "have it set by NTP"
	}
	return finding.Fix{Who: finding.You, Does: "set the clock of this machine", Console: how}
}

func (s *section) timeOfProvider(ctx context.Context) *reading {
	if s.Login.Issuer == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, clockPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, chain.Discovery(s.Login.Issuer), http.NoBody)
	if err != nil {
		return nil
	}
	began := s.now()
	response, err := s.HTTP.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	return s.read("the identity provider", response.Header, began)
}

// read takes the time to have passed half of the way when the answer was dated, and a
// header to mean the middle of its second.
func (s *section) read(whose string, header http.Header, began time.Time) *reading {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return nil
	}
	now := s.now()
	return &reading{whose, date.Add(500 * time.Millisecond).Sub(now.Add(-now.Sub(began) / 2))}
}
