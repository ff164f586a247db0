package s3agcreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// ProviderName is the Source of the credentials.
const ProviderName = "S3AccessGrantsProvider"

// usableMargin is the life that credentials must have left to be handed out
// although they should be renewed.
const usableMargin = time.Minute

// DataAccessAPI is the part of an S3 Control client that vends credentials.
// [*s3control.Client] implements it. The client's region must be that of the
// Access Grants instance, which is the bucket's.
type DataAccessAPI interface {
	GetDataAccess(ctx context.Context, params *s3control.GetDataAccessInput, optFns ...func(*s3control.Options)) (*s3control.GetDataAccessOutput, error)
}

// Grantee is the identity that a matched grant was made to.
type Grantee struct {
	// Type is DIRECTORY_USER, DIRECTORY_GROUP or IAM.
	Type types.GranteeType
	// Identifier is an identity store id, or the ARN of a role or user.
	Identifier string
}

// Grant is an answer of GetDataAccess. Printing it with any verb of fmt, or
// logging it with slog, shows no secret; encoding it (JSON) does.
type Grant struct {
	// Credentials for S3, limited to MatchedGrantTarget and Permission.
	Credentials aws.Credentials
	// ExpiresAt is when Credentials expire, equal to Credentials.Expires.
	ExpiresAt time.Time
	// MatchedGrantTarget is what the credentials are for: the scope of the
	// matched grant, or the target itself with privilege Minimal.
	MatchedGrantTarget string
	// Grantee is zero if the service did not name it.
	Grantee Grantee
	// AccountID, Target and Permission are what was asked for.
	AccountID  string
	Target     string
	Permission types.Permission
}

// Covers reports whether the grant serves a request; see the function of that
// name. A grant without a MatchedGrantTarget covers what it was asked for.
func (g Grant) Covers(target string, permission types.Permission) bool {
	matched := g.MatchedGrantTarget
	if matched == "" {
		matched = g.Target
	}
	return Covers(matched, g.Permission, target, permission)
}

// String implements fmt.Stringer without secrets.
func (g Grant) String() string {
	return fmt.Sprintf("s3agcreds.Grant{%s %s, expires %s}",
		g.Permission, printable(g.MatchedGrantTarget), g.ExpiresAt.UTC().Format(time.RFC3339))
}

// GoString implements fmt.GoStringer without secrets.
func (g Grant) GoString() string { return g.String() }

// Format implements fmt.Formatter: every verb prints String.
func (g Grant) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, g.String()) }

// LogValue implements slog.LogValuer without secrets.
func (g Grant) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("matched_grant_target", printable(g.MatchedGrantTarget)),
		slog.String("permission", string(g.Permission)),
		slog.Time("expires_at", g.ExpiresAt),
	)
}

// Provider gives S3 credentials for one target and permission. Make it with
// [NewProvider].
type Provider struct {
	client  DataAccessAPI
	input   s3control.GetDataAccessInput
	options ProviderOptions
	cache   *aws.CredentialsCache
	// last are the credentials of the cache, with the expiry that AWS gave them.
	last atomic.Pointer[aws.Credentials]
}

var (
	_ aws.CredentialsProvider = (*Provider)(nil)
	_ fmt.Formatter           = (*Provider)(nil)

	_ aws.AdjustExpiresByCredentialsCacheStrategy   = source{}
	_ aws.HandleFailRefreshCredentialsCacheStrategy = source{}
)

// NewProvider returns a provider of credentials for permission on target, granted by
// the Access Grants instance of accountID, which need not be the caller's
// account. The target is sent as it is given. Nothing is called yet. A refused
// argument or option gives an [*OptionError].
func NewProvider(
	client DataAccessAPI, accountID, target string, permission types.Permission, optFns ...func(*ProviderOptions),
) (*Provider, error) {
	var o ProviderOptions
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	if err := validate(client, accountID, target, permission, &o); err != nil {
		return nil, err
	}
	p := &Provider{client: client, options: o, input: newInput(accountID, target, permission, &o)}
	p.cache = aws.NewCredentialsCache(source{p}, func(c *aws.CredentialsCacheOptions) {
		c.ExpiryWindow = max(0, o.ExpiryWindow)
	})
	return p, nil
}

func validate(client DataAccessAPI, accountID, target string, permission types.Permission, o *ProviderOptions) error {
	switch {
	case client == nil:
		return &OptionError{Option: "client", Err: ErrClientMissing}
	case !validAccountID(accountID):
		return &OptionError{Option: "accountID", Value: accountID, Err: ErrAccountID}
	case !validPermission(permission):
		return &OptionError{Option: "permission", Value: string(permission), Err: ErrPermission}
	}
	if err := ValidateTarget(target); err != nil {
		return &OptionError{Option: "target", Err: err}
	}
	return o.validate(target)
}

// Retrieve implements [aws.CredentialsProvider]. It returns the credentials at
// hand until the expiry window begins and then calls GetDataAccess; concurrent
// calls share one. If that fails, it hands out the ones at hand while they have
// more than a minute left. Errors are of type [*DataAccessError], or hold the
// context's.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.cache.Retrieve(ctx)
	if refused, ok := errors.AsType[*DataAccessError](err); ok {
		err = refused // without the cache's preface
	}
	return c, err
}

// IsCredentialsProvider lets the SDK compare providers through this one.
func (p *Provider) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	_, ok := target.(*Provider)
	return ok
}

// Grant calls GetDataAccess and returns the whole answer. It neither reads nor
// fills the cache of Retrieve. Errors are of type [*DataAccessError].
func (p *Provider) Grant(ctx context.Context) (*Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	return getDataAccess(ctx, p.client, p.input)
}

// newInput is what GetDataAccess is asked.
func newInput(accountID, target string, permission types.Permission, o *ProviderOptions) s3control.GetDataAccessInput {
	input := s3control.GetDataAccessInput{
		AccountId:  aws.String(accountID),
		Target:     aws.String(target),
		Permission: permission,
		Privilege:  o.Privilege,
		TargetType: o.TargetType,
	}
	if o.Duration != 0 {
		input.DurationSeconds = aws.Int32(int32(o.Duration / time.Second))
	}
	if o.AuditContext != "" {
		input.AuditContext = aws.String(o.AuditContext)
	}
	return input
}

// getDataAccess calls GetDataAccess once, the client's retries apart.
func getDataAccess(ctx context.Context, client DataAccessAPI, input s3control.GetDataAccessInput) (*Grant, error) {
	out, err := client.GetDataAccess(ctx, &input, identify)
	if err == nil && !complete(out) {
		err = ErrNoCredentials
	}
	if err != nil {
		return nil, newDataAccessError(opGetDataAccess, aws.ToString(input.Target), input.Permission, err)
	}
	return newGrant(&input, out), nil
}

func complete(out *s3control.GetDataAccessOutput) bool {
	if out == nil || out.Credentials == nil {
		return false
	}
	c := out.Credentials
	return aws.ToString(c.AccessKeyId) != "" && aws.ToString(c.SecretAccessKey) != "" &&
		aws.ToString(c.SessionToken) != "" && c.Expiration != nil
}

func newGrant(input *s3control.GetDataAccessInput, out *s3control.GetDataAccessOutput) *Grant {
	g := &Grant{
		Credentials: aws.Credentials{
			AccessKeyID:     *out.Credentials.AccessKeyId,
			SecretAccessKey: *out.Credentials.SecretAccessKey,
			SessionToken:    *out.Credentials.SessionToken,
			Source:          ProviderName,
			CanExpire:       true,
			Expires:         *out.Credentials.Expiration,
		},
		ExpiresAt:          *out.Credentials.Expiration,
		MatchedGrantTarget: aws.ToString(out.MatchedGrantTarget),
		AccountID:          aws.ToString(input.AccountId),
		Target:             aws.ToString(input.Target),
		Permission:         input.Permission,
	}
	if out.Grantee != nil {
		g.Grantee = Grantee{Type: out.Grantee.GranteeType, Identifier: aws.ToString(out.Grantee.GranteeIdentifier)}
	}
	return g
}

// String implements fmt.Stringer without secrets.
func (p *Provider) String() string {
	return fmt.Sprintf("s3agcreds.Provider{%s %s}", p.input.Permission, aws.ToString(p.input.Target))
}

// GoString implements fmt.GoStringer without secrets.
func (p *Provider) GoString() string { return p.String() }

// Format implements fmt.Formatter: every verb prints String.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// source is what the cache renews from.
type source struct{ provider *Provider }

func (s source) Retrieve(ctx context.Context) (aws.Credentials, error) {
	g, err := s.provider.Grant(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	s.provider.last.Store(&g.Credentials)
	return g.Credentials, nil
}

// HandleFailToRefresh implements aws.HandleFailRefreshCredentialsCacheStrategy: a
// failed renewal does not take away credentials that still hold.
func (s source) HandleFailToRefresh(_ context.Context, _ aws.Credentials, err error) (aws.Credentials, error) {
	last := s.provider.last.Load()
	if last == nil || time.Until(last.Expires) <= usableMargin {
		return aws.Credentials{}, err
	}
	usable := *last
	usable.Expires = usable.Expires.Add(-usableMargin) // no longer, and the next attempt well before
	return usable, nil
}

// AdjustExpiresBy implements aws.AdjustExpiresByCredentialsCacheStrategy: the
// window never takes more than a third of the life.
func (source) AdjustExpiresBy(c aws.Credentials, by time.Duration) (aws.Credentials, error) {
	window := min(-by, time.Until(c.Expires)/3)
	c.Expires = c.Expires.Add(-max(0, window))
	return c, nil
}
