package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	findInstance = "GetAccessGrantsInstanceForPrefix"
	getIdentity  = "GetCallerIdentity"
	getAccess    = "GetDataAccess"
)

// TestResolveAccount has the numbers of the case list that are about the account.
func TestResolveAccount(t *testing.T) {
	t.Run("case 36: 5 callers, one STS call, one account look-up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newAWSFake()
			f.hold = make(chan struct{})
			p := f.plugin(t)
			var wg sync.WaitGroup
			for i := range 5 {
				wg.Go(func() {
					if _, err := ask(t, p, nil, fmt.Sprintf("s3://team-data/%d", i)); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait() // all five wait, four of them for the first
			close(f.hold)
			wg.Wait()
			if diff := cmp.Diff(map[string]int{getIdentity: 1, findInstance: 1, getAccess: 5}, f.count()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	})
	t.Run("case 65: instance ARN to account, a second key of the bucket is cached", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t)
		for _, key := range []string{"s3://team-data/a", "s3://team-data/b"} {
			if g, err := ask(t, p, nil, key); err != nil || g.AccountID != owner {
				t.Fatalf("%s: %v %v", key, g, err)
			}
		}
		want := calledAWS{
			Operation: findInstance, Key: "AKIABASE000000000001", Host: caller + ".s3-control.eu-west-1.amazonaws.com", Region: "eu-west-1",
			Account: caller, Target: "s3://team-data/a",
		}
		if diff := cmp.Diff(want, f.last(findInstance)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := f.last(getAccess); got.Account != owner || got.Host != owner+".s3-control.eu-west-1.amazonaws.com" {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(map[string]int{getIdentity: 1, findInstance: 1, getAccess: 2}, f.count()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("case 66: empty ARN, an error", func(t *testing.T) {
		f := newAWSFake()
		f.instance = func(calledAWS) (int, string) { return 200, "" }
		p := f.plugin(t)
		_, err := ask(t, p, nil, "s3://team-data/a")
		if !errors.Is(err, s3agcreds.ErrInstanceARN) || dataAccessError(t, err).Operation != findInstance || f.count()[getAccess] != 0 {
			t.Errorf("%v after %v", err, f.count())
		}
		if _, err := ask(t, p, nil, "s3://team-data/a"); err == nil || f.count()[findInstance] != 2 {
			t.Errorf("the error is remembered: %v", f.count())
		}
	})
	t.Run("the account is given", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t, func(o *s3agcreds.Options) { o.AccountID = owner })
		if _, err := ask(t, p, nil, "s3://team-data/a"); err != nil || f.last(getAccess).Account != owner {
			t.Error(err)
		}
		if diff := cmp.Diff(map[string]int{getAccess: 1}, f.count()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("credentials that know their account", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t)
		if _, err := ask(t, p, keyed("ASIAKNOWN", "222233334444"), "s3://team-data/a"); err != nil || f.last(findInstance).Account != "222233334444" {
			t.Error(err)
		}
		if f.count()[getIdentity] != 0 {
			t.Errorf("%v", f.count())
		}
	})
	t.Run("another bucket, region or account asks", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t)
		for _, q := range []struct{ account, target string }{{caller, "s3://one/a"}, {caller, "s3://two/a"}, {owner, "s3://one/a"}, {caller, "s3://one/b"}} {
			if _, err := ask(t, p, keyed("ASIA"+q.account, q.account), q.target); err != nil {
				t.Error(err)
			}
		}
		if got := f.count()[findInstance]; got != 3 {
			t.Errorf("%d look-ups", got)
		}
	})
}

// TestUnknownInstance: where the caller may not ask for the instance, or there is none,
// their own account is asked, and what it says is the answer.
func TestUnknownInstance(t *testing.T) {
	const iam = "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/R/s is not authorized to perform: s3:GetAccessGrantsInstanceForPrefix"
	for name, tt := range map[string]struct {
		status int
		text   string
		second int // look-ups after another access key of the account came
	}{
		"denied by IAM":      {403, iam, 2},
		"denied in no words": {403, "AccessDenied: Access Denied", 2},
		"no instance":        {404, "AccessGrantsInstanceNotExistsError: none", 1},
		"nothing found":      {404, "NoSuchThing: none", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newAWSFake()
				f.instance = func(calledAWS) (int, string) { return tt.status, tt.text }
				p := f.plugin(t)
				for _, target := range []string{"s3://team-data/a", "s3://team-data/b"} {
					if g, err := ask(t, p, nil, target); err != nil || g.AccountID != caller || f.count()[findInstance] != 1 {
						t.Fatalf("%v: %v after %v", g, err, f.count())
					}
				}
				if _, err := ask(t, p, keyed("AKIAOTHER", caller), "s3://team-data/c"); err != nil || f.count()[findInstance] != tt.second {
					t.Errorf("another key of the account: %v after %v", err, f.count())
				}
				time.Sleep(s3agcreds.DefaultDeniedFor + time.Second)
				f.instance = newAWSFake().instance
				if g, err := ask(t, p, nil, "s3://team-data/d"); err != nil || g.AccountID != owner || f.count()[findInstance] != tt.second+1 {
					t.Errorf("later: %v, %v after %v", g, err, f.count())
				}
			})
		})
	}
}

// TestRefusalIsOnesOwn: callers of one account share the look-up of the first; whoever
// was refused is asked for again as somebody else.
func TestRefusalIsOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAWSFake()
		f.hold = make(chan struct{})
		f.instance = func(c calledAWS) (int, string) {
			if c.Key == "AKIAREFUSED" {
				return 403, "AccessDenied: Access Denied"
			}
			return 200, "arn:aws:s3:eu-west-1:" + owner + ":access-grants/default"
		}
		p := f.plugin(t)
		var wg sync.WaitGroup
		for key, account := range map[string]string{"AKIAREFUSED": caller, "AKIAALLOWED": owner} {
			wg.Go(func() {
				if key == "AKIAALLOWED" {
					time.Sleep(time.Second) // the other leads
				}
				if g, err := ask(t, p, keyed(key, caller), "s3://team-data/"+key); err != nil || g.AccountID != account {
					t.Errorf("%s: %v, %v", key, g, err)
				}
			})
		}
		time.Sleep(2 * time.Second)
		if got := f.count()[findInstance]; got != 1 {
			t.Errorf("%d look-ups begun", got)
		}
		close(f.hold)
		wg.Wait()
		if got := f.count()[findInstance]; got != 2 {
			t.Errorf("%d look-ups", got)
		}
		if g, err := ask(t, p, keyed("AKIATHIRD", caller), "s3://team-data/third"); err != nil || g.AccountID != owner || f.count()[findInstance] != 2 {
			t.Errorf("who comes later: %v, %v after %v", g, err, f.count())
		}
	})
}

// TestOutageIsEverybodys: who waited for a look-up that found the service out of order does
// not ask for themselves.
func TestOutageIsEverybodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAWSFake()
		f.hold = make(chan struct{})
		f.instance = func(calledAWS) (int, string) { return 503, "SlowDown: slower" }
		p := f.plugin(t)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, err := ask(t, p, keyed(fmt.Sprint("AKIA", i), caller), "s3://team-data/k")
				if e := dataAccessError(t, err); e.Kind != s3agcreds.KindUnavailable {
					t.Errorf("%s: %v", e.Kind, err)
				}
			})
		}
		synctest.Wait()
		close(f.hold)
		wg.Wait()
		if got := f.count()[findInstance]; got != 2 {
			t.Errorf("%d calls, want one and its retry", got)
		}
	})
}

// TestFailedLookups are errors that are not remembered.
func TestFailedLookups(t *testing.T) {
	for name, tt := range map[string]struct {
		edit      func(*awsFake)
		operation string
		kind      s3agcreds.Kind
		tries     int
	}{
		"the account look-up is out of order": {
			func(f *awsFake) { f.instance = func(calledAWS) (int, string) { return 503, "SlowDown: slower" } },
			findInstance, s3agcreds.KindUnavailable, 2,
		},
		"the account look-up finds the request wrong": {
			func(f *awsFake) { f.instance = func(calledAWS) (int, string) { return 400, "InvalidRequest: no" } },
			findInstance, s3agcreds.KindOther, 1,
		},
		"the credentials have expired": {
			func(f *awsFake) { f.instance = func(calledAWS) (int, string) { return 403, "ExpiredToken: old" } },
			findInstance, s3agcreds.KindOther, 1,
		},
		"STS is out of order": {
			func(f *awsFake) { f.account = func(string) (int, string) { return 500, "InternalFailure: oops" } },
			getIdentity, s3agcreds.KindUnavailable, 2,
		},
		"STS tells no account": {
			func(f *awsFake) { f.account = func(string) (int, string) { return 200, "nobody" } },
			getIdentity, s3agcreds.KindOther, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newAWSFake()
			tt.edit(f)
			p := f.plugin(t)
			_, err := ask(t, p, nil, "s3://team-data/a")
			if e := dataAccessError(t, err); e.Operation != tt.operation || e.Kind != tt.kind || f.count()[tt.operation] != tt.tries || f.count()[getAccess] != 0 {
				t.Errorf("%s %s after %v: %v", e.Operation, e.Kind, f.count(), err)
			}
			if strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			well := newAWSFake()
			f.account, f.instance = well.account, well.instance
			if g, err := ask(t, p, nil, "s3://team-data/a"); err != nil || g.AccountID != owner {
				t.Errorf("then: %v %v", g, err)
			}
		})
	}
}

// TestResolvedForSoLong: what was found is asked for again after ResolvedFor.
func TestResolvedForSoLong(t *testing.T) {
	for name, tt := range map[string]struct {
		life, wait time.Duration
		want       int
	}{
		"within":         {0, s3agcreds.DefaultResolvedFor - time.Second, 1},
		"past":           {0, s3agcreds.DefaultResolvedFor + time.Second, 2},
		"one's own time": {time.Minute, time.Minute + time.Second, 2},
		"not at all":     {-1, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newAWSFake()
				p := f.plugin(t, func(o *s3agcreds.Options) { o.ResolvedFor, o.CrossRegion = tt.life, true })
				for _, target := range []string{"s3://team-data/a", "s3://team-data/b"} {
					if _, err := ask(t, p, nil, target); err != nil {
						t.Fatal(err)
					}
					time.Sleep(tt.wait)
				}
				want := map[string]int{"HeadBucket": tt.want, getIdentity: tt.want, findInstance: tt.want, getAccess: 2}
				if diff := cmp.Diff(want, f.count()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestLookupOutlivesCaller: a caller who leaves takes nothing from those who wait, and
// gets the context's error.
func TestLookupOutlivesCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAWSFake()
		f.hold = make(chan struct{})
		p := f.plugin(t)
		leaving, leave := context.WithCancel(t.Context())
		first := make(chan error)
		go func() {
			_, err := p.Grant(leaving, nil, "s3://team-data/a", "READ")
			first <- err
		}()
		synctest.Wait()
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		second := make(chan error)
		go func() {
			_, err := p.Grant(t.Context(), nil, "s3://team-data/b", "READ")
			second <- err
		}()
		synctest.Wait()
		close(f.hold)
		if err := <-second; err != nil || f.count()[getIdentity] != 1 {
			t.Errorf("who stayed: %v after %v", err, f.count())
		}
		_, err := p.Grant(leaving, nil, "s3://other-data/a", "READ")
		synctest.Wait()
		if !errors.Is(err, context.Canceled) || f.count()[findInstance] != 1 {
			t.Errorf("who had left before: %v after %v", err, f.count())
		}
	})
}

// TestSilentLookupEnds: the detached question ends by itself.
func TestSilentLookupEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAWSFake()
		f.hold = make(chan struct{})
		p := f.plugin(t, func(o *s3agcreds.Options) { o.Timeout = 10 * time.Second })
		began := time.Now()
		_, err := ask(t, p, nil, "s3://team-data/a")
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestLookupPanics: a callback of the caller's that panics does so where it was begun,
// and holds nobody else.
func TestLookupPanics(t *testing.T) {
	f := newAWSFake()
	f.instance = func(calledAWS) (int, string) { panic("the HTTP client broke") }
	p := f.plugin(t)
	func() {
		defer func() {
			if got := recover(); got == nil || !strings.Contains(fmt.Sprint(got), "the HTTP client broke") {
				t.Errorf("recovered %v", got)
			}
		}()
		_, err := ask(t, p, nil, "s3://team-data/a")
		t.Errorf("no panic: %v", err)
	}()
	f.instance = newAWSFake().instance
	if _, err := ask(t, p, nil, "s3://team-data/a"); err != nil {
		t.Error(err)
	}
}

// TestResolveRefusesTarget: a key that cannot be asked for is refused without a call.
func TestResolveRefusesTarget(t *testing.T) {
	f := newAWSFake()
	client := s3.NewFromConfig(f.config(), f.plugin(t).Install)
	_, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("team-data"), Key: aws.String("a\xff")})
	if !errors.Is(err, s3agcreds.ErrTarget) || f.count()[findInstance] != 0 {
		t.Errorf("%v after %v", err, f.count())
	}
}

// TestResolveEndpoints: look-ups go where the configuration sends them.
func TestResolveEndpoints(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*aws.Config)
		want map[string]string
	}{
		"regional": {func(*aws.Config) {}, map[string]string{
			"HeadBucket": "team-data.s3.eu-west-1.amazonaws.com", getIdentity: "sts.eu-west-1.amazonaws.com",
			findInstance: caller + ".s3-control.eu-west-1.amazonaws.com", getAccess: owner + ".s3-control.eu-west-1.amazonaws.com",
		}},
		"FIPS and dual-stack": {
			func(c *aws.Config) { c.ConfigSources = []any{fipsDualStack{}} },
			map[string]string{
				"HeadBucket": "team-data.s3-fips.dualstack.eu-west-1.amazonaws.com", getIdentity: "sts-fips.eu-west-1.api.aws",
				findInstance: caller + ".s3-control-fips.dualstack.eu-west-1.amazonaws.com", getAccess: owner + ".s3-control-fips.dualstack.eu-west-1.amazonaws.com",
			},
		},
		"an endpoint of one's own": {func(c *aws.Config) { c.BaseEndpoint = aws.String("https://aws.example.com") }, map[string]string{
			"HeadBucket": "team-data.aws.example.com", findInstance: caller + ".aws.example.com", getAccess: owner + ".aws.example.com",
		}},
		"on loopback, where no name can have an account before it": {func(c *aws.Config) { c.BaseEndpoint = aws.String("http://localhost:8480") }, map[string]string{
			"HeadBucket": "localhost:8480", findInstance: "localhost:8480", getAccess: "localhost:8480",
		}},
		"an address on loopback": {func(c *aws.Config) { c.BaseEndpoint = aws.String("http://127.0.0.1:8480/") }, map[string]string{
			"HeadBucket": "127.0.0.1:8480", findInstance: "127.0.0.1:8480", getAccess: "127.0.0.1:8480",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newAWSFake()
			cfg := f.config()
			tt.edit(&cfg)
			p, err := s3agcreds.New(cfg, func(o *s3agcreds.Options) { o.CrossRegion = true })
			if err != nil {
				t.Fatal(err)
			}
			account := caller
			if tt.want[getIdentity] != "" {
				account = ""
			}
			if _, err := ask(t, p, keyed("AKIA", account), "s3://team-data/a"); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for operation := range f.count() {
				got[operation] = f.last(operation).Host
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c := f.last(getAccess); c.Account != owner || c.Key != "AKIA" || c.Region != "eu-west-1" {
				t.Errorf("%+v", c)
			}
		})
	}
}

// fipsDualStack is a source of configuration, as shared configuration files are.
type fipsDualStack struct{}

func (fipsDualStack) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, true, nil
}

func (fipsDualStack) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, true, nil
}
