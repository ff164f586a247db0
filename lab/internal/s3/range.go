package s3

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// selection is what of an object is answered.
type selection struct {
	offset, length int64
	partial        bool
	checksum       store.Checksum // of exactly that, if it is known
}

// selection reads Range and partNumber.
func (c *call) selection(o *store.Object) (selection, error) {
	whole := selection{length: o.Size(), checksum: o.Checksum}
	ranges := c.r.Header.Get("Range")
	if c.query.Has("partNumber") {
		if ranges != "" {
			return whole, invalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
		return c.part(o, whole)
	}
	if v := c.r.Header.Get("If-Range"); v != "" && !sameState(v, o) {
		return whole, nil
	}
	span, ok, satisfiable := parseRange(ranges, o.Size())
	switch {
	case !ok:
		return whole, nil
	case !satisfiable:
		return whole, refusal("InvalidRange", "RangeRequested", ranges, "ActualObjectSize", itoa(o.Size())).
			with("Content-Range", "bytes */"+itoa(o.Size()))
	}
	return selection{offset: span.offset, length: span.length, partial: true}, nil
}

func sameState(ifRange string, o *store.Object) bool {
	if t, err := http.ParseTime(ifRange); err == nil {
		return t.Equal(o.LastModified)
	}
	return strings.Trim(ifRange, `"`) == o.ETag
}

// part selects a part of a multipart object; any other object has one part.
func (c *call) part(o *store.Object, whole selection) (selection, error) {
	n, err := partNumber(c.query.Get("partNumber"))
	if err != nil {
		return whole, err
	}
	if len(o.Parts) == 0 && n == 1 {
		whole.partial = o.Size() > 0
		return whole, nil
	}
	if n > len(o.Parts) {
		return whole, refusal("InvalidPartNumber", "PartNumberRequested", strconv.Itoa(n), "ActualPartCount", strconv.Itoa(max(len(o.Parts), 1)))
	}
	c.w.Header().Set("x-amz-mp-parts-count", strconv.Itoa(len(o.Parts)))
	selected := selection{partial: true}
	for i, p := range o.Parts[:n] {
		if i > 0 {
			selected.offset += o.Parts[i-1].Size
		}
		selected.length, selected.checksum = p.Size, p.Checksum
	}
	selected.partial = selected.length > 0
	return selected, nil
}

func partNumber(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPartNumber {
		return 0, invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", v)
	}
	return n, nil
}

// span is a range of bytes.
type span struct{ offset, length int64 }

// parseRange reads a Range header (RFC 9110 section 14.1.2). ok is false where it
// has to be ignored, as S3 does with more than one range.
func parseRange(v string, size int64) (s span, ok, satisfiable bool) {
	spec, ok := strings.CutPrefix(v, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return s, false, false
	}
	if first == "" {
		n, valid := digits(last)
		n = min(n, size)
		return span{size - n, n}, valid, n > 0
	}
	from, valid := digits(first)
	to, validEnd := size-1, true
	if last != "" {
		to, validEnd = digits(last)
	}
	if !valid || !validEnd || last != "" && to < from {
		return s, false, false
	}
	to = min(to, size-1)
	return span{from, to - from + 1}, true, from < size
}

// digits reads a number without sign; one that is too large is the largest.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
