package rediscache_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// aclRules are those of the package's documentation.
func aclRules(t *testing.T) []string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "ACL SETUSER tip on >PASSWORD ")
	line, _, found := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("the documentation has no ACL")
	}
	return strings.Fields(line)
}

func setUser(t *testing.T, addr, name string, rules ...string) {
	t.Helper()
	args := []any{"acl", "setuser", name, "reset", "on", ">example"}
	for _, rule := range rules {
		args = append(args, rule)
	}
	if err := connect(t, addr).Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
}

// everything uses the cache in every way, and returns the first error.
func everything(ctx context.Context, cache *rediscache.Cache, key string) error {
	if err := cache.Set(ctx, key, []byte("one"), time.Minute); err != nil {
		return err
	}
	if _, err := cache.Get(ctx, key); err != nil {
		return err
	}
	if _, err := cache.Add(ctx, key, nil, time.Minute); err != nil {
		return err
	}
	if err := cache.Delete(ctx, key); err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, key)
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// The rules of the documentation suffice, scripts that Redis does not know included.
func TestACL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	setUser(t, server.Addr, "tip", aclRules(t)...)
	client := connectWith(t, &redis.Options{Addr: server.Addr, Username: "tip", Password: "example"})
	var log journal
	const ttl = 1500 * time.Millisecond
	cache := open(t, client, roomy, lockTTL(ttl), log.option)
	if err := everything(t.Context(), cache, "k"); err != nil {
		t.Error(err)
	}
	unlock := mustLock(t, cache, "k")
	ctx, cancel := context.WithTimeout(t.Context(), ttl+ttl/3)
	defer cancel()
	if _, err := cache.Lock(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a wait for a lock that is renewed", err)
	}
	unlock()
	if log.String() != "" {
		t.Errorf("the log has\n%s", log.String())
	}
	if err := client.GetRange(t.Context(), "other", 0, 1).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
		t.Errorf("another key: %v, want NOPERM", err)
	}
}

// None of the rules is there for nothing, and what is missing is said.
func TestACLIsMinimal(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	raw := connect(t, server.Addr)
	rules := aclRules(t)
	for i, rule := range rules {
		if !strings.HasPrefix(rule, "+") {
			continue
		}
		t.Run(rule, func(t *testing.T) {
			without := append(append([]string{}, rules[:i]...), rules[i+1:]...)
			setUser(t, server.Addr, "tip", without...)
			if err := errors.Join(raw.FlushAll(t.Context()).Err(), raw.ScriptFlush(t.Context()).Err()); err != nil {
				t.Fatal(err)
			}
			client := connectWith(t, &redis.Options{Addr: server.Addr, Username: "tip", Password: "example"})
			var log journal
			cache := open(t, client, roomy, lockTTL(100*time.Millisecond), log.option)
			switch err := everything(t.Context(), cache, "k"); rule {
			case "+pexpire": // only a renewal needs it
				unlock := mustLock(t, cache, "k")
				eventually(t, "a renewal fails", func() bool { return strings.Contains(log.String(), "could not be renewed") })
				unlock()
			case "+pttl": // only who waits for a lock needs it
				raw.Set(t.Context(), "tipcreds:l:k", "another owner", time.Minute)
				_, err := cache.Lock(t.Context(), "k")
				wantDenied(t, "Lock", err)
			case "+getrange": // in a script, too: that is no value of another type
				wantDenied(t, "Get", err)
				raw.Set(t.Context(), "tipcreds:v:k", "another value", time.Minute)
				_, err := cache.Add(t.Context(), "k", nil, time.Minute)
				wantDenied(t, "Add", err)
			default:
				wantDenied(t, "one of all methods", err)
			}
		})
	}
}

// wantDenied wants an error that says that permissions are missing, in the words of
// a command or of a script.
func wantDenied(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "permissions") && !strings.Contains(err.Error(), "can't run this command") {
		t.Errorf("%s: got %v, want that permissions are missing", what, err)
	}
}

func TestACLOnCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	rules := aclRules(t)
	for _, n := range cluster.Nodes {
		setUser(t, n.Addr, "plain", append(rules, "+cluster|slots")...)
		setUser(t, n.Addr, "routing", append(rules, "+cluster|slots", "+command")...)
		setUser(t, n.Addr, "blind", rules...)
	}
	tests := []struct {
		user  string
		plain bool
		ok    bool
	}{
		{"plain", true, true},
		{"routing", false, true},
		{"blind", true, false},
	}
	for _, tt := range tests {
		client := redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: cluster.Addrs(), Username: tt.user, Password: "example", DisableRoutingPolicies: tt.plain,
		})
		t.Cleanup(func() { _ = client.Close() })
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			if err := everything(t.Context(), open(t, client, roomy), key); (err == nil) != tt.ok {
				t.Errorf("%s: %v", tt.user, err)
			}
		}
		for _, n := range cluster.Nodes {
			denied := connect(t, n.Addr).Do(t.Context(), "acl", "log").String()
			if tt.ok && strings.Contains(denied, tt.user) {
				t.Errorf("%s was denied something: %s", tt.user, denied)
			}
		}
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "example")
	if err := everything(t.Context(), open(t, connect(t, server.Addr), roomy), "k"); err == nil || !strings.Contains(err.Error(), "rediscache: set: NOAUTH") {
		t.Errorf("without a password: %v", err)
	}
	for password, want := range map[string]string{"example": "", "canary": "WRONGPASS"} {
		client := connectWith(t, &redis.Options{Addr: server.Addr, Password: password})
		err := everything(t.Context(), open(t, client, roomy), "k")
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("password %q: %v, want %q", password, err, want)
		}
	}
}
