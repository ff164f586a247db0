package lab_test

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// thumbprint is the SHA-1 fingerprint of a lab's CA, which ends the chain of every issuer.
func thumbprint(tb testing.TB, l *lab.Lab) string {
	tb.Helper()
	block, _ := pem.Decode(l.CA())
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha1.Sum(certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// Thumbprints count only where the chain is not anchored in a CA that AWS knows.
// The CA's fingerprint is known when the lab runs, so that the provider gets it through IAM.
func TestThumbprints(t *testing.T) {
	const mismatch = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"
	wrong := strings.Repeat("0a", 20)
	for name, c := range map[string]struct {
		checked bool
		list    func(right string) []string
		want    answer
	}{
		"anchored, wrong":   {false, func(string) []string { return []string{wrong} }, answer{}},
		"checked, wrong":    {true, func(string) []string { return []string{wrong} }, invalidToken(mismatch)},
		"checked, right":    {true, func(right string) []string { return []string{right} }, answer{}},
		"checked, capitals": {true, func(right string) []string { return []string{wrong, strings.ToUpper(right)} }, answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, webIdentityWorld, manages, func(w *lab.World) {
				if c.checked {
					w.Switches.IssuerThumbprints = "checked"
				}
			})
			_, err := b.iam().UpdateOpenIDConnectProviderThumbprint(t.Context(), &iam.UpdateOpenIDConnectProviderThumbprintInput{
				OpenIDConnectProviderArn: aws.String(provider), ThumbprintList: c.list(thumbprint(t, b.lab))})
			expect(t, answer{}, err)
			_, err = b.webIdentity(roleIn(appl, "any"), b.jwt("analyst"))
			expect(t, c.want, err)
		})
	}
	t.Run("checked, none", func(t *testing.T) { // IAM looked for itself
		b := start(t, webIdentityWorld, func(w *lab.World) {
			w.Switches.IssuerThumbprints, w.Accounts[1].OIDCProviders[0].Thumbprints = "checked", nil
		})
		_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst"))
		expect(t, answer{}, err)
	})
	t.Run("checked, without TLS", func(t *testing.T) {
		p := newIDP(t, map[string]func(*idp, *documents){"good": func(*idp, *documents) {}})
		b := start(t, trusted(map[string]string{"good": p.issuer("good")}), func(w *lab.World) {
			w.Switches.IssuerThumbprints = "checked"
			list := w.Accounts[1].OIDCProviders
			list[len(list)-1].Thumbprints = []string{wrong}
		})
		_, err := b.webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, "rsa", p.issuer("good"), nil))
		expect(t, answer{}, err)
	})
}

// manages adds a role that may do anything in IAM.
func manages(w *lab.World) {
	addRole(w, 1, "manager", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(appl))), allowing("iam:*"))
}

// iam is a client of the role that manages adds.
func (b *bench) iam() *iam.Client {
	return iam.NewFromConfig(b.config(b.session(roleIn(appl, "manager"))))
}

// What IAM's administrators change counts at the next request.
func TestProviderChangesCountAtOnce(t *testing.T) {
	b := start(t, webIdentityWorld, manages)
	c := b.iam()
	token := b.jwt("analyst")
	ask := func(want answer) {
		t.Helper()
		_, err := b.webIdentity(roleIn(appl, "any"), token)
		expect(t, want, err)
	}
	change := func(_ any, err error) {
		t.Helper()
		expect(t, answer{}, err)
	}
	arn := aws.String(provider)
	ask(answer{})
	change(c.RemoveClientIDFromOpenIDConnectProvider(t.Context(), &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String(clientID)}))
	ask(invalidToken("Incorrect token audience"))
	change(c.AddClientIDToOpenIDConnectProvider(t.Context(), &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String(clientID)}))
	ask(answer{})
	change(c.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}))
	ask(invalidToken("No OpenIDConnect provider found in your account for " + okta))
	change(c.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String(okta), ClientIDList: []string{clientID}}))
	ask(answer{})
	trust := jsonText(t, trusting(equals("sub", "00uEngineerEXAMPLE")))
	change(c.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("any"), PolicyDocument: &trust}))
	ask(notAuthorized())
	change(c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("any")}))
	ask(notAuthorized())
}

// One account with several providers, and one issuer in several accounts.
func TestSeveralProviders(t *testing.T) {
	p := newIDP(t, map[string]func(*idp, *documents){"one": func(*idp, *documents) {}, "two": func(*idp, *documents) {}})
	arn := func(account, name string) string {
		return "arn:aws:iam::" + account + ":oidc-provider/" + strings.TrimPrefix(p.issuer(name), "http://")
	}
	b := start(t, trusted(map[string]string{"one": p.issuer("one"), "two": p.issuer("two")}), func(w *lab.World) {
		w.Accounts[0].OIDCProviders = append(w.Accounts[0].OIDCProviders, world.OIDCProviderFile{URL: p.issuer("one"), ClientIDs: []string{clientID}})
		to := func(arn string) any {
			return policyOf(statement("Allow", "sts:AssumeRoleWithWebIdentity", "Principal", map[string]any{"Federated": arn}))
		}
		addRole(w, 1, "only-two", to(arn(appl, "two")), nil)
		addRole(w, 0, "own", to(arn(center, "one")), nil)
		addRole(w, 0, "foreign", to(arn(appl, "one")), nil)
	})
	for name, c := range map[string]struct {
		role, issuer string
		want         answer
	}{
		"either":                              {roleIn(appl, "local"), "one", answer{}},
		"the other":                           {roleIn(appl, "local"), "two", answer{}},
		"only one trusted":                    {roleIn(appl, "only-two"), "two", answer{}},
		"the other one not":                   {roleIn(appl, "only-two"), "one", notAuthorized()},
		"another account's own":               {roleIn(center, "own"), "one", answer{}},
		"a trust in another account's":        {roleIn(center, "foreign"), "one", notAuthorized()},
		"an issuer that the account has not":  {roleIn(center, "own"), "two", invalidToken("No OpenIDConnect provider found in your account for " + p.issuer("two"))},
		"a role in an account that is nobody": {roleIn("888899990000", "own"), "one", invalidToken("No OpenIDConnect provider found in your account for " + p.issuer("one"))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.on(t).webIdentity(c.role, p.sign(t, jose.RS256, "rsa", p.issuer(c.issuer), nil))
			expect(t, c.want, err)
		})
	}
}

// Signatures that nobody may make: HMAC with the public key, none at all, and a
// claim said twice, of which the last one counts.
func TestForgedTokens(t *testing.T) {
	p := newIDP(t, map[string]func(*idp, *documents){"good": func(*idp, *documents) {}})
	issuer := p.issuer("good")
	b := start(t, trusted(map[string]string{"good": issuer}))
	now := time.Now().Unix()
	body := fmt.Sprintf(`"iss":%q,"aud":%q,"iat":%d,"exp":%d`, issuer, clientID, now, now+3600)
	malformed := invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	der, err := x509.MarshalPKIXPublicKey(p.rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{"HMAC with the DER of the key": der, "HMAC with its PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "HMAC with its modulus": p.rsa.N.Bytes()}
	for name, secret := range secrets {
		for _, alg := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
			t.Run(name+" "+string(alg), func(t *testing.T) {
				token := signed(t, jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: secret, KeyID: "rsa"}}, "{"+body+`,"sub":"subject"}`)
				_, err := b.on(t).webIdentity(roleIn(appl, "local"), token)
				expect(t, malformed, err)
			})
		}
	}
	rs := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.rsa, KeyID: "rsa"}}
	for name, c := range map[string]struct {
		claims string
		want   answer
		sub    string
	}{
		"claim twice":            {`"sub":"first-subject","sub":"last-subject"`, answer{}, "last-subject"},
		"aud twice":              {`"sub":"subject","aud":"wrong"`, invalidToken("Incorrect token audience"), ""},
		"nested sub":             {`"sub":{"id":"subject"}`, invalidToken("The ID Token's subject must have 6 to 255 characters"), ""},
		"exp beyond every clock": {`"sub":"subject","exp":99999999999999999999`, invalidToken("Missing a required claim: exp"), ""},
		"exp negative":           {`"sub":"subject","exp":-1`, invalidToken("Missing a required claim: exp"), ""},
		"iat as text":            {`"sub":"subject","iat":"now"`, invalidToken("Missing a required claim: iat"), ""},
		"amr is a number":        {`"sub":"subject","amr":5`, answer{}, "subject"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := b.on(t).webIdentity(roleIn(appl, "local"), signed(t, rs, "{"+body+","+c.claims+"}"))
			expect(t, c.want, err)
			if err == nil && *out.SubjectFromWebIdentityToken != c.sub {
				t.Errorf("subject %s, want %s", *out.SubjectFromWebIdentityToken, c.sub)
			}
		})
	}
	t.Run("trailing data", func(t *testing.T) {
		_, err := b.on(t).webIdentity(roleIn(appl, "local"), signed(t, rs, "{"+body+`,"sub":"subject"}{}`))
		expect(t, malformed, err)
	})
}

func signed(t *testing.T, key jose.SigningKey, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Session policies and tags are packed together, and there is an end to them.
func TestPackedPolicySize(t *testing.T) {
	tooLarge := func(text string) answer { return answer{400, "PackedPolicyTooLarge", text} }
	const policyText = "Packed policy consumes %d%% of allotted space, please use smaller policy."
	sized := func(n int) string { // a policy of n characters, white space aside
		head, tail := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":["*","arn:aws:s3:::`, `"]}}`
		return head + strings.Repeat("b", n-len(head)-len(tail)) + tail
	}
	arns := func(names ...string) []types.PolicyDescriptorType {
		var all []types.PolicyDescriptorType
		for _, name := range names {
			all = append(all, types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::444455556666:policy/" + name)})
		}
		return all
	}
	b := start(t, webIdentityWorld, func(w *lab.World) {
		read := policyOf(statement("Allow", "s3:GetObject", "Resource", "*"))
		w.Accounts[1].Policies = append(w.Accounts[1].Policies, world.ManagedPolicyFile{Name: "read", Document: read}, world.ManagedPolicyFile{Name: "write", Document: policyOf(statement("Allow", "s3:PutObject", "Resource", "*"))})
		w.Accounts[0].Policies = append(w.Accounts[0].Policies, world.ManagedPolicyFile{Name: "read", Document: read})
		addRole(w, 1, "packed", trusting(nil, "sts:TagSession"), allowing("s3:*"))
	})
	many := make([]string, 11)
	for i := range many {
		many[i] = "read"
	}
	for name, c := range map[string]struct {
		policy string
		arns   []types.PolicyDescriptorType
		tags   []any
		size   int32
		want   answer
	}{
		"nothing":                     {},
		"a policy":                    {policy: sized(205), size: 11},
		"white space does not count":  {policy: strings.ReplaceAll(sized(205), `":`, "\":\n\t "), size: 11},
		"the longest policy":          {policy: sized(2048), size: 100},
		"managed policies":            {arns: arns("read", "write"), size: 4},
		"tags":                        {tags: principalTags("team", "data"), size: 1},
		"a policy and tags":           {policy: sized(1024), tags: principalTags("team", strings.Repeat("v", 200)), size: 60},
		"a policy and a tag too many": {policy: sized(2048), tags: principalTags("team", "data"), want: tooLarge(fmt.Sprintf(policyText, 101))},
		"a policy and an ARN":         {policy: sized(2048), arns: arns("read"), want: tooLarge(fmt.Sprintf(policyText, 102))},
		"tags alone": {tags: principalTags("a", strings.Repeat("v", 256), "b", strings.Repeat("v", 256), "c", strings.Repeat("v", 256), "d", strings.Repeat("v", 256), "e", strings.Repeat("v", 256),
			"f", strings.Repeat("v", 256), "g", strings.Repeat("v", 256), "h", strings.Repeat("v", 256)), want: tooLarge("Packed size of session tags consumes 101% of allotted space.")},
		"a managed policy that is not":      {arns: arns("nothing"), want: answer{404, "NoSuchEntity", "ARN arn:aws:iam::444455556666:policy/nothing does not exist or is not attachable."}},
		"a managed policy of another":       {arns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::111122223333:policy/read")}}, want: answer{404, "NoSuchEntity", "ARN arn:aws:iam::111122223333:policy/read does not exist or is not attachable."}},
		"a managed policy of AWS":           {arns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}}, size: 3},
		"more managed policies than ten":    {arns: arns(many...), want: answer{400, "ValidationError", "1 validation error detected: Value..."}},
		"ten managed policies are possible": {arns: arns(many[:10]...), size: 19},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			out, err := b.webIdentity(roleIn(appl, "packed"), b.jwt("analyst", claims(c.tags...)), func(in *sts.AssumeRoleWithWebIdentityInput) {
				in.PolicyArns = c.arns
				if c.policy != "" {
					in.Policy = &c.policy
				}
			})
			expect(t, c.want, err)
			if err == nil && aws.ToInt32(out.PackedPolicySize) != c.size {
				t.Errorf("PackedPolicySize %d, want %d", aws.ToInt32(out.PackedPolicySize), c.size)
			}
		})
	}
}

// Managed session policies limit a session to what any of them allows, with the inline one.
func TestManagedSessionPolicies(t *testing.T) {
	b := start(t, webIdentityWorld, manages, func(w *lab.World) {
		w.Accounts[1].Policies = append(w.Accounts[1].Policies, world.ManagedPolicyFile{Name: "read", Document: policyOf(statement("Allow", "s3:GetObject", "Resource", "*"))})
		addRole(w, 1, "limited", trusting(nil), allowing("s3:*"))
	})
	out, err := b.webIdentity(roleIn(appl, "limited"), b.jwt("analyst"), func(in *sts.AssumeRoleWithWebIdentityInput) {
		in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::444455556666:policy/read")}}
		in.Policy = aws.String(jsonText(t, policyOf(statement("Allow", "s3:ListBucket", "Resource", "*"))))
	})
	if err != nil {
		t.Fatal(err)
	}
	c := b.s3(static(out.Credentials))
	expect(t, answer{}, get(t.Context(), c, "reports/summary.txt"))
	expect(t, answer{}, list(t.Context(), c, ""))
	if got := short(put(t.Context(), c, "x")); got != refused {
		t.Errorf("PutObject: %s", got)
	}
}

// Tags that a session inherits are packed again.
func TestInheritedTagsArePacked(t *testing.T) {
	b := start(t, assumeWorld)
	long := strings.Repeat("v", 256)
	caller := b.session(roleIn(appl, "plain"), func(s *world.Session) {
		s.Tags = map[string]string{"team": long}
		s.TransitiveTags = []string{"team"}
	})
	out, err := b.assume(caller, roleIn(appl, "tags"), tagged("cost", "1"))
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToInt32(out.PackedPolicySize); got != 13 {
		t.Errorf("PackedPolicySize %d, want 13", got)
	}
	var tags []types.Tag
	for i := range 8 {
		tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint("k", i)), Value: &long})
	}
	b2 := start(t, assumeWorld, func(w *lab.World) {
		addRole(w, 1, "any-tags", policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:TagSession"}, "Principal", principal(roleIn(appl, "plain")))), nil)
	})
	_, err = b2.assume(b2.session(roleIn(appl, "plain")), roleIn(appl, "any-tags"), func(in *sts.AssumeRoleInput) { in.Tags = tags })
	expect(t, answer{400, "PackedPolicyTooLarge", "Packed size of session tags consumes 101% of allotted space."}, err)
}

// Refused or not, a token from the future is no reason to refuse one of now.
func TestFutureTokens(t *testing.T) {
	b := start(t, webIdentityWorld, func(w *lab.World) { w.Switches.RefuseFutureTokens, w.Switches.ClockLeeway = on(), num(30) })
	for ahead, want := range map[time.Duration]answer{0: {}, 20 * time.Second: {}, time.Minute: invalidToken("The ID Token is not yet valid")} {
		_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst", func(o *lab.IDToken) { o.IssuedAt = time.Now().Add(ahead) }))
		expect(t, want, err)
	}
}

// The tags of a role are condition keys of whoever assumes it.
func TestTagsOfTheRoleThatIsAssumed(t *testing.T) {
	b := start(t, assumeWorld, func(w *lab.World) {
		for name, key := range map[string]string{"tagged-iam": "iam:ResourceTag/team", "tagged-aws": "aws:ResourceTag/team"} {
			trust := policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(roleIn(appl, "plain")), "Condition", conditioned("StringEquals", key, "data")))
			addRole(w, 1, name, trust, nil).Tags = map[string]string{"team": "data"}
			addRole(w, 1, name+"-other", trust, nil).Tags = map[string]string{"team": "sales"}
			addRole(w, 1, name+"-none", trust, nil)
		}
	})
	for _, name := range []string{"tagged-iam", "tagged-aws"} {
		_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, name))
		expect(t, answer{}, err)
		for _, suffix := range []string{"-other", "-none"} {
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, name+suffix))
			expect(t, deniedTo(appl, "plain", "sts:AssumeRole", roleIn(appl, name+suffix)), err)
		}
	}
}
