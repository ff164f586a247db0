package tipotel_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Spans as they begin.
const (
	webTokenSpan    = `  tipcreds WebToken tipcreds.step="WebToken"`
	webIdentitySpan = `  STS.AssumeRoleWithWebIdentity client tipcreds.step="AssumeApplicationRole" rpc.system.name="aws-api"` +
		` rpc.method="STS/AssumeRoleWithWebIdentity" cloud.region="eu-west-1"`
	anyTokenSpan = `  SSO OIDC.CreateTokenWithIAM client tipcreds.step="CreateToken" rpc.system.name="aws-api"` +
		` rpc.method="SSO OIDC/CreateTokenWithIAM" cloud.region="eu-central-1"`
	createTokenSpan  = anyTokenSpan + ` tipcreds.origin="exchange"`
	refreshTokenSpan = anyTokenSpan + ` tipcreds.origin="refresh_token"`
	assumeRoleSpan   = `  STS.AssumeRole client tipcreds.step="AssumeAccessRole" rpc.system.name="aws-api"` +
		` rpc.method="STS/AssumeRole" cloud.region="eu-west-1"`
)

// state is what became of the JWT.
const (
	unspent = ` tipcreds.jwt_spent=false tipcreds.in_doubt=false`
	spent   = ` tipcreds.jwt_spent=true tipcreds.in_doubt=false`
	inDoubt = ` tipcreds.jwt_spent=true tipcreds.in_doubt=true`
)

func answered(code, status string) string {
	return ` tipcreds.error.code="` + code + `" http.response.status_code=` + status + ` aws.request_id="req-1"`
}

// failed is the end of a step's span; the Renew above it says the same and the step.
func failed(step, kind, rest string) (inStep, inRenew string) {
	attributes := ` error.type="` + kind + `"` + rest
	status := ` ERROR ` + step + `: ` + kind
	return attributes + status, `tipcreds Renew` + attributes + ` tipcreds.step="` + step + `"` + status
}

// failedRenewal is a tree in which the last of spans failed.
func failedRenewal(step, kind, rest string, spans ...string) []string {
	inStep, inRenew := failed(step, kind, rest)
	spans[len(spans)-1] += inStep
	return append([]string{inRenew}, spans...)
}

// TestFailedSteps: the span of the step that failed, and that of the renewal, are errors.
func TestFailedSteps(t *testing.T) {
	timeout := func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	tests := []struct {
		name   string
		call   string
		answer answer
		token  tipcreds.WebTokenProvider
		want   []string
	}{
		{"web token", "", nil, failing(errors.New("no sign-in: canary")),
			failedRenewal("WebToken", "_OTHER", unspent, webTokenSpan)},
		{"web token, told apart", "", nil, failing(typedError{}),
			failedRenewal("WebToken", "sign_in_required", unspent, webTokenSpan)},
		{"web token, timeout", "", nil, timeout,
			failedRenewal("WebToken", "timeout", unspent, webTokenSpan)},
		{"web identity, refused", webIdentityCall, stsError(403, "AccessDenied"), nil,
			failedRenewal("AssumeApplicationRole", "AccessDenied", unspent+answered("AccessDenied", "403"), webTokenSpan, webIdentitySpan)},
		{"JWT, refused", createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant"), nil,
			failedRenewal("CreateToken", "InvalidGrantException", spent+answered("InvalidGrantException", "400"),
				webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"JWT, throttled", createTokenCall, oauthError(400, "SlowDownException", "slow_down"), nil,
			failedRenewal("CreateToken", "SlowDownException", unspent+answered("SlowDownException", "400"),
				webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"JWT, no answer", createTokenCall, broken, nil,
			failedRenewal("CreateToken", "connection", inDoubt, webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"JWT, fault without a code", createTokenCall, respond(503, "", "upstream"), nil,
			failedRenewal("CreateToken", "503", inDoubt+` http.response.status_code=503 aws.request_id="req-1"`,
				webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"JWT, half an answer", createTokenCall, respond(200, "", `{"accessToken":`), nil,
			failedRenewal("CreateToken", "answer_unreadable", inDoubt+` http.response.status_code=200 aws.request_id="req-1"`,
				webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"JWT, empty answer", createTokenCall, respond(200, "", `{"accessToken":"x"}`), nil,
			failedRenewal("CreateToken", "identity_context_missing", spent+` http.response.status_code=200`,
				webTokenSpan, webIdentitySpan, createTokenSpan)},
		{"access role, refused", assumeRoleCall, stsError(403, "AccessDenied"), nil,
			failedRenewal("AssumeAccessRole", "AccessDenied", spent+answered("AccessDenied", "403"),
				webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan)},
		{"access role, no credentials", assumeRoleCall, respond(200, "", `<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>`), nil,
			failedRenewal("AssumeAccessRole", "credentials_missing", spent+` http.response.status_code=200`,
				webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := newRecord(t), newWire()
				if tt.token == nil {
					tt.token = numbered()
				}
				if tt.call != "" {
					w.on(tt.call, tt.answer)
				}
				if _, err := r.provider(t, w, tt.token).Retrieve(t.Context()); err == nil {
					t.Fatal("no error")
				}
				checkTree(t, r, tt.want)
			})
		})
	}
}

// typedError tells its class, as semconv.ErrorType has it.
type typedError struct{}

func (typedError) Error() string     { return "canary: sign in" }
func (typedError) ErrorType() string { return "sign_in_required" }

func failing(err error) tipcreds.WebTokenProvider {
	return func(context.Context) (string, error) { return "", err }
}

func checkTree(t *testing.T, r *record, want []string) {
	t.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n")+"\n", r.tree(t)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
}

func mustRetrieve(t *testing.T, p *tipcreds.Provider) {
	t.Helper()
	if _, err := p.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestExchange: a renewal is a tree of five spans, and credentials at hand are none.
func TestExchange(t *testing.T) {
	r, w := newRecord(t), newWire()
	p := r.provider(t, w, numbered())
	mustRetrieve(t, p)
	want := []string{`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan}
	checkTree(t, r, want)
	mustRetrieve(t, p) // at hand
	checkTree(t, r, want)
}

// TestAttempts: all attempts of a call are one span, without an error if the last one
// succeeded.
func TestAttempts(t *testing.T) {
	r, w := newRecord(t), newWire()
	w.on(assumeRoleCall, stsError(500, "InternalFailure"), broken)
	mustRetrieve(t, r.provider(t, w, numbered()))
	checkTree(t, r, []string{`tipcreds Renew tipcreds.origin="exchange"`, webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan})
	if diff := cmp.Diff([]string{webIdentityCall, createTokenCall, assumeRoleCall, assumeRoleCall, assumeRoleCall}, w.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRecord(t), newWire()
		w.refreshToken = refreshToken
		p := r.provider(t, w, numbered())
		mustRetrieve(t, p)
		r.spans.Reset()
		time.Sleep(56 * time.Minute)
		mustRetrieve(t, p)
		checkTree(t, r, []string{`tipcreds Renew tipcreds.origin="refresh_token"`, refreshTokenSpan, assumeRoleSpan})
	})
}

// TestRefreshTokenRefused: the span of the refusal is an error, the one above it is not.
func TestRefreshTokenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRecord(t), newWire()
		w.refreshToken = refreshToken
		p := r.provider(t, w, numbered())
		mustRetrieve(t, p)
		r.spans.Reset()
		w.on(createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant"))
		time.Sleep(56 * time.Minute)
		mustRetrieve(t, p)
		refused, _ := failed("CreateToken", "InvalidGrantException", unspent+answered("InvalidGrantException", "400"))
		checkTree(t, r, []string{
			`tipcreds Renew tipcreds.origin="exchange"`, refreshTokenSpan + refused, webTokenSpan, createTokenSpan, assumeRoleSpan,
		})
	})
}

// TestKept: the renewal failed, which is an error although nobody got one.
func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRecord(t), newWire()
		p := r.provider(t, w, numbered())
		mustRetrieve(t, p)
		r.spans.Reset()
		w.on(assumeRoleCall, stsError(403, "AccessDenied"))
		time.Sleep(56 * time.Minute)
		mustRetrieve(t, p)
		inStep, inRenew := failed("AssumeAccessRole", "AccessDenied", spent+answered("AccessDenied", "403"))
		checkTree(t, r, []string{
			strings.Replace(inRenew, "Renew", `Renew tipcreds.origin="kept"`, 1),
			webTokenSpan, createTokenSpan, assumeRoleSpan + inStep,
		})
	})
}

// TestSpentWebToken: the JWT of the exchange before is not sent, so that no step but
// the renewal failed.
func TestSpentWebToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRecord(t), newWire()
		same := jwt(alice, 1)
		p := r.provider(t, w, func(context.Context) (string, error) { return same, nil })
		mustRetrieve(t, p)
		r.spans.Reset()
		time.Sleep(2 * time.Hour)
		if _, err := p.Retrieve(t.Context()); err == nil {
			t.Fatal("no error")
		}
		_, inRenew := failed("WebToken", "web_token_spent", spent)
		checkTree(t, r, []string{inRenew, webTokenSpan})
	})
}

func TestCache(t *testing.T) {
	r, w, cache := newRecord(t), newWire(), newMemory()
	mustRetrieve(t, r.provider(t, w, numbered(), shares(cache)))
	checkTree(t, r, []string{
		`tipcreds Renew tipcreds.origin="exchange"`, `  tipcreds CacheGet`, `  tipcreds CacheLock`, `  tipcreds CacheGet`,
		webTokenSpan, webIdentitySpan, `  tipcreds CacheAdd`, createTokenSpan, assumeRoleSpan, `  tipcreds CacheSet`,
	})
	r.spans.Reset()
	mustRetrieve(t, r.provider(t, w, numbered(), shares(cache)))
	checkTree(t, r, []string{`tipcreds Renew tipcreds.origin="cache"`, `  tipcreds CacheGet`})
}

// TestCacheOutage: a cache that cannot be asked is a span with an error, and a mark on
// a renewal whose JWT is spent.
func TestCacheOutage(t *testing.T) {
	r, w, cache := newRecord(t), newWire(), newMemory()
	cache.down = errDown
	w.on(createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant"))
	if _, err := r.provider(t, w, numbered(), shares(cache)).Retrieve(t.Context()); err == nil {
		t.Fatal("no error")
	}
	inStep, inRenew := failed("CreateToken", "InvalidGrantException", spent+answered("InvalidGrantException", "400"))
	unavailable := ` tipcreds.cache.unavailable=true`
	checkTree(t, r, []string{
		strings.Replace(inRenew, ` tipcreds.step`, unavailable+` tipcreds.step`, 1),
		`  tipcreds CacheGet error.type="_OTHER" ERROR _OTHER`,
		webTokenSpan, webIdentitySpan, createTokenSpan + inStep,
	})
}

// TestParents: a renewal is below the span of the call that began it, and an Exchange
// has none of its own.
func TestParents(t *testing.T) {
	r, w := newRecord(t), newWire()
	p, tracer := r.provider(t, w, numbered()), r.traces.Tracer("test")
	ctx, span := tracer.Start(t.Context(), "GET /report")
	if _, err := p.Retrieve(ctx); err != nil {
		t.Fatal(err)
	}
	span.End()
	ctx, span = tracer.Start(t.Context(), "command")
	if _, err := p.Exchange(ctx, jwt(alice, 99)); err != nil {
		t.Fatal(err)
	}
	span.End()
	want := []string{`GET /report`, `  tipcreds Renew tipcreds.origin="exchange"`}
	for _, s := range []string{webTokenSpan, webIdentitySpan, createTokenSpan, assumeRoleSpan} {
		want = append(want, "  "+s)
	}
	checkTree(t, r, append(want, `command`, createTokenSpan, assumeRoleSpan))
}

// TestStrangeCodes: what has not the form of a code is not repeated.
func TestStrangeCodes(t *testing.T) {
	for _, code := range []string{"canary of a proxy", strings.Repeat("x", 65), "<canary>"} {
		r, w := newRecord(t), newWire()
		w.on(createTokenCall, respond(400, code, `{}`))
		if _, err := r.provider(t, w, numbered()).Retrieve(t.Context()); err == nil {
			t.Fatal("no error")
		}
		checkTree(t, r, failedRenewal("CreateToken", "400", spent+` http.response.status_code=400 aws.request_id="req-1"`,
			webTokenSpan, webIdentitySpan, createTokenSpan))
	}
}
