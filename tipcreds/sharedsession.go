package tipcreds

import (
	"encoding/hex"
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
	Key             string    `json:"key"` // its own, lest a cache that mixes values up hand it to another
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Obtained        time.Time `json:"obtained"` // by AWS's clock
	Expires         time.Time `json:"expires"`
	AccountID       string    `json:"accountId,omitempty"`
	AssumedRoleARN  string    `json:"assumedRoleArn,omitempty"`
	UserID          string    `json:"userId,omitempty"`

	RefreshToken string `json:"refreshToken,omitempty"`
	// WebToken bootstraps a refresh. It is spent at Identity Center.
	WebToken string `json:"webToken,omitempty"`
}

var (
	errIncomplete = errors.New("incomplete session")
	errForeign    = errors.New("the session of another key")
)

func (k *keeper) encodeSession(key string, m *obtained) ([]byte, error) {
	shared := sharedSession{
		Key: key, AccessKeyID: m.Credentials.AccessKeyID, SecretAccessKey: m.Credentials.SecretAccessKey,
		SessionToken: m.Credentials.SessionToken, Obtained: m.at.Add(m.ClockSkew).UTC(), Expires: m.ExpiresAt, AccountID: m.Credentials.AccountID,
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

func decodeSession(value []byte, key string) (*obtained, error) {
	var shared sharedSession
	if err := json.Unmarshal(value, &shared); err != nil {
		return nil, fmt.Errorf("read a session: %w", redactError(err, nil))
	}
	if shared.AccessKeyID == "" || shared.SecretAccessKey == "" || shared.SessionToken == "" || shared.Expires.IsZero() {
		return nil, errIncomplete
	}
	if shared.Key != key {
		return nil, errForeign
	}
	return &obtained{at: shared.Obtained, webToken: shared.WebToken, Session: &Session{
		Credentials: aws.Credentials{
			AccessKeyID: shared.AccessKeyID, SecretAccessKey: shared.SecretAccessKey, SessionToken: shared.SessionToken,
			Source: ProviderName, CanExpire: true, Expires: shared.Expires, AccountID: shared.AccountID,
		},
		ExpiresAt: shared.Expires, AssumedRoleARN: shared.AssumedRoleARN, UserID: shared.UserID,
		ApplicationRefreshToken: shared.RefreshToken,
	}}, nil
}

// cacheKey names the session of this user with these roles and options.
func (k *keeper) cacheKey() string {
	parts := []string{
		sessionFormat, k.accessRoleARN, k.applicationARN, k.options.ApplicationRoleARN, k.options.Duration.String(),
		k.subject.Issuer, k.subject.ID,
	}
	sum := digest(append(parts, k.extraContexts()...))
	return "session-" + hex.EncodeToString(sum[:])
}
