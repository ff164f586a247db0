package tipotel_test

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/tipotel"
)

func constant(token string) tipcreds.WebTokenProvider {
	return func(context.Context) (string, error) { return token, nil }
}

// stop is an answer that does not come.
func stop(r *http.Request, _ string) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

type insideKey struct{}

// TestChained: an Observe that is there already is called too, around ours, and its
// context reaches the operation.
func TestChained(t *testing.T) {
	r, w := newRecord(t), newWire()
	var events []string
	p := r.provider(t, w,
		func(ctx context.Context) (string, error) {
			if ctx.Value(insideKey{}) != tipcreds.Operation("WebToken") {
				t.Errorf("the context is of %v", ctx.Value(insideKey{}))
			}
			return jwt(alice, 1), nil
		},
		func(o *tipcreds.Options) {
			o.Observe = func(ctx context.Context, op tipcreds.Operation) (context.Context, func(tipcreds.Outcome)) {
				events = append(events, "begin "+string(op))
				return context.WithValue(ctx, insideKey{}, op), func(outcome tipcreds.Outcome) {
					started := r.spans.Started()
					events = append(events, "end "+string(op)+" "+string(outcome.Origin))
					if len(started) == 0 || len(r.spans.Ended()) == 0 {
						t.Error("our span begins after theirs and ends before")
					}
				}
			}
		})
	mustRetrieve(t, p)
	checkTree(t, r, []string{`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan})
	if diff := cmp.Diff([]string{
		"begin Renew", "begin WebToken", "end WebToken ", "begin AssumeApplicationRole", "end AssumeApplicationRole ",
		"begin CreateToken", "end CreateToken exchange", "begin AssumeAccessRole", "end AssumeAccessRole ", "end Renew exchange",
	}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Clients of the caller's that do not tell their region.
type (
	silentSTS  struct{ tipcreds.AssumeRoleAPI }
	silentOIDC struct{ tipcreds.CreateTokenAPI }
	silentWeb  struct {
		tipcreds.AssumeRoleWithWebIdentityAPI
	}
)

// TestRegions: cloud.region is the region that tipcreds or the caller's client calls,
// and missing where nobody knows.
func TestRegions(t *testing.T) {
	w := newWire()
	in := func(region string) aws.Config {
		cfg := w.config()
		cfg.Region, cfg.Credentials = region, aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, nil
		})
		return cfg
	}
	tests := []struct {
		name   string
		option func(*tipcreds.Options)
		want   map[string]string
	}{
		{"one region", func(o *tipcreds.Options) { o.IdentityCenterRegion = "" },
			map[string]string{webIdentityCall: "eu-west-1", createTokenCall: "eu-west-1", assumeRoleCall: "eu-west-1"}},
		{"two regions", func(o *tipcreds.Options) { o.Region = "eu-north-1" },
			map[string]string{webIdentityCall: "eu-north-1", createTokenCall: "eu-central-1", assumeRoleCall: "eu-north-1"}},
		{"clients of the SDK", func(o *tipcreds.Options) {
			o.SSOOIDCClient = ssooidc.NewFromConfig(in("us-west-2"))
			o.WebIdentityClient = sts.NewFromConfig(in("us-east-2"))
		}, map[string]string{webIdentityCall: "us-east-2", createTokenCall: "us-west-2", assumeRoleCall: "eu-west-1"}},
		{"another one", func(o *tipcreds.Options) { o.STSClient = sts.NewFromConfig(in("us-east-1")) },
			map[string]string{webIdentityCall: "eu-west-1", createTokenCall: "eu-central-1", assumeRoleCall: "us-east-1"}},
		{"other clients", func(o *tipcreds.Options) {
			o.SSOOIDCClient = silentOIDC{ssooidc.NewFromConfig(in("us-west-2"))}
			o.WebIdentityClient = silentWeb{sts.NewFromConfig(in("us-east-2"))}
		}, map[string]string{assumeRoleCall: "eu-west-1"}},
		{"another client", func(o *tipcreds.Options) { o.STSClient = silentSTS{sts.NewFromConfig(in("us-east-1"))} },
			map[string]string{webIdentityCall: "eu-west-1", createTokenCall: "eu-central-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecord(t)
			mustRetrieve(t, r.provider(t, w, numbered(), tt.option))
			got := map[string]string{}
			for _, s := range r.spans.Ended() {
				attributes := attribute.NewSet(s.Attributes()...)
				if region, ok := attributes.Value("cloud.region"); ok {
					method, _ := attributes.Value("rpc.method")
					got[path.Base(method.AsString())] = region.AsString()
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("regions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUserAttributes: nobody is named, unless the program says so.
func TestUserAttributes(t *testing.T) {
	ask := func(r *record, named bool) {
		pool := r.pool(t, newWire())
		user := pool.For(tipcreds.Subject{Issuer: issuer, ID: alice}, numbered())
		ctx := t.Context()
		if named {
			ctx = tipcreds.WithUser(ctx, user)
		}
		if _, err := user.Retrieve(ctx); err != nil {
			t.Fatal(err)
		}
	}
	steps := []string{webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan}
	anonymous := append([]string{`tipcreds Renew tipcreds.origin="exchange"`}, steps...)
	r := newRecord(t)
	ask(r, true)
	checkTree(t, r, anonymous)
	optIn := func(o *tipotel.Options) { o.Attributes = tipotel.UserAttributes }
	r = newRecord(t, optIn)
	ask(r, true)
	checkTree(t, r, append([]string{
		`tipcreds Renew enduser.id="` + alice + `" tipcreds.issuer="` + issuer + `" tipcreds.origin="exchange"`,
	}, steps...))
	r = newRecord(t, optIn)
	ask(r, false)
	checkTree(t, r, anonymous)
}

// TestUnknownOperation: an operation that this package does not know yet is reported
// under its name.
func TestUnknownOperation(t *testing.T) {
	r := newRecord(t)
	var o tipcreds.Options
	r.Instrument(&o)
	_, end := o.Observe(t.Context(), "Polish")
	end(tipcreds.Outcome{})
	_, end = o.Observe(t.Context(), "Polish")
	end(tipcreds.Outcome{Err: errors.New("canary")})
	_, end = o.Observe(t.Context(), tipcreds.OpRenew)
	end(tipcreds.Outcome{Origin: "moon"})
	_, end = o.Observe(t.Context(), tipcreds.OpRenew)
	end(tipcreds.Outcome{Err: context.Canceled})
	checkTree(t, r, []string{
		`tipcreds Polish`, `tipcreds Polish error.type="_OTHER" ERROR _OTHER`,
		`tipcreds Renew tipcreds.origin="moon"`, `tipcreds Renew error.type="cancelled" ERROR cancelled`,
	})
	var renewals []string
	for _, line := range r.metrics(t) {
		if strings.HasPrefix(line, "tipcreds.renewals") {
			renewals = append(renewals, line)
		}
	}
	if diff := cmp.Diff([]string{
		`tipcreds.renewals{error.type=cancelled tipcreds.outcome=failed} 1`,
		`tipcreds.renewals{tipcreds.origin=moon tipcreds.outcome=renewed} 1`,
	}, renewals); diff != "" {
		t.Errorf("renewals (-want +got):\n%s", diff)
	}
}

// refusing is a MeterProvider that refuses instruments.
type refusing struct {
	metricnoop.MeterProvider

	name string
}

type refusingMeter struct {
	metricnoop.Meter

	name string
}

var errRefused = errors.New("refused")

func (p refusing) Meter(string, ...metric.MeterOption) metric.Meter {
	return refusingMeter{name: p.name}
}

func (m refusingMeter) refuses(name string) error {
	if name == m.name {
		return errRefused
	}
	return nil
}

func (m refusingMeter) Int64Counter(name string, o ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c, _ := m.Meter.Int64Counter(name, o...)
	return c, m.refuses(name)
}

func (m refusingMeter) Float64Histogram(name string, o ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	h, _ := m.Meter.Float64Histogram(name, o...)
	return h, m.refuses(name)
}

func (m refusingMeter) Int64ObservableCounter(
	name string, o ...metric.Int64ObservableCounterOption,
) (metric.Int64ObservableCounter, error) {
	c, _ := m.Meter.Int64ObservableCounter(name, o...)
	return c, m.refuses(name)
}

func (m refusingMeter) Int64ObservableUpDownCounter(
	name string, o ...metric.Int64ObservableUpDownCounterOption,
) (metric.Int64ObservableUpDownCounter, error) {
	c, _ := m.Meter.Int64ObservableUpDownCounter(name, o...)
	return c, m.refuses(name)
}

func (m refusingMeter) RegisterCallback(f metric.Callback, o ...metric.Observable) (metric.Registration, error) {
	if m.name == "callback" {
		return nil, errRefused
	}
	return m.Meter.RegisterCallback(f, o...)
}

// TestRefusedInstruments: a MeterProvider that refuses an instrument is an error.
func TestRefusedInstruments(t *testing.T) {
	for _, name := range []string{
		"tipcreds.renewals", "tipcreds.operation.duration", "tipcreds.exchange.in_doubt", "tipcreds.web_token.lost",
		"tipcreds.cache.errors",
	} {
		if _, err := tipotel.New(func(o *tipotel.Options) { o.MeterProvider = refusing{name: name} }); !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	pool := newRecord(t).pool(t, newWire())
	for _, name := range []string{"tipcreds.pool.users", "tipcreds.pool.forgotten", "callback"} {
		telemetry, err := tipotel.New(func(o *tipotel.Options) { o.MeterProvider = refusing{name: name} })
		if err != nil {
			t.Fatal(err)
		}
		if stop, err := telemetry.WatchPool(pool); !errors.Is(err, errRefused) || stop != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGlobal: the global providers are the default.
func TestGlobal(t *testing.T) {
	r := newRecord(t)
	otel.SetTracerProvider(r.traces)
	otel.SetMeterProvider(r.meters)
	t.Cleanup(func() {
		otel.SetTracerProvider(tracenoop.NewTracerProvider())
		otel.SetMeterProvider(metricnoop.NewMeterProvider())
	})
	var err error
	if r.Telemetry, err = tipotel.New(); err != nil {
		t.Fatal(err)
	}
	mustRetrieve(t, r.provider(t, newWire(), numbered()))
	checkTree(t, r, []string{`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan})
	if len(r.metrics(t)) == 0 {
		t.Error("no metrics")
	}
}

// TestAttributesPanic: a mistake in the program's attributes costs these, and nothing
// else.
func TestAttributesPanic(t *testing.T) {
	var handled []string
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { handled = append(handled, err.Error()) }))
	defer otel.SetErrorHandler(before)
	r := newRecord(t, func(o *tipotel.Options) {
		o.Attributes = func(context.Context) []attribute.KeyValue { panic("canary") }
	})
	mustRetrieve(t, r.provider(t, newWire(), numbered()))
	checkTree(t, r, []string{
		`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan,
	})
	want := []string{"tipotel: Options.Attributes panicked with a string"}
	if diff := cmp.Diff(want, handled); diff != "" {
		t.Errorf("handled (-want +got):\n%s", diff)
	}
}
