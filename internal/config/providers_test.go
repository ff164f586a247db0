package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

const environment = "https://auth.pingone.eu/" + tenant

func newerPresets() (keycloak, auth0, google, ping config.Config) {
	keycloak, auth0, google, ping = newer(config.Keycloak), newer(config.Auth0), newer(config.Google), newer(config.Ping)
	keycloak.KeycloakURL, keycloak.KeycloakClientID = "https://keycloak.example.com/realms/example", "c"
	auth0.Auth0Domain, auth0.Auth0ClientID = "https://example.eu.auth0.com", "c"
	google.GoogleClientID = "123456789012-example.apps.googleusercontent.com"
	ping.PingIssuer, ping.PingClientID = environment+"/as", "c"
	return keycloak, auth0, google, ping
}

func TestValidateNewerPresets(t *testing.T) {
	keycloak, auth0, google, ping := newerPresets()
	for _, c := range []config.Config{keycloak, auth0, google, ping} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", c.IdP, err)
		}
	}
	realm := "https://keycloak.example.com/realms/example"
	tests := map[string]struct {
		c                         config.Config
		key, value, message, hint string
	}{
		"no realm":           {keycloak, "keycloak_url", "https://keycloak.example.com", "must be the URL of a realm", ""},
		"no name of a realm": {keycloak, "keycloak_url", "https://keycloak.example.com/realms/", "must be the URL of a realm", ""},
		"endpoint":           {keycloak, "keycloak_url", realm + "/protocol/openid-connect/token", "must end after the name of the realm", "perhaps " + realm},
		"account console":    {keycloak, "keycloak_url", realm + "/account", "must end after the name of the realm", "perhaps " + realm},
		"admin console":      {keycloak, "keycloak_url", "https://keycloak.example.com/admin/master/console/#/example/clients", "admin console", "perhaps " + realm},
		"older console":      {keycloak, "keycloak_url", "https://keycloak.example.com/auth/admin/master/console/#/realms/example", "admin console", "perhaps https://keycloak.example.com/auth/realms/example"},
		"http realm":         {keycloak, "keycloak_url", "http://keycloak.example.com/realms/example", "must begin with https://", "perhaps " + realm},
		"realm missing":      {keycloak, "keycloak_url", "", "is missing", ""},
		"keycloak client":    {keycloak, "keycloak_client_id", "a b", "must be one word", ""},
		"realm placeholder":  {keycloak, "keycloak_url", "https://keycloak.example.com/realms/<realm>", "placeholder", ""},
		"tenant only":        {auth0, "auth0_domain", "dev-abcdef", "is the name of the tenant only", "perhaps dev-abcdef.REGION.auth0.com"},
		"path of a domain":   {auth0, "auth0_domain", "https://example.eu.auth0.com/oauth/token", "must end after the host name", "perhaps https://example.eu.auth0.com"},
		"http domain":        {auth0, "auth0_domain", "http://example.eu.auth0.com", "must begin with https://", ""},
		"domain missing":     {auth0, "auth0_domain", "", "is missing", ""},
		"auth0 client":       {auth0, "auth0_client_id", "", "is missing", ""},
		"google client":      {google, "google_client_id", "", "is missing", ""},
		"google's secret":    {google, "google_client_id", "GOCSPX-canary-1", "is a client secret, not the client ID", "tip-cli configure client-secret"},
		"offline_access":     {google, "scopes", "openid offline_access", "Google refuses offline_access", ""},
		"environment only":   {ping, "ping_issuer", environment, "must end in /as", "perhaps " + environment + "/as"},
		"endpoint of Ping":   {ping, "ping_issuer", environment + "/as/token", "must end in /as", "perhaps " + environment + "/as"},
		"no environment":     {ping, "ping_issuer", "https://auth.pingone.eu/as", "must have the environment's ID", ""},
		"http issuer":        {ping, "ping_issuer", "http://sso.example.com", "must begin with https://", ""},
		"issuer missing":     {ping, "ping_issuer", "", "is missing", ""},
		"ping client":        {ping, "ping_client_id", "<id>", "placeholder", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkProblem(t, test.c, test.key, test.value, test.message, test.hint) })
	}
	for _, value := range []string{"https://sso.example.com", "https://sso.example.com/", "https://sso.example.com/as", "https://auth.pingone.com.au/" + tenant + "/as", "http://localhost:1"} {
		ping.PingIssuer = value
		if login, err := ping.Login(); err != nil || login.Issuer != value {
			t.Errorf("%s: %s, %v", value, login.Issuer, err)
		}
	}
}

func TestParseNewerPresets(t *testing.T) {
	keycloak, auth0, google, ping := newerPresets()
	tests := map[string]struct {
		raw, key, note string
		want           config.Config
	}{
		"keycloak":          {`"issuer": "` + keycloak.KeycloakURL + `", "client_id": "c"`, "", "", keycloak},
		"keycloak, url":     {`"url": "` + keycloak.KeycloakURL + `/", "client_id": "c"`, "keycloak_url", keycloak.KeycloakURL, keycloak},
		"keycloak document": {`"url": "` + keycloak.KeycloakURL + `/.well-known/openid-configuration", "client_id": "c"`, "keycloak_url", keycloak.KeycloakURL, keycloak},
		"auth0":             {`"domain": "https://example.eu.auth0.com", "client_id": "c"`, "", "", auth0},
		"auth0 host":        {`"domain": "example.eu.auth0.com", "client_id": "c"`, "auth0_domain", "https://example.eu.auth0.com", auth0},
		"auth0 issuer":      {`"issuer": "https://example.eu.auth0.com/", "client_id": "c"`, "auth0_domain", "https://example.eu.auth0.com", auth0},
		"auth0 document":    {`"url": "https://example.eu.auth0.com/.well-known/openid-configuration", "client_id": "c"`, "auth0_domain", "https://example.eu.auth0.com", auth0},
		"google":            {`"client_id": "` + google.GoogleClientID + `"`, "", "", google},
		"ping":              {`"issuer": "` + environment + `/as", "client_id": "c"`, "", "", ping},
		"ping, slash":       {`"url": "` + environment + `/as/", "client_id": "c"`, "ping_issuer", environment + "/as", ping},
		"ping document":     {`"url": "` + environment + `/as/.well-known/openid-configuration", "client_id": "c"`, "ping_issuer", environment + "/as", ping},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			raw := seed("region", "eu-west-1", ", "+test.raw)
			got, warnings, err := config.Parse([]byte(raw), strings.Fields(strings.ReplaceAll(name, ",", ""))[0])
			if err != nil {
				t.Fatal(err)
			}
			test.want.Region = "eu-west-1"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var notes []config.Problem
			if test.note != "" {
				notes = []config.Problem{{Key: test.key, Message: "taken as " + test.note}}
			}
			if diff := cmp.Diff(notes, warnings); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func cognitoPool(pool, issuer string) config.Config {
	c := newer(config.Cognito)
	c.CognitoDomain, c.CognitoClientID, c.CognitoUserPoolID, c.CognitoIssuer = "https://d.example.com", "c", pool, issuer
	return c
}

func TestCognitoIssuer(t *testing.T) {
	const west, pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "eu-west-1_EXAMPLE"
	const hyphen, dot = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "https://issuer.cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"
	byPool, byIssuer := []string{"cognito_user_pool_id"}, []string{"cognito_issuer"}
	tests := map[string]struct {
		pool, issuer, partition, want string
		keys                          []string
		derived                       bool
	}{
		"neither":        {"", "", "aws", "", byIssuer, false},
		"issuer":         {"", west, "aws", west, byIssuer, false},
		"pool":           {pool, "", "aws", west, byPool, true},
		"both":           {pool, west, "aws", west, byIssuer, false},
		"updated":        {pool, hyphen, "aws", hyphen, byIssuer, false},
		"updated, other": {pool, dot, "aws", dot, byIssuer, false},
		"China":          {"cn-north-1_EXAMPLE", "", "aws-cn", "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_EXAMPLE", byPool, true},
		"GovCloud":       {"us-gov-west-1_EXAMPLE", "", "aws-us-gov", "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_EXAMPLE", byPool, true},
		"EU cloud":       {"eusc-de-east-1_EXAMPLE", "", "aws-eusc", "https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_EXAMPLE", byPool, true},
		"elsewhere":      {"", "https://idp.example.com", "aws", "https://idp.example.com", byIssuer, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := inPartition(cognitoPool(test.pool, test.issuer), test.partition)
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			login, err := c.Login()
			want := config.LoginKeys{Issuer: test.keys, IssuerDerived: test.derived, ClientID: "cognito_client_id", Endpoints: "cognito_domain"}
			if diff := cmp.Diff(want, login.Keys); diff != "" || err != nil || login.Issuer != test.want || login.IssuerUnknown != (test.want == "") {
				t.Errorf("%q, unknown %v: %v (-want +got):\n%s", login.Issuer, login.IssuerUnknown, err, diff)
			}
		})
	}
}

func inPartition(c config.Config, partition string) config.Config {
	for _, arn := range []*string{&c.TokenExchangeApplicationARN, &c.OIDCRoleARN, &c.IDEnhancedRoleARN} {
		*arn = strings.Replace(*arn, "arn:aws:", "arn:"+partition+":", 1)
	}
	return c
}

func TestCognitoRefuses(t *testing.T) {
	const west, pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE", "eu-west-1_EXAMPLE"
	here := cognitoPool("", "http://127.0.0.1:1/pool")
	here.CognitoDomain = "http://localhost:1"
	hereAlone := here
	hereAlone.CognitoIssuer = ""
	tests := map[string]struct {
		c                         config.Config
		key, value, message, hint string
	}{
		"no region":             {cognitoPool("", ""), "cognito_user_pool_id", "EXAMPLE", "must be the ID of a user pool", ""},
		"a zone":                {cognitoPool("", ""), "cognito_user_pool_id", "eu-west-1a_EXAMPLE", "must be the ID of a user pool", ""},
		"an identity pool":      {cognitoPool("", ""), "cognito_user_pool_id", "eu-west-1:" + tenant, "must be the ID of a user pool", ""},
		"host name in it":       {cognitoPool("", ""), "cognito_user_pool_id", "eu-west-1.evil.example_A", "must be the ID of a user pool", ""},
		"path in it":            {cognitoPool("", ""), "cognito_user_pool_id", "eu-west-1_A/../B", "must be the ID of a user pool", ""},
		"too long":              {cognitoPool("", ""), "cognito_user_pool_id", "eu-west-1_" + strings.Repeat("A", 46), "must be the ID of a user pool", ""},
		"placeholder":           {cognitoPool("", ""), "cognito_user_pool_id", "<pool>", "placeholder", ""},
		"issuer for pool":       {cognitoPool("", ""), "cognito_user_pool_id", west, "not a URL", "put an issuer into cognito_issuer"},
		"other pool":            {cognitoPool("", west), "cognito_user_pool_id", "eu-west-1_OTHER", "does not agree with cognito_issuer", "leave one of the two keys out"},
		"other host":            {cognitoPool("", "https://idp.example.com/"+pool), "cognito_user_pool_id", pool, "does not agree with cognito_issuer; its issuer is " + west, ""},
		"domain here":           {hereAlone, "cognito_user_pool_id", pool, "set cognito_issuer instead", ""},
		"pool for issuer here":  {here, "cognito_user_pool_id", pool, "does not agree with cognito_issuer", ""},
		"issuer's region":       {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.eu-west.amazonaws.com/eu-west-1_EXAMPLE", `"eu-west" in it is not a region`, ""},
		"issuer's end":          {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.eu-west-1.amazonaws.com.cn/eu-west-1_EXAMPLE", "those in eu-west-1 end in amazonaws.com", ""},
		"China's end":           {inPartition(cognitoPool("", ""), "aws-cn"), "cognito_issuer", "https://cognito-idp.cn-north-1.amazonaws.com/cn-north-1_EXAMPLE", "those in cn-north-1 end in amazonaws.com.cn", ""},
		"foreign end":           {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.eu-west-1.evil.example/eu-west-1_EXAMPLE", "ends in evil.example", ""},
		"no URL":                {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.%zz", "is not a URL", ""},
		"no pool":               {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.eu-west-1.amazonaws.com", "must end in the ID of a user pool", ""},
		"pool elsewhere":        {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_EXAMPLE", "is in eu-west-1, but its user pool is in us-east-1", ""},
		"issuer's partition":    {cognitoPool("", ""), "cognito_issuer", "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_EXAMPLE", "cn-north-1 is in partition aws-cn, but the ARNs are in aws", ""},
		"pool's partition":      {cognitoPool("", ""), "cognito_user_pool_id", "us-gov-west-1_EXAMPLE", "us-gov-west-1 is in partition aws-us-gov, but the ARNs are in aws", ""},
		"region of China's ARN": {inPartition(cognitoPool("", ""), "aws-cn"), "region", "eu-west-1", "eu-west-1 is in partition aws, but the ARNs are in aws-cn", ""},
		"center's":              {inPartition(cognitoPool("", ""), "aws-us-gov"), "identity_center_region", "us-east-1", "us-east-1 is in partition aws, but the ARNs are in aws-us-gov", ""},
		"role's":                {inPartition(cognitoPool("", ""), "aws-iso"), "oidc_role_arn", "arn:aws:iam::444455556666:role/R", "is in partition aws, but the application is in aws-iso", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkProblem(t, test.c, test.key, test.value, test.message, test.hint) })
	}
}

func TestCognitoEndpoints(t *testing.T) {
	preset, _ := config.PresetFor(config.Cognito)
	authorization, token := preset.Endpoints(config.Config{})
	if authorization != "" || token != "" || preset.Revocation(config.Config{}) != "" {
		t.Errorf("without a domain: %q, %q", authorization, token)
	}
}

// A sign-in does not look at the ARNs, nor at a pool of another provider.
func TestCognitoPartitionIsForTheExchange(t *testing.T) {
	c := cognitoPool("cn-north-1_EXAMPLE", "")
	if _, err := c.Login(); err != nil {
		t.Error(err)
	}
	other := okta()
	other.CognitoUserPoolID, other.CognitoIssuer = "cn-north-1_EXAMPLE", "nonsense"
	if err := other.Validate(); err != nil {
		t.Error(err)
	}
}

func TestRegionsOfTwoPartitions(t *testing.T) {
	c := config.Config{Region: "eu-west-1", IdentityCenterRegion: "cn-north-1"}
	if problems := c.ProblemsOf("identity_center_region"); len(problems) != 1 || !strings.Contains(problems[0].Message, "cn-north-1 is in partition aws-cn, but eu-west-1 (region) is in aws") {
		t.Errorf("%+v", problems)
	}
}
