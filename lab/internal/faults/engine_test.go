package faults_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
)

// start is when the faults of a test are set.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// clock is a clock that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// request is one that selectors are tried on.
func request(edits ...func(*faults.Request)) *faults.Request {
	r := &faults.Request{
		Service: "s3control", Operation: "GetDataAccess", Account: "444455556666", AccessKey: "ASIAEXAMPLE",
		RoleARN: "arn:aws:iam::444455556666:role/team/analyst-role", Person: "1234567890-person", Region: "eu-west-1",
	}
	for _, edit := range edits {
		edit(r)
	}
	return r
}

func engine(t testing.TB, list ...faults.Fault) (*faults.Engine, *clock) {
	t.Helper()
	c := &clock{start}
	e := faults.New(c.now)
	if _, err := e.Add(list...); err != nil {
		t.Fatal(err)
	}
	return e, c
}

// TestSelectors has each selector strike one request and spare another.
func TestSelectors(t *testing.T) {
	issuer := &faults.Request{Service: "idp", Operation: "token", Issuer: "okta"}
	for name, c := range map[string]struct {
		fault         faults.Fault
		struck, spare *faults.Request
	}{
		"service":        {faults.Fault{Service: "s3control"}, request(), request(func(r *faults.Request) { r.Service = "s3" })},
		"service glob":   {faults.Fault{Service: "S3*"}, request(), request(func(r *faults.Request) { r.Service = "sts" })},
		"operation":      {faults.Fault{Operation: "getdataaccess"}, request(), request(func(r *faults.Request) { r.Operation = "GetAccessGrant" })},
		"any of globs":   {faults.Fault{Operation: "Get*Acc?ss"}, request(), request(func(r *faults.Request) { r.Operation = "GetDataAcccess" })},
		"account":        {faults.Fault{Account: "444455556666"}, request(), request(func(r *faults.Request) { r.Account = "111122223333" })},
		"region":         {faults.Fault{Region: "eu-west-1"}, request(), request(func(r *faults.Request) { r.Region = "us-east-1" })},
		"access key":     {faults.Fault{AccessKey: "ASIAEXAMPLE"}, request(), request(func(r *faults.Request) { r.AccessKey = "ASIAOTHER" })},
		"role by name":   {faults.Fault{Role: "analyst-*"}, request(), request(func(r *faults.Request) { r.RoleARN = "arn:aws:iam::444455556666:role/engineer-role" })},
		"role by ARN":    {faults.Fault{Role: "arn:aws:iam::444455556666:role/team/*"}, request(), request(func(r *faults.Request) { r.RoleARN = "arn:aws:iam::444455556666:role/analyst-role" })},
		"role of nobody": {faults.Fault{Role: "*"}, request(), request(func(r *faults.Request) { r.RoleARN = "" })},
		"person":         {faults.Fault{Person: "1234567890-person"}, request(), request(func(r *faults.Request) { r.Person = "" })},
		"issuer":         {faults.Fault{Service: "idp", Issuer: "okta"}, issuer, &faults.Request{Service: "idp", Operation: "token", Issuer: "entra"}},
		"endpoint":       {faults.Fault{Service: "idp", Operation: "token"}, issuer, &faults.Request{Service: "idp", Operation: "keys", Issuer: "okta"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Do = faults.Throttle
			e, _ := engine(t, c.fault)
			if e.Strike(c.spare) != nil {
				t.Error("it strikes what it does not select")
			}
			s := e.Strike(c.struck)
			if s == nil || s.Decision() == nil {
				t.Fatal("it does not strike")
			}
			left := e.List()[0]
			if diff := cmp.Diff([2]int{1, 1}, [2]int{left.Matched, left.Struck}); diff != "" {
				t.Errorf("matched and struck (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnsuitable: globs that take in what an action cannot be done to leave it alone.
func TestUnsuitable(t *testing.T) {
	issuer := &faults.Request{Service: "idp", Operation: "token", Issuer: "okta"}
	unsigned := request(func(r *faults.Request) { r.AccessKey = "" })
	for name, c := range map[string]struct {
		fault faults.Fault
		spare *faults.Request
		hit   *faults.Request
	}{
		"wrong region of all": {faults.Fault{Do: faults.WrongRegion, ToRegion: "us-east-1"}, issuer, request()},
		"wrong region of *":   {faults.Fault{Do: faults.WrongRegion, ToRegion: "us-east-1", Service: "*"}, issuer, request()},
		"replay of *":         {faults.Fault{Do: faults.AllowReplay, Service: "*"}, issuer, request()},
		"expire of nobody":    {faults.Fault{Do: faults.Expire}, unsigned, request()},
		"expire of sign-ins":  {faults.Fault{Do: faults.Expire}, unsigned, issuer},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := engine(t, c.fault)
			if e.Strike(c.spare) != nil || e.List()[0].Matched != 0 {
				t.Error("it strikes what it cannot be done to")
			}
			if e.Strike(c.hit) == nil {
				t.Error("it strikes nothing")
			}
		})
	}
}

// TestNeverStrikes: what could never strike is not set, and the error says what is near.
func TestNeverStrikes(t *testing.T) {
	c := &clock{start}
	e := faults.New(c.now)
	e.SetCatalogue(faults.Catalogue{"sts": {"AssumeRole", "GetCallerIdentity"}, "iam": {"GetRole"}, "idp": faults.Endpoints(), "s3": {"GetObject"}})
	for want, f := range map[string]faults.Fault{
		`service: there is no "st"; the nearest are s3, sts, iam`:                                        {Service: "st"},
		`service: there is no "x*"; the nearest are s3, iam, idp`:                                        {Service: "x*"},
		`service: of "id?" there is only idp, which such a fault is not for`:                             {Service: "id?", Person: "x"},
		`operation: there is no "AssumeRol" in sts; the nearest are AssumeRole, GetCallerIdentity`:       {Service: "STS", Operation: "AssumeRol"},
		`operation: there is no "GetRole" in sts; the nearest are AssumeRole, GetCallerIdentity`:         {Service: "sts", Operation: "GetRole"},
		`operation: there is no "GetObjekt" in any service; the nearest are GetObject, GetRole, revoke`:  {Operation: "GetObjekt"},
		`operation: there is no "token" in iam, s3, sts; the nearest are GetRole, GetObject, AssumeRole`: {Service: "*", Operation: "token", Account: "111122223333"},
		`until: 2026-01-02T03:04:05Z is over; the lab's time is 2026-01-02T03:04:05Z`:                    {Until: "2026-01-02T03:04:05Z"},
		`until is not after from`: {From: "2h", Until: "2026-01-02T04:04:05Z"},
	} {
		f.Do = faults.Throttle
		if _, err := e.Add(f); err == nil || err.Error() != "fault 1: "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, f := range []faults.Fault{{Service: "S*"}, {Operation: "assume*"}, {Service: "i*", Operation: "getrole"}, {Service: "idp", Operation: "token"}, {Until: "2026-01-02T03:04:06Z"}} {
		f.Do = faults.Throttle
		if _, err := e.Add(f); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if n := len(e.List()); n != 5 {
		t.Errorf("%d faults are set", n)
	}
}

// TestTurns strikes the requests of the numbers that a fault is for, and no others.
func TestTurns(t *testing.T) {
	for name, c := range map[string]struct {
		fault faults.Fault
		want  []int
	}{
		"all":                {faults.Fault{}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"nth":                {faults.Fault{Nth: 3}, []int{3}},
		"first":              {faults.Fault{First: 2}, []int{1, 2}},
		"every":              {faults.Fault{Every: 3}, []int{3, 6}},
		"times":              {faults.Fault{Times: 2}, []int{1, 2}},
		"every, twice":       {faults.Fault{Every: 2, Times: 2}, []int{2, 4}},
		"always":             {faults.Fault{Probability: 1}, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		"of a seed":          {faults.Fault{Probability: 0.5, Seed: 7}, []int{3, 4, 5, 6, 7, 8}},
		"of another seed":    {faults.Fault{Probability: 0.5, Seed: 8}, []int{2, 4, 5}},
		"in time":            {faults.Fault{From: "3s", Until: "5s"}, []int{4, 5}},
		"in time, the first": {faults.Fault{From: "3s", First: 1}, []int{4}},
		"until a time":       {faults.Fault{Until: "2026-01-02T03:04:07Z"}, []int{1, 2}},
		"from a time":        {faults.Fault{From: "2026-01-02T03:04:11Z"}, []int{7, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Do = faults.Reset
			var runs [2][]int
			for run := range runs {
				e, clock := engine(t, c.fault)
				for i := range 8 {
					if e.Strike(request()) != nil {
						runs[run] = append(runs[run], i+1)
					}
					clock.at = clock.at.Add(time.Second)
				}
			}
			if diff := cmp.Diff(runs[0], runs[1]); diff != "" {
				t.Errorf("a second run differs:\n%s", diff)
			}
			if diff := cmp.Diff(c.want, runs[0]); diff != "" {
				t.Errorf("requests struck (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLeft counts down.
func TestLeft(t *testing.T) {
	left := func(e *faults.Engine) int {
		if n := e.List()[0].Left; n != nil {
			return *n
		}
		return -1
	}
	for name, c := range map[string]struct {
		fault faults.Fault
		want  []int
	}{
		"no limit": {faults.Fault{}, []int{-1, -1, -1, -1}},
		"times":    {faults.Fault{Times: 2}, []int{2, 1, 0, 0}},
		"first":    {faults.Fault{First: 3, Times: 9}, []int{3, 2, 1, 0}},
		"nth":      {faults.Fault{Nth: 2}, []int{1, 1, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			c.fault.Do = faults.Throttle
			e, _ := engine(t, c.fault)
			got := []int{left(e)}
			for range 3 {
				e.Strike(request())
				got = append(got, left(e))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrder: faults are asked in their order, up to the first that decides.
func TestOrder(t *testing.T) {
	e, _ := engine(t,
		faults.Fault{Name: "slow", Do: faults.Delay, Delay: faults.Duration(time.Nanosecond)},
		faults.Fault{Name: "first", Do: faults.Throttle, First: 1},
		faults.Fault{Name: "cut", Do: faults.Truncate},
		faults.Fault{Name: "second", Do: faults.Deny},
		faults.Fault{Name: "never", Do: faults.Reset},
	)
	var got [][]string
	for range 2 {
		var names []string
		s := e.Strike(request())
		for _, f := range s.Faults {
			names = append(names, f.Name)
		}
		got = append(got, append(names, "decided by "+s.Decision().Name))
	}
	want := [][]string{{"slow", "first", "decided by first"}, {"slow", "cut", "second", "decided by second"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if s, _ := engine(t, faults.Fault{Do: faults.Delay, Delay: 1}); s.Strike(request()).Decision() != nil {
		t.Error("a delay decides the answer")
	}
}

// TestNames: they are made up where they are left out, and unique.
func TestNames(t *testing.T) {
	e, _ := engine(t)
	names, err := e.Add(faults.Fault{Do: faults.Deny}, faults.Fault{Name: "fault-2", Do: faults.Deny}, faults.Fault{Do: faults.Deny})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fault-1", "fault-2", "fault-3"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	_, err = e.Add(faults.Fault{Name: "new", Do: faults.Deny}, faults.Fault{Name: "fault-2", Do: faults.Deny})
	if !errors.Is(err, faults.ErrTaken) || len(e.List()) != 3 {
		t.Errorf("a name that is taken: %v, %d faults", err, len(e.List()))
	}
	if names, err = e.Add(faults.Fault{Do: faults.Deny}, faults.Fault{Name: "fault-4", Do: faults.Deny}); err != nil || names[0] != "fault-5" {
		t.Errorf("beside a name like those that are made up: %v, %v", names, err)
	}
	e.Remove("fault-4")
	e.Remove("fault-5")
	if e.Remove("fault-9") || !e.Remove("fault-2") || e.Remove("fault-2") {
		t.Error("remove does not say what it removed")
	}
	if n := e.Clear(); n != 2 || e.Armed() || e.Strike(request()) != nil || len(e.List()) != 0 {
		t.Errorf("clear: %d faults, and then %v", n, e.List())
	}
}

// TestConcurrentStrikes: each request counts once, whoever sets and removes
// other faults meanwhile.
func TestConcurrentStrikes(t *testing.T) {
	e, _ := engine(t, faults.Fault{Name: "counted", Do: faults.Throttle, Times: 100})
	var struck sync.Map
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			n := 0
			for j := range 200 {
				if s := e.Strike(request()); s != nil && s.Decision() != nil && s.Decision().Name == "counted" {
					n++
				}
				if j%20 == 0 {
					name := fmt.Sprintf("other-%d-%d", i, j)
					if _, err := e.Add(faults.Fault{Name: name, Do: faults.Delay, Delay: 1}); err != nil {
						t.Error(err)
					}
					e.List()
					e.Remove(name)
				}
			}
			struck.Store(i, n)
		})
	}
	wait.Wait()
	total := 0
	struck.Range(func(_, n any) bool { total += n.(int); return true })
	s := e.List()[0]
	if diff := cmp.Diff([]int{100, 1600, 100}, []int{total, s.Matched, s.Struck}); diff != "" {
		t.Errorf("struck, matched, counted (-want +got):\n%s", diff)
	}
}

// BenchmarkNoFault is what asking costs while no fault is set; run it with
//
//	go test -run xxx -bench NoFault -benchmem ./lab/internal/faults
func BenchmarkNoFault(b *testing.B) {
	e := faults.New(time.Now)
	b.ReportAllocs()
	for b.Loop() {
		if e.Armed() {
			b.Fatal("a fault is set")
		}
	}
}

// TestNoFaultCostsNothing: nothing is allocated while no fault is set.
func TestNoFaultCostsNothing(t *testing.T) {
	e, r := faults.New(time.Now), request()
	if n := testing.AllocsPerRun(100, func() { e.Strike(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
