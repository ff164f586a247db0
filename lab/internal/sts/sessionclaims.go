package sts

import (
	"maps"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/jwks"
)

// Claims that AWS reads beside the registered ones. Of the tags there are two forms
// (IAM user guide, "Pass session tags using AssumeRoleWithWebIdentity"): one nested
// claim, or a flat claim for each tag and one for the keys.
const (
	claimSourceIdentity = "https://aws.amazon.com/source_identity"
	claimTags           = "https://aws.amazon.com/tags"
	claimPrincipalTag   = claimTags + "/principal_tags/"
	claimTransitive     = claimTags + "/transitive_tag_keys"
)

// maxTags of a session.
const maxTags = 50

// readSessionClaims takes the source identity and the session tags that the IdP put into the JWT.
func (id *webIdentity) readSessionClaims(t *jwks.Token, tokenTags bool) error {
	if v, present := t.Claims[claimSourceIdentity]; present {
		s, ok := v.(string)
		if !ok || len(s) < 2 || len(s) > 64 {
			return invalidToken("The claim %s must have 2 to 64 characters", claimSourceIdentity)
		}
		id.sourceIdentity = s
	}
	if !tokenTags {
		return nil
	}
	principal, transitive, ok := tagClaims(t)
	if !ok || len(principal) > maxTags {
		return invalidToken("The claim %s must hold up to %d principal_tags", claimTags, maxTags)
	}
	if err := id.readTags(principal); err != nil {
		return err
	}
	return id.readTransitive(transitive)
}

// tagClaim is a tag as a JWT has it.
type tagClaim struct {
	key   string
	value any
}

// tagClaims collects the tags of both forms in the order of their keys, and the
// claims that name transitive keys. The nested claim must hold principal_tags.
func tagClaims(t *jwks.Token) (principal []tagClaim, transitive []any, ok bool) {
	if v, present := t.Claims[claimTags]; present {
		nested, _ := v.(map[string]any)
		tags, ok := nested["principal_tags"].(map[string]any)
		if !ok {
			return nil, nil, false
		}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			principal = append(principal, tagClaim{key, tags[key]})
		}
		transitive = append(transitive, nested["transitive_tag_keys"])
	}
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		if key, flat := strings.CutPrefix(name, claimPrincipalTag); flat {
			principal = append(principal, tagClaim{key, t.Claims[name]})
		}
	}
	return principal, append(transitive, t.Claims[claimTransitive]), true
}

func (id *webIdentity) readTags(principal []tagClaim) error {
	if len(principal) > 0 {
		id.tags = make(map[string]string, len(principal))
	}
	for _, tag := range principal {
		list, ok := stringList(tag.value)
		if !ok || len(list) != 1 || tag.key == "" || len(tag.key) > 128 || len(list[0]) > 256 || isSystemTag(tag.key) {
			return invalidToken("The claim %s holds a malformed tag", claimTags)
		}
		if containsFold(slices.Collect(maps.Keys(id.tags)), tag.key) {
			return invalidToken("The claim %s holds a tag key twice", claimTags)
		}
		id.tags[tag.key] = list[0]
	}
	return nil
}

// readTransitive takes the keys of the tags that chained sessions inherit.
func (id *webIdentity) readTransitive(claims []any) error {
	for _, v := range claims {
		if v == nil {
			continue
		}
		keys, ok := stringList(v)
		for _, key := range keys {
			if _, tagged := id.tags[key]; !tagged {
				ok = false
			}
		}
		if !ok {
			return invalidToken("The claim %s names transitive_tag_keys that are no principal_tags", claimTags)
		}
		id.transitive = append(id.transitive, keys...)
	}
	return nil
}
