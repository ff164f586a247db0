package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// armed is a fault that is set.
type armed struct {
	Fault // never changed
	from  time.Time
	until time.Time // zero for no end

	mu      sync.Mutex // guards what follows
	chance  *rand.Rand // nil without a probability
	matched int
	struck  int
}

func newArmed(f Fault, now time.Time) (*armed, error) {
	a := &armed{Fault: f}
	var err error
	if f.From != "" {
		if a.from, err = moment(f.From, now); err != nil {
			return nil, err
		}
	}
	if f.Until != "" {
		if a.until, err = moment(f.Until, now); err != nil {
			return nil, err
		}
	}
	switch {
	case f.Until == "":
	case !now.Before(a.until):
		return nil, fmt.Errorf("until: %s is over; the lab's time is %s", f.Until, now.UTC().Format(time.RFC3339))
	case !a.from.Before(a.until):
		return nil, errors.New("until is not after from")
	}
	if f.Probability > 0 {
		a.chance = rand.New(rand.NewPCG(f.Seed, 0)) //nolint:gosec // to be the same every time is the point
	}
	return a, nil
}

// strikes reports whether the fault strikes a request, and counts.
func (a *armed) strikes(r *Request, now time.Time) bool {
	if !a.selects(r) || now.Before(a.from) || !a.until.IsZero() && !now.Before(a.until) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.matched++
	if !a.turn() || a.Times > 0 && a.struck >= a.Times {
		return false
	}
	a.struck++
	return true
}

// selects reports whether the selectors are true of a request.
func (a *armed) selects(r *Request) bool {
	if !a.suits(r) {
		return false
	}
	issuer := a.Issuer
	if r.Service != ProviderService { // of another service it says whose keys to rotate
		issuer = ""
	}
	return covers(a.Service, r.Service) && covers(a.Operation, r.Operation) &&
		(a.Account == "" || a.Account == r.Account) &&
		(a.Region == "" || a.Region == r.Region) &&
		(a.AccessKey == "" || a.AccessKey == r.AccessKey) &&
		(a.Role == "" || r.RoleARN != "" && (glob(a.Role, r.RoleARN) || glob(a.Role, roleName(r.RoleARN)))) &&
		(a.Person == "" || a.Person == r.Person) &&
		(issuer == "" || issuer == r.Issuer)
}

// suits reports whether what the fault does can be done to a request at all.
func (a *armed) suits(r *Request) bool {
	switch a.Do {
	case WrongRegion, AllowReplay:
		return r.Service != ProviderService
	case Expire: // somebody's session, or the sign-ins of an issuer
		return r.AccessKey != "" || r.Service == ProviderService
	}
	return true
}

// roleName is the last part of the ARN of a role.
func roleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// turn reports whether it is the turn of the request that was counted last. a.mu is held.
func (a *armed) turn() bool {
	switch n := a.matched; {
	case a.Nth > 0:
		return n == a.Nth
	case a.First > 0:
		return n <= a.First
	case a.Every > 0:
		return n%a.Every == 0
	case a.chance != nil:
		return a.chance.Float64() < a.Probability
	}
	return true
}

func (a *armed) status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := Status{Fault: a.Fault, Matched: a.matched, Struck: a.struck}
	if most := a.most(); most >= 0 {
		left := max(most-a.struck, 0)
		s.Left = &left
	}
	return s
}

// most is how often the fault can strike at all, negative without a limit.
func (a *armed) most() int {
	most := -1
	switch {
	case a.Nth > 0:
		most = a.struck
		if a.matched < a.Nth {
			most = 1
		}
	case a.First > 0:
		most = a.First
	}
	if a.Times > 0 && (most < 0 || a.Times < most) {
		most = a.Times
	}
	return most
}
