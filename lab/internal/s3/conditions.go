package s3

import (
	"net/http"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// etagMatches compares with a list of entity tags (RFC 9110 section 13.1.1).
func etagMatches(list, etag string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || strings.Trim(tag, `"`) == etag {
			return true
		}
	}
	return false
}

// modifiedSince reports whether o is newer than an HTTP date; ok is false for what is no date.
func modifiedSince(o *store.Object, date string) (newer, ok bool) {
	t, err := http.ParseTime(date)
	return o.LastModified.Truncate(time.Second).After(t), err == nil
}

func preconditionFailed(condition string) *Error {
	return refusal("PreconditionFailed", "Condition", condition)
}

// checkRead checks the conditions of a read in the order of RFC 9110 section
// 13.2.2. prefix is that of the headers: "x-amz-copy-source-" for the source of a
// copy, where everything that fails is a failed precondition.
func checkRead(h http.Header, prefix string, o *store.Object) error {
	if v := h.Get(prefix + "If-Match"); v != "" {
		if !etagMatches(v, o.ETag) {
			return preconditionFailed(prefix + "If-Match")
		}
	} else if newer, ok := modifiedSince(o, h.Get(prefix+"If-Unmodified-Since")); ok && newer {
		return preconditionFailed(prefix + "If-Unmodified-Since")
	}
	failed := ""
	if v := h.Get(prefix + "If-None-Match"); v != "" {
		if etagMatches(v, o.ETag) {
			failed = "If-None-Match"
		}
	} else if newer, ok := modifiedSince(o, h.Get(prefix+"If-Modified-Since")); ok && !newer {
		failed = "If-Modified-Since"
	}
	switch {
	case failed == "":
		return nil
	case prefix != "":
		return preconditionFailed(prefix + failed)
	}
	return refusal("NotModified").with("ETag", quoted(o.ETag)).with("Last-Modified", o.LastModified.Format(http.TimeFormat))
}

// writeCheck makes the check of a conditional write (S3 user guide, "How to
// prevent object overwrites with conditional writes"); nil if there is no condition.
func (c *call) writeCheck() (store.Check, error) {
	match, noneMatch := c.r.Header.Get("If-Match"), c.r.Header.Get("If-None-Match")
	switch {
	case match == "" && noneMatch == "":
		return nil, nil
	case noneMatch != "" && (noneMatch != "*" || match != ""):
		return nil, notImplemented("If-None-Match")
	case match == "*":
		return nil, notImplemented("If-Match")
	}
	if match != "" {
		if err := c.allowKey("s3:GetObject"); err != nil {
			return nil, err
		}
	}
	return func(current *store.Object) error {
		switch {
		case noneMatch != "" && current != nil:
			return preconditionFailed("If-None-Match")
		case match != "" && current == nil:
			return refusal("NoSuchKey", "Key", c.key)
		case match != "" && !etagMatches(match, current.ETag):
			return preconditionFailed("If-Match")
		}
		return nil
	}, nil
}

// preCheck runs check before a body is read, so that a write that cannot
// happen does not cost its upload. The check that counts comes with the write.
func (c *call) preCheck(check store.Check) error {
	if check == nil {
		return nil
	}
	current, err := c.s.store.Get(c.bucketName, c.key, "")
	if err != nil || current.DeleteMarker {
		current = nil
	}
	return check(current)
}

// deleteCheck makes the check of a conditional delete; nil if etag is empty.
func deleteCheck(etag string) store.Check {
	if etag == "" {
		return nil
	}
	return func(current *store.Object) error {
		if current == nil || !etagMatches(etag, current.ETag) {
			return preconditionFailed("If-Match")
		}
		return nil
	}
}
