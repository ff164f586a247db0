package tipcreds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sessionFormat names the form of a session in the cache. It is part of the key, so
// that replicas of different versions do not meet in a value that one of them cannot
// read.
const sessionFormat = "1"

// sharedSession is a session in the cache.
type sharedSession struct {
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Obtained        time.Time `json:"obtained"`
	Expires         time.Time `json:"expires"`
	AccountID       string    `json:"accountId,omitempty"`
	AssumedRoleARN  string    `json:"assumedRoleArn,omitempty"`
	UserID          string    `json:"userId,omitempty"`

	RefreshToken string `json:"refreshToken,omitempty"`
	// WebToken bootstraps a refresh. It is spent at Identity Center.
	WebToken string `json:"webToken,omitempty"`
}

var errIncomplete = errors.New("incomplete session")

func (k *keeper) encodeSession(m *made) ([]byte, error) {
	shared := sharedSession{
		AccessKeyID: m.Credentials.AccessKeyID, SecretAccessKey: m.Credentials.SecretAccessKey,
		SessionToken: m.Credentials.SessionToken, Obtained: m.at.UTC(), Expires: m.ExpiresAt, AccountID: m.Credentials.AccountID,
		AssumedRoleARN: m.AssumedRoleARN, UserID: m.UserID,
	}
	if m.ApplicationRefreshToken != "" {
		shared.RefreshToken = m.ApplicationRefreshToken
		if k.webIdentity != nil {
			shared.WebToken = m.webToken
		}
	}
	return json.Marshal(shared) //nolint:gosec // the cache is for secrets, see Cache
}

func decodeSession(value []byte) (*made, error) {
	var shared sharedSession
	if err := json.Unmarshal(value, &shared); err != nil {
		return nil, fmt.Errorf("read a session: %w", redactError(err, nil))
	}
	if shared.AccessKeyID == "" || shared.SecretAccessKey == "" || shared.SessionToken == "" || shared.Expires.IsZero() {
		return nil, errIncomplete
	}
	return &made{at: shared.Obtained, webToken: shared.WebToken, Session: &Session{
		Credentials: aws.Credentials{
			AccessKeyID: shared.AccessKeyID, SecretAccessKey: shared.SecretAccessKey, SessionToken: shared.SessionToken,
			Source: ProviderName, CanExpire: true, Expires: shared.Expires, AccountID: shared.AccountID,
		},
		ExpiresAt: shared.Expires, AssumedRoleARN: shared.AssumedRoleARN, UserID: shared.UserID,
		ApplicationRefreshToken: shared.RefreshToken,
	}}, nil
}

func (k *keeper) cacheGet(ctx context.Context, key string) (value []byte, err error) {
	err = k.ask(ctx, OpCacheGet, k.options.CacheTimeout, func(ctx context.Context) (err error) {
		value, err = k.options.Cache.Get(ctx, key)
		return err
	})
	return value, err
}

func (k *keeper) cacheAdd(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = k.ask(ctx, OpCacheAdd, k.options.CacheTimeout, func(ctx context.Context) (err error) {
		added, err = k.options.Cache.Add(ctx, key, value, ttl)
		return err
	})
	return added, err
}

func (k *keeper) cacheDelete(ctx context.Context, key string) error {
	return k.ask(ctx, OpCacheDelete, k.options.CacheTimeout, func(ctx context.Context) error {
		return k.options.Cache.Delete(ctx, key)
	})
}

// cacheSet leaves a session for the others, unless it is as good as over.
func (k *keeper) cacheSet(ctx context.Context, key string, m *made) {
	left := time.Until(localExpiry(m.Credentials, m.ClockSkew)) - usableMargin
	value, err := k.encodeSession(m)
	if err != nil || left < time.Second {
		return
	}
	_ = k.ask(ctx, OpCacheSet, k.options.CacheTimeout, func(ctx context.Context) error { // logged; the session is good all the same
		return k.options.Cache.Set(ctx, key, value, left)
	})
}

// cacheLock waits until no other process renews this user's session, for half of
// Timeout at most: the other half is for the renewal. unlock is never nil.
func (k *keeper) cacheLock(ctx context.Context, key string) (unlock func(), err error) {
	unlock = func() {}
	err = k.ask(ctx, OpCacheLock, k.options.Timeout/2, func(ctx context.Context) error {
		release, err := k.options.Cache.Lock(ctx, key)
		if err == nil {
			unlock = release
		}
		return err
	})
	return unlock, err
}
