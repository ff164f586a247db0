package audit

import "slices"

// identityStore is the service whose events show no attributes of people: ids of
// what a request names stay, and of the answers those to changes, which are ids.
const identityStore = "identitystore"

// identifiers are members of its requests that are shown as they are.
var identifiers = []string{
	"identityStoreId", "userId", "groupId", "groupIds", "membershipId", "attributePath", "maxResults", "nextToken",
}

// shownOfDirectory hides every value of a request but identifiers.
func shownOfDirectory(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		if slices.Contains(identifiers, name) {
			out[name] = v
			continue
		}
		out[name] = hideLeaves(v)
	}
	return out
}

func hideLeaves(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 { // a document, which has no form of its own
			return hidden
		}
		return shownOfDirectory(v)
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = hideLeaves(one)
		}
		return out
	case bool:
		return v
	}
	return hidden
}
