package world

import (
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Issuer is an OIDC provider that the lab serves.
type Issuer struct {
	Name, URL string
	Face      string
	// HostedDomain is the host of a cognito issuer's other endpoints, see [Issuer.Domain].
	HostedDomain string
	Clients      []Client
	People       []Person
	// APIs that access tokens can be made for.
	APIs []API
	// IssParameter overrides whether the face has the parameter iss (RFC 9207);
	// nil for the face's way.
	IssParameter         *bool
	IDTokenLifetime      time.Duration
	RefreshTokenLifetime time.Duration
	RotationGrace        time.Duration
}

// Ways in which a confidential client sends its secret (RFC 6749, 2.3.1; OIDC Core, 9).
const (
	SecretBasic = "client_secret_basic"
	SecretPost  = "client_secret_post"
	// SecretAny admits both.
	SecretAny = "any"
)

// Client is a client of an issuer.
type Client struct {
	ID string
	// Secret of a confidential client; empty for a public one.
	Secret string
	// Authentication is [SecretBasic], [SecretPost] or [SecretAny]; empty for a public client.
	Authentication string
	RedirectURIs   []string
	RefreshToken   bool
	// Audience of the API that its access tokens are for by default; empty for none.
	Audience string
	// PasswordAuth and HideUnknownUsers are about InitiateAuth of Cognito.
	PasswordAuth, HideUnknownUsers bool
}

// API is a resource server for which an issuer makes JWT access tokens.
type API struct {
	Audience string
	Scopes   []string
	// Claims are the names of the person's claims in its access tokens.
	Claims []string
}

// Person can sign in at an issuer.
type Person struct {
	Login, Password, Subject string
	Claims                   map[string]any
}

// Bucket is what the lab knows of an S3 bucket beside its objects.
type Bucket struct {
	Name, Account, Region string
	Created               time.Time
	// Versioning is on; Suspended says that it was once.
	Versioning, Suspended bool
	// Policy is the bucket policy, nil when there is none; PolicyText is the JSON of it.
	Policy     *policy.Document
	PolicyText string
	Seed       []ObjectFile
}
