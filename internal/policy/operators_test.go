package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// operatorTest applies an operator with the JSON value to the key k:v, which the
// request has with the value got.
type operatorTest struct {
	operator, value, got string
	want                 bool
}

func checkOperators(t *testing.T, tests []operatorTest) {
	t.Helper()
	for _, tt := range tests {
		c := policy.Context{"k:v": {tt.got}}
		if got := holds(t, `{"`+tt.operator+`":{"k:v":`+tt.value+`}}`, c); got != tt.want {
			t.Errorf("%s %s of %q = %v, want %v", tt.operator, tt.value, tt.got, got, tt.want)
		}
	}
}

func TestStringOperators(t *testing.T) {
	checkOperators(t, []operatorTest{
		{"StringEquals", `"a"`, "a", true},
		{"StringEquals", `"a"`, "A", false},
		{"StringEquals", `"a*"`, "ab", false},
		{"StringEquals", `"a*"`, "a*", true},
		{"StringEquals", `""`, "", true},
		{"StringEquals", `["a","b"]`, "b", true},
		{"StringEquals", `["a","b"]`, "c", false},
		{"StringEquals", `12`, "12", true},
		{"StringNotEquals", `"a"`, "a", false},
		{"StringNotEquals", `"a"`, "A", true},
		{"StringNotEquals", `["a","b"]`, "b", false},
		{"StringNotEquals", `["a","b"]`, "c", true},
		{"StringEqualsIgnoreCase", `"aÉ"`, "Aé", true},
		{"StringEqualsIgnoreCase", `"a"`, "b", false},
		{"StringNotEqualsIgnoreCase", `"a"`, "A", false},
		{"StringNotEqualsIgnoreCase", `"a"`, "b", true},
		{"StringLike", `"home/*"`, "home/ann", true},
		{"StringLike", `"home/*"`, "Home/ann", false},
		{"StringLike", `"h?me"`, "home", true},
		{"StringLike", `["","home/"]`, "", true},
		{"StringLike", `["","home/"]`, "home/x", false},
		{"StringNotLike", `"home/*"`, "home/ann", false},
		{"StringNotLike", `"home/*"`, "away", true},
	})
}

func TestNumericOperators(t *testing.T) {
	checkOperators(t, []operatorTest{
		{"NumericEquals", `"10"`, "10", true},
		{"NumericEquals", `"10"`, "10.0", true},
		{"NumericEquals", `10`, "11", false},
		{"NumericEquals", `"9007199254740993"`, "9007199254740992", false},
		{"NumericEquals", `"10"`, "ten", false},
		{"NumericNotEquals", `"10"`, "10", false},
		{"NumericNotEquals", `"10"`, "11", true},
		{"NumericNotEquals", `"10"`, "ten", true},
		{"NumericLessThan", `"10"`, "9.99", true},
		{"NumericLessThan", `"10"`, "10", false},
		{"NumericLessThanEquals", `"10"`, "10", true},
		{"NumericLessThanEquals", `"10"`, "10.01", false},
		{"NumericGreaterThan", `"-1"`, "0", true},
		{"NumericGreaterThan", `"10"`, "10", false},
		{"NumericGreaterThanEquals", `"10"`, "10", true},
		{"NumericGreaterThanEquals", `"10"`, "9", false},
		{"NumericGreaterThanEquals", `["10","3"]`, "5", true},
	})
}

func TestDateOperators(t *testing.T) {
	checkOperators(t, []operatorTest{
		{"DateEquals", `"2020-01-01T00:00:00Z"`, "2020-01-01T01:00:00+01:00", true},
		{"DateEquals", `"2020-01-01"`, "2020-01-01T00:00Z", true},
		{"DateEquals", `"2020-01"`, "1577836800", true},
		{"DateEquals", `1577836800`, "2020-01-01T00:00:00.000Z", true},
		{"DateEquals", `"2020"`, "1970-01-01T00:33:40Z", true},
		{"DateEquals", `"2020-01-01t00:00:00z"`, "2020-01-01T00:00:00", true},
		{"DateEquals", `"2020-01-01"`, "2020-01-01T00:00:01Z", false},
		{"DateEquals", `"2020-01-01"`, "soon", false},
		{"DateNotEquals", `"2020-01-01"`, "2020-01-01T00:00", false},
		{"DateNotEquals", `"2020-01-01"`, "2020-01-02", true},
		{"DateNotEquals", `"2020-01-01"`, "soon", true},
		{"DateLessThan", `"2020-01-01"`, "2019-12-31T23:59:59.999Z", true},
		{"DateLessThan", `"2020-01-01"`, "2020-01-01", false},
		{"DateLessThanEquals", `"2020-01-01"`, "2020-01-01", true},
		{"DateLessThanEquals", `"2020-01-01"`, "2020-01-02", false},
		{"DateGreaterThan", `"2020-01-01T00:00:01Z"`, "2020-01-01T00:00:02Z", true},
		{"DateGreaterThan", `"2020-01-01T00:00:01Z"`, "2020-01-01T00:00:01Z", false},
		{"DateGreaterThanEquals", `"2020-01-01"`, "2020-01-01", true},
		{"DateGreaterThanEquals", `"2020-01-01"`, "2019-01-01", false},
	})
}

func TestBoolBinaryAndIPOperators(t *testing.T) {
	checkOperators(t, []operatorTest{
		{"Bool", `"true"`, "true", true},
		{"Bool", `"True"`, "true", true},
		{"Bool", `false`, "False", true},
		{"Bool", `"true"`, "false", false},
		{"Bool", `"false"`, "0", false},
		{"Bool", `["true","false"]`, "false", true},
		{"BinaryEquals", `"AAEC/w=="`, "\x00\x01\x02\xff", true},
		{"BinaryEquals", `"AAEC/w=="`, "AAEC/w==", false},
		{"IpAddress", `"203.0.113.0/24"`, "203.0.113.7", true},
		{"IpAddress", `"203.0.113.9/24"`, "203.0.113.7", true},
		{"IpAddress", `"203.0.113.0/24"`, "203.0.114.7", false},
		{"IpAddress", `"203.0.113.7"`, "203.0.113.7", true},
		{"IpAddress", `"203.0.113.7"`, "203.0.113.8", false},
		{"IpAddress", `"203.0.113.7"`, "::ffff:203.0.113.7", true},
		{"IpAddress", `["203.0.113.0/24","2001:DB8:1234:5678::/64"]`, "2001:db8:1234:5678::1", true},
		{"IpAddress", `"2001:DB8::/32"`, "203.0.113.7", false},
		{"IpAddress", `"0.0.0.0/0"`, "nowhere", false},
		{"NotIpAddress", `"203.0.113.0/24"`, "203.0.113.7", false},
		{"NotIpAddress", `"203.0.113.0/24"`, "198.51.100.1", true},
	})
}

func TestARNOperators(t *testing.T) {
	// The first two are the comparison of the user guide's operator page.
	spread := "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
	checkOperators(t, []operatorTest{
		{"StringLike", `"arn:aws:someservice:*:111122223333:finance/*"`, spread, true},
		{"ArnLike", `"arn:aws:someservice:*:111122223333:finance/*"`, spread, false},
		{"ArnLike", `"arn:aws:iam::444455556666:role/*"`, app, true},
		{"ArnEquals", `"arn:aws:iam::444455556666:role/*"`, app, true},
		{"ArnEquals", `"arn:aws:iam::*:role/App"`, app, true},
		{"ArnEquals", `"arn:aws:iam::44445555????:role/App"`, app, true},
		{"ArnEquals", `"` + app + `"`, app, true},
		{"ArnEquals", `"` + app + `"`, "arn:aws:iam::444455556666:role/app", false},
		{"ArnEquals", `"*"`, app, true},
		{"ArnEquals", `"*:*:*:*:*:*"`, app, true},
		{"ArnEquals", `"*:*:*:*:*:*"`, "role/App", false},
		{"ArnLike", `"arn:aws:sns:*:*:a:*"`, "arn:aws:sns:eu-west-1:1:a:b:c", true},
		{"ArnNotLike", `"arn:aws:iam::444455556666:role/*"`, app, false},
		{"ArnNotLike", `"arn:aws:iam::444455556666:role/*"`, "arn:aws:iam::444455556666:user/x", true},
		{"ArnNotEquals", `"` + app + `"`, app, false},
		{"ArnNotEquals", `"` + app + `"`, "not an ARN", true},
	})
}

func TestConditionsAreConjunctive(t *testing.T) {
	c := policy.Context{"a:x": {"1"}, "a:y": {"2"}}
	tests := []struct {
		condition string
		want      bool
	}{
		{`{}`, true},
		{`{"StringEquals":{}}`, true},
		{`{"StringEquals":{"a:x":"1","a:y":"2"}}`, true},
		{`{"StringEquals":{"a:x":"1","a:y":"3"}}`, false},
		{`{"StringEquals":{"a:x":"1"},"NumericLessThan":{"a:y":"3"}}`, true},
		{`{"StringEquals":{"a:x":"1"},"NumericLessThan":{"a:y":"2"}}`, false},
		{`{"StringEquals":{"A:X":"1"}}`, true},
	}
	for _, tt := range tests {
		if got := holds(t, tt.condition, c); got != tt.want {
			t.Errorf("%s = %v, want %v", tt.condition, got, tt.want)
		}
	}
}
