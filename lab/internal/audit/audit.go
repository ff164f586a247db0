// Package audit turns requests to the lab into events in CloudTrail's shape and
// records them in the world. Tokens, assertions and keys never get into an
// event. A [Recorder] is safe for concurrent use.
package audit

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// hidden is what CloudTrail prints in place of a secret.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secret members of inputs and outputs, by their lower-camel names.
var secret = []string{
	"assertion", "code", "codeVerifier", "subjectToken", "refreshToken", "webIdentityToken", "contextAssertion",
	"secretAccessKey", "sessionToken", "accessToken", "idToken", "identityContext", "authParameters", "secretHash", "session", "userContextData",
}

// omitted members of inputs do not appear at all.
var omitted = []string{"secretString", "secretBinary", "rotationToken"}

// silent are services whose answers the trail leaves out.
var silent = []string{"secretsmanager"}

// quietReads are services of which the trail leaves out what was read.
var quietReads = []string{"sso-admin", "iam", stacks}

// Recorder records events in a world.
type Recorder struct{ world *world.World }

// New returns a Recorder for w.
func New(w *world.World) *Recorder { return &Recorder{world: w} }

// Exchange records a request to a service of the wire engine.
func (a *Recorder) Exchange(_ context.Context, x *awswire.Exchange) {
	e := a.event(&x.Caller, x.Start)
	e.EventSource = a.source(x.Caller.Service)
	e.EventName = x.Caller.Operation
	e.ReadOnly = reads(e.EventName) || x.Caller.Service == "sts"
	if x.Caller.Service == "iam" && a.world.Partition == "aws" {
		e.AWSRegion = "us-east-1" // IAM is global
	}
	e.ManagementEvent, e.EventCategory = true, "Management"
	e.RequestParameters = parameters(x.Input)
	answered := x.Err == nil && !slices.Contains(silent, x.Caller.Service) && (!slices.Contains(quietReads, x.Caller.Service) || !e.ReadOnly)
	if x.Caller.Service == identityStore {
		e.RequestParameters = shownOfDirectory(e.RequestParameters)
		answered = x.Err == nil && !e.ReadOnly
	}
	if x.Caller.Service == stacks {
		e.RequestParameters = shownOfStacks(e.RequestParameters)
	}
	if answered {
		e.ResponseElements = parameters(x.Output)
	}
	if out, ok := x.Output.(*sts.AssumeRoleWithWebIdentityOutput); ok && x.Err == nil {
		e.UserIdentity = webIdentityUser(out)
	}
	if slices.Contains(ofCaller, e.EventName) && x.Caller.AccountID != "" {
		a.addInstance(&e, &x.Caller)
	}
	e.ErrorCode, e.ErrorMessage = problem(x.Err)
	e.RecipientAccountID = a.recipient(&e, &x.Caller)
	a.world.Record(e)
	if x.Input != nil { // the signature held
		a.world.NoteUse(x.Caller.AccessKeyID, strings.TrimSuffix(e.EventSource, ".amazonaws.com"), e.AWSRegion)
	}
	if out, ok := x.Output.(*secretsmanager.BatchGetSecretValueOutput); ok && x.Err == nil {
		a.batch(&e, out)
	}
}

// ofCaller are the operations of S3 Access Grants whose events AWS has published
// (Transfer Family guide, "CloudTrail log entries for web apps").
var ofCaller = []string{"GetDataAccess", "ListCallerAccessGrants"}

// addInstance names the Access Grants instance and leaves the answer out. The type
// is spelt as in AWS's examples.
func (a *Recorder) addInstance(e *world.Event, c *awswire.Caller) {
	e.ResponseElements = nil
	e.Resources = []world.Resource{{
		Type: "AWS:S3::AccessGrantsInstance", AccountID: c.AccountID,
		ARN: "arn:" + a.world.Partition + ":s3:" + c.Region + ":" + c.AccountID + ":access-grants/default",
	}}
}

// batch records a GetSecretValue for each secret of a batch.
func (a *Recorder) batch(whole *world.Event, out *secretsmanager.BatchGetSecretValueOutput) {
	record := func(id, code, message string) {
		e := *whole
		e.EventID, e.EventName, e.RequestParameters = uuid.NewString(), "GetSecretValue", map[string]any{"secretId": id}
		e.ErrorCode, e.ErrorMessage = code, message
		e.RecipientAccountID = a.recipient(&e, &awswire.Caller{Service: "secretsmanager"})
		a.world.Record(e)
	}
	for _, v := range out.SecretValues {
		record(*v.ARN, "", "")
	}
	for _, v := range out.Errors {
		record(*v.SecretId, *v.ErrorCode, *v.Message)
	}
}

// reads reports whether an operation of that name changes nothing.
func reads(operation string) bool {
	return slices.ContainsFunc([]string{"Get", "BatchGet", "List", "Describe", "IsMember", "Simulate", "Validate"}, func(verb string) bool { return strings.HasPrefix(operation, verb) })
}

// event fills what every event has.
func (a *Recorder) event(c *awswire.Caller, at time.Time) world.Event {
	e := world.Event{
		EventVersion: "1.11", EventTime: at.UTC().Truncate(time.Second), AWSRegion: c.Region,
		SourceIPAddress: c.SourceIP, UserAgent: c.UserAgent, RequestID: c.RequestID, EventID: uuid.NewString(), EventType: "AwsApiCall",
	}
	if s, ok := a.world.Session(c.AccessKeyID); ok && c.AccessKeyID != "" {
		e.UserIdentity = a.world.Principal(s)
	} else {
		e.UserIdentity = world.UserIdentity{Type: "Unknown", AccessKeyID: c.AccessKeyID}
	}
	return e
}

func (a *Recorder) source(service string) string {
	switch service {
	case "sso-oidc":
		return a.world.Switches.TokenEventSource
	case "s3control":
		return "s3.amazonaws.com"
	case "sso-admin":
		return "sso.amazonaws.com"
	}
	return service + ".amazonaws.com"
}

// webIdentityUser names the caller of AssumeRoleWithWebIdentity, who has no credentials yet.
func webIdentityUser(out *sts.AssumeRoleWithWebIdentityOutput) world.UserIdentity {
	return world.UserIdentity{
		Type: "WebIdentityUser", PrincipalID: *out.Provider + ":" + *out.Audience + ":" + *out.SubjectFromWebIdentityToken,
		UserName: *out.SubjectFromWebIdentityToken, IdentityProvider: *out.Provider,
	}
}

func problem(err error) (code, message string) {
	if err == nil {
		return "", ""
	}
	var e *awswire.Error
	if errors.As(err, &e) {
		return e.Code, e.Message
	}
	return "InternalFailure", ""
}

// recipient is the account in whose trail the event belongs: that of the resource
// that the request is for, if there is such an account, else the caller's.
func (a *Recorder) recipient(e *world.Event, c *awswire.Caller) string {
	named := []string{accountIn(e.RequestParameters["roleArn"]), accountIn(e.RequestParameters["clientId"]), accountIn(e.RequestParameters["secretId"])}
	if c.Service == "s3control" { // the others take no notice of x-amz-account-id
		named = append(named, c.AccountID)
	}
	if store, ok := e.RequestParameters["identityStoreId"].(string); ok {
		if in, ok := a.world.IdentityStore(store); ok {
			named = append(named, in.Account)
		}
	}
	if client, ok := e.RequestParameters["clientId"].(string); ok && c.Service == "cognito-idp" {
		named = append(named, a.world.PoolAccount(c.Region, client))
	}
	for _, id := range named {
		if _, exists := a.world.Account(id); exists {
			return id
		}
	}
	return e.UserIdentity.AccountID
}

// accountIn is the account of an ARN, empty if v is none.
func accountIn(v any) string {
	arn, _ := v.(string)
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// S3 records a request to S3: a management event if it is about a bucket's
// settings or the list of buckets, a data event if it is about what is in one (S3
// user guide, "Amazon S3 CloudTrail events").
func (a *Recorder) S3(_ context.Context, x *s3.Exchange) {
	e := a.event(&awswire.Caller{
		AccessKeyID: x.AccessKeyID, Region: x.Region, RequestID: x.RequestID, SourceIP: x.SourceIP, UserAgent: x.UserAgent,
	}, x.Start)
	if x.Session != nil {
		a.world.NoteUse(x.AccessKeyID, "s3", x.Region)
		e.UserIdentity = a.world.Principal(x.Session)
	}
	e.EventSource, e.EventName = "s3.amazonaws.com", x.Operation
	e.ReadOnly = x.Method == http.MethodGet || x.Method == http.MethodHead
	e.EventCategory = "Data"
	if strings.Contains(x.Operation, "Bucket") && x.Operation != "HeadBucket" {
		e.ManagementEvent, e.EventCategory = true, "Management"
	}
	e.ErrorCode, e.ErrorMessage = x.Code, x.Message
	e.RecipientAccountID = x.Account
	if e.RecipientAccountID == "" {
		e.RecipientAccountID = e.UserIdentity.AccountID
	}
	a.addS3Resources(&e, x)
	a.world.Record(e)
}

func (a *Recorder) addS3Resources(e *world.Event, x *s3.Exchange) {
	e.RequestParameters = map[string]any{"Host": x.Host}
	if x.Bucket == "" {
		return
	}
	arn := "arn:" + a.world.Partition + ":s3:::" + x.Bucket
	e.RequestParameters["bucketName"] = x.Bucket
	e.Resources = []world.Resource{{Type: "AWS::S3::Bucket", ARN: arn, AccountID: x.Account}}
	if x.Key != "" {
		e.RequestParameters["key"] = x.Key
		e.Resources = append(e.Resources, world.Resource{Type: "AWS::S3::Object", ARN: arn + "/" + x.Key})
	}
	if x.Session != nil && x.Session.AccessGrant != nil {
		g := x.Session.AccessGrant
		e.AdditionalData = map[string]any{"accessGrantArn": g.GrantARN, "accessGrantTarget": g.Target}
	}
}

// parameters is an SDK structure as CloudTrail shows it.
func parameters(v any) map[string]any {
	if v == nil || reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil() {
		return nil
	}
	m, _ := plain(reflect.ValueOf(v)).(map[string]any)
	delete(m, "ResultMetadata")
	shown, _ := show(m).(map[string]any)
	return shown
}

// show lower-cases the first letter of every key, drops what is unset and hides secrets.
func show(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			name := lowerFirst(k)
			if x == nil || x == "" || x == false || x == 0.0 || slices.Contains(omitted, name) {
				continue
			}
			switch {
			case slices.Contains(secret, name) && !empty(x):
				out[name] = hidden
			case name == "challengeParameters":
				out[name] = hideValues(x)
			default:
				out[name] = show(x)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = show(x)
		}
		return out
	}
	return v
}

// empty reports whether v is a mapping of nothing, such as the refresh_token grant
// of an application.
func empty(v any) bool {
	m, ok := v.(map[string]any)
	return ok && len(m) == 0
}

// hideValues keeps the keys of a map as they are.
func hideValues(v any) map[string]any {
	values, _ := v.(map[string]any)
	out := make(map[string]any, len(values))
	for k := range values {
		out[k] = hidden
	}
	return out
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
