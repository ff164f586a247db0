package tipotel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// ScopeName is the name of the instrumentation scope of all spans and metrics.
const ScopeName = "github.com/tip-cli/tip-cli/tipcreds/tipotel"

// Options configures a [Telemetry].
type Options struct {
	// TracerProvider takes the spans. Default: the global one, otel.GetTracerProvider.
	// The package go.opentelemetry.io/otel/trace/noop has one for none.
	TracerProvider trace.TracerProvider
	// MeterProvider takes the metrics. Default: the global one, otel.GetMeterProvider.
	// The package go.opentelemetry.io/otel/metric/noop has one for none.
	MeterProvider metric.MeterProvider
	// Attributes, if set, gives further attributes of the span of a renewal from the
	// context of the call that began it, such as [UserAttributes]. They are in no
	// metric. If it panics, there are none, and otel.Handle gets an error without what it
	// panicked with. Default: none.
	Attributes func(ctx context.Context) []attribute.KeyValue
}

// Telemetry reports what tipcreds does. Make it with [New].
type Telemetry struct {
	tracer     trace.Tracer
	meter      metric.Meter
	metrics    *instruments
	attributes func(ctx context.Context) []attribute.KeyValue
}

// New returns a Telemetry. The error is that of a MeterProvider that refuses an
// instrument.
func New(optFns ...func(*Options)) (*Telemetry, error) {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	meter := o.MeterProvider.Meter(ScopeName, metric.WithSchemaURL(semconv.SchemaURL))
	metrics, err := newInstruments(meter)
	if err != nil {
		return nil, fmt.Errorf("tipotel: create instruments: %w", err)
	}
	return &Telemetry{
		tracer:     o.TracerProvider.Tracer(ScopeName, trace.WithSchemaURL(semconv.SchemaURL)),
		meter:      meter,
		metrics:    metrics,
		attributes: o.Attributes,
	}, nil
}

// Instrument is an option of [tipcreds.New] that sets Observe. An Observe that is set
// already is kept: it is called first when an operation begins and last at its end. Give
// Instrument after the options that set clients and regions, which it reads for the
// attribute cloud.region, and once for each provider or pool.
func (t *Telemetry) Instrument(o *tipcreds.Options) {
	before, known := o.Observe, t.operations(o)
	observe := func(ctx context.Context, op tipcreds.Operation) (context.Context, func(tipcreds.Outcome)) {
		known, ok := known[op]
		if !ok {
			known = t.newOperation(op)
		}
		return known.begin(ctx)
	}
	if before == nil {
		o.Observe = observe
		return
	}
	o.Observe = func(ctx context.Context, op tipcreds.Operation) (context.Context, func(tipcreds.Outcome)) {
		ctx, endBefore := before(ctx, op)
		ctx, end := observe(ctx, op)
		return ctx, func(outcome tipcreds.Outcome) {
			end(outcome)
			endBefore(outcome)
		}
	}
}

// UserAttributes tells the user of the request that began a renewal, for
// [Options].Attributes: enduser.id and tipcreds.issuer, the claims sub and iss, if the
// context carries a user of a pool ([tipcreds.WithUser], the package bearer). These are
// personal data in most places; whoever may read traces reads them.
func UserAttributes(ctx context.Context) []attribute.KeyValue {
	user, ok := tipcreds.UserFrom(ctx)
	if !ok {
		return nil
	}
	subject := user.Subject()
	return []attribute.KeyValue{semconv.EnduserID(subject.ID), issuerKey.String(subject.Issuer)}
}
