package config_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestSetAndGet(t *testing.T) {
	values := map[string]string{
		"redirect_port": "8091", "scopes": "openid email", "redirect_fallback_ports": "8092 8093", "session_duration": "900",
		"authorization_parameters": "login_hint=a%40b prompt=login+consent", "client_secret_command": `p "two words"`, "token_command": `C:\x.exe ""`,
	}
	var c config.Config
	for _, key := range config.Keys() {
		value := values[key]
		if value == "" {
			value = "v"
		}
		if err := c.Set(key, " "+value+" "); err != nil || c.Get(key) != value {
			t.Errorf("Set(%s): %v, Get = %q", key, err, c.Get(key))
		}
		if err := c.Set(key, ""); err != nil || c.Get(key) != "" {
			t.Errorf("unset %s: %v, Get = %q", key, err, c.Get(key))
		}
	}
	if diff := cmp.Diff(config.Config{}, c, exceptCleared); diff != "" {
		t.Errorf("something stayed:\n%s", diff)
	}
	var problem config.Problem
	if err := c.Set("nonsense", "v"); !errors.As(err, &problem) || problem.Key != "nonsense" || c.Get("nonsense") != "" {
		t.Errorf("Set(nonsense) = %v", err)
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct{ key, value, want string }{
		{"redirect_port", "0", "from 1 to 65535"}, {"redirect_port", "65536", "from 1 to 65535"},
		{"redirect_port", "-1", "from 1 to 65535"}, {"redirect_port", "x", "from 1 to 65535"},
		{"redirect_fallback_ports", "8091 x", "list of port numbers"}, {"redirect_fallback_ports", "8091;8092", "list of port numbers"},
		{"redirect_fallback_ports", "0", "list of port numbers"}, {"redirect_fallback_ports", "65536", "list of port numbers"},
		{"session_duration", "1h", "whole number of seconds"}, {"session_duration", "0", "whole number of seconds"},
		{"session_duration", "-900", "whole number of seconds"}, {"session_duration", "9000000", "whole number of seconds"},
		{"authorization_parameters", "prompt", "must be name=value pairs"}, {"authorization_parameters", "a=%zz", "must be name=value pairs"},
		{"authorization_parameters", "%zz=a", "must be name=value pairs"}, {"authorization_parameters", "a=1 a=2", `has "a" twice`},
		{"client_secret_command", `p "a`, `has a " without its match`}, {"token_command", "it's", "has a ' without its match"},
	}
	for _, test := range tests {
		var c config.Config
		var problem config.Problem
		if err := c.Set(test.key, test.value); !errors.As(err, &problem) || problem.Key != test.key || !strings.Contains(problem.Message, test.want) {
			t.Errorf("%s = %s: %v", test.key, test.value, err)
		}
	}
}

// Every way of writing a value means the same, and is written back in one way.
func TestParseValues(t *testing.T) {
	tests := []struct {
		key   string
		want  any
		json  string
		forms []string
	}{
		{"redirect_fallback_ports", []int{8091, 8092}, `[8091,8092]`, []string{`[8091, "8092"]`, `"8091 8092"`, `" 8091,8092 "`, `"8091, 8092"`}},
		{"session_duration", 1800, `1800`, []string{`1800.0`, `"1800"`, `1.8e3`, `" 1800 "`}},
		{"authorization_parameters", map[string]string{"login_hint": "a b&c", "prompt": "login"}, `{"login_hint":"a b&c","prompt":"login"}`, []string{
			`"prompt=login login_hint=a%20b%26c"`, `"login_hint=a+b%26c&prompt=login"`,
		}},
		{"client_secret_command", []string{"p", "a b"}, `["p","a b"]`, []string{`"p 'a b'"`}},
		{"token_command", []string{`C:\p.exe`, ""}, `["C:\\p.exe",""]`, []string{`"C:\\p.exe \"\""`}},
		{"scopes", []string{"openid", "a"}, `["openid","a"]`, []string{`"openid a"`, `["openid a"]`}},
		{"sign_in", "never", `"never"`, []string{`" never "`}},
		{"sign_in_method", "paste", `"paste"`, nil},
		{"assertion", "access_token", `"access_token"`, nil},
		{"audience", "https://api.example.com", `"https://api.example.com"`, nil},
		{"client_authentication", "client_secret_post", `"client_secret_post"`, nil},
		{"token_file", "/run/token", `"/run/token"`, nil},
	}
	for _, test := range tests {
		for _, form := range append([]string{test.json}, test.forms...) {
			c, warnings, err := config.Parse([]byte(`{"`+test.key+`": `+form+`}`), "")
			if err != nil || warnings != nil {
				t.Errorf("%s: %s: %v, %v", test.key, form, warnings, err)
			}
			checkMember(t, c, test.key, test.want, test.json)
		}
	}
}

// checkMember checks what Encode, Get, Set and Merge make of a member.
func checkMember(t *testing.T, c config.Config, key string, want any, text string) {
	t.Helper()
	encoded, err := c.Encode()
	var members map[string]json.RawMessage
	if err := errors.Join(err, json.Unmarshal(encoded, &members)); err != nil {
		t.Fatal(err)
	}
	var value, wanted any
	if err := errors.Join(json.Unmarshal(members[key], &value), json.Unmarshal([]byte(text), &wanted)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, value); diff != "" || len(members) != 1 {
		t.Errorf("%s encoded as %s, not as %v", key, encoded, want)
	}
	var again config.Config
	if err := again.Set(key, c.Get(key)); err != nil {
		t.Error(err)
	}
	for name, other := range map[string]config.Config{"Set and Get": again, "Merge": config.Config{}.Merge(c), "Merge of nothing": c.Merge(config.Config{})} {
		if diff := cmp.Diff(c, other); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", key, name, diff)
		}
	}
}

func TestParseRefusesValues(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"a port":                 {`{"redirect_fallback_ports": 8091}`, "redirect_fallback_ports: must be a list of port numbers from 1 to 65535, like [8091, 8092], not a number"},
		"no port":                {`{"redirect_fallback_ports": [8091, 0]}`, "must be a list of port numbers"},
		"empty port":             {`{"redirect_fallback_ports": [""]}`, "must be a list of port numbers"},
		"null port":              {`{"redirect_fallback_ports": [null]}`, "must be a list of port numbers"},
		"list of ports in text":  {`{"redirect_fallback_ports": "a"}`, "must be a list of port numbers"},
		"half a second":          {`{"session_duration": 900.5}`, "session_duration: must be a whole number of seconds, like 3600"},
		"no seconds":             {`{"session_duration": 0}`, "must be a whole number of seconds"},
		"seconds in a list":      {`{"session_duration": [900]}`, "must be a whole number of seconds, like 3600, not a list"},
		"minutes":                {`{"session_duration": "60m"}`, "must be a whole number of seconds"},
		"parameters in a list":   {`{"authorization_parameters": ["a"]}`, `authorization_parameters: must be an object of strings, like {"prompt": "login"}, not a list`},
		"number for parameter":   {`{"authorization_parameters": {"max_age": 0}}`, `must be an object of strings, like {"prompt": "login"}, not of anything else`},
		"parameters in text":     {`{"authorization_parameters": "a"}`, "must be name=value pairs"},
		"number for a command":   {`{"token_command": 1}`, `token_command: must be a list of strings, or one string, like ["program", "argument"], not a number`},
		"number in a command":    {`{"client_secret_command": ["p", 1]}`, "client_secret_command: must be a list of strings"},
		"open quote":             {`{"token_command": "p 'a"}`, "token_command: has a ' without its match"},
		"true for a sign-in":     {`{"sign_in": true}`, "sign_in: must be a string in quotes, not true or false"},
		"client secret":          {`{"client_secret": "canary-1"}`, "client_secret: a client secret does not belong in config.json"},
		"of a provider":          {`{"okta_client_secret": "canary-1"}`, "okta_client_secret: a client secret does not belong"},
		"in another spelling":    {`{"Client-Secret": "canary-1"}`, "Client-Secret: a client secret does not belong"},
		"secret in a list":       {`{"clientSecret": ["canary-1"]}`, "clientSecret: a client secret does not belong"},
		"secret beside mistakes": {`{"client_secret": "canary-1", "audience": 1}`, "client_secret: a client secret does not belong"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := config.Parse([]byte(test.raw), "okta")
			refusal(t, err, test.want)
			if err == nil {
				return
			}
			var invalid *config.InvalidError
			if strings.Contains(test.raw, "canary") && errors.As(err, &invalid) && invalid.Hint() != "run: tip-cli configure client-secret" {
				t.Errorf("hint %q", invalid.Hint())
			}
			for _, p := range append(slices.Clone(warnings), config.Problem{Message: err.Error()}) {
				if strings.Contains(p.Message+p.Hint, "canary") {
					t.Errorf("the secret is quoted: %+v", p)
				}
			}
		})
	}
}

func TestClientSecretIsNotKept(t *testing.T) {
	for _, value := range []string{"null", `""`} {
		c, _, err := config.Parse([]byte(`{"client_secret": `+value+`}`), "")
		if diff := cmp.Diff(config.Config{}, c, exceptCleared); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", value, err, diff)
		}
	}
	var c config.Config
	var problem config.Problem
	if err := c.Set("client_secret", "canary-1"); !errors.As(err, &problem) || problem.Hint != "run: tip-cli configure client-secret" || strings.Contains(problem.Message, "canary") {
		t.Errorf("Set: %+v", err)
	}
}

// An empty list or object is as good as none.
func TestParseEmptyValues(t *testing.T) {
	for _, key := range []string{"redirect_fallback_ports", "scopes", "client_secret_command", "token_command"} {
		for _, value := range []string{"[]", "null", `""`} {
			c, _, err := config.Parse([]byte(`{"`+key+`": `+value+`, "authorization_parameters": {}, "session_duration": null}`), "")
			if diff := cmp.Diff(config.Config{}, c, exceptCleared); diff != "" || err != nil {
				t.Errorf("%s, %s: %v\n%s", key, value, err, diff)
			}
		}
	}
}

func TestMergeCopies(t *testing.T) {
	over := config.Config{
		RedirectFallbackPorts: []int{1}, ClientSecretCommand: []string{"a"}, AuthorizationParameters: map[string]string{"a": "b"}, TokenCommand: []string{"t"},
	}
	got := config.Config{TokenFile: "/a", Audience: "x"}.Merge(over)
	want := over
	want.Audience = "x" // and not the file: tokens come from one place
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got.RedirectFallbackPorts[0], got.ClientSecretCommand[0], got.AuthorizationParameters["a"] = 2, "x", "x"
	if over.RedirectFallbackPorts[0] != 1 || over.ClientSecretCommand[0] != "a" || over.AuthorizationParameters["a"] != "b" {
		t.Error("Merge shares memory")
	}
	file := config.Config{TokenFile: "/b"}
	if diff := cmp.Diff(file, config.Config{TokenCommand: []string{"t"}}.Merge(file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	seen := make(map[string]bool)
	for _, key := range config.Keys() {
		doc := config.Describe(key)
		if len(doc) < 20 || strings.ContainsAny(doc, "\n|") || strings.HasSuffix(doc, ".") || seen[doc] {
			t.Errorf("%s: %q", key, doc)
		}
		seen[doc] = true
	}
	if doc := config.Describe("nonsense"); doc != "" {
		t.Errorf("nonsense: %q", doc)
	}
}
