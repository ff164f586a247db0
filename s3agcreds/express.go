package s3agcreds

import (
	"context"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

const (
	maxSessions   = 1000
	sessionMargin = time.Minute // as the SDK has it
)

// sessionKey is what a session of a directory bucket is remembered by.
type sessionKey struct{ accessKey, region, bucket string }

// sessions makes the sessions of directory buckets for one call as somebody. The SDK (seen
// in service/s3 v1.114.8) has CreateSession signed with the client's credentials although
// a call has others, so that a user of a server would act as the server.
type sessions struct {
	provider *provider
	options  *s3.Options // of the call
	// What of them was the client's. Presigning puts a client that sends nothing in.
	client s3.HTTPClient
	apply  []func(*middleware.Stack) error
}

var (
	_ s3.ExpressCredentialsProvider = (*sessions)(nil)
	_ s3.ExpressCredentialsProvider = noSessions{}
)

// noSessions is for those without credentials.
type noSessions struct{}

// Retrieve implements [s3.ExpressCredentialsProvider].
func (noSessions) Retrieve(ctx context.Context, _ string) (aws.Credentials, error) {
	return missing{}.Retrieve(ctx)
}

// replaceable reports whether sessions are made by the SDK, or by a plugin: not where there
// is no client yet, nor by what the program has for it.
func replaceable(p s3.ExpressCredentialsProvider) bool {
	switch p.(type) {
	case nil:
		return false
	case *sessions, noSessions:
		return true
	}
	t := reflect.TypeOf(p)
	return t.Kind() == reflect.Pointer && t.Elem().PkgPath() == reflect.TypeFor[s3.Options]().PkgPath()
}

// Retrieve implements [s3.ExpressCredentialsProvider].
func (s *sessions) Retrieve(ctx context.Context, bucket string) (aws.Credentials, error) {
	base, err := s.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	key := sessionKey{accessKey: base.AccessKeyID, region: s.options.Region, bucket: bucket}
	if session, ok := s.provider.plugin.sessions.get(key); ok {
		return session, nil
	}
	session, err := s.create(ctx, bucket)
	if err == nil {
		s.provider.plugin.sessions.put(key, session)
	}
	return session, err
}

func (s *sessions) create(ctx context.Context, bucket string) (aws.Credentials, error) {
	client := s3.New(*s.options, func(o *s3.Options) {
		o.Credentials, o.HTTPClient, o.APIOptions = s.provider.base, s.client, s.apply
	})
	out, err := client.CreateSession(ctx, &s3.CreateSessionInput{Bucket: &bucket})
	if err != nil {
		return aws.Credentials{}, err
	}
	c := out.Credentials
	if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
		return aws.Credentials{}, ErrNoCredentials
	}
	return aws.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken,
		CanExpire: true, Expires: *c.Expiration,
	}, nil
}

// sessionCache remembers sessions. The zero value is empty.
type sessionCache struct {
	mu    sync.Mutex
	byKey map[sessionKey]aws.Credentials
}

func (c *sessionCache) get(key sessionKey) (aws.Credentials, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	session, ok := c.byKey[key]
	return session, ok && time.Until(session.Expires) > sessionMargin
}

// put makes room by dropping what is spent, or else everything: a session is one call away.
func (c *sessionCache) put(key sessionKey, session aws.Credentials) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= maxSessions {
		maps.DeleteFunc(c.byKey, func(_ sessionKey, s aws.Credentials) bool { return time.Until(s.Expires) <= sessionMargin })
	}
	if c.byKey == nil || len(c.byKey) >= maxSessions {
		c.byKey = map[sessionKey]aws.Credentials{}
	}
	c.byKey[key] = session
}
