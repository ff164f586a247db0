package s3agcreds

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/metrics"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// A request whose grant is at hand gets its credentials without any memory.
func TestHitAllocatesNothing(t *testing.T) {
	signer, ctx := atHand(t)
	n := testing.AllocsPerRun(100, func() {
		if c, err := signer.Retrieve(ctx); err != nil || c.AccessKeyID != "ASIAVENDED1" {
			t.Fatal(c.AccessKeyID, err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Who falls back is not signed with the grant of an earlier attempt, so that nothing S3 says
// to it is about that.
func TestFallbackForgetsTheAttemptBefore(t *testing.T) {
	signer, ctx := atHand(t)
	r := requestFrom(ctx)
	if _, err := signer.Retrieve(ctx); err != nil || r.signed.Load() == nil {
		t.Fatal(err)
	}
	signer.plugin.Forget("AKIABASE")
	signer.plugin.options.Fallback = FallbackAlways
	r.path = "not UTF-8: \xff" // so that nothing is asked
	if c, err := signer.Retrieve(ctx); err != nil || c.AccessKeyID != "AKIABASE" || r.signed.Load() != nil {
		t.Errorf("%s, %v, still of %v", c.AccessKeyID, err, r.signed.Load())
	}
}

// go test -run '^$' -bench BenchmarkHit ./s3agcreds
func BenchmarkHit(b *testing.B) {
	signer, ctx := atHand(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signer.Retrieve(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// atHand are credentials of an S3 client, and the context of a call whose grant is at hand.
func atHand(t testing.TB) (*provider, context.Context) {
	t.Helper()
	base := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIABASE", "secret", "")}
	p, err := New(base, func(o *Options) { o.AccountID = "444455556666" })
	if err != nil {
		t.Fatal(err)
	}
	r := requestOf(&s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("team/a/k")})
	r.region = "eu-west-1"
	q := grantcache.Question{
		Scope:  grantcache.Scope{Principal: "AKIABASE", Account: "444455556666", Region: "eu-west-1"},
		Bucket: "b", Path: "team/a/x", Permission: r.permission,
	}
	_, _, err = p.grants.Do(t.Context(), &q, func(context.Context) (grantcache.Answer[Grant], error) {
		g := Grant{Credentials: aws.Credentials{AccessKeyID: "ASIAVENDED1"}}
		return grantcache.Answer[Grant]{Value: g, Target: "s3://b/team/*", Expires: time.Now().Add(time.Hour)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.signer(base.Credentials, metrics.NopMeterProvider{}), withRequest(t.Context(), r)
}
