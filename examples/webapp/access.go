package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// asUser is the shared S3 Control client, each of whose calls this user signs.
type asUser struct {
	client *s3control.Client
	user   *tipcreds.User
}

var _ s3agcreds.DataAccessAPI = asUser{}

func (c asUser) sign(o *s3control.Options) { o.Credentials = c.user }

// GetDataAccess implements s3agcreds.DataAccessAPI.
func (c asUser) GetDataAccess(
	ctx context.Context, in *s3control.GetDataAccessInput, optFns ...func(*s3control.Options),
) (*s3control.GetDataAccessOutput, error) {
	return c.client.GetDataAccess(ctx, in, append(optFns, c.sign)...)
}

// maxGrantPages bounds the list of grants that a page shows, at 1,000 each.
const maxGrantPages = 5

// errNobody means that a handler without [app.signedIn] called AWS.
var errNobody = errors.New("the request has no user")

// asUserOf returns the client of the user on a context.
func (a *app) asUserOf(ctx context.Context) (asUser, error) {
	user, ok := tipcreds.UserFrom(ctx)
	if !ok {
		return asUser{}, errNobody
	}
	return asUser{a.grants, user}, nil
}

// callerGrants lists what S3 Access Grants has for the user.
func (a *app) callerGrants(ctx context.Context) ([]types.ListCallerAccessGrantsEntry, error) {
	c, err := a.asUserOf(ctx)
	if err != nil {
		return nil, err
	}
	var all []types.ListCallerAccessGrantsEntry
	pages := s3control.NewListCallerAccessGrantsPaginator(c.client, &s3control.ListCallerAccessGrantsInput{
		AccountId: &a.account, AllowedByApplication: true, // of no use are those for other applications
	})
	for range maxGrantPages {
		if !pages.HasMorePages() {
			break
		}
		page, err := pages.NextPage(ctx, c.sign)
		if err != nil {
			return nil, err
		}
		all = append(all, page.CallerAccessGrantsList...)
	}
	return all, nil
}

// access returns a grant of the user for a place, and what signs calls of S3 with it.
// The credentials serve the whole grant, so that the next file in it costs no call.
func (a *app) access(ctx context.Context, s *session, p place, permission types.Permission) (*s3agcreds.Grant, func(*s3.Options), error) {
	grant := s.access.find(p.String(), permission)
	if grant == nil {
		c, err := a.asUserOf(ctx)
		if err != nil {
			return nil, nil, err
		}
		provider, err := s3agcreds.NewProvider(c, a.account, p.String(), permission, func(o *s3agcreds.ProviderOptions) {
			o.Duration = s3agcreds.MinDuration // for as long does a grant that is taken away work on
		})
		if err != nil {
			return nil, nil, err
		}
		if grant, err = provider.Grant(ctx); err != nil {
			return nil, nil, err
		}
		s.access.add(grant)
	}
	signer := credentials.StaticCredentialsProvider{Value: grant.Credentials}
	return grant, func(o *s3.Options) { o.Credentials = signer }, nil
}

// maxGrants are remembered of a session.
const maxGrants = 32

// renewal is how long before their expiry credentials are not used any more.
const renewal = 2 * time.Minute

// accessCache keeps the grants that a session has used lately, most recent last. It
// belongs to one session, so that nobody can come upon somebody else's. The zero value
// is ready, and safe for concurrent use.
type accessCache struct {
	mu     sync.Mutex
	grants []*s3agcreds.Grant
}

// find returns a grant that serves a request, nil if there is none.
func (c *accessCache) find(target string, permission types.Permission) *s3agcreds.Grant {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, g := range c.grants {
		if time.Until(g.ExpiresAt) > renewal && g.Covers(target, permission) {
			copy(c.grants[i:], c.grants[i+1:])
			c.grants[len(c.grants)-1] = g
			return g
		}
	}
	return nil
}

// add remembers a grant, in place of the one that was used longest ago and of older
// ones for the same.
func (c *accessCache) add(grant *s3agcreds.Grant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grants = slices.DeleteFunc(c.grants, func(g *s3agcreds.Grant) bool {
		return g.MatchedGrantTarget == grant.MatchedGrantTarget && g.Permission == grant.Permission
	})
	if len(c.grants) >= maxGrants {
		c.grants = slices.Delete(c.grants, 0, 1)
	}
	c.grants = append(c.grants, grant)
}

// text is what a pointer of the SDK points to, for templates.
func text(s *string) string { return aws.ToString(s) }
