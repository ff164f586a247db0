package tipotel_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestConcurrent: users renew at once, several requests each, while metrics are
// collected; each span is below the request that began its renewal.
func TestConcurrent(t *testing.T) {
	const users, requests = 20, 5
	r, w := newRecord(t), newWire()
	pool := r.pool(t, w)
	unwatch := stopWatching(t, r, pool)
	tracer := r.traces.Tracer("test")
	var wg sync.WaitGroup
	for i := range users {
		id := fmt.Sprintf("user-%02d", i)
		for range requests {
			wg.Go(func() {
				ctx, span := tracer.Start(t.Context(), "request")
				defer span.End()
				user := pool.For(tipcreds.Subject{Issuer: issuer, ID: id}, constant(jwt(id, 1)))
				if _, err := user.Retrieve(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() { r.collect(t) })
	}
	wg.Wait()
	spans := map[string]int{}
	for line := range strings.Lines(r.tree(t)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " tipcreds.")
		spans[strings.Repeat("+", strings.Count(line[:len(line)-len(strings.TrimLeft(line, " "))], "  "))+name]++
	}
	if diff := cmp.Diff(map[string]int{
		"request": users * requests, "+tipcreds Renew": users, "++tipcreds WebToken": users,
		"++STS.AssumeRoleWithWebIdentity client": users, "++SSO OIDC.CreateTokenWithIAM client": users, "++STS.AssumeRole client": users,
	}, spans); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	var counts []string
	for _, line := range r.metrics(t) {
		if !strings.HasPrefix(line, "tipcreds.operation") {
			counts = append(counts, line)
		}
	}
	if diff := cmp.Diff([]string{
		"tipcreds.pool.forgotten{} 0", "tipcreds.pool.users{} 20",
		"tipcreds.renewals{tipcreds.origin=exchange tipcreds.outcome=renewed} 20",
	}, counts); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if err := unwatch(); err != nil {
		t.Error(err)
	}
}
