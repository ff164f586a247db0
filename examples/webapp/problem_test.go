package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// answered is an error of an SDK's client.
func answered(status int, code string) error {
	var err error
	if code != "" {
		err = &smithy.GenericAPIError{Code: code}
	}
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want problem
	}{
		"session over":       {&tipcreds.ExchangeError{Step: tipcreds.StepWebToken, Err: fmt.Errorf("refresh: %w", errSessionOver)}, problemSessionOver},
		"no place":           {errPlace, problemBadPlace},
		"no target":          {fmt.Errorf("x: %w", s3agcreds.ErrTarget), problemBadPlace},
		"no file":            {http.ErrMissingFile, problemBadUpload},
		"too large":          {&http.MaxBytesError{}, problemTooLarge},
		"exchange throttled": {&tipcreds.ExchangeError{Code: "ThrottlingException", HTTPStatus: 400}, problemBusy},
		"exchange in doubt":  {&tipcreds.ExchangeError{Code: "X", InDoubt: true}, problemAway},
		"exchange failed":    {&tipcreds.ExchangeError{Code: "InternalServerException", HTTPStatus: 500}, problemAway},
		"unreachable":        {&tipcreds.ExchangeError{Err: errors.New("refused")}, problemAway},
		"not trusted":        {&tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "AccessDenied", HTTPStatus: 403}, problemNotAdmitted},
		"not assigned":       {&tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException", HTTPStatus: 400}, problemNotAdmitted},
		"not known":          {&tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidGrantException", HTTPStatus: 400}, problemNotAdmitted},
		"wrongly set up":     {&tipcreds.ExchangeError{Code: "ValidationException", HTTPStatus: 400}, problemUnknown},
		"no grant":           {&s3agcreds.DataAccessError{Kind: s3agcreds.KindNoGrant, Err: answered(403, "AccessDenied")}, problemDenied},
		"no policy":          {&s3agcreds.DataAccessError{Kind: s3agcreds.KindNotAuthorized, Err: answered(403, "AccessDenied")}, problemNotAllowed},
		"grants throttled":   {&s3agcreds.DataAccessError{Kind: s3agcreds.KindUnavailable, Err: answered(503, "SlowDown")}, problemBusy},
		"grants silent":      {&s3agcreds.DataAccessError{Kind: s3agcreds.KindUnavailable, Err: &smithyhttp.RequestSendError{Err: io.EOF}}, problemAway},
		"no instance":        {&s3agcreds.DataAccessError{Kind: s3agcreds.KindNoInstance, Err: answered(404, "AccessGrantsInstanceNotExistsError")}, problemUnknown},
		"s3 throttled":       {answered(503, "SlowDown"), problemBusy},
		"s3 throttled, 429":  {answered(429, ""), problemBusy},
		"s3 denied":          {answered(403, "AccessDenied"), problemHidden},
		"s3 not found":       {answered(404, "NoSuchKey"), problemNotFound},
		"s3 exists":          {answered(412, "PreconditionFailed"), problemExists},
		"s3 down":            {answered(500, "InternalError"), problemAway},
		"too slow":           {fmt.Errorf("list: %w", context.DeadlineExceeded), problemAway},
		"mixed up":           {&tipcreds.WrongUserError{}, problemUnknown},
		"anything":           {errors.New("x"), problemUnknown},
	} {
		if got := explain(tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got.Title, tt.want.Title)
		}
	}
	late := explain(&tipcreds.ExchangeError{Code: "SlowDown", HTTPStatus: 429, RetryAfter: 2 * time.Minute})
	if late.Wait != 2*time.Minute || late.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", late)
	}
}

// trouble answers in place of AWS where it is asked to.
type trouble struct {
	to     http.RoundTripper
	answer atomic.Pointer[func(*http.Request) *http.Response]
}

func (f *trouble) RoundTrip(r *http.Request) (*http.Response, error) {
	if answer := f.answer.Load(); answer != nil {
		if resp := (*answer)(r); resp != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			resp.Request, resp.ProtoMajor, resp.ProtoMinor = r, 1, 1
			return resp, nil
		}
	}
	return f.to.RoundTrip(r)
}

func textResponse(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// What AWS is short of is told in a way that people understand, and in full in the log.
func TestTroubleOfAWS(t *testing.T) {
	t.Parallel()
	f := &trouble{}
	s := newSite(t, func(to http.RoundTripper) http.RoundTripper { f.to = to; return f })
	analyst := s.signedIn(t, "analyst")
	on := func(host string, resp func() *http.Response) {
		answer := func(r *http.Request) *http.Response {
			if strings.Contains(r.URL.Host, host) {
				return resp()
			}
			return nil
		}
		f.answer.Store(&answer)
	}

	on("tip-demo-data.s3", func() *http.Response {
		return textResponse(503, "<Error><Code>SlowDown</Code><Message>secret of the operator</Message></Error>", "Content-Type", "application/xml")
	})
	page := analyst.browse(t, analystReports)
	page.want(t, http.StatusServiceUnavailable, "Too much at once", "Reference")
	page.wantNot(t, "secret of the operator", "SlowDown")
	if got := page.header.Get("Retry-After"); got != "10" {
		t.Errorf("Retry-After: %q", got)
	}

	on("tip-demo-data.s3", func() *http.Response { // breaks off in the middle, and has not said how long it is
		resp := textResponse(200, "", "Content-Type", "text/csv")
		resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("quarter"), iotest.ErrReader(io.ErrUnexpectedEOF))), -1
		return resp
	})
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+link("/download", analystReports+"summary.txt"), nil)
	resp, err := analyst.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("half a file looks like a whole one")
	}

	if err := s.app.pool.Forget(t.Context(), analyst.sessionOf(t).subject); err != nil {
		t.Fatal(err)
	}
	on("oidc.", func() *http.Response {
		return textResponse(429, `{"error":"slow_down"}`, "X-Amzn-ErrorType", "TooManyRequestsException", "Retry-After", "40")
	})
	page = analyst.get(t, "/")
	page.want(t, http.StatusServiceUnavailable, "Too much at once")
	if got := page.header.Get("Retry-After"); got != "40" {
		t.Errorf("Retry-After: %q", got)
	}
	f.answer.Store(nil)
	analyst.get(t, "/").want(t, http.StatusOK, analystReports) // with a fresh ID token
	analyst.browse(t, analystReports).want(t, http.StatusOK, "summary.txt")
}

// Whoever is not known in Identity Center is signed in, and not admitted.
func TestNotAdmitted(t *testing.T) {
	t.Parallel()
	f := &trouble{}
	s := newSite(t, func(to http.RoundTripper) http.RoundTripper { f.to = to; return f })
	answer := func(r *http.Request) *http.Response {
		if strings.Contains(r.URL.Host, "oidc.") {
			return textResponse(400, `{"error":"access_denied"}`, "X-Amzn-ErrorType", "AccessDeniedException", "X-Amzn-RequestId", "1")
		}
		return nil
	}
	f.answer.Store(&answer)
	s.person().signIn(t, "analyst", "/sign-in").want(t, http.StatusForbidden, "AWS does not admit you", "Reference")
}

// Every answer is protected, and no page has anything in it that would run.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	for _, path := range []string{"/", "/signed-out", "/nowhere", "/style.css", "/callback", link("/browse", analystReports), link("/browse", "x")} {
		page := analyst.get(t, path)
		for name, want := range map[string]string{
			"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := page.header.Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		if cache := page.header.Get("Cache-Control"); cache != "no-store" && path != "/style.css" {
			t.Errorf("%s: Cache-Control: %q", path, cache)
		}
		page.wantNot(t, "<script", "style=", "onclick", "javascript:")
	}
	analyst.get(t, "/nowhere").want(t, http.StatusNotFound, "There is nothing here")
	if got := analyst.get(t, "/").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over http: %q", got)
	}
}

// Names of files are shown as text.
func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	name := `<img src=x onerror=alert(1)>"'.txt`
	page := analyst.upload(t, analystHome, "<b>'.txt", "x")
	page.want(t, http.StatusOK, "<b>'.txt is uploaded")
	if strings.Contains(page.body, "<b>") {
		t.Errorf("a name has become markup: %s", page.body)
	}
	if page := analyst.browse(t, analystHome+name); strings.Contains(page.body, "<img") {
		t.Errorf("a path has become markup: %s", page.body)
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, host := range []string{"evil.example.com", "127.0.0.1", ""} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.app.handler().ServeHTTP(w, r)
		if w.Code != http.StatusMisdirectedRequest || !strings.Contains(w.Body.String(), s.url) {
			t.Errorf("%q: %d %s", host, w.Code, w.Body)
		}
	}
	s.app.base.Scheme = "https"
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = s.app.base.Host
	w := httptest.NewRecorder()
	s.app.handler().ServeHTTP(w, r)
	if got := w.Header().Get("Strict-Transport-Security"); w.Code != http.StatusOK || got == "" {
		t.Errorf("over https: %d, %q", w.Code, got)
	}
}

// No secret is in the log, whatever went wrong.
func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	session := analyst.sessionOf(t)
	secrets := []string{session.refreshToken, analyst.cookies()[0].Value}
	s.person().get(t, backTo(s, analyst.begin(t, "/sign-in"), "code", "the-code"))
	if err := s.EndSignIns("okta"); err != nil {
		t.Fatal(err)
	}
	_ = s.app.pool.Forget(t.Context(), session.subject)
	analyst.get(t, "/").want(t, http.StatusUnauthorized)
	s.close()
	log := bytes.Clone(s.log.Bytes())
	if !bytes.Contains(log, []byte("signed in")) {
		t.Errorf("the log: %s", log)
	}
	for _, secret := range append(secrets, "eyJ", "the-code") {
		if secret != "" && bytes.Contains(log, []byte(secret)) {
			t.Errorf("the log has %q: %s", secret, log)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for name, args := range map[string][]string{
		"an address with a path": {"-url", "http://localhost:8090/files"}, "no address": {"-url", "localhost"},
		"a role that is none": {"-access-role", "admin"}, "an unknown flag": {"-colour", "blue"},
		"a role twice": {"-access-role", "arn:aws:iam::444455556666:role/tip-oidc-role"},
	} {
		s, err := parse(args)
		if err == nil {
			_, err = newApp(t.Context(), s, site.aws, site.HTTPClient(), site.app.log)
		}
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
