package ssoadmin

import (
	"maps"
	"slices"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// nobody owns what does not exist where the service has no exception for that:
// every caller is denied, as for what is another account's.
const nobody = ""

// resource is an ARN with the tags that a request finds on it.
type resource struct {
	arn  string
	tags map[string]string
}

// question is what a request is authorized for beside its action (Service
// Authorization Reference, "AWS IAM Identity Center"): every resource must be allowed.
type question struct {
	// owner is the account whose policies decide alone; any other account's do not
	// suffice, since nothing here has a resource policy that admits accounts.
	owner string
	// instance gives sso:PrimaryRegion and aws:ResourceAccount; nil for none.
	instance *world.Instance
	// applicationAccount is sso:ApplicationAccount, empty for none.
	applicationAccount string
	// requestTags are those that the request sets, tagKeys those that it names.
	requestTags map[string]string
	tagKeys     []string
	resources   []resource
}

// keys are the condition keys of a question that do not depend on the resource.
func (q *question) keys() policy.Context {
	keys := policy.Context{}
	if q.instance != nil {
		keys["sso:PrimaryRegion"] = []string{q.instance.Region}
		keys["aws:ResourceAccount"] = []string{q.instance.Account}
	}
	if q.applicationAccount != "" {
		keys["sso:ApplicationAccount"] = []string{q.applicationAccount}
	}
	for key, value := range q.requestTags {
		keys.Set("aws:RequestTag/"+key, value)
	}
	if named := append(slices.Sorted(maps.Keys(q.requestTags)), q.tagKeys...); len(named) > 0 {
		keys["aws:TagKeys"] = named
	}
	return keys
}

// authorize asks a question in the name of the caller. The refusal is about the
// first resource that is not allowed.
func (h *handlers) authorize(c *awswire.Caller, s *world.Session, q *question) error {
	for _, r := range q.resources {
		keys := q.keys()
		for key, value := range r.tags {
			keys.Set("aws:ResourceTag/"+key, value)
		}
		err := h.authz.Allow(&authz.Request{
			Caller: c, Session: s, Action: "sso:" + c.Operation, Resource: r.arn, ResourceAccount: q.owner, Context: keys,
		})
		if err != nil {
			return refuse(accessDenied, "%s", err.Error())
		}
	}
	return nil
}

// administered is the caller's own account if that may administer an instance,
// else the instance's owner.
func (h *handlers) administered(s *world.Session, in *world.Instance) string {
	if h.world.Administers(s.Account, in) {
		return s.Account
	}
	return in.Account
}

// sees reports whether an account has a use of an instance: its own, or that of
// the organization that it is a member of.
func (h *handlers) sees(account string, in *world.Instance) bool {
	return h.world.Administers(account, in) || h.world.OfOrganization(in) && h.world.OrganizationID(account) != ""
}

// instanceOf returns the instance of an ARN if it lies in the request's region.
func (h *handlers) instanceOf(c *awswire.Caller, arn string) (*world.Instance, bool) {
	in, ok := h.world.Instance(arn)
	return in, ok && in.Region == c.Region
}

// instance authorizes an operation on an instance and returns it. owner says whose
// the instance is for that operation, nil for [handlers.administered]; absent who
// owns one that is not there: nobody, or "caller" where a ResourceNotFoundException
// follows. ask, if not nil, completes the question.
func (h *handlers) instance(c *awswire.Caller, arn string, missing bool, owner func(*world.Session, *world.Instance) string, ask func(*question)) (*world.Session, *world.Instance, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	q := &question{owner: nobody, resources: []resource{{arn: arn}}}
	in, found := h.instanceOf(c, arn)
	switch {
	case found && owner != nil:
		q.owner = owner(session, in)
	case found:
		q.owner = h.administered(session, in)
	case missing:
		q.owner = session.Account
	}
	if found {
		q.instance, q.resources[0].tags = in, h.world.InstanceSettings(in).Tags
	}
	if ask != nil {
		ask(q)
	}
	if err := h.authorize(c, session, q); err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, h.refused(world.ErrNoInstance)
	}
	return session, in, nil
}

// application authorizes an operation on an application and returns it. ask, if
// not nil, completes the question.
func (h *handlers) application(c *awswire.Caller, arn string, ask func(*question)) (*world.Application, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	q := &question{owner: session.Account, resources: []resource{{arn: arn}}}
	a, found := h.world.Application(arn)
	if found = found && a.Region == c.Region; found {
		q.instance, q.applicationAccount, q.resources[0].tags = a.Instance, a.Creator, a.Tags
		if a.Creator != session.Account {
			q.owner = h.administered(session, a.Instance)
		}
	}
	if ask != nil {
		ask(q)
	}
	if err := h.authorize(c, session, q); err != nil {
		return nil, err
	}
	if !found {
		return nil, h.refused(world.ErrNoApplication)
	}
	return a, nil
}

// change authorizes an operation on an application and has edit edit it.
func (h *handlers) change(c *awswire.Caller, arn string, edit func(*world.Application) error) error {
	if _, err := h.application(c, arn, nil); err != nil {
		return err
	}
	return h.refused(h.world.ChangeApplication(arn, edit))
}

// issuer authorizes an operation on a trusted token issuer and returns it.
func (h *handlers) issuer(c *awswire.Caller, arn string, ask func(*question)) (*world.Instance, *world.TrustedTokenIssuer, error) {
	session, err := h.authz.Session(c)
	if err != nil {
		return nil, nil, err
	}
	q := &question{owner: session.Account, resources: []resource{{arn: arn}}}
	var t *world.TrustedTokenIssuer
	in, found := h.world.TrustedTokenIssuerInstance(arn)
	if found = found && in.Region == c.Region; found {
		q.instance, q.owner = in, h.administered(session, in)
		if t, found = h.world.TrustedTokenIssuer(in, arn); found {
			q.resources[0].tags = t.Tags
		}
	}
	if ask != nil {
		ask(q)
	}
	if err := h.authorize(c, session, q); err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, h.refused(world.ErrNoIssuer)
	}
	return in, t, nil
}
