package cloudformation

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// document returns what a request gives as a text or as the URL of an S3 object;
// nil for neither.
func (h *handlers) document(ctx context.Context, c *call, body, location *string, member string, limit int) (*string, error) {
	switch {
	case body != nil:
		if len(*body) > limit {
			return nil, broken(member, "", "Member must have length less than or equal to 51200")
		}
		return body, nil
	case location != nil:
		return h.fetch(ctx, c, *location)
	}
	return nil, nil
}

// templateText returns the template of a request, which must name one.
func (h *handlers) templateText(ctx context.Context, c *call, body, location *string) (string, error) {
	if body != nil && location != nil {
		return "", invalid("You cannot specify both TemplateBody and TemplateURL.")
	}
	text, err := h.document(ctx, c, body, location, "templateBody", template.MaxBody)
	switch {
	case err != nil:
		return "", err
	case text == nil:
		return "", invalid("Either Template URL or Template Body must be specified.")
	}
	return *text, nil
}

const notS3 = "TemplateURL must reference a valid S3 object to which you have access."

// s3Host is a host name of S3, with a bucket in front or not.
var s3Host = regexp.MustCompile(`^(?:(.+)\.)?s3(?:\.dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-[0-9]+)?\.amazonaws\.com(?:\.cn)?$`)

// object finds the bucket, key and version that a URL names: with the bucket in
// the host name or in the path, at S3 or at the lab's own address.
func object(location string) (bucket, key, version string, ok bool) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", "", "", false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	found := s3Host.FindStringSubmatch(u.Hostname())
	path := strings.TrimPrefix(u.Path, "/")
	switch {
	case found == nil && !local:
		return "", "", "", false
	case found != nil && found[1] != "":
		bucket, key = found[1], path
	default:
		bucket, key, _ = strings.Cut(path, "/")
	}
	return bucket, key, u.Query().Get("versionId"), bucket != "" && key != ""
}

// fetch reads an S3 object with the caller's rights.
func (h *handlers) fetch(ctx context.Context, c *call, location string) (*string, error) {
	bucket, key, version, ok := object(location)
	if !ok {
		return nil, invalid(notS3)
	}
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := h.clients(c.Caller, c.session).s3.GetObject(ctx, in)
	if err != nil {
		return nil, s3Error(err)
	}
	defer func() { _ = out.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(out.Body, template.MaxObject+1))
	if err != nil {
		return nil, s3Error(err)
	}
	if len(text) > template.MaxObject {
		return nil, invalid("Template may not exceed %d bytes in size.", template.MaxObject)
	}
	return aws.String(string(text)), nil
}

func s3Error(err error) error {
	text := "Access Denied"
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorMessage() != "" {
		text = api.ErrorMessage()
	}
	return invalid("S3 error: %s\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html", text)
}
