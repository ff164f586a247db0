package session

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go/middleware"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// unknownKeys reports whether AWS does not know, or no longer takes, the
// credentials that have signed.
func unknownKeys(err error) bool {
	code := ""
	if refused, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok {
		code = refused.Code
	} else if call, ok := errors.AsType[*CallError](err); ok {
		code = call.code()
	}
	return slices.Contains([]string{
		"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken", "ExpiredToken", "ExpiredTokenException",
	}, code)
}

// replaced returns a role session in the place of one that AWS refuses although it
// should last.
func (s *Session) replaced(ctx context.Context, refused store.RoleCredentials) (store.RoleCredentials, error) {
	if err := s.drop(ctx, refused); err != nil {
		return refused, err
	}
	return s.RoleCredentials(ctx)
}

// drop removes a role session, unless another has taken its place meanwhile.
func (s *Session) drop(ctx context.Context, refused store.RoleCredentials) error {
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if held, err := s.store.LoadRole(); err != nil || held.AccessKeyID != refused.AccessKeyID {
		return nil // what cannot be read is not handed out either
	}
	return s.store.ClearRole()
}

// withoutToken takes the session token out of what AWS may have repeated of a request.
func withoutToken(err error, role store.RoleCredentials) error {
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	if !ok {
		return err
	}
	clean := *refused
	for _, form := range []string{role.SessionToken.Reveal(), url.QueryEscape(role.SessionToken.Reveal())} {
		clean.Message = strings.ReplaceAll(clean.Message, form, "REDACTED")
	}
	return &clean
}

// grantsClient is an S3 Control client of a region, or of the configured one, that
// signs as the person.
func (s *Session) grantsClient(region string, role store.RoleCredentials, apiOptions ...func(*middleware.Stack) error) *s3control.Client {
	return s3control.NewFromConfig(s.signedBy(role, cmp.Or(region, s.aws.Region)), func(o *s3control.Options) {
		o.APIOptions = append(o.APIOptions, apiOptions...)
		s3agcreds.LoopbackEndpoint(o)
	})
}

// clock is AWS's as an answer tells it.
type clock struct {
	// skew is how far it is ahead of the local one, in whole seconds; zero
	// if that was not told.
	skew time.Duration
}

// listen adds to a client what reads the Date of its answers.
func (c *clock) listen(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("tip-cli clock", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if skew, told := awsmiddleware.GetAttemptSkew(metadata); told {
			c.skew = skew.Truncate(time.Second)
		}
		return out, metadata, err
	}), middleware.After)
}
