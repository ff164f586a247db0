package session

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// GrantRequest is a question to S3 Access Grants.
type GrantRequest struct {
	// Target is s3://bucket, s3://bucket/prefix* or s3://bucket/key.
	Target     string
	Permission types.Permission
	// AccountID owns the Access Grants instance; empty for the configured one, else the caller's.
	AccountID  string
	Privilege  types.Privilege
	TargetType types.S3PrefixType
	// Duration asked for; zero for the service's own hour. Stored credentials of a
	// shorter duration do not serve then.
	Duration time.Duration
	// MinTTL is the life that the credentials must have left, or zero. New ones may
	// fall short of it by what getting them took, 50 seconds at most.
	MinTTL time.Duration
	// Force asks the service even if stored credentials would serve.
	Force bool
}

// DataAccess returns S3 credentials for a target: stored ones that cover it
// while they hold, else new ones from GetDataAccess. The error is a [*TooShortError] if
// these do not last for r.MinTTL.
func (s *Session) DataAccess(ctx context.Context, r GrantRequest) (store.S3Entry, error) {
	if err := s3agcreds.ValidateTarget(r.Target); err != nil {
		return store.S3Entry{}, err
	}
	if e, ok := s.heldGrant(&r); ok {
		return e, nil
	}
	going, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	entry, err := s.dataAccess(going, r)
	if err != nil && ctx.Err() == nil {
		err = s.inTime(going, err)
	}
	return entry, err
}

// dataAccess asks S3 Access Grants, with another role session if AWS does not know
// the one at hand.
func (s *Session) dataAccess(ctx context.Context, r GrantRequest) (store.S3Entry, error) {
	role, err := s.RoleCredentials(ctx)
	if err != nil {
		return store.S3Entry{}, err
	}
	asked := r
	asked.AccountID = s.account(&r, role)
	entry, err := s.askGrant(ctx, &asked, role)
	if !unknownKeys(err) {
		return entry, err
	}
	if role, err = s.replaced(ctx, role); err != nil {
		return store.S3Entry{}, err
	}
	return s.askGrant(ctx, &asked, role)
}

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

// askGrant calls GetDataAccess and stores the answer.
func (s *Session) askGrant(ctx context.Context, r *GrantRequest, role store.RoleCredentials) (store.S3Entry, error) {
	var ahead clock
	provider, err := s3agcreds.NewProvider(s.grantsClient(role, ahead.listen), r.AccountID, r.Target, r.Permission, func(o *s3agcreds.ProviderOptions) {
		o.Privilege, o.TargetType, o.Duration = r.Privilege, r.TargetType, r.Duration
	})
	if err != nil {
		return store.S3Entry{}, err
	}
	s.trace("asking S3 Access Grants of account " + r.AccountID + " for " + r.Target)
	g, err := provider.Grant(ctx)
	if err != nil {
		return store.S3Entry{}, withoutToken(err, role)
	}
	privilege := r.Privilege
	if privilege == "" {
		privilege = types.PrivilegeDefault
	}
	entry := store.S3Entry{
		Target: g.MatchedGrantTarget, Permission: string(r.Permission), TargetType: targetType(r), Privilege: string(privilege),
		AccessKeyID: g.Credentials.AccessKeyID, SecretAccessKey: secret.New(g.Credentials.SecretAccessKey),
		SessionToken: secret.New(g.Credentials.SessionToken), Expiration: localExpiry(g.ExpiresAt, ahead.skew),
		AccountID: r.AccountID, Duration: r.Duration, Identity: s.identity(role), RequestedTarget: r.Target,
	}
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if err := s.store.UpsertS3(ctx, entry); err != nil {
		s.notice("the S3 credentials could not be stored: " + err.Error())
	}
	return entry, grantedLongEnough(&entry, r, max(0, ahead.skew))
}

// grantedLongEnough is [longEnough] for new S3 credentials, by a clock of AWS that is
// ahead of the local one.
func grantedLongEnough(e *store.S3Entry, r *GrantRequest, ahead time.Duration) error {
	if left := time.Until(e.Expiration) + ahead; left < r.MinTTL-gettingTakes {
		return &TooShortError{Asked: r.MinTTL, Left: left.Round(time.Second), Length: GrantLength(r.Duration), Setting: "--duration-seconds"}
	}
	return nil
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

// grantsClient is an S3 Control client that signs as the person.
func (s *Session) grantsClient(role store.RoleCredentials, listen func(*middleware.Stack) error) *s3control.Client {
	cfg := s.aws.Copy()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(role.AccessKeyID, role.SecretAccessKey.Reveal(), role.SessionToken.Reveal())
	return s3control.NewFromConfig(cfg, func(o *s3control.Options) {
		o.APIOptions = append(o.APIOptions, listen)
		if o.BaseEndpoint != nil && onLoopback(*o.BaseEndpoint) {
			o.EndpointResolverV2 = fixedEndpoint(*o.BaseEndpoint)
		}
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

// onLoopback reports whether an endpoint is on this machine, where the account
// that S3 Control clients put before the host name cannot be resolved.
func onLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// fixedEndpoint resolves to itself. The account travels in the header x-amz-account-id.
type fixedEndpoint string

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (e fixedEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(strings.TrimSuffix(string(e), "/"))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}

var _ s3control.EndpointResolverV2 = fixedEndpoint("")
var _ aws.CredentialsProvider = (*s3agcreds.Provider)(nil)
