package tipcreds_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// lines are what was logged, as JSON without the time.
type lines struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

func (l *lines) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// take returns the lines since it was called last.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSuffix(l.log.String(), "\n")
	l.log.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func checkLines(t *testing.T, what string, l *lines, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.take()); diff != "" {
		t.Errorf("%s: lines (-want +got):\n%s", what, diff)
	}
}

// logs is an option of replica.
func logs(logger *slog.Logger) func(*tipcreds.PoolOptions) {
	return func(o *tipcreds.PoolOptions) { o.Logger = logger }
}

// Parts of lines about user 1.
const (
	ofUserOne = `"subject":{"issuer":"https://dev-123456789.okta.com/oauth2/default","id":"00u00000000000000001"}}`
	aSession  = `"session":{"user_id":"","assumed_role_arn":"arn:aws:sts::444455556666:assumed-role/Analyst/tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01",` +
		`"expires_at":"%s"},`
)

// renewedLine is logged in synctest, after so long.
func renewedLine(origin string, after time.Duration) string {
	expires := time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC).Add(after).Local().Format(time.RFC3339Nano)
	return `{"level":"DEBUG","msg":"credentials renewed","origin":"` + origin + `",` + fmt.Sprintf(aSession, expires) + ofUserOne
}

func warning(what, err string) string {
	return `{"level":"WARN","msg":"` + what + `","error":"` + err + `",` + ofUserOne
}

var errRefusedGrant = &smithy.GenericAPIError{Code: "InvalidGrantException", Message: "no"}

// TestLogging: a renewal is a line, at debug; one that failed is a warning, whether or
// not there are credentials still; credentials at hand are none.
func TestLogging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		c, source := &clients{life: time.Hour}, numbered()
		p := replica(t, c, nil, logs(l.logger(slog.LevelDebug)))
		ask := func() error { _, err := retrieve(t, p, source); return err }
		for range 3 {
			if err := ask(); err != nil {
				t.Fatal(err)
			}
		}
		checkLines(t, "renewed once", &l, renewedLine("exchange", 0))
		time.Sleep(56 * time.Minute)
		c.failWith(errRefusedGrant)
		for range 3 {
			if err := ask(); err != nil {
				t.Fatal(err)
			}
		}
		refused := "create token with IAM: InvalidGrantException: no"
		checkLines(t, "kept, and not tried again at once", &l, warning("renewal failed, the credentials at hand are used on", refused))
		time.Sleep(time.Hour)
		if ask() == nil {
			t.Error("no error")
		}
		checkLines(t, "failed", &l, warning("no credentials", refused))
	})
}

// TestLoggingRefreshToken: a refresh token that is refused is a warning, since nobody
// gets an error.
func TestLoggingRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		c := &refreshing{clients: clients{life: time.Hour}}
		p := pool(t, c, c, logs(l.logger(slog.LevelDebug)))
		source := numbered()
		for _, step := range []struct {
			what string
			fail bool
			want []string
		}{
			{"first", false, []string{renewedLine("exchange", 0)}},
			{"refreshed", false, []string{renewedLine("refresh_token", 56*time.Minute)}},
			{"refused", true, []string{
				warning("the refresh token is of no use any more, a fresh JWT is exchanged", "create token with IAM: InvalidGrantException: no"),
				renewedLine("exchange", 2*56*time.Minute),
			}},
		} {
			if step.fail {
				c.failWith(errRefusedGrant)
			}
			_, err := retrieve(t, p, func(ctx context.Context) (string, error) {
				c.failWith(nil) // the JWT comes after the refresh token
				return source(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
			checkLines(t, step.what, &l, step.want...)
			time.Sleep(56 * time.Minute)
		}
	})
}

// TestLoggingCache: an outage is a warning once for each pause, however many users
// renew; a session from the cache is a renewal; a value that is none is a warning.
func TestLoggingCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		c, cache := &clients{life: time.Hour}, newMemory()
		p := replica(t, c, cache, logs(l.logger(slog.LevelWarn)))
		cache.fail(errDown, 0)
		crowd := func() {
			for i := range 5 {
				if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
				_ = p.Forget(t.Context(), subjectOf(i))
			}
		}
		down := strings.ReplaceAll(warning("the cache cannot be asked, going on without it", "CacheGet: connection refused"), "0001\"", "0000\"")
		crowd()
		checkLines(t, "outage", &l, down)
		time.Sleep(4 * time.Second)
		crowd()
		checkLines(t, "pause", &l)
		time.Sleep(time.Second)
		crowd()
		checkLines(t, "outage goes on", &l, down)
		time.Sleep(5 * time.Second)
		cache.fail(nil, 0)
		crowd()
		checkLines(t, "over", &l)
	})
}

func TestLoggingCacheValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		c, cache := &clients{life: time.Hour}, newMemory()
		if _, err := retrieve(t, replica(t, c, cache), numbered()); err != nil {
			t.Fatal(err)
		}
		if _, err := retrieve(t, replica(t, c, cache, logs(l.logger(slog.LevelDebug))), numbered()); err != nil {
			t.Fatal(err)
		}
		checkLines(t, "of another", &l, renewedLine("cache", 0))
		for _, key := range cache.keys("session-") {
			if err := cache.Set(t.Context(), key, []byte(`{"accessKeyId":"ASIAENHANCED00000001"}`), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := retrieve(t, replica(t, c, cache, logs(l.logger(slog.LevelDebug))), numberedFrom("other")); err != nil {
			t.Fatal(err)
		}
		unread := warning("a value in the cache cannot be read and is not used", "incomplete session")
		checkLines(t, "unreadable", &l, unread, unread, renewedLine("exchange", 0))
	})
}

// TestLoggingLevels: nothing is logged below the level of the logger.
func TestLoggingLevels(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 2, slog.LevelInfo: 1, slog.LevelWarn: 1, slog.LevelError: 0} {
		synctest.Test(t, func(t *testing.T) {
			var l lines
			c := &clients{life: time.Hour}
			p := replica(t, c, nil, logs(l.logger(level)))
			_, err := retrieve(t, p, numbered())
			time.Sleep(2 * time.Hour)
			c.failWith(errRefusedGrant)
			if _, failed := retrieve(t, p, numbered()); err != nil || failed == nil {
				t.Errorf("%v, then %v", err, failed)
			}
			if got := l.take(); len(got) != want {
				t.Errorf("at %v: %q", level, got)
			}
		})
	}
}

// TestLoggingSilence: without a Logger nobody hears anything, the default one neither.
func TestLoggingSilence(t *testing.T) {
	var l lines
	before := slog.Default()
	slog.SetDefault(l.logger(slog.LevelDebug))
	defer slog.SetDefault(before)
	c := &clients{life: time.Hour}
	p := replica(t, c, nil)
	c.failWith(errRefusedGrant)
	if _, err := retrieve(t, p, numbered()); err == nil {
		t.Error("no error")
	}
	checkLines(t, "silence", &l)
}

// TestLoggingAtHand: credentials at hand log nothing and allocate nothing.
func TestLoggingAtHand(t *testing.T) {
	var l lines
	c := &clients{life: time.Hour}
	p := replica(t, c, nil, logs(l.logger(slog.LevelDebug)))
	user := p.For(subjectOf(1), numbered())
	if _, err := user.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.take()
	if n := testing.AllocsPerRun(100, func() { _, _ = user.Retrieve(t.Context()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	checkLines(t, "at hand", &l)
}

// contextual is a handler that logs which operation the context is of.
type contextual struct{ slog.Handler }

func (h contextual) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.Any("operation", ctx.Value(operationKey{})))
	return h.Handler.Handle(ctx, r)
}

type operationKey struct{}

// TestLoggingContext: a handler finds what Observe put into the context, the span of a
// trace for one.
func TestLoggingContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		c := &clients{life: time.Hour}
		p := replica(t, c, nil, logs(slog.New(contextual{l.logger(slog.LevelDebug).Handler()})), func(o *tipcreds.PoolOptions) {
			o.Observe = func(ctx context.Context, op tipcreds.Operation) (context.Context, func(tipcreds.Outcome)) {
				return context.WithValue(ctx, operationKey{}, op), func(tipcreds.Outcome) {}
			}
		})
		if _, err := retrieve(t, p, numbered()); err != nil {
			t.Fatal(err)
		}
		inRenewal := strings.TrimSuffix(renewedLine("exchange", 0), "}") + `,"operation":"Renew"}`
		checkLines(t, "renewal", &l, inRenewal)
	})
}

// TestLoggingSecrets: no line shows one at any level, in either format, whatever AWS
// repeats and the cache holds.
func TestLoggingSecrets(t *testing.T) {
	text := func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) }
	asJSON := func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) }
	for name, handler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{"text": text, "JSON": asJSON} {
		for _, level := range []slog.Level{slog.LevelDebug - 4, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			t.Run(fmt.Sprintf("%s at %v", name, level), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var l lines
					given := logEverything(t, slog.New(handler(&l, &slog.HandlerOptions{Level: level})))
					all := strings.Join(l.take(), "\n")
					checkClean(t, "log", all)
					for _, jwt := range given {
						if strings.Contains(all, jwt) || strings.Contains(all, strings.Split(jwt, ".")[1]) {
							t.Errorf("the log shows a JWT: %s", all)
						}
					}
					for what, least := range everyLine {
						if strings.Contains(all, what) != (level <= least) {
							t.Errorf("%q at %v: %s", what, level, all)
						}
					}
				})
			})
		}
	}
}

// everyLine is whatever is logged, and its level.
var everyLine = map[string]slog.Level{
	"credentials renewed":                      slog.LevelDebug,
	"the credentials at hand are used on":      slog.LevelWarn,
	"no credentials":                           slog.LevelWarn,
	"the refresh token is of no use any more":  slog.LevelWarn,
	"a value in the cache cannot be read":      slog.LevelWarn,
	"the cache cannot be asked, going on with": slog.LevelWarn,
}

// echoing are clients that refuse on demand, and repeat the request then.
type echoing struct {
	refreshing

	createToken, assumeRole bool // refuse
}

func (c *echoing) CreateTokenWithIAM(
	ctx context.Context, in *ssooidc.CreateTokenWithIAMInput, optFns ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	if c.createToken {
		return nil, echoed("InvalidGrantException", in.Assertion, in.RefreshToken)
	}
	return c.refreshing.CreateTokenWithIAM(ctx, in, optFns...)
}

func (c *echoing) AssumeRole(
	ctx context.Context, in *sts.AssumeRoleInput, optFns ...func(*sts.Options),
) (*sts.AssumeRoleOutput, error) {
	if c.assumeRole {
		return nil, echoed("ValidationError", in.ProvidedContexts[0].ContextAssertion)
	}
	return c.refreshing.AssumeRole(ctx, in, optFns...)
}

func echoed(code string, values ...*string) error {
	message := "1 validation error detected:"
	for _, v := range values {
		message += " Value '" + aws.ToString(v) + "'"
	}
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// logEverything makes whatever is logged happen, and returns the JWTs that it took.
func logEverything(t *testing.T, logger *slog.Logger) (given []string) {
	t.Helper()
	c, cache := &echoing{refreshing: refreshing{clients{life: time.Hour}}}, newMemory()
	numbers := numbered()
	source := func(ctx context.Context) (string, error) {
		jwt, err := numbers(ctx)
		given, c.createToken = append(given, jwt), false // refused was the refresh token
		return jwt, err
	}
	alone := pool(t, c, c, logs(logger))
	ask := func(p *tipcreds.Pool) { _, _ = p.For(subjectOf(1), source).Retrieve(t.Context()) }
	ask(alone)
	time.Sleep(56 * time.Minute)
	c.createToken = true
	ask(alone) // the refresh token is refused
	time.Sleep(56 * time.Minute)
	c.assumeRole = true
	ask(alone) // kept
	time.Sleep(time.Hour)
	ask(alone) // failed
	c.assumeRole = false
	replicas := func() *tipcreds.Pool { return replica(t, &c.clients, cache, logs(logger)) }
	ask(replicas())
	for _, key := range cache.keys("session-") {
		_ = cache.Set(t.Context(), key, []byte(`{"secretAccessKey":"`+enhancedPlain), time.Hour)
	}
	ask(replicas())
	cache.fail(errDown, 0)
	ask(replicas())
	return given
}
