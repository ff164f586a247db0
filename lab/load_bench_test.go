package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// crowdSize is how many people a load is made of.
const crowdSize = 10_000

// BenchmarkCrowd has 10,000 people exchange an ID token each, by plain SDK clients
// and all three requests: AssumeRoleWithWebIdentity, CreateTokenWithIAM and
// AssumeRole. The clients run in the process of the lab, so that the figures count
// both:
//
//	go test ./lab -run '^$' -bench Crowd -benchtime 1x
//
// Beside people a second and the time that one of them waits (with 10,000 at once
// it is the whole load), it reports what is allocated a person, what stays on the
// heap afterwards, how much memory was resident at most, and how many files were
// open, where the system tells. It fails if anybody was refused or exchanged twice.
func BenchmarkCrowd(b *testing.B) {
	for _, c := range []struct {
		door       lab.Door
		concurrent int
	}{{lab.EndpointDoor, 64}, {lab.EndpointDoor, crowdSize}, {lab.ProxyDoor, 64}} {
		b.Run(fmt.Sprintf("door=%s/concurrent=%d", c.door, c.concurrent), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				l := newLoad(b, crowdSize, c.door)
				b.StartTimer()
				l.run(c.concurrent)
				b.StopTimer()
				l.check()
				l.report(b)
				b.StartTimer()
			}
		})
	}
}

// load is a crowd in front of a lab.
type load struct {
	*bench
	size    int
	signing time.Duration // of all the ID tokens
	tokens  []string
	sts     *sts.Client
	central *ssooidc.Client
	waited  []time.Duration
	took    time.Duration
	cpu     time.Duration
	files   int
	before  runtime.MemStats
}

func newLoad(tb testing.TB, size int, door lab.Door) *load {
	tb.Helper()
	l := &load{bench: start(tb, func(w *lab.World) { labtest.Crowd(w, size) }), size: size, waited: make([]time.Duration, size)}
	issuer := "okta"
	if door == lab.EndpointDoor {
		l.door, issuer = l.lab.Endpoint(), "loopback"
	}
	l.signIn(issuer)
	config := l.config(aws.AnonymousCredentials{})
	l.sts, l.central = sts.NewFromConfig(config), ssooidc.NewFromConfig(config)
	runtime.GC()
	runtime.ReadMemStats(&l.before)
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forgets the peak, where there is such a thing
	return l
}

// signIn gives everybody an ID token.
func (l *load) signIn(issuer string) {
	l.tokens = make([]string, l.size)
	begin := time.Now()
	each(l.size, runtime.GOMAXPROCS(0), func(i int) {
		m := labtest.CrowdMember(i + 1)
		who, err := labtest.SignIn(l.lab, issuer, m.Login)
		if err != nil || who.Subject != m.Subject {
			l.Errorf("%s signed in as %q: %v", m.Login, who.Subject, err)
		}
		l.tokens[i] = who.Token
	})
	l.signing = time.Since(begin)
}

// BenchmarkCrowdStarts measures the start of a lab with 10,000 people:
//
//	go test ./lab -run '^$' -bench CrowdStarts
func BenchmarkCrowdStarts(b *testing.B) {
	for b.Loop() {
		l, err := lab.Start(b.Context(), lab.Options{Edit: func(w *lab.World) { labtest.Crowd(w, crowdSize) }})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCrowdSignsIn measures sign-ins by HTTP, an authorization request and a
// token request each, of 10,000 people, 64 at once:
//
//	go test ./lab -run '^$' -bench CrowdSignsIn -benchtime 1x
func BenchmarkCrowdSignsIn(b *testing.B) {
	l := start(b, func(w *lab.World) { labtest.Crowd(w, crowdSize) })
	config := l.discovered(l.lab.Endpoint()+"/idp", clientID, "openid", "email", "offline_access")
	for b.Loop() {
		begin := time.Now()
		each(crowdSize, 64, func(i int) {
			m := labtest.CrowdMember(i + 1)
			if token := l.signInAs(config, m.Login, m.Password); idToken(token) == "" {
				b.Errorf("%s got no ID token", m.Login)
			}
		})
		b.ReportMetric(crowdSize/time.Since(begin).Seconds(), "people/s")
	}
	if c := l.lab.Counts(); c.SignIns.Granted != b.N*crowdSize || c.Codes.Granted != b.N*crowdSize {
		b.Errorf("not one sign-in a person: %+v", c)
	}
}

// each calls do for 0 to n-1, so many at once.
func each(n, concurrent int, do func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range concurrent {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

func (l *load) run(concurrent int) {
	done, counted := make(chan struct{}), make(chan int)
	go func() { counted <- mostFiles(done) }()
	begin, cpu := time.Now(), cpuTime()
	each(l.size, concurrent, func(i int) {
		at := time.Now()
		if err := l.exchange(l.tokens[i]); err != nil {
			l.Error(err)
		}
		l.waited[i] = time.Since(at)
	})
	l.took, l.cpu = time.Since(begin), cpuTime()-cpu
	close(done)
	l.files = <-counted
}

// exchange turns an ID token into credentials.
func (l *load) exchange(token string) error {
	ctx := context.Background()
	first, err := l.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(oidcRole), RoleSessionName: aws.String("session"), WebIdentityToken: &token,
	})
	if err != nil {
		return err
	}
	bootstrap := static(first.Credentials)
	second, err := l.central.CreateTokenWithIAM(ctx, &ssooidc.CreateTokenWithIAMInput{
		ClientId: aws.String(appARN), GrantType: aws.String(jwtGrant), Assertion: &token,
	}, func(o *ssooidc.Options) { o.Credentials = bootstrap })
	if err != nil {
		return err
	}
	_, err = l.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(enhanced), RoleSessionName: aws.String("session"),
		ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String(contexts), ContextAssertion: second.AwsAdditionalDetails.IdentityContext}},
	}, func(o *sts.Options) { o.Credentials = bootstrap })
	return err
}

// check fails unless everybody has had one exchange.
func (l *load) check() {
	l.Helper()
	want := lab.Counts{WebIdentities: lab.Tally{Granted: l.size}, TokenCalls: lab.Tally{Granted: l.size}, Exchanges: lab.Tally{Granted: l.size}, AssumedRoles: lab.Tally{Granted: l.size}}
	if diff := cmp.Diff(want, l.lab.Counts()); diff != "" {
		l.Errorf("not one exchange a person:\n%s", diff)
	}
}

func (l *load) report(b *testing.B) {
	b.Helper()
	people := float64(l.size)
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(l.signing.Seconds(), "sign-in-s")
	b.ReportMetric(people/l.took.Seconds(), "people/s")
	slices.Sort(l.waited)
	b.ReportMetric(float64(l.waited[l.size/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(l.waited[l.size*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(after.TotalAlloc-l.before.TotalAlloc)/people/1024, "KiB/person")
	b.ReportMetric(float64(after.Mallocs-l.before.Mallocs)/people, "allocs/person")
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(l.before.HeapAlloc))/people/1024, "kept-KiB/person")
	b.ReportMetric(float64(l.cpu.Microseconds())/people, "cpu-µs/person")
	b.ReportMetric(float64(peakMemory())/1024, "peak-MiB")
	b.ReportMetric(float64(l.files), "files")
}

// peakMemory is the most that was resident, in KiB; 0 where the system does not tell.
func peakMemory() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "VmHWM:" {
			n, _ := strconv.Atoi(string(fields[1]))
			return n
		}
	}
	return 0
}

// cpuTime is what the process has used of its processors; 0 where the system does not tell.
func cpuTime() time.Duration {
	stat, _ := os.ReadFile("/proc/self/stat")
	_, after, _ := bytes.Cut(stat, []byte(") ")) // behind the program's name, proc(5)
	fields := bytes.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(string(fields[11]))
	system, _ := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * 10 * time.Millisecond // a tick
}

// mostFiles is the most files that were open until done; 0 where the system does not tell.
func mostFiles(done <-chan struct{}) int {
	most, tick := 0, time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for {
		open, _ := os.ReadDir("/proc/self/fd")
		most = max(most, len(open))
		select {
		case <-tick.C:
		case <-done:
			return most
		}
	}
}
