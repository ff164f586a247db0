package labtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// reports is somebody's web handler, under test below: it tells people where the
// reports are that they may read, with their own rights. Nothing in it knows of the lab.
type reports struct {
	pool *tipcreds.Pool
	s3   *s3control.Client
}

func newReports(cfg aws.Config) (*reports, error) {
	pool, err := tipcreds.NewPool(labtest.AccessRoleARN, labtest.ApplicationARN, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN, o.AWSConfig = labtest.ApplicationRoleARN, cfg
	})
	if err != nil {
		return nil, err
	}
	return &reports{pool, s3control.NewFromConfig(cfg)}, nil
}

// ServeHTTP wants the ID token of the person as the bearer token. A program verifies
// it first, with tipcreds/bearer.
func (r *reports) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	token := strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer ")
	who, err := tipcreds.UnverifiedSubject(token)
	if err != nil {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	creds := r.pool.For(who, func(context.Context) (string, error) { return token, nil })
	out, err := r.s3.GetDataAccess(q.Context(), &s3control.GetDataAccessInput{
		AccountId: aws.String(labtest.ApplicationAccount), Target: aws.String("s3://tip-demo-data/reports/*"), Permission: types.PermissionRead,
	}, func(o *s3control.Options) { o.Credentials = creds })
	if _, failed := errors.AsType[*tipcreds.ExchangeError](err); failed {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if err != nil {
		http.Error(w, "not for you", http.StatusForbidden)
		return
	}
	fmt.Fprint(w, *out.MatchedGrantTarget)
}

// get asks the handler with an ID token.
func get(h http.Handler, token string) string {
	w, q := httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/reports", http.NoBody)
	q.Header.Set("Authorization", "Bearer "+token)
	h.ServeHTTP(w, q)
	text, _ := io.ReadAll(w.Body)
	return strings.TrimSpace(string(text))
}

// TestReports tests the handler: the analyst may, and it is in the audit trail.
func TestReports(t *testing.T) {
	l := labtest.Start(t)
	app, err := newReports(labtest.Config(l, nil))
	if got := get(app, labtest.IDToken(t, l, labtest.Analyst)); err != nil || got != "s3://tip-demo-data/reports/*" {
		t.Errorf("%q, %v", got, err)
	}
	if n := len(labtest.Events(l, labtest.Named("GetDataAccess"), labtest.OnBehalfOf(labtest.AnalystID))); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestReportsOfOthers: the engineer may not, until the engineer joins the analysts;
// a disabled user may not sign in with it any more, and a token is spent once.
func TestReportsOfOthers(t *testing.T) {
	l := labtest.Start(t)
	app, err := newReports(labtest.Config(l, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := get(app, labtest.IDToken(t, l, labtest.Engineer)); got != "not for you" {
		t.Errorf("the engineer: %q", got)
	}
	if err := l.SetGroupMembers(labtest.Analysts, "analyst@example.com", "engineer@example.com"); err != nil {
		t.Fatal(err)
	}
	if got := get(app, labtest.IDToken(t, l, labtest.Engineer)); got != "s3://tip-demo-data/reports/*" {
		t.Errorf("the engineer among the analysts: %q", got)
	}
	if err := l.SetUserDisabled("analyst@example.com", true); err != nil {
		t.Fatal(err)
	}
	if got := get(app, labtest.IDToken(t, l, labtest.Analyst)); got != "who are you?" {
		t.Errorf("the disabled analyst: %q", got)
	}
	if n := len(labtest.Events(l, labtest.Named("CreateTokenWithIAM"), labtest.Refused("AccessDeniedException"))); n != 1 {
		t.Errorf("%d refused exchanges", n)
	}
}

// TestReportsWithoutCentre: a service that fails, and one that comes back.
func TestReportsWithoutCentre(t *testing.T) {
	l := labtest.Start(t)
	app, err := newReports(labtest.Config(l, nil))
	if err != nil {
		t.Fatal(err)
	}
	labtest.Fault(t, l, lab.Fault{Name: "down", Operation: "CreateTokenWithIAM", First: 1, Do: lab.FaultDeny})
	if got := get(app, labtest.IDToken(t, l, labtest.Analyst)); got != "who are you?" || labtest.Struck(t, l, "down") != 1 {
		t.Errorf("denied: %q", got)
	}
	if got := get(app, labtest.IDToken(t, l, labtest.Analyst)); got != "s3://tip-demo-data/reports/*" {
		t.Errorf("afterwards: %q", got)
	}
}

// TestReportsNextDay: sessions end, without a wait.
func TestReportsNextDay(t *testing.T) {
	l := labtest.Start(t)
	creds := labtest.EnhancedCredentials(t, l, labtest.Analyst)
	client := s3control.NewFromConfig(labtest.Config(l, creds))
	ask := func() error {
		_, err := client.ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(labtest.ApplicationAccount)})
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	l.AdvanceClock(24 * time.Hour)
	if err := ask(); err == nil || !strings.Contains(err.Error(), "ExpiredToken") {
		t.Errorf("the next day: %v", err)
	}
}

// Another project tests its own code in five lines: its handler here, which gets an ID
// token and asks S3 Access Grants as the person. See TestReports for the same in a test.
func Example() {
	l, err := lab.Start(context.Background(), lab.Options{}) // in a test: l := labtest.Start(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = l.Close() }()

	app, err := newReports(labtest.Config(l, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	who, err := labtest.SignIn(l, labtest.Okta, labtest.Analyst)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(get(app, who.Token))
	for _, e := range labtest.Events(l, labtest.Named("GetDataAccess"), labtest.OnBehalfOf(labtest.AnalystID)) {
		fmt.Println(e.EventSource, e.EventName)
	}
	// Output:
	// s3://tip-demo-data/reports/*
	// s3.amazonaws.com GetDataAccess
}

// A program that is not a test starts a lab by itself.
func ExampleSignIn() {
	l, err := lab.Start(context.Background(), lab.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = l.Close() }()
	who, err := labtest.SignIn(l, labtest.Okta, labtest.Analyst)
	fmt.Println(who.Issuer, who.Subject, err)
	// Output: https://dev-123456789.okta.com/oauth2/default 00uAnalystEXAMPLE <nil>
}
