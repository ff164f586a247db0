package tipcreds_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

const issuer = "https://dev-123456789.okta.com/oauth2/default"

func subjectOf(i int) tipcreds.Subject {
	return tipcreds.Subject{Issuer: issuer, ID: fmt.Sprintf("00u%017d", i)}
}

// userToken is a JWT of user i.
func userToken(i int) string {
	s := subjectOf(i)
	return idToken(map[string]any{"iss": s.Issuer, "sub": s.ID, "exp": time.Now().Add(time.Hour).Unix()})
}

func pool(t testing.TB, c tipcreds.AssumeRoleAPI, oidc tipcreds.CreateTokenAPI, optFns ...func(*tipcreds.PoolOptions)) *tipcreds.Pool {
	t.Helper()
	fns := append([]func(*tipcreds.PoolOptions){func(o *tipcreds.PoolOptions) {
		o.STSClient, o.SSOOIDCClient = c, oidc
	}}, optFns...)
	p, err := tipcreds.NewPool(accessRole, application, fns...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// BenchmarkPoolFor measures finding a user, and finding them with their credentials.
// Run it with
// go test -run '^$' -bench PoolFor -benchmem ./tipcreds
func BenchmarkPoolFor(b *testing.B) {
	const users = 10_000
	c := &clients{life: time.Hour}
	p := pool(b, c, c)
	subjects := make([]tipcreds.Subject, users)
	for i := range subjects {
		subjects[i] = subjectOf(i)
		if _, err := p.For(subjects[i], token(userToken(i))).Retrieve(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	source := token("")
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			_ = p.For(subjects[i%users], source)
		}
	})
	b.Run("retrieve", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for i := 0; b.Loop(); i++ {
			if _, err := p.For(subjects[i%users], source).Retrieve(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			ctx := context.Background()
			for i := 0; pb.Next(); i++ {
				if _, err := p.For(subjects[i%users], source).Retrieve(ctx); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// crowdSTS gives every session a key and a token of its own.
type crowdSTS struct {
	clients

	tokenBytes int
	sessions   int
}

func (c *crowdSTS) AssumeRole(
	context.Context, *sts.AssumeRoleInput, ...func(*sts.Options),
) (*sts.AssumeRoleOutput, error) {
	c.sessions++
	out, _ := c.clients.AssumeRole(context.Background(), nil)
	out.Credentials.AccessKeyId = aws.String(fmt.Sprintf("ASIA%016d", c.sessions))
	out.Credentials.SecretAccessKey = aws.String(fmt.Sprintf("%040d", c.sessions))
	out.Credentials.SessionToken = aws.String(strings.Repeat("t", c.tokenBytes-8) + fmt.Sprintf("%08d", c.sessions))
	return out, nil
}

// BenchmarkPoolMemory measures what a user costs beyond the bytes of the session
// token, of which there are 1,200. Run it with
// go test -run '^$' -bench PoolMemory -benchtime 1x ./tipcreds
func BenchmarkPoolMemory(b *testing.B) {
	const users, tokenBytes = 100_000, 1200
	for b.Loop() {
		c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: tokenBytes}
		before := heap()
		p := pool(b, c, c)
		for i := range users {
			if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		after := heap()
		if got := p.Stats().Users; got != users {
			b.Fatalf("%d users", got)
		}
		b.ReportMetric(float64(after-before)/users-tokenBytes, "B/user")
		runtime.KeepAlive(p)
	}
}

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
