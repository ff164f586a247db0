package lab

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/athena"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation"
	"github.com/tip-cli/tip-cli/lab/internal/iam"
	"github.com/tip-cli/tip-cli/lab/internal/identitystore"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/jwks"
	"github.com/tip-cli/tip-cli/lab/internal/s3control"
	"github.com/tip-cli/tip-cli/lab/internal/secretsmanager"
	"github.com/tip-cli/tip-cli/lab/internal/ssoadmin"
	"github.com/tip-cli/tip-cli/lab/internal/ssooidc"
	"github.com/tip-cli/tip-cli/lab/internal/sts"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// service is what a host name or a request stands for.
type service string

const (
	unknownService service = ""
	endpointDoor   service = "endpoint door"
	issuerHost     service = "issuer"

	stsService       service = "sts"
	oidcService      service = "sso-oidc"
	s3ControlService service = "s3control"
	s3Service        service = "s3"
	cognitoService   service = "cognito-idp"
)

// parts are what the services of the wire engine are made of.
type parts struct {
	world *world.World
	authz *authz.Authorizer
	keys  *jwks.Keys
	idp   *idp.Service
	// inner carries requests of one service to the others.
	inner http.RoundTripper
	// background runs what outlives a request.
	background func(func(context.Context)) bool
	wire       []awswire.Option
}

// wireServices are the services on the wire engine. A further one is a line here.
var wireServices = []struct {
	service service
	host    *regexp.Regexp
	make    func(*parts) (*awswire.Service, error)
}{
	{stsService, hostForm(`sts`, optionalRegion), func(s *parts) (*awswire.Service, error) { return sts.New(s.world, s.authz, s.keys, s.wire...) }},
	{oidcService, hostForm(`oidc`, region), func(s *parts) (*awswire.Service, error) { return ssooidc.New(s.world, s.authz, s.keys, s.wire...) }},
	{"identitystore", hostForm(`identitystore`, region), func(s *parts) (*awswire.Service, error) { return identitystore.New(s.world, s.authz, s.wire...) }},
	{"secretsmanager", hostForm(`secretsmanager`, region), func(s *parts) (*awswire.Service, error) { return secretsmanager.New(s.world, s.authz, s.wire...) }},
	{"sso-admin", hostForm(`sso`, region), func(s *parts) (*awswire.Service, error) { return ssoadmin.New(s.world, s.authz, s.wire...) }},
	{"iam", iamHost, func(s *parts) (*awswire.Service, error) { return iam.New(s.world, s.authz, s.wire...) }},
	{"cloudformation", hostForm(`cloudformation`, region), func(s *parts) (*awswire.Service, error) {
		return cloudformation.New(s.world, s.authz, s.inner, s.background, s.wire...)
	}},
	{"athena", hostForm(`athena`, region), func(s *parts) (*awswire.Service, error) { return athena.New(s.world, s.authz, s.wire...) }},
	{cognitoService, hostForm(`cognito-idp`, region), func(s *parts) (*awswire.Service, error) { return s.idp.UserPools(s.wire...) }},
	{s3ControlService, s3ControlHost, func(s *parts) (*awswire.Service, error) { return s3control.New(s.world, s.authz, s.wire...) }},
}

// Parts of AWS's host names; the group is the region, absent in global ones.
const (
	region         = `\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)`
	optionalRegion = `(?:` + region + `)?`
)

// hostForm is how the host names of a service look whose first label is name.
func hostForm(name, region string) *regexp.Regexp {
	return regexp.MustCompile(`^` + name + `(?:-fips)?` + region + `\.(?:amazonaws\.com|api\.aws)$`)
}

// iamHost is that of IAM, which has one endpoint for a partition: in China it is
// called after a region, elsewhere it is not.
var iamHost = regexp.MustCompile(`^iam(?:-fips)?(?:\.(cn-north-1))?\.amazonaws\.com$`)

// The host names of S3, which have an account or a bucket in front.
var (
	s3ControlHost = regexp.MustCompile(`^(?:[0-9]{12}\.)?s3-control(?:-fips)?(?:\.dualstack)?` + region + `\.amazonaws\.com$`)
	s3Host        = regexp.MustCompile(`^(?:[a-z0-9][a-z0-9.-]*\.)?s3(?:-fips)?(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-[0-9]+))?\.amazonaws\.com$`)
)

// registry finds the services of requests at the endpoint door.
type registry struct {
	bySigning map[string]service // by the service of a credential scope
	byTarget  map[string]service // by what stands before the dot of X-Amz-Target
}

func (r *registry) add(kind service, s *awswire.Service) {
	if kind != s3ControlService { // it signs as S3 does
		r.bySigning[s.SigningName()] = kind
	}
	if prefix := s.TargetPrefix(); prefix != "" {
		r.byTarget[prefix] = kind
	}
}

// find returns the service of a request: by the signature's scope, else by what
// an unsigned request can be for.
func (r *registry) find(req *http.Request) service {
	scope := sigv4.ClaimedScope(req).Service
	if kind, ok := r.bySigning[scope]; ok {
		return kind
	}
	if scope == "s3" || scope == "" {
		if strings.HasPrefix(req.URL.Path, "/v20180820/") {
			return s3ControlService
		}
	}
	if scope == "s3" {
		return s3Service
	}
	if kind, ok := r.target(req); ok {
		return kind
	}
	switch {
	case req.URL.Path == "/token":
		return oidcService
	case req.URL.Path == "/" && (req.Method == http.MethodPost || req.URL.Query().Has("Action")):
		return stsService
	}
	return s3Service
}

// target returns the service that X-Amz-Target of a POST names.
func (r *registry) target(req *http.Request) (service, bool) {
	if req.Method != http.MethodPost {
		return unknownService, false
	}
	prefix, _, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	kind, ok := r.byTarget[prefix]
	return kind, ok
}

// addWireServices makes the services of the wire engine.
func (f *front) addWireServices(s *parts) error {
	for _, row := range wireServices {
		made, err := row.make(s)
		if err != nil {
			return err
		}
		f.services[row.service] = made
		f.registry.add(row.service, made)
	}
	return nil
}

// newKeys fetches keys of issuers, as the switches say.
func newKeys(client http.Client, f *front) *jwks.Keys {
	w := f.world
	if *w.Switches.FollowKeyRedirects {
		client.CheckRedirect = threeRedirects
	}
	keys := jwks.New(&client, time.Duration(*w.Switches.KeyCacheSeconds)*time.Second, w.Now)
	keys.SetEnded(f.idp.IDTokenEnd)
	return keys
}
