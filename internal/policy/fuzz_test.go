package policy_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// FuzzParse looks for panics in Parse and Evaluate, for errors of another type,
// and for documents that do not answer the same twice.
func FuzzParse(f *testing.F) {
	for _, p := range printed {
		f.Add([]byte(p.doc), uint8(p.kind), "s3:GetObject", "arn:aws:s3:::b/k", "aws:username", "ann")
	}
	for _, c := range []string{
		`{"ForAllValues:StringLike":{"k:v":["a*","${aws:username, 'x'}${*}"]}}`, `{"Null":{"k:v":true}}`,
		`{"IpAddress":{"k:v":"2001:db8::/32"},"DateLessThan":{"k:v":"2020-01"},"NumericEqualsIfExists":{"k:v":1e3}}`,
		`{"ArnNotLike":{"k:v":"arn:aws:*:*:*:${a.b/c:sub}"},"BinaryEquals":{"k:v":"AAEC"},"Bool":{"k:v":"TRUE"}}`,
	} {
		f.Add([]byte(condition(c)), uint8(policy.Identity), "s3:GetObject", "arn:aws:s3:::b/k", "k:v", "arn:aws:a:b:c:d")
	}
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotPrincipal":"*","NotAction":"a:*","NotResource":"arn:aws:a"}}`),
		uint8(policy.Resource), "a:b", "*", "", "")
	f.Fuzz(func(t *testing.T, doc []byte, kind uint8, action, resource, key, value string) {
		d, err := policy.Parse(doc, policy.Kind(kind))
		if err != nil {
			var syntax *policy.SyntaxError
			if !errors.As(err, &syntax) || d != nil {
				t.Fatalf("Parse = %v, %T %v", d, err, err)
			}
			return
		}
		again, err := policy.Parse(doc, policy.Kind(kind))
		if err != nil {
			t.Fatal(err)
		}
		r := &policy.Request{Action: action, Resource: resource, Principal: appSession(), Context: policy.Context{key: {value}}}
		first := d.Evaluate(r)
		if diff := cmp.Diff(first, again.Evaluate(r)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(first, d.Evaluate(r)); diff != "" {
			t.Error(diff)
		}
		policy.Authorize(policy.Input{Request: r, Resource: d, SameAccount: true})
	})
}
