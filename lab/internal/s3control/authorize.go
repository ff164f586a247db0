package s3control

import (
	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// instanceID is that of every instance.
const instanceID = "default"

// question is what a request is authorized for beside its action: by default the
// instance that it names, by the identity policies of the caller's account.
type question struct {
	// below is what follows the instance's ARN in that of the resource.
	below string
	// anything says that the action has no resource: it is authorized on "*".
	anything bool
	// shared says that the instance's resource policy counts.
	shared bool
	keys   policy.Context
}

// shared is for the five actions that a resource policy can share with other
// accounts (S3 user guide, cross-account access): GetDataAccess,
// GetAccessGrantsInstanceForPrefix, ListCallerAccessGrants, ListAccessGrants and
// ListAccessGrantsLocations.
func shared(_ *world.AccessGrants, q *question) { q.shared = true }

// instanceARN is that of the instance of an account, which need not exist.
func (h *handlers) instanceARN(c *awswire.Caller, account string) string {
	return "arn:" + h.world.Partition + ":s3:" + c.Region + ":" + account + ":access-grants/" + instanceID
}

// permit authorizes the operation of c on the instance of an account and returns
// it. ask, if not nil, completes the question; without an instance it gets an empty one.
func (h *handlers) permit(c *awswire.Caller, account string, ask func(*world.AccessGrants, *question)) (*world.Session, *world.AccessGrants, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	in, found := h.world.AccessGrants(account, c.Region)
	if !found {
		in = &world.AccessGrants{Account: account, Region: c.Region}
	}
	q := question{keys: h.requestKeys(c, account)}
	if ask != nil {
		ask(in, &q)
	}
	resource := h.instanceARN(c, account) + q.below
	if q.anything {
		resource = "*"
	} else if q.below == "" {
		addTags(q.keys, "aws:ResourceTag/", in.Tags)
	}
	r := &authz.Request{
		Caller: c, Session: session, Action: "s3:" + c.Operation, ResourceAccount: account,
		Resource: resource, Context: q.keys,
	}
	if q.shared {
		r.ResourcePolicy = in.ResourcePolicy
	}
	if err := h.authz.Require(r); err != nil {
		return nil, nil, err
	}
	if !found {
		return session, nil, refuse("AccessGrantsInstanceNotExistsError")
	}
	return session, in, nil
}

// requestKeys are the condition keys that every request to S3 Control has (Service
// Authorization Reference, "Actions defined by Amazon S3").
func (h *handlers) requestKeys(c *awswire.Caller, account string) policy.Context {
	keys := authz.SignatureKeys(&c.Signature, h.world.Now())
	keys["s3:ResourceAccount"] = []string{account}
	if c.TLSVersion != "" {
		keys["s3:TlsVersion"] = []string{c.TLSVersion}
	}
	return keys
}

// also wants a further action allowed by the caller's own policies, whoever owns
// the resource: S3 Access Grants does it in the caller's name.
func (h *handlers) also(c *awswire.Caller, s *world.Session, action, resource string, keys policy.Context) error {
	return h.authz.Require(&authz.Request{Caller: c, Session: s, Action: action, Resource: resource, ResourceAccount: s.Account, Context: keys})
}

// pass wants iam:PassRole for the role of a location.
func (h *handlers) pass(c *awswire.Caller, s *world.Session, role string) error {
	return h.also(c, s, "iam:PassRole", role, policy.Context{"iam:PassedToService": {servicePrincipal}})
}

func addTags(keys policy.Context, prefix string, tags map[string]string) {
	for key, value := range tags {
		keys.Set(prefix+key, value)
	}
}
