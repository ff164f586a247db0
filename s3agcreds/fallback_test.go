package s3agcreds_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// Who signs after each kind of failure, by policy: never, no grant, always.
func TestFallback(t *testing.T) {
	const iam = "User: arn:aws:sts::444455556666:assumed-role/Analyst/tip-x is not authorized to perform: s3:GetDataAccess"
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		falling [3]bool
		kind    s3agcreds.Kind
	}{
		{"case 58 and 59: no grant", nil, [3]bool{false, true, true}, s3agcreds.KindNoGrant},
		{"no instance", errorAnswer(404, "AccessGrantsInstanceNotExistsError", "none"), [3]bool{false, true, true}, s3agcreds.KindNoInstance},
		{"denied in other words", errorAnswer(403, "AccessDenied", "Access Denied"), [3]bool{false, true, true}, s3agcreds.KindOther},
		{"a policy", errorAnswer(403, "AccessDenied", iam), [3]bool{false, false, true}, s3agcreds.KindNotAuthorized},
		{"the role of the location", errorAnswer(403, "StsNotAuthorizedError", "no"), [3]bool{false, false, true}, s3agcreds.KindLocationRole},
		{"an outage", errorAnswer(500, "InternalError", "oops"), [3]bool{false, false, true}, s3agcreds.KindUnavailable},
		{"throttling", errorAnswer(503, "SlowDown", "slower"), [3]bool{false, false, true}, s3agcreds.KindUnavailable},
		{"another refusal", errorAnswer(400, "InvalidRequest", "no"), [3]bool{false, false, true}, s3agcreds.KindOther},
	}
	policies := []s3agcreds.Fallback{s3agcreds.FallbackNever, s3agcreds.FallbackNoGrant, s3agcreds.FallbackAlways}
	for _, tt := range tests {
		for i, policy := range policies {
			t.Run(tt.name+", policy "+string(rune('0'+i)), func(t *testing.T) {
				c := newCloud()
				if tt.answer != nil {
					c.control = func() *http.Response { return answered(tt.answer, nil) }
				}
				var log bytes.Buffer
				p := c.plugin(t, func(o *s3agcreds.Options) {
					o.Fallback, o.Logger = policy, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
				})
				err := getObject("b", "k")(t.Context(), s3.NewFromConfig(c.config(), p.Install))
				want := []string{baseKey}
				if !tt.falling[i] {
					want = nil
					if e := dataAccessError(t, err); e.Kind != tt.kind {
						t.Errorf("%s: %v", e.Kind, e)
					}
				} else if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(want, c.keys()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				warned := strings.Contains(log.String(), "level=WARN") && strings.Contains(log.String(), "s3://b/k")
				if warned != tt.falling[i] || p.Stats().Fallbacks != uint64(len(want)) {
					t.Errorf("%d fallbacks, log %q", p.Stats().Fallbacks, log.String())
				}
			})
		}
	}
}

// Nothing falls back on credentials that are not there, nor for one who has gone.
func TestNoFallback(t *testing.T) {
	always := func(o *s3agcreds.Options) { o.Fallback = s3agcreds.FallbackAlways }
	in := &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	t.Run("without base credentials", func(t *testing.T) {
		c, broken := newCloud(), errors.New("no base")
		_, err := c.client(t, always).GetObject(t.Context(), in, c.plugin(t, always).As(failing{broken}))
		if !errors.Is(err, broken) || len(c.keys()) != 0 {
			t.Errorf("%v, sent %v", err, c.keys())
		}
	})
	t.Run("after the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCloud("READ s3://b/*")
			p := c.plugin(t, always)
			client := s3.NewFromConfig(c.config(), p.Install)
			hold := make(chan struct{})
			c.wait = hold
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := client.GetObject(ctx, in)
			if !errors.Is(err, context.DeadlineExceeded) || p.Stats().Fallbacks != 0 {
				t.Errorf("%v, %+v", err, p.Stats())
			}
			close(hold)
		})
	})
}

// A call that is given up ends at once; the question goes on for the others.
func TestCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		client := c.client(t)
		hold := make(chan struct{})
		c.wait = hold
		ctx, cancel := context.WithCancel(t.Context())
		gone, stays := make(chan error), make(chan error)
		go func() { gone <- getObject("b", "k")(ctx, client) }()
		synctest.Wait()
		go func() { stays <- getObject("b", "k")(t.Context(), client) }()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(hold)
		if err := <-stays; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"READ s3://b/k"}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// GetDataAccess makes its own retries, and the S3 client does not multiply them.
func TestThrottled(t *testing.T) {
	c := newCloud("READ s3://b/*")
	c.control = func() *http.Response {
		answer := answered(errorAnswer(503, "SlowDown", "slower"), nil)
		answer.Header.Set("Retry-After", "7")
		return answer
	}
	client := c.client(t)
	err := getObject("b", "k")(t.Context(), client)
	e := dataAccessError(t, err)
	if !e.Throttled() || e.RetryAfter() != 7*time.Second || len(c.log()) != 3 || len(c.keys()) != 0 {
		t.Errorf("throttled %v, retry after %s, asked %d times, sent %v: %v", e.Throttled(), e.RetryAfter(), len(c.log()), c.keys(), err)
	}
	t.Run("case 41: throttling is not cached for the requests of a client", func(t *testing.T) {
		c.control = nil
		if err := getObject("b", "k")(t.Context(), client); err != nil || len(c.log()) != 4 {
			t.Errorf("asked %d times: %v", len(c.log()), err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for value, want := range map[string]time.Duration{
			"": 0, "0": 0, "3": 3 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0,
			time.Now().Add(time.Minute).UTC().Format(http.TimeFormat): time.Minute,
			time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):  0,
		} {
			c := newCloud()
			c.control = func() *http.Response {
				answer := answered(errorAnswer(429, "TooManyRequestsException", "slower"), nil)
				answer.Header.Set("Retry-After", value)
				return answer
			}
			_, err := c.plugin(t).Grant(t.Context(), nil, "s3://b/k", "READ")
			if e := dataAccessError(t, err); e.RetryAfter().Round(time.Second) != want || !e.Throttled() || e.Kind != s3agcreds.KindUnavailable {
				t.Errorf("%q: %s, throttled %v, %s", value, e.RetryAfter(), e.Throttled(), e.Kind)
			}
		}
		if e := (&s3agcreds.DataAccessError{Code: "AccessDenied"}); e.Throttled() || e.RetryAfter() != 0 {
			t.Errorf("throttled %v, %s", e.Throttled(), e.RetryAfter())
		}
	})
}

// The plugin's own deadline is an outage, not the caller's.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		client := c.client(t, func(o *s3agcreds.Options) { o.Timeout = 5 * time.Second })
		hold := make(chan struct{})
		c.wait = hold
		began := time.Now()
		err := getObject("b", "k")(t.Context(), client)
		if e := dataAccessError(t, err); e.Kind != s3agcreds.KindUnavailable || time.Since(began) != 5*time.Second {
			t.Errorf("%s after %s: %v", e.Kind, time.Since(began), err)
		}
		close(hold)
	})
}

// S3 takes keys with any character, and what is asked for does not depend on what is at hand.
// What would tear a line is quoted wherever it is shown.
func TestControlCharacters(t *testing.T) {
	for key, asked := range map[string]string{
		"a/x\nlevel=INFO": "a/x", "a/\rx\n": "a/", "a/\u0085": "a/", "a/\u2028": "a/", "a/\u2029": "a/", // no target has a line break
		"a/\x01": "a/\x01", "a/\x7f": "a/\x7f", "a/\t": "a/\t", "a/\u200b": "a/\u200b",
	} {
		c := newCloud("READ s3://b/a/*")
		var log bytes.Buffer
		p := c.plugin(t, func(o *s3agcreds.Options) {
			o.Fallback = s3agcreds.FallbackNoGrant
			o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		client := s3.NewFromConfig(c.config(), p.Install)
		for range 2 {
			if err := getObject("b", key)(t.Context(), client); err != nil {
				t.Errorf("%q: %v", key, err)
			}
		}
		if diff := cmp.Diff([]string{"READ s3://b/" + asked}, c.log()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := getObject("b", "else/"+key)(t.Context(), client); err != nil { // by falling back
			t.Errorf("%q: %v", key, err)
		}
		_, err := p.Grant(t.Context(), nil, "s3://b/"+key, "READ")
		if refused, ok := errors.AsType[*s3agcreds.OptionError](err); strings.ContainsFunc(key, unicode.IsControl) && (!ok || !errors.Is(refused, s3agcreds.ErrTarget)) {
			t.Errorf("typed by somebody: %v", err)
		}
		denied := getObject("b", "no/"+key)(t.Context(), c.client(t))
		dataAccessError(t, denied)
		for what, text := range map[string]string{"error": denied.Error(), "log": strings.ReplaceAll(log.String(), "\n", "")} {
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%s %q", what, text)
			}
		}
	}
}

// What is before a line break is more than privilege Minimal asks for.
func TestLineBreakWithMinimal(t *testing.T) {
	c := newCloud("READ s3://b/*")
	err := getObject("b", "a/x\ny")(t.Context(), c.client(t, minimal))
	if e := dataAccessError(t, err); !errors.Is(err, s3agcreds.ErrTarget) || len(c.log())+len(c.keys()) != 0 || !strings.Contains(e.Error(), "line break") {
		t.Errorf("%v, asked %q", err, c.log())
	}
}

// What has no UTF-8 is refused without a call, also where the account is looked up.
func TestNotUTF8(t *testing.T) {
	c := newCloud("READ s3://b/*")
	p, err := s3agcreds.New(c.config())
	if err != nil {
		t.Fatal(err)
	}
	known := credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "s", AccountID: caller}}
	for name, as := range map[string]func(*s3.Options){"the account is given": func(*s3.Options) {}, "looked up": p.As(known)} {
		_, err = c.client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("x\xffy")}, as)
		if dataAccessError(t, err); !errors.Is(err, s3agcreds.ErrTarget) || len(c.log())+len(c.keys()) != 0 {
			t.Errorf("%s: %v, asked %q, sent %v", name, err, c.log(), c.keys())
		}
	}
}

// What was matched may repeat the key.
func TestMatchedTargetIsQuoted(t *testing.T) {
	c := newCloud("READ s3://b/*")
	var log bytes.Buffer
	p := c.plugin(t, minimal, func(o *s3agcreds.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if err := getObject("b", "a/\x7f")(t.Context(), s3.NewFromConfig(c.config(), p.Install)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "\x7f") || strings.Count(log.String(), `a/\\x7f`) != 2 {
		t.Errorf("%q", log.String())
	}
}
