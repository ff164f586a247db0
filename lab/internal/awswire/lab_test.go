package awswire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3ctypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssodocument "github.com/aws/aws-sdk-go-v2/service/ssoadmin/document"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// service is an AWS service under test: a model and the SDK's client.
type service struct {
	name   string
	model  *models.Model
	opts   []awswire.Option
	unions map[reflect.Type]map[string]reflect.Type
	client func(aws.Config) any
	fixed  map[string]string
	// documents makes a document of the SDK's type, nil for services without.
	documents func(any) reflect.Value
}

// types are the Go types of an operation: the SDK's, or, without an SDK, structs
// made from the model.
func (s service) types(t *testing.T, operation string) (in, out reflect.Type) {
	t.Helper()
	if s.client == nil {
		op := s.model.Operations[operation]
		return dynamicType(s.model, op.Input), dynamicType(s.model, op.Output)
	}
	method := reflect.ValueOf(s.client(aws.Config{Region: "eu-west-1"})).MethodByName(operation)
	if !method.IsValid() {
		t.Fatalf("the SDK has no %s.%s", s.name, operation)
	}
	return method.Type().In(1).Elem(), method.Type().Out(0).Elem()
}

// labServices are what the lab offers, by the embedded models.
func labServices(t *testing.T) []service {
	t.Helper()
	list := sdkServices(t, func(name string) *models.Model {
		m, err := models.Load(name)
		if err != nil {
			return nil
		}
		return m
	})
	return list
}

// allServices are all operations of the services whose SDK module is at hand, by
// models that only tests read.
func allServices(t *testing.T) []service {
	t.Helper()
	return sdkServices(t, func(name string) *models.Model {
		if _, err := os.Stat(testModelFile(name)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return testModel(t, name)
	})
}

func sdkServices(t *testing.T, load func(string) *models.Model) []service {
	t.Helper()
	all := []service{
		{name: "sts", client: func(c aws.Config) any { return sts.NewFromConfig(c) }},
		{name: "sso-oidc", client: func(c aws.Config) any { return ssooidc.NewFromConfig(c) }},
		{
			name: "iam", client: func(c aws.Config) any { return iam.NewFromConfig(c) },
			fixed: map[string]string{ // boto3 parses IAM's policies
				"body:AssumeRolePolicyDocument": "not JSON", "body:PolicyDocument": "not JSON", "body:Document": "not JSON",
			},
		},
		{name: "cloudformation", client: func(c aws.Config) any { return cloudformation.NewFromConfig(c) }},
		{name: "athena", client: func(c aws.Config) any { return athena.NewFromConfig(c) }},
		{name: "sso", client: func(c aws.Config) any { return sso.NewFromConfig(c) }},
		{name: "secretsmanager", client: func(c aws.Config) any { return secretsmanager.NewFromConfig(c) }},
		{
			name: "s3control", client: func(c aws.Config) any { return s3control.NewFromConfig(c) },
			fixed: map[string]string{"AccountId": "111122223333", "Bucket": "example-bucket", "Name": "example-name"},
			opts: []awswire.Option{
				awswire.WithUnion[s3ctypes.ObjectLambdaContentTransformation](&s3ctypes.ObjectLambdaContentTransformationMemberAwsLambda{}),
				awswire.WithUnion[s3ctypes.JobManifestGenerator](&s3ctypes.JobManifestGeneratorMemberS3JobManifestGenerator{}),
				awswire.WithUnion[s3ctypes.ObjectEncryptionFilter](
					&s3ctypes.ObjectEncryptionFilterMemberSSES3{}, &s3ctypes.ObjectEncryptionFilterMemberSSEKMS{},
					&s3ctypes.ObjectEncryptionFilterMemberDSSEKMS{}, &s3ctypes.ObjectEncryptionFilterMemberSSEC{},
					&s3ctypes.ObjectEncryptionFilterMemberNOTSSE{},
				),
			},
			unions: map[reflect.Type]map[string]reflect.Type{
				reflect.TypeFor[s3ctypes.ObjectLambdaContentTransformation](): {"AwsLambda": reflect.TypeFor[*s3ctypes.ObjectLambdaContentTransformationMemberAwsLambda]()},
				reflect.TypeFor[s3ctypes.JobManifestGenerator]():              {"S3JobManifestGenerator": reflect.TypeFor[*s3ctypes.JobManifestGeneratorMemberS3JobManifestGenerator]()},
				reflect.TypeFor[s3ctypes.ObjectEncryptionFilter](): {
					"SSES3":   reflect.TypeFor[*s3ctypes.ObjectEncryptionFilterMemberSSES3](),
					"SSEKMS":  reflect.TypeFor[*s3ctypes.ObjectEncryptionFilterMemberSSEKMS](),
					"DSSEKMS": reflect.TypeFor[*s3ctypes.ObjectEncryptionFilterMemberDSSEKMS](),
					"SSEC":    reflect.TypeFor[*s3ctypes.ObjectEncryptionFilterMemberSSEC](),
					"NOTSSE":  reflect.TypeFor[*s3ctypes.ObjectEncryptionFilterMemberNOTSSE](),
				},
			},
		},
	}
	all = append(all, s3Service(), identityStore(), centerAdministration())
	var list []service
	for _, s := range all {
		if s.model = load(s.name); s.model == nil {
			continue
		}
		if s.name == "s3" {
			s.model.Shapes["Expires"].Type = "timestamp" // SDKs agree on this against the model
			delete(s.model.Operations, "SelectObjectContent")
		}
		list = append(list, s)
	}
	return list
}

// identityStore has unions and documents.
func identityStore() service {
	return service{
		name: "identitystore", client: func(c aws.Config) any { return identitystore.NewFromConfig(c) },
		documents: func(v any) reflect.Value { return reflect.ValueOf(document.NewLazyDocument(v)) },
		opts: []awswire.Option{
			awswire.WithUnion[idtypes.AlternateIdentifier](&idtypes.AlternateIdentifierMemberExternalId{}, &idtypes.AlternateIdentifierMemberUniqueAttribute{}),
			awswire.WithUnion[idtypes.MemberId](&idtypes.MemberIdMemberUserId{}),
			awswire.WithDocument(document.NewLazyDocument),
		},
		unions: map[reflect.Type]map[string]reflect.Type{
			reflect.TypeFor[idtypes.AlternateIdentifier](): {
				"ExternalId":      reflect.TypeFor[*idtypes.AlternateIdentifierMemberExternalId](),
				"UniqueAttribute": reflect.TypeFor[*idtypes.AlternateIdentifierMemberUniqueAttribute](),
			},
			reflect.TypeFor[idtypes.MemberId](): {"UserId": reflect.TypeFor[*idtypes.MemberIdMemberUserId]()},
		},
	}
}

// centerAdministration has unions and documents, too.
func centerAdministration() service {
	return service{
		name: "sso-admin", client: func(c aws.Config) any { return ssoadmin.NewFromConfig(c) },
		documents: func(v any) reflect.Value { return reflect.ValueOf(ssodocument.NewLazyDocument(v)) },
		opts: []awswire.Option{
			awswire.WithUnion[ssotypes.Grant](
				&ssotypes.GrantMemberAuthorizationCode{}, &ssotypes.GrantMemberJwtBearer{}, &ssotypes.GrantMemberRefreshToken{}, &ssotypes.GrantMemberTokenExchange{},
			),
			awswire.WithUnion[ssotypes.AuthenticationMethod](&ssotypes.AuthenticationMethodMemberIam{}),
			awswire.WithUnion[ssotypes.TrustedTokenIssuerConfiguration](&ssotypes.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration{}),
			awswire.WithUnion[ssotypes.TrustedTokenIssuerUpdateConfiguration](&ssotypes.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration{}),
			awswire.WithDocument(ssodocument.NewLazyDocument),
		},
		unions: map[reflect.Type]map[string]reflect.Type{
			reflect.TypeFor[ssotypes.Grant](): {
				"AuthorizationCode": reflect.TypeFor[*ssotypes.GrantMemberAuthorizationCode](),
				"JwtBearer":         reflect.TypeFor[*ssotypes.GrantMemberJwtBearer](),
				"RefreshToken":      reflect.TypeFor[*ssotypes.GrantMemberRefreshToken](),
				"TokenExchange":     reflect.TypeFor[*ssotypes.GrantMemberTokenExchange](),
			},
			reflect.TypeFor[ssotypes.AuthenticationMethod](): {"Iam": reflect.TypeFor[*ssotypes.AuthenticationMethodMemberIam]()},
			reflect.TypeFor[ssotypes.TrustedTokenIssuerConfiguration](): {
				"OidcJwtConfiguration": reflect.TypeFor[*ssotypes.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration](),
			},
			reflect.TypeFor[ssotypes.TrustedTokenIssuerUpdateConfiguration](): {
				"OidcJwtConfiguration": reflect.TypeFor[*ssotypes.TrustedTokenIssuerUpdateConfigurationMemberOidcJwtConfiguration](),
			},
		},
	}
}

// s3Service is S3, which the lab does not serve with this engine: it has streams,
// prefixed headers, attributes and flattened lists.
func s3Service() service {
	fixed := map[string]string{"Bucket": "example-bucket", "Key": "a/b c/d+e"}
	for _, computed := range []string{
		"ContentMD5", "ContentLength", "ContentEncoding", "ChecksumAlgorithm", "ChecksumType", "ChecksumCRC32", "ChecksumCRC32C",
		"ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256", "ChecksumSHA512", "ChecksumMD5", "ChecksumXXHASH64", "ChecksumXXHASH3",
		"ChecksumXXHASH128", "SSECustomerKey", "SSECustomerKeyMD5", "CopySourceSSECustomerKey", "Expires",
	} {
		fixed[computed] = leaveOut
	}
	client := func(c aws.Config) any {
		return s3.NewFromConfig(c, func(o *s3.Options) {
			o.UsePathStyle = true
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		})
	}
	return service{name: "s3", client: client, fixed: fixed}
}

func testModelFile(name string) string { return filepath.Join("testdata", "models", name+".json") }

func testModel(t testing.TB, name string) *models.Model {
	t.Helper()
	data, err := os.ReadFile(testModelFile(name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// handler is a handler of any operation.
type handler func(ctx context.Context, c *awswire.Caller, operation string, in any) (any, error)

// newService registers every operation of the model that the SDK's client has.
func (s service) newService(t *testing.T, h handler, opts ...awswire.Option) (*awswire.Service, []string) {
	t.Helper()
	made, err := awswire.NewService(s.name, append(append([]awswire.Option{awswire.WithModel(s.model)}, s.opts...), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range s.model.Operations {
		in, out := s.types(t, name)
		awswire.Register(made, name, in, out, func(ctx context.Context, c *awswire.Caller, in any) (any, error) {
			return h(ctx, c, name, in)
		})
		names = append(names, name)
	}
	return made, names
}

// config returns a client's configuration whose every connection goes to srv,
// whatever the host name: S3 Control puts the account in front.
func config(srv *httptest.Server) aws.Config {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	return aws.Config{
		Region:           "eu-west-1",
		BaseEndpoint:     aws.String("http://lab.invalid"),
		Credentials:      credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "token"),
		RetryMaxAttempts: 1,
		HTTPClient:       steady{&http.Client{Transport: &http.Transport{DialContext: dial}}},
	}
}

// steady sends a copy of a request's body. The SDK closes the body as soon as the
// answer's head is there; if net/http is still looking for its end, it cuts the
// connection, and the rest of the answer is lost (aws/aws-sdk-go-v2 issues 1825
// and 2737).
type steady struct{ next *http.Client }

// Do implements aws.HTTPClient.
func (s steady) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return s.next.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := r.Clone(r.Context())
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return s.next.Do(c)
}

// call calls an operation of an SDK client by name.
func call(ctx context.Context, client any, operation string, in reflect.Value) (any, error) {
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("no operation %s", operation)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, err
	}
	return results[0].Interface(), nil
}
