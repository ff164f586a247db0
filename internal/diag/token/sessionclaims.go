package token

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Claims from which STS makes a source identity and session tags (IAM user guide, "Pass
// session tags using AssumeRoleWithWebIdentity"), and what it takes of them.
const (
	claimSourceIdentity = "https://aws.amazon.com/source_identity"
	claimTags           = "https://aws.amazon.com/tags"
	claimPrincipalTag   = claimTags + "/principal_tags/"
	claimTransitive     = claimTags + "/transitive_tag_keys"

	leastSource, mostSource   = 2, 64
	leastSubject, mostSubject = 6, 255
	mostTags                  = 50
	longestKey, longestTag    = 128, 256
)

// length says what is wrong with the length of a text, "" for nothing.
func length(text string, least, most int) string {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return fmt.Sprintf("%d characters long, and STS takes %d to %d", n, least, most)
	}
	return ""
}

// sessionClaims are the claims that STS refuses to make a session of.
func sessionClaims(claims map[string]any) []wrong {
	var bad []wrong
	if value, there := claims[claimSourceIdentity]; there {
		source, seen := name(value)
		if seen == "" {
			seen = length(source, leastSource, mostSource)
		}
		if seen != "" {
			bad = append(bad, wrong{claimSourceIdentity, claimSourceIdentity + " is " + seen})
		}
	}
	if seen := sessionTags(claims); seen != "" {
		bad = append(bad, wrong{claimTags, claimTags + " " + seen})
	}
	return bad
}

// sessionTags says what is wrong with the tags of both forms, "" for nothing.
func sessionTags(claims map[string]any) string {
	tags := map[string]any{}
	transitive := []any{claims[claimTransitive]}
	if value, there := claims[claimTags]; there {
		nested, _ := value.(map[string]any)
		principal, ok := nested["principal_tags"].(map[string]any)
		if !ok {
			return "has no object principal_tags"
		}
		maps.Copy(tags, principal)
		transitive = append(transitive, nested["transitive_tag_keys"])
	}
	for claim, value := range claims {
		if key, flat := strings.CutPrefix(claim, claimPrincipalTag); flat {
			tags[key] = value
		}
	}
	if len(tags) > mostTags {
		return fmt.Sprintf("has %d tags, and STS takes %d", len(tags), mostTags)
	}
	known := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if known[strings.ToLower(key)] || !takenTag(key, tags[key]) {
			return "has a tag that STS does not take: keys of 1 to 128 characters, each once, that do not begin with aws:, with one text of up to 256 characters"
		}
		known[strings.ToLower(key)] = true
	}
	for _, value := range transitive {
		if !among(value, tags) {
			return "names transitive_tag_keys that are none of its tags"
		}
	}
	return ""
}

func takenTag(key string, value any) bool {
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	text, ok := value.(string)
	return ok && length(key, 1, longestKey) == "" && length(text, 0, longestTag) == "" && !strings.HasPrefix(strings.ToLower(key), "aws:")
}

// among reports whether a text or all of a list are keys of tags.
func among(value any, tags map[string]any) bool {
	if value == nil {
		return true
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	return !slices.ContainsFunc(list, func(one any) bool {
		key, _ := one.(string)
		_, there := tags[key]
		return !there
	})
}
