package tipcreds

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// Defaults of [Options].
const (
	// DefaultApplicationDuration is how long application role credentials
	// are asked for: the shortest time that STS gives.
	DefaultApplicationDuration = 15 * time.Minute
	// DefaultApplicationSessionName is the role session name of the
	// application role.
	DefaultApplicationSessionName = "tipcreds-application"
	// DefaultExpiryWindow is how long before their expiry credentials are
	// renewed.
	DefaultExpiryWindow = 5 * time.Minute
	// DefaultCacheTimeout bounds one question to the cache.
	DefaultCacheTimeout = 2 * time.Second
	// DefaultTimeout bounds one renewal, the WebTokenProvider included; see
	// [Options.Timeout].
	DefaultTimeout = 2 * time.Minute
)

// WebTokenProvider returns a JWT of the user that IAM Identity Center has not
// seen yet: an ID token, or an access token that is a JWT with the claims iss,
// sub, aud and exp. It is called once for each exchange by [Provider.Retrieve],
// which gives [ErrWebTokenSpent] if the JWT is the one that it spent before. It
// must return when ctx ends; see [Options.Timeout].
type WebTokenProvider func(ctx context.Context) (string, error)

// AssumeRoleAPI is the part of an STS client that assumes the access role.
// [*sts.Client] implements it.
type AssumeRoleAPI interface {
	AssumeRole(ctx context.Context, params *sts.AssumeRoleInput, optFns ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// AssumeRoleWithWebIdentityAPI is the part of an STS client that assumes the
// application role. [*sts.Client] implements it and does not sign the call.
type AssumeRoleWithWebIdentityAPI interface {
	AssumeRoleWithWebIdentity(ctx context.Context, params *sts.AssumeRoleWithWebIdentityInput, optFns ...func(*sts.Options)) (*sts.AssumeRoleWithWebIdentityOutput, error)
}

// CreateTokenAPI is the part of an SSO OIDC client that exchanges the JWT.
// [*ssooidc.Client] implements it.
type CreateTokenAPI interface {
	CreateTokenWithIAM(ctx context.Context, params *ssooidc.CreateTokenWithIAMInput, optFns ...func(*ssooidc.Options)) (*ssooidc.CreateTokenWithIAMOutput, error)
}

// ClientOptions are applied to the clients that [New] builds, in order and
// last. They do not touch clients that the caller gives.
type ClientOptions struct {
	STS     []func(*sts.Options)
	SSOOIDC []func(*ssooidc.Options)
}

// Options configures a [Provider]. Without an ApplicationRoleARN both
// STSClient and SSOOIDCClient are required; with one, either may be left out
// and is built, signing with the application role's credentials.
type Options struct {
	// ApplicationRoleARN is the role that the JWT assumes to sign the rest.
	// It must differ from the access role. With both clients given it is
	// checked and not used.
	ApplicationRoleARN string

	// STSClient assumes the access role with credentials of its own.
	STSClient AssumeRoleAPI
	// SSOOIDCClient calls CreateTokenWithIAM with credentials of its own. It
	// belongs to Identity Center's region.
	SSOOIDCClient CreateTokenAPI
	// WebIdentityClient assumes the application role. Default: built from
	// AWSConfig, anonymous.
	WebIdentityClient AssumeRoleWithWebIdentityAPI

	// AWSConfig is what clients are built from: HTTP client, endpoints,
	// retry mode, FIPS and dual-stack, logging. Its credentials are ignored.
	// The zero value takes nothing from shared configuration files; pass
	// what config.LoadDefaultConfig returned to honour the standard settings.
	AWSConfig aws.Config
	// Region is the application's region, where STS is called. Default:
	// AWSConfig.Region.
	Region string
	// IdentityCenterRegion is the region of the Identity Center instance,
	// where CreateTokenWithIAM is called. Default: Region.
	IdentityCenterRegion string
	// ClientOptions adjusts the clients that are built.
	ClientOptions ClientOptions

	// ApplicationSessionName is the role session name of the application
	// role, 2 to 64 characters of [\w+=,.@-].
	ApplicationSessionName string
	// SessionName gives the role session name of the access role for an
	// Identity Center user id, which is empty if the answer named no user.
	// Characters that STS refuses become "-", and what goes beyond 64
	// characters is cut. Default: "tip-" and the user id.
	SessionName func(userID string) string

	// ApplicationDuration is asked for the application role: 15 minutes to
	// 12 hours, whole seconds.
	ApplicationDuration time.Duration
	// Duration is asked for the access role: from 15 minutes to 1 hour, the
	// limit of role chaining; up to 12 hours with an STSClient, whose
	// credentials need not be a role's. Zero is not sent; STS then gives one
	// hour.
	Duration time.Duration

	// ExtraContexts are handed to STS beside the user's identity context, four at
	// most, as AssumeRole's ProvidedContexts.
	ExtraContexts []ststypes.ProvidedContext
	// UserAgent is added to the User-Agent header of every call, such as
	// "report-builder/1.4".
	UserAgent string

	// Subject is whose JWTs the WebTokenProvider returns; any other is refused
	// ([ErrSubjectMismatch]). Zero: not checked. Of the options of a [Pool] it is
	// not read.
	Subject Subject
	// Cache shares exchanges with other processes that have the same roles,
	// application and options; nil: none. It requires a Subject, and the program
	// must have it from a verified token: who presents the subject of another user
	// gets their credentials. A cache that cannot be asked costs CacheTimeout and
	// a line in the log, no more; see [ExchangeError.CacheErr].
	Cache Cache
	// CacheTimeout bounds each question to the Cache. For a lock that another
	// process holds, half of Timeout is waited. Default: 2 seconds.
	CacheTimeout time.Duration

	// Observe, if set, is called when an operation begins, with the context on
	// which it will run; what it returns is used within, and called with the
	// outcome at its end. Operations nest: those of a renewal run on the context of
	// OpRenew. Credentials at hand cost no operation. The package tipotel has one
	// for OpenTelemetry.
	Observe func(ctx context.Context, op Operation) (context.Context, func(Outcome))
	// Logger gets a line for every renewal (debug) and for every one that failed
	// (warning), whether or not somebody gets the error; and a warning at the
	// beginning of an outage of the Cache. Lines name users by issuer and subject, and
	// hold no secrets. Nil: silence.
	Logger *slog.Logger

	// BeforeCreateToken is called before the JWT is sent to IAM Identity
	// Center, the moment to record durably that it is used. An error stops
	// the exchange with the JWT unspent.
	BeforeCreateToken func(ctx context.Context, webToken string) error

	// AfterCreateToken is called with Identity Center's refresh token as soon
	// as an answer of CreateTokenWithIAM brought one, new or the same, before
	// the access role is assumed: the moment to store it durably, since
	// nothing else hands it out if that fails. It is not called for an answer
	// without one, so never with "". ctx has the values of the caller's
	// context and is not cancelled with it.
	AfterCreateToken func(ctx context.Context, applicationRefreshToken string)

	// ExpiryWindow is how long before expiry [Provider.Retrieve] renews. It
	// is cut to a third of the credentials' life, lest short sessions be
	// renewed at every call, and then grows by a random part of up to a tenth,
	// drawn for each set of credentials, lest a fleet renew at once. If a
	// renewal fails, credentials with more than a minute left are handed out
	// still. Negative: none.
	ExpiryWindow time.Duration
	// Timeout bounds one renewal by Retrieve, the WebTokenProvider included,
	// and an Exchange or ExchangeRefreshToken whose context has no deadline.
	// Raise it if the provider waits for a person. It works by the context:
	// a WebTokenProvider, a hook or a client that does not look at its own
	// holds the renewal, and every Retrieve without a deadline that waits for
	// it, for as long as it likes. A Retrieve whose context ends returns then,
	// and the renewal goes on.
	Timeout time.Duration
}

func (o *Options) setDefaults() {
	if o.Region == "" {
		o.Region = o.AWSConfig.Region
	}
	if o.IdentityCenterRegion == "" {
		o.IdentityCenterRegion = o.Region
	}
	if o.ApplicationSessionName == "" {
		o.ApplicationSessionName = DefaultApplicationSessionName
	}
	if o.SessionName == nil {
		o.SessionName = defaultSessionName
	}
	if o.ApplicationDuration == 0 {
		o.ApplicationDuration = DefaultApplicationDuration
	}
	if o.ExpiryWindow == 0 {
		o.ExpiryWindow = DefaultExpiryWindow
	}
	if o.CacheTimeout <= 0 {
		o.CacheTimeout = DefaultCacheTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
}

// bootstraps reports whether the application role is assumed at all.
func (o *Options) bootstraps() bool {
	return o.ApplicationRoleARN != "" && (o.STSClient == nil || o.SSOOIDCClient == nil)
}
