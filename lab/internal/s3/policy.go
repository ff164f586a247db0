package s3

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// maxPolicy is the size of a bucket policy in bytes.
const maxPolicy = 20 << 10

// getBucketPolicy serves GetBucketPolicy.
func (c *call) getBucketPolicy() error {
	text := c.bucket.PolicyText
	if text == "" {
		return refusal("NoSuchBucketPolicy", "BucketName", c.bucketName)
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", itoa(int64(len(text))))
	c.w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(c.w, text) // the client has gone; there is nobody to tell
	return nil
}

// putBucketPolicy serves PutBucketPolicy.
func (c *call) putBucketPolicy() error {
	if policy.Size(c.body) > maxPolicy {
		return refusal("PolicyTooLarge")
	}
	doc, err := policy.Parse(c.body, policy.Resource)
	if err != nil {
		return malformedPolicy(err)
	}
	if who, unknown := c.s.world.UnknownPrincipal(doc); unknown {
		return refusal("MalformedPolicy", "Detail", `"AWS" : "`+who+`"`).saying("Invalid principal in policy")
	}
	if err := c.checkPolicyResources(c.body); err != nil {
		return err
	}
	return c.setPolicy(doc, string(c.body))
}

// deleteBucketPolicy serves DeleteBucketPolicy.
func (c *call) deleteBucketPolicy() error { return c.setPolicy(nil, "") }

// setPolicy gives the bucket as it is now a policy, or none.
func (c *call) setPolicy(doc *policy.Document, text string) error {
	err := c.s.changeBucket(c.bucketName, func(b *world.Bucket) error {
		b.Policy, b.PolicyText = doc, text
		return nil
	})
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func malformedPolicy(err error) error {
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return refusal("MalformedPolicy", "Detail", syntax.Path).saying(syntax.Message)
	}
	return refusal("MalformedPolicy")
}

// checkPolicyResources refuses statements about anything but the bucket and its objects.
func (c *call) checkPolicyResources(text []byte) error {
	var doc struct {
		Statement oneOrMany[struct{ Resource, NotResource oneOrMany[string] }]
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return refusal("MalformedPolicy")
	}
	own := c.arn(c.bucketName)
	for _, statement := range doc.Statement {
		for _, resource := range append(statement.Resource, statement.NotResource...) {
			if resource != own && !strings.HasPrefix(resource, own+"/") && resource != own+"*" {
				return refusal("MalformedPolicy", "Detail", resource).saying("Policy has invalid resource")
			}
		}
	}
	return nil
}

// oneOrMany is a value or a list of them, as policies have it.
type oneOrMany[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	var one T
	err := json.Unmarshal(b, &one)
	*o = []T{one}
	return err
}
