package tipcreds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestExtraContexts: they follow the user's identity context.
func TestExtraContexts(t *testing.T) {
	f := newFakeAWS(t)
	p := f.provider(t, func(o *tipcreds.Options) { o.ExtraContexts = contexts(4) })
	mustRetrieve(t, p)
	form := f.seen()[2].Form
	got := []string{
		form.Get("ProvidedContexts.member.1.ProviderArn"), form.Get("ProvidedContexts.member.1.ContextAssertion"),
		form.Get("ProvidedContexts.member.5.ProviderArn"), form.Get("ProvidedContexts.member.5.ContextAssertion"),
	}
	want := []string{"arn:aws:iam::aws:contextProvider/IdentityCenter", identityContext, "arn:aws:iam::aws:contextProvider/P3", "assertion"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExtraContextsRefused(t *testing.T) {
	text := func(n int) *string { s := strings.Repeat("é", n); return &s }
	arn := "arn:aws:iam::aws:contextProvider/P"
	nothing := ""
	tests := map[string]struct {
		contexts []provided
		ok       bool
	}{
		"none": {nil, true}, "four": {contexts(4), true}, "five": {contexts(5), false},
		"no provider":   {[]provided{{ContextAssertion: text(4)}}, false},
		"no ARN":        {[]provided{{ProviderArn: &nothing, ContextAssertion: text(4)}}, false},
		"no assertion":  {[]provided{{ProviderArn: &arn}}, false},
		"3 characters":  {[]provided{{ProviderArn: &arn, ContextAssertion: text(3)}}, false},
		"4 characters":  {[]provided{{ProviderArn: &arn, ContextAssertion: text(4)}}, true},
		"2048":          {[]provided{{ProviderArn: &arn, ContextAssertion: text(2048)}}, true},
		"2049":          {[]provided{{ProviderArn: &arn, ContextAssertion: text(2049)}}, false},
		"one of two is": {append(contexts(1), provided{}), false},
	}
	for name, tt := range tests {
		_, err := tipcreds.New(accessRole, application, token(""), func(o *tipcreds.Options) {
			o.STSClient, o.SSOOIDCClient, o.ExtraContexts = &clients{}, &clients{}, tt.contexts
		})
		if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, tipcreds.ErrContext) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUserAgent(t *testing.T) {
	tests := []struct {
		segment, want string // want empty: refused
	}{
		{"", "tipcreds#1"},
		{"report-builder", "report-builder"},
		{"report-builder/1.4+b_2", "report-builder#1.4+b_2"},
		{"/1", ""},
		{"a/", ""},
		{"a/b/c", ""},
		{"a b", ""},
		{"a\r\nX: y", ""},
		{"é", ""},
		{strings.Repeat("a", 101), ""},
	}
	for _, tt := range tests {
		f := newFakeAWS(t)
		p, err := tipcreds.New(accessRole, application, token(webToken), func(o *tipcreds.Options) {
			o.ApplicationRoleARN, o.AWSConfig, o.UserAgent = applicationRole, f.config(), tt.segment
		})
		if tt.want == "" {
			if refused, ok := errors.AsType[*tipcreds.OptionError](err); !ok || refused.Option != "UserAgent" {
				t.Errorf("%q: %v", tt.segment, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		mustRetrieve(t, p)
		for _, call := range f.seen() {
			if got := call.Header.Get("User-Agent"); !strings.Contains(strings.ReplaceAll(got, "/", "#"), tt.want) {
				t.Errorf("%q: %s has %s", tt.segment, call.Op, got)
			}
		}
	}
}

func TestUnverifiedSubject(t *testing.T) {
	tests := map[string]struct {
		jwt  string
		want tipcreds.Subject
		err  error
	}{
		"both":       {userToken(7), subjectOf(7), nil},
		"padded":     {"e30.eyJpc3MiOiJhIiwic3ViIjoiYiJ9Cg==.x", tipcreds.Subject{Issuer: "a", ID: "b"}, nil},
		"no issuer":  {idToken(map[string]any{"sub": "b"}), tipcreds.Subject{}, tipcreds.ErrNoSubject},
		"no subject": {idToken(map[string]any{"iss": "a", "sub": ""}), tipcreds.Subject{}, tipcreds.ErrNoSubject},
		"two parts":  {"e30.e30", tipcreds.Subject{}, tipcreds.ErrNotAJWT},
		"JWE":        {"a.b.c.d.e", tipcreds.Subject{}, tipcreds.ErrNotAJWT},
		"a number":   {idToken(map[string]any{"iss": 1, "sub": "b"}), tipcreds.Subject{}, tipcreds.ErrNotAJWT},
	}
	for name, tt := range tests {
		got, err := tipcreds.UnverifiedSubject(tt.jwt)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzUnverifiedSubject(f *testing.F) {
	f.Add(userToken(1))
	f.Add("..")
	f.Fuzz(func(t *testing.T, jwt string) {
		if s, err := tipcreds.UnverifiedSubject(jwt); (err == nil) == (s.Issuer == "" || s.ID == "") {
			t.Errorf("%v, %v", s, err)
		}
	})
}
