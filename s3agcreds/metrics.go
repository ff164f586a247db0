package s3agcreds

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go/metrics"
)

const meterScope = "github.com/tip-cli/tip-cli/s3agcreds"

// outcome is how a request came by its credentials.
type outcome int

const (
	outcomeHit outcome = iota
	outcomeMiss
	outcomeShared
	outcomeDenied
	outcomeRefresh
	outcomeFallback
)

var outcomeNames = [...]string{"hit", "miss", "shared", "denied", "refresh", "fallback"}

// instruments are those of one meter provider. Nil ones measure nothing.
type instruments struct {
	provider metrics.MeterProvider
	requests metrics.Int64Counter
	duration metrics.Float64Histogram
	outcomes [len(outcomeNames)][]metrics.RecordMetricOption
}

// newInstruments returns nil where nothing is to be measured.
func newInstruments(provider metrics.MeterProvider) *instruments {
	if unmetered(provider) {
		return nil
	}
	meter := provider.Meter(meterScope)
	requests, err := meter.Int64Counter("s3agcreds.requests", describe("{request}",
		"S3 requests by how they came by their credentials"))
	if err != nil {
		return nil
	}
	duration, err := meter.Float64Histogram("s3agcreds.get_data_access.duration", describe("s",
		"Duration of GetDataAccess, retries included"))
	if err != nil {
		return nil
	}
	i := &instruments{provider: provider, requests: requests, duration: duration}
	for n, name := range outcomeNames {
		i.outcomes[n] = []metrics.RecordMetricOption{func(o *metrics.RecordMetricOptions) { o.Properties.Set("outcome", name) }}
	}
	return i
}

func unmetered(provider metrics.MeterProvider) bool {
	switch provider.(type) {
	case nil, metrics.NopMeterProvider, *metrics.NopMeterProvider:
		return true
	}
	return false
}

func describe(unit, description string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, description }
}

// maxMeters bounds the meter providers whose instruments are remembered.
const maxMeters = 16

// meters are the instruments of meter providers, the latest last. The zero value has none.
type meters struct {
	known atomic.Pointer[[]*instruments] // does not change once it is there
	mu    sync.Mutex                     // held by who makes others
}

// of returns the instruments of a provider that can be compared.
func (m *meters) of(provider metrics.MeterProvider) *instruments {
	if i := m.find(provider); i != nil {
		return i
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(provider); i != nil {
		return i
	}
	i := newInstruments(provider)
	if i == nil {
		return nil
	}
	var all []*instruments
	if known := m.known.Load(); known != nil {
		all = slices.Clone((*known)[max(0, len(*known)-maxMeters+1):])
	}
	all = append(all, i)
	m.known.Store(&all)
	return i
}

func (m *meters) find(provider metrics.MeterProvider) *instruments {
	known := m.known.Load()
	if known == nil {
		return nil
	}
	for _, i := range *known {
		if i.provider == provider {
			return i
		}
	}
	return nil
}

// meter returns the instruments of a client's meter provider. They are made once, not
// for each call.
func (p *Plugin) meter(ofClient metrics.MeterProvider) *instruments {
	provider := p.options.MeterProvider
	if provider == nil {
		provider = ofClient
	}
	if unmetered(provider) {
		return nil
	}
	if !reflect.ValueOf(provider).Comparable() {
		return newInstruments(provider)
	}
	return p.meters.of(provider)
}

func (i *instruments) count(ctx context.Context, o outcome) {
	if i != nil {
		i.requests.Add(ctx, 1, i.outcomes[o]...)
	}
}

// called measures a call of GetDataAccess.
func (i *instruments) called(ctx context.Context, took time.Duration, permission types.Permission, err error) {
	if i == nil {
		return
	}
	result := "granted"
	if err != nil {
		result = string(KindOther)
		if e, ok := errors.AsType[*DataAccessError](err); ok {
			result = string(e.Kind)
		}
	}
	i.duration.Record(ctx, took.Seconds(), func(o *metrics.RecordMetricOptions) {
		o.Properties.Set("permission", string(permission))
		o.Properties.Set("result", result)
	})
}
