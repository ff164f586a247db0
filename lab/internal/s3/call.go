package s3

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// maxKeyLength of an object in bytes (S3 user guide, "Naming Amazon S3 objects").
const maxKeyLength = 1024

// call is one request. It belongs to the goroutine that serves it.
type call struct {
	s      *Service
	w      *recorder
	r      *http.Request
	hostID string
	query  url.Values

	// hostRegion is the region that the host name binds, region the one that the
	// request is for.
	hostRegion, region string
	bucketName, key    string
	op                 *operation
	bucket             *world.Bucket // nil if there is none of that name
	verified           *sigv4.Verified
	body               []byte         // of operations that do not stream theirs
	session            *world.Session // nil if anonymous
	keys               policy.Context // condition keys that every action of the request has
	exchange           Exchange
	begun              time.Time // by the machine's clock
	unheard            bool      // the connection is cut as if the request had never come
}

func newCall(s *Service, w http.ResponseWriter, r *http.Request) *call {
	c := &call{s: s, w: &recorder{ResponseWriter: w}, r: r, query: queryOf(r.URL), begun: time.Now()}
	c.exchange = Exchange{
		Method: r.Method, UserAgent: r.UserAgent(), Host: r.Host, SourceIP: r.RemoteAddr, Start: s.world.Now(),
	}
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		c.exchange.SourceIP = ip
	}
	c.exchange.RequestID, c.hostID = newIDs()
	h := w.Header()
	h.Set("x-amz-request-id", c.exchange.RequestID)
	h.Set("x-amz-id-2", c.hostID)
	h.Set("Server", "AmazonS3")
	c.parseAddress()
	return c
}

// queryOf reads the parameters as they were signed: a semicolon is a character
// like any other, while net/url drops the parameter that has one.
func queryOf(u *url.URL) url.Values {
	values, _ := url.ParseQuery(strings.ReplaceAll(u.RawQuery, ";", "%3B")) // the verifier refuses what is malformed
	return values
}

// parseAddress finds bucket and key in host and path. The path is taken as it is:
// "//" and ".." are parts of keys.
func (c *call) parseAddress() {
	c.bucketName, c.hostRegion = ParseHost(c.r.Host)
	path := strings.TrimPrefix(c.r.URL.Path, "/")
	if c.bucketName == "" {
		c.bucketName, path, _ = strings.Cut(path, "/")
	}
	c.key = path
	c.exchange.Bucket, c.exchange.Key, c.exchange.VersionID = c.bucketName, c.key, c.query.Get("versionId")
}

// serve goes through the checks in their order and then through the handler.
func (c *call) serve() error {
	op, unroutable := c.route()
	if op != nil {
		c.op = op
		c.exchange.Operation, c.exchange.Action = op.name, c.actionOf(op)
	}
	bucket, exists, err := c.s.bucket(c.bucketName)
	if err != nil {
		return err
	}
	if exists {
		c.bucket, c.exchange.Account = bucket, bucket.Account
	}
	if err := c.verify(); err != nil {
		return err
	}
	if unroutable != nil {
		return unroutable
	}
	if err := c.interfere(); err != nil {
		return err
	}
	if err := c.admit(); err != nil {
		return err
	}
	if !c.op.streams && c.op.early == 0 {
		if c.body, err = c.document(maxDocument); err != nil {
			return err
		}
	}
	return c.op.run(c)
}

// verify checks the signature and finds the session.
func (c *call) verify() error {
	c.region = c.wantRegion()
	c.exchange.Region = c.region
	verified, err := c.s.verifier.VerifyS3(c.r, awswire.Scope{Service: "s3", Region: c.region})
	if err != nil {
		refused := c.answer(err)
		c.blame(err)
		return refused
	}
	c.verified = verified
	if verified.Anonymous {
		return nil
	}
	c.exchange.AccessKeyID = verified.AccessKeyID
	session, ok := c.s.world.LiveSession(verified.AccessKeyID)
	if !ok {
		return refusal("InvalidAccessKeyId", "AWSAccessKeyId", verified.AccessKeyID)
	}
	c.session, c.exchange.Session = session, session
	return nil
}

// interfere applies what somebody makes of the request on purpose.
func (c *call) interfere() error {
	c.unheard = true // also if the client leaves meanwhile
	i := c.s.interfere(c.r.Context(), &c.exchange)
	c.unheard = false
	if i == nil {
		return nil
	}
	if i.Writer != nil {
		c.w.ResponseWriter = i.Writer(c.w.ResponseWriter)
	}
	if errors.Is(i.Refusal, http.ErrAbortHandler) {
		c.unheard = true
		c.w.ResponseWriter.WriteHeader(http.StatusServiceUnavailable)
		panic(http.ErrAbortHandler)
	}
	return i.Refusal
}

// wantRegion is the region that the request must be signed for: the host's, else
// the bucket's. Where neither binds, any region will do.
func (c *call) wantRegion() string {
	switch {
	case c.hostRegion != "":
		return c.hostRegion
	case c.bucket != nil && (c.op == nil || !c.op.anyRegion):
		return c.bucket.Region
	}
	if region := sigv4.ClaimedScope(c.r).Region; region != "" {
		return region
	}
	return c.s.world.Region
}

// admit makes the checks between signature and handler.
func (c *call) admit() error {
	if c.key != "" && !utf8.ValidString(c.key) {
		return refusal("InvalidURI", "URI", c.r.URL.EscapedPath())
	}
	if n := len(c.key); n > maxKeyLength {
		return refusal("KeyTooLongError", "Size", strconv.Itoa(n), "MaxSizeAllowed", strconv.Itoa(maxKeyLength))
	}
	if c.op.anyBucket {
		if c.session == nil { // nobody's account has no buckets
			return refusal("AccessDenied")
		}
		return c.allowOperation()
	}
	if c.bucket == nil {
		return refusal("NoSuchBucket", "BucketName", c.bucketName)
	}
	if c.hostRegion != "" && c.hostRegion != c.bucket.Region && !c.op.anyRegion {
		return refusal("PermanentRedirect", "Endpoint", c.endpoint(), "Bucket", c.bucketName).
			with("x-amz-bucket-region", c.bucket.Region)
	}
	if c.op.name == "HeadBucket" { // also for those who may not
		c.w.Header().Set("x-amz-bucket-region", c.bucket.Region)
	}
	if err := c.expectOwner("x-amz-expected-bucket-owner", c.bucket); err != nil {
		return err
	}
	return c.allowOperation()
}

// endpoint is the host name of the bucket in its own region.
func (c *call) endpoint() string {
	return c.bucketName + ".s3." + c.bucket.Region + c.dnsSuffix()
}

// dnsSuffix is how the host names of AWS end in the partition.
func (c *call) dnsSuffix() string {
	if c.s.world.Partition == "aws-cn" {
		return ".amazonaws.com.cn"
	}
	return ".amazonaws.com"
}

// expectOwner refuses a bucket of another account than the header names (S3 user
// guide, "Verifying bucket ownership with bucket owner condition").
func (c *call) expectOwner(header string, b *world.Bucket) error {
	if want := c.r.Header.Get(header); want != "" && want != b.Account {
		return refusal("AccessDenied")
	}
	return nil
}

// blame names the caller of a request whose signature was refused.
func (c *call) blame(err error) {
	var refused *sigv4.Error
	if errors.As(err, &refused) && refused.AccessKeyID != "" {
		c.exchange.AccessKeyID = refused.AccessKeyID
		c.exchange.Session, _ = c.s.world.Session(refused.AccessKeyID)
	}
}

// number reads a query parameter that is a number of at least 0.
func (c *call) number(name string, otherwise int) (int, error) {
	return parseNumber(name, c.query.Get(name), otherwise)
}

// parseNumber reads a number of at least 0, otherwise if v is empty.
func parseNumber(name, v string, otherwise int) (int, error) {
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 0 {
		return 0, invalidArgument("Provided "+name+" not an integer or within integer range", name, v)
	}
	return int(n), nil
}

func (c *call) finish() {
	c.exchange.Status, c.exchange.BytesSent = c.w.status, c.w.sent
	if c.exchange.Status == 0 {
		c.exchange.Status = http.StatusOK
	}
	c.exchange.Duration = time.Since(c.begun)
}
