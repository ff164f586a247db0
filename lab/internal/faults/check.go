package faults

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// longestDelay bounds Fault.Delay.
const longestDelay = 5 * time.Minute

// LongestMove bounds how far a clock is moved: a hundred years, either way.
const LongestMove = 100 * 365 * 24 * time.Hour

// What allow-replay is for.
const (
	replayService   = "sso-oidc"
	replayOperation = "CreateTokenWithIAM"
)

var (
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
	codeForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._]*$`)
)

// parameter is a key of a fault that only some actions have.
type parameter struct {
	name  string
	given func(*Fault) bool
	of    []Action
}

var parameters = []parameter{
	{"delay", func(f *Fault) bool { return f.Delay != 0 }, []Action{Delay, LateAnswer}},
	{"code", func(f *Fault) bool { return f.Code != "" }, []Action{Refuse}},
	{"message", func(f *Fault) bool { return f.Message != "" }, []Action{Refuse}},
	{"status", func(f *Fault) bool { return f.Status != 0 }, []Action{Refuse}},
	{"retryAfter", func(f *Fault) bool { return f.RetryAfter != 0 }, []Action{Throttle, Unavailable}},
	{"toRegion", func(f *Fault) bool { return f.ToRegion != "" }, []Action{WrongRegion}},
	{"body", func(f *Fault) bool { return f.Body != "" }, []Action{Garbage}},
	{"contentType", func(f *Fault) bool { return f.ContentType != "" }, []Action{ContentType, Garbage}},
	{"keepOld", func(f *Fault) bool { return f.KeepOld }, []Action{RotateKeys}},
	{"by", func(f *Fault) bool { return f.By != 0 }, []Action{MoveClock}},
}

// check refuses a fault that could not do what it says.
func (f *Fault) check() error {
	if f.Name != "" && !nameForm.MatchString(f.Name) {
		return errors.New("the name has other characters than letters, digits, dots, dashes and underscores, or more than 64")
	}
	if f.Do == "" {
		return errors.New("it does not say what to do")
	}
	if !slices.Contains(Actions(), f.Do) {
		return fmt.Errorf("do: %q is none of %s", f.Do, listed(Actions()))
	}
	for _, check := range []func() error{f.checkSelectors, f.checkTurns, f.checkParameters, f.checkValues} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func listed(actions []Action) string {
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}

func (f *Fault) checkSelectors() error {
	provider := strings.EqualFold(f.Service, ProviderService)
	switch {
	case f.Account != "" && !accountForm.MatchString(f.Account):
		return fmt.Errorf("account: %q is not twelve digits", f.Account)
	case f.Region != "" && !regionForm.MatchString(f.Region):
		return fmt.Errorf("region: %q is not the name of a region", f.Region)
	case provider && (f.Account != "" || f.Region != "" || f.AccessKey != "" || f.Role != "" || f.Person != ""):
		return errors.New("the service idp has no account, region, accessKey, role or person to select by")
	case !provider && f.Issuer != "" && f.Do != RotateKeys:
		return errors.New("issuer: only the service idp has one to select by")
	case provider && (f.Do == WrongRegion || f.Do == AllowReplay):
		return fmt.Errorf("do: the service idp has no %s", f.Do)
	case provider && f.Operation != "" && !slices.ContainsFunc(endpoints, func(e string) bool { return glob(f.Operation, e) }):
		return fmt.Errorf("operation: %q is none of %s", f.Operation, strings.Join(endpoints, ", "))
	}
	return f.checkReplay()
}

// checkReplay refuses an allow-replay that is not for the one operation that it is for.
func (f *Fault) checkReplay() error {
	if f.Do == AllowReplay && !(covers(f.Service, replayService) && covers(f.Operation, replayOperation)) {
		return fmt.Errorf("do: allow-replay is for %s of %s, which service and operation leave out", replayOperation, replayService)
	}
	return nil
}

// covers reports whether a selector is true of a name.
func covers(selector, name string) bool { return selector == "" || glob(selector, name) }

func (f *Fault) checkTurns() error {
	given := 0
	for _, n := range []int{f.Nth, f.First, f.Every} {
		if n < 0 {
			return errors.New("nth, first and every are counted from 1")
		}
		if n > 0 {
			given++
		}
	}
	if f.Probability != 0 {
		given++
	}
	switch {
	case f.Probability < 0 || f.Probability > 1 || f.Probability != f.Probability:
		return fmt.Errorf("probability: %v is not above 0 and up to 1", f.Probability)
	case given > 1:
		return errors.New("it has more than one of nth, first, every and probability")
	case f.Seed != 0 && f.Probability == 0:
		return errors.New("seed: there is no probability that it is for")
	case f.Times < 0:
		return errors.New("times is negative")
	case f.Times > 0 && f.Nth > 0:
		return errors.New("times: there is only one nth request")
	}
	return f.checkWindow()
}

func (f *Fault) checkWindow() error {
	var zero time.Time
	from, err := moment(f.From, zero)
	if err != nil {
		return fmt.Errorf("from: %w", err)
	}
	until, err := moment(f.Until, zero)
	if err != nil {
		return fmt.Errorf("until: %w", err)
	}
	if f.Until != "" && isDuration(f.From) == isDuration(f.Until) && !from.Before(until) {
		return errors.New("until is not after from")
	}
	return nil
}

// isDuration reports whether a moment is given as one; none is at the start.
func isDuration(text string) bool {
	_, err := time.ParseDuration(text)
	return text == "" || err == nil
}

// moment reads a time, or a duration after set.
func moment(text string, set time.Time) (time.Time, error) {
	if text == "" {
		return set, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		if d < 0 {
			return time.Time{}, fmt.Errorf("%q lies before the fault is set", text)
		}
		return set.Add(d), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time (RFC 3339) nor a duration", text)
	}
	return at, nil
}

func (f *Fault) checkParameters() error {
	for _, p := range parameters {
		if p.given(f) && !slices.Contains(p.of, f.Do) {
			return fmt.Errorf("%s: %s has none; it is for %s", p.name, f.Do, listed(p.of))
		}
	}
	return nil
}

// checkValues looks at what an answer is made of.
func (f *Fault) checkValues() error {
	switch {
	case f.Do == Refuse && !codeForm.MatchString(f.Code):
		return fmt.Errorf("code: %q is not an error code", f.Code)
	case f.Do == Refuse && f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("status: %d is not that of an error, 400 to 599", f.Status)
	case f.RetryAfter < 0:
		return errors.New("retryAfter is negative")
	case f.Do == WrongRegion && !regionForm.MatchString(f.ToRegion):
		return fmt.Errorf("toRegion: %q is not the name of a region", f.ToRegion)
	case strings.ContainsAny(f.ContentType, "\r\n"):
		return errors.New("contentType has a line break")
	}
	return f.checkEffects()
}

// CheckMove refuses to move a clock further than [LongestMove].
func CheckMove(d time.Duration) error {
	if d > LongestMove || d < -LongestMove {
		return errors.New("the clock goes a hundred years forward or back at most")
	}
	return nil
}

// checkEffects looks at what is done besides an answer.
func (f *Fault) checkEffects() error {
	switch f.Do {
	case Delay, LateAnswer:
		if f.Delay <= 0 || time.Duration(f.Delay) > longestDelay {
			return fmt.Errorf("delay: %s is not above 0 and up to %s", f.Delay, longestDelay)
		}
	case RotateKeys:
		if f.Issuer == "" && !strings.EqualFold(f.Service, ProviderService) {
			return errors.New("issuer: it does not say whose keys to rotate")
		}
	case MoveClock:
		if f.By == 0 {
			return errors.New("by: it does not say how far to move the clock")
		}
		if err := CheckMove(time.Duration(f.By)); err != nil {
			return fmt.Errorf("by: %w", err)
		}
		if f.Nth == 0 && f.First == 0 && f.Every == 0 && f.Times == 0 && f.Probability == 0 {
			return errors.New("move-clock needs nth, first, every, probability or times: it would move the clock at every request")
		}
	}
	return nil
}
