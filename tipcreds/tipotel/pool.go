package tipotel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// WatchPool reports [tipcreds.Pool.Stats] at each collection, until stop is called: a
// pool that is watched is not garbage. The attributes tell several pools of a process
// apart, which else report one another's numbers. Of stop only the first call counts.
func (t *Telemetry) WatchPool(pool *tipcreds.Pool, attributes ...attribute.KeyValue) (stop func() error, err error) {
	users, err := t.meter.Int64ObservableUpDownCounter("tipcreds.pool.users", metric.WithUnit("{user}"),
		metric.WithDescription("Users that the pool remembers."))
	if err != nil {
		return nil, fmt.Errorf("tipotel: watch pool: %w", err)
	}
	forgotten, err := t.meter.Int64ObservableCounter("tipcreds.pool.forgotten", metric.WithUnit("{user}"),
		metric.WithDescription("Users that the pool has forgotten for want of room."))
	if err != nil {
		return nil, fmt.Errorf("tipotel: watch pool: %w", err)
	}
	which := metric.WithAttributeSet(attribute.NewSet(attributes...))
	registration, err := t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := pool.Stats()
		o.ObserveInt64(users, int64(stats.Users), which)
		o.ObserveInt64(forgotten, int64(stats.Forgotten), which)
		return nil
	}, users, forgotten)
	if err != nil {
		return nil, fmt.Errorf("tipotel: watch pool: %w", err)
	}
	return registration.Unregister, nil
}
