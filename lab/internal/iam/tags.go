package iam

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// maxTags is how many tags a resource has at most.
const maxTags = 50

// tagRules are how tags of a kind of resource are told apart: those of roles and
// users without regard to case (IAM user guide, "Rules for tagging in IAM and AWS STS").
type tagRules struct{ fold bool }

var (
	foldedTags = tagRules{fold: true}
	exactTags  = tagRules{}
)

// tagsOf are the tags of a request.
func (r tagRules) tagsOf(list []types.Tag) (map[string]string, error) {
	tags := make(map[string]string, len(list))
	for _, t := range list {
		key := strings.Clone(aws.ToString(t.Key))
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalidInput("Tag keys that begin with aws: are reserved for system use.")
		}
		if _, twice := r.find(tags, key); twice {
			if r.fold {
				return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
			}
			return nil, invalidInput("Duplicate tag keys found.")
		}
		tags[key] = strings.Clone(aws.ToString(t.Value))
	}
	return tags, nil
}

// find returns the key of tags that is the same as key.
func (r tagRules) find(tags map[string]string, key string) (string, bool) {
	if _, ok := tags[key]; ok || !r.fold {
		return key, ok
	}
	for other := range tags {
		if strings.EqualFold(other, key) {
			return other, true
		}
	}
	return "", false
}

// added returns the tags of a resource with further ones.
func (r tagRules) added(tags, more map[string]string) (map[string]string, error) {
	all := make(map[string]string, len(tags)+len(more))
	maps.Copy(all, tags)
	for key, value := range more {
		if old, ok := r.find(all, key); ok {
			delete(all, old)
		}
		all[key] = value
	}
	if len(all) > maxTags {
		return nil, refuse("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return all, nil
}

// without returns the tags of a resource without those of the keys.
func (r tagRules) without(tags map[string]string, keys []string) map[string]string {
	rest := maps.Clone(tags)
	for _, key := range keys {
		if old, ok := r.find(rest, key); ok {
			delete(rest, old)
		}
	}
	return rest
}

// requestKeys are the condition keys of a request that sets tags.
func requestKeys(tags map[string]string) policy.Context {
	keys := policy.Context{}
	for key, value := range tags {
		keys.Set("aws:RequestTag/"+key, value)
	}
	if len(tags) > 0 {
		keys.Set("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	}
	return keys
}

// untagKeys are the condition keys of a request that takes tags away.
func untagKeys(keys []string) policy.Context {
	return policy.Context{"aws:TagKeys": slices.Clone(keys)}
}

// tagList are tags as answers have them, nil for none.
func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func tagPage(tags map[string]string, p paging) (*page[types.Tag], error) {
	return pageOf(slices.Values(tagList(tags)), func(t types.Tag) string { return *t.Key }, p)
}
