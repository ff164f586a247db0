package lab_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// reading is a switch with a question that it answers in two ways.
type reading struct {
	// world that the question needs, whatever the switch says.
	world []func(*lab.World)
	turn  func(*world.Switches)
	ask   func(b *bench) string
	// want is the answer by default, turned that of the other reading.
	want, turned string
}

const worked = "0 "

// short is a refusal in one line, "0 " for success.
func short(err error) string {
	a := answerOf(err)
	return fmt.Sprintf("%d %s", a.Status, a.Code)
}

// exchanging asks with an ID token of the analyst.
func exchanging(edits ...func(*lab.IDToken)) func(*bench) string {
	return func(b *bench) string {
		_, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst", edits...)))
		return short(err)
	}
}

// twice exchanges tokens one after the other and answers for the last.
func twice(between func(*bench), tokens ...func(*lab.IDToken)) func(*bench) string {
	return func(b *bench) string {
		last := ""
		var first string
		for i, edit := range tokens {
			token := first
			if edit != nil {
				token = b.jwt("analyst", edit)
			}
			if i == 0 {
				first = token
			}
			_, err := b.createToken(b.session(oidcRole), asserting(token))
			last = short(err)
			between(b)
		}
		return last
	}
}

func accessing(target, permission string, edits ...func(*s3control.GetDataAccessInput)) func(*bench) string {
	return func(b *bench) string {
		_, err := b.dataAccess(b.person(analyst), target, permission, edits...)
		return short(err)
	}
}

func on() *bool      { v := true; return &v }
func off() *bool     { v := false; return &v }
func num(n int) *int { return &n }

func TestEverySwitchTurnsAnAnswer(t *testing.T) {
	all := map[string]reading{}
	for _, part := range []map[string]reading{exchangeReadings(), storeReadings(), secretReadings(), refreshReadings(), directoryReadings(), roleReadings(), grantReadings(), managementReadings(), centerReadings(), workGroupReadings(), policyReadings(), wireReadings(t)} {
		for name, r := range part {
			all[name] = r
		}
	}
	fields := reflect.TypeFor[world.Switches]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		r, ok := all[name]
		if !ok {
			t.Errorf("the switch %s has no test", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				turn func(*world.Switches)
				want string
			}{{func(*world.Switches) {}, r.want}, {r.turn, r.turned}} {
				edits := append([]func(*lab.World){func(w *lab.World) { c.turn(&w.Switches) }}, r.world...)
				if got := asked(t, r.ask, edits...); got != c.want {
					t.Errorf("answer %q, want %q", got, c.want)
				}
			}
			if r.want == r.turned {
				t.Error("the switch turns nothing")
			}
		})
	}
}

// asked starts a lab; a world that does not load is an answer, too.
func asked(t *testing.T, ask func(*bench) string, edits ...func(*lab.World)) string {
	t.Helper()
	b := &bench{TB: t, clock: &labtest.Clock{}}
	opts := lab.Options{Now: b.clock.Now}
	for _, edit := range edits {
		labtest.Edit(edit)(&opts)
	}
	var err error
	if b.lab, err = lab.Start(t.Context(), opts); err != nil {
		return "no world"
	}
	defer func() {
		b.client.CloseIdleConnections()
		if err := b.lab.Close(); err != nil {
			t.Error(err)
		}
	}()
	b.client = b.lab.HTTPClient()
	return ask(b)
}

// exchangeReadings are those about a JWT at Identity Center.
func exchangeReadings() map[string]reading {
	quick := []func(*lab.World){strict}
	none := func(*bench) {}
	day := func(b *bench) { b.clock.Advance(2 * time.Minute) }
	past := func(o *lab.IDToken) { o.Expires = time.Now().Add(-30 * time.Second) }
	long := func(o *lab.IDToken) { o.Expires = time.Now().Add(time.Hour) }
	return map[string]reading{
		"RequireJTI":          {quick, func(s *world.Switches) { s.RequireJTI = on() }, exchanging(claims("jti", nil)), worked, "400 InvalidGrantException"},
		"SingleUseWithoutJTI": {quick, func(s *world.Switches) { s.SingleUseWithoutJTI = off() }, twice(none, claims("jti", nil), nil), "400 InvalidGrantException", worked},
		"ReplayMemory":        {quick, func(s *world.Switches) { s.ReplayMemory = num(60) }, replayedLater(day, long), "400 InvalidGrantException", worked},
		"ReplayedAssertion":   {quick, func(s *world.Switches) { s.ReplayedAssertion = "AccessDeniedException" }, twice(none, claims(), nil), "400 InvalidGrantException", "400 AccessDeniedException"},
		"ExpiredAssertion":    {quick, func(s *world.Switches) { s.ExpiredAssertion = "InvalidGrantException" }, exchanging(past), "400 ExpiredTokenException", "400 InvalidGrantException"},
		"UnauthorizedIssuer":  {quick, func(s *world.Switches) { s.UnauthorizedIssuer = "AccessDeniedException" }, exchanging(claims("aud", "other")), "400 InvalidGrantException", "400 AccessDeniedException"},
		"ClockLeeway":         {quick, func(s *world.Switches) { s.ClockLeeway = num(60) }, exchanging(past), "400 ExpiredTokenException", worked},
		"AssertionMaxAge": {quick, func(s *world.Switches) { s.AssertionMaxAge = num(3600) },
			exchanging(func(o *lab.IDToken) { o.IssuedAt, o.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(time.Hour) }), worked, "400 ExpiredTokenException"},
		"MissingGrant": {quick, func(s *world.Switches) { s.MissingGrant = "UnsupportedGrantTypeException" }, func(b *bench) string {
			_, err := b.createToken(b.session(oidcRole), func(in *ssooidc.CreateTokenWithIAMInput) {
				in.GrantType, in.RefreshToken = aws.String("refresh_token"), aws.String("x")
			})
			return short(err)
		}, "400 UnauthorizedClientException", "400 UnsupportedGrantTypeException"},
		"CentralTokenAlgorithm": {nil, func(s *world.Switches) { s.CentralTokenAlgorithm = "ES384" }, func(b *bench) string {
			out, err := b.createToken(b.session(oidcRole), asserting(b.jwt("analyst")))
			if err != nil {
				return err.Error()
			}
			jws, err := jose.ParseSignedCompact(*out.IdToken, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384})
			if err != nil {
				return err.Error()
			}
			return jws.Signatures[0].Header.Algorithm
		}, "RS256", "ES384"},
	}
}

func replayedLater(later func(*bench), edit func(*lab.IDToken)) func(*bench) string {
	return func(b *bench) string {
		token := b.jwt("analyst", edit)
		if _, err := b.createToken(b.session(oidcRole), asserting(token)); err != nil {
			return err.Error()
		}
		later(b)
		_, err := b.createToken(b.session(oidcRole), asserting(token))
		return short(err)
	}
}

// directoryReadings are those about users and applications.
func directoryReadings() map[string]reading {
	user := func(edit func(*world.UserFile)) []func(*lab.World) {
		return []func(*lab.World){strict, func(w *lab.World) { edit(&w.IdentityCenter[0].Users[0]) }}
	}
	mapped := func(claim, attribute string) func(*lab.World) {
		return func(w *lab.World) {
			i := &w.IdentityCenter[0].TrustedTokenIssuers[0]
			i.ClaimAttributePath, i.IdentityStoreAttributePath = claim, attribute
		}
	}
	same := []func(*lab.World){strict}
	nobody := claims("email", "nobody@example.com")
	jti := claims("jti", "again")
	return map[string]reading{
		"NoMatchingUser":     {same, func(s *world.Switches) { s.NoMatchingUser = "AccessDeniedException" }, exchanging(nobody), "400 InvalidGrantException", "400 AccessDeniedException"},
		"DisabledUser":       {user(func(u *world.UserFile) { u.Disabled = true }), func(s *world.Switches) { s.DisabledUser = "InvalidGrantException" }, exchanging(), "400 AccessDeniedException", "400 InvalidGrantException"},
		"FoldUserAttributes": {same, func(s *world.Switches) { s.FoldUserAttributes = on() }, exchanging(claims("email", "ANALYST@example.com")), "400 InvalidGrantException", worked},
		"ExternalIDPath": {append(user(func(u *world.UserFile) {
			u.ExternalIDs = []world.ExternalIDFile{{Issuer: "scim", ID: "00uAnalystEXAMPLE"}}
		}), mapped("sub", "externalIds.id")),
			func(s *world.Switches) { s.ExternalIDPath = "externalIds.id" }, exchanging(), "no world", worked},
		"NestedClaims":   {[]func(*lab.World){strict, mapped("user.mail", "emails.value")}, func(s *world.Switches) { s.NestedClaims = off() }, exchanging(claims("user", map[string]any{"mail": analystName})), worked, "400 InvalidGrantException"},
		"SpendOnRefusal": {same, func(s *world.Switches) { s.SpendOnRefusal = off() }, twice(func(*bench) {}, func(o *lab.IDToken) { jti(o); nobody(o) }, jti), "400 InvalidGrantException", worked},
		"CallerPolicyForToken": {[]func(*lab.World){strict, callers, func(w *lab.World) { w.IdentityCenter[0].Applications[0].ActorPolicy = actors(roleIn(center, "plain")) }},
			func(s *world.Switches) { s.CallerPolicyForToken = on() }, func(b *bench) string {
				_, err := b.createToken(b.session(roleIn(center, "plain")), asserting(b.jwt("analyst")))
				return short(err)
			}, worked, "403 AccessDeniedException"},
		"TokenEventSource": {same, func(s *world.Switches) { s.TokenEventSource = "sso.amazonaws.com" }, func(b *bench) string {
			exchanging()(b)
			events := b.lab.Events()
			return events[len(events)-1].EventSource
		}, "sso-oauth.amazonaws.com", "sso.amazonaws.com"},
	}
}

// roleReadings are those about roles and their sessions.
func roleReadings() map[string]reading {
	tags := "https://aws.amazon.com/tags"
	last := func(err error) string {
		a := answerOf(err)
		return a.Message[strings.LastIndex(a.Message, "perform: ")+len("perform: ") : strings.Index(a.Message, " on resource")]
	}
	web := func(role string, edit func(*lab.IDToken)) func(*bench) string {
		return func(b *bench) string {
			_, err := b.webIdentity(roleIn(appl, role), b.jwt("analyst", edit))
			return short(err)
		}
	}
	return map[string]reading{
		"LoopbackIssuers": {nil, func(s *world.Switches) { s.LoopbackIssuers = off() }, func(*bench) string { return "a world" }, "a world", "no world"},
		"MaxTokenAge": {[]func(*lab.World){webIdentityWorld}, func(s *world.Switches) { s.MaxTokenAge = num(60) },
			web("any", func(o *lab.IDToken) {
				o.IssuedAt, o.Expires = time.Now().Add(-2*time.Minute), time.Now().Add(time.Hour)
			}), worked, "400 ExpiredTokenException"},
		"TokenTags": {[]func(*lab.World){webIdentityWorld}, func(s *world.Switches) { s.TokenTags = off() },
			web("any", claims(tags, map[string]any{"principal_tags": map[string]any{"a": []any{"b"}}})), "403 AccessDenied", worked},
		"IdentityContextAllowList": {[]func(*lab.World){silent, func(w *lab.World) { w.Accounts[1].Roles[1].Policies = allowing("s3:*") }},
			func(s *world.Switches) { s.IdentityContextAllowList = []string{"s3:GetObject"} }, func(b *bench) string {
				return short(get(b.Context(), b.s3(b.person(analyst)), "reports/summary.txt"))
			}, "403 AccessDenied", worked},
		"BadContextAssertion": {[]func(*lab.World){assumeWorld}, func(s *world.Switches) { s.BadContextAssertion = "InvalidParameterValue" }, func(b *bench) string {
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), providing("AQoJ"))
			return short(err)
		}, "400 ValidationError", "400 InvalidParameterValue"},
		"SetContextDenial": {[]func(*lab.World){assumeWorld}, func(s *world.Switches) { s.SetContextDenial = "sts:AssumeRole" }, func(b *bench) string {
			_, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "assume-only"), providing(b.context(analyst)))
			return last(err)
		}, "sts:SetContext", "sts:AssumeRole"},
		"SessionEndsWithContext": {[]func(*lab.World){assumeWorld}, func(s *world.Switches) { s.SessionEndsWithContext = on() }, func(b *bench) string {
			soon := b.context(analyst, func(id *world.IdentityContext) { id.Expires = b.clock.Now().Add(10 * time.Minute) })
			out, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), providing(soon))
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(time.Until(*out.Credentials.Expiration) > 11*time.Minute)
		}, "true", "false"},
		"PackedSizeCountsContext": {[]func(*lab.World){assumeWorld}, func(s *world.Switches) { s.PackedSizeCountsContext = on() }, func(b *bench) string {
			out, err := b.assume(b.session(roleIn(appl, "plain")), roleIn(appl, "by-role"), providing(b.context(analyst)))
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(out.PackedPolicySize != nil)
		}, "false", "true"},
	}
}

// grantReadings are those about S3 Access Grants.
func grantReadings() map[string]reading {
	with := func(list ...world.GrantFile) []func(*lab.World) { return []func(*lab.World){silent, grants(list...)} }
	demo := with(user("tip-demo-data/*"))
	named := func(b *bench) aws.Credentials {
		c, err := b.vended(b.person(analyst), "s3://tip-demo-data/*", "READ").Options().Credentials.Retrieve(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	return map[string]reading{
		"CombineReadAndWrite": {with(user("b/*"), permitting("WRITE", group("b/p/*"))), func(s *world.Switches) { s.CombineReadAndWrite = on() }, accessing("s3://b/p/k", "READWRITE"), "403 AccessDenied", worked},
		"GranteeOnTies": {with(role("b/*"), user("b/*")), func(s *world.Switches) { s.GranteeOnTies = "role" }, func(b *bench) string {
			out, err := b.dataAccess(b.person(analyst), "s3://b/k", "READ")
			if err != nil {
				return err.Error()
			}
			return string(out.Grantee.GranteeType)
		}, "DIRECTORY_USER", "IAM"},
		"CallerGrantsOfRole": {with(role("b/*"), user("b/*")), func(s *world.Switches) { s.CallerGrantsOfRole = off() }, func(b *bench) string {
			out, err := b.control(b.person(analyst)).ListCallerAccessGrants(b.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl)})
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(len(out.CallerAccessGrantsList))
		}, "2", "1"},
		"RequireScope": {demo, func(s *world.Switches) { s.RequireScope = off() }, func(b *bench) string {
			_, err := b.dataAccess(b.person(analyst, func(id *world.IdentityContext) { id.Scopes = nil }), "s3://tip-demo-data/k", "READ")
			return short(err)
		}, "403 AccessDenied", worked},
		"LocationRoleMaximum": {demo, func(s *world.Switches) { s.LocationRoleMaximum = off() },
			accessing("s3://tip-demo-data/k", "READ", func(in *s3control.GetDataAccessInput) { in.DurationSeconds = aws.Int32(7200) }), "400 StsValidationError", worked},
		"BareBucketTarget":       {demo, func(s *world.Switches) { s.BareBucketTarget = off() }, accessing("s3://tip-demo-data", "READ"), worked, "403 AccessDenied"},
		"AccessGrantsValidation": {demo, func(s *world.Switches) { s.AccessGrantsValidation = "ValidationError" }, accessing("s3://", "READ"), "400 InvalidRequest", "400 ValidationError"},
		"VendedSessionPrefix": {demo, func(s *world.Switches) { s.VendedSessionPrefix = "s3-access-grants-" }, func(b *bench) string {
			s, _ := b.lab.State().Session(named(b).AccessKeyID)
			return s.SessionName[:len(s.SessionName)-36]
		}, "access-grants-", "s3-access-grants-"},
		"VendedSessionsNamePerson": {demo, func(s *world.Switches) { s.VendedSessionsNamePerson = off() }, func(b *bench) string {
			c := named(b)
			_ = get(b.Context(), b.s3(credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)), "reports/summary.txt")
			events := b.lab.Events()
			return fmt.Sprint(events[len(events)-1].EventName, events[len(events)-1].UserIdentity.OnBehalfOf != nil)
		}, "GetObjecttrue", "GetObjectfalse"},
	}
}

// wireReadings are those about keys and signatures.
func wireReadings(t *testing.T) map[string]reading {
	p := newIDP(t, map[string]func(*idp, *documents){"good": faults()["good"], "keys-redirect": faults()["keys-redirect"], "closed-keys": faults()["closed-keys"]})
	local := []func(*lab.World){silent, func(w *lab.World) { w.Switches.LoopbackIssuers = nil },
		trusted(map[string]string{"good": p.issuer("good"), "keys-redirect": p.issuer("keys-redirect"), "closed-keys": p.issuer("closed-keys")})}
	web := func(b *bench, issuer string) string {
		_, err := b.webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, "rsa", p.issuer(issuer), nil))
		return short(err)
	}
	unknown := credentials.NewStaticCredentialsProvider("ASIAUNKNOWNUNKNOWN12", "secret", "token")
	return map[string]reading{
		"FollowKeyRedirects": {local, func(s *world.Switches) { s.FollowKeyRedirects = on() }, func(b *bench) string { return web(b, "keys-redirect") }, "400 InvalidIdentityToken", worked},
		"UnreachableIssuer": {local, func(s *world.Switches) { s.UnreachableIssuer = "IDPCommunicationError" }, func(b *bench) string { return web(b, "closed-keys") },
			"400 InvalidIdentityToken", "400 IDPCommunicationError"},
		"KeyCacheSeconds": {local, func(s *world.Switches) { s.KeyCacheSeconds = num(0) }, func(b *bench) string {
			before := p.fetches["good"]
			for range 3 {
				web(b, "good")
			}
			return fmt.Sprint(p.fetches["good"] - before)
		}, "1", "3"},
		"TokenSignatureStatus": {[]func(*lab.World){silent}, func(s *world.Switches) { s.TokenSignatureStatus = "400" }, func(b *bench) string {
			_, err := b.createToken(unknown, asserting("x"))
			return short(err)
		}, "403 UnrecognizedClientException", "400 UnrecognizedClientException"},
		"MissingTokenText": {[]func(*lab.World){silent}, func(s *world.Switches) { s.MissingTokenText = "Missing Authentication Token" }, func(b *bench) string {
			_, err := b.assume(nil, enhanced)
			return answerOf(err).Message
		}, "Request is missing Authentication Token", "Missing Authentication Token"},
	}
}
