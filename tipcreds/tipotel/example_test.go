package tipotel_test

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/tipotel"
)

// A program with an SDK of OpenTelemetry. Here the spans stay in memory; usually they go
// to an exporter, and both providers are global, so that New needs no options.
func Example() {
	exporter := tracetest.NewInMemoryExporter()
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))

	telemetry, err := tipotel.New(func(o *tipotel.Options) { o.TracerProvider = traces })
	if err != nil {
		log.Fatal(err)
	}
	provider, err := tipcreds.New(
		"arn:aws:iam::444455556666:role/Analyst",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(context.Context) (string, error) {
			// A fresh ID token of the user, from wherever the program has it.
			return jwt("00uAnalystEXAMPLE", 1), nil
		},
		func(o *tipcreds.Options) {
			o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/TIPApplication"
			o.AWSConfig = newWire().config() // in a program: what config.LoadDefaultConfig gave
		},
		telemetry.Instrument, // last
	)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := provider.Retrieve(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// tipcreds WebToken
	// STS.AssumeRoleWithWebIdentity
	// SSO OIDC.CreateTokenWithIAM
	// STS.AssumeRole
	// tipcreds Renew
}

// A server watches its pool until it stops using it.
func ExampleTelemetry_WatchPool() {
	reader := sdkmetric.NewManualReader() // in a program: sdkmetric.NewPeriodicReader(exporter)
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))

	telemetry, err := tipotel.New(func(o *tipotel.Options) { o.MeterProvider = meters })
	if err != nil {
		log.Fatal(err)
	}
	pool, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN = applicationRole
		o.AWSConfig = newWire().config()
		telemetry.Instrument(&o.Options)
	})
	if err != nil {
		log.Fatal(err)
	}
	stop, err := telemetry.WatchPool(pool)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = stop() }()

	pool.For(tipcreds.Subject{Issuer: "https://issuer.example.com", ID: "00uAnalystEXAMPLE"}, numbered())
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		log.Fatal(err)
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value, m.Unit)
	}
	// Output:
	// tipcreds.pool.users 1 {user}
	// tipcreds.pool.forgotten 0 {user}
}

// Spans name no users. A server that wants to find the traces of one adds what it may:
// here a pseudonym of its own, which a handler put into the context.
// [tipotel.UserAttributes] would add the claims iss and sub.
func ExampleOptions_attributes() {
	type pseudonymKey struct{}
	exporter := tracetest.NewInMemoryExporter()
	telemetry, err := tipotel.New(func(o *tipotel.Options) {
		o.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
		o.Attributes = func(ctx context.Context) []attribute.KeyValue {
			pseudonym, _ := ctx.Value(pseudonymKey{}).(string)
			return []attribute.KeyValue{attribute.String("enduser.pseudo.id", pseudonym)}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	pool, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN = applicationRole
		o.AWSConfig = newWire().config()
		telemetry.Instrument(&o.Options)
	})
	if err != nil {
		log.Fatal(err)
	}
	user := pool.For(tipcreds.Subject{Issuer: issuer, ID: alice}, numbered())
	if _, err := user.Retrieve(context.WithValue(context.Background(), pseudonymKey{}, "QdH5CAWJgqVT4rOr0qtumf")); err != nil {
		log.Fatal(err)
	}
	for _, span := range exporter.GetSpans() {
		if span.Name == "tipcreds Renew" {
			fmt.Println(span.Attributes[0].Key, span.Attributes[0].Value.AsString())
		}
	}
	// Output: enduser.pseudo.id QdH5CAWJgqVT4rOr0qtumf
}
