package tipotel_test

import (
	"context"
	"errors"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/tipotel"
)

// telemetries are an SDK that records everything, one that samples no trace, and none.
func telemetries(b *testing.B) map[string]*tipotel.Telemetry {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	all := map[string]*tipotel.Telemetry{}
	for name, option := range map[string]func(*tipotel.Options){
		"everything": func(o *tipotel.Options) {
			o.TracerProvider, o.MeterProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(nothing{})), meters
		},
		"metrics": func(o *tipotel.Options) {
			o.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()), sdktrace.WithSpanProcessor(nothing{}))
			o.MeterProvider = meters
		},
		"noop": func(o *tipotel.Options) {
			o.TracerProvider, o.MeterProvider = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
		},
	} {
		var err error
		if all[name], err = tipotel.New(option); err != nil {
			b.Fatal(err)
		}
	}
	return all
}

// nothing is a span processor that keeps nothing.
type nothing struct{}

func (nothing) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (nothing) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (nothing) Shutdown(context.Context) error                  { return nil }
func (nothing) ForceFlush(context.Context) error                { return nil }

// BenchmarkOperation is what an operation costs, begin and end:
//
//	go test ./tipcreds/tipotel -run '^$' -bench Operation -benchmem
func BenchmarkOperation(b *testing.B) {
	failed := tipcreds.Outcome{Err: &tipcreds.ExchangeError{
		Step: tipcreds.StepCreateToken, Code: "InvalidGrantException", HTTPStatus: 400, RequestID: "req-1", JWTSpent: true,
		Err: errors.New("no"),
	}}
	for name, telemetry := range telemetries(b) {
		var o tipcreds.Options
		telemetry.Instrument(&o)
		for _, c := range []struct {
			name    string
			op      tipcreds.Operation
			outcome tipcreds.Outcome
		}{
			{"step", tipcreds.Operation(tipcreds.StepCreateToken), tipcreds.Outcome{}},
			{"renewal", tipcreds.OpRenew, tipcreds.Outcome{Origin: tipcreds.OriginExchange}},
			{"failure", tipcreds.Operation(tipcreds.StepCreateToken), failed},
		} {
			b.Run(name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				ctx := b.Context()
				for b.Loop() {
					_, end := o.Observe(ctx, c.op)
					end(c.outcome)
				}
			})
		}
	}
}

// BenchmarkRetrieve is credentials at hand, instrumented:
//
//	go test ./tipcreds/tipotel -run '^$' -bench Retrieve -benchmem
func BenchmarkRetrieve(b *testing.B) {
	r := newRecord(b)
	p := r.provider(b, newWire(), numbered())
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Retrieve(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAtHand: credentials at hand cost no allocation, no span and no measurement.
func TestAtHand(t *testing.T) {
	r := newRecord(t)
	p := r.provider(t, newWire(), numbered())
	mustRetrieve(t, p)
	spans, metrics := len(r.spans.Started()), r.metrics(t)
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Retrieve(t.Context()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(r.spans.Started()) != spans || len(r.metrics(t)) != len(metrics) {
		t.Error("something was recorded")
	}
}
