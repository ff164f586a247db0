package lab

import (
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// Fault says which requests fail on purpose, and how; docs/faults.md explains it.
type Fault = faults.Fault

// FaultStatus is a fault that is set, and how often it has struck.
type FaultStatus = faults.Status

// FaultAction is what happens to a request that a [Fault] strikes.
type FaultAction = faults.Action

// FaultDuration is the type of durations in a [Fault].
type FaultDuration = faults.Duration

// Actions of faults.
const (
	// FaultThrottle answers that there are too many requests, as the service does.
	FaultThrottle = faults.Throttle
	// FaultInternalError answers that the service failed (500).
	FaultInternalError = faults.InternalError
	// FaultUnavailable answers that the service is not there (503).
	FaultUnavailable = faults.Unavailable
	// FaultRefuse answers Fault.Code, Message and Status.
	FaultRefuse = faults.Refuse
	// FaultDeny answers that the caller lacks the right.
	FaultDeny = faults.Deny
	// FaultWrongRegion sends the client to Fault.ToRegion.
	FaultWrongRegion = faults.WrongRegion
	// FaultExpire ends the caller's session, and answers so; at an OIDC provider it
	// ends the sign-ins.
	FaultExpire = faults.Expire
	// FaultReset cuts the connection before the work is done.
	FaultReset = faults.Reset
	// FaultLostAnswer cuts the connection after the work, before the answer.
	FaultLostAnswer = faults.LostAnswer
	// FaultLateAnswer holds the answer back for Fault.Delay.
	FaultLateAnswer = faults.LateAnswer
	// FaultTruncate sends half of the answer.
	FaultTruncate = faults.Truncate
	// FaultGarbage sends a body that cannot be read.
	FaultGarbage = faults.Garbage
	// FaultContentType sends the answer under another Content-Type.
	FaultContentType = faults.ContentType
	// FaultDelay waits for Fault.Delay before the work.
	FaultDelay = faults.Delay
	// FaultAllowReplay lets a JWT be used again.
	FaultAllowReplay = faults.AllowReplay
	// FaultRotateKeys gives an issuer new keys.
	FaultRotateKeys = faults.RotateKeys
	// FaultMoveClock moves the lab's clock by Fault.By.
	FaultMoveClock = faults.MoveClock
)

// AddFaults sets faults behind those that are set, all of them or none, and returns
// their names. They strike requests that come from then on. The error says which one
// says nothing, could never strike, or has a name that is taken.
func (l *Lab) AddFaults(list ...Fault) ([]string, error) {
	for i := range list {
		if name := list[i].Issuer; name != "" && !l.hasIssuer(name) {
			return nil, fmt.Errorf("fault %d: issuer: the world has no issuer %q", i+1, name)
		}
	}
	return l.faults.Add(list...)
}

func (l *Lab) hasIssuer(name string) bool {
	for _, i := range l.current().world.Issuers() {
		if i.Name == name {
			return true
		}
	}
	return false
}

// Faults lists the faults that are set, in their order, with how often each has struck.
func (l *Lab) Faults() []FaultStatus { return l.faults.List() }

// RemoveFault takes a fault away by its name and reports whether there was one.
func (l *Lab) RemoveFault(name string) bool { return l.faults.Remove(name) }

// ClearFaults takes all faults away and returns how many there were.
func (l *Lab) ClearFaults() int { return l.faults.Clear() }

// RotateKeysNow gives an issuer of the world a new signing key and takes the old one
// out of its key set at once: tokens signed with it verify nowhere but where the old
// key set is still cached.
func (l *Lab) RotateKeysNow(issuer string) error { return l.current().idp.ReplaceKeys(issuer) }

// newControl puts the lab's own clock on top of that of the options.
func (l *Lab) newControl(opts *Options) {
	l.clock = &clock{base: opts.Now}
	opts.Now = l.clock.now
	l.faults = faults.New(l.clock.now)
}

// catalogue is what the services of a front serve, for faults to strike.
func (f *front) catalogue() faults.Catalogue {
	c := faults.Catalogue{faults.ProviderService: faults.Endpoints(), string(s3Service): s3.Operations()}
	for name, handler := range f.services {
		if s, ok := handler.(*awswire.Service); ok {
			c[string(name)] = s.Operations()
		}
	}
	return c
}

// setScenario sets the clock and the faults of a scenario file, nil for none.
func (l *Lab) setScenario(document []byte) error {
	if document == nil {
		return nil
	}
	scenario, err := faults.Parse(document)
	if err != nil {
		return err
	}
	if err := l.clock.advance(time.Duration(scenario.Clock)); err != nil {
		return fmt.Errorf("scenario file: clock: %w", err)
	}
	if _, err := l.AddFaults(scenario.Faults...); err != nil {
		return fmt.Errorf("scenario file: %w", err)
	}
	return nil
}
