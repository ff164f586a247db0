package secretsmanager

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// tagList are tags in the order of their keys.
func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: &key, Value: aws.String(tags[key])})
	}
	return list
}

func tagsOf(list []types.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		key := aws.ToString(t.Key)
		if _, twice := tags[key]; twice {
			return nil, invalidParameter("The tag key " + key + " stands twice.")
		}
		tags[key] = aws.ToString(t.Value)
	}
	if err := world.CheckTags(tags); err != nil {
		return nil, invalidParameter(err.Error())
	}
	return tags, nil
}

// tagKeys are the condition keys of a request that sets tags.
func tagKeys(tags map[string]string) policy.Context {
	keys := policy.Context{}
	if len(tags) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	}
	addTags(keys, tags, "aws:RequestTag/")
	return keys
}

func (h *handlers) tagResource(_ context.Context, c *awswire.Caller, in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	s, _, err := h.usable(c, in.SecretId, func(*world.Secret) policy.Context { return tagKeys(tags) })
	if err != nil {
		return nil, err
	}
	_, err = h.change(s, func(s *world.Secret) error {
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		maps.Copy(s.Tags, tags)
		if err := world.CheckTags(s.Tags); err != nil {
			return invalidParameter(err.Error())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.TagResourceOutput{}, nil
}

func (h *handlers) untagResource(_ context.Context, c *awswire.Caller, in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	s, _, err := h.usable(c, in.SecretId, func(*world.Secret) policy.Context { return policy.Context{"aws:TagKeys": in.TagKeys} })
	if err != nil {
		return nil, err
	}
	_, err = h.change(s, func(s *world.Secret) error {
		for _, key := range in.TagKeys {
			delete(s.Tags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.UntagResourceOutput{}, nil
}
