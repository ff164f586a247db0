package tipcreds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// mirror answers every STS call with the key that signed it.
func mirror(t testing.TB) (cfg aws.Config, sent func() int) {
	t.Helper()
	var mu sync.Mutex
	var n int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		mu.Unlock()
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>%s</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`, key)
	}))
	t.Cleanup(s.Close)
	return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(s.URL), HTTPClient: s.Client(), Retryer: quickRetryer},
		func() int { mu.Lock(); defer mu.Unlock(); return n }
}

func signedBy(ctx context.Context, client *sts.Client, optFns ...func(*sts.Options)) (string, error) {
	out, err := client.GetCallerIdentity(ctx, nil, optFns...)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.UserId), nil
}

func as(u aws.CredentialsProvider) func(*sts.Options) {
	return func(o *sts.Options) { o.Credentials = u }
}

// crowdPool is a pool in which every session has a key of its own.
func crowdPool(t testing.TB) *tipcreds.Pool {
	t.Helper()
	c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: 100}
	return pool(t, c, c)
}

func userOf(p *tipcreds.Pool, i int) *tipcreds.User { return p.For(subjectOf(i), token(userToken(i))) }

func keyOf(t testing.TB, u *tipcreds.User) string {
	t.Helper()
	c, err := u.Retrieve(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c.AccessKeyID
}

func wrongUser(t *testing.T, err error) *tipcreds.WrongUserError {
	t.Helper()
	wrong, ok := errors.AsType[*tipcreds.WrongUserError](err)
	if !ok {
		t.Fatalf("not a WrongUserError: %v", err)
	}
	return wrong
}

// TestPerCall is the way to do it: one client for all, the user's credentials with
// each call. Every request is signed with the key of its own user.
func TestPerCall(t *testing.T) {
	p := crowdPool(t)
	cfg, _ := mirror(t)
	client := sts.NewFromConfig(p.Config(cfg))
	const users = 20
	want := make([]string, users)
	for i := range want {
		want[i] = keyOf(t, userOf(p, i))
	}
	var wg sync.WaitGroup
	for n := range 10 * users {
		wg.Go(func() {
			i := n % users
			u := userOf(p, i)
			got, err := signedBy(tipcreds.WithUser(context.Background(), u), client, as(u))
			if err != nil || got != want[i] {
				t.Errorf("user %d: signed by %s, want %s: %v", i, got, want[i], err)
			}
		})
	}
	wg.Wait()
}

// fromContext is the provider that must not be: it looks for the user in the context.
func fromContext() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		u, ok := tipcreds.UserFrom(ctx)
		if !ok {
			return aws.Credentials{}, errors.New("no user")
		}
		return u.Retrieve(ctx)
	})
}

// loaded is what the SDK makes of such a provider: it puts a cache around it.
func loaded(t *testing.T, cfg aws.Config) aws.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(),
		config.WithCredentialsProvider(fromContext()), config.WithRegion(cfg.Region), config.WithHTTPClient(cfg.HTTPClient),
		config.WithBaseEndpoint(*cfg.BaseEndpoint), config.WithRetryer(cfg.Retryer),
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestCachedContextProvider shows what config.WithCredentialsProvider does with such a
// provider: without the guard, the second user's request leaves with the first one's
// key. With it, the request does not leave.
func TestCachedContextProvider(t *testing.T) {
	t.Setenv("AWS_PROFILE", "")
	t.Setenv("AWS_CA_BUNDLE", "")
	p := crowdPool(t)
	cfg, sent := mirror(t)
	first, second := userOf(p, 1), userOf(p, 2)

	unguarded := loaded(t, cfg)
	client := sts.NewFromConfig(unguarded)
	for _, u := range []*tipcreds.User{first, second} {
		if got, err := signedBy(tipcreds.WithUser(t.Context(), u), client); err != nil || got != keyOf(t, first) {
			t.Errorf("the SDK's cache has changed; signed by %s: %v", got, err)
		}
	}

	guarded := p.Config(unguarded)
	guarded.Credentials = unguarded.Credentials
	client = sts.NewFromConfig(guarded)
	before := sent()
	if got, err := signedBy(tipcreds.WithUser(t.Context(), first), client); err != nil || got != keyOf(t, first) {
		t.Errorf("signed by %s: %v", got, err)
	}
	_, err := signedBy(tipcreds.WithUser(t.Context(), second), client)
	if wrong := wrongUser(t, err); wrong.Context != subjectOf(2) || wrong.Signer != subjectOf(1) {
		t.Error(err)
	}
	if got := sent() - before; got != 1 {
		t.Errorf("%d requests left", got)
	}
}

func TestGuard(t *testing.T) {
	p := crowdPool(t)
	cfg, sent := mirror(t)
	client := sts.NewFromConfig(p.Config(cfg))
	first, second, other := userOf(p, 1), userOf(p, 2), userOf(crowdPool(t), 1)
	firstKey, secondKey := keyOf(t, first), keyOf(t, second)
	static := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "x", "")
	copied := func(u *tipcreds.User) aws.CredentialsProvider {
		c, err := u.Retrieve(context.Background())
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, err })
	}
	tests := []struct {
		name   string
		user   *tipcreds.User // in the context
		signer aws.CredentialsProvider
		key    string // empty: refused
	}{
		{"own", first, first, firstKey},
		{"own, another handle", userOf(p, 1), first, firstKey},
		{"own, copied", second, copied(second), secondKey},
		{"another's", first, second, ""},
		{"another's, copied", first, copied(second), ""},
		{"no user in the context", nil, first, ""},
		{"nobody's", first, static, "AKIAIOSFODNN7EXAMPLE"},
		{"nobody's, no user", nil, static, "AKIAIOSFODNN7EXAMPLE"},
		{"same user of another pool", first, other, "ASIA0000000000000001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, before := t.Context(), sent()
			if tt.user != nil {
				ctx = tipcreds.WithUser(ctx, tt.user)
			}
			got, err := signedBy(ctx, client, as(tt.signer))
			if tt.key == "" {
				wrongUser(t, err)
				if sent() != before {
					t.Error("the request left")
				}
				return
			}
			if err != nil || got != tt.key {
				t.Errorf("signed by %s: %v", got, err)
			}
		})
	}
	if _, err := signedBy(t.Context(), client); !errors.Is(err, tipcreds.ErrNoUser) {
		t.Errorf("without credentials: %v", err)
	}
}

// TestGuardPresigned: a URL that is signed with another user's key is not given out.
func TestGuardPresigned(t *testing.T) {
	p := crowdPool(t)
	cfg, _ := mirror(t)
	client := sts.NewPresignClient(sts.NewFromConfig(p.Config(cfg)))
	first, second := userOf(p, 1), userOf(p, 2)
	keyOf(t, first)
	c, err := second.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	presign := func(signer aws.CredentialsProvider) (string, error) {
		out, err := client.PresignGetCallerIdentity(tipcreds.WithUser(t.Context(), first), nil, func(o *sts.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, as(signer))
		})
		if err != nil {
			return "", err
		}
		return out.URL, nil
	}
	if address, err := presign(first); err != nil || !strings.Contains(address, "X-Amz-Credential="+keyOf(t, first)) {
		t.Errorf("%s: %v", address, err)
	}
	address, err := presign(credentials.StaticCredentialsProvider{Value: c})
	if wrongUser(t, err); address != "" {
		t.Error(address)
	}
}

// TestGuardRemembers: a key is its user's for as long as AWS takes it: also of one who
// signed out, for whom there was no room, or who has got another one since.
func TestGuardRemembers(t *testing.T) {
	forget := func(p *tipcreds.Pool) error { return p.Forget(context.Background(), subjectOf(1)) }
	tests := map[string]func(p *tipcreds.Pool) error{
		"nothing":    func(*tipcreds.Pool) error { return nil },
		"signed out": forget,
		"no room":    func(p *tipcreds.Pool) error { p.For(subjectOf(3), token("")); return nil },
		"another key": func(p *tipcreds.Pool) error {
			_ = forget(p)
			_, err := userOf(p, 1).Retrieve(context.Background())
			return err
		},
	}
	for name, then := range tests {
		t.Run(name, func(t *testing.T) {
			c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: 100}
			p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 2 })
			cfg, sent := mirror(t)
			client := sts.NewFromConfig(p.Config(cfg))
			held, err := userOf(p, 1).Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			second := userOf(p, 2)
			if err := then(p); err != nil {
				t.Fatal(err)
			}
			signer := as(credentials.StaticCredentialsProvider{Value: held})
			_, err = signedBy(tipcreds.WithUser(t.Context(), second), client, signer)
			if wrong := wrongUser(t, err); wrong.Signer != subjectOf(1) || sent() != 0 {
				t.Errorf("%d sent: %v", sent(), err)
			}
		})
	}
}

func TestWrongUserAtRetrieve(t *testing.T) {
	p := crowdPool(t)
	_, err := userOf(p, 1).Retrieve(tipcreds.WithUser(t.Context(), userOf(p, 2)))
	if wrong := wrongUser(t, err); wrong.Context != subjectOf(2) || wrong.Signer != subjectOf(1) || p.Stats().Users != 2 {
		t.Error(err)
	}
	var nobody *tipcreds.User
	if _, err := nobody.Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrNoUser) {
		t.Error(err)
	}
	if _, ok := tipcreds.UserFrom(tipcreds.WithUser(t.Context(), nil)); ok {
		t.Error("nobody is a user")
	}
}

// TestConfig: all clients of a program with one user, without a cache in between.
func TestConfig(t *testing.T) {
	cfg, _ := mirror(t)
	p := retriever(t, &clients{life: time.Hour}, (&counter{}).token)
	mine := tipcreds.Config(cfg, p)
	if got, err := signedBy(t.Context(), sts.NewFromConfig(mine)); err != nil || got != enhancedKey {
		t.Errorf("signed by %s: %v", got, err)
	}
	if mine.Credentials != aws.CredentialsProvider(p) || cfg.Credentials != nil {
		t.Error("not a copy with the provider")
	}
}
