package cloudformation

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// clients reach the services that own resources with the rights of one session.
type clients struct {
	iam       *iam.Client
	sso       *ssoadmin.Client
	s3        *s3.Client
	s3control *s3control.Client
}

// signer signs by the lab's clock.
type signer struct {
	*v4.Signer
	now func() time.Time
}

// SignHTTP implements the signer of the SDK's clients.
func (s signer) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, opts ...func(*v4.SignerOptions)) error {
	return s.Signer.SignHTTP(ctx, c, r, hash, service, region, s.now(), opts...)
}

// carrier sends requests within the process, marked as sent for a caller.
type carrier struct {
	next   http.RoundTripper
	caller *awswire.Caller
}

// Do implements aws.HTTPClient.
func (t carrier) Do(r *http.Request) (*http.Response, error) {
	return t.next.RoundTrip(r.WithContext(awswire.WithVia(r.Context(), t.caller, principal)))
}

// clients returns clients that act for c with the rights of a session.
func (h *handlers) clients(c *awswire.Caller, s *world.Session) *clients {
	config := aws.Config{
		Region: c.Region, HTTPClient: carrier{h.services, c}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, s.SessionToken),
	}
	by := signer{v4.NewSigner(), h.world.Now}
	raw := signer{v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }), h.world.Now}
	return &clients{
		iam: iam.NewFromConfig(config, func(o *iam.Options) { o.HTTPSignerV4 = by }),
		sso: ssoadmin.NewFromConfig(config, func(o *ssoadmin.Options) { o.HTTPSignerV4 = by }),
		s3: s3.NewFromConfig(config, func(o *s3.Options) {
			o.HTTPSignerV4, o.UsePathStyle = raw, true
		}),
		s3control: s3control.NewFromConfig(config, func(o *s3control.Options) { o.HTTPSignerV4 = raw }),
	}
}

// serviceSession is a session of a service role, as STS gives it to CloudFormation.
func (h *handlers) serviceSession(role *world.Role) *world.Session {
	now := h.world.Now().UTC().Truncate(time.Second)
	name := "AWSCloudFormation-" + uuid.NewString()[:8]
	id, secret, token := world.NewCredentials()
	s := &world.Session{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Issued: now, Expires: now.Add(time.Hour),
		Kind: world.KindAssumedRole, Account: role.Account, RoleARN: role.ARN(), SessionName: name,
		ARN: h.world.AssumedRoleARN(role, name), UserID: role.ID + ":" + name,
	}
	h.world.AddSession(s)
	return s
}
