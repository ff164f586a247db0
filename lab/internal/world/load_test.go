package world_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	endpoint  = "127.0.0.1:4000"
	issuerARN = "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-43b4a822-1020-0b5e-1c4f-7a7d1c1f4d5a"
)

func defaultFile(t *testing.T) *world.File {
	t.Helper()
	text, err := os.ReadFile("../../default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefaultWorldLoads(t *testing.T) {
	w, err := world.New(defaultFile(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := w.OIDCProvider("444455556666", "http://"+endpoint+"/idp"); !ok {
		t.Error("{{endpoint}} was not replaced")
	}
}

func TestRefusals(t *testing.T) {
	center := func(f *world.File) *world.InstanceFile { return &f.IdentityCenter[0] }
	app := func(f *world.File) *world.ApplicationFile { return &f.IdentityCenter[0].Applications[0] }
	iam := func(f *world.File) *world.AccountFile { return &f.Accounts[1] }
	grants := func(f *world.File) *world.AccessGrantsFile { return &f.AccessGrants[0] }
	off := false
	for name, c := range map[string]struct {
		edit func(*world.File)
		want string
	}{
		"version":          {func(f *world.File) { f.Version = 2 }, "this lab reads version 1"},
		"partition":        {func(f *world.File) { f.Partition = "eu" }, "not the name of a partition"},
		"token issuer arn": {func(f *world.File) { center(f).TrustedTokenIssuers[0].ARN = "arn:aws:sso::111122223333:x" }, "tti-{UUID}"},
		"token issuer arn of another account": {func(f *world.File) {
			center(f).TrustedTokenIssuers[0].ARN = strings.Replace(issuerARN, "111122223333", "444455556666", 1)
		}, "tti-{UUID}"},
		"token issuer arn twice": {func(f *world.File) {
			i := center(f)
			i.TrustedTokenIssuers[0].ARN = issuerARN
			i.TrustedTokenIssuers = append(i.TrustedTokenIssuers[:1:1], world.TrustedTokenIssuerFile{
				ARN: issuerARN, Name: "Other", IssuerURL: "https://other.example",
				ClaimAttributePath: "email", IdentityStoreAttributePath: "userName",
			})
		}, "the arn stands twice"},
		"location id twice": {func(f *world.File) {
			g := grants(f)
			g.Locations[1].ID = "one"
			g.Locations = append(g.Locations, g.Locations[1])
			g.Locations[2].Scope += "/x*"
		}, "the id one stands twice"},
		"grant id twice":      {func(f *world.File) { grants(f).Grants[0].ID, grants(f).Grants[1].ID = "one", "one" }, "the id one stands twice"},
		"region":              {func(f *world.File) { f.Region = "nowhere" }, "not the name of a region"},
		"no accounts":         {func(f *world.File) { f.Accounts = nil }, "at least one is needed"},
		"account id":          {func(f *world.File) { f.Accounts[0].ID = "1" }, "not 12 digits"},
		"account twice":       {func(f *world.File) { f.Accounts[1].ID = f.Accounts[0].ID }, "stands twice"},
		"switch value":        {func(f *world.File) { f.Switches.ExpiredAssertion = "Nonsense" }, "assumption 5"},
		"negative switch":     {func(f *world.File) { n := -1; f.Switches.ClockLeeway = &n }, "-1 seconds"},
		"loopback issuer off": {func(f *world.File) { f.Switches.LoopbackIssuers = &off }, "is https and has no port"},
		"provider with query": {func(f *world.File) { iam(f).OIDCProviders[0].URL += "?a=b" }, "neither query nor fragment"},
		"provider twice":      {func(f *world.File) { iam(f).OIDCProviders[1].URL = iam(f).OIDCProviders[0].URL }, "stands twice"},
		"client ids":          {func(f *world.File) { iam(f).OIDCProviders[0].ClientIDs = make([]string, 101) }, "100 at most"},
		"client id":           {func(f *world.File) { iam(f).OIDCProviders[0].ClientIDs = []string{""} }, "1 to 255"},
		"thumbprint":          {func(f *world.File) { iam(f).OIDCProviders[0].Thumbprints = []string{"x"} }, "40 hexadecimal"},
		"role name":           {func(f *world.File) { iam(f).Roles[0].Name = "a b" }, "role name"},
		"role twice":          {func(f *world.File) { iam(f).Roles[1].Name = iam(f).Roles[0].Name }, "stands twice"},
		"role path":           {func(f *world.File) { iam(f).Roles[0].Path = "team" }, "slash"},
		"session duration":    {func(f *world.File) { iam(f).Roles[0].MaxSessionDuration = 60 }, "3600 to 43200"},
		"no trust":            {func(f *world.File) { iam(f).Roles[0].Trust = nil }, "trust is missing"},
		"unknown operator": {func(f *world.File) {
			iam(f).Roles[0].Policies["x"] = statement("Condition", map[string]any{"StringSort": map[string]any{"aws:userid": "x"}})
		}, "policy \"x\""},
		"unknown element": {func(f *world.File) { iam(f).Roles[0].Policies["x"] = statement("Actions", "s3:*") }, "policy \"x\""},
		"unknown variable": {func(f *world.File) {
			iam(f).Roles[0].Policies["x"] = statement("Resource", "arn:aws:s3:::b/${no:such}")
		}, "policy \"x\""},
		"access key":           {func(f *world.File) { iam(f).Users[0].AccessKeys[0].ID = "x" }, "AKIA"},
		"instance arn":         {func(f *world.File) { center(f).ARN = "arn:aws:sso:::instance/x" }, "ssoins-"},
		"instance account":     {func(f *world.File) { center(f).Account = "999999999999" }, "not in accounts"},
		"store id":             {func(f *world.File) { center(f).IdentityStoreID = "x" }, "identityStoreId"},
		"user id":              {func(f *world.File) { center(f).Users[0].ID = "x" }, "not a UUID"},
		"user name twice":      {func(f *world.File) { center(f).Users[1].UserName = strings.ToUpper(center(f).Users[0].UserName) }, "stands twice"},
		"group member":         {func(f *world.File) { center(f).Groups[0].Members = []string{"nobody"} }, "no user"},
		"issuer url discovery": {func(f *world.File) { center(f).TrustedTokenIssuers[0].IssuerURL += "/.well-known/openid-configuration" }, "must not contain"},
		"issuer port":          {func(f *world.File) { center(f).TrustedTokenIssuers[0].IssuerURL = "https://idp.example.com:8443" }, "port 80 or 443"},
		"issuer twice": {func(f *world.File) {
			center(f).TrustedTokenIssuers[1].IssuerURL = center(f).TrustedTokenIssuers[0].IssuerURL
		}, "stands twice"},
		"claim path": {func(f *world.File) { center(f).TrustedTokenIssuers[0].ClaimAttributePath = "cognito:username" }, "claimAttributePath"},
		"store path": {func(f *world.File) { center(f).TrustedTokenIssuers[0].IdentityStoreAttributePath = "name.givenName" }, "identityStoreAttributePath"},
		"application arn": {func(f *world.File) {
			app(f).ARN = "arn:aws:sso::999999999999:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
		}, "arn is not"},
		"jwt bearer issuer":      {func(f *world.File) { app(f).JWTBearer[0].Issuer = "nobody" }, "no trusted token issuer"},
		"jwt bearer audiences":   {func(f *world.File) { app(f).JWTBearer[0].Audiences = nil }, "1 to 10"},
		"actor policy principal": {func(f *world.File) { app(f).ActorPolicy = statement("Sid", "x") }, "actorPolicy"},
		"actor of nobody": {func(f *world.File) {
			s := statement("Principal", map[string]any{"AWS": "arn:aws:iam::444455556666:role/nobody"})
			app(f).ActorPolicy = s
		}, "Invalid actor policy provided"},
		"scope":                  {func(f *world.File) { app(f).Scopes[0].Scope = "a b" }, "scope"},
		"assigned user":          {func(f *world.File) { app(f).AssignedUsers = []string{"nobody"} }, "no user"},
		"http issuer":            {func(f *world.File) { f.Issuers[0].URL = "http://idp.example.com" }, "must be on loopback"},
		"domain of another face": {func(f *world.File) { f.Issuers[0].Domain = "x.auth.eu-west-1.amazoncognito.com" }, "for the face cognito"},
		"domain of another region": {func(f *world.File) {
			f.Issuers[0].Face, f.Issuers[0].URL, f.Issuers[0].Domain = "cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", "x.auth.us-east-1.amazoncognito.com"
		}, "pool's region"},
		"face":                  {func(f *world.File) { f.Issuers[0].Face = "moon" }, "none of"},
		"reserved claim":        {func(f *world.File) { f.Issuers[0].People[0].Claims = map[string]any{"iss": "x"} }, "issuer's own"},
		"bucket name":           {func(f *world.File) { f.Buckets[0].Name = "A" }, "bucket name"},
		"bucket policy":         {func(f *world.File) { f.Buckets[0].Policy = statement("Sid", "x") }, "policy"},
		"grants region":         {func(f *world.File) { grants(f).Region = "us-east-1" }, "must be in us-east-1"},
		"location scope":        {func(f *world.File) { grants(f).Locations[0].Scope = "tip-demo-data" }, "begins with s3://"},
		"location role":         {func(f *world.File) { grants(f).Locations[0].Role = "nobody" }, "no role"},
		"default location":      {func(f *world.File) { grants(f).Grants[0].SubPrefix = "" }, "needs a subPrefix"},
		"grant permission":      {func(f *world.File) { grants(f).Grants[0].Permission = "ALL" }, "none of READ"},
		"grant without star":    {func(f *world.File) { grants(f).Grants[0].SubPrefix = "tip-demo-data/x" }, "without a star"},
		"two grantees":          {func(f *world.File) { grants(f).Grants[0].User = "analyst@example.com" }, "exactly one"},
		"grant of nobody":       {func(f *world.File) { grants(f).Grants[0].Group = "nobody" }, "no group"},
		"grant twice":           {func(f *world.File) { grants(f).Grants = append(grants(f).Grants, grants(f).Grants[0]) }, "stands twice"},
		"directory without idc": {func(f *world.File) { grants(f).IdentityCenter = "" }, "needs identityCenter"},
	} {
		t.Run(name, func(t *testing.T) {
			f := defaultFile(t)
			c.edit(f)
			_, err := world.New(f, time.Now)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// statement is an otherwise valid identity policy with one element set.
func statement(element string, value any) map[string]any {
	s := map[string]any{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
	s[element] = value
	return map[string]any{"Version": "2012-10-17", "Statement": []any{s}}
}

func TestUnknownKeyIsRefused(t *testing.T) {
	for _, text := range []string{"version: 1\nregoin: eu-west-1\n", "version: 1\n---\nversion: 1\n", "version: [", ""} {
		if _, err := world.Parse([]byte(text), endpoint); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
