package iam

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// resource is what a request is authorized for.
type resource struct {
	arn string
	// shown is how a denial names it, the ARN if it is empty: IAM says "role NAME"
	// of a role that it was asked for by name.
	shown string
	// account is the owner, the caller's if it is empty.
	account string
	keys    policy.Context
}

// permit authorizes the operation of c, or another action, on a resource.
func (h *handlers) permit(c *awswire.Caller, s *world.Session, action string, r resource) error {
	if r.account == "" {
		r.account = s.Account
	}
	if r.keys == nil {
		r.keys = policy.Context{}
	}
	r.keys.Set("aws:RequestedRegion", h.globalRegion(c))
	err := h.authz.Allow(&authz.Request{
		Caller: c, Session: s, Action: "iam:" + action, Resource: r.arn, ResourceAccount: r.account, Context: r.keys,
	})
	if err == nil {
		return nil
	}
	text := err.Error()
	switch {
	case r.arn == "*":
		text = strings.Replace(text, "iam:"+action, "iam:"+action+" on resource: *", 1)
	case r.shown != "":
		text = strings.Replace(text, " on resource: "+r.arn, " on resource: "+r.shown, 1)
	}
	return denied("%s", text)
}

// globalRegion is the region of IAM whatever an endpoint's signature says: IAM is global.
func (h *handlers) globalRegion(c *awswire.Caller) string {
	if h.world.Partition == "aws" {
		return "us-east-1"
	}
	return c.Region
}

// anything authorizes an operation without a resource.
func (h *handlers) anything(c *awswire.Caller) (*world.Session, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	return s, h.permit(c, s, c.Operation, resource{arn: "*"})
}

func (h *handlers) arn(account, kind, path, name string) string {
	return "arn:" + h.world.Partition + ":iam::" + account + ":" + kind + path + name
}

// addTags adds the condition keys of tags that a resource has.
func addTags(keys policy.Context, tags map[string]string) {
	for key, value := range tags {
		keys.Set("aws:ResourceTag/"+key, value)
		keys.Set("iam:ResourceTag/"+key, value)
	}
}

// entityKeys are the condition keys that a role or user gives.
func entityKeys(e *world.Entity, own policy.Context) policy.Context {
	keys := policy.Context{}
	if e != nil {
		addTags(keys, e.Tags)
		if e.BoundaryARN != "" {
			keys.Set("iam:PermissionsBoundary", e.BoundaryARN)
		}
	}
	for key, values := range own {
		keys.Set(key, values...)
	}
	return keys
}

// role authorizes the operation of c on a role and returns it.
func (h *handlers) role(c *awswire.Caller, name string, keys policy.Context) (*world.Role, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	role, ok := h.world.RoleNamed(s.Account, name)
	r := resource{arn: h.arn(s.Account, "role", "/", name), shown: "role " + name}
	var e *world.Entity
	if ok {
		r.arn, e = role.ARN(), &role.Entity
	}
	r.keys = entityKeys(e, keys)
	if err := h.permit(c, s, c.Operation, r); err != nil {
		return nil, err
	}
	if !ok {
		return nil, noRole(name)
	}
	return role, nil
}

// user authorizes the operation of c on a user and returns it. Without a name it is
// the user who asks.
func (h *handlers) user(c *awswire.Caller, name *string, keys policy.Context) (*world.IAMUser, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	if name == nil && s.Kind != world.KindIAMUser {
		return nil, validation("Must specify userName when calling with non-User credentials")
	}
	if name == nil {
		name = aws.String(s.ARN[strings.LastIndexByte(s.ARN, '/')+1:])
	}
	user, ok := h.world.IAMUserNamed(s.Account, *name)
	r := resource{arn: h.arn(s.Account, "user", "/", *name), shown: "user " + *name}
	var e *world.Entity
	if ok {
		r.arn, e = user.ARN(), &user.Entity
	}
	r.keys = entityKeys(e, keys)
	if err := h.permit(c, s, c.Operation, r); err != nil {
		return nil, err
	}
	if !ok {
		return nil, noUser(*name)
	}
	return user, nil
}

// checkARN looks at the form of the ARN of a managed policy or OIDC provider.
func (h *handlers) checkARN(arn, kind string) (account string, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != h.world.Partition || parts[2] != "iam" || parts[3] != "" || !strings.HasPrefix(parts[5], kind+"/") {
		return "", invalidARN(arn)
	}
	return parts[4], nil
}

// awsOwned stands for the account in the ARNs of AWS's own policies.
const awsOwned = "aws"

// policy authorizes the operation of c on a managed policy and returns it; gone is
// the refusal if there is none.
func (h *handlers) policy(c *awswire.Caller, arn string, gone error, keys policy.Context) (*world.ManagedPolicy, *world.Session, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	account, err := h.checkARN(arn, "policy")
	if err != nil {
		return nil, nil, err
	}
	r := resource{arn: arn, shown: "policy " + arn, account: account, keys: maps.Clone(keys)}
	if account == awsOwned {
		r.account = s.Account
	}
	p, ok := h.world.Policy(arn)
	if ok {
		if r.keys == nil {
			r.keys = policy.Context{}
		}
		addTags(r.keys, p.Tags)
	}
	if err := h.permit(c, s, c.Operation, r); err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, gone
	}
	return p, s, nil
}

// ownPolicy is policy for operations that change it, which AWS's own are not open to.
func (h *handlers) ownPolicy(c *awswire.Caller, arn string, gone error, keys policy.Context) (*world.ManagedPolicy, error) {
	p, _, err := h.policy(c, arn, gone, keys)
	if err == nil && p.Account == awsOwned {
		return nil, denied("Policy is outside your own account.")
	}
	return p, err
}

// provider authorizes the operation of c on an OIDC provider and returns it.
func (h *handlers) provider(c *awswire.Caller, arn string, gone error, keys policy.Context) (*world.OIDCProvider, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	account, err := h.checkARN(arn, "oidc-provider")
	if err != nil {
		return nil, err
	}
	p, ok := h.world.OIDCProviderByARN(arn)
	r := resource{arn: arn, account: account, keys: policy.Context{}}
	maps.Copy(r.keys, keys)
	if ok {
		addTags(r.keys, p.Tags)
	}
	if err := h.permit(c, s, c.Operation, r); err != nil {
		return nil, err
	}
	if !ok {
		return nil, gone
	}
	return p, nil
}

// attachable checks the ARN of a managed policy that is about to be attached; gone is
// the refusal if an account cannot have it. Whether it is there the world finds out
// when it is attached: it may go away before.
func (h *handlers) attachable(account, arn string, gone error) error {
	owner, err := h.checkARN(arn, "policy")
	if err != nil {
		return err
	}
	if owner != account && owner != awsOwned {
		return gone
	}
	return nil
}

// parse reads a policy document; the refusal is IAM's.
func parse(text string, kind policy.Kind) (*policy.Document, error) {
	doc, err := policy.Parse([]byte(text), kind)
	if err != nil {
		return nil, malformed(err)
	}
	return doc, nil
}
