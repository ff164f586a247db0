package world

import "time"

// File is the YAML document that describes a whole world. Unknown keys are
// refused. In every string, {{endpoint}} stands for the host:port on which the
// lab listens, so that a loopback issuer can be named before its port is known.
type File struct {
	// Version of this schema: 1.
	Version int `yaml:"version"`
	// Partition of every ARN: aws (default), aws-cn or aws-us-gov.
	Partition string `yaml:"partition"`
	// Exported says that the file was written by an export: it may refer to what
	// has been deleted meanwhile, as things on AWS do.
	Exported bool `yaml:"exported"`
	// Region in which things lie that name none. Required.
	Region string `yaml:"region"`
	// Switches choose between readings of AWS that are not proven; see lab/assumptions.
	Switches Switches `yaml:"switches"`
	// Organization says which account manages the others; left out, the account of
	// the first Identity Center instance does.
	Organization OrganizationFile `yaml:"organization"`
	// Accounts of this world. At least one.
	Accounts []AccountFile `yaml:"accounts"`
	// IdentityCenter instances, usually one.
	IdentityCenter []InstanceFile `yaml:"identityCenter"`
	// Issuers are the OIDC providers that the lab itself runs.
	Issuers []IssuerFile `yaml:"issuers"`
	// Buckets of S3, with the objects they start with.
	Buckets []BucketFile `yaml:"buckets"`
	// AccessGrants are the S3 Access Grants instances, one per account and region at most.
	AccessGrants []AccessGrantsFile `yaml:"accessGrants"`
	// WorkGroups of Athena, beside the one called primary that every account has.
	WorkGroups []WorkGroupFile `yaml:"workGroups"`
	// Stacks of CloudFormation, with what they have done.
	Stacks []Stack `yaml:"stacks"`
}

// SecretFile is a secret of Secrets Manager.
type SecretFile struct {
	Name   string `yaml:"name"`
	Region string `yaml:"region"`
	// Suffix is what stands behind the name in the ARN: six letters or digits;
	// made up from the name when it is left out.
	Suffix      string `yaml:"suffix"`
	Description string `yaml:"description"`
	// Value of the version AWSCURRENT: a text, or a mapping or list, which becomes
	// JSON. Left out, the secret has no version yet.
	Value any `yaml:"value"`
	// KMSKeyID of a customer managed key; empty for aws/secretsmanager.
	KMSKeyID string            `yaml:"kmsKeyId"`
	Tags     map[string]string `yaml:"tags"`
	// Policy is the resource policy.
	Policy any `yaml:"policy"`
	// Created and Changed are the start of the lab when they are left out.
	Created *time.Time `yaml:"created"`
	Changed *time.Time `yaml:"changed"`
	// Accessed is the day on which a value was last read.
	Accessed *time.Time `yaml:"accessed"`
	// Deleted is when the deletion was asked for, Purged when it is done.
	Deleted *time.Time `yaml:"deleted"`
	Purged  *time.Time `yaml:"purged"`
	// Versions in the order in which they were made, instead of Value.
	Versions []SecretVersionFile `yaml:"versions"`
}

// SecretVersionFile is a version of a secret. It has a Text or a Binary.
type SecretVersionFile struct {
	ID   string  `yaml:"id"`
	Text *string `yaml:"text"`
	// Binary in base64.
	Binary   string     `yaml:"binary"`
	Created  *time.Time `yaml:"created"`
	Accessed *time.Time `yaml:"accessed"`
	// Stages are the staging labels.
	Stages []string `yaml:"stages"`
}

// IssuerFile is an OIDC provider that the lab serves.
type IssuerFile struct {
	Name string `yaml:"name"`
	// URL is the issuer exactly as tokens carry it. A real host name is reached
	// through the proxy door, http://{{endpoint}}/... through the endpoint door.
	URL string `yaml:"url"`
	// Face gives the endpoints and quirks: plain (default), okta, entra-id (the
	// URL is https://login.microsoftonline.com/{tenant}/v2.0) or cognito (the URL
	// is https://cognito-idp.{region}.amazonaws.com/{pool}; Domain is
	// the host of its other endpoints).
	Face string `yaml:"face"`
	// Domain of a cognito issuer: {prefix}.auth.{region}.amazoncognito.com. By
	// default the prefix is the pool's id without its underscore.
	Domain  string       `yaml:"domain"`
	Clients []ClientFile `yaml:"clients"`
	People  []PersonFile `yaml:"people"`
	// APIs that access tokens can be made for, as JWTs.
	APIs []APIFile `yaml:"apis"`
	// IssParameter says whether authorization responses name the issuer (RFC
	// 9207); left out, whether the face does: plain only.
	IssParameter *bool `yaml:"issParameter"`
	// IDTokenLifetime and RefreshTokenLifetime in seconds up to ten years; defaults
	// 3600 and 604800 (entra-id 7776000, cognito 2592000).
	IDTokenLifetime      int `yaml:"idTokenLifetime"`
	RefreshTokenLifetime int `yaml:"refreshTokenLifetime"`
	// RotationGrace in seconds, up to ten years, for which a rotated refresh token still works; default 0.
	RotationGrace int `yaml:"rotationGrace"`
}

// ClientFile is a client of an issuer: public (RFC 8252), or confidential when
// it has a secret.
type ClientFile struct {
	ID string `yaml:"id"`
	// Secret that the client authenticates with (RFC 6749, 2.3.1). Lab worlds
	// hold no real secrets.
	Secret string `yaml:"secret"`
	// Authentication is how it sends the secret: client_secret_basic,
	// client_secret_post, or any for both; default client_secret_basic, with
	// entra-id and cognito any.
	Authentication string `yaml:"authentication"`
	// RedirectURIs are matched exactly.
	RedirectURIs []string `yaml:"redirectUris"`
	// RefreshToken says whether the client may use the refresh_token grant.
	RefreshToken bool `yaml:"refreshToken"`
	// Audience of one of the issuer's APIs, for which this client's access tokens
	// are unless a request names another; plain only.
	Audience string `yaml:"audience"`
	// PasswordAuth allows InitiateAuth with USER_PASSWORD_AUTH; cognito only. Such
	// a client needs no redirect URI.
	PasswordAuth bool `yaml:"passwordAuth"`
	// HideUnknownUsers answers InitiateAuth for nobody as for a wrong password
	// (PreventUserExistenceErrors ENABLED); cognito only.
	HideUnknownUsers bool `yaml:"hideUnknownUsers"`
}

// APIFile is a resource server for which an issuer makes JWT access tokens.
type APIFile struct {
	// Audience is aud; with entra-id the client id of the API's registration.
	Audience string `yaml:"audience"`
	// Scopes of the API, with entra-id asked for as api://{audience}/{scope}.
	Scopes []string `yaml:"scopes"`
	// Claims of the person that the access tokens carry, by name.
	Claims []string `yaml:"claims"`
}

// PersonFile is somebody who can sign in at an issuer.
type PersonFile struct {
	// Login is typed on the sign-in page.
	Login string `yaml:"login"`
	// Password of the sign-in page. Lab worlds hold no real secrets.
	Password string `yaml:"password"`
	// Subject is the sub claim.
	Subject string `yaml:"subject"`
	// Claims are added to the ID token (email, preferred_username, ...).
	Claims map[string]any `yaml:"claims"`
}

// BucketFile is a bucket of S3.
type BucketFile struct {
	Name    string `yaml:"name"`
	Account string `yaml:"account"`
	Region  string `yaml:"region"`
	// Versioning: true for Enabled.
	Versioning bool `yaml:"versioning"`
	// Suspended: versioning was on once.
	Suspended bool `yaml:"suspended"`
	Policy    any  `yaml:"policy"`
	// Created is the start of the lab when it is left out.
	Created *time.Time `yaml:"created"`
	// Objects with all their versions, of each key the oldest first.
	Objects []ObjectFile `yaml:"objects"`
}

// ObjectFile is an object that a bucket starts with.
type ObjectFile struct {
	Key  string `yaml:"key"`
	Body string `yaml:"body"`
	// Base64 of the body, instead of Body, for what is no text.
	Base64      string `yaml:"base64"`
	ContentType string `yaml:"contentType"`
	// Headers that GetObject answers besides: Cache-Control, x-amz-meta-... .
	Headers map[string]string `yaml:"headers"`
	Tags    []ObjectTagFile   `yaml:"tags"`
	// Modified is when it was written; the bucket's Created when it is left out.
	Modified *time.Time `yaml:"modified"`
	// VersionID is made up when it is left out; "null" without versioning.
	VersionID string `yaml:"versionId"`
	// DeleteMarker says that it is one; it has no body.
	DeleteMarker bool `yaml:"deleteMarker"`
	// ETag without quotation marks and Checksum are those of the body when they
	// are left out; a multipart upload makes others.
	ETag     string           `yaml:"etag"`
	Checksum ChecksumFile     `yaml:"checksum"`
	Parts    []ObjectPartFile `yaml:"parts"`
}

// ObjectTagFile is a tag of an object.
type ObjectTagFile struct {
	Key   string `yaml:"key"`
	Value string `yaml:"value"`
}

// ChecksumFile is a checksum of an object or part, in the words of S3.
type ChecksumFile struct {
	Algorithm string `yaml:"algorithm"`
	Type      string `yaml:"type"`
	Value     string `yaml:"value"`
}

// ObjectPartFile is a part of an object that a multipart upload made.
type ObjectPartFile struct {
	Number   int          `yaml:"number"`
	Size     int64        `yaml:"size"`
	Checksum ChecksumFile `yaml:"checksum"`
}

// AccessGrantsFile is an S3 Access Grants instance.
type AccessGrantsFile struct {
	Account string `yaml:"account"`
	Region  string `yaml:"region"`
	// IdentityCenter is the ARN of the associated instance; without it directory grants cannot be used.
	IdentityCenter string `yaml:"identityCenter"`
	// Application is the ARN of the association's application; made up when it is left out.
	Application string `yaml:"application"`
	// Created is the start of the lab when it is left out.
	Created *time.Time `yaml:"created"`
	// ResourcePolicy admits other accounts; Organization and PolicyCreated come with it.
	ResourcePolicy any               `yaml:"resourcePolicy"`
	Organization   string            `yaml:"organization"`
	PolicyCreated  *time.Time        `yaml:"policyCreated"`
	Tags           map[string]string `yaml:"tags"`
	// MaxLocations and MaxGrants are lower quotas than AWS's 1,000 and 100,000.
	MaxLocations int            `yaml:"maxLocations"`
	MaxGrants    int            `yaml:"maxGrants"`
	Locations    []LocationFile `yaml:"locations"`
	Grants       []GrantFile    `yaml:"grants"`
}

// LocationFile is a registered location.
type LocationFile struct {
	// ID is "default" for s3://, else a UUID; made up when left out.
	ID string `yaml:"id"`
	// Scope: s3://, s3://bucket or s3://bucket/prefix*.
	Scope string `yaml:"scope"`
	// Role is the name of the IAM role in the instance's account, or its ARN.
	Role string            `yaml:"role"`
	Tags map[string]string `yaml:"tags"`
	// Created is that of the instance when it is left out.
	Created *time.Time `yaml:"created"`
}

// GrantFile is an access grant. Exactly one of User, Group and Role is set.
type GrantFile struct {
	ID string `yaml:"id"`
	// Location is the scope of a location of this instance.
	Location string `yaml:"location"`
	// SubPrefix is S3SubPrefix; together with the location's scope it makes the grant scope.
	SubPrefix string `yaml:"subPrefix"`
	// Object says S3PrefixType=Object: the scope names one object.
	Object bool `yaml:"object"`
	// Permission: READ, WRITE or READWRITE.
	Permission string `yaml:"permission"`
	// User is a user name, Group a display name, Role or IAMUser an IAM ARN.
	User    string `yaml:"user"`
	Group   string `yaml:"group"`
	Role    string `yaml:"role"`
	IAMUser string `yaml:"iamUser"`
	// UserID and GroupID are ids of the identity store, of somebody who may be
	// gone; only in exported files.
	UserID  string `yaml:"userId"`
	GroupID string `yaml:"groupId"`
	// Application restricts the grant to one Identity Center application; empty for all.
	Application string            `yaml:"application"`
	Tags        map[string]string `yaml:"tags"`
	// Created is that of the instance when it is left out.
	Created *time.Time `yaml:"created"`
}
