package s3

import (
	"crypto/tls"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// actionOf is the IAM action of op for this request.
func (c *call) actionOf(op *operation) string {
	if op.versionAction != "" && c.query.Get("versionId") != "" {
		return op.versionAction
	}
	return op.action
}

// allowOperation asks for the operation's own action.
func (c *call) allowOperation() (err error) {
	if c.op.early > 0 {
		if c.body, err = c.document(c.op.early); err != nil {
			return err
		}
	}
	c.keys = c.requestKeys()
	if c.op.tagged {
		if o, err := c.s.store.Get(c.bucketName, c.key, c.query.Get("versionId")); err == nil {
			c.keys = withTags(c.keys, "s3:ExistingObjectTag/", o.Tags)
		}
	}
	if c.op.action == "" {
		return nil
	}
	action := c.actionOf(c.op)
	if c.bucketName == "" {
		return c.allow(action, c.arn("*"), nil)
	}
	return c.allow(action, c.arn(c.resource()), c.bucket)
}

// resource is the bucket or object of the request as ARNs name it.
func (c *call) resource() string {
	if c.key == "" {
		return c.bucketName
	}
	return c.bucketName + "/" + c.key
}

func (c *call) arn(resource string) string {
	return "arn:" + c.s.world.Partition + ":s3:::" + resource
}

// allow asks whether the caller may act on an ARN; b is the bucket it lies in,
// nil if there is none yet. The error is AccessDenied.
func (c *call) allow(action, arn string, b *world.Bucket) error {
	if c.exchange.Resource == "" {
		c.exchange.Resource = arn
	}
	r := &authz.Request{Session: c.session, Action: action, Resource: arn, Context: c.keys}
	switch {
	case b != nil:
		r.ResourceAccount, r.ResourcePolicy = b.Account, b.Policy
	case c.session != nil:
		r.ResourceAccount = c.session.Account
	}
	r.Context = withAccount(c.keys, r.ResourceAccount)
	err := c.s.authorize.Allow(r)
	if err == nil {
		return nil
	}
	c.exchange.Action, c.exchange.Resource = action, arn
	if c.session == nil {
		return refusal("AccessDenied")
	}
	return refusal("AccessDenied").saying(err.Error())
}

// allowKey asks for an action on the request's own object.
func (c *call) allowKey(action string) error {
	return c.allow(action, c.arn(c.resource()), c.bucket)
}

// missing turns "no such key" into AccessDenied for a caller who may not list the
// bucket (S3 API reference, GetObject, "Permissions").
func (c *call) missing(err error, b *world.Bucket) error {
	action, resource := c.exchange.Action, c.exchange.Resource
	if denied := c.allow("s3:ListBucket", c.arn(b.Name), b); denied != nil {
		return denied
	}
	c.exchange.Action, c.exchange.Resource = action, resource
	return err
}

// requestKeys are the condition keys of a request (Service Authorization
// Reference, "Condition keys for Amazon S3"; IAM user guide, global keys).
func (c *call) requestKeys() policy.Context {
	keys := policy.Context{
		"aws:SourceIp":        {c.exchange.SourceIP},
		"aws:SecureTransport": {strconv.FormatBool(c.r.TLS != nil)},
		"aws:RequestedRegion": {c.region},
	}
	for header, key := range map[string]string{"User-Agent": "aws:UserAgent", "Referer": "aws:Referer"} {
		if v := c.r.Header.Get(header); v != "" {
			keys[key] = []string{v}
		}
	}
	c.addSignatureKeys(keys)
	for name := range c.r.Header {
		if lower := strings.ToLower(name); conditionHeaders[lower] {
			keys["s3:"+lower] = []string{c.r.Header.Get(name)}
		}
	}
	if source := c.r.Header.Get("x-amz-copy-source"); source != "" {
		if name, key, _, err := parseCopySource(source); err == nil {
			keys["s3:x-amz-copy-source"] = []string{name + "/" + key}
		}
	}
	if v := c.query.Get("versionId"); v != "" {
		keys["s3:VersionId"] = []string{v}
	}
	if c.key == "" && c.bucketName != "" {
		c.addListKeys(keys)
	}
	c.addWriteKeys(keys)
	return keys
}

// addWriteKeys adds what a write says of the object or bucket that it makes.
func (c *call) addWriteKeys(keys policy.Context) {
	if tags, err := c.requestTags(); err == nil {
		for _, t := range tags {
			keys["s3:RequestObjectTag/"+t.Key] = []string{t.Value}
			keys["s3:RequestObjectTagKeys"] = append(keys["s3:RequestObjectTagKeys"], t.Key)
		}
	}
	switch c.op.action {
	case "s3:PutObject":
		keys["s3:ObjectCreationOperation"] = []string{strconv.FormatBool(c.op.creates)}
	case "s3:CreateBucket":
		if in, err := c.configuration(); err == nil && in.LocationConstraint != "" {
			keys["s3:LocationConstraint"] = []string{in.LocationConstraint}
		}
	}
}

// conditionHeaders are the request headers that are condition keys of their own name.
var conditionHeaders = map[string]bool{
	"x-amz-acl": true, "x-amz-grant-full-control": true, "x-amz-grant-read": true, "x-amz-grant-read-acp": true,
	"x-amz-grant-write": true, "x-amz-grant-write-acp": true, "x-amz-metadata-directive": true,
	"x-amz-server-side-encryption": true, "x-amz-storage-class": true, "x-amz-website-redirect-location": true,
	"x-amz-content-sha256": true, "x-amz-object-ownership": true, "if-match": true, "if-none-match": true,
}

func (c *call) addSignatureKeys(keys policy.Context) {
	if c.r.TLS != nil {
		keys["s3:TlsVersion"] = []string{strings.TrimPrefix(tls.VersionName(c.r.TLS.Version), "TLS ")}
	}
	if c.session == nil {
		return
	}
	maps.Copy(keys, authz.SignatureKeys(&awswire.Signature{
		Presigned: c.verified.Presigned, At: c.verified.SignedAt, PayloadHash: c.verified.PayloadHash,
	}, c.s.world.Now()))
	if g := c.session.AccessGrant; g != nil {
		keys["s3:AccessGrantsInstanceArn"] = []string{g.InstanceARN}
	}
}

// addListKeys adds what a list asks for, as far as it says so.
func (c *call) addListKeys(keys policy.Context) {
	if c.r.Method != http.MethodGet {
		return
	}
	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if c.query.Has(name) {
			keys["s3:"+name] = []string{c.query.Get(name)}
		}
	}
}

func withAccount(keys policy.Context, account string) policy.Context {
	return copyContext(keys, map[string]string{"s3:ResourceAccount": account, "aws:ResourceAccount": account})
}

func withTags(keys policy.Context, prefix string, tags []store.Tag) policy.Context {
	more := make(map[string]string, len(tags))
	for _, t := range tags {
		more[prefix+t.Key] = t.Value
	}
	return copyContext(keys, more)
}

func copyContext(keys policy.Context, more map[string]string) policy.Context {
	all := make(policy.Context, len(keys)+len(more))
	maps.Copy(all, keys)
	for k, v := range more {
		all[k] = []string{v}
	}
	return all
}
