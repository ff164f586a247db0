package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// The commands of the original's documents, with the client id of the lab's provider and
// with either AWS CLI: from an account that does not know the identity provider to data,
// by the roles that the template made and by what its comments say. Then with all rights
// taken away that can be, by an update of the same stack, in JSON.
func TestTemplateIsAllThatIsNeeded(t *testing.T) {
	t.Parallel()
	for _, major := range []string{"1", "2"} {
		t.Run("AWS CLI "+major, func(t *testing.T) {
			t.Parallel()
			needAWSCLIOf(t, major)
			needAWSCLIOf(t, "1")
			s := newStack(t)
			s.run(applicationAccount, major, `tip-cli configure generate-cfn-template https://dev-123456789.okta.com/oauth2/default 0oaTipCliEXAMPLE > ~/tip-blog-iam-roles-cfn.yaml
aws cloudformation deploy --template-file ~/tip-blog-iam-roles-cfn.yaml --stack-name tip-blog-iam-stack --capabilities CAPABILITY_IAM`)
			oidc, enhanced := s.outputs(major)
			s.uses(oidc, enhanced)
			s.reads()

			s.must(t, s.env, "tip-cli", "auth", "logout")
			s.run(applicationAccount, major, `tip-cli configure generate-cfn-template https://dev-123456789.okta.com/oauth2/default 0oaTipCliEXAMPLE \
  --application-arn arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef --service s3 --region eu-west-1 --tag team=data --format json > ~/less.json
aws cloudformation deploy --template-file ~/less.json --stack-name tip-blog-iam-stack --capabilities CAPABILITY_IAM`)
			s.reads()
		})
	}
}

const applicationAccount = "444455556666"

// Where the account has the OIDC provider already, and with names of one's own.
func TestTemplateBesideAProvider(t *testing.T) {
	t.Parallel()
	needAWSCLIOf(t, "1")
	w := newWorld(t)
	s := &stack{t, w, w.environ(lab.ProxyDoor)}
	s.run(applicationAccount, "1", `tip-cli configure generate-cfn-template https://dev-123456789.okta.com/oauth2/default 0oaTipCliEXAMPLE > ~/tip-blog-iam-roles-cfn.yaml
! aws cloudformation deploy --template-file ~/tip-blog-iam-roles-cfn.yaml --stack-name tip-second-provider --capabilities CAPABILITY_IAM
tip-cli configure generate-cfn-template https://dev-123456789.okta.com/oauth2/default 0oaTipCliEXAMPLE --oidc-role-name own-oidc --id-enhanced-role-name own-enhanced \
  --existing-provider arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default > ~/tip-blog-iam-roles-cfn.yaml
aws cloudformation deploy --template-file ~/tip-blog-iam-roles-cfn.yaml --stack-name tip-blog-iam-stack --capabilities CAPABILITY_NAMED_IAM`)
	oidc, enhanced := s.outputs("1")
	if oidc != "arn:aws:iam::444455556666:role/own-oidc" || enhanced != "arn:aws:iam::444455556666:role/own-enhanced" {
		t.Errorf("the roles are %s and %s", oidc, enhanced)
	}
	s.uses(oidc, enhanced)
	s.reads()
}

// stack is an account whose roles and whose OIDC provider are made by a template.
type stack struct {
	*testing.T
	*world
	env []string
}

// newStack is a world without the provider of Okta, in which the caller's own policy and
// the thumbprints count, where AWS leaves that to circumstances.
func newStack(t *testing.T) *stack {
	t.Helper()
	w := newWorld(t, func(w *lab.World) {
		a := &w.Accounts[1]
		for i, p := range a.OIDCProviders {
			if p.URL == oktaIssuer {
				a.OIDCProviders = slices.Delete(a.OIDCProviders, i, i+1)
				break
			}
		}
		counts := true
		w.Switches.CallerPolicyForToken, w.Switches.IssuerThumbprints = &counts, "checked"
	})
	return &stack{t, w, w.environ(lab.ProxyDoor)}
}

// run runs a script as administrator of an account, with an AWS CLI of a version.
func (s *stack) run(account, major, script string) string {
	s.Helper()
	c, err := s.Administrator(account).Retrieve(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	bin := filepath.Join(s.home, "aws-"+major)
	if err := os.MkdirAll(bin, 0o700); err != nil {
		s.Fatal(err)
	}
	own := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\"\n", awsCLIs()[major])
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(own), 0o700); err != nil {
		s.Fatal(err)
	}
	env := append(slices.Clone(s.env), "BIN="+bin, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=",
		"AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_SESSION_TOKEN="+c.SessionToken)
	return s.must(s.T, env, "sh", "-euc", `PATH="$BIN:$PATH"; `+script)
}

func (s *stack) outputs(major string) (oidc, enhanced string) {
	s.Helper()
	text := s.run(applicationAccount, major, `aws cloudformation describe-stacks --stack-name tip-blog-iam-stack --query 'Stacks[0].Outputs' --output json`)
	var all []struct{ OutputKey, OutputValue string }
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		s.Fatal(err)
	}
	values := map[string]string{}
	for _, o := range all {
		values[o.OutputKey] = o.OutputValue
	}
	oidc, enhanced = values["OIDCRoleArn"], values["IdEnhancedRoleArn"]
	if oidc == "" || enhanced == "" {
		s.Fatalf("outputs %s", text)
	}
	return oidc, enhanced
}

// uses does what the comments of the template say: the application admits the first
// role, and tip-cli is configured with both.
func (s *stack) uses(oidc, enhanced string) {
	s.Helper()
	s.run(labtest.CenterAccount, "1", s.actorCommand(oidc)) // old AWS CLIs of version 2 do not know it
	s.must(s.T, s.env, "tip-cli", "configure", "idp", "--provider", "okta", "--config", strings.NewReplacer(
		"arn:aws:iam::444455556666:role/tip-oidc-role", oidc, "arn:aws:iam::444455556666:role/tip-id-enhanced-role", enhanced).Replace(s.configuration(oktaIssuer)))
}

// actorCommand is the command of the template's comments that admits the first role.
func (s *stack) actorCommand(oidc string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.home, "tip-blog-iam-roles-cfn.yaml"))
	if err != nil {
		s.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "aws sso-admin ")
	command, _, _ := strings.Cut(rest, "\n")
	if !ok {
		s.Fatalf("no such command in\n%s", text)
	}
	return strings.NewReplacer("APPLICATION_ARN", labtest.ApplicationARN, "OIDC_ROLE_ARN", oidc).Replace("aws sso-admin " + command)
}

// reads signs in and reads what is granted, and nothing else.
func (s *stack) reads() {
	s.Helper()
	s.signIn(s.T, s.env, "analyst")
	s.must(s.T, s.env, "tip-cli", "s3ag", "list-grants")
	s.must(s.T, s.env, "tip-cli", "exec", "--s3", "s3://tip-demo-data/reports/", "--", "aws", "s3", "ls", "s3://tip-demo-data/reports/")
	if r := s.world.run(s.T, s.env, "tip-cli", "s3ag", "get-data-access", "s3://tip-demo-data/private/"); r.code != 4 {
		s.Errorf("what is not granted: exit code %d\n%s", r.code, r.stderr)
	}
}

// hostile is input of which each line has something that YAML, JSON, IAM or
// CloudFormation would read as something else.
var hostile = [][]string{
	{"https://dev-123456789.okta.com/oauth2/default", "yes"}, {"https://a.example.com/", "0123"}, {"https://a.example.com/x/", `a"b'c\d`},
	{"https://a.example.com/%22%3A", "!Ref OIDCRole"}, {"https://a.example.com/a'b", "{a: [b]} # c"}, {"https://a.example.com/=,;", "<<"},
	{"https://a.example.com", "2010-09-09", "--audience", "null", "--audience", "~", "--audience", "1e3", "--audience", "12:30:45", "--audience", "- x"},
	{"https://a.example.com", "ÄÖÜ ß", "--tag", "größe=ja: nein", "--tag", "off=on"},
	{"https://a.example.com", "x", "--service", "s3,athena,lakeformation,redshift,qbusiness", "--region", "eu-west-1", "--access-grants-account", "012345678901"},
	{"https://a.example.com", "x", "--oidc-role-name", "yes", "--id-enhanced-role-name", "1.0", "--session-duration", "43200"},
	{"https://a.example.com", "x", "--existing-provider", "arn:aws:iam::012345678901:oidc-provider/a.example.com"},
	{"https://a.example.com", "$x {{y}} %z @a `b` |>", "0123456789012345678901234567890123456789"},
}

// templates makes a template of each line in both formats, and returns the files.
func templates(t *testing.T, w *world, lines [][]string) (files []string) {
	t.Helper()
	for i, args := range lines {
		for _, format := range []string{"yaml", "json"} {
			text := w.must(t, w.environ(lab.ProxyDoor), "tip-cli", append([]string{"configure", "generate-cfn-template", "--no-check", "--format", format}, args...)...)
			path := filepath.Join(w.home, fmt.Sprintf("%02d.%s", i, format))
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, path)
		}
	}
	return files
}

func TestTemplateIsCleanToCFNLint(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("cfn-lint")
	need(t, err == nil, "cfn-lint (pip install cfn-lint)")
	w := newWorld(t)
	out, err := exec.CommandContext(t.Context(), lint, append([]string{"--regions", "eu-west-1", "us-gov-west-1", "cn-north-1", "--"}, templates(t, w, hostile)...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// readByPython prints files of YAML 1.1 as PyYAML reads them, and so do the AWS CLIs.
const readByPython = `
import json, sys, yaml
class Loader(yaml.SafeLoader): pass
def short(loader, tag, node):
    name = tag if tag == 'Ref' else 'Fn::' + tag
    value = loader.construct_scalar(node)
    return {name: value.split('.', 1) if tag == 'GetAtt' else value}
Loader.add_multi_constructor('!', short)
print(json.dumps([yaml.load(open(f, encoding='utf-8'), Loader) for f in sys.argv[1:]]))
`

// What PyYAML reads, which the AWS CLI and cfn-lint use, is what was meant.
func TestTemplateIsTheSameToPython(t *testing.T) {
	t.Parallel()
	err := exec.CommandContext(t.Context(), "python3", "-c", "import yaml").Run()
	need(t, err == nil, "python3 with yaml (pip install pyyaml)")
	w := newWorld(t)
	files := templates(t, w, hostile)
	out, err := exec.CommandContext(t.Context(), "python3", append([]string{"-c", readByPython}, files...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var read []any
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(read); i += 2 {
		var meant any
		text, err := os.ReadFile(files[i+1])
		if err == nil {
			err = json.Unmarshal(text, &meant)
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{meant, meant}, read[i:i+2]); diff != "" {
			t.Errorf("%q (-meant +read):\n%s", hostile[i/2], diff)
		}
		var node yaml.Node
		if err := yaml.Unmarshal(text, &node); err != nil { // JSON is YAML, too
			t.Error(err)
		}
	}
}
