package s3agcreds_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// meter counts measurements of this package by name and attributes.
type meter struct {
	metrics.NopMeter
	mu     sync.Mutex
	counts map[string]int
	units  map[string]string
	made   int
}

func newMeter() *meter { return &meter{counts: map[string]int{}, units: map[string]string{}} }

func (m *meter) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter {
	if !strings.HasSuffix(scope, "/s3agcreds") {
		return metrics.NopMeter{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	return m
}

func (m *meter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return instrument{m, m.described(name, opts)}, nil
}

func (m *meter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return histogram{instrument{m, m.described(name, opts)}}, nil
}

func (m *meter) described(name string, opts []metrics.InstrumentOption) string {
	var o metrics.InstrumentOptions
	for _, fn := range opts {
		fn(&o)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units[name] = o.UnitLabel
	return name
}

type instrument struct {
	*meter
	name string
}

func (i instrument) Add(_ context.Context, n int64, opts ...metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, fn := range opts {
		fn(&o)
	}
	var attributes []string
	for name, value := range o.Properties.Values() {
		attributes = append(attributes, fmt.Sprintf(" %v=%v", name, value))
	}
	sort.Strings(attributes)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.counts[i.name+strings.Join(attributes, "")] += int(n)
}

type histogram struct{ instrument }

func (h histogram) Record(ctx context.Context, _ float64, opts ...metrics.RecordMetricOption) {
	h.Add(ctx, 1, opts...)
}

func TestMetrics(t *testing.T) {
	for name, ofPlugin := range map[string]bool{"the plugin's": true, "the client's": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := newCloud("READ s3://b/a/*"), newMeter()
				p := c.plugin(t, func(o *s3agcreds.Options) {
					if o.Fallback = s3agcreds.FallbackNoGrant; ofPlugin {
						o.MeterProvider = m
					}
				})
				client := s3.NewFromConfig(c.config(), func(o *s3.Options) { o.MeterProvider = m }, p.Install)
				measured(t, c, client, p)
				if !ofPlugin { // Refresh has no client
					m.counts["s3agcreds.requests outcome=refresh"]++
					m.counts["s3agcreds.get_data_access.duration permission=READ result=granted"]++
				}
				want := map[string]int{
					"s3agcreds.requests outcome=hit": 2, "s3agcreds.requests outcome=miss": 3, "s3agcreds.requests outcome=denied": 1,
					"s3agcreds.requests outcome=refresh": 2, "s3agcreds.requests outcome=fallback": 2, "s3agcreds.requests outcome=shared": 1,
					"s3agcreds.get_data_access.duration permission=READ result=granted": 4,
					"s3agcreds.get_data_access.duration permission=READ result=NoGrant": 1,
				}
				if diff := cmp.Diff(want, m.counts); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				units := map[string]string{"s3agcreds.requests": "{request}", "s3agcreds.get_data_access.duration": "s"}
				if diff := cmp.Diff(units, m.units); diff != "" || m.made != 1 {
					t.Errorf("%d meters (-want +got):\n%s", m.made, diff)
				}
			})
		})
	}
}

// measured has every outcome: a miss, a hit, a hit that renews, two denials with fallback,
// a forced refresh, and two at once.
func measured(t *testing.T, c *cloud, client *s3.Client, p *s3agcreds.Plugin) {
	t.Helper()
	read := func(key string) {
		if err := getObject("b", key)(t.Context(), client); err != nil {
			t.Error(err)
		}
	}
	read("a/1")
	read("a/2")
	time.Sleep(46 * time.Minute)
	read("a/3")
	synctest.Wait()
	read("else")
	read("else")
	if _, err := p.Refresh(t.Context(), nil, "s3://b/a/4", types.PermissionRead); err != nil {
		t.Error(err)
	}
	time.Sleep(2 * time.Hour)
	hold := make(chan struct{})
	c.wait = hold
	var both sync.WaitGroup
	both.Go(func() { read("a/5") })
	both.Go(func() { read("a/5") })
	synctest.Wait()
	close(hold)
	both.Wait()
}

// Meter providers that cannot be compared are no panic.
type uncomparable struct {
	metrics.NopMeterProvider
	_ []int
}

func TestUncomparableMeterProvider(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t, func(o *s3agcreds.Options) { o.MeterProvider = uncomparable{} })
	client := s3.NewFromConfig(c.config(), p.Install)
	if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}, p.Install); err != nil {
		t.Error(err)
	}
}

// Two meter providers in turn are asked for instruments once each; very many are not kept.
func TestManyMeterProviders(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p := c.plugin(t)
	client := s3.NewFromConfig(c.config(), p.Install)
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	read := func(m *meter) {
		t.Helper()
		if _, err := client.GetObject(t.Context(), in, func(o *s3.Options) { o.MeterProvider = m }, p.Install); err != nil {
			t.Fatal(err)
		}
	}
	first, second := newMeter(), newMeter()
	for range 5 {
		read(first)
		read(second)
	}
	for _, m := range []*meter{first, second} {
		if n := m.counts["s3agcreds.requests outcome=hit"] + m.counts["s3agcreds.requests outcome=miss"]; m.made != 1 || n != 5 {
			t.Errorf("%d meters made, %d requests counted; want 1 and 5", m.made, n)
		}
	}
	for range 16 {
		read(newMeter())
	}
	if read(first); first.made != 2 {
		t.Errorf("%d meters made, want 2: more than 16 are remembered", first.made)
	}
}

// Each call of AWS is a line, and none has a secret.
func TestLog(t *testing.T) {
	c := newCloud("READ s3://b/a/*")
	var log bytes.Buffer
	p, err := s3agcreds.New(c.config(), func(o *s3agcreds.Options) {
		o.AccountID, o.Fallback = owner, s3agcreds.FallbackAlways
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if err != nil {
		t.Fatal(err)
	}
	c.control = alwaysMatching("s3://b/a/*")
	client := s3.NewFromConfig(c.config(), p.Install)
	for _, key := range []string{"a/1", "a/2"} {
		if err := getObject("b", key)(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	c.control = nil
	if err := getObject("b", "else")(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "target=s3://b/a/1") || !strings.Contains(lines[0], "matched_grant_target") ||
		!strings.Contains(lines[1], "error=") || !strings.Contains(lines[2], "level=WARN") {
		t.Errorf("%s", log.String())
	}
	for _, secret := range []string{grantSecret, grantToken, grantKey, "secret\"", baseKey} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q in the log", secret)
		}
	}
}
