package rolestemplate_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/internal/rolestemplate"
)

var update = flag.Bool("update", false, "write the golden files")

const issuer, audience = "https://dev-123456789.okta.com/oauth2/default", "abcdefghij1234567890"

// input is the usual one, changed.
func input(edits ...func(*rolestemplate.Input)) rolestemplate.Input {
	in := rolestemplate.Input{URL: issuer, Audiences: []string{audience}}
	for _, edit := range edits {
		edit(&in)
	}
	return in
}

// everything sets all that can be set together.
func everything(in *rolestemplate.Input) {
	*in = rolestemplate.Input{
		URL: "https://idp.example.com/realms/My%20Realm/", Audiences: []string{"api://tip", `quo"te: #1`, "api://tip"}, Thumbprint: strings.Repeat("AB:", 19) + "AB",
		ApplicationARN: "arn:aws-us-gov:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		Services:       rolestemplate.Services(), OIDCRoleName: "tip-oidc", EnhancedRoleName: "tip-enhanced", SessionDuration: 7200,
		Region: "us-gov-west-1", GrantsAccounts: []string{"777788889999"},
		Tags: []rolestemplate.Tag{{Key: "team", Value: "data"}, {Key: "cost center", Value: "yes"}},
	}
}

func existing(in *rolestemplate.Input) {
	in.ProviderARN = "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default"
	in.Services = []rolestemplate.Service{rolestemplate.QBusiness}
}

func TestTemplates(t *testing.T) {
	for name, in := range map[string]rolestemplate.Input{
		"usual": input(), "everything": input(everything), "existing-provider": input(existing),
	} {
		made, err := rolestemplate.New(in)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := made.JSON()
		if err != nil {
			t.Fatal(err)
		}
		for file, got := range map[string]string{name + ".yaml": string(made.YAML()), name + ".json": string(asJSON)} {
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
}

func TestCapability(t *testing.T) {
	for want, in := range map[string]rolestemplate.Input{
		rolestemplate.Capability:      input(),
		rolestemplate.CapabilityNamed: input(func(in *rolestemplate.Input) { in.EnhancedRoleName = "x" }),
	} {
		made, err := rolestemplate.New(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := made.Capability(); got != want || !strings.Contains(string(made.YAML()), "--capabilities "+want+"\n") {
			t.Errorf("Capability() = %q, want %q, and so in the comment", got, want)
		}
	}
}

// read reads both formats of a template, with another's parsers, and wants the same.
func read(t *testing.T, in rolestemplate.Input) map[string]any {
	t.Helper()
	made, err := rolestemplate.New(in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var fromJSON map[string]any
	if err := json.Unmarshal(text, &fromJSON); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(made.YAML(), &node); err != nil {
		t.Fatalf("%v in\n%s", err, made.YAML())
	}
	if diff := cmp.Diff(fromJSON, plain(t, node.Content[0])); diff != "" {
		t.Fatalf("YAML is not what JSON is (-JSON +YAML):\n%s", diff)
	}
	return fromJSON
}

// plain is a node as encoding/json would give it, with the long forms of functions.
func plain(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			name, ok := plain(t, n.Content[i]).(string)
			if _, twice := m[name]; twice || !ok {
				t.Fatalf("line %d: the key %q", n.Content[i].Line, n.Content[i].Value)
			}
			m[name] = plain(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		all := []any{}
		for _, item := range n.Content {
			all = append(all, plain(t, item))
		}
		return all
	}
	switch n.Tag {
	case "!!str":
		return n.Value
	case "!!int":
		var i float64
		if err := n.Decode(&i); err != nil {
			t.Fatal(err)
		}
		return i
	case "!Ref":
		return map[string]any{"Ref": n.Value}
	case "!Sub":
		return map[string]any{"Fn::Sub": n.Value}
	case "!GetAtt":
		name, what, _ := strings.Cut(n.Value, ".")
		return map[string]any{"Fn::GetAtt": []any{name, what}}
	}
	t.Fatalf("line %d: a scalar with the tag %s", n.Line, n.Tag)
	return nil
}

// at goes down a document by keys and indices.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[step] == nil {
				t.Fatalf("no %q in %v", step, v)
			}
			v = m[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// What is odd and not refused arrives as it is, in the provider and in the trust policy.
func TestOddAudiences(t *testing.T) {
	for _, aud := range oddAudiences {
		document := read(t, input(func(in *rolestemplate.Input) { in.Audiences = []string{aud} }))
		inProvider := at(t, document, "Resources", "OIDCProvider", "Properties", "ClientIdList", 0)
		inTrust := at(t, document, "Resources", "OIDCRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Condition", "StringEquals", "dev-123456789.okta.com/oauth2/default:aud")
		if inProvider != aud || inTrust != aud {
			t.Errorf("%q arrives as %q and %q", aud, inProvider, inTrust)
		}
	}
}

var oddAudiences = []string{
	"yes", "No", "on", "null", "~", "true", "0123", "0x1F", "1e3", "1_000", "12:30:45", ".inf", ".NaN", "2010-09-09", "=", "<<", "-", "- a", "? a", "a: b", "a #b", "#a", "&a", "*a",
	"!Ref OIDCRole", "!Sub x", "%TAG", "@a", "`a`", "{a: b}", "[a]", "{", "}]", `"`, `""`, `\`, `\n`, `\x41`, `'`, "''", `a"b'c\d`, "|", ">", "a,b", "$", "$x", "{{resolve", "{{x}}", "Ü", "ÿ", "a\u00A1b",
	"AWS::IAM::Role", "s3:GetObject", "a:b:c", "a::b", "Allow", "sub:", ":", "::", "---", "...", "a  b", strings.Repeat("x", 255), strings.Repeat("é", 255), "https://api.example.com/x?y=z#w", "<>&",
}

// Every policy of a template is one to the policy language that the lab and diag read.
func TestPolicies(t *testing.T) {
	for _, edit := range []func(*rolestemplate.Input){func(*rolestemplate.Input) {}, everything, existing} {
		document := read(t, input(edit))
		for _, role := range []string{"OIDCRole", "IdEnhancedRole"} {
			properties := at(t, document, "Resources", role, "Properties")
			parse(t, at(t, properties, "AssumeRolePolicyDocument"), policy.Trust)
			for _, p := range at(t, properties, "Policies").([]any) {
				parse(t, at(t, p, "PolicyDocument"), policy.Identity)
			}
		}
	}
}

func parse(t *testing.T, document any, kind policy.Kind) {
	t.Helper()
	text, err := json.Marshal(resolved(document))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(text, kind); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}

// resolved puts values for the functions, as CloudFormation does.
func resolved(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for function, arn := range map[string]string{"Ref": "arn:aws:iam::444455556666:oidc-provider/a.b", "Fn::GetAtt": "arn:aws:iam::444455556666:role/x"} {
			if v[function] != nil {
				return arn
			}
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::AccountId}", "444455556666").Replace(text)
		}
		all := map[string]any{}
		for key, value := range v {
			all[key] = resolved(value)
		}
		return all
	case []any:
		var all []any
		for _, value := range v {
			all = append(all, resolved(value))
		}
		return all
	}
	return v
}

// The document names every action of every service, as the template with everything has
// them.
func TestDocumentHasEveryAction(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "template.md"))
	if err != nil {
		t.Fatal(err)
	}
	document := read(t, input(everything))
	for _, p := range at(t, document, "Resources", "IdEnhancedRole", "Properties", "Policies").([]any) {
		for _, s := range at(t, p, "PolicyDocument", "Statement").([]any) {
			for _, action := range asList(at(t, s, "Action")) {
				if !strings.Contains(string(text), "`"+action+"`") {
					t.Errorf("docs/template.md does not say that %v allows %s", at(t, p, "PolicyName"), action)
				}
			}
		}
	}
}

func asList(v any) (all []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	for _, item := range v.([]any) {
		all = append(all, item.(string))
	}
	return all
}

// No role can do more than is asked of it: no action has a star, none is of IAM or STS,
// and a star for a resource stands only where the service knows none.
func TestRightsAreFew(t *testing.T) {
	starred := map[string]bool{"sso-oauth:CreateTokenWithIAM": true, "athena:ListDataCatalogs": true, "athena:ListWorkGroups": true, "lakeformation:GetDataAccess": true}
	for _, edit := range []func(*rolestemplate.Input){func(*rolestemplate.Input) {}, everything, existing} {
		document := read(t, input(edit))
		for _, role := range []string{"OIDCRole", "IdEnhancedRole"} {
			for _, p := range at(t, document, "Resources", role, "Properties", "Policies").([]any) {
				for _, s := range at(t, p, "PolicyDocument", "Statement").([]any) {
					for _, action := range asList(at(t, s, "Action")) {
						service, _, _ := strings.Cut(action, ":")
						if strings.Contains(action, "*") || service == "iam" || service == "sts" || (role == "OIDCRole") != (service == "sso-oauth") {
							t.Errorf("%s may %s", role, action)
						}
						if at(t, s, "Resource") == "*" && !starred[action] && service != "redshift-data" {
							t.Errorf("%s may %s on everything", role, action)
						}
					}
				}
			}
		}
	}
}
