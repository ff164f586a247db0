package tipcreds_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// crowd is a lab with many users, a JWT of each and a pool for all of them.
type crowd struct {
	lab  *lab.Lab
	pool *tipcreds.Pool
	ids  []labtest.Identity
}

func newCrowd(tb testing.TB, users int) *crowd {
	tb.Helper()
	l := labtest.Start(tb, labtest.Edit(func(w *lab.World) {
		labtest.Crowd(w, users)
		w.Switches.CentralTokenAlgorithm = "ES256" // a third of the time would go into RSA
	}))
	c := &crowd{lab: l, ids: make([]labtest.Identity, users)}
	for i := range c.ids {
		id, err := labtest.SignIn(l, "loopback", labtest.CrowdMember(i+1).Login)
		if err != nil {
			tb.Fatal(err)
		}
		c.ids[i] = id
	}
	var err error
	c.pool, err = tipcreds.NewPool("arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(o *tipcreds.PoolOptions) {
			o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/tip-oidc-role"
			o.AWSConfig = aws.Config{Region: l.Region(), HTTPClient: l.HTTPClient(), BaseEndpoint: aws.String(l.Endpoint())}
			o.Timeout = 5 * time.Minute
		})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// retrieve gets the credentials of all users at once, several times each, and
// returns the different keys.
func (c *crowd) retrieve(tb testing.TB, requests int) int {
	tb.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	keys := map[string]int{}
	for i, id := range c.ids {
		for range requests {
			wg.Go(func() {
				user := c.pool.For(tipcreds.Subject{Issuer: id.Issuer, ID: id.Subject}, token(id.Token))
				got, err := user.Retrieve(context.Background())
				mu.Lock()
				defer mu.Unlock()
				if owner, known := keys[got.AccessKeyID]; err != nil || known && owner != i {
					tb.Errorf("user %d has the key of user %d: %v", i, owner, err)
				}
				keys[got.AccessKeyID] = i
			})
		}
	}
	wg.Wait()
	return len(keys)
}

// exchanged is what the lab has counted if each user was exchanged once.
func exchanged(users int) lab.Counts {
	each := lab.Tally{Granted: users}
	return lab.Counts{WebIdentities: each, TokenCalls: each, Exchanges: each, AssumedRoles: each}
}

// TestCrowdInTheLab: users by the hundred at once, one exchange each, with every check
// that the lab has.
func TestCrowdInTheLab(t *testing.T) {
	const users = 300
	c := newCrowd(t, users)
	if got := c.retrieve(t, 3); got != users {
		t.Errorf("%d keys", got)
	}
	if diff := cmp.Diff(exchanged(users), c.lab.Counts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := c.retrieve(t, 1); got != users || c.lab.Counts() != exchanged(users) {
		t.Errorf("%d keys, %+v", got, c.lab.Counts())
	}
}

// BenchmarkCrowdInTheLab has 10,000 users come at once, each with three requests, and
// fails unless each is exchanged once. Run it with
// go test -run '^$' -bench CrowdInTheLab -benchtime 1x ./tipcreds
func BenchmarkCrowdInTheLab(b *testing.B) {
	const users = 10_000
	for b.Loop() {
		b.StopTimer()
		c := newCrowd(b, users)
		b.StartTimer()
		began := time.Now()
		if got := c.retrieve(b, 3); got != users {
			b.Errorf("%d keys", got)
		}
		b.ReportMetric(users/time.Since(began).Seconds(), "users/s")
		b.StopTimer()
		if diff := cmp.Diff(exchanged(users), c.lab.Counts()); diff != "" {
			b.Errorf("(-want +got):\n%s", diff)
		}
		if stats := fmt.Sprint(c.pool.Stats()); stats != fmt.Sprint(tipcreds.PoolStats{Users: users, MaxUsers: tipcreds.DefaultMaxUsers}) {
			b.Error(stats)
		}
		b.StartTimer()
	}
}
