package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// unread ends the id of a check that could not be made.
const unread = ".unread"

var idForm = lazyregexp.New(`^[a-z]+\.[a-z0-9-]+(\.unread)?$`)

// explainID knows the ids that a diagnosis prints.
func explainID(text string, k Knowledge) []Explanation {
	if !idForm().MatchString(text) {
		return nil
	}
	bare, isUnread := strings.CutSuffix(text, unread)
	for i := range k.Checks {
		c := &k.Checks[i]
		if c.ID == bare {
			return []Explanation{aboutCheck(c, isUnread)}
		}
		for j := range c.Kinds {
			if c.Kinds[j].ID == text {
				return []Explanation{aboutKind(c, &c.Kinds[j])}
			}
		}
	}
	return nil
}

func aboutCheck(c *finding.Check, isUnread bool) Explanation {
	e := Explanation{Kind: Finding, ID: c.ID, Title: "the check " + c.ID + ": " + c.Title, Means: c.Why, Source: "tip-cli diag"}
	for _, kind := range c.Kinds {
		e.Facts = append(e.Facts, Fact{Name: kind.ID, Value: string(kind.Status), Means: kind.Title})
	}
	if isUnread {
		e.ID += unread
		e.Title += ", which could not be made"
		e.Means = "Whether this is right is not known, and it may be either. " + e.Means
		e.Causes = []Cause{
			{Why: "the credentials that diag reads with lack a permission, which the report names"},
			{Why: "there are no credentials for that account: --profile is for the account of Identity Center, --app-profile for the account of the roles"},
			{Why: "something before it is broken, and is reported with its own id"},
		}
	}
	e.Causes = append(e.Causes, Cause{Why: "to look at it now", Check: c.ID})
	return e
}

func aboutKind(c *finding.Check, k *finding.Kind) Explanation {
	return Explanation{
		Kind: Finding, ID: k.ID, Title: k.Title, Means: k.Why, Source: "tip-cli diag",
		Facts: []Fact{
			{Name: "severity", Value: string(k.Status), Means: severity(k.Status)},
			{Name: "check", Value: c.ID, Means: c.Title},
			{Name: "needed", Value: c.Why},
		},
		Causes: []Cause{{Why: "the report of diag names the culprit and the command that mends it", Check: c.ID}},
	}
}

func severity(s finding.Status) string {
	if s == finding.Fail {
		return "it keeps the chain from working"
	}
	return "it works, and will not always, or not for everybody"
}

// Similar are ids that somebody may have meant by a text that looks like one, in order.
func Similar(text string, k Knowledge) []string {
	text = strings.TrimSpace(text)
	if !idForm().MatchString(text) {
		return nil
	}
	section, name, _ := strings.Cut(strings.TrimSuffix(text, unread), ".")
	var ids []string
	for _, c := range k.Checks {
		for _, id := range append([]string{c.ID}, kindIDs(c)...) {
			of, own, _ := strings.Cut(id, ".")
			if of == section && sharesWord(own, name) || own == name {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	const most = 5
	return slices.Compact(ids)[:min(most, len(slices.Compact(ids)))]
}

func kindIDs(c finding.Check) []string {
	ids := make([]string, len(c.Kinds))
	for i := range c.Kinds {
		ids[i] = c.Kinds[i].ID
	}
	return ids
}

// sharesWord reports whether two names with hyphens have a word in common.
func sharesWord(a, b string) bool {
	words := strings.Split(a, "-")
	return slices.ContainsFunc(strings.Split(b, "-"), func(w string) bool { return len(w) > 2 && slices.Contains(words, w) })
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
