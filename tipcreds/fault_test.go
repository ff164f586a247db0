package tipcreds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// hangUp ends the connection with a RST after what text says, if anything.
func hangUp(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok && text == "" {
			_ = tcp.SetLinger(0) // else the RST could overtake the text
		}
		_ = conn.Close()
	}
}

const html = "<!DOCTYPE html>\n<html><head><title>Sorry</title></head><body>Bad gateway</body></html>"

// fault is something that goes wrong for every attempt of one call.
type fault struct {
	name   string
	answer http.HandlerFunc // nil: nobody listens

	sent      bool // the request left
	throttled bool
	status    int
	repeated  bool // by the SDK, where it may
}

func faults() []fault {
	cut := func(op string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			text := fmt.Sprintf("<%[1]sResponse><%[1]sResult><Credentials><SessionToken>%[2]s", op, enhancedToken)
			if op == createTokenCall {
				text = `{"accessToken":"` + enhancedToken
			}
			_, _ = io.WriteString(w, text)
		}
	}
	broken := "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"accessToken\":\"" + enhancedToken
	later := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	}
	moved := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	kept := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	return []fault{
		{name: "connection refused", repeated: true},
		{name: "reset before the answer", answer: hangUp(""), sent: true, repeated: true},
		{name: "closed before the answer", answer: reset, sent: true, repeated: true},
		{name: "reset within the body", answer: hangUp(broken), sent: true, status: 200, repeated: true},
		{name: "no HTTP", answer: hangUp("SSH-2.0-OpenSSH_9.6\r\n\r\n"), sent: true, repeated: true},
		{name: "429", answer: later, sent: true, throttled: true, status: 429, repeated: true},
		{name: "500", answer: body(500, "text/plain", ""), sent: true, status: 500, repeated: true},
		{name: "503 with HTML", answer: body(503, "text/html", html), sent: true, status: 503, repeated: true},
		{name: "200 with HTML", answer: body(200, "text/html", html), sent: true, status: 200, repeated: true},
		{name: "403 with HTML", answer: body(403, "text/html", html), sent: true, status: 403},
		{name: "truncated, first call", answer: cut(webIdentityCall), sent: true, status: 200, repeated: true},
		{name: "truncated, second call", answer: cut(createTokenCall), sent: true, status: 200},
		{name: "302", answer: moved, sent: true, status: 302},
		{name: "307", answer: kept, sent: true, status: 307},
	}
}

// at points one call of the provider at a place where nobody listens.
func refusedAt(t *testing.T, op string, config aws.Config, o *tipcreds.Options) {
	t.Helper()
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := aws.String("http://" + closed.Addr().String())
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	switch op {
	case webIdentityCall:
		o.WebIdentityClient = sts.NewFromConfig(config, func(o *sts.Options) { o.BaseEndpoint = endpoint })
	case createTokenCall:
		o.ClientOptions.SSOOIDC = []func(*ssooidc.Options){func(o *ssooidc.Options) { o.BaseEndpoint = endpoint }}
	default:
		o.ClientOptions.STS = []func(*sts.Options){func(o *sts.Options) { o.BaseEndpoint = endpoint }}
		o.WebIdentityClient = sts.NewFromConfig(config)
	}
}

// faultOutcome is what a fault comes to.
type faultOutcome struct {
	Step                      tipcreds.Step
	Spent, InDoubt, Throttled bool
	RetryAfter                time.Duration
	Status, Requests          int
}

// TestFaults meets every fault in every call.
func TestFaults(t *testing.T) {
	steps := []struct {
		op   string
		step tipcreds.Step
	}{
		{webIdentityCall, tipcreds.StepAssumeApplicationRole},
		{createTokenCall, tipcreds.StepCreateToken},
		{assumeRoleCall, tipcreds.StepAssumeAccessRole},
	}
	for _, s := range steps {
		for _, fault := range faults() {
			t.Run(s.op+"/"+fault.name, func(t *testing.T) {
				want := faultOutcome{Step: s.step, Throttled: fault.throttled, Status: fault.status, Requests: 1}
				switch s.op {
				case createTokenCall:
					want.Spent = fault.sent && !fault.throttled
					want.InDoubt = want.Spent
				case assumeRoleCall:
					want.Spent = true
				}
				if fault.throttled {
					want.RetryAfter = 7 * time.Second
				}
				switch {
				case fault.answer == nil:
					want.Requests = 0
				case fault.repeated && s.op != createTokenCall:
					want.Requests = 3
				}
				meet(t, s.op, fault, want)
			})
		}
	}
}

func meet(t *testing.T, op string, fault fault, want faultOutcome) {
	f := newFakeAWS(t)
	f.on(op, slices.Repeat([]http.HandlerFunc{fault.answer}, 9)...)
	client := awshttp.NewBuildableClient()
	p := f.provider(t, func(o *tipcreds.Options) {
		o.AWSConfig.HTTPClient = client
		if fault.answer == nil {
			refusedAt(t, op, o.AWSConfig, o)
		}
	})
	_, err := p.Exchange(t.Context(), webToken)
	e := exchangeError(t, err)
	got := faultOutcome{e.Step, e.JWTSpent, e.InDoubt, e.Throttled(), e.RetryAfter, e.HTTPStatus, count(f.ops(), op)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	checkClean(t, "error", printed(valueVerbs, err, *e)+e.Error()+e.Hint())
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		checkClean(t, fmt.Sprintf("%T", cause), printed(valueVerbs, cause))
	}
}

// TestEndedByContext: a server that is silent, or drips, holds no call beyond the
// context. The error is of the step, and in doubt where the JWT had been written.
func TestEndedByContext(t *testing.T) {
	drip := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100000")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<")
			_ = http.NewResponseController(w).Flush()
		}
	}
	kinds := map[string]func(http.ResponseWriter){
		"silent": func(http.ResponseWriter) {}, "drips a success": drip(200), "drips an error": drip(400),
	}
	steps := map[string]decision{
		webIdentityCall: {Step: tipcreds.StepAssumeApplicationRole},
		createTokenCall: {Step: tipcreds.StepCreateToken, Spent: true, InDoubt: true},
		assumeRoleCall:  {Step: tipcreds.StepAssumeAccessRole, Spent: true},
	}
	for op, want := range steps {
		for kind, begin := range kinds {
			t.Run(op+"/"+kind, func(t *testing.T) {
				f := newFakeAWS(t)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				f.on(op, func(w http.ResponseWriter, r *http.Request) {
					begin(w)
					cancel() // the server goes on saying nothing
					<-r.Context().Done()
				})
				_, err := f.provider(t).Exchange(ctx, webToken)
				e := exchangeError(t, err)
				got := decision{Step: e.Step, Spent: e.JWTSpent, InDoubt: e.InDoubt}
				if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, context.Canceled) {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			})
		}
	}
}

// TestDeadlineOfOptions: without a deadline of the caller's, Timeout ends it.
func TestDeadlineOfOptions(t *testing.T) {
	calls := map[string]func(*tipcreds.Provider) error{
		"Exchange": func(p *tipcreds.Provider) error {
			_, err := p.Exchange(t.Context(), webToken)
			return err
		},
		"ExchangeRefreshToken": func(p *tipcreds.Provider) error {
			_, err := p.ExchangeRefreshToken(t.Context(), refreshToken, webToken)
			return err
		},
	}
	for name, call := range calls {
		f := newFakeAWS(t)
		f.on(webIdentityCall, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		err := call(f.provider(t, func(o *tipcreds.Options) { o.Timeout = 50 * time.Millisecond }))
		if e := exchangeError(t, err); !errors.Is(err, context.DeadlineExceeded) || e.Step != tipcreds.StepAssumeApplicationRole {
			t.Errorf("%s: %v", name, err)
		}
	}
}
