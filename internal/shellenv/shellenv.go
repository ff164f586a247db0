// Package shellenv says which environment variables hand AWS credentials to
// another program, and writes them for shells and files.
//
// [Keys] and [Endpoint] are the variables, with those to remove that an AWS SDK
// would take first. [Apply] makes the environment of a child of them, [Write] the
// text for a shell.
//
// Everything here is a function of its arguments and safe for concurrent use. The
// package reads no environment, runs no shell and decides nothing about
// credentials.
package shellenv

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// Variable is an environment variable to set or, with Unset, to remove.
type Variable struct {
	Name  string
	Value secret.Value
	Unset bool
}

// Credentials are what programs are handed.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
	// Expiration is when they end.
	Expiration time.Time
	// AccountID of the role, 12 digits, "" if it is not known.
	AccountID string
}

// Names of variables that others look for.
const (
	AccessKeyID     = "AWS_ACCESS_KEY_ID"
	SecretAccessKey = "AWS_SECRET_ACCESS_KEY"
	SessionToken    = "AWS_SESSION_TOKEN"
	Expiration      = "AWS_CREDENTIAL_EXPIRATION"
	AccountID       = "AWS_ACCOUNT_ID"
	Region          = "AWS_REGION"
	DefaultRegion   = "AWS_DEFAULT_REGION"
	FullURI         = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	Authorization   = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	// AuthorizationFile comes before Authorization.
	AuthorizationFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// RegionsVariable names, with spaces between, the variables of the region that
// [Marked] has set in a shell, so that [Removal] can tell them from those of others.
const RegionsVariable = "TIP_CLI_ENV_REGIONS"

// keyNames are the variables that Keys may set, besides the region.
var keyNames = []string{AccessKeyID, SecretAccessKey, SessionToken, Expiration, AccountID}

// endpointNames are the variables of the container credentials provider. Those of
// ECS (relative) come before the full address.
var endpointNames = []string{FullURI, Authorization, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", AuthorizationFile}

// masking are other variables that an SDK would follow before the credentials, or
// beside them.
var masking = []string{
	"AWS_PROFILE", // the SDK for JavaScript ignores keys beside it; a profile that is not there stops all SDKs
	"AWS_DEFAULT_PROFILE",
	"AWS_SECURITY_TOKEN",               // botocore reads it before AWS_SESSION_TOKEN
	"AWS_ACCESS_KEY", "AWS_SECRET_KEY", // other names of the keys in Go and Java
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", // .NET takes it before keys
	"AWS_CREDENTIAL_FILE", // of boto, still read by botocore
	"AWS_BEARER_TOKEN_BEDROCK",
	"AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AMAZON_SESSION_TOKEN", // the SDK for Ruby still reads them
	"AWS_CREDENTIAL_SCOPE", // belongs to other keys
}

// bearer begins the names of tokens that botocore and others send to a service in
// place of a signature.
const bearer = "AWS_BEARER_TOKEN_"

// Keys are the variables of credentials, in region unless that is "", and the
// removal of whatever would be taken in their place.
func Keys(c Credentials, region string) []Variable {
	vars := []Variable{
		{Name: AccessKeyID, Value: secret.New(c.AccessKeyID)},
		{Name: SecretAccessKey, Value: c.SecretAccessKey},
		{Name: SessionToken, Value: c.SessionToken},
		{Name: Expiration, Value: secret.New(c.Expiration.UTC().Format(time.RFC3339))},
		{Name: AccountID, Value: secret.New(c.AccountID), Unset: c.AccountID == ""},
	}
	return slices.Concat(vars, regions(region), removals(endpointNames), removals(masking))
}

// Endpoint are the variables of a container credentials endpoint at uri that wants
// token, in region unless that is "", and the removal of whatever would be taken
// in their place.
func Endpoint(uri string, token secret.Value, region string) []Variable {
	vars := []Variable{{Name: FullURI, Value: secret.New(uri)}, {Name: Authorization, Value: token}}
	return slices.Concat(vars, regions(region), removals(endpointNames[len(vars):]), removals(keyNames), removals(masking))
}

// Marked adds to the variables of Keys which of the region's are not the shell's
// own, given the environment that it has now.
func Marked(vars []Variable, getenv func(string) string) []Variable {
	before := strings.Fields(getenv(RegionsVariable))
	var ours []string
	for _, v := range vars {
		isRegion := !v.Unset && (v.Name == Region || v.Name == DefaultRegion)
		if isRegion && (slices.Contains(before, v.Name) || getenv(v.Name) != v.Value.Reveal()) {
			ours = append(ours, v.Name)
		}
	}
	mark := Variable{Name: RegionsVariable, Value: secret.New(strings.Join(ours, " ")), Unset: len(ours) == 0}
	return append(slices.Clone(vars), mark)
}

// Removal takes back what Keys has set in a shell with the environment of getenv,
// with the region as far as [Marked] says so.
func Removal(getenv func(string) string) []Variable {
	names := slices.Clone(keyNames)
	marks := strings.Fields(getenv(RegionsVariable))
	for _, name := range []string{Region, DefaultRegion} {
		if slices.Contains(marks, name) {
			names = append(names, name)
		}
	}
	if len(marks) > 0 {
		names = append(names, RegionsVariable)
	}
	return removals(names)
}

func regions(region string) []Variable {
	if region == "" {
		return nil
	}
	// The AWS CLI and boto3 know only AWS_DEFAULT_REGION.
	return []Variable{{Name: Region, Value: secret.New(region)}, {Name: DefaultRegion, Value: secret.New(region)}}
}

func removals(names []string) []Variable {
	vars := make([]Variable, len(names))
	for i, name := range names {
		vars[i] = Variable{Name: name, Unset: true}
	}
	return vars
}

// Bearers are the removals of the bearer tokens in environ, which has the form of
// os.Environ: they would go to a service in place of a signature.
func Bearers(environ []string) []Variable {
	var vars []Variable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(fold(name), bearer) && !slices.Contains(masking, fold(name)) {
			vars = append(vars, Variable{Name: name, Unset: true})
		}
	}
	return vars
}

// Apply returns environ, in the form of os.Environ, with vars applied. What is left
// keeps its order.
func Apply(environ []string, vars []Variable) []string {
	changed := make(map[string]bool, len(vars))
	for _, v := range vars {
		changed[fold(v.Name)] = true
	}
	out := make([]string, 0, len(environ)+len(vars))
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !changed[fold(name)] {
			out = append(out, entry)
		}
	}
	for _, v := range vars {
		if !v.Unset {
			out = append(out, v.Name+"="+v.Value.Reveal())
		}
	}
	return out
}

// fold makes names of variables that are the same equal.
func fold(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}
