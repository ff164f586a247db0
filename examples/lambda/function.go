package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

const (
	// maxUsers is far above what one environment meets in its life of some hours.
	maxUsers = 1000
	// renewalTimeout bounds an exchange. It goes on when an invocation is given up,
	// and stands still while Lambda has the environment frozen.
	renewalTimeout = 10 * time.Second
)

// function is what an execution environment keeps from one invocation to the next.
// It is made once and calls nobody: the first connections are those of the first
// invocation.
type function struct {
	handler http.Handler
	control *s3control.Client
	links   *s3.PresignClient
	account string // of the Access Grants instance
}

// newFunction reads the configuration from environment variables: see README.md.
func newFunction(ctx context.Context, getenv func(string) string, log *slog.Logger) (*function, error) {
	// Region, retries, proxies and CAs. Credentials that are found there as well, those
	// of the function's role above all, sign nothing: the pool takes them away.
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	cache, err := newCache(getenv, log)
	if err != nil {
		return nil, err
	}
	pool, err := tipcreds.NewPool(getenv("ACCESS_ROLE_ARN"), getenv("APPLICATION_ARN"), func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN = getenv("APPLICATION_ROLE_ARN")
		o.IdentityCenterRegion = getenv("IDENTITY_CENTER_REGION")
		o.AWSConfig = cfg
		o.Cache = cache
		o.MaxUsers = maxUsers
		o.Timeout = renewalTimeout
		o.Logger = log
	})
	if err != nil {
		return nil, err
	}
	f := &function{account: getenv("ACCESS_GRANTS_ACCOUNT")}
	if role, err := arn.Parse(getenv("ACCESS_ROLE_ARN")); err == nil {
		f.account = cmp.Or(f.account, role.AccountID)
	}
	cfg = pool.Config(cfg)
	f.control, f.links = s3control.NewFromConfig(cfg), s3.NewPresignClient(s3.NewFromConfig(cfg))
	return f, f.authenticate(pool, getenv, log)
}

// authenticate puts the middleware before the handler.
func (f *function) authenticate(pool *tipcreds.Pool, getenv func(string) string, log *slog.Logger) error {
	v := &verifier{issuer: getenv("OIDC_ISSUER"), audience: getenv("OIDC_AUDIENCE")}
	if v.issuer == "" || v.audience == "" {
		return errors.New("OIDC_ISSUER and OIDC_AUDIENCE are required")
	}
	authenticated, err := bearer.New(pool, v, func(o *bearer.Options) {
		o.Realm = "links"
		o.Logger = log
	})
	if err != nil {
		return err
	}
	f.handler = authenticated(http.HandlerFunc(f.serveLink))
	return nil
}

// verifier discovers the issuer when the first token comes, and not while Lambda
// waits for the function to start. API Gateway's JWT authorizer has verified the
// token, where the route has one; but that is a setting of another resource, and a
// route without it would make anybody anybody. So the function does not rely on it:
// with the keys at hand this takes less than a millisecond.
type verifier struct {
	issuer, audience string

	discovered atomic.Pointer[bearer.Verifier]
}

// Verify implements [bearer.Verifier].
func (v *verifier) Verify(ctx context.Context, rawToken string) (*oidc.IDToken, error) {
	discovered := v.discovered.Load()
	if discovered == nil {
		made, err := bearer.NewVerifier(ctx, v.issuer, &oidc.Config{ClientID: v.audience})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", bearer.ErrKeysUnavailable, err)
		}
		discovered = &made
		v.discovered.Store(discovered)
	}
	return (*discovered).Verify(ctx, rawToken)
}

// newCache shares exchanges with other environments, if there is a Redis. It is not
// connected to yet.
func newCache(getenv func(string) string, log *slog.Logger) (tipcreds.Cache, error) {
	if getenv("REDIS_URL") == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	options, err := redis.ParseURL(getenv("REDIS_URL"))
	if err != nil {
		return nil, errors.New("REDIS_URL is not of the form rediss://USER:PASSWORD@HOST:PORT/0") // err may show the password
	}
	options.MaxRetries, options.DialerRetries = -1, 1 // the function goes on without Redis, and should not wait for it
	keys, err := rediscache.ParseKeys(getenv("SEALING_KEYS"))
	if err != nil {
		return nil, fmt.Errorf("SEALING_KEYS: %w", err)
	}
	return rediscache.New(redis.NewClient(options), keys, func(o *rediscache.Options) { o.Logger = log })
}
