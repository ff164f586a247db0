package tipotel

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Attributes of our own.
const (
	stepKey             = attribute.Key("tipcreds.step")
	operationKey        = attribute.Key("tipcreds.operation")
	originKey           = attribute.Key("tipcreds.origin")
	outcomeKey          = attribute.Key("tipcreds.outcome")
	errorCodeKey        = attribute.Key("tipcreds.error.code")
	jwtSpentKey         = attribute.Key("tipcreds.jwt_spent")
	inDoubtKey          = attribute.Key("tipcreds.in_doubt")
	cacheUnavailableKey = attribute.Key("tipcreds.cache.unavailable")
	issuerKey           = attribute.Key("tipcreds.issuer")
)

// operation is what is reported of one operation of tipcreds, prepared as far as it is
// the same each time.
type operation struct {
	*Telemetry

	op      tipcreds.Operation
	name    string
	start   []trace.SpanStartOption
	step    tipcreds.Step // empty if it is none
	success []metric.RecordOption
}

// operations are all that there are at present.
func (t *Telemetry) operations(o *tipcreds.Options) map[tipcreds.Operation]*operation {
	signIn, center, access := regions(o)
	all := map[tipcreds.Operation]*operation{}
	for _, op := range []tipcreds.Operation{
		tipcreds.OpRenew, tipcreds.OpCacheGet, tipcreds.OpCacheSet, tipcreds.OpCacheAdd, tipcreds.OpCacheDelete,
		tipcreds.OpCacheLock,
	} {
		all[op] = t.newOperation(op)
	}
	step := func(step tipcreds.Step, service, method, region string) {
		op := t.newOperation(tipcreds.Operation(step))
		op.describe(step, service, method, region)
		all[op.op] = op
	}
	step(tipcreds.StepWebToken, "", "", "")
	step(tipcreds.StepAssumeApplicationRole, sts.ServiceID, "AssumeRoleWithWebIdentity", signIn)
	step(tipcreds.StepCreateToken, ssooidc.ServiceID, "CreateTokenWithIAM", center)
	step(tipcreds.StepAssumeAccessRole, sts.ServiceID, "AssumeRole", access)
	return all
}

func (t *Telemetry) newOperation(op tipcreds.Operation) *operation {
	return &operation{
		Telemetry: t, op: op, name: "tipcreds " + string(op),
		success: []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(operationKey.String(string(op))))},
	}
}

// describe makes the operation a step, and that of a service a call of AWS's.
func (o *operation) describe(step tipcreds.Step, service, method, region string) {
	o.step = step
	attributes := []attribute.KeyValue{stepKey.String(string(step))}
	if service != "" {
		o.name = service + "." + method
		o.start = append(o.start, trace.WithSpanKind(trace.SpanKindClient))
		attributes = append(attributes, semconv.RPCSystemNameKey.String("aws-api"), semconv.RPCMethod(service+"/"+method))
	}
	if region != "" {
		attributes = append(attributes, semconv.CloudRegion(region))
	}
	o.start = append(o.start, trace.WithAttributes(attributes...))
}

// regions are those of the three calls, as tipcreds will choose them; empty where a
// client of the caller's does not tell.
func regions(o *tipcreds.Options) (signIn, center, access string) {
	region := o.Region
	if region == "" {
		region = o.AWSConfig.Region
	}
	signIn, center, access = region, o.IdentityCenterRegion, region
	if center == "" {
		center = region
	}
	if o.WebIdentityClient != nil {
		signIn = regionSTS(o.WebIdentityClient)
	}
	if o.STSClient != nil {
		access = regionSTS(o.STSClient)
	}
	if o.SSOOIDCClient != nil {
		center = ""
		if c, ok := o.SSOOIDCClient.(interface{ Options() ssooidc.Options }); ok {
			center = c.Options().Region
		}
	}
	return signIn, center, access
}

func regionSTS(client any) string {
	if c, ok := client.(interface{ Options() sts.Options }); ok {
		return c.Options().Region
	}
	return ""
}

// begin is what [tipcreds.Options].Observe is for this operation.
func (o *operation) begin(ctx context.Context) (context.Context, func(tipcreds.Outcome)) {
	began, start := time.Now(), o.start
	if o.op == tipcreds.OpRenew && o.attributes != nil {
		start = append(slices.Clip(start), trace.WithAttributes(o.further(ctx)...))
	}
	ctx, span := o.tracer.Start(ctx, o.name, start...)
	return ctx, func(outcome tipcreds.Outcome) {
		f := newFailure(outcome.Err)
		o.metrics.record(ctx, o, time.Since(began), outcome, f)
		if span.IsRecording() {
			o.describeEnd(span, outcome, f)
		}
		span.End()
	}
}

// further are the attributes that the program gives. It runs in a goroutine of tipcreds,
// where a panic would be the end of the process.
func (o *operation) further(ctx context.Context) (attributes []attribute.KeyValue) {
	defer func() {
		if value := recover(); value != nil {
			otel.Handle(fmt.Errorf("tipotel: Options.Attributes panicked with a %T", value))
			attributes = nil
		}
	}()
	return o.attributes(ctx)
}

func (o *operation) describeEnd(span trace.Span, outcome tipcreds.Outcome, f *failure) {
	if outcome.Origin != "" {
		span.SetAttributes(originKey.String(string(outcome.Origin)))
	}
	if f == nil {
		return
	}
	span.SetStatus(codes.Error, f.String())
	attributes := f.attributes()
	if o.step == "" && f.ExchangeError != nil {
		attributes = append(attributes, stepKey.String(string(f.Step)))
	}
	span.SetAttributes(attributes...)
}
