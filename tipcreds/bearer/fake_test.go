package bearer_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	oidctypes "github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accessRole  = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	issuer      = "https://issuer.example.com"
	audience    = "0oaTipCliEXAMPLE"
)

// signingKey is the issuer's, made once for all tests.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// mint signs a token of the issuer for a user; a nil claim is left out.
func mint(tb testing.TB, sub string, more map[string]any) string {
	tb.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": issuer, "sub": sub, "aud": audience, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": rand.Text(),
	}
	for name, value := range more {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return sign(tb, signingKey(), "key-1", claims)
}

func sign(tb testing.TB, key *rsa.PrivateKey, keyID string, claims map[string]any) string {
	tb.Helper()
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		tb.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		tb.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// staticVerifier is go-oidc's with the issuer's key at hand.
func staticVerifier() bearer.Verifier {
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{signingKey().Public()}}
	return oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience})
}

// verifierFunc is a verifier of a test.
type verifierFunc func(ctx context.Context, rawToken string) (*oidc.IDToken, error)

func (f verifierFunc) Verify(ctx context.Context, rawToken string) (*oidc.IDToken, error) {
	return f(ctx, rawToken)
}

// clients are those of AWS without a network. Identity Center takes every JWT once.
type clients struct {
	life time.Duration

	exchanges, sessions atomic.Int32
	mu                  sync.Mutex
	spent               map[string]bool
}

func (c *clients) CreateTokenWithIAM(
	_ context.Context, in *ssooidc.CreateTokenWithIAMInput, _ ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	c.exchanges.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spent[*in.Assertion] {
		return nil, &oidctypes.InvalidGrantException{Error_description: aws.String("used")}
	}
	if c.spent == nil {
		c.spent = map[string]bool{}
	}
	c.spent[*in.Assertion] = true
	return &ssooidc.CreateTokenWithIAMOutput{
		AwsAdditionalDetails: &oidctypes.AwsAdditionalDetails{IdentityContext: aws.String("AQoJb3JpZ2luX2VjEXAMPLE")},
	}, nil
}

func (c *clients) AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return &sts.AssumeRoleOutput{
		Credentials: &ststypes.Credentials{
			AccessKeyId: aws.String(fmt.Sprintf("ASIA%016d", c.sessions.Add(1))), SecretAccessKey: aws.String("secret"),
			SessionToken: aws.String("session"), Expiration: aws.Time(time.Now().Add(c.life)),
		},
		AssumedRoleUser: &ststypes.AssumedRoleUser{Arn: aws.String("arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip")},
	}, nil
}

func fakePool(tb testing.TB, c *clients) *tipcreds.Pool {
	tb.Helper()
	if c.life == 0 {
		c.life = time.Hour
	}
	pool, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) { o.STSClient, o.SSOOIDCClient = c, c })
	if err != nil {
		tb.Fatal(err)
	}
	return pool
}

// protected is a handler behind the middleware.
func protected(tb testing.TB, pool *tipcreds.Pool, v bearer.Verifier, next http.HandlerFunc, optFns ...func(*bearer.Options)) http.Handler {
	tb.Helper()
	mw, err := bearer.New(pool, v, optFns...)
	if err != nil {
		tb.Fatal(err)
	}
	return mw(next)
}

// who answers with whose request it is, and gets their credentials.
func who(w http.ResponseWriter, r *http.Request) {
	user, ok := tipcreds.UserFrom(r.Context())
	if !ok {
		http.Error(w, "no user", http.StatusTeapot)
		return
	}
	c, err := user.Retrieve(r.Context())
	if err != nil {
		if !bearer.Error(w, r, err) {
			http.Error(w, "unknown error", http.StatusTeapot)
		}
		return
	}
	_, _ = fmt.Fprintf(w, "%s %s", user.Subject().ID, c.AccessKeyID)
}

// get asks h with the values of Authorization, each in a header of its own.
func get(h http.Handler, authorization ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/reports?page=2", nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	return serve(h, r)
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// answer is what a client sees.
type answer struct {
	Status    int
	Challenge string
	Body      string
}

func seen(tb testing.TB, res *http.Response) answer {
	tb.Helper()
	var b strings.Builder
	if err := res.Write(&b); err != nil {
		tb.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return answer{res.StatusCode, strings.Join(res.Header.Values("Www-Authenticate"), " | "), strings.TrimSpace(body)}
}
