// Package chain holds what a diagnosis knows of the way from a person's machine to
// the data: what was asked, what is configured, and what the sections before have
// found out.
//
// A Chain is made by internal/cli, and handed from section to section in the order
// of finding.Sections: each reads what it needs and fills in its own part. It is not
// safe for concurrent use. What a section could not find out stays nil or zero, and
// those behind it say so instead of guessing.
package chain

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// Service is an AWS service that can take an identity.
type Service string

// The services that tip-cli speaks of.
const (
	S3            Service = "s3"
	AthenaService Service = "athena"
	LakeFormation Service = "lakeformation"
	Redshift      Service = "redshift"
	QBusiness     Service = "qbusiness"
)

// Asked is what the person at the command line wants to know.
type Asked struct {
	// JWT is that of -j; zero for the stored one.
	JWT secret.Value
	// ApplicationARN is that of -a, else the configured one; it may be empty.
	ApplicationARN string
	// Services are those that must work, S3 at least if nothing was said.
	Services []Service
	// Target is an s3://bucket/prefix or ""; Permission is READ, WRITE or READWRITE.
	Target, Permission string
	// Workgroup is Athena's, or "".
	Workgroup string
	// Live allows the exchange, which spends one JWT.
	Live bool
	// Context is the value of --context, or "": commands that are printed repeat it.
	Context string
	// CenterProfile and AppProfile are the values of --profile and --app-profile.
	CenterProfile, AppProfile string
}

// Wants reports whether a service must work.
func (a *Asked) Wants(s Service) bool {
	return slices.Contains(a.Services, s)
}

// Foreign reports whether a JWT is diagnosed for another application than the configured
// one: then the configured identity provider and client are no measure for it.
func (a *Asked) Foreign(configured *config.Config) bool {
	return !a.JWT.IsZero() && a.ApplicationARN != configured.TokenExchangeApplicationARN
}

// Access is what administrative reads in one account are signed with.
type Access struct {
	// Config is nil if there is nothing to sign with; Reason says why.
	Config *aws.Config
	Reason string
	// Profile is the AWS profile, "" for the ambient credentials.
	Profile string
	// Account and ARN are those of the caller (STS GetCallerIdentity), empty if STS did not tell.
	Account, ARN string
}

// Chain is the whole of it.
type Chain struct {
	Asked Asked

	// Getenv reads the environment; HTTP makes every request that is not signed by
	// Access. HTTPErr is why there is no HTTP: a CA bundle or proxy setting.
	Getenv func(string) string
	// Notice tells the person something before it happens; nil for nobody.
	Notice  func(string)
	HTTP    *awshttp.BuildableClient
	HTTPErr error

	// Home is the state directory, ContextName the context in use, Store its state; StoreErr
	// is why they are not known.
	Home, ContextName string
	Store             *store.Store
	StoreErr          error

	// Config is the configuration, as far as it could be read. ConfigErr is why it
	// cannot be used for an exchange: it is store.ErrNotFound if there is none.
	Config    config.Config
	Warnings  []config.Problem
	ConfigErr error
	// Login is for the identity provider; LoginErr is why there is none.
	Login    config.Login
	LoginErr error
	// Regions of the application and of Identity Center; RegionsErr is why they are not known.
	Regions    config.Regions
	RegionsErr error

	// Center signs reads of sso-admin and identitystore, Application those of IAM,
	// Access Grants and Athena.
	Center, Application Access

	// Failed and Warned are the ids of what the sections before have found to be wrong, and
	// Unknown those of the checks that they could not make.
	Failed, Warned, Unknown []string

	// The parts that sections fill in.
	Issuer       *Issuer       // idp
	Token        *Token        // token
	Roles        *Roles        // iam
	Registration *Registration // center
	Person       *Person       // center
	Session      *Session      // live
}

// NextIssuer is the iss of tokens to come, "" if nobody knows: the provider's own word
// counts, even where it is configured otherwise.
func (c *Chain) NextIssuer() string {
	if c.Issuer != nil && c.Issuer.URL != "" {
		return c.Issuer.URL
	}
	return c.Login.Issuer
}

// GrantsAccount is the account of the S3 Access Grants instance: the configured one, else
// that of the role, of the credentials to read with or of the session; "" if nobody knows.
func (c *Chain) GrantsAccount() string {
	account := cmp.Or(c.Config.S3AGAccountID, config.AccountOf(c.Config.IDEnhancedRoleARN), c.Application.Account)
	if account == "" && c.Session != nil {
		account = c.Session.Account
	}
	return account
}

// Issuer is what the identity provider says of itself.
type Issuer struct {
	// URL is the issuer, exactly as the provider has it.
	URL string
	// Keys are its signing keys; nil if they could not be had.
	Keys KeySet
}

// ErrNoKey says that a set has no key with the id that a JWS names.
var ErrNoKey = errors.New("the issuer publishes no key with this id")

// KeySet finds the key that a JWS was made with and verifies it.
type KeySet interface {
	// Verify returns an error if no key of the set made the signature of a compact JWS;
	// it is ErrNoKey if the key is not there.
	Verify(token secret.Value) error
}

// Token is the JWT under diagnosis. Only its signature says whether it is to be believed.
type Token struct {
	// From says where it is from: "-j", or the path of idp_token.json.
	From string
	Raw  secret.Value
	// Header and Claims are as they stand in it, numbers as json.Number.
	Header, Claims map[string]any
	// The claims that matter, as far as they have the right type.
	Issuer, Subject, AuthorizedParty, ID string
	Audience                             []string
	Expiry, IssuedAt                     time.Time
	// Spent says that it was sent to CreateTokenWithIAM.
	Spent bool
	// Verified says that a key of the issuer made its signature.
	Verified bool
}

// Roles are the two roles of the exchange. Each is nil if it is not known.
type Roles struct {
	Application, Enhanced *Role
}

// Role is an IAM role as IAM describes it.
type Role struct {
	ARN, Name, Account, ID string
	// Trust is nil if it could not be parsed; TrustText is what IAM has.
	Trust     *policy.Document
	TrustText string
	// Policies are inline and attached ones; PoliciesRead says that they are all of them.
	Policies     []*policy.Document
	PoliciesRead bool
	// PolicyNames has for each of Policies the name of an inline one, the ARN of an attached one.
	PolicyNames []string
	// Boundary is nil if there is none, or if the one of BoundaryARN was not read.
	Boundary    *policy.Document
	BoundaryARN string
	// Unread says in one line what stood in the way of reading policies or boundary; Missing
	// are the permissions that were missing.
	Unread  string
	Missing []string
	// Tags are the role's.
	Tags map[string]string
}

// Registration is the application at Identity Center, and what belongs to it.
type Registration struct {
	ApplicationARN, Name, Account string
	InstanceARN, IdentityStoreID  string
	// IssuerARN is the trusted token issuer that fits the token, or ""; ClaimPath and
	// AttributePath are its mapping.
	IssuerARN, ClaimPath, AttributePath string
	// Scopes are those of the application with their targets; nil if they were not read.
	Scopes map[string][]string
}

// Person is the user of the directory whom the token stands for.
type Person struct {
	UserID, UserName string
	// Groups are the ids of the user's groups; GroupsRead says that they are all of them.
	Groups     []string
	GroupsRead bool
	// GroupsUnread says in one line what stood in the way of reading them; GroupsMissing are
	// the permissions that were missing.
	GroupsUnread  string
	GroupsMissing []string
}

// Session is the identity-enhanced session of the live exchange, or one that is still
// good on disk.
type Session struct {
	// Config signs with it, in the application's region.
	Config aws.Config
	// Account is that of the role, UserID the person in the identity store.
	Account, UserID string
}
