package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

// service is one replica. Its clients are made once, for all users.
type service struct {
	handler http.Handler
	redis   *redis.Client // nil without one
	sts     *sts.Client
	control *s3control.Client
	s3      *s3.Client
	account string
}

// newService asks the issuer for its discovery document, and connects to nobody else:
// a replica starts, and its load balancer finds it healthy, while Redis is away.
func newService(ctx context.Context, set *settings, log *slog.Logger) (*service, error) {
	// Region, retries, proxies and CAs. Credentials that are found there as well, those
	// of the task's role above all, sign nothing: the pool takes them away.
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	s := &service{account: set.account}
	cache, err := s.connect(set, log)
	if err != nil {
		return nil, err
	}
	pool, err := tipcreds.NewPool(set.accessRole, set.application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN = set.applicationRole
		o.IdentityCenterRegion = set.identityCenterRegion
		o.AWSConfig = cfg
		o.Cache = cache
		o.Logger = log
	})
	if err != nil {
		return nil, err
	}
	cfg = pool.Config(cfg)
	s.sts, s.control, s.s3 = sts.NewFromConfig(cfg), s3control.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	return s, s.route(ctx, set, pool, log)
}

// connect returns the cache that replicas share, nil if there is none.
func (s *service) connect(set *settings, log *slog.Logger) (tipcreds.Cache, error) {
	if set.redisURL == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	options, err := redis.ParseURL(set.redisURL)
	if err != nil {
		return nil, errors.New("REDIS_URL is not of the form rediss://USER:PASSWORD@HOST:PORT/0") // err shows the password
	}
	options.MaxRetries, options.DialerRetries = -1, 1 // a replica goes on without Redis, and should not wait for it
	s.redis = redis.NewClient(options)
	return rediscache.New(s.redis, set.keys, func(o *rediscache.Options) {
		o.LockTTL = set.lockTTL
		o.Logger = log
	})
}

// route puts the middleware before everything that calls AWS.
func (s *service) route(ctx context.Context, set *settings, pool *tipcreds.Pool, log *slog.Logger) error {
	verifier, err := bearer.NewVerifier(ctx, set.issuer, &oidc.Config{ClientID: set.audience})
	if err != nil {
		return err
	}
	authenticated, err := bearer.New(pool, verifier, func(o *bearer.Options) {
		o.Realm = "replicas"
		o.Logger = log
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /whoami", authenticated(http.HandlerFunc(s.whoami)))
	mux.Handle("GET /objects", authenticated(http.HandlerFunc(s.objects)))
	s.handler = mux
	return nil
}

func (s *service) close() {
	if s.redis != nil {
		_ = s.redis.Close() // nothing is lost
	}
}

// whoami hands the user's credentials over with the call, to a client of all users.
func (s *service) whoami(w http.ResponseWriter, r *http.Request) {
	user, _ := tipcreds.UserFrom(r.Context())
	out, err := s.sts.GetCallerIdentity(r.Context(), nil, func(o *sts.Options) { o.Credentials = user })
	if err != nil {
		refuse(w, r, err)
		return
	}
	answer(w, map[string]string{"account": aws.ToString(out.Account), "arn": aws.ToString(out.Arn)})
}

// refuse answers an error: one that says something about the token, the user or the
// way to AWS in the words of the middleware.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if bearer.Error(w, r, err) {
		return
	}
	bearer.Error(w, r, &bearer.RefusalError{
		Status: http.StatusBadGateway, Code: bearer.CodeServerError, Description: "AWS did not do it", Err: err,
	})
}

var errPrefix = errors.New("the query has no prefix of the form s3://bucket/dir/")

// objects lists a prefix with the credentials that S3 Access Grants gives the user
// for it. Identity-enhanced credentials themselves may not call S3.
func (s *service) objects(w http.ResponseWriter, r *http.Request) {
	prefix := r.URL.Query().Get("prefix")
	bucket, dir, found := strings.Cut(strings.TrimPrefix(prefix, "s3://"), "/")
	if !found || bucket == "" || s3agcreds.ValidateTarget(prefix) != nil {
		refuse(w, r, &bearer.RefusalError{
			Status: http.StatusBadRequest, Code: "invalid_parameter", Description: "ask for ?prefix=s3://BUCKET/DIR/", Err: errPrefix,
		})
		return
	}
	user, _ := tipcreds.UserFrom(r.Context())
	client := s3control.New(s.control.Options(), func(o *s3control.Options) { o.Credentials = user })
	granted, err := s3agcreds.NewProvider(client, s.account, prefix+"*", types.PermissionRead)
	if err != nil {
		refuse(w, r, err)
		return
	}
	out, err := s.s3.ListObjectsV2(r.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(dir)},
		func(o *s3.Options) { o.Credentials = granted })
	if err != nil {
		refuse(w, r, err)
		return
	}
	keys := make([]string, 0, len(out.Contents))
	for _, object := range out.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	answer(w, map[string]any{"bucket": bucket, "keys": keys, "truncated": aws.ToBool(out.IsTruncated)})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client is gone if this fails
}
