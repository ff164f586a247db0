package bearer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

const (
	applicationRole = "arn:aws:iam::444455556666:role/tip-oidc-role"
	oktaIssuer      = "https://dev-123456789.okta.com/oauth2/default"

	analystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineerID = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

// service is a server in front of the lab.
type service struct {
	*httptest.Server
	lab  *lab.Lab
	pool *tipcreds.Pool
	aws  *sts.Client // shared by all users
	s3   *s3.Client
}

// newService starts a server whose handler is behind the middleware.
func newService(t *testing.T, handler func(*service) http.HandlerFunc, optFns ...func(*bearer.Options)) *service {
	t.Helper()
	l := labtest.Start(t)
	cfg := labtest.Config(l, nil)
	client := l.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	cfg.HTTPClient = client
	pool, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN, o.AWSConfig = applicationRole, cfg
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{lab: l, pool: pool, aws: sts.NewFromConfig(pool.Config(cfg)), s3: s3.NewFromConfig(pool.Config(cfg))}
	ctx := oidc.ClientContext(t.Context(), client)
	verifier, err := bearer.NewVerifier(ctx, oktaIssuer, &oidc.Config{ClientID: labtest.ClientID})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(protected(t, pool, verifier, handler(s), optFns...))
	t.Cleanup(s.Close)
	return s
}

// whoami answers with whom AWS takes the user of the request for.
func whoami(s *service) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, _ := tipcreds.UserFrom(r.Context())
		out, err := s.aws.GetCallerIdentity(r.Context(), nil, func(o *sts.Options) { o.Credentials = user })
		if err != nil {
			if !bearer.Error(w, r, err) {
				http.Error(w, "unknown error", http.StatusTeapot)
			}
			return
		}
		_, _ = io.WriteString(w, aws.ToString(out.Arn))
	}
}

// signIn is a new ID token of somebody.
func (s *service) signIn(t *testing.T, login string, edits ...func(*lab.IDToken)) string {
	t.Helper()
	who, err := labtest.SignIn(s.lab, "okta", login, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return who.Token
}

func (s *service) get(t *testing.T, token string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := s.Client().Do(r)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{res.StatusCode, strings.Join(res.Header.Values("Www-Authenticate"), " | "), strings.TrimSpace(string(body))}
}

func roleOf(userID string) string {
	return "arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-" + userID
}

// TestUsersNeverMixed: 200 concurrent requests of two users over one client, each
// answered by AWS for its own user, for one exchange a user.
func TestUsersNeverMixed(t *testing.T) {
	s := newService(t, whoami)
	want := map[string]string{"analyst": roleOf(analystID), "engineer": roleOf(engineerID)}
	tokens := map[string]string{"analyst": s.signIn(t, "analyst"), "engineer": s.signIn(t, "engineer")}
	var wg sync.WaitGroup
	for i := range 200 {
		login := []string{"analyst", "engineer"}[i%2]
		wg.Go(func() {
			if diff := cmp.Diff(answer{200, "", want[login]}, s.get(t, tokens[login])); diff != "" {
				t.Errorf("%s (-want +got):\n%s", login, diff)
			}
		})
	}
	wg.Wait()
	if got := s.lab.Counts(); got.Exchanges != (lab.Tally{Granted: 2}) || got.Replays != 0 {
		t.Errorf("exchanges %+v, %d replays", got.Exchanges, got.Replays)
	}
}

// TestBadTokens: what the verifier must refuse, from a real issuer.
func TestBadTokens(t *testing.T) {
	s := newService(t, whoami)
	now := time.Now()
	good := s.signIn(t, "analyst")
	parts := strings.Split(good, ".")
	engineer := strings.Split(s.signIn(t, "engineer"), ".")
	tests := []struct {
		name      string
		token     string
		challenge string
	}{
		{"expired", s.signIn(t, "analyst", func(o *lab.IDToken) { o.IssuedAt, o.Expires = now.Add(-2*time.Hour), now.Add(-time.Hour) }), expired},
		{"audience", s.signIn(t, "analyst", func(o *lab.IDToken) { o.Audience = []string{"another"} }), invalid},
		{"issuer", s.signIn(t, "analyst", func(o *lab.IDToken) { o.Claims = map[string]any{"iss": "https://dev-987654321.okta.com"} }), invalid},
		{"no algorithm", s.signIn(t, "analyst", func(o *lab.IDToken) { o.Algorithm = "none" }), invalid},
		{"public key as a secret", s.signIn(t, "analyst", func(o *lab.IDToken) { o.Algorithm = "HS256" }), invalid},
		{"key of nobody", s.signIn(t, "analyst", func(o *lab.IDToken) { o.ForeignKey = true }), invalid},
		{"claims of another", strings.Join([]string{parts[0], engineer[1], parts[2]}, "."), invalid},
		{"signature of another", strings.Join([]string{parts[0], parts[1], engineer[2]}, "."), invalid},
		{"no signature", strings.Join([]string{parts[0], parts[1], ""}, "."), invalid},
		{"no subject", s.signIn(t, "analyst", func(o *lab.IDToken) { o.Claims = map[string]any{"sub": ""} }), invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.get(t, tt.token); got.Status != 401 || got.Challenge != tt.challenge {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := s.get(t, good); got.Status != 200 || got.Body != roleOf(analystID) {
		t.Errorf("the good one: %+v", got)
	}
	if got := s.lab.Counts().WebIdentities; got != (lab.Tally{Granted: 1}) {
		t.Errorf("%+v calls", got)
	}
}

// TestRotatedKeys: tokens of the issuer's new key are good, those of the old one still.
func TestRotatedKeys(t *testing.T) {
	s := newService(t, whoami)
	old := s.signIn(t, "engineer")
	if err := s.lab.RotateKeys("okta"); err != nil {
		t.Fatal(err)
	}
	for login, token := range map[string]string{"analyst": s.signIn(t, "analyst"), "engineer": old} {
		if got := s.get(t, token); got.Status != 200 {
			t.Errorf("%s: %+v", login, got)
		}
	}
}

// TestSpentAtIdentityCenter: a token that was exchanged by another server is no good
// here, which only AWS knows.
func TestSpentAtIdentityCenter(t *testing.T) {
	s := newService(t, whoami)
	token := s.signIn(t, "analyst")
	if got := s.get(t, token); got.Status != 200 {
		t.Fatalf("%+v", got)
	}
	subject := tipcreds.Subject{Issuer: oktaIssuer, ID: "00uAnalystEXAMPLE"}
	if err := s.pool.Forget(t.Context(), subject); err != nil { // as if it were another server
		t.Fatal(err)
	}
	if got := s.get(t, token); got.Status != 401 || got.Challenge != used {
		t.Errorf("%+v", got)
	}
	if got := s.get(t, s.signIn(t, "analyst")); got.Status != 200 {
		t.Errorf("with a fresh token: %+v", got)
	}
}

// TestOtherUsersJWT: a TokenSource that mixes its users up is found out before AWS
// hears of it.
func TestOtherUsersJWT(t *testing.T) {
	var s *service
	s = newService(t, whoami, func(o *bearer.Options) {
		o.TokenSource = func(*http.Request, *oidc.IDToken, string) tipcreds.WebTokenProvider {
			return func(context.Context) (string, error) { return s.signIn(t, "engineer"), nil }
		}
	})
	if got := s.get(t, s.signIn(t, "analyst")); got.Status != 500 || strings.Contains(got.Body, "engineer") {
		t.Errorf("%+v", got)
	}
	if got := s.lab.Counts(); got.WebIdentities != (lab.Tally{}) || got.TokenCalls != (lab.Tally{}) {
		t.Errorf("AWS was asked: %+v", got)
	}
}

// TestWrongUserAtTheClient: a handler that hands over another user's credentials, or
// drops the request's context, is stopped before anything is sent.
func TestWrongUserAtTheClient(t *testing.T) {
	var kept aws.CredentialsProvider
	var dropContext bool
	s := newService(t, func(s *service) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			user, _ := tipcreds.UserFrom(r.Context())
			ctx := r.Context()
			switch {
			case kept == nil:
				c, err := user.Retrieve(ctx)
				if err != nil {
					t.Error(err)
				}
				kept = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
			case dropContext:
				ctx = context.WithoutCancel(context.Background())
			}
			_, err := s.aws.GetCallerIdentity(ctx, nil, func(o *sts.Options) { o.Credentials = kept })
			if err != nil && !bearer.Error(w, r, err) {
				t.Errorf("not known: %v", err)
			}
		}
	})
	calls := func() int { return len(s.lab.Events()) }
	if got := s.get(t, s.signIn(t, "analyst")); got.Status != 200 {
		t.Fatalf("%+v", got)
	}
	before := calls()
	if got := s.get(t, s.signIn(t, "engineer")); got.Status != 500 {
		t.Errorf("another user's credentials: %+v", got)
	}
	dropContext = true
	if got := s.get(t, s.signIn(t, "analyst")); got.Status != 500 {
		t.Errorf("no user in the context: %+v", got)
	}
	if got := calls(); got != before {
		t.Errorf("%d calls were sent", got-before)
	}
}

// TestServiceErrors: what S3 refuses is 403, what it does not find is the handler's.
func TestServiceErrors(t *testing.T) {
	s := newService(t, func(s *service) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			user, _ := tipcreds.UserFrom(r.Context())
			_, err := s.s3.GetObject(r.Context(), &s3.GetObjectInput{Bucket: aws.String("tip-demo-data"), Key: aws.String("private/payroll.csv")},
				func(o *s3.Options) { o.Credentials = user })
			if err == nil || !bearer.Error(w, r, err) {
				t.Errorf("got %v", err)
			}
		}
	})
	want := answer{403, "", `{"error":"access_denied","error_description":"access is denied"}`}
	if diff := cmp.Diff(want, s.get(t, s.signIn(t, "analyst"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnknownToIdentityCenter: a user whom Identity Center does not know is refused there.
func TestUnknownToIdentityCenter(t *testing.T) {
	s := newService(t, whoami)
	token := s.signIn(t, "analyst", func(o *lab.IDToken) { o.Claims = map[string]any{"email": "nobody@example.com"} })
	if got := s.get(t, token); got.Status != 401 || got.Challenge != used {
		t.Errorf("%+v", got)
	}
}

// TestCallWithoutUser: a client of the pool that is handed no credentials is a mistake
// of the server.
func TestCallWithoutUser(t *testing.T) {
	s := newService(t, func(s *service) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, err := s.aws.GetCallerIdentity(r.Context(), nil)
			if !bearer.Error(w, r, err) {
				_, _ = fmt.Fprint(w, err)
			}
		}
	})
	if got := s.get(t, s.signIn(t, "analyst")); got.Status != 500 {
		t.Errorf("%+v", got)
	}
}
