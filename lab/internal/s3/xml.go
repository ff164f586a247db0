package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

const (
	namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	// maxDocument bounds the XML and JSON bodies of requests, in bytes. A
	// DeleteObjects of 1000 longest keys, escaped, fits.
	maxDocument = 8 << 20
)

// document reads a body of at most limit bytes whole.
func (c *call) document(limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(c.verified.Body, limit+1))
	if err != nil {
		return nil, c.bodyError(err)
	}
	if int64(len(body)) > limit {
		return nil, refusal("EntityTooLarge", "MaxSizeAllowed", itoa(limit))
	}
	return body, nil
}

// decode reads the body as XML into v.
func (c *call) decode(v any) error { return decodeXML(c.body, v) }

func decodeXML(body []byte, v any) error {
	if len(body) == 0 {
		return refusal("MissingRequestBodyError")
	}
	if err := xml.Unmarshal(body, v); err != nil {
		return refusal("MalformedXML")
	}
	return nil
}

// bodyError is the answer to an error of reading a body: the verdict of the
// verifier, the store's limit, or a client that went away.
func (c *call) bodyError(err error) error {
	var refused *sigv4.Error
	if errors.As(err, &refused) || errors.Is(err, store.ErrFull) {
		return err
	}
	return refusal("IncompleteBody")
}

// reply answers 200 with v as XML.
func (c *call) reply(v any) error {
	body, err := xml.Marshal(v)
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("Content-Length", strconv.Itoa(len(xml.Header)+len(body)))
	c.w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(c.w, xml.Header+string(body)) // the client has gone; there is nobody to tell
	return nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// timestamp is a time as XML bodies have it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func quoted(etag string) string { return `"` + etag + `"` }

// encodeKey is encoding-type=url: RFC 3986 but for the slash, and a plus for a space.
func encodeKey(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }

// owner is who owns a bucket and its objects.
type owner struct {
	ID          string
	DisplayName string `xml:",omitempty"`
}

// ownerOf makes the canonical user id of an account: 64 hex digits, made up but
// always the same.
func ownerOf(account string) owner {
	sum := sha256.Sum256([]byte("canonical user of " + account))
	return owner{ID: hex.EncodeToString(sum[:])}
}
