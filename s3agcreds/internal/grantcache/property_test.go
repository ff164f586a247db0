package grantcache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// model is the cache as a list: what a reader would write down first. It knows no time.
type model []modelled

type modelled struct {
	question grantcache.Question // that it was the answer to
	target   string              // with its star
	value    string
}

// target of a question with a star where everything that begins with its path is meant.
func targetOf(q *grantcache.Question) (text string, wild bool) {
	return "s3://" + q.Bucket + "/" + q.Path, q.Prefix
}

func (m *modelled) parts() (text string, wild bool) {
	if m.question.Minimal || m.target == "" {
		return targetOf(&m.question)
	}
	if text, wild = strings.CutSuffix(m.target, "*"); !wild && strings.Count(text, "/") == 2 {
		text += "/"
	}
	return text, wild
}

func (m *modelled) serves(q *grantcache.Question) bool {
	text, wild := m.parts()
	asked, prefix := targetOf(q)
	if m.question.Scope != q.Scope || m.question.Minimal != q.Minimal {
		return false
	}
	if q.Minimal {
		return text == asked && wild == prefix && m.question.Permission == q.Permission
	}
	return (m.question.Permission == q.Permission || m.question.Permission == readWrite) &&
		(wild && strings.HasPrefix(asked, text) || !wild && !prefix && asked == text)
}

// better says whether m comes before o where both serve q.
func (m *modelled) better(o *modelled, q *grantcache.Question) bool {
	text, wild := m.parts()
	otherText, otherWild := o.parts()
	switch {
	case len(text) != len(otherText):
		return len(text) > len(otherText)
	case wild != otherWild:
		return !wild
	}
	return m.question.Permission == q.Permission && o.question.Permission != q.Permission
}

func (l model) get(q *grantcache.Question) string {
	var best *modelled
	for i := range l {
		if l[i].serves(q) && (best == nil || l[i].better(best, q)) {
			best = &l[i]
		}
	}
	if best == nil {
		return ""
	}
	return best.value
}

// put drops what the newer answer replaces: what is in its place, and what would answer the
// question in its stead.
func (l model) put(m modelled) model {
	text, wild := m.parts()
	var kept model
	for _, o := range l {
		otherText, otherWild := o.parts()
		place := o.question.Scope == m.question.Scope && o.question.Minimal == m.question.Minimal &&
			text == otherText && wild == otherWild && o.question.Permission == m.question.Permission
		hides := m.serves(&m.question) && o.serves(&m.question) && o.better(&m, &m.question)
		if !place && !hides {
			kept = append(kept, o)
		}
	}
	return append(kept, m)
}

var (
	letters = []string{"", "a", "a", "b", "/", "/", "//", "*", "?", "[", "]", "\u00e9", "\u00e8", "\u65e5", ".", "%2F"}
	buckets = []string{"b", "b", "b", "bb", "c"}
	users   = []string{"user-1", "user-1", "user-2"}
	rights  = []types.Permission{read, write, readWrite}
)

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func randomPath(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(5) {
		b.WriteString(pick(r, letters))
	}
	return b.String()
}

func randomQuestion(r *rand.Rand) *grantcache.Question {
	q := of(pick(r, users), key(randomPath(r), pick(r, rights)))
	q.Bucket, q.Prefix, q.Minimal = pick(r, buckets), r.IntN(3) == 0, r.IntN(5) == 0
	return q
}

func randomTarget(r *rand.Rand, q *grantcache.Question) string {
	switch bucket := pick(r, buckets); r.IntN(10) {
	case 0:
		return ""
	case 1:
		return "s3://*"
	case 2:
		return "s3://" + bucket + "*"
	case 3:
		return "s3://" + bucket
	case 4:
		return "s3://" + bucket + "/" + randomPath(r)
	case 5:
		return "s3://" + bucket + "/" + randomPath(r) + "*"
	default: // a grant that covers what is asked, as the service gives it
		return "s3://" + q.Bucket + "/" + q.Path[:r.IntN(len(q.Path)+1)] + "*"
	}
}

// Random grants and requests: the trie answers as the list does.
func TestLikeTheModel(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		c, m := newCache(), model(nil)
		for i := range 40 {
			q := randomQuestion(r)
			v := modelled{question: *q, target: randomTarget(r, q), value: fmt.Sprint("v", i)}
			put(t, c, q, v.value, v.target, time.Hour)
			m = m.put(v)
			for range 25 {
				q := randomQuestion(r)
				if got, want := got(c, q), m.get(q); got != want {
					t.Fatalf("seed %d, after %d grants: %+v: %q, want %q in %+v", seed, i+1, *q, got, want, m)
				}
			}
			if got := c.Stats().Entries; got != len(m) {
				t.Fatalf("seed %d, after %d grants: %d entries, want %d", seed, i+1, got, len(m))
			}
			if r.IntN(20) == 0 {
				user := pick(r, users)
				c.Forget(user)
				m = m.without(user)
			}
		}
	}
}

func (l model) without(user string) (kept model) {
	for _, m := range l {
		if m.question.Principal != user {
			kept = append(kept, m)
		}
	}
	return kept
}

// FuzzMatching has one grant, and compares with the target as text.
func FuzzMatching(f *testing.F) {
	for _, m := range matches {
		for _, h := range m.held {
			f.Add(h.full(), m.asked.Bucket, m.asked.Path, m.asked.Prefix)
		}
	}
	f.Fuzz(func(t *testing.T, target, bucket, path string, prefix bool) {
		if bucket == "" || strings.Contains(bucket, "/") || !strings.HasPrefix(target, "s3://") || target == "s3://" || strings.HasPrefix(target, "s3:///") {
			t.Skip("no bucket")
		}
		c, q := newCache(), list(path, read)
		q.Bucket, q.Prefix = bucket, prefix
		put(t, c, key("", read), "v", target, time.Hour)
		want := ""
		if m := (&modelled{question: *key("", read), target: target}); m.serves(q) {
			want = "v"
		}
		if got := got(c, q); got != want {
			t.Errorf("grant %q, request s3://%s/%s (prefix %v): %q, want %q", target, bucket, path, prefix, got, want)
		}
	})
}

// Many at once: nobody gets another's answer, or one that does not cover the request. It is
// for the race detector.
func TestManyAtOnce(t *testing.T) {
	c := newCache(func(o *grantcache.Options) { o.MaxEntries = 50 })
	var all sync.WaitGroup
	for g := range uint64(8) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(g, 2))
			for range 500 {
				q := randomQuestion(r)
				v, _, err := c.Do(t.Context(), q, func(context.Context) (answer, error) {
					return fittingAnswer(r.IntN(10), q)
				})
				if err == nil {
					checkFits(t, q, *v)
				}
				disturb(c, r, q, v)
			}
		})
	}
	all.Wait()
	s := c.Stats()
	if s.Entries > 50 || s.Denials > 50 || s.Hits == 0 || s.Misses == 0 {
		t.Errorf("%+v", s)
	}
}

// fittingAnswer has a value that says whose it is and what it is for.
func fittingAnswer(n int, q *grantcache.Question) (answer, error) {
	target, wild := targetOf(q)
	switch {
	case n == 0:
		return answer{}, errDenied
	case n == 1:
		return answer{}, errOutage
	case n > 4 && !q.Minimal && !strings.HasSuffix(target, "*"):
		target, wild = target[:len(target)-len(q.Path)/2], true
	}
	if wild {
		target += "*"
	} else if strings.HasSuffix(target, "*") {
		// A key with a star at its end cannot be written as a target.
		return answer{Value: valueFor(q, "="+q.Path), Expires: time.Now().Add(time.Hour)}, nil
	}
	return answer{Value: valueFor(q, target), Target: target, Expires: time.Now().Add(time.Hour)}, nil
}

func valueFor(q *grantcache.Question, target string) string {
	return strings.Join([]string{q.Principal, q.Bucket, string(q.Permission), fmt.Sprint(q.Minimal), target}, "\x00")
}

func checkFits(t *testing.T, q *grantcache.Question, v string) {
	parts := strings.SplitN(v, "\x00", 5)
	m := modelled{question: *q, target: parts[4]}
	m.question.Permission, m.question.Minimal = types.Permission(parts[2]), parts[3] == "true"
	if own, ok := strings.CutPrefix(parts[4], "="); ok {
		m.target, m.question.Path, m.question.Prefix = "", own, false
	}
	if m.question.Minimal { // its own question is in the value's target
		text, wild := strings.CutSuffix(parts[4], "*")
		if _, path, _ := strings.Cut(strings.TrimPrefix(text, "s3://"), "/"); m.target != "" {
			m.question.Path, m.question.Prefix = path, wild
		}
	}
	if parts[0] != q.Principal || parts[1] != q.Bucket || !m.serves(q) {
		t.Errorf("%+v got %q", *q, v)
	}
}

func disturb(c *cache, r *rand.Rand, q *grantcache.Question, v *string) {
	switch r.IntN(100) {
	case 0:
		c.Forget(q.Principal)
	case 1, 2:
		c.Drop(v)
	case 3:
		_ = c.Stats()
	}
}
