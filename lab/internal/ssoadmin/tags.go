package ssoadmin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// maxTags is how many tags a resource can have (AWS General Reference, tagging).
// The model admits 75 in one request.
const maxTags = 50

// tagsOf are the tags of a request, nil for none.
func tagsOf(list []types.Tag) (map[string]string, error) {
	var tags map[string]string
	for _, t := range list {
		key := aws.ToString(t.Key)
		if _, twice := tags[key]; twice {
			return nil, invalid("The tag key %s stands twice in the request.", key)
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, invalid("Tag keys that begin with aws: are reserved.")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = aws.ToString(t.Value)
	}
	return tags, checkTags(tags)
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return refuse(quotaExceeded, "A resource can have at most %d tags.", maxTags)
	}
	return nil
}

// tagged is what tags are on: an instance, an application or a trusted token issuer.
type tagged struct {
	tags map[string]string
	// edit has change edit a copy of the tags as they are now.
	edit func(change func(map[string]string) error) error
}

// edited is a copy of tags, changed.
func edited(tags map[string]string, change func(map[string]string) error) (map[string]string, error) {
	tags = maps.Clone(tags)
	if tags == nil {
		tags = map[string]string{}
	}
	return tags, change(tags)
}

// tagged authorizes an operation on the tags of a resource and returns it.
func (h *handlers) tagged(c *awswire.Caller, instance *string, arn string, ask func(*question)) (*tagged, error) {
	_, kind, _ := strings.Cut(arn, ":sso::")
	_, kind, _ = strings.Cut(kind, ":")
	kind, id, _ := strings.Cut(kind, "/")
	id, _, _ = strings.Cut(id, "/")
	if instance != nil && lastPart(*instance) != id {
		return nil, invalid("The resource is not of the instance %s.", *instance)
	}
	switch kind {
	case "instance":
		return h.taggedInstance(c, arn, ask)
	case "application":
		return h.taggedApplication(c, arn, ask)
	case "trustedTokenIssuer":
		return h.taggedIssuer(c, arn, ask)
	}
	return nil, h.unknown(c, arn, ask)
}

// unknown authorizes an operation on the tags of a permission set, of which the lab has none.
func (h *handlers) unknown(c *awswire.Caller, arn string, ask func(*question)) error {
	session, err := h.authz.Session(c)
	if err != nil {
		return err
	}
	q := &question{owner: session.Account, resources: []resource{{arn: arn}}}
	if ask != nil {
		ask(q)
	}
	if err := h.authorize(c, session, q); err != nil {
		return err
	}
	return refuse(notFound, "Resource not found.")
}

func (h *handlers) taggedInstance(c *awswire.Caller, arn string, ask func(*question)) (*tagged, error) {
	_, i, err := h.instance(c, arn, true, nil, ask)
	if err != nil {
		return nil, err
	}
	return &tagged{h.world.InstanceSettings(i).Tags, func(change func(map[string]string) error) error {
		return h.world.ChangeInstance(i, func(s *world.InstanceSettings) (err error) {
			s.Tags, err = edited(s.Tags, change)
			return err
		})
	}}, nil
}

func (h *handlers) taggedApplication(c *awswire.Caller, arn string, ask func(*question)) (*tagged, error) {
	a, err := h.application(c, arn, ask)
	if err != nil {
		return nil, err
	}
	return &tagged{a.Tags, func(change func(map[string]string) error) error {
		return h.world.ChangeApplication(arn, func(a *world.Application) (err error) {
			a.Tags, err = edited(a.Tags, change)
			return err
		})
	}}, nil
}

func (h *handlers) taggedIssuer(c *awswire.Caller, arn string, ask func(*question)) (*tagged, error) {
	i, t, err := h.issuer(c, arn, ask)
	if err != nil {
		return nil, err
	}
	return &tagged{t.Tags, func(change func(map[string]string) error) error {
		return h.world.ChangeTrustedTokenIssuer(i, arn, func(t *world.TrustedTokenIssuer) (err error) {
			t.Tags, err = edited(t.Tags, change)
			return err
		})
	}}, nil
}

func (h *handlers) tagResource(_ context.Context, c *awswire.Caller, in *ssoadmin.TagResourceInput) (*ssoadmin.TagResourceOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	t, err := h.tagged(c, in.InstanceArn, *in.ResourceArn, func(q *question) { q.requestTags = tags })
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	err = t.edit(func(all map[string]string) error {
		maps.Copy(all, tags)
		return checkTags(all)
	})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.TagResourceOutput{}, nil
}

func (h *handlers) untagResource(_ context.Context, c *awswire.Caller, in *ssoadmin.UntagResourceInput) (*ssoadmin.UntagResourceOutput, error) {
	t, err := h.tagged(c, in.InstanceArn, *in.ResourceArn, func(q *question) { q.tagKeys = in.TagKeys })
	if err != nil {
		return nil, err
	}
	err = t.edit(func(all map[string]string) error {
		for _, key := range in.TagKeys {
			delete(all, key)
		}
		return nil
	})
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.UntagResourceOutput{}, nil
}

func (h *handlers) listTagsForResource(_ context.Context, c *awswire.Caller, in *ssoadmin.ListTagsForResourceInput) (*ssoadmin.ListTagsForResourceOutput, error) {
	t, err := h.tagged(c, in.InstanceArn, *in.ResourceArn, nil)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(slices.Sorted(maps.Keys(t.tags)), func(key string) string { return key }, "tags "+*in.ResourceArn, pageLimit, nil, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListTagsForResourceOutput{Tags: make([]types.Tag, len(page)), NextToken: next}
	for n, key := range page {
		out.Tags[n] = types.Tag{Key: &key, Value: aws.String(t.tags[key])}
	}
	return out, nil
}
