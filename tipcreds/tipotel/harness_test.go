package tipotel_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/tipotel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accessRole      = "arn:aws:iam::444455556666:role/Analyst"
	applicationRole = "arn:aws:iam::444455556666:role/TIPApplication"
	application     = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	issuer          = "https://issuer.example.com"
	alice           = "alice-1234"
)

// record is what the SDK of OpenTelemetry got.
type record struct {
	*tipotel.Telemetry

	spans  *tracetest.SpanRecorder
	traces *sdktrace.TracerProvider
	reader *sdkmetric.ManualReader
	meters *sdkmetric.MeterProvider
}

func newRecord(t testing.TB, optFns ...func(*tipotel.Options)) *record {
	t.Helper()
	r := &record{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	r.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	r.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	var err error
	r.Telemetry, err = tipotel.New(append([]func(*tipotel.Options){func(o *tipotel.Options) {
		o.TracerProvider, o.MeterProvider = r.traces, r.meters
	}}, optFns...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// provider is one with an application role, Identity Center in eu-central-1.
func (r *record) provider(t testing.TB, w *wire, token tipcreds.WebTokenProvider, optFns ...func(*tipcreds.Options)) *tipcreds.Provider {
	t.Helper()
	fns := append([]func(*tipcreds.Options){w.options}, optFns...)
	p, err := tipcreds.New(accessRole, application, token, append(fns, r.Instrument)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *record) pool(t testing.TB, w *wire, optFns ...func(*tipcreds.PoolOptions)) *tipcreds.Pool {
	t.Helper()
	fns := append([]func(*tipcreds.PoolOptions){func(o *tipcreds.PoolOptions) { w.options(&o.Options) }}, optFns...)
	p, err := tipcreds.NewPool(accessRole, application, append(fns, func(o *tipcreds.PoolOptions) { r.Instrument(&o.Options) })...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *wire) options(o *tipcreds.Options) {
	o.ApplicationRoleARN = applicationRole
	o.AWSConfig = w.config()
	o.IdentityCenterRegion = "eu-central-1"
}

// numbered gives another JWT of alice at every call.
func numbered() tipcreds.WebTokenProvider {
	var mu sync.Mutex
	var n int
	return func(context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		return jwt(alice, n), nil
	}
}

// tree has a line for each span, below its parent: name, kind unless internal,
// attributes in the order in which they were set, and the description of an error.
// Each must have ended.
func (r *record) tree(t testing.TB) string {
	t.Helper()
	below := map[trace.SpanID][]sdktrace.ReadOnlySpan{}
	known := map[trace.SpanID]bool{}
	started := r.spans.Started()
	for _, s := range started {
		known[s.SpanContext().SpanID()] = true
	}
	for _, s := range started {
		parent := s.Parent().SpanID()
		if parent.IsValid() && !known[parent] {
			t.Errorf("span %s has a parent that nobody knows", s.Name())
		}
		below[parent] = append(below[parent], s)
		if s.EndTime().IsZero() {
			t.Errorf("span %s has not ended", s.Name())
		}
	}
	var b strings.Builder
	var write func(parent trace.SpanID, depth int)
	write = func(parent trace.SpanID, depth int) {
		for _, s := range below[parent] {
			b.WriteString(strings.Repeat("  ", depth) + line(s) + "\n")
			write(s.SpanContext().SpanID(), depth+1)
		}
	}
	write(trace.SpanID{}, 0)
	return b.String()
}

func line(s sdktrace.ReadOnlySpan) string {
	parts := []string{s.Name()}
	if s.SpanKind() != trace.SpanKindInternal {
		parts = append(parts, s.SpanKind().String())
	}
	for _, a := range s.Attributes() {
		parts = append(parts, written(a))
	}
	if len(s.Events())+len(s.Links()) > 0 {
		parts = append(parts, "and more")
	}
	switch status := s.Status(); status.Code {
	case codes.Error:
		parts = append(parts, "ERROR "+status.Description)
	case codes.Ok:
		parts = append(parts, "OK")
	}
	return strings.Join(parts, " ")
}

func written(a attribute.KeyValue) string {
	if a.Value.Type() == attribute.STRING {
		return fmt.Sprintf("%s=%q", a.Key, a.Value.AsString())
	}
	return fmt.Sprintf("%s=%s", a.Key, a.Value.String())
}

// metrics has a line for each point of each metric, sorted.
func (r *record) metrics(t testing.TB) []string {
	t.Helper()
	var lines []string
	for _, m := range r.collect(t) {
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				lines = append(lines, fmt.Sprintf("%s %d", point(m, p.Attributes), p.Value))
			}
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				lines = append(lines, fmt.Sprintf("%s %d in %v", point(m, p.Attributes), p.Count, time.Duration(p.Sum*float64(time.Second)+0.5)))
			}
		default:
			t.Errorf("%s is a %T", m.Name, data)
		}
	}
	slices.Sort(lines)
	return lines
}

func (r *record) collect(t testing.TB) []metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var metrics []metricdata.Metrics
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.Name != tipotel.ScopeName || scope.Scope.SchemaURL == "" {
			t.Errorf("scope %+v", scope.Scope)
		}
		metrics = append(metrics, scope.Metrics...)
	}
	return metrics
}

func point(m metricdata.Metrics, set attribute.Set) string {
	attributes := make([]string, 0, set.Len())
	for _, a := range set.ToSlice() {
		attributes = append(attributes, fmt.Sprintf("%s=%s", a.Key, a.Value.String()))
	}
	return m.Name + "{" + strings.Join(attributes, " ") + "}"
}
