package tipotel

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Values of tipcreds.outcome.
const (
	outcomeRenewed = "renewed"
	outcomeKept    = "kept"
	outcomeFailed  = "failed"
)

// durationBuckets are upper bounds in seconds: a cache answers within some
// milliseconds, AWS within some hundred, and a person who signs in takes what Timeout
// allows.
var durationBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}

// instruments are those that operations are recorded with.
type instruments struct {
	renewals, inDoubt, lost, cacheErrors metric.Int64Counter

	duration metric.Float64Histogram
	renewed  map[tipcreds.Origin][]metric.AddOption
}

func newInstruments(meter metric.Meter) (*instruments, error) {
	var failed []error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		failed = append(failed, err)
		return c
	}
	i := &instruments{
		renewals: counter("tipcreds.renewals", "{renewal}", "Renewals of a user's credentials."),
		inDoubt: counter("tipcreds.exchange.in_doubt", "{exchange}",
			"Exchanges of which nobody knows whether IAM Identity Center took the JWT."),
		lost: counter("tipcreds.web_token.lost", "{token}",
			"JWTs that were sent to IAM Identity Center and brought no session."),
		cacheErrors: counter("tipcreds.cache.errors", "{error}", "Questions to the cache that failed."),
		renewed:     map[tipcreds.Origin][]metric.AddOption{},
	}
	var err error
	i.duration, err = meter.Float64Histogram("tipcreds.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of renewals and their parts."), metric.WithExplicitBucketBoundaries(durationBuckets...))
	for _, origin := range []tipcreds.Origin{tipcreds.OriginExchange, tipcreds.OriginRefreshToken, tipcreds.OriginCache} {
		i.renewed[origin] = renewed(origin)
	}
	return i, errors.Join(append(failed, err)...)
}

func renewed(origin tipcreds.Origin) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
		outcomeKey.String(outcomeRenewed), originKey.String(string(origin)),
	))}
}

// record counts the end of an operation.
func (i *instruments) record(ctx context.Context, o *operation, took time.Duration, outcome tipcreds.Outcome, f *failure) {
	if f == nil {
		i.duration.Record(ctx, took.Seconds(), o.success...)
	} else {
		i.duration.Record(ctx, took.Seconds(), metric.WithAttributes(operationKey.String(string(o.op)), f.kindAttribute()))
	}
	switch {
	case o.op == tipcreds.OpRenew:
		i.recordRenewal(ctx, outcome, f)
	case f == nil:
	case strings.HasPrefix(string(o.op), "Cache"):
		i.cacheErrors.Add(ctx, 1, metric.WithAttributes(operationKey.String(string(o.op)), f.kindAttribute()))
	case f.ExchangeError != nil:
		i.recordStep(ctx, f)
	}
}

func (i *instruments) recordRenewal(ctx context.Context, outcome tipcreds.Outcome, f *failure) {
	if f == nil {
		options, ok := i.renewed[outcome.Origin]
		if !ok {
			options = renewed(outcome.Origin)
		}
		i.renewals.Add(ctx, 1, options...)
		return
	}
	attributes := []attribute.KeyValue{outcomeKey.String(outcomeFailed), f.kindAttribute()}
	if outcome.Origin != "" {
		attributes = []attribute.KeyValue{outcomeKey.String(outcomeKept), originKey.String(string(outcome.Origin)), f.kindAttribute()}
	}
	if f.ExchangeError != nil {
		attributes = append(attributes, stepKey.String(string(f.Step)))
	}
	i.renewals.Add(ctx, 1, metric.WithAttributes(attributes...))
}

// recordStep counts by steps and not by renewals what becomes of a JWT: an exchange
// fails in one step at most, may be none of a renewal, and a renewal may find the
// session of another process after its own exchange failed.
func (i *instruments) recordStep(ctx context.Context, f *failure) {
	if f.InDoubt {
		i.inDoubt.Add(ctx, 1, metric.WithAttributes(f.kindAttribute()))
	}
	if f.JWTSpent {
		i.lost.Add(ctx, 1, metric.WithAttributes(stepKey.String(string(f.Step)), f.kindAttribute()))
	}
}
