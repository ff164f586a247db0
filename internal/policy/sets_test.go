package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The columns are a request in which the key is absent, present without a value,
// one empty string, "a", "x", and both "a" and "x". The policy value is "a".
func TestSetsAndExistence(t *testing.T) {
	contexts := []policy.Context{
		nil, {"k:v": nil}, {"k:v": {""}}, {"k:v": {"a"}}, {"k:v": {"x"}}, {"k:v": {"a", "x"}},
	}
	const T, F = true, false
	tests := []struct {
		operator string
		want     []bool
	}{
		{"StringEquals", []bool{F, F, F, T, F, F}},
		{"StringNotEquals", []bool{T, T, T, F, T, T}},
		{"StringEqualsIfExists", []bool{T, F, F, T, F, F}},
		{"StringNotEqualsIfExists", []bool{T, T, T, F, T, T}},
		{"StringLikeIfExists", []bool{T, F, F, T, F, F}},
		{"ForAllValues:StringEquals", []bool{T, T, T, T, F, F}},
		{"ForAllValues:StringNotEquals", []bool{T, T, T, F, T, F}},
		{"ForAllValues:StringEqualsIfExists", []bool{T, T, T, T, F, F}},
		{"ForAnyValue:StringEquals", []bool{F, F, F, T, F, T}},
		{"ForAnyValue:StringNotEquals", []bool{F, F, F, F, T, T}},
		{"ForAnyValue:StringEqualsIfExists", []bool{F, F, F, T, F, T}},
	}
	for _, tt := range tests {
		var got []bool
		for _, c := range contexts {
			got = append(got, holds(t, `{"`+tt.operator+`":{"k:v":"a"}}`, c))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.operator, diff)
		}
	}
}

func TestNegatedOperatorsHoldWithoutTheKey(t *testing.T) {
	for operator, value := range map[string]string{
		"StringNotEquals": "a", "StringNotEqualsIgnoreCase": "a", "StringNotLike": "a*", "NumericNotEquals": "1",
		"DateNotEquals": "2020-01-01", "NotIpAddress": "203.0.113.0/24", "ArnNotEquals": app, "ArnNotLike": app,
	} {
		if !holds(t, `{"`+operator+`":{"k:v":"`+value+`"}}`, nil) {
			t.Errorf("%s is false of an absent key", operator)
		}
	}
}

func TestPositiveOperatorsFailWithoutTheKeyUnlessIfExists(t *testing.T) {
	for operator, value := range map[string]string{
		"StringEquals": "a", "StringEqualsIgnoreCase": "a", "StringLike": "*", "NumericEquals": "1", "NumericLessThan": "1",
		"NumericLessThanEquals": "1", "NumericGreaterThan": "1", "NumericGreaterThanEquals": "1", "DateEquals": "1",
		"DateLessThan": "1", "DateLessThanEquals": "1", "DateGreaterThan": "1", "DateGreaterThanEquals": "1",
		"Bool": "false", "BinaryEquals": "AA==", "IpAddress": "0.0.0.0/0", "ArnEquals": "*", "ArnLike": "*",
	} {
		if holds(t, `{"`+operator+`":{"k:v":"`+value+`"}}`, nil) {
			t.Errorf("%s is true of an absent key", operator)
		}
		if !holds(t, `{"`+operator+`IfExists":{"k:v":"`+value+`"}}`, nil) {
			t.Errorf("%sIfExists is false of an absent key", operator)
		}
	}
}

func TestNull(t *testing.T) {
	tests := []struct {
		value string
		c     policy.Context
		want  bool
	}{
		{`"true"`, nil, true},
		{`"false"`, nil, false},
		{`false`, policy.Context{"k:v": {"a"}}, true},
		{`true`, policy.Context{"k:v": {"a"}}, false},
		{`"true"`, policy.Context{"k:v": nil}, true},
		{`"false"`, policy.Context{"k:v": {}}, false},
		{`"false"`, policy.Context{"K:V": {""}}, true},
		{`["true","false"]`, nil, true},
	}
	for _, tt := range tests {
		if got := holds(t, `{"Null":{"k:v":`+tt.value+`}}`, tt.c); got != tt.want {
			t.Errorf("Null %s of %v = %v, want %v", tt.value, tt.c, got, tt.want)
		}
	}
}

// The statement that AWS examples put on sts:SetContext.
func TestRequestContextProviders(t *testing.T) {
	open := `"ForAllValues:ArnEquals":{"sts:RequestContextProviders":["` + identityC + `"]}`
	closed := open + `,"Null":{"sts:RequestContextProviders":"false"}`
	other := "arn:aws:iam::aws:contextProvider/Other"
	tests := []struct {
		name      string
		providers policy.Context
		open      bool
		closed    bool
	}{
		{"no context", nil, true, false},
		{"null", policy.Context{"sts:RequestContextProviders": {}}, true, false},
		{"Identity Center", policy.Context{"sts:RequestContextProviders": {identityC}}, true, true},
		{"another", policy.Context{"sts:RequestContextProviders": {other}}, false, false},
		{"both", policy.Context{"sts:RequestContextProviders": {identityC, other}}, false, false},
	}
	for _, tt := range tests {
		if got := holds(t, `{`+open+`}`, tt.providers); got != tt.open {
			t.Errorf("%s, without Null: %v, want %v", tt.name, got, tt.open)
		}
		if got := holds(t, `{`+closed+`}`, tt.providers); got != tt.closed {
			t.Errorf("%s, with Null: %v, want %v", tt.name, got, tt.closed)
		}
	}
}

func TestContext(t *testing.T) {
	c := policy.Context{"AWS:UserName": {"old"}}
	if got, ok := c.Get("aws:username"); !ok || got[0] != "old" {
		t.Errorf("Get = %v, %v", got, ok)
	}
	c.Set("aws:username", "new")
	if diff := cmp.Diff(policy.Context{"aws:username": {"new"}}, c); diff != "" {
		t.Error(diff)
	}
	c.Delete("AWS:USERNAME")
	if got, ok := c.Get("aws:username"); ok {
		t.Errorf("Get after Delete = %v", got)
	}
	if got, _ := (policy.Context{"K:v": {"1"}, "k:V": {"2"}}).Get("k:V"); got[0] != "2" {
		t.Error("Get does not prefer the key as written")
	}
	ambiguous := policy.Context{"K:v": {"1"}, "k:V": {"2"}}
	for range 20 {
		if got, _ := ambiguous.Get("k:v"); got[0] != "1" {
			t.Fatal("Get depends on the order of the map")
		}
	}
}
