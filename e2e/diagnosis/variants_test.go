package diagnosis_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// newVariant makes one or two changes.
func newVariant(seed int) *variant {
	v := &variant{seed: seed, dice: rand.New(rand.NewPCG(uint64(seed), 7))}
	kinds := []func(*variant){
		(*variant).trust, (*variant).trust, (*variant).hop, (*variant).hop, (*variant).rights, (*variant).rights, (*variant).limit, (*variant).actors,
		(*variant).actors, (*variant).claims, (*variant).claims, (*variant).provider, (*variant).center, (*variant).person, (*variant).remade,
	}
	for range 1 + v.dice.IntN(2) {
		kinds[v.dice.IntN(len(kinds))](v)
	}
	return v
}

// pick is one of a list.
func pick[T any](v *variant, list ...T) T { return list[v.dice.IntN(len(list))] }

// chance is true once in n times.
func (v *variant) chance(n int) bool { return v.dice.IntN(n) == 0 }

// note keeps what is changed, for people.
func (v *variant) note(what string, detail any) {
	text, _ := json.Marshal(detail)
	v.names = append(v.names, what+" "+string(text))
}

// values is a value or a list with some.
func (v *variant) values(all ...any) any {
	if v.chance(2) {
		return pick(v, all...)
	}
	return []any{pick(v, all...), pick(v, all...)}
}

const sessionsARN = "arn:aws:sts::444455556666:assumed-role/"

// condition is a random one.
func (v *variant) condition(of map[string][]any) object {
	c := object{}
	for range 1 + v.dice.IntN(2) {
		key := pick(v, slices.Sorted(maps.Keys(of))...)
		operator := pick(v, "StringEquals", "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
			"ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals", "ForAllValues:StringNotEquals", "StringEqualsIfExists",
			"StringNotEqualsIfExists", "ForAnyValue:StringLike", "ForAllValues:StringLikeIfExists", "Null", "ArnLike", "ArnEquals", "ArnNotEquals", "Bool", "NumericLessThan", "IpAddress", "DateGreaterThan")
		var values any
		switch operator {
		case "Null", "Bool":
			values = pick(v, "true", "false")
		case "NumericLessThan":
			values = pick(v, "10", "4000")
		case "IpAddress":
			values = pick(v, "127.0.0.0/8", "10.0.0.0/8")
		case "DateGreaterThan":
			values = pick(v, "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z")
		case "ArnLike", "ArnEquals", "ArnNotEquals":
			values = v.values(roleARNs+oidcRole, roleARNs+"*", sessionsARN+oidcRole+"/tip-cli", "arn:aws:iam::aws:contextProvider/IdentityCenter", labtest.ApplicationARN, oktaProvider)
		default:
			values = v.values(of[key]...)
		}
		c[operator] = object{key: values}
	}
	return c
}

// common are condition keys that every request may have.
func common() map[string][]any {
	return map[string][]any{
		"aws:SecureTransport": {"true", "false"}, "aws:RequestedRegion": {"eu-west-1", "us-east-1"}, "aws:ViaAWSService": {"false"}, "aws:CurrentTime": {"2020-01-01T00:00:00Z"},
		"aws:SourceIp": {"127.0.0.1"}, "aws:UserAgent": {"*"}, "aws:ResourceTag/team": {"analysts"}, "aws:RequestTag/team": {"analysts", "others"}, "aws:TagKeys": {"team", "cost"},
		"aws:FederatedProvider": {oktaProvider, "other"}, "sts:ExternalId": {"x"}, "aws:MultiFactorAuthPresent": {"true", "false"}, "aws:ResourceAccount": {"444455556666", "111122223333"}, "sts:RoleSessionName": {"tip-cli", "tip-*", "${aws:username}"},
		"aws:TokenIssueTime": {"2020-01-01T00:00:00Z"}, "sts:SourceIdentity": {"analyst", "x"}, "aws:SourceIdentity": {"analyst", "x"}, "aws:PrincipalIsAWSService": {"false", "true"},
	}
}

// ofCaller are those of a request that the application role signs.
func ofCaller() map[string][]any {
	all := common()
	maps.Copy(all, map[string][]any{
		"aws:PrincipalArn": {roleARNs + oidcRole, roleARNs + "*", sessionsARN + oidcRole + "/tip-cli", "arn:aws:iam::444455556666:role/Tip-Oidc-Role"}, "aws:PrincipalAccount": {"444455556666", "111122223333"},
		"aws:PrincipalType": {"AssumedRole", "User"}, "aws:userid": {"*:tip-cli", "*"}, "aws:PrincipalTag/team": {"analysts", "x"}, "aws:username": {"x"},
		"identitycenter:ApplicationArn": {labtest.ApplicationARN, "*"}, "identitystore:UserId": {labtest.AnalystID, "*"},
		"aws:PrincipalOrgID": {"o-abcdefghij", "*"},
	})
	return all
}

// trust changes the application role's trust policy.
func (v *variant) trust() {
	keys := common()
	for key, values := range map[string][]any{
		"aud": {labtest.ClientID, "0oaOther", "0OATIPCLIEXAMPLE", "0oa*", "*"}, "sub": {"00uAnalystEXAMPLE", "00uOther", "00u*"}, "amr": {"mfa", "pwd", "*"},
		"email": {"analyst@example.com", "*@example.com"}, "azp": {labtest.ClientID}, "oaud": {labtest.ClientID, "x"}, "iss": {oktaIssuer}, "groups": {"a"},
	} {
		keys[oktaKey+key] = values
	}
	// Of requests without a signature the lab says these otherwise than AWS: it leaves the
	// first out, and has the second, which AWS documents for signed ones only.
	delete(keys, "aws:ViaAWSService")
	delete(keys, "aws:PrincipalIsAWSService")
	keys["dev-123456789.okta.com:aud"] = []any{labtest.ClientID}
	keys[strings.ToUpper(oktaKey)+"aud"] = []any{labtest.ClientID}
	base := takesToken.with(object{"Condition": takesClient})
	st := takesToken.with(nil)
	if !v.chance(4) {
		st["Condition"] = v.condition(keys)
	}
	switch v.dice.IntN(6) {
	case 0:
		st["Principal"] = object{"Federated": v.values(oktaProvider, strings.ToUpper(oktaProvider), oktaProvider+"/", "*", "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com", "cognito-identity.amazonaws.com")}
	case 1:
		st["Principal"] = pick[any](v, "*", object{"AWS": "*"}, object{"AWS": "444455556666"})
	case 2:
		st["Action"] = v.values("sts:*", "sts:AssumeRole*", "sts:assumerolewithwebidentity", "sts:AssumeRole", "sts:TagSession", "*", "sts:AssumeRoleWithWebIdentity")
	}
	all := []object{st}
	if v.chance(3) {
		st["Effect"] = "Deny"
		all = []object{base, st}
	} else if v.chance(3) {
		all = []object{st, takesToken.with(object{"Effect": "Deny", "Condition": v.condition(keys)})}
	}
	v.setTrust(0, all)
}

// setTrust gives the application role (0) or the identity-enhanced role (1) a trust policy.
func (v *variant) setTrust(role int, all []object) {
	v.note("trust of "+[]string{oidcRole, enhancedRole}[role], all)
	v.worlds = append(v.worlds, func(w *lab.World) { w.Accounts[1].Roles[role].Trust = asDocument(all...) })
}

// asDocument is a policy as a world has it.
func asDocument(list ...object) any {
	var doc any
	_ = json.Unmarshal([]byte(statements(list...)), &doc)
	return doc
}

// hop changes the identity-enhanced role's trust policy.
func (v *variant) hop() {
	keys := ofCaller()
	keys["sts:RequestContextProviders"] = []any{"arn:aws:iam::aws:contextProvider/IdentityCenter", "arn:aws:iam::aws:contextProvider/Other", "*"}
	both := takesRole.with(object{"Action": v.values("sts:AssumeRole", "sts:SetContext", "sts:*", "sts:AssumeRole*", "sts:Set*", "sts:TagSession", "sts:setcontext")})
	if v.chance(2) {
		both["Action"] = []any{"sts:AssumeRole", "sts:SetContext"}
	}
	if v.chance(2) {
		both["Condition"] = v.condition(keys)
	}
	if v.chance(2) {
		both["Principal"] = v.callers()
	}
	all := []object{both}
	switch v.dice.IntN(3) {
	case 0:
		both["Effect"] = "Deny"
		all = []object{object(takesRole), object(takesSet), both}
	case 1:
		all = append(all, pick(v, object(takesRole), object(takesSet)))
	}
	v.setTrust(1, all)
}

// callers are principals of every form.
func (v *variant) callers() any {
	return pick[any](v, "*", object{"AWS": "*"}, object{"AWS": v.values(roleARNs+oidcRole, "arn:aws:iam::444455556666:root", "444455556666", "111122223333", sessionsARN+oidcRole+"/tip-cli", sessionsARN+oidcRole+"/other",
		roleARNs+"tip-notebook-role", "arn:aws:iam::111122223333:root", "*")}, object{"Service": "ec2.amazonaws.com"}, object{"Federated": oktaProvider})
}

// rights changes policies of the application role.
func (v *variant) rights() {
	if len(v.makes) > 0 {
		return // a role that is made anew has but one policy
	}
	name := pick(v, "exchange", "exchange", "more")
	all := v.identity()
	v.note("policy "+name, all)
	v.worlds = append(v.worlds, func(w *lab.World) {
		w.Accounts[1].Roles[0].Policies[name] = asDocument(all...)
	})
	if v.chance(2) {
		v.hopByAccount()
	}
}

// hopByAccount has the account trusted, so that the application role's rights count.
func (v *variant) hopByAccount() {
	v.setTrust(1, []object{takesRole.with(object{"Principal": object{"AWS": "arn:aws:iam::444455556666:root"}, "Action": []string{"sts:AssumeRole", "sts:SetContext"}})})
}

// identity is one or two statements of a policy of a role.
func (v *variant) identity() []object {
	all := []object{}
	for range 1 + v.dice.IntN(2) {
		st := object{"Effect": pick(v, "Allow", "Allow", "Deny")}
		st[pick(v, "Action", "Action", "Action", "NotAction")] = v.values("sso-oauth:CreateTokenWithIAM", "sso-oauth:*", "sts:AssumeRole", "sts:SetContext", "sts:*", "*", "s3:*", "SSO-OAUTH:createtokenwithiam", "sso-oauth:Create????n*")
		st[pick(v, "Resource", "Resource", "Resource", "NotResource")] = v.values("*", labtest.ApplicationARN, labtest.ApplicationARN+"?", "arn:aws:sso::111122223333:application/*", roleARNs+enhancedRole, roleARNs+"*", "arn:aws:sso::*:application/${aws:PrincipalAccount}/*")
		if v.chance(3) {
			st["Condition"] = v.condition(ofCaller())
		}
		all = append(all, st)
	}
	return all
}

// limit gives the application role a permissions boundary.
func (v *variant) limit() {
	all := v.identity()
	if len(v.makes) > 0 {
		return
	}
	v.note("boundary", all)
	role := v.dice.IntN(2)
	v.makes = append(v.makes, bounded([]string{oidcRole, enhancedRole}[role], all...))
}

// actors changes the actor policy.
func (v *variant) actors() {
	all := []object{}
	for range 1 + v.dice.IntN(2) {
		st := object{"Effect": pick(v, "Allow", "Allow", "Allow", "Deny"), "Principal": v.callers(), "Action": v.values("sso-oauth:CreateTokenWithIAM", "sso-oauth:CreateTokenWithIAM", "sso-oauth:*", "sso-oauth:createtokenwithiam", "*"), "Resource": "*"}
		if v.chance(2) {
			st["Principal"] = object{"AWS": roleARNs + oidcRole}
		}
		if v.chance(3) {
			st["Condition"] = v.condition(ofCaller())
		}
		if v.chance(8) {
			st["Resource"] = pick(v, labtest.ApplicationARN, labtest.ApplicationARN+"x", "arn:aws:sso::111122223333:application/*")
		}
		all = append(all, st)
	}
	v.note("actors", all)
	v.worlds = append(v.worlds, func(w *lab.World) { w.IdentityCenter[0].Applications[0].ActorPolicy = asDocument(all...) })
}

// claims changes the token.
func (v *variant) claims() {
	name := pick(v, "azp", "aud", "amr", "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity", "email", "sub", "iss", "nbf", "jti", "exp", "iat", "https://aws.amazon.com/tags/principal_tags/team", "acr")
	value := pick(v, map[string][]any{
		"azp": {labtest.ClientID, "0oaOther", nil}, "aud": {[]string{"other", labtest.ClientID}, []string{labtest.ClientID}, []string{labtest.ClientID, "other"}, labtest.ClientID, "other"}, "amr": {[]string{"mfa", "pwd"}, []string{}, "mfa", nil},
		"https://aws.amazon.com/tags":            {object{"principal_tags": object{"team": []string{"analysts"}}, "transitive_tag_keys": []string{"team"}}, object{"principal_tags": object{"team": []string{"analysts"}}}, object{"principal_tags": object{"team": "analysts"}}, object{}, "x", object{"principal_tags": object{}}},
		"https://aws.amazon.com/source_identity": {"analyst", "", "a b", nil, 7}, "email": {"analyst@example.com", "Analyst@example.com", "nobody@example.com", "engineer@example.com", "", nil, []string{"analyst@example.com"}, " analyst@example.com"},
		"sub": {"x", strings.Repeat("s", 300), nil}, "iss": {oktaIssuer, oktaIssuer + "/"}, "nbf": {1, 4000000000}, "jti": {nil, ""}, "exp": {1, 4000000000, nil}, "iat": {1, nil, 4000000000},
		"https://aws.amazon.com/tags/principal_tags/team": {"analysts", []string{"analysts"}, []string{"a", "b"}}, "acr": {"1"},
	}[name]...)
	v.note("claim "+name, value)
	v.tokens = append(v.tokens, func(o *lab.IDToken) {
		if o.Claims == nil {
			o.Claims = map[string]any{}
		}
		o.Claims[name] = value
	})
	if strings.Contains(name, "aws.amazon.com") && v.chance(2) {
		actions := []string{"sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"}
		v.setTrust(0, []object{takesToken.with(object{"Action": actions, "Condition": takesClient})})
		if v.chance(2) {
			v.setTrust(1, []object{takesRole.with(object{"Action": []string{"sts:AssumeRole", "sts:SetContext", "sts:SetSourceIdentity", "sts:TagSession"}})})
		}
	}
}

// provider changes the OIDC provider in IAM.
func (v *variant) provider() {
	url := pick(v, oktaIssuer, oktaIssuer, oktaIssuer, oktaIssuer+"/", "https://Dev-123456789.okta.com/oauth2/default", "https://dev-123456789.okta.com")
	clients := pick(v, []string{labtest.ClientID}, []string{"other"}, []string{"other", labtest.ClientID}, []string{}, []string{strings.ToLower(labtest.ClientID)})
	v.note("OIDC provider "+url, clients)
	v.worlds = append(v.worlds, func(w *lab.World) {
		w.Accounts[1].OIDCProviders[0].URL, w.Accounts[1].OIDCProviders[0].ClientIDs = url, clients
	})
}

// center changes the application and its trusted token issuer.
func (v *variant) center() {
	change := v.dice.IntN(9)
	text := pick(v, "email", "sub", "preferred_username", "name", "upn", "email_verified")
	attribute := pick(v, "userName", "emails.value", "externalIds.value")
	groups := pick(v, []string{labtest.Analysts}, []string{labtest.Engineers}, nil)
	users := pick(v, []string{"analyst@example.com"}, []string{"engineer@example.com"}, nil, nil)
	audiences := pick(v, []string{"other"}, []string{"other", labtest.ClientID}, []string{strings.ToLower(labtest.ClientID)})
	url := pick(v, oktaIssuer+"/", strings.ToUpper(oktaIssuer), "https://dev-123456789.okta.com", oktaIssuer+"/.well-known/openid-configuration")
	v.note("center", []any{change, text, attribute, groups, users, audiences, url})
	v.worlds = append(v.worlds, func(w *lab.World) {
		directory := &w.IdentityCenter[0]
		app := &directory.Applications[0]
		switch change {
		case 0:
			app.Disabled = true
		case 1:
			app.AssignmentRequired, app.AssignedGroups, app.AssignedUsers = aws.Bool(true), groups, users
		case 2, 3:
			directory.TrustedTokenIssuers[0].ClaimAttributePath, directory.TrustedTokenIssuers[0].IdentityStoreAttributePath = text, attribute
		case 4:
			app.JWTBearer[0].Audiences = audiences
		case 5:
			directory.TrustedTokenIssuers[0].IssuerURL = url
		case 6:
			app.JWTBearer = app.JWTBearer[1:]
		case 7:
			app.JWTBearer = nil
		case 8:
			app.ActorPolicy = nil
		}
	})
}

// person changes the directory.
func (v *variant) person() {
	email := pick(v, "Analyst@Example.com", "analyst@example.org", "analyst@example.com", "")
	change, disabled := v.dice.IntN(4), v.chance(4)
	subject := pick(v, "00uAnalystEXAMPLE", "x")
	v.note("person", []any{change, email, disabled, subject})
	v.worlds = append(v.worlds, func(w *lab.World) {
		directory := &w.IdentityCenter[0]
		directory.Users[0].Disabled = disabled
		switch change {
		case 0:
			directory.Users[0].Email = email
		case 1:
			directory.Users[1].Email = "analyst@example.com"
		case 2:
			directory.Users[0].Email, directory.Users[1].Email = email, "analyst@example.com"
		}
	})
}

// remade deletes the application role and makes it anew.
func (v *variant) remade() {
	if strings.Contains(v.String(), "policy ") || strings.Contains(v.String(), "remade") || len(v.makes) > 0 {
		return // it would delete what the other change made
	}
	v.note("remade", nil)
	v.makes = append(v.makes, recreated)
}
