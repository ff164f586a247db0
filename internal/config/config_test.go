package config_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestValidateARNs(t *testing.T) {
	tests := map[string]struct{ key, value, message, hint string }{
		"no application":          {"token_exchange_application_arn", "", "is missing", "tip-cli configure idp"},
		"not an ARN":              {"token_exchange_application_arn", "apl-1234567890abcdef", "must be the ARN of a customer managed application", ""},
		"placeholder":             {"token_exchange_application_arn", "<token_exchange_application_arn>", "still holds a placeholder", ""},
		"role for application":    {"token_exchange_application_arn", oidcRole, "is an IAM ARN", ""},
		"instance":                {"token_exchange_application_arn", "arn:aws:sso:::instance/ssoins-1234567890abcdef", "is the ARN of the Identity Center instance", ""},
		"short account":           {"token_exchange_application_arn", strings.Replace(application, "111122223333", "11112222333", 1), "must be the ARN", ""},
		"cut off":                 {"token_exchange_application_arn", application[:len(application)-1], "must be the ARN", ""},
		"region in it":            {"token_exchange_application_arn", strings.Replace(application, "sso::", "sso:eu-west-1:", 1), "must be the ARN", ""},
		"strange partition":       {"token_exchange_application_arn", strings.Replace(application, "arn:aws:", "arn:gcp:", 1), "must be the ARN", ""},
		"no oidc role":            {"oidc_role_arn", "", "is missing", "tip-cli configure idp"},
		"no role":                 {"id_enhanced_role_arn", "", "is missing", "tip-cli configure idp"},
		"role name only":          {"oidc_role_arn", "OIDCRole", "must be the ARN of an IAM role", ""},
		"role placeholder":        {"oidc_role_arn", "arn:aws:iam::{ACCOUNT_ID}:role/R", "still holds a placeholder", ""},
		"session":                 {"oidc_role_arn", "arn:aws:sts::444455556666:assumed-role/OIDCRole/s", "is the ARN of a session", "perhaps arn:aws:iam::444455556666:role/OIDCRole"},
		"application for role":    {"oidc_role_arn", application, "is an Identity Center ARN", ""},
		"user":                    {"oidc_role_arn", "arn:aws:iam::444455556666:user/alice", "must be the ARN of an IAM role", ""},
		"role without account":    {"oidc_role_arn", "arn:aws:iam:::role/R", "must be the ARN of an IAM role", ""},
		"long role name":          {"oidc_role_arn", "arn:aws:iam::444455556666:role/" + strings.Repeat("r", 65), "must be the ARN of an IAM role", ""},
		"same role":               {"id_enhanced_role_arn", oidcRole, "must be another role than oidc_role_arn: the one assumes the other", "create a second role, then run: tip-cli configure idp"},
		"oidc role in China":      {"oidc_role_arn", "arn:aws-cn:iam::444455556666:role/R", "is in partition aws-cn, but the application is in aws", ""},
		"enhanced role in GovUSA": {"id_enhanced_role_arn", "arn:aws-us-gov:iam::444455556666:role/R", "is in partition aws-us-gov", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkProblem(t, okta(), test.key, test.value, test.message, test.hint) })
	}
	for _, role := range []string{"arn:aws:iam::444455556666:role/a/b/c/R_+=,.@-1", "arn:aws:iam::444455556666:role/aws-service-role/x/" + strings.Repeat("r", 64)} {
		c := okta()
		c.OIDCRoleARN = role
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// checkProblem sets key to value in c and wants exactly one problem of that key.
func checkProblem(t *testing.T, c config.Config, key, value, message, hint string) {
	t.Helper()
	if err := c.Set(key, value); err != nil {
		t.Fatal(err)
	}
	problems := c.ProblemsOf(key)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, message) || !strings.Contains(problems[0].Hint, hint) || problems[0].Hint == "" {
		t.Errorf("%s = %q: %+v; want %q with hint %q", key, value, problems, message, hint)
	}
	var invalid *config.InvalidError
	if err := c.Validate(); !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
		t.Errorf("Validate() = %v, want one problem", err)
	}
	if strings.Contains(message, "\n") {
		t.Error("more than one line")
	}
}

func TestValidateProviders(t *testing.T) {
	entra, cognito, oidc := okta(), okta(), okta()
	entra.IdP, entra.EntraTenantID, entra.EntraClientID = config.EntraID, tenant, "c"
	cognito.IdP, cognito.CognitoDomain, cognito.CognitoClientID = config.Cognito, "https://d.example.com", "c"
	oidc.IdP, oidc.OIDCIssuer, oidc.OIDCClientID = config.OIDC, "https://idp.example.com", "c"
	here := cognito
	here.CognitoDomain, here.CognitoIssuer = "http://localhost:8090", "http://127.0.0.1:8091/eu-west-1_EXAMPLE"
	for _, c := range []config.Config{okta(), entra, cognito, here, oidc} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", c.IdP, err)
		}
	}
	tests := map[string]struct {
		c                         config.Config
		key, value, message, hint string
	}{
		"no provider":                   {okta(), "idp", "", "is missing", "tip-cli configure idp"},
		"unknown provider":              {okta(), "idp", "azure", "known are okta, entra-id, cognito, oidc, keycloak, auth0, google, ping", ""},
		"no url":                        {okta(), "okta_url", "", "is missing", ""},
		"no client":                     {okta(), "okta_client_id", "", "is missing", ""},
		"client of two words":           {okta(), "okta_client_id", "a b", "must be one word", ""},
		"client placeholder":            {okta(), "okta_client_id", "<client>", "still holds a placeholder", ""},
		"no scheme":                     {okta(), "okta_url", "dev-123456789.okta.com/oauth2/default", "must begin with https://", "perhaps https://dev-123456789.okta.com/oauth2/default"},
		"http":                          {okta(), "okta_url", "http://dev-123456789.okta.com", "must begin with https:// (http:// only on this machine", "perhaps https://dev-123456789.okta.com"},
		"ftp":                           {okta(), "okta_url", "ftp://a.example.com", "must begin with https://", ""},
		"user":                          {okta(), "okta_url", "https://u:p@a.example.com", "no user name or password", ""},
		"query":                         {okta(), "okta_url", "https://a.example.com?x=1", "must end before the query", ""},
		"empty query":                   {okta(), "okta_url", "https://a.example.com?", "must end before the query", ""},
		"fragment":                      {okta(), "okta_url", "https://a.example.com#x", "fragment", ""},
		"no host":                       {okta(), "okta_url", "https:///x", "has no host name", ""},
		"space":                         {okta(), "okta_url", "https://a.example.com/a b", "is not a URL", ""},
		"bad escape":                    {okta(), "okta_url", "https://a.example.com/%zz", "is not a URL", ""},
		"admin console":                 {okta(), "okta_url", "https://dev-123456789-admin.okta.com/oauth2/default", "admin console", "perhaps https://dev-123456789.okta.com/oauth2/default"},
		"oidc http":                     {oidc, "oidc_issuer", "http://idp.example.com", "must begin with https://", ""},
		"oidc missing":                  {oidc, "oidc_issuer", "", "is missing", ""},
		"oidc client":                   {oidc, "oidc_client_id", "", "is missing", ""},
		"tenant common":                 {entra, "entra_tenant_id", "common", `must be the GUID of one tenant, not "common"`, "Directory (tenant) ID"},
		"tenant organizations":          {entra, "entra_tenant_id", "Organizations", "must be the GUID of one tenant", ""},
		"tenant consumers":              {entra, "entra_tenant_id", "consumers", "must be the GUID of one tenant", ""},
		"tenant domain":                 {entra, "entra_tenant_id", "example.onmicrosoft.com", "must be the tenant's GUID", "https://login.microsoftonline.com/example.onmicrosoft.com/v2.0/.well-known/openid-configuration"},
		"tenant of no form":             {entra, "entra_tenant_id", "11111111-2222", "must be the tenant's GUID, like", ""},
		"tenant missing":                {entra, "entra_tenant_id", "", "is missing", ""},
		"entra client missing":          {entra, "entra_client_id", "", "is missing", ""},
		"authority with path":           {entra, "entra_authority", "https://login.microsoftonline.us/common", "must end after the host name", "perhaps https://login.microsoftonline.us"},
		"authority http":                {entra, "entra_authority", "http://login.microsoftonline.us", "must begin with https://", ""},
		"domain missing":                {cognito, "cognito_domain", "", "is missing", ""},
		"domain prefix":                 {cognito, "cognito_domain", "example", "is a prefix only", "perhaps https://example.auth.REGION.amazoncognito.com"},
		"domain is the issuer":          {cognito, "cognito_domain", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "is the issuer", "cognito_issuer"},
		"domain with path":              {cognito, "cognito_domain", "https://d.example.com/login", "must end after the host name", "perhaps https://d.example.com"},
		"domain http":                   {cognito, "cognito_domain", "http://d.example.com", "must begin with https://", ""},
		"domain here alone":             {here, "cognito_issuer", "", "must be an http:// URL of this machine", ""},
		"domain here, issuer elsewhere": {here, "cognito_issuer", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "must be an http:// URL of this machine", ""},
		"cognito client":                {cognito, "cognito_client_id", "", "is missing", ""},
		"cognito issuer":                {cognito, "cognito_issuer", "http://x.example.com", "must begin with https://", ""},
		"offline_access":                {cognito, "scopes", "openid offline_access", "refuses offline_access", ""},
		"no openid":                     {okta(), "scopes", "email", "must have openid", ""},
		"no scope":                      {okta(), "scopes", `openid a"b`, "is not a scope", ""},
		"redirect host":                 {okta(), "redirect_host", "0.0.0.0", "must be localhost or 127.0.0.1", ""},
		"redirect path":                 {okta(), "redirect_path", "callback", "must be a plain path", ""},
		"redirect query":                {okta(), "redirect_path", "/callback?x", "must be a plain path", ""},
		"redirect double":               {okta(), "redirect_path", "//callback", "must be a plain path", ""},
		"redirect dots":                 {okta(), "redirect_path", "/a/../callback", "must be a plain path", ""},
		"redirect quote":                {okta(), "redirect_path", `/a"b`, "must be a plain path", ""},
		"redirect space":                {okta(), "redirect_path", "/call back", "must be a plain path", ""},
		"redirect escape":               {okta(), "redirect_path", "/call%20back", "must be a plain path", ""},
		"redirect backslash":            {okta(), "redirect_path", `/call\back`, "must be a plain path", ""},
		"zoned address":                 {okta(), "okta_url", "http://[::1%25lo]", "must begin with https://", ""},
		"below localhost":               {okta(), "okta_url", "http://okta.localhost", "must begin with https://", ""},
		"region":                        {okta(), "region", "Ireland", "is not a region", ""},
		"zone":                          {okta(), "region", "eu-west-1a", "is an availability zone", "perhaps eu-west-1"},
		"host name as region":           {okta(), "region", "eu-west-1.example.com", "is not a region", ""},
		"partition of region":           {okta(), "region", "cn-north-1", "is in partition aws-cn, but the ARNs are in aws", ""},
		"center's region":               {okta(), "identity_center_region", "x", "is not a region", ""},
		"center's partition":            {okta(), "identity_center_region", "cn-north-1", "is in partition aws-cn, but the ARNs are in aws", ""},
		"account":                       {okta(), "s3ag_account_id", "1111-2222-3333", "must be the 12 digits", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkProblem(t, test.c, test.key, test.value, test.message, test.hint) })
	}
	for _, url := range []string{"http://localhost:8080/x", "http://127.0.0.1:1", "http://[::1]:1", "http://LOCALHOST:1", "https://a.example.com:8443/oauth2/default"} {
		c := okta()
		c.OktaURL = url
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	c := okta()
	c.RedirectPort = 70000
	refusal(t, c.Validate(), "redirect_port: must be a port number")
}

func TestMerge(t *testing.T) {
	base := okta()
	base.Unknown = map[string]json.RawMessage{"a": []byte("1")}
	over := config.Config{OktaClientID: "new", Region: "eu-west-1", RedirectPort: 1, Scopes: []string{"openid"}, Unknown: map[string]json.RawMessage{"b": []byte("2")}}
	want := okta()
	want.OktaClientID, want.Region, want.RedirectPort, want.Scopes = "new", "eu-west-1", 1, []string{"openid"}
	want.Unknown = map[string]json.RawMessage{"a": []byte("1"), "b": []byte("2")}
	if diff := cmp.Diff(want, base.Merge(over)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(base.Unknown) != 1 {
		t.Error("Merge changed its receiver")
	}
}

func TestPresets(t *testing.T) {
	for _, preset := range config.Presets() {
		if len(preset.Prompts) == 0 || preset.Title == "" || preset.Quirks.TokenIDClaim == "" || preset.Scopes[0] != "openid" {
			t.Errorf("incomplete: %+v", preset)
		}
		for _, prompt := range append(config.CommonPrompts(), preset.Prompts...) {
			var c config.Config
			if err := c.Set(prompt.Key, "v"); err != nil || prompt.Label == "" {
				t.Errorf("%s: prompt %+v: %v", preset.Name, prompt, err)
			}
		}
		if issuer := preset.Issuer(config.Config{}); issuer != "" && preset.Name != config.Google {
			t.Errorf("%s has an issuer without a configuration: %s", preset.Name, issuer)
		}
	}
	c := okta()
	for _, prompt := range config.CommonPrompts() {
		if err := c.Set(prompt.Key, prompt.Example); err != nil {
			t.Error(err)
		}
	}
	if err := c.Validate(); err != nil {
		t.Errorf("the examples of the prompts: %v", err)
	}
}

func TestRegions(t *testing.T) {
	tests := map[string]struct {
		c       config.Config
		env     map[string]string
		profile string
		want    config.Regions
	}{
		"config":   {config.Config{Region: "eu-west-1"}, map[string]string{"AWS_REGION": "x"}, "y", config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1", Source: "region"}},
		"env":      {config.Config{}, map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "us-east-2", config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1", Source: "AWS_REGION"}},
		"default":  {config.Config{}, map[string]string{"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-2", config.Regions{Region: "us-east-1", IdentityCenterRegion: "us-east-1", Source: "AWS_DEFAULT_REGION"}},
		"profile":  {config.Config{}, nil, "us-east-2", config.Regions{Region: "us-east-2", IdentityCenterRegion: "us-east-2", Source: "AWS config file"}},
		"two":      {config.Config{IdentityCenterRegion: "us-east-1"}, map[string]string{"AWS_REGION": "eu-west-1"}, "", config.Regions{Region: "eu-west-1", IdentityCenterRegion: "us-east-1", Source: "AWS_REGION"}},
		"China":    {config.Config{OIDCRoleARN: "arn:aws-cn:iam::444455556666:role/R"}, nil, "cn-northwest-1", config.Regions{Region: "cn-northwest-1", IdentityCenterRegion: "cn-northwest-1", Source: "AWS config file"}},
		"GovCloud": {config.Config{OIDCRoleARN: "arn:aws-us-gov:iam::444455556666:role/R"}, nil, "us-gov-west-1", config.Regions{Region: "us-gov-west-1", IdentityCenterRegion: "us-gov-west-1", Source: "AWS config file"}},
		"EU cloud": {config.Config{OIDCRoleARN: "arn:aws-eusc:iam::444455556666:role/R"}, nil, "eusc-de-east-1", config.Regions{Region: "eusc-de-east-1", IdentityCenterRegion: "eusc-de-east-1", Source: "AWS config file"}},
		"iso-b":    {config.Config{OIDCRoleARN: "arn:aws-iso-b:iam::444455556666:role/R"}, nil, "us-isob-east-1", config.Regions{Region: "us-isob-east-1", IdentityCenterRegion: "us-isob-east-1", Source: "AWS config file"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.c.Regions(func(n string) string { return test.env[n] }, func() string { return test.profile })
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	none := func(string) string { return "" }
	_, err := config.Config{}.Regions(none, nil)
	refusal(t, err, "no region")
	_, err = config.Config{}.Regions(func(string) string { return "evil.example.com/" }, nil)
	refusal(t, err, `AWS_REGION: "evil.example.com/" is not a region`)
	_, err = okta().Regions(none, func() string { return "cn-north-1" })
	refusal(t, err, "is in partition aws-cn")
	_, err = config.Config{Region: "eu-west-1", IdentityCenterRegion: "us-gov-west-1"}.Regions(none, nil)
	refusal(t, err, "identity_center_region: us-gov-west-1 is in partition aws-us-gov, but eu-west-1 (region) is in aws")
	_, err = config.Config{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1b"}.Regions(none, nil)
	refusal(t, err, "identity_center_region: \"eu-west-1b\" is an availability zone")
}

func TestARNParts(t *testing.T) {
	for arn, want := range map[string][2]string{
		application: {"aws", "111122223333"}, "arn:aws-cn:iam::444455556666:role/R": {"aws-cn", "444455556666"},
		"arn:aws:sso:::instance/ssoins-1": {"aws", ""}, "nonsense": {"", ""}, "arn:AWS:iam::1:role/R": {"", ""}, "": {"", ""},
	} {
		if got := [2]string{config.PartitionOf(arn), config.AccountOf(arn)}; got != want {
			t.Errorf("%s: %v, want %v", arn, got, want)
		}
	}
	if got := okta().Partition(); got != "aws" {
		t.Errorf("Partition() = %q", got)
	}
	if got := (config.Config{}).Partition(); got != "" {
		t.Errorf("Partition() of nothing = %q", got)
	}
}
