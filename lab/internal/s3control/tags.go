package s3control

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Limits of tags (S3 API reference, Tag).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// Texts of InvalidTag, which has two.
const (
	badTag = `This request contains a tag key or value that isn't valid. Valid characters include the following: [a-zA-Z\+-=._:/]. ` +
		`Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters.`
	twiceTagged = "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."
)

func invalidTag(text string) error {
	return &awswire.Error{Code: "InvalidTag", Status: http.StatusBadRequest, Message: text}
}

// tagsOf are the tags of a request; nil for none.
func tagsOf(list []types.Tag) (map[string]string, error) {
	var tags map[string]string
	for _, t := range list {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if _, twice := tags[key]; twice {
			return nil, invalidTag(twiceTagged)
		}
		if n := utf8.RuneCountInString(key); n < 1 || n > maxTagKey || utf8.RuneCountInString(value) > maxTagValue || !tagForm.MatchString(key+value) {
			return nil, invalidTag(badTag)
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, refuse("InvalidTags")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return nil, refuse("TooManyTags")
	}
	return tags, nil
}

// requestTags are the condition keys of a request that sets tags.
func requestTags(keys policy.Context, tags map[string]string) {
	if len(tags) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	}
	addTags(keys, "aws:RequestTag/", tags)
}

// tagged is what tags are on: an instance, or a location or grant in it.
type tagged struct {
	in   *world.AccessGrants
	kind string // "", "location" or "grant"
	id   string
	tags map[string]string
}

// tagged authorizes an operation on the tags of a resource and returns it.
func (h *handlers) tagged(c *awswire.Caller, account, arn string, ask func(policy.Context)) (*tagged, error) {
	below, ok := strings.CutPrefix(arn, h.instanceARN(c, account))
	kind, id, _ := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	if !ok || below != "" && (!strings.HasPrefix(below, "/") || kind != "location" && kind != "grant" || id == "") {
		return nil, h.invalid("The resource %s is not an S3 Access Grants instance of this account and Region, nor a location or grant in one", arn)
	}
	t := &tagged{kind: kind, id: id}
	var missing error
	_, in, err := h.permit(c, account, func(g *world.AccessGrants, q *question) {
		q.below = below
		missing = t.find(g)
		addTags(q.keys, "aws:ResourceTag/", t.tags)
		if ask != nil {
			ask(q.keys)
		}
	})
	if err != nil {
		return nil, err
	}
	t.in = in
	return t, missing
}

// find takes over the tags that the resource has.
func (t *tagged) find(g *world.AccessGrants) error {
	switch t.kind {
	case "location":
		l, ok := g.Location(t.id)
		if !ok {
			return refuse("NoSuchAccessGrantsLocationError")
		}
		t.tags = l.Tags
	case "grant":
		n, ok := g.Grant(t.id)
		if !ok {
			return refuse("NoSuchAccessGrantError")
		}
		t.tags = n.Tags
	default:
		t.tags = g.Tags
	}
	return nil
}

// edit has change edit a copy of the tags as they are now.
func (h *handlers) edit(t *tagged, change func(map[string]string) error) (err error) {
	edited := func(tags map[string]string) (map[string]string, error) {
		tags = maps.Clone(tags)
		if tags == nil {
			tags = map[string]string{}
		}
		return tags, change(tags)
	}
	switch t.kind {
	case "location":
		_, err = h.editLocation(t.in, t.id, func(l *world.Location) (err error) {
			l.Tags, err = edited(l.Tags)
			return err
		})
	case "grant":
		err = h.editGrant(t.in, t.id, func(n *world.Grant) (err error) {
			n.Tags, err = edited(n.Tags)
			return err
		})
	default:
		_, err = h.world.ChangeAccessGrants(t.in.Account, t.in.Region, func(g *world.AccessGrants) (err error) {
			g.Tags, err = edited(g.Tags)
			return err
		})
		err = refused(err, t.in)
	}
	return err
}

func (h *handlers) tagResource(_ context.Context, c *awswire.Caller, in *s3control.TagResourceInput) (*s3control.TagResourceOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	t, err := h.tagged(c, *in.AccountId, *in.ResourceArn, func(keys policy.Context) { requestTags(keys, tags) })
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	err = h.edit(t, func(all map[string]string) error {
		if maps.Copy(all, tags); len(all) > maxTags {
			return refuse("TooManyTags")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &s3control.TagResourceOutput{}, nil
}

func (h *handlers) untagResource(_ context.Context, c *awswire.Caller, in *s3control.UntagResourceInput) (*s3control.UntagResourceOutput, error) {
	t, err := h.tagged(c, *in.AccountId, *in.ResourceArn, func(keys policy.Context) { keys["aws:TagKeys"] = in.TagKeys })
	if err != nil {
		return nil, err
	}
	err = h.edit(t, func(all map[string]string) error {
		for _, key := range in.TagKeys {
			delete(all, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &s3control.UntagResourceOutput{}, nil
}

func (h *handlers) listTagsForResource(_ context.Context, c *awswire.Caller, in *s3control.ListTagsForResourceInput) (*s3control.ListTagsForResourceOutput, error) {
	t, err := h.tagged(c, *in.AccountId, *in.ResourceArn, nil)
	if err != nil {
		return nil, err
	}
	out := &s3control.ListTagsForResourceOutput{}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(t.tags[key])})
	}
	return out, nil
}
