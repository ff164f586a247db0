package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// deniedFor is how long a denial is remembered. Who has just been given a grant does not
// wait for longer.
const deniedFor = 15 * time.Second

// newPlugin signs calls of S3 with what S3 Access Grants has for the user of the call. It
// remembers that for all users, each apart from the others.
func newPlugin(cfg aws.Config, account string, log *slog.Logger) (*s3agcreds.Plugin, error) {
	return s3agcreds.New(cfg, func(o *s3agcreds.Options) {
		o.AccountID = account
		o.Duration = s3agcreds.MinDuration // for as long does a grant that is taken away work on
		o.DeniedFor = deniedFor
		o.Timeout = pageTime
		o.Logger = log
	})
}

// errNobody means that a handler without [app.signedIn] called AWS.
var errNobody = errors.New("the request has no user")

// userOf returns the user on a context. Every call of AWS is signed for them: those of S3
// by way of the plugin.
func userOf(ctx context.Context) (*tipcreds.User, error) {
	user, ok := tipcreds.UserFrom(ctx)
	if !ok {
		return nil, errNobody
	}
	return user, nil
}

// maxGrantPages bounds the list of grants that a page shows, at 1,000 each.
const maxGrantPages = 5

// callerGrants lists what S3 Access Grants has for the user.
func (a *app) callerGrants(ctx context.Context) ([]types.ListCallerAccessGrantsEntry, error) {
	user, err := userOf(ctx)
	if err != nil {
		return nil, err
	}
	var all []types.ListCallerAccessGrantsEntry
	pages := s3control.NewListCallerAccessGrantsPaginator(a.grants, &s3control.ListCallerAccessGrantsInput{
		AccountId: &a.account, AllowedByApplication: true, // of no use are those for other applications
	})
	for range maxGrantPages {
		if !pages.HasMorePages() {
			break
		}
		page, err := pages.NextPage(ctx, func(o *s3control.Options) { o.Credentials = user })
		if err != nil {
			return nil, err
		}
		all = append(all, page.CallerAccessGrantsList...)
	}
	return all, nil
}

// text is what a pointer of the SDK points to, for templates.
func text(s *string) string { return aws.ToString(s) }
