package tipcreds_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// skewed puts another clock into the fake: the Date of its answers, and the time
// that a signature must have within five minutes.
func skewed(f *fakeAWS, ahead time.Duration) *atomic.Int64 {
	inner, clock := f.Config.Handler, new(atomic.Int64)
	clock.Store(int64(ahead))
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(time.Duration(clock.Load()))
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		isSigned := r.Header.Get("Authorization") != ""
		if !isSigned || err == nil && now.Sub(signed).Abs() < 5*time.Minute {
			inner.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == "/token" {
			f.count(createTokenCall)
			jsonAnswer(403, "InvalidSignatureException", map[string]any{"message": "Signature not yet current"})(w, r)
			return
		}
		f.count(assumeRoleCall)
		stsError(403, "SignatureDoesNotMatch", "Signature not yet current")(w, r)
	})
	return clock
}

// count records a call that got no further.
func (f *fakeAWS) count(op string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, awsCall{Op: op})
}

func nearly(got, want time.Duration) bool { return (got - want).Abs() <= 2*time.Second }

// TestSkewedClock: with a wrong local clock every call works at the first attempt,
// for AWS's time is known before something must be signed. The session tells.
func TestSkewedClock(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, -6 * time.Minute, 0, 6 * time.Minute, time.Hour} {
		f := newFakeAWS(t)
		skewed(f, ahead)
		s, err := f.provider(t).Exchange(t.Context(), webToken)
		if err != nil {
			t.Errorf("%v: %v", ahead, err)
			continue
		}
		if !nearly(s.ClockSkew, ahead) {
			t.Errorf("%v: skew %v", ahead, s.ClockSkew)
		}
		if diff := cmp.Diff([]string{webIdentityCall, createTokenCall, assumeRoleCall}, f.ops()); diff != "" {
			t.Errorf("%v: calls (-want +got):\n%s", ahead, diff)
		}
	}
}

// TestSkewedClockUncorrected: where the caller switched the correction off, the
// signature is refused, and the error names the clock.
func TestSkewedClockUncorrected(t *testing.T) {
	f := newFakeAWS(t)
	skewed(f, time.Hour)
	p := f.provider(t, func(o *tipcreds.Options) {
		o.ClientOptions.SSOOIDC = []func(*ssooidc.Options){func(o *ssooidc.Options) { o.DisableClockSkewCorrection = true }}
		o.AWSConfig.DisableClockSkewCorrection = true
	})
	_, err := p.Exchange(t.Context(), webToken)
	e := exchangeError(t, err)
	if e.Code != "InvalidSignatureException" || !nearly(e.ClockSkew, time.Hour) || e.JWTSpent || e.InDoubt ||
		!strings.Contains(err.Error(), "; the local clock is ") || !strings.HasSuffix(err.Error(), " behind AWS's") ||
		!strings.HasPrefix(e.Hint(), "set the clock of this machine") || !strings.HasSuffix(e.Hint(), "; the token is not used up") {
		t.Errorf("skew %v, spent %v, in doubt %v, hint %q: %v", e.ClockSkew, e.JWTSpent, e.InDoubt, e.Hint(), err)
	}
}

// TestSkewedClockOwnClients: a client of the caller's learns the time from its first
// answer. CreateTokenWithIAM is not repeated in the same exchange, AssumeRole is.
func TestSkewedClockOwnClients(t *testing.T) {
	f := newFakeAWS(t)
	skewed(f, time.Hour)
	config := f.config()
	config.Credentials = credentials.NewStaticCredentialsProvider("AKIAOWN0000000000001", "own", "")
	p, err := tipcreds.New(accessRole, application, token(webToken), func(o *tipcreds.Options) {
		o.STSClient, o.SSOOIDCClient = sts.NewFromConfig(config), ssooidc.NewFromConfig(config)
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Exchange(t.Context(), webToken)
	if e := exchangeError(t, err); e.Code != "InvalidSignatureException" || !nearly(e.ClockSkew, time.Hour) {
		t.Errorf("skew %v: %v", e.ClockSkew, err)
	}
	s, err := p.Exchange(t.Context(), webToken)
	if err != nil || !nearly(s.ClockSkew, time.Hour) {
		t.Errorf("second exchange: %v, %v", s, err)
	}
	if diff := cmp.Diff([]string{createTokenCall, createTokenCall, assumeRoleCall, assumeRoleCall}, f.ops()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestClockHealed: once the clocks agree again, nothing is corrected any more.
func TestClockHealed(t *testing.T) {
	f := newFakeAWS(t)
	f.expires = time.Now() // so that each exchange begins with an unsigned call
	clock := skewed(f, time.Hour)
	p := f.provider(t)
	for _, ahead := range []time.Duration{time.Hour, 0, -time.Hour} {
		clock.Store(int64(ahead))
		if s, err := p.Exchange(t.Context(), webToken); err != nil || !nearly(s.ClockSkew, ahead) {
			t.Errorf("%v: %v, %v", ahead, s, err)
		}
	}
	if got := count(f.ops(), createTokenCall); got != 3 {
		t.Errorf("%d requests for 3 JWTs", got)
	}
}

// TestClockLearntFromRefusal: a clock that is set wrong while application role
// credentials last costs one signature, whose refusal tells the time.
func TestClockLearntFromRefusal(t *testing.T) {
	f := newFakeAWS(t)
	clock := skewed(f, 0)
	p := f.provider(t)
	for _, tt := range []struct {
		ahead time.Duration
		ok    bool
	}{{0, true}, {-time.Hour, false}, {-time.Hour, true}} {
		clock.Store(int64(tt.ahead))
		if _, err := p.Exchange(t.Context(), webToken); (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt.ahead, err)
		}
	}
	if got := count(f.ops(), webIdentityCall); got != 1 {
		t.Errorf("%d assumptions of the application role", got)
	}
}

// TestClockInErrors: each step measures, and the text names the clock only where the
// code speaks of time and the difference is notable.
func TestClockInErrors(t *testing.T) {
	tests := []struct {
		op     string
		ahead  time.Duration
		answer http.HandlerFunc
		named  string // "" if it is not
	}{
		{webIdentityCall, 6 * time.Minute, stsError(400, "ExpiredTokenException", "Token expired"), "behind"},
		{webIdentityCall, -6 * time.Minute, stsError(400, "InvalidIdentityToken", "x"), "ahead of"},
		{webIdentityCall, 6 * time.Minute, stsError(403, "AccessDenied", "x"), ""},
		{webIdentityCall, 10 * time.Second, stsError(400, "ExpiredTokenException", "x"), ""},
		{createTokenCall, 6 * time.Minute, oauthError(400, "InvalidGrantException", "invalid_grant", "x"), "behind"},
		{createTokenCall, 6 * time.Minute, oauthError(400, "InvalidScopeException", "invalid_scope", "x"), ""},
		{assumeRoleCall, -time.Hour, stsError(400, "ExpiredTokenException", "x"), "ahead of"},
		{assumeRoleCall, -time.Hour, stsError(403, "RequestExpired", "x"), "ahead of"},
	}
	for _, tt := range tests {
		f := newFakeAWS(t)
		skewed(f, tt.ahead)
		f.on(tt.op, tt.answer, tt.answer)
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		e := exchangeError(t, err)
		if !nearly(e.ClockSkew, tt.ahead) {
			t.Errorf("%s %v: measured %v", tt.op, tt.ahead, e.ClockSkew)
		}
		named := strings.Contains(err.Error(), "the local clock is ") && strings.Contains(err.Error(), " "+tt.named+" AWS's")
		if named != (tt.named != "") || strings.Contains(e.Hint(), "set the clock") != named {
			t.Errorf("%s %v: hint %q: %v", tt.op, tt.ahead, e.Hint(), err)
		}
	}
}

// TestClockErrorText is the whole line.
func TestClockErrorText(t *testing.T) {
	e := tipcreds.ExchangeError{
		Step: tipcreds.StepCreateToken, Code: "InvalidGrantException", Message: "expired",
		HTTPStatus: 400, RequestID: "r", ClockSkew: 6 * time.Minute,
	}
	const want = "create token with IAM: InvalidGrantException: expired (HTTP 400, request r); the local clock is 6m0s behind AWS's"
	if got := e.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	const hint = "set the clock of this machine (the local clock is 6m0s behind AWS's), then begin again with a fresh token"
	if got := e.Hint(); got != hint {
		t.Errorf("got %q, want %q", got, hint)
	}
	e.ClockSkew = -30 * time.Second
	if got := e.Error(); !strings.HasSuffix(got, "the local clock is 30s ahead of AWS's") {
		t.Errorf("got %q", got)
	}
}

// TestSkewShortensLease: with a local clock behind AWS's, credentials that look good
// may have expired; they are renewed by AWS's time.
func TestSkewShortensLease(t *testing.T) {
	for _, tt := range []struct {
		ahead time.Duration
		want  int
	}{{0, 1}, {20 * time.Minute, 2}} {
		f := newFakeAWS(t)
		f.expires = time.Now().Add(15 * time.Minute)
		skewed(f, tt.ahead)
		source := &counter{}
		p, err := tipcreds.New(accessRole, application, source.token, func(o *tipcreds.Options) {
			o.ApplicationRoleARN, o.AWSConfig = applicationRole, f.config()
			o.AWSConfig.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		})
		if err != nil {
			t.Fatal(err)
		}
		mustRetrieve(t, p)
		mustRetrieve(t, p)
		if source.used() != tt.want || count(f.ops(), webIdentityCall) != tt.want {
			t.Errorf("%v ahead: %d tokens, calls %v", tt.ahead, source.used(), f.ops())
		}
	}
}
