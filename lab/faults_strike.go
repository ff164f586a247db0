package lab

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// strike asks whether faults strike a request, and does what they do before the
// work. It is nil for nothing.
func (f *front) strike(ctx context.Context, r *faults.Request) *faults.Strike {
	if s, ok := f.world.Session(r.AccessKey); ok && r.AccessKey != "" {
		r.Account, r.RoleARN = s.Account, s.RoleARN
		if s.Identity != nil {
			r.Person = s.Identity.UserID
		}
	}
	s := f.lab.faults.Strike(r)
	if s == nil {
		return nil
	}
	for _, fault := range s.Faults {
		f.log.Info("fault injected", "fault", fault.Name, "do", fault.Do, "service", r.Service, "operation", r.Operation, "key", r.AccessKey)
		f.perform(fault, r)
	}
	if err := s.Wait(ctx); err != nil { // whom it was for has gone, or the lab goes
		f.log.Info("fault cut short", "service", r.Service, "operation", r.Operation, "reason", err)
		panic(http.ErrAbortHandler)
	}
	return s
}

// perform does what a fault does besides its answer.
func (f *front) perform(fault *faults.Fault, r *faults.Request) {
	var err error
	switch fault.Do {
	case faults.MoveClock:
		err = f.lab.clock.advance(time.Duration(fault.By))
	case faults.RotateKeys:
		issuer := fault.Issuer
		if issuer == "" {
			issuer = r.Issuer
		}
		if fault.KeepOld {
			err = f.idp.RotateKeys(issuer)
		} else {
			err = f.idp.ReplaceKeys(issuer)
		}
	case faults.Expire:
		if r.Service == faults.ProviderService {
			err = f.idp.EndSignIns(r.Issuer)
		} else {
			f.world.EndSessions(func(s *world.Session) bool { return s.AccessKeyID == r.AccessKey })
		}
	}
	if err != nil {
		f.log.Warn("fault", "fault", fault.Name, "error", err)
	}
}

// interfere is what faults make of a request to a service on the wire engine.
func (f *front) interfere(ctx context.Context, s *awswire.Service, c *awswire.Caller) *awswire.Interference {
	if !f.lab.faults.Armed() {
		return nil
	}
	struck := f.strike(ctx, &faults.Request{Service: c.Service, Operation: c.Operation, AccessKey: c.AccessKeyID, Region: c.Region})
	if struck == nil {
		return nil
	}
	i := interference(ctx, struck)
	if d := struck.Decision(); d != nil && d.Do != faults.Reset {
		i.Refusal = f.wireRefusal(s, c, d)
	}
	if struck.Of(faults.AllowReplay) {
		i.Context = world.WithReplays(ctx)
	}
	return i
}

// interference is what is the same in all services.
func interference(ctx context.Context, s *faults.Strike) *awswire.Interference {
	i := &awswire.Interference{Writer: func(w http.ResponseWriter) http.ResponseWriter {
		if d := s.Decision(); d != nil && d.RetryAfter > 0 {
			w.Header().Set("Retry-After", inSeconds(d.RetryAfter))
		}
		return s.Writer(ctx, w)
	}}
	if d := s.Decision(); d != nil && d.Do == faults.Reset {
		i.Refusal = http.ErrAbortHandler
	}
	return i
}

// inSeconds is a duration in whole seconds, rounded up.
func inSeconds(d faults.Duration) string {
	return strconv.FormatInt(int64((time.Duration(d)+time.Second-1)/time.Second), 10)
}

func (f *front) wireRefusal(s *awswire.Service, c *awswire.Caller, d *faults.Fault) error {
	switch d.Do {
	case faults.Throttle:
		return s.Throttled()
	case faults.InternalError:
		return s.Failed()
	case faults.Unavailable:
		return s.Down()
	case faults.Deny:
		return s.Denied(f.denial(c.AccessKeyID, actionPrefix(c.Service)+c.Operation, ""))
	case faults.Expire:
		return s.Refused(awswire.VerifyExpired, "", "")
	case faults.WrongRegion:
		return wrongRegion(s, c, d.ToRegion)
	}
	return &awswire.Error{Code: d.Code, Message: d.Message, Status: d.Status}
}

// wrongRegion is how a service says that another region should be asked. SSO OIDC
// alone has an exception for it.
func wrongRegion(s *awswire.Service, c *awswire.Caller, region string) error {
	if c.Service != string(oidcService) {
		return s.Refused(awswire.VerifyWrongRegion, region, c.Region)
	}
	return &awswire.Error{
		Code: "InvalidRequestRegionException", Message: "The request must be sent to another region",
		Detail: map[string]any{"region": region, "endpoint": "https://oidc." + region + ".amazonaws.com"},
	}
}

// actionPrefix is what stands before the operation in an action of IAM.
func actionPrefix(service string) string {
	switch service {
	case "sso-oidc":
		service = "sso-oauth"
	case "sso-admin":
		service = "sso"
	case "s3control":
		service = "s3"
	}
	return service + ":"
}

// denial words a fault that denies as what it is like: a policy that nobody in the
// account sees.
func (f *front) denial(accessKey, action, resource string) string {
	who := "anonymous"
	if s, ok := f.world.Session(accessKey); ok && accessKey != "" {
		who = s.ARN
	}
	text := "User: " + who + " is not authorized to perform: " + action
	if resource != "" {
		text += " on resource: \"" + resource + "\""
	}
	return text + " with an explicit deny in a service control policy"
}

// interfereS3 is what faults make of a request to S3.
func (f *front) interfereS3(ctx context.Context, x *s3.Exchange) *awswire.Interference {
	if !f.lab.faults.Armed() {
		return nil
	}
	struck := f.strike(ctx, &faults.Request{Service: string(s3Service), Operation: x.Operation, AccessKey: x.AccessKeyID, Region: x.Region})
	if struck == nil {
		return nil
	}
	i := interference(ctx, struck)
	if d := struck.Decision(); d != nil && d.Do != faults.Reset {
		i.Refusal = f.s3Refusal(x, d)
	}
	return i
}

func (f *front) s3Refusal(x *s3.Exchange, d *faults.Fault) error {
	switch d.Do {
	case faults.Throttle:
		return &s3.Error{Code: "SlowDown", Message: "Please reduce your request rate.", Status: http.StatusServiceUnavailable}
	case faults.InternalError:
		return &s3.Error{Code: "InternalError", Message: "We encountered an internal error. Please try again.", Status: http.StatusInternalServerError}
	case faults.Unavailable:
		return &s3.Error{Code: "ServiceUnavailable", Message: "Reduce your request rate.", Status: http.StatusServiceUnavailable}
	case faults.Deny:
		resource := "arn:" + f.world.Partition + ":s3:::" + x.Bucket
		if x.Key != "" {
			resource += "/" + x.Key
		}
		return &s3.Error{Code: "AccessDenied", Message: f.denial(x.AccessKeyID, x.Action, resource), Status: http.StatusForbidden}
	case faults.Expire:
		return &s3.Error{Code: "ExpiredToken", Message: "The provided token has expired.", Status: http.StatusBadRequest}
	case faults.WrongRegion:
		return f.s3Redirect(x, d.ToRegion)
	}
	status := d.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &s3.Error{Code: d.Code, Message: d.Message, Status: status}
}

// s3Redirect is S3's answer about a bucket of another region.
func (f *front) s3Redirect(x *s3.Exchange, region string) error {
	return &s3.Error{
		Code: "PermanentRedirect", Status: http.StatusMovedPermanently,
		Message: "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
		Detail:  []s3.Detail{{Name: "Endpoint", Value: x.Bucket + ".s3." + region + ".amazonaws.com" + f.hosts.suffix}, {Name: "Bucket", Value: x.Bucket}},
		Header:  map[string]string{"x-amz-bucket-region": region},
	}
}
