package s3agcreds

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// clients are those of AWS that a plugin calls, each made once, when it is first needed.
type clients struct {
	base     aws.Config
	objects  func() *s3.Client // which signs nothing
	identity func() *sts.Client

	controls *controls
}

// controls are S3 Control clients by region.
type controls struct {
	mu       sync.RWMutex
	byRegion map[string]*s3control.Client
}

func newClients(base aws.Config) clients {
	return clients{
		base: base, controls: &controls{byRegion: map[string]*s3control.Client{}},
		objects: sync.OnceValue(func() *s3.Client {
			return s3.NewFromConfig(base, func(o *s3.Options) {
				o.Credentials = nil
				o.APIOptions = append(o.APIOptions, addUserAgent)
				o.UsePathStyle = o.UsePathStyle || o.BaseEndpoint != nil && onLoopback(*o.BaseEndpoint)
			})
		}),
		identity: sync.OnceValue(func() *sts.Client {
			return sts.NewFromConfig(base, func(o *sts.Options) { o.APIOptions = append(o.APIOptions, addUserAgent) })
		}),
	}
}

// control calls S3 Control in a region, signing with these credentials.
func (c *clients) control(region string, base aws.Credentials) control {
	return control{client: c.controlClient(region), sign: credentials.StaticCredentialsProvider{Value: base}}
}

func (c *clients) controlClient(region string) *s3control.Client {
	c.controls.mu.RLock()
	client := c.controls.byRegion[region]
	c.controls.mu.RUnlock()
	if client != nil {
		return client
	}
	c.controls.mu.Lock()
	defer c.controls.mu.Unlock()
	if client = c.controls.byRegion[region]; client == nil {
		client = s3control.NewFromConfig(c.base, func(o *s3control.Options) {
			o.Region, o.Credentials = region, nil
			LoopbackEndpoint(o)
		})
		c.controls.byRegion[strings.Clone(region)] = client
	}
	return client
}

// control is the S3 Control client that all share, each of whose calls is signed for
// whom it is made.
type control struct {
	client *s3control.Client
	sign   credentials.StaticCredentialsProvider
}

var (
	_ DataAccessAPI        = control{}
	_ InstanceForPrefixAPI = control{}
)

func (c control) signed(optFns []func(*s3control.Options)) []func(*s3control.Options) {
	return append(slices.Clip(optFns), func(o *s3control.Options) { o.Credentials = c.sign })
}

// GetDataAccess implements [DataAccessAPI].
func (c control) GetDataAccess(
	ctx context.Context, in *s3control.GetDataAccessInput, optFns ...func(*s3control.Options),
) (*s3control.GetDataAccessOutput, error) {
	return c.client.GetDataAccess(ctx, in, c.signed(optFns)...)
}

// GetAccessGrantsInstanceForPrefix implements [InstanceForPrefixAPI].
func (c control) GetAccessGrantsInstanceForPrefix(
	ctx context.Context, in *s3control.GetAccessGrantsInstanceForPrefixInput, optFns ...func(*s3control.Options),
) (*s3control.GetAccessGrantsInstanceForPrefixOutput, error) {
	return c.client.GetAccessGrantsInstanceForPrefix(ctx, in, c.signed(optFns)...)
}

// callerAccount asks STS whose credentials these are. Nobody needs a right for that.
func (c *clients) callerAccount(ctx context.Context, base aws.Credentials) (string, error) {
	out, err := c.identity().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) {
		o.Credentials = credentials.StaticCredentialsProvider{Value: base}
	})
	if err != nil {
		return "", err
	}
	if !validAccountID(aws.ToString(out.Account)) {
		return "", ErrAccountID
	}
	return *out.Account, nil
}
