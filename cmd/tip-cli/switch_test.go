package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/assumptions"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// numbers are the second positions of numbers, which the ledger does not list.
var numbers = map[string][]int{
	"replayMemory":    {60},
	"maxTokenAge":     {60, 7200},
	"clockLeeway":     {120},
	"keyCacheSeconds": {0},
	"assertionMaxAge": {300},
}

// lists are the second positions of lists.
var lists = map[string][][]string{
	"identityContextAllowList": {
		{"s3:GetDataAccess", "sts:SetContext"},
		{"athena:*", "redshift-data:*", "s3:*", "sts:*"},
		{"athena:*", "sts:SetContext"},
	},
}

// exception is a position in which the main path rightly ends otherwise.
type exception struct {
	position string
	// command is the last word of the command that ends otherwise.
	command string
	code    int
	why     string
}

var exceptions = []exception{
	{"identityContextAllowList=[athena:* sts:SetContext]", "s3://tip-demo-data/reports/", 4,
		"an identity-enhanced session may not call GetDataAccess then: AWS itself would have to allow it"},
}

// needs are the worlds in which a position can be had at all.
var needs = map[string]func(*lab.World){
	"loopbackIssuers=false":                     withoutLoopback,
	"expiredRefreshToken=InvalidGrantException": withRefreshGrant,
	"refreshTokenRotation=renewed":              withRefreshGrant,
	"refreshTokenRotation=single-use":           withRefreshGrant,
}

// withRefreshGrant lets Identity Center give refresh tokens of its own. How a
// client then renews is its choice.
func withRefreshGrant(w *lab.World) { w.IdentityCenter[0].Applications[0].RefreshToken = true }

// withoutLoopback leaves out the issuer of the endpoint door, which AWS would not take.
func withoutLoopback(w *lab.World) {
	labtest.WithoutNotebook(w)
	account, center := &w.Accounts[1], &w.IdentityCenter[0]
	account.OIDCProviders = account.OIDCProviders[:1]
	trust := account.Roles[0].Trust.(map[string]any)
	trust["Statement"] = trust["Statement"].([]any)[:1]
	center.TrustedTokenIssuers = center.TrustedTokenIssuers[:1]
	center.Applications[0].JWTBearer = center.Applications[0].JWTBearer[:1]
	w.Issuers = w.Issuers[:1]
}

// position is a value of a switch.
type position struct {
	name  string
	value any
}

func (p position) String() string { return fmt.Sprintf("%s=%v", p.name, p.value) }

// positions are all of a switch but its default, which every other position of
// another switch goes with.
func positions(a assumptions.Assumption) []position {
	var values []any
	switch byDefault := a.Default.(type) {
	case bool:
		values = append(values, !byDefault)
	case string:
		for _, v := range a.Values {
			if v != byDefault {
				values = append(values, v)
			}
		}
	case int:
		for _, v := range numbers[a.Switch] {
			values = append(values, v)
		}
	case []string:
		for _, v := range lists[a.Switch] {
			values = append(values, v)
		}
	}
	out := make([]position, len(values))
	for i, v := range values {
		out[i] = position{a.Switch, v}
	}
	return out
}

// turn sets the switch in a world.
func (p position) turn(w *lab.World) error {
	all := reflect.ValueOf(&w.Switches).Elem()
	for i := range all.NumField() {
		name, _, _ := strings.Cut(all.Type().Field(i).Tag.Get("yaml"), ",")
		if name != p.name {
			continue
		}
		f, v := all.Field(i), reflect.ValueOf(p.value)
		if f.Kind() == reflect.Pointer {
			at := reflect.New(f.Type().Elem())
			at.Elem().Set(v)
			v = at
		}
		f.Set(v)
		return nil
	}
	return fmt.Errorf("the world has no switch %s", p.name)
}

// TestSwitches takes the main path with every switch of the ledger in every
// position: what nobody knows about AWS must not matter to the client.
func TestSwitches(t *testing.T) {
	long(t)
	t.Parallel()
	rows := []row{{"defaults", func(t *testing.T) { mainPath(t, "") }}}
	used := map[string]bool{}
	for _, a := range assumptions.All() {
		all := positions(a)
		if len(all) == 0 {
			t.Errorf("the switch %s has no second position in this test", a.Switch)
		}
		for _, p := range all {
			used[p.String()] = true
			rows = append(rows, row{p.String(), func(t *testing.T) { p.path(t) }})
		}
	}
	for _, e := range exceptions {
		if !used[e.position] {
			t.Errorf("there is no position %s", e.position)
		}
	}
	together(t, 6, rows)
}

func (p position) path(t *testing.T) {
	mainPath(t, p.String(), func(w *lab.World) {
		if need := needs[p.String()]; need != nil {
			need(w)
		}
		if err := p.turn(w); err != nil {
			t.Error(err)
		}
	})
}

// mainPath goes from nothing to a read object, from disk, and through a renewal.
func mainPath(t *testing.T, position string, edits ...func(*lab.World)) *machine {
	t.Helper()
	m := newMachine(t, t.TempDir(), lab.ProxyDoor, edits...)
	step := func(want []proxytest.Operation, args ...string) finished {
		t.Helper()
		m.Forget()
		code := 0
		for _, e := range exceptions {
			if e.position == position && e.command == args[len(args)-1] {
				code = e.code
			}
		}
		o := m.run(t, args)
		m.check(t, o, code)
		if diff := cmp.Diff(want, m.exchanged()); diff != "" {
			t.Errorf("tip-cli %v (-want +got):\n%s", args, diff)
		}
		return o
	}
	if position == "" {
		step(nil, "configure", "idp", "--provider", "okta", "--config", m.dir+"/config.json")
		step([]proxytest.Operation{proxytest.Authorize, proxytest.Token}, signInCommand...)
	} else { // no switch is about the identity provider
		m.configure(t)
		m.signIn(t)
	}
	first := step(aWholeExchange[1:], credentials...)
	s3 := step([]proxytest.Operation{"GetDataAccess"}, dataAccess...)
	for _, warm := range []finished{first, s3} {
		if warm.code == 0 && step(nil, warm.args...).stdout != warm.stdout {
			t.Errorf("tip-cli %v says something else from disk", warm.args)
		}
	}
	if t.Failed() {
		return m
	}
	m.whoami(t, first)
	if s3.code == 0 {
		m.reads(t, s3)
	}
	m.leave(t, 5*time.Minute)
	m.Forget()
	renewed := m.must(t, credentials)
	if diff := cmp.Diff(aWholeExchange, m.exchanged()); diff != "" && !strings.Contains(position, "efreshToken") {
		t.Errorf("renewal (-want +got):\n%s", diff)
	}
	if key(renewed) == key(first) {
		t.Error("the renewed credentials are the old ones")
	}
	return m
}

// client is an SDK configuration that signs with what a command printed.
func (m *machine) client(t *testing.T, o finished) aws.Config {
	t.Helper()
	var c struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(o.stdout), &c); err != nil {
		t.Fatal(err)
	}
	return labtest.Config(m.Lab, awscredentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken))
}

// whoami calls AWS with the credentials.
func (m *machine) whoami(t *testing.T, o finished) {
	t.Helper()
	config := m.client(t, o)
	defer config.HTTPClient.(*http.Client).CloseIdleConnections()
	out, err := sts.NewFromConfig(config).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Error(err)
		return
	}
	if want := "arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-" + analystID; *out.Arn != want {
		t.Errorf("it is %s, want %s", *out.Arn, want)
	}
}

// reads gets the object that the grant is for, and not another.
func (m *machine) reads(t *testing.T, o finished) {
	t.Helper()
	config := m.client(t, o)
	defer config.HTTPClient.(*http.Client).CloseIdleConnections()
	client := s3.NewFromConfig(config)
	for key, allowed := range map[string]bool{"reports/summary.txt": true, "private/payroll.csv": false} {
		out, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("tip-demo-data"), Key: &key})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", key, err)
		}
		if err == nil {
			_ = out.Body.Close()
		}
	}
}

// An unknown switch and a position that changes nothing show as failures of this
// test itself.
func TestPositions(t *testing.T) {
	t.Parallel()
	if err := (position{"no such switch", true}).turn(&lab.World{}); err == nil {
		t.Error("an unknown switch was turned")
	}
	var w lab.World
	for _, a := range assumptions.All() {
		for _, p := range positions(a) {
			if reflect.DeepEqual(p.value, a.Default) {
				t.Errorf("%s is the default", p)
			}
			if err := p.turn(&w); err != nil {
				t.Error(err)
			}
		}
	}
	if *w.Switches.KeyCacheSeconds != 0 || !slices.Equal(w.Switches.IdentityContextAllowList, lists["identityContextAllowList"][2]) {
		t.Errorf("the world has %+v", w.Switches)
	}
}
