package s3control

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// maxSessionPolicy bounds a session policy, in characters (IAM quotas).
const maxSessionPolicy = 2048

// servicePrincipal is who assumes the location's role.
const servicePrincipal = "access-grants.s3.amazonaws.com"

func (h *handlers) getDataAccess(_ context.Context, c *awswire.Caller, in *s3control.GetDataAccessInput) (*s3control.GetDataAccessOutput, error) {
	session, instance, err := h.permit(c, *in.AccountId, shared)
	if err != nil {
		return nil, err
	}
	target, err := h.target(in)
	if err != nil {
		return nil, err
	}
	id := h.identities(session, instance)
	g := h.best(instance, &id, target, in.Permission)
	if g == nil {
		return nil, &awswire.Error{
			Code: "AccessDenied", Status: http.StatusForbidden,
			Message: "You do not have " + string(in.Permission) + " permissions to the requested S3 Prefix: " + aws.ToString(in.Target),
		}
	}
	matched := g.Scope
	if in.Privilege == types.PrivilegeMinimal {
		matched = target
	}
	vended, err := h.vend(session, instance, g, matched, in)
	if err != nil {
		return nil, err
	}
	return &s3control.GetDataAccessOutput{
		Credentials: &types.Credentials{
			AccessKeyId: &vended.AccessKeyID, SecretAccessKey: &vended.SecretAccessKey,
			SessionToken: &vended.SessionToken, Expiration: &vended.Expires,
		},
		MatchedGrantTarget: &matched,
		Grantee:            &types.Grantee{GranteeType: types.GranteeType(g.Grantee), GranteeIdentifier: &g.GranteeID},
	}, nil
}

// target checks the requested target and returns it as it is matched.
func (h *handlers) target(in *s3control.GetDataAccessInput) (string, error) {
	target := aws.ToString(in.Target)
	rest, ok := strings.CutPrefix(target, "s3://")
	if !ok || rest == "" {
		return "", h.invalid("The target %s is not an S3 URI: it must begin with s3:// and name a bucket", target)
	}
	if in.TargetType == types.S3PrefixTypeObject && strings.HasSuffix(target, "*") {
		return "", h.invalid("The target of type Object must not end with *")
	}
	if !strings.ContainsAny(rest, "/*") && *h.world.Switches.BareBucketTarget {
		if in.TargetType == types.S3PrefixTypeObject {
			return "", h.invalid("The target of type Object must name an object")
		}
		target += "/*"
	}
	return target, nil
}

// vend makes a session of the location's role, limited to the matched target.
func (h *handlers) vend(caller *world.Session, in *world.AccessGrants, g *world.Grant, matched string, r *s3control.GetDataAccessInput) (*world.Session, error) {
	location, _ := in.Location(g.LocationID)
	role, ok := h.world.Role(location.RoleARN)
	directory := g.Grantee != world.IAMGrantee
	if !ok || !h.trusted(role, in, directory, h.sourceIdentity(caller, directory)) {
		return nil, &awswire.Error{
			Code: "StsNotAuthorizedError", Status: http.StatusForbidden,
			Message: "User: " + servicePrincipal + " is not authorized to perform: sts:AssumeRole on resource: " + location.RoleARN,
		}
	}
	duration := time.Hour
	if r.DurationSeconds != nil {
		duration = time.Duration(*r.DurationSeconds) * time.Second
	}
	if duration > role.MaxSessionDuration && *h.world.Switches.LocationRoleMaximum {
		return nil, &awswire.Error{
			Code: "StsValidationError", Status: http.StatusBadRequest,
			Message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		}
	}
	text := sessionPolicy(h.world.Partition, matched, r.Permission)
	if h.world.Switches.VendedPolicySize != "unlimited" && len(text) > maxSessionPolicy {
		return nil, refuse("StsPackedPolicyTooLargeError")
	}
	limit, err := policy.Parse(text, policy.Session)
	if err != nil {
		return nil, err
	}
	s := h.newSession(role, limit, duration)
	s.AccessGrant = &world.VendedGrant{GrantARN: g.ARN, InstanceARN: in.ARN, Target: matched}
	s.SourceIdentity = h.sourceIdentity(caller, directory)
	if directory && *h.world.Switches.VendedSessionsNamePerson {
		audit := *caller.Identity
		audit.Audit = true
		s.Identity = &audit
	}
	h.world.AddSession(s)
	return s, nil
}

func (h *handlers) newSession(role *world.Role, limit *policy.Document, duration time.Duration) *world.Session {
	now := h.world.Now().UTC().Truncate(time.Second)
	name := h.world.Switches.VendedSessionPrefix + uuid.NewString()
	id, secret, token := world.NewCredentials()
	return &world.Session{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Issued: now, Expires: now.Add(duration),
		Kind: world.KindAssumedRole, Account: role.Account, RoleARN: role.ARN(), SessionName: name,
		ARN: h.world.AssumedRoleARN(role, name), UserID: role.ID + ":" + name,
		SessionPolicies: []*policy.Document{limit},
	}
}

// setsSourceIdentity reports whether the service sets a source identity for a grantee.
func (h *handlers) setsSourceIdentity(directory bool) bool {
	return !directory || *h.world.Switches.DirectorySourceIdentity
}

// sourceIdentity is that of a vended session, empty for none.
func (h *handlers) sourceIdentity(caller *world.Session, directory bool) string {
	if h.setsSourceIdentity(directory) && *h.world.Switches.VendedSourceIdentity {
		return caller.SourceIdentity
	}
	return ""
}

// trusted asks the trust policy of a location's role for what the service does with it.
func (h *handlers) trusted(role *world.Role, in *world.AccessGrants, directory bool, sourceIdentity string) bool {
	keys := policy.Context{"aws:SourceAccount": {in.Account}, "aws:SourceArn": {in.ARN}}
	actions := []string{"sts:AssumeRole"}
	if h.setsSourceIdentity(directory) {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if sourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{sourceIdentity}
	}
	if directory {
		actions = append(actions, "sts:SetContext")
		keys["sts:RequestContextProviders"] = []string{"arn:" + h.world.Partition + ":iam::aws:contextProvider/IdentityCenter"}
	}
	for _, action := range actions {
		if !h.authz.Trusts(role, policy.Principal{Service: servicePrincipal}, action, keys) {
			return false
		}
	}
	return true
}
