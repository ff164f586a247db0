package iam

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Quotas of a role or user (IAM user guide, "IAM and AWS STS quotas").
const (
	maxAttached    = 10
	roleInlineSize = 10_240
	userInlineSize = 2_048
)

// holder is a role or user that has policies.
type holder struct {
	*world.Entity
	kind string // "role" or "user"
	// store has edit change the role or user.
	store func(edit func(*world.Entity) error) error
}

func (h *handlers) roleHolder(c *awswire.Caller, name string, keys policy.Context) (*holder, error) {
	r, err := h.role(c, name, keys)
	if err != nil {
		return nil, err
	}
	return &holder{&r.Entity, "role", func(edit func(*world.Entity) error) error {
		_, err := h.world.ChangeRole(r.Account, r.Name, func(r *world.Role) error { return edit(&r.Entity) })
		return found(err, noRole(name))
	}}, nil
}

func (h *handlers) userHolder(c *awswire.Caller, name string, keys policy.Context) (*holder, error) {
	u, err := h.user(c, &name, keys)
	if err != nil {
		return nil, err
	}
	return &holder{&u.Entity, "user", func(edit func(*world.Entity) error) error {
		_, err := h.world.ChangeIAMUser(u.Account, u.Name, func(u *world.IAMUser) error { return edit(&u.Entity) })
		return found(err, noUser(name))
	}}, nil
}

// putInline embeds a policy.
func (x *holder) putInline(name, document string) error {
	doc, err := parse(strings.Clone(document), policy.Identity)
	if err != nil {
		return err
	}
	limit := roleInlineSize
	if x.kind == "user" {
		limit = userInlineSize
	}
	return x.store(func(e *world.Entity) error {
		e.PutInline(strings.Clone(name), doc)
		size := 0
		for _, p := range e.Inline {
			size += policy.Size([]byte(p.Document.Text()))
		}
		if size > limit {
			return refuse("LimitExceeded", "Maximum policy size of %d bytes exceeded for %s %s", limit, x.kind, e.Name)
		}
		return nil
	})
}

func (x *holder) noInline(name string) error {
	return noSuch("The %s policy with name %s cannot be found.", x.kind, name)
}

// inline returns an embedded policy.
func (x *holder) inline(name string) (*world.InlinePolicy, error) {
	p, ok := x.Inlined(name)
	if !ok {
		return nil, x.noInline(name)
	}
	return p, nil
}

// dropInline takes an embedded policy away.
func (x *holder) dropInline(name string) error {
	return x.store(func(e *world.Entity) error {
		if !e.DropInline(name) {
			return x.noInline(name)
		}
		return nil
	})
}

// inlineNames is a page of the names of the embedded policies.
func (x *holder) inlineNames(marker *string, size *int32) (*page[string], error) {
	names := make([]string, 0, len(x.Inline))
	for _, p := range x.Inline {
		names = append(names, p.Name)
	}
	return pageOf(slices.Values(names), itself, paging{marker, size, "inline " + x.ID})
}

// attachKeys are the condition keys of a request about a managed policy.
func attachKeys(arn string) policy.Context { return policy.Context{"iam:PolicyARN": {arn}} }

// attach attaches a managed policy.
func (h *handlers) attach(x *holder, arn string) error {
	gone := notAttachable(arn)
	if err := h.attachable(x.Account, arn, gone); err != nil {
		return err
	}
	err := x.store(func(e *world.Entity) error {
		e.Attach(strings.Clone(arn))
		if len(e.Attached) > maxAttached {
			return overQuota("PoliciesPer"+strings.ToUpper(x.kind[:1])+x.kind[1:], maxAttached)
		}
		return nil
	})
	return there(err, gone)
}

// there words the world's answer that a managed policy is not there; gone is the
// refusal. Other errors, nil included, stay as they are.
func there(err, gone error) error {
	if errors.Is(err, world.ErrNoPolicy) {
		return gone
	}
	return err
}

// detach takes a managed policy off.
func (h *handlers) detach(x *holder, arn string) error {
	if _, err := h.checkARN(arn, "policy"); err != nil {
		return err
	}
	return x.store(func(e *world.Entity) error {
		if !e.Detach(arn) {
			return noPolicy(arn)
		}
		return nil
	})
}

// attached is a page of the managed policies below a path, in the order of their names.
func (h *handlers) attached(x *holder, prefix *string, marker *string, size *int32) (*page[types.AttachedPolicy], error) {
	below, all := path(prefix), h.attachedPolicies(x.Entity)
	slices.SortFunc(all, func(a, b *world.ManagedPolicy) int { return strings.Compare(a.SortName(), b.SortName()) })
	list := filtered(all, func(p *world.ManagedPolicy) bool { return strings.HasPrefix(p.Path, below) })
	p, err := pageOf(list, (*world.ManagedPolicy).SortName, paging{marker, size, "attached " + x.ID})
	if err != nil {
		return nil, err
	}
	return &page[types.AttachedPolicy]{converted(p.items, attachedPolicy), p.truncated, p.marker}, nil
}

func (h *handlers) attachedPolicies(e *world.Entity) []*world.ManagedPolicy {
	var all []*world.ManagedPolicy
	for _, arn := range e.Attached {
		if p, ok := h.world.Policy(arn); ok {
			all = append(all, p)
		}
	}
	return all
}

func attachedPolicy(p *world.ManagedPolicy) *types.AttachedPolicy {
	arn := p.ARN()
	return &types.AttachedPolicy{PolicyArn: &arn, PolicyName: &p.Name}
}

// boundaryKeys are the condition keys of a request that sets a permissions boundary.
func boundaryKeys(arn string) policy.Context { return policy.Context{"iam:PermissionsBoundary": {arn}} }

// boundary is the permissions boundary of a request, "" for none.
func (h *handlers) boundary(account string, arn *string) (string, error) {
	if arn == nil {
		return "", nil
	}
	return strings.Clone(*arn), h.attachable(account, *arn, noBoundary(*arn))
}

func noBoundary(arn string) error {
	return noSuch("Scope ARN: %s does not exist or is not attachable.", arn)
}

// setBoundary sets the permissions boundary, or takes it away.
func (h *handlers) setBoundary(x *holder, arn *string) error {
	boundary, err := h.boundary(x.Account, arn)
	if err != nil {
		return err
	}
	err = x.store(func(e *world.Entity) error {
		e.BoundaryARN = boundary
		return nil
	})
	return there(err, noBoundary(boundary))
}

// boundaryOf is the permissions boundary as answers have it.
func boundaryOf(e *world.Entity) *types.AttachedPermissionsBoundary {
	if e.BoundaryARN == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &e.BoundaryARN, PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
}
