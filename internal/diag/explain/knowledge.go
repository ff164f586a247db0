package explain

import (
	"slices"
	"strings"
	"sync"
)

// piece is what is known of an error. It fits if all that it asks for is there.
type piece struct {
	id string
	// codes and operations are alternatives; actions are those that were not authorized.
	codes, operations, actions []string
	// has are parts of the text in lower case, all of which must be there; each may be
	// several alternatives with a bar between them.
	has []string
	// lacks is a part that must not be there.
	lacks string
	// or is another way to fit, of which only what is asked for counts.
	or *piece

	title, means string
	causes       []Cause
	source       string
}

// tables are in order: what is narrow comes before what is wide.
func tables() [][]piece {
	return [][]piece{machineErrors, providerErrors, sessionErrors, stsErrors, grantsErrors, exchangeErrors, oauthErrors, serviceErrors, templateErrors, wrapperErrors, generalErrors}
}

// operations are those that give an error its meaning.
var operations = []string{
	"AssumeRoleWithWebIdentity", "CreateTokenWithIAM", "AssumeRole", "GetDataAccess", "ListCallerAccessGrants", "GetAccessGrantsInstanceForPrefix",
	"StartQueryExecution", "GetQueryResults", "GetWorkGroup", "ExecuteStatement", "ChatSync", "ListConversations", "CreateToken",
	"GetRoleCredentials", "GetCallerIdentity",
}

// codes are all that the tables know.
var codes = sync.OnceValue(func() []string {
	var all []string
	for _, table := range tables() {
		for i := range table {
			for k := &table[i]; k != nil; k = k.or {
				all = append(all, k.codes...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
})

func (k *piece) fits(r *refused) bool {
	return k.matches(r) || k.or != nil && k.or.fits(r)
}

func (k *piece) matches(r *refused) bool {
	if len(k.codes) > 0 && !slices.ContainsFunc(k.codes, func(c string) bool { return slices.Contains(r.anywhere, c) }) {
		return false
	}
	if len(k.operations) > 0 && !slices.Contains(k.operations, r.operation) {
		return false
	}
	if len(k.actions) > 0 && !slices.ContainsFunc(k.actions, r.wanted) {
		return false
	}
	if k.lacks != "" && strings.Contains(r.text, k.lacks) {
		return false
	}
	for _, part := range k.has {
		if !slices.ContainsFunc(strings.Split(part, "|"), func(one string) bool { return strings.Contains(r.text, one) }) {
			return false
		}
	}
	return true
}

// wanted reports whether an action, or all that begin like one that ends with a star,
// is what was not authorized.
func (r *refused) wanted(action string) bool {
	stem, wide := strings.CutSuffix(strings.ToLower(action), "*")
	own := strings.ToLower(r.action)
	return own == stem || wide && own != "" && strings.HasPrefix(own, stem)
}

func (k *piece) explanation(r *refused) Explanation {
	return Explanation{
		Kind: Error, ID: k.id, Title: k.title, Means: k.means, Facts: r.facts(), Causes: slices.Clone(k.causes), Source: k.source,
	}
}
