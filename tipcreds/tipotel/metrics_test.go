package tipotel_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func checkMetrics(t *testing.T, r *record, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, r.metrics(t)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// TestMetrics has one renewal of each origin, one that was refused and one that ran out
// of time, where an answer of AWS takes 100 ms.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRecord(t), newWire()
		w.delay, w.refreshToken = 100*time.Millisecond, refreshToken
		p := r.provider(t, w, numbered(), shares(newMemory()))
		mustRetrieve(t, p) // exchange
		time.Sleep(56 * time.Minute)
		mustRetrieve(t, p) // refresh token
		time.Sleep(56 * time.Minute)
		w.on(createTokenCall, stop)
		mustRetrieve(t, p) // kept: the refresh token had no answer
		time.Sleep(time.Hour)
		w.on(createTokenCall, stop)
		if _, err := p.Retrieve(t.Context()); err == nil { // failed: the JWT had none
			t.Fatal("no error")
		}
		checkMetrics(t, r, []string{
			`tipcreds.exchange.in_doubt{error.type=timeout} 1`,
			`tipcreds.operation.duration{error.type=timeout tipcreds.operation=CreateToken} 2 in 3m59.8s`,
			`tipcreds.operation.duration{error.type=timeout tipcreds.operation=Renew} 2 in 4m0s`,
			`tipcreds.operation.duration{tipcreds.operation=AssumeAccessRole} 2 in 200ms`,
			`tipcreds.operation.duration{tipcreds.operation=AssumeApplicationRole} 3 in 300ms`,
			`tipcreds.operation.duration{tipcreds.operation=CacheAdd} 2 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=CacheGet} 9 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=CacheLock} 4 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=CacheSet} 2 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=CreateToken} 2 in 200ms`,
			`tipcreds.operation.duration{tipcreds.operation=Renew} 2 in 500ms`,
			`tipcreds.operation.duration{tipcreds.operation=WebToken} 2 in 0s`,
			`tipcreds.renewals{error.type=timeout tipcreds.origin=kept tipcreds.outcome=kept tipcreds.step=CreateToken} 1`,
			`tipcreds.renewals{error.type=timeout tipcreds.outcome=failed tipcreds.step=CreateToken} 1`,
			`tipcreds.renewals{tipcreds.origin=exchange tipcreds.outcome=renewed} 1`,
			`tipcreds.renewals{tipcreds.origin=refresh_token tipcreds.outcome=renewed} 1`,
			`tipcreds.web_token.lost{error.type=timeout tipcreds.step=CreateToken} 1`,
		})
	})
}

// TestLostTokens: what becomes of a JWT is counted once, where it became of it.
func TestLostTokens(t *testing.T) {
	const lost, doubt = "tipcreds.web_token.lost", "tipcreds.exchange.in_doubt"
	tests := []struct {
		name, call string
		answer     answer
		want       []string
	}{
		{"never sent", webIdentityCall, stsError(403, "AccessDenied"), nil},
		{"throttled", createTokenCall, oauthError(400, "SlowDownException", "slow_down"), nil},
		{"refused", createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant"),
			[]string{lost + `{error.type=InvalidGrantException tipcreds.step=CreateToken} 1`}},
		{"no answer", createTokenCall, broken,
			[]string{doubt + `{error.type=connection} 1`, lost + `{error.type=connection tipcreds.step=CreateToken} 1`}},
		{"accepted, no role", assumeRoleCall, stsError(403, "AccessDenied"),
			[]string{lost + `{error.type=AccessDenied tipcreds.step=AssumeAccessRole} 1`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, w := newRecord(t), newWire()
			same := jwt(alice, 1)
			p := r.provider(t, w, constant(same))
			w.on(tt.call, tt.answer)
			if _, err := p.Retrieve(t.Context()); err == nil {
				t.Fatal("no error")
			}
			if tt.want != nil { // the same JWT again is refused, and not lost again
				if _, err := p.Retrieve(t.Context()); err == nil {
					t.Fatal("no error")
				}
			}
			var got []string
			for _, line := range r.metrics(t) {
				if strings.HasPrefix(line, lost) || strings.HasPrefix(line, doubt) {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCacheErrors: the questions that failed are counted, not those that were not asked.
func TestCacheErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w, cache := newRecord(t), newWire(), newMemory()
		cache.down = errDown
		for range 3 {
			mustRetrieve(t, r.provider(t, w, numbered(), shares(cache)))
		}
		checkMetrics(t, r, []string{
			`tipcreds.cache.errors{error.type=_OTHER tipcreds.operation=CacheGet} 3`,
			`tipcreds.operation.duration{error.type=_OTHER tipcreds.operation=CacheGet} 3 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=AssumeAccessRole} 3 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=AssumeApplicationRole} 3 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=CreateToken} 3 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=Renew} 3 in 0s`,
			`tipcreds.operation.duration{tipcreds.operation=WebToken} 3 in 0s`,
			`tipcreds.renewals{tipcreds.origin=exchange tipcreds.outcome=renewed} 3`,
		})
	})
}

// TestInstruments: names, units and kinds are those of the package's documentation.
func TestInstruments(t *testing.T) {
	r, w, cache := newRecord(t), newWire(), newMemory()
	pool := r.pool(t, w, func(o *tipcreds.PoolOptions) { o.Cache = cache })
	stopWatching(t, r, pool)
	cache.down = errDown
	w.on(createTokenCall, broken)
	if _, err := pool.For(tipcreds.Subject{Issuer: issuer, ID: alice}, numbered()).Retrieve(t.Context()); err == nil {
		t.Fatal("no error")
	}
	got := map[string]string{}
	for _, m := range r.collect(t) {
		kind := "histogram"
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			kind = "up-down counter"
			if data.IsMonotonic {
				kind = "counter"
			}
		case metricdata.Histogram[float64]:
			if b := data.DataPoints[0].Bounds; b[0] != 0.001 || b[len(b)-1] != 120 {
				t.Errorf("buckets %v", b)
			}
		}
		if m.Description == "" {
			t.Errorf("%s is not described", m.Name)
		}
		got[m.Name] = kind + " " + m.Unit
	}
	if diff := cmp.Diff(map[string]string{
		"tipcreds.renewals": "counter {renewal}", "tipcreds.operation.duration": "histogram s",
		"tipcreds.exchange.in_doubt": "counter {exchange}", "tipcreds.web_token.lost": "counter {token}",
		"tipcreds.cache.errors": "counter {error}", "tipcreds.pool.users": "up-down counter {user}",
		"tipcreds.pool.forgotten": "counter {user}",
	}, got); diff != "" {
		t.Errorf("instruments (-want +got):\n%s", diff)
	}
}

func stopWatching(t *testing.T, r *record, pool *tipcreds.Pool, attributes ...attribute.KeyValue) func() error {
	t.Helper()
	stop, err := r.WatchPool(pool, attributes...)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

func TestWatchPool(t *testing.T) {
	r, w := newRecord(t), newWire()
	two := func(o *tipcreds.PoolOptions) { o.MaxUsers = 2 }
	quiet := newRecord(t)
	one, other := quiet.pool(t, w, two), quiet.pool(t, w)
	stop := stopWatching(t, r, one, attribute.String("pool", "one"))
	stopOther := stopWatching(t, r, other, attribute.String("pool", "other"))
	for _, id := range []string{"a", "b", "c"} {
		for _, pool := range []*tipcreds.Pool{one, other} {
			if _, err := pool.For(tipcreds.Subject{Issuer: issuer, ID: id}, constant(jwt(id, 1))).Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkMetrics(t, r, []string{
		`tipcreds.pool.forgotten{pool=one} 1`, `tipcreds.pool.forgotten{pool=other} 0`,
		`tipcreds.pool.users{pool=one} 2`, `tipcreds.pool.users{pool=other} 3`,
	})
	for range 2 {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
	checkMetrics(t, r, []string{`tipcreds.pool.forgotten{pool=other} 0`, `tipcreds.pool.users{pool=other} 3`})
	if err := stopOther(); err != nil {
		t.Error(err)
	}
	checkMetrics(t, r, nil)
}
