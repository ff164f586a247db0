package awswire

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// timeFormat is one of the three forms of a timestamp on the wire.
type timeFormat uint8

const (
	timeISO  timeFormat = iota // 2026-01-01T01:00:00Z
	timeUnix                   // 1767229200, with a fraction for milliseconds
	timeHTTP                   // Thu, 01 Jan 2026 01:00:00 GMT
)

// times returns the format of a timestamp: as its traits say, else the default
// of its place and the protocol.
func (c *compiler) times(ref *models.Ref, shape *models.Shape, location string) timeFormat {
	switch first(ref.TimestampFormat, shape.TimestampFormat) {
	case "iso8601":
		return timeISO
	case "unixTimestamp":
		return timeUnix
	case "rfc822":
		return timeHTTP
	}
	json := c.s.model.Metadata.Protocol == "json" || c.s.model.Metadata.Protocol == "rest-json"
	switch {
	case location == inHeader || location == inHeaders:
		return timeHTTP
	case location == inBody && json:
		return timeUnix
	}
	return timeISO
}

// format writes t, to the millisecond where the format has a fraction.
func (f timeFormat) format(t time.Time) string {
	t = t.UTC()
	switch f {
	case timeUnix:
		return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
	case timeHTTP:
		return t.Format(http.TimeFormat)
	}
	if t.Nanosecond() < int(time.Millisecond) {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// maxUnix keeps times within the years that time.Time formats.
const maxUnix = 253402300799

func (f timeFormat) parse(s string) (time.Time, error) {
	switch f {
	case timeUnix:
		seconds, err := strconv.ParseFloat(s, 64)
		if err != nil || !(math.Abs(seconds) <= maxUnix) {
			return time.Time{}, fmt.Errorf("bad timestamp")
		}
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
	case timeHTTP:
		t, err := http.ParseTime(s)
		return t.UTC(), err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UTC(), err
}
