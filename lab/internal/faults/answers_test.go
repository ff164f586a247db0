package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// Things of the default world.
const (
	application  = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	store        = "d-1234567890"
	bucket       = "tip-demo-data"
	jwtGrant     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	denied       = "arn:aws:sts::444455556666:assumed-role/probe-administrator/probe is not authorized to perform: "
	byPolicy     = " with an explicit deny in a service control policy"
	wrongScope   = "Credential should be scoped to a valid region. "
	textExpired  = "The security token included in the request is expired"
	rateExceeded = "Rate exceeded"
)

// call is a request of one service.
type call struct {
	service, operation string
	send               func(context.Context, aws.Config) error
}

// calls has one read of each service.
var calls = []call{
	{"sts", "GetCallerIdentity", func(ctx context.Context, c aws.Config) error {
		_, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
		return err
	}},
	{"iam", "ListRoles", func(ctx context.Context, c aws.Config) error {
		_, err := iam.NewFromConfig(c).ListRoles(ctx, nil)
		return err
	}},
	{"cloudformation", "ListStacks", func(ctx context.Context, c aws.Config) error {
		_, err := cloudformation.NewFromConfig(c).ListStacks(ctx, nil)
		return err
	}},
	{"sso-admin", "ListInstances", func(ctx context.Context, c aws.Config) error {
		_, err := ssoadmin.NewFromConfig(c).ListInstances(ctx, nil)
		return err
	}},
	{"sso-oidc", "CreateTokenWithIAM", func(ctx context.Context, c aws.Config) error {
		_, err := ssooidc.NewFromConfig(c).CreateTokenWithIAM(ctx, &ssooidc.CreateTokenWithIAMInput{
			ClientId: aws.String(application), GrantType: aws.String(jwtGrant), Assertion: aws.String("x"),
		})
		return err
	}},
	{"identitystore", "ListUsers", func(ctx context.Context, c aws.Config) error {
		_, err := identitystore.NewFromConfig(c).ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: aws.String(store)})
		return err
	}},
	{"secretsmanager", "ListSecrets", func(ctx context.Context, c aws.Config) error {
		_, err := secretsmanager.NewFromConfig(c).ListSecrets(ctx, nil)
		return err
	}},
	{"athena", "ListWorkGroups", func(ctx context.Context, c aws.Config) error {
		_, err := athena.NewFromConfig(c).ListWorkGroups(ctx, nil)
		return err
	}},
	{"s3control", "ListAccessGrants", func(ctx context.Context, c aws.Config) error {
		_, err := s3control.NewFromConfig(c).ListAccessGrants(ctx, &s3control.ListAccessGrantsInput{AccountId: aws.String(probe.Application)})
		return err
	}},
	{"s3", "ListObjectsV2", func(ctx context.Context, c aws.Config) error {
		_, err := s3.NewFromConfig(c).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
		return err
	}},
}

// outcome is a probe.Answer in a row.
type outcome struct {
	status        int
	code, message string
}

// outcomes are the answers of the services to the actions, in the words that each
// service has.
var outcomes = map[lab.FaultAction]map[string]outcome{
	lab.FaultThrottle: {
		"sts": {400, "Throttling", rateExceeded}, "iam": {400, "Throttling", rateExceeded}, "cloudformation": {400, "Throttling", rateExceeded},
		"sso-admin": {400, "ThrottlingException", rateExceeded}, "identitystore": {400, "ThrottlingException", rateExceeded},
		"sso-oidc": {400, "ThrottlingException", rateExceeded}, "secretsmanager": {400, "ThrottlingException", rateExceeded},
		"athena":    {400, "ThrottlingException", rateExceeded},
		"s3control": {503, "SlowDown", "Please reduce your request rate."}, "s3": {503, "SlowDown", "Please reduce your request rate."},
	},
	lab.FaultInternalError: {
		"sts": {500, "InternalFailure", "*"}, "iam": {500, "ServiceFailure", "*"}, "cloudformation": {500, "InternalFailure", "*"},
		"sso-admin": {500, "InternalServerException", "*"}, "identitystore": {500, "InternalServerException", "*"},
		"sso-oidc": {500, "InternalServerException", "*"}, "secretsmanager": {500, "InternalServiceError", "*"},
		"athena":    {500, "InternalServerException", "*"},
		"s3control": {500, "InternalError", "We encountered an internal error. Please try again."},
		"s3":        {500, "InternalError", "We encountered an internal error. Please try again."},
	},
	lab.FaultUnavailable: {
		"sts": {503, "ServiceUnavailable", "*"}, "iam": {503, "ServiceUnavailable", "*"}, "cloudformation": {503, "ServiceUnavailable", "*"},
		"sso-admin": {503, "ServiceUnavailableException", "*"}, "identitystore": {503, "ServiceUnavailableException", "*"},
		"sso-oidc": {503, "ServiceUnavailableException", "*"}, "secretsmanager": {503, "ServiceUnavailableException", "*"},
		"athena":    {503, "ServiceUnavailableException", "*"},
		"s3control": {503, "ServiceUnavailable", "Reduce your request rate."}, "s3": {503, "ServiceUnavailable", "Reduce your request rate."},
	},
	lab.FaultDeny: {
		"sts":            {403, "AccessDenied", "User: " + denied + "sts:GetCallerIdentity" + byPolicy},
		"iam":            {403, "AccessDenied", "User: " + denied + "iam:ListRoles" + byPolicy},
		"cloudformation": {403, "AccessDenied", "User: " + denied + "cloudformation:ListStacks" + byPolicy},
		"sso-admin":      {400, "AccessDeniedException", "User: " + denied + "sso:ListInstances" + byPolicy},
		"identitystore":  {400, "AccessDeniedException", "User: " + denied + "identitystore:ListUsers" + byPolicy},
		"sso-oidc":       {403, "AccessDeniedException", ""},
		"secretsmanager": {400, "AccessDeniedException", "User: " + denied + "secretsmanager:ListSecrets" + byPolicy},
		"athena":         {400, "AccessDeniedException", "User: " + denied + "athena:ListWorkGroups" + byPolicy},
		"s3control":      {403, "AccessDenied", "User: " + denied + "s3:ListAccessGrants" + byPolicy},
		"s3":             {403, "AccessDenied", "User: " + denied + `s3:ListBucket on resource: "arn:aws:s3:::tip-demo-data"` + byPolicy},
	},
	lab.FaultWrongRegion: {
		"sts": {403, "SignatureDoesNotMatch", wrongScope}, "iam": {403, "SignatureDoesNotMatch", wrongScope},
		"cloudformation": {403, "SignatureDoesNotMatch", wrongScope}, "sso-admin": {400, "InvalidSignatureException", wrongScope},
		"identitystore": {400, "InvalidSignatureException", wrongScope}, "secretsmanager": {400, "InvalidSignatureException", wrongScope},
		"athena":    {400, "InvalidSignatureException", wrongScope},
		"sso-oidc":  {400, "InvalidRequestRegionException", "The request must be sent to another region"},
		"s3control": {400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-west-2'"},
		"s3":        {301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."},
	},
	lab.FaultExpire: {
		"sts": {403, "ExpiredToken", textExpired}, "iam": {403, "ExpiredToken", textExpired}, "cloudformation": {403, "ExpiredToken", textExpired},
		"sso-admin": {400, "ExpiredTokenException", textExpired}, "identitystore": {400, "ExpiredTokenException", textExpired},
		"sso-oidc": {403, "ExpiredTokenException", ""}, "secretsmanager": {400, "ExpiredTokenException", textExpired},
		"athena":    {400, "ExpiredTokenException", textExpired},
		"s3control": {400, "ExpiredToken", "The provided token has expired."}, "s3": {400, "ExpiredToken", "The provided token has expired."},
	},
	lab.FaultRefuse: {
		"sts": {418, "Teapot", "Short and stout"}, "iam": {418, "Teapot", "Short and stout"}, "cloudformation": {418, "Teapot", "Short and stout"},
		"sso-admin": {418, "Teapot", "Short and stout"}, "identitystore": {418, "Teapot", "Short and stout"}, "sso-oidc": {418, "Teapot", "Short and stout"},
		"athena": {418, "Teapot", "Short and stout"}, "secretsmanager": {418, "Teapot", "Short and stout"}, "s3control": {418, "Teapot", "Short and stout"}, "s3": {418, "Teapot", "Short and stout"},
	},
}

// faultOf is a fault of an action for the first request of a service.
func faultOf(do lab.FaultAction, c call) lab.Fault {
	f := lab.Fault{Do: do, Service: c.service, Operation: c.operation, First: 1}
	switch do {
	case lab.FaultWrongRegion:
		f.ToRegion = "us-west-2"
	case lab.FaultRefuse:
		f.Code, f.Message, f.Status = "Teapot", "Short and stout", http.StatusTeapot
	}
	return f
}

// TestAnswersOfServices: what each service answers in place of the work, and what
// the audit trail has of it. The next request is served again, unless the session
// has ended.
func TestAnswersOfServices(t *testing.T) {
	for do, of := range outcomes {
		t.Run(string(do), func(t *testing.T) {
			actors := map[string]aws.CredentialsProvider{}
			b := probe.Start(t, func(w *lab.World) {
				for _, c := range calls {
					actors[c.service] = probe.Actor(w, probe.Application, "probe-"+c.service, probe.Statement("Allow", "*", "Resource", "*"))
				}
			})
			for _, c := range calls {
				t.Run(c.service, func(t *testing.T) {
					want := probe.Answer{Status: of[c.service].status, Code: of[c.service].code, Message: of[c.service].message}
					want.Message = strings.ReplaceAll(want.Message, "probe-administrator", "probe-"+c.service)
					send := func() error { return c.send(t.Context(), b.On(t).Config(actors[c.service])) }
					before := probe.AnswerOf(send())
					names := labtest.Fault(t, b.Lab, faultOf(do, c))
					probe.Expect(t, want, send())
					if n := labtest.Struck(t, b.Lab, names[0]); n != 1 {
						t.Errorf("it struck %d times", n)
					}
					after := before
					if do == lab.FaultExpire {
						after = want
					}
					probe.Expect(t, after, send())
					if diff := cmp.Diff([]string{before.Code, want.Code, after.Code}, trail(b.Lab, c.operation)); diff != "" {
						t.Errorf("error codes in the audit trail (-want +got):\n%s", diff)
					}
				})
			}
		})
	}
}

// trail are the error codes of the events of an operation, oldest first.
func trail(l *lab.Lab, operation string) []string {
	codes := []string{}
	for _, e := range l.Events() {
		if e.EventName == operation {
			codes = append(codes, e.ErrorCode)
		}
	}
	return codes
}
