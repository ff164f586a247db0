package iam

import (
	"slices"
	"strconv"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// edits are the changes that the fixes so far make. A command writes a whole policy: a later
// one must not undo what an earlier one has mended.
type edits struct {
	// trusts are trust policies by the role's ARN, drafts own policies and boundaries by
	// the role's ARN and the policy's name.
	trusts map[string]*policy.Document
	drafts map[string]*iamrole.Draft
	// names are those of added inline policies by the role's ARN.
	names map[string][]string
	// copies are the ARNs of policies that take the place of AWS's own.
	copies map[string]string
}

func newEdits() edits {
	return edits{map[string]*policy.Document{}, map[string]*iamrole.Draft{}, map[string][]string{}, map[string]string{}}
}

// trust is the trust policy of a role as the fixes so far leave it.
func (e *edits) trust(role *chain.Role) *policy.Document {
	if doc := e.trusts[role.ARN]; doc != nil {
		return doc
	}
	return role.Trust
}

// draft is a policy of a role as the fixes so far leave it, to be changed.
func (e *edits) draft(role *chain.Role, name string, doc *policy.Document) *iamrole.Draft {
	key := role.ARN + " " + name
	if e.drafts[key] == nil {
		e.drafts[key] = iamrole.Edit(doc)
	}
	return e.drafts[key]
}

// free is a name that no inline policy of a role has.
func (e *edits) free(role *chain.Role, name string) string {
	taken := func(name string) bool {
		return slices.Contains(role.PolicyNames, name) || slices.Contains(e.names[role.ARN], name)
	}
	with := name
	for i := 2; taken(with); i++ {
		with = name + "-" + strconv.Itoa(i)
	}
	e.names[role.ARN] = append(e.names[role.ARN], with)
	return with
}
