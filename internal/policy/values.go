package policy

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// number is a decimal. Integers compare exactly, as far as int64 reaches.
type number struct {
	whole   int64
	isWhole bool
	decimal float64
}

// parseNumber reads an integer or decimal, with an exponent or without, but
// neither infinity nor hexadecimal nor an underscore.
func parseNumber(s string) (number, bool) {
	if s == "" || !onlyOf(s, "0123456789+-.eE") {
		return number{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return number{whole: n, isWhole: true, decimal: float64(n)}, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{decimal: f}, err == nil
}

func (n number) compare(other number) int {
	if n.isWhole && other.isWhole {
		return cmp.Compare(n.whole, other.whole)
	}
	return cmp.Compare(n.decimal, other.decimal)
}

// parseDate reads a date in one of the forms of the W3C note on ISO 8601, or a
// time in seconds of the Unix epoch. Digits alone are always the epoch, so that
// 2020 is twenty past midnight in 1970; a time without a zone is UTC.
func parseDate(s string) (time.Time, bool) {
	if s != "" && onlyOf(s, "0123456789") {
		seconds, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	s = strings.ToUpper(s)
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
		"2006-01-02", "2006-01",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
