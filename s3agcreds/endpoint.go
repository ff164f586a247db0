package s3agcreds

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// LoopbackEndpoint is a functional option for S3 Control clients. These put the account
// before the host name of every endpoint, which cannot be resolved where the endpoint is
// on this machine ("localhost", or a loopback address), such as a lab's: then the endpoint
// is taken as it is. Any other is left alone. A [Plugin] does so by itself.
func LoopbackEndpoint(o *s3control.Options) {
	if o.BaseEndpoint != nil && onLoopback(*o.BaseEndpoint) {
		o.EndpointResolverV2 = fixedEndpoint(*o.BaseEndpoint)
	}
}

// onLoopback reports whether an endpoint is on this machine.
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

var _ s3control.EndpointResolverV2 = fixedEndpoint("")

// ResolveEndpoint implements s3control.EndpointResolverV2.
func (e fixedEndpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(strings.TrimSuffix(string(e), "/"))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}
