package s3agcreds_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// original says, of a test that fails, what the Python sample or a peer does instead.
func original(t *testing.T, what string) {
	t.Helper()
	t.Cleanup(func() {
		if what != "" && t.Failed() {
			t.Log("elsewhere: " + what)
		}
	})
}

// look reads an object at an age of what was vended first, and wants this many questions
// asked by then, those in the background as well.
type look struct {
	at    time.Duration
	asked int
}

// The options of the cache reach it. Each has a look that would be another with the default,
// or with that of another option.
func TestCacheOptions(t *testing.T) {
	noRenewal := func(o *s3agcreds.Options) { o.RefreshShare = 1 }
	for _, tt := range []struct {
		name     string
		life     time.Duration
		options  func(*s3agcreds.Options)
		looks    []look
		original string // what the Python sample does instead
	}{
		{"case 29: 10 s left at a 60 % rule: TTL 6 s", 10 * time.Second, func(o *s3agcreds.Options) {
			o.LifetimeShare, o.RefreshShare, o.ExpiryMargin = 0.6, 1, -1
		}, []look{{5 * time.Second, 1}, {6 * time.Second, 2}}, ""},
		{"case 30: past the default share: fetch again", time.Hour, noRenewal,
			[]look{{54*time.Minute - 1, 1}, {54 * time.Minute, 2}}, ""},
		{"case 31: 30 s left: M", time.Hour, func(o *s3agcreds.Options) { o.RefreshShare, o.LifetimeShare = 1, 1 },
			[]look{{time.Hour - 30*time.Second - 1, 1}, {time.Hour - 30*time.Second, 2}}, "serves it: there is no margin"},
		{"a margin of half an hour", time.Hour, func(o *s3agcreds.Options) {
			o.RefreshShare, o.LifetimeShare, o.ExpiryMargin = 1, 1, 30*time.Minute
		}, []look{{30*time.Minute - 1, 1}, {30 * time.Minute, 2}}, ""},
		{"no margin", time.Hour, func(o *s3agcreds.Options) { o.RefreshShare, o.LifetimeShare, o.ExpiryMargin = 1, 1, -1 },
			[]look{{time.Hour - time.Second, 1}, {time.Hour, 2}}, ""},
		{"renewed after 70 %", time.Hour, func(*s3agcreds.Options) {}, []look{{39 * time.Minute, 1}, {45 * time.Minute, 2}}, ""},
		{"renewed after 20 %", time.Hour, func(o *s3agcreds.Options) { o.RefreshShare = 0.2 },
			[]look{{11 * time.Minute, 1}, {13 * time.Minute, 2}}, ""},
		{"not renewed in the background", time.Hour, noRenewal, []look{{53 * time.Minute, 1}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			original(t, tt.original)
			synctest.Test(t, func(t *testing.T) {
				c := newCloud("READ s3://b/*")
				c.life = tt.life
				client := c.client(t, tt.options)
				began := time.Now()
				for _, l := range append([]look{{0, 1}}, tt.looks...) {
					time.Sleep(time.Until(began.Add(l.at)))
					if err := getObject("b", "k")(t.Context(), client); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if n := len(c.log()); n != l.asked {
						t.Errorf("asked %d times after %s, want %d", n, l.at, l.asked)
					}
				}
			})
		})
	}
}

func TestDeniedFor(t *testing.T) {
	for _, tt := range []struct {
		name      string
		deniedFor time.Duration
		looks     []look
		original  string
	}{
		{"case 38: five minutes by default", 0, []look{{5*time.Minute - 1, 1}, {5 * time.Minute, 2}}, "a peer asks each time it is denied"},
		{"a minute", time.Minute, []look{{time.Minute - 1, 1}, {time.Minute, 2}}, ""},
		{"an hour", time.Hour, []look{{time.Hour - 1, 1}, {time.Hour, 2}}, ""},
		{"not at all", -1, []look{{0, 2}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			original(t, tt.original)
			synctest.Test(t, func(t *testing.T) {
				c := newCloud()
				client := c.client(t, func(o *s3agcreds.Options) { o.DeniedFor = tt.deniedFor })
				began := time.Now()
				for _, l := range append([]look{{0, 1}}, tt.looks...) {
					time.Sleep(time.Until(began.Add(l.at)))
					if e := dataAccessError(t, getObject("b", "k")(t.Context(), client)); e.Kind != s3agcreds.KindNoGrant {
						t.Error(e)
					}
					if n := len(c.log()); n != l.asked {
						t.Errorf("asked %d times after %s, want %d", n, l.at, l.asked)
					}
				}
			})
		})
	}
}

func TestMaxGrants(t *testing.T) {
	t.Run("case 37: full cache: least recently used evicted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCloud("READ s3://b/1", "READ s3://b/2", "READ s3://b/3")
			p := c.plugin(t, func(o *s3agcreds.Options) { o.MaxGrants = 2 })
			for _, key := range []string{"1", "2", "1", "3", "1", "2"} {
				time.Sleep(time.Second) // so that one was used before the other
				if _, err := p.Grant(t.Context(), nil, "s3://b/"+key, "READ"); err != nil {
					t.Fatal(err)
				}
			}
			if s := p.Stats(); s.Grants != 2 || s.Evicted != 2 || s.Hits != 2 || len(c.log()) != 4 {
				t.Errorf("%+v, asked %v", s, c.log())
			}
		})
	})
}

// What tells nothing of a grant lets the one at hand serve to its end, past its share.
// What tells of it does not.
func TestOutageWithGrantAtHand(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failure http.HandlerFunc
		serves  bool
	}{
		{"5xx", errorAnswer(500, "InternalError", "oops"), true},
		{"throttling", errorAnswer(503, "SlowDown", "slower"), true},
		{"another refusal", errorAnswer(400, "InvalidRequest", "no"), false},
		{"a denial", errorAnswer(403, "AccessDenied", "Access Denied"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud("READ s3://b/*")
				client := c.client(t, func(o *s3agcreds.Options) { o.RefreshShare = 1 })
				if err := getObject("b", "k")(t.Context(), client); err != nil {
					t.Fatal(err)
				}
				time.Sleep(56 * time.Minute)
				c.control = func() *http.Response { return answered(tt.failure, nil) }
				if err := getObject("b", "k")(t.Context(), client); (err == nil) != tt.serves {
					t.Errorf("%v, want it served: %v", err, tt.serves)
				}
				time.Sleep(4 * time.Minute) // to its end
				if err := getObject("b", "k")(t.Context(), client); err == nil {
					t.Error("it serves past its end")
				}
			})
		})
	}
}

// An outage is no denial: whoever comes after it asks again, of one plugin.
func TestOutageIsNotRemembered(t *testing.T) {
	down := func(status int, code string) func() *http.Response {
		return func() *http.Response { return answered(errorAnswer(status, code, "no"), nil) }
	}
	for _, tt := range []struct {
		name string
		// what is in the way of an answer
		fail func(*cloud) (mended func())
	}{
		{"case 41: 5xx is not cached", func(c *cloud) func() {
			c.control = down(500, "InternalError")
			return func() { c.control = nil }
		}},
		{"case 41: throttling is not cached", func(c *cloud) func() {
			c.control = down(503, "SlowDown")
			return func() { c.control = nil }
		}},
		{"case 41: throttling by 429 is not cached", func(c *cloud) func() {
			c.control = down(429, "TooManyRequestsException")
			return func() { c.control = nil }
		}},
		{"case 41: no answer in time is not cached", func(c *cloud) func() {
			hold := make(chan struct{})
			c.wait = hold
			return func() { close(hold) }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud("READ s3://b/*")
				p := c.plugin(t, func(o *s3agcreds.Options) { o.Timeout = 5 * time.Second })
				mended := tt.fail(c)
				for range 2 {
					before := len(c.log())
					_, err := p.Grant(t.Context(), nil, "s3://b/k", "READ")
					if e := dataAccessError(t, err); e.Kind != s3agcreds.KindUnavailable || len(c.log()) == before {
						t.Errorf("%v; asked %d times, %d before", e, len(c.log()), before)
					}
				}
				if s := p.Stats(); s.Denials != 0 || s.DeniedHits != 0 || s.Misses != 2 {
					t.Errorf("%+v", s)
				}
				mended()
				if _, err := p.Grant(t.Context(), nil, "s3://b/k", "READ"); err != nil {
					t.Errorf("after the outage: %v", err)
				}
			})
		})
	}
	t.Run("case 41: an outage of the network is not cached", func(t *testing.T) {
		c := newCloud("READ s3://b/*")
		cable := &cable{cloud: c, pulled: errors.New("no route to host")}
		config := c.config()
		config.HTTPClient = cable
		p, err := s3agcreds.New(config, func(o *s3agcreds.Options) { o.AccountID = owner })
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := p.Grant(t.Context(), nil, "s3://b/k", "READ"); !errors.Is(err, cable.pulled) || dataAccessError(t, err).Kind != s3agcreds.KindUnavailable {
				t.Error(err)
			}
		}
		cable.pulled = nil
		if _, err := p.Grant(t.Context(), nil, "s3://b/k", "READ"); err != nil || p.Stats().Misses != 3 {
			t.Errorf("%v, %+v", err, p.Stats())
		}
	})
}

// cable leads to a cloud unless it is pulled.
type cable struct {
	*cloud
	pulled error
}

// Do implements [aws.HTTPClient].
func (c *cable) Do(r *http.Request) (*http.Response, error) {
	if c.pulled != nil {
		return nil, c.pulled
	}
	return c.cloud.Do(r)
}
