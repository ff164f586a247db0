package rolestemplate_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/rolestemplate"
)

func url(s string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) { in.URL = s }
}

func aud(s ...string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) { in.Audiences = s }
}

func TestRefuses(t *testing.T) {
	for want, edits := range map[string][]func(*rolestemplate.Input){
		"is empty":                              {url(""), aud("")},
		"does not begin with https://":          {url("http://idp.example.com"), url("idp.example.com"), url("HTTPS://idp.example.com"), url("https:idp.example.com"), url(" https://a.b")},
		"has a port":                            {url("https://idp.example.com:443"), url("https://idp.example.com:/x")},
		"cannot be read":                        {url("https://idp.example.com:x"), url("https://a.b/%zz"), url("https://[::1")},
		"has a user name":                       {url("https://me@idp.example.com"), url("https://me:too@idp.example.com/x")},
		"has no host name":                      {url("https://"), url("https:///x"), url("https://localhost/x"), url("https://[::1]/x"), url("https://a..b"), url("https://-a.b"), url("https://a_b.example.com"), url("https://*.example.com"), url(`https://a.b"c`)},
		"has a query":                           {url("https://a.b?"), url("https://a.b/x?y=z")},
		"has a fragment":                        {url("https://a.b/x#"), url("https://a.b#y")},
		"has a space or a character":            {url("https://a.b/x y"), url("https://a.b/\n"), url("https://a.b/ü"), url("https://bücher.example"), url("https://a.b/\x00"), url("https://a.b/x\nEvil: true"), url("https://a.b/\u2028")},
		"has a character in its path":           {url("https://a.b/x:y"), url("https://a.b/*"), url(`https://a.b/"`), url("https://a.b/${x}"), url("https://a.b/{{resolve}}"), url(`https://a.b/\`), url("https://a.b/[x]"), url("https://a.b/`")},
		"has . or ..":                           {url("https://a.b/../x"), url("https://a.b/.")},
		"give the issuer, without /.well-known": {url("https://a.b/x/.well-known/openid-configuration")},
		"characters, and IAM takes 255":         {url("https://a.b/" + strings.Repeat("x", 244)), aud(strings.Repeat("x", 256)), aud(strings.Repeat("é", 256)), aud(strings.Repeat("x", 1<<20))},
		"there is no audience":                  {aud()},
		"there are 101 audiences":               {many(101)},
		"is not UTF-8":                          {aud("\xff"), aud("a\xc3")},
		"begins or ends with a space":           {aud(" a"), aud("a "), aud("\n"), aud("a\n"), aud("\u00A0a")},
		"begins a variable":                     {aud("${aws:userid}"), aud("a${"), aud("${AWS::AccountId}")},
		"put another value for":                 {aud("{{resolve:ssm:/x}}"), aud("x{{resolve:secretsmanager:s}}")},
		"which no trust policy can have":        {aud("a\nb"), aud("a\tb"), aud("a\x00b"), aud("a\x7fb"), aud("a\u0085b"), aud("a\u00ADb"), aud("a\u00A0b"), aud("Ā"), aud("日本"), aud("a\u2028b"), aud("a\u202eb"), aud("😀"), aud("a\uFEFFb"), aud("ok", "a\rb")},
		"2048: give fewer or shorter":           {aud(long(10)...)},
		"40 hexadecimal digits":                 {thumb("x"), thumb(strings.Repeat("a", 39)), thumb(strings.Repeat("a", 41)), thumb(strings.Repeat("g", 40)), thumb(strings.Repeat("a", 40) + "\n"), thumb(`a"`)},
		"--application-arn": {func(in *rolestemplate.Input) { in.ApplicationARN = "*" }, func(in *rolestemplate.Input) {
			in.ApplicationARN = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef\n"
		}},
		"--service":                 {func(in *rolestemplate.Input) { in.Services = []rolestemplate.Service{"s3", "ec2"} }},
		"role-name":                 {func(in *rolestemplate.Input) { in.OIDCRoleName = "a b" }, func(in *rolestemplate.Input) { in.EnhancedRoleName = strings.Repeat("x", 65) }},
		"cannot both have the name": {func(in *rolestemplate.Input) { in.OIDCRoleName, in.EnhancedRoleName = "a", "A" }},
		"--session-duration":        {func(in *rolestemplate.Input) { in.SessionDuration = 3599 }, func(in *rolestemplate.Input) { in.SessionDuration = 43201 }, func(in *rolestemplate.Input) { in.SessionDuration = -1 }},
		"--region":                  {func(in *rolestemplate.Input) { in.Region = "*" }, func(in *rolestemplate.Input) { in.Region = "${x}" }, func(in *rolestemplate.Input) { in.Region = "EU-WEST-1" }},
		"--access-grants-account":   {func(in *rolestemplate.Input) { in.GrantsAccounts = []string{"*"} }, func(in *rolestemplate.Input) { in.GrantsAccounts = []string{"1"} }},
		"--existing-provider":       {provider("x"), provider("arn:aws:iam::444455556666:role/x")},
		"is the provider of":        {provider("arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default/"), provider("arn:aws:iam::444455556666:oidc-provider/*")},
		"IAM takes 10240: give fewer --access-grants-account":                              {accounts(170)},
		"--application-arn is in the partition aws-us-gov, and --region in aws:":           {application("aws-us-gov", "eu-west-1"), application("aws-us-gov", "me-south-1")},
		"--application-arn is in the partition aws-cn, and --region in aws-us-gov":         {application("aws-cn", "us-gov-west-1")},
		"--existing-provider is in the partition aws, and --application-arn in aws-us-gov": {func(in *rolestemplate.Input) { existing(in); application("aws-us-gov", "")(in) }},
		"names one that is there":    {func(in *rolestemplate.Input) { existing(in); thumb(strings.Repeat("a", 40))(in) }},
		"the key of the tag":         {tags("", "x"), tags("a\nb", "x"), tags(strings.Repeat("x", 129), "x"), tags("{{resolve:x}}", "y")},
		"the value of the tag":       {tags("a", ""), tags("a", `"`), tags("a", strings.Repeat("x", 257)), tags("a", "${AWS::Region}")},
		"which AWS keeps for itself": {tags("aws:x", "x"), tags("AWS:x", "x")},
		"is there twice":             {tags("a", "x", "A", "x")},
		"there are 51 tags, and IAM": {tags(strings.Split(strings.Repeat("k ", 102), " ")[:102]...)},
	} {
		for i, edit := range edits {
			_, err := rolestemplate.New(input(edit))
			if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
				t.Errorf("%s, %d: %v", want, i, err)
			}
		}
	}
}

func accounts(n int) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) {
		for i := range n {
			in.GrantsAccounts = append(in.GrantsAccounts, fmt.Sprintf("%012d", i))
		}
	}
}

func application(partition, region string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) {
		in.ApplicationARN, in.Region = "arn:"+partition+":sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", region
	}
}

// What belongs together is not refused.
func TestPartitionsThatFit(t *testing.T) {
	for partition, regions := range map[string][]string{
		"aws": {"", "eu-west-1", "mx-central-1"}, "aws-cn": {"", "cn-north-1"}, "aws-us-gov": {"us-gov-east-1"}, "aws-eusc": {"eusc-de-east-1"}, "aws-iso-b": {"us-isob-east-1"}, "aws-iso": {"us-iso-west-1", "xx-isox-east-1"},
	} {
		for _, region := range regions {
			if _, err := rolestemplate.New(input(application(partition, region))); err != nil {
				t.Errorf("%s, %s: %v", partition, region, err)
			}
		}
	}
	if _, err := rolestemplate.New(input(accounts(100))); err != nil {
		t.Error(err)
	}
}

func many(n int) func(*rolestemplate.Input) {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return aud(all...)
}

func long(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("%0250d", i))
	}
	return all
}

func thumb(s string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) { in.Thumbprint = s }
}

func provider(arn string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) { in.ProviderARN = arn }
}

func tags(pairs ...string) func(*rolestemplate.Input) {
	return func(in *rolestemplate.Input) {
		for i := 0; i < len(pairs); i += 2 {
			in.Tags = append(in.Tags, rolestemplate.Tag{Key: pairs[i], Value: pairs[i+1]})
		}
	}
}

// Whatever goes in is refused, or comes out as it is and changes nothing else: of both
// formats, each with another's parser.
//
//	go test -fuzz FuzzTemplate ./internal/rolestemplate
func FuzzTemplate(f *testing.F) {
	f.Add(issuer, audience, "", "", "", "team", "data", 0)
	f.Add("https://a.b/x/", "a\nb: c", "", "role", "eu-west-1", "a b", "c", 3600)
	f.Add("https://a.b/%22:aud\": x", "{{resolve:ssm:x}}", strings.Repeat("0a", 20), "r", "", "k", "!Ref x", 1)
	for _, aud := range oddAudiences {
		f.Add(issuer, aud, "", "", "", "a", "=", 0)
	}
	f.Fuzz(func(t *testing.T, url, aud, thumbprint, role, region, key, value string, session int) {
		in := rolestemplate.Input{
			URL: url, Audiences: []string{aud}, Thumbprint: thumbprint, OIDCRoleName: role, Region: region, SessionDuration: session,
			Tags: []rolestemplate.Tag{{Key: key, Value: value}},
		}
		if _, err := rolestemplate.New(in); err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("an error that nobody can print: %q", err)
			}
			return
		}
		document := read(t, in)
		properties := at(t, document, "Resources", "OIDCProvider", "Properties")
		trust := at(t, document, "Resources", "OIDCRole", "Properties", "AssumeRolePolicyDocument", "Statement").([]any)
		condition := at(t, trust[0], "Condition").(map[string]any)
		tag := at(t, document, "Resources", "IdEnhancedRole", "Properties", "Tags", 0).(map[string]any)
		for what, ok := range map[string]bool{
			"members":   len(document) == 4 && len(at(t, document, "Resources").(map[string]any)) == 3,
			"URL":       at(t, properties, "Url") == url,
			"audience":  at(t, properties, "ClientIdList", 0) == aud,
			"condition": len(trust) == 1 && len(condition) == 1 && at(t, condition, "StringEquals", strings.TrimPrefix(url, "https://")+":aud") == aud,
			"tag":       tag["Key"] == key && tag["Value"] == value,
		} {
			if !ok {
				t.Errorf("%s: %v", what, document)
			}
		}
	})
}
