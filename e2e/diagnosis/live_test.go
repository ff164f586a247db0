package diagnosis_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// blindly is a live exchange by somebody who may read nothing: only the exchange itself
// shows what is wrong.
func blindly(args ...string) []string {
	return append([]string{"--live", "--profile=", "--app-profile="}, args...)
}

func liveMistakes() []mistake {
	const (
		application = "tip-oidc-role"
		enhanced    = "tip-id-enhanced-role"
		setContext  = `"Action":"sts:SetContext"`
		elsewhere   = `"Action":"sts:TagSession"`
	)
	return []mistake{
		{
			id: "live.application-role-denied", what: "the application role's trust policy wants another audience than the token has; nobody may look at the role",
			make:    func(b *bench) { b.rewordTrust(application, labtest.ClientID, "0oaOtherEXAMPLE") },
			args:    blindly(),
			culprit: "role/" + application, says: "trust policy",
			mend: func(b *bench) { b.rewordTrust(application, "0oaOtherEXAMPLE", labtest.ClientID) },
		},
		{
			id: "live.jwt-refused", what: "the IAM OIDC provider does not list the client; nobody may look at it",
			make: func(b *bench) {
				b.changeIAM(func(c *iam.Client, provider *string) error {
					_, err := c.RemoveClientIDFromOpenIDConnectProvider(b.Context(), &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: provider, ClientID: aws.String(labtest.ClientID)})
					return err
				})
			},
			args:    blindly(),
			culprit: "role/" + application, says: "client ids",
			mend: func(b *bench) {
				b.changeIAM(func(c *iam.Client, provider *string) error {
					_, err := c.AddClientIDToOpenIDConnectProvider(b.Context(), &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: provider, ClientID: aws.String(labtest.ClientID)})
					return err
				})
			},
		},
		{
			id: "live.exchange-denied", what: "the application requires assignments, and nobody is assigned; nobody may look at it",
			world:   func(w *lab.World) { w.IdentityCenter[0].Applications[0].AssignmentRequired = aws.Bool(true) },
			args:    blindly(),
			culprit: labtest.ApplicationARN, says: "not assigned to the application",
			mend: func(b *bench) {
				_, err := ssoadmin.NewFromConfig(b.admin(labtest.CenterAccount)).CreateApplicationAssignment(b.Context(), &ssoadmin.CreateApplicationAssignmentInput{
					ApplicationArn: aws.String(labtest.ApplicationARN), PrincipalId: aws.String(labtest.AnalystID), PrincipalType: ssoadmintypes.PrincipalTypeUser,
				})
				b.check(err)
			},
		},
		{
			id: "live.exchange-refused", what: "another program has exchanged the JWT already",
			make: func(b *bench) {
				b.check(os.CopyFS(filepath.Join(b.home, "copy"), os.DirFS(b.state)))
				if r := b.runWith([]string{"AWS_TIP_CLI=" + filepath.Join(b.home, "copy")}, "tip-cli", "auth", "get-iam-credentials"); r.code != 0 {
					b.Fatalf("use the JWT elsewhere: %s", r.stderr)
				}
			},
			args:    []string{"--live"},
			culprit: labtest.ApplicationARN, says: "fresh JWT",
		},
		{
			id: "live.exchange-refused", name: "jti", what: "the provider leaves jti out, and Identity Center wants it",
			world: func(w *lab.World) { w.Switches.RequireJTI = aws.Bool(true) },
			make:  func(b *bench) { b.held(claim("jti", nil)) },
			args:  []string{"--live"}, culprit: labtest.ApplicationARN, says: "put a jti into ID tokens",
			mend: func(b *bench) { b.signIn("analyst") },
		},
		{
			id: "live.application-unknown", what: "the configured application does not exist; nobody may look for it",
			keys:    map[string]any{"token_exchange_application_arn": strings.Replace(labtest.ApplicationARN, "apl-1234567890abcdef", "apl-ffffffffffffffff", 1)},
			args:    blindly(),
			culprit: "apl-ffffffffffffffff", says: "application ARN",
			mend: func(b *bench) { b.configure(nil) },
		},
		{
			id: "live.enhanced-role-denied", what: "the identity-enhanced role does not trust the application role; nobody may look at it",
			make:    func(b *bench) { b.rewordTrust(enhanced, `"Action":"sts:AssumeRole"`, elsewhere) },
			args:    blindly(),
			culprit: "role/" + enhanced, says: "trust policy",
			mend: func(b *bench) { b.rewordTrust(enhanced, elsewhere, `"Action":"sts:AssumeRole"`) },
		},
		{
			id: "live.set-context-denied", what: "the identity-enhanced role does not let an identity be set; nobody may look at it",
			make:    func(b *bench) { b.rewordTrust(enhanced, setContext, elsewhere) },
			args:    blindly(),
			culprit: "role/" + enhanced, says: "sts:SetContext",
			mend: func(b *bench) { b.rewordTrust(enhanced, elsewhere, setContext) },
		},
		{
			id: "live.no-jwt", what: "the identity provider takes the refresh token no more, and the JWT is spent",
			make: func(b *bench) {
				b.must("tip-cli", "auth", "get-iam-credentials")
				b.check(b.Lab.EndSignIns(labtest.Okta))
				b.environ = append(b.environ, `BROWSER="`+filepath.Join(programs, "tip-lab")+`" sign-in --as analyst %s`)
			},
			args:    []string{"--live"},
			culprit: "idp_token.json", says: "sign in",
		},
		refusedLive("live.issuer-unreachable", "STS cannot get the keys of the identity provider", "role/"+application, "public internet",
			lab.Fault{Operation: "AssumeRoleWithWebIdentity", Code: "IDPCommunicationError", Status: 400}),
		refusedLive("live.application-role-failed", "STS is not active in the region", "role/"+application, "region",
			lab.Fault{Operation: "AssumeRoleWithWebIdentity", Code: "RegionDisabledException", Status: 403}),
		refusedLive("live.grant-type-refused", "the application has no grant for JWTs", labtest.ApplicationARN, "grant type",
			lab.Fault{Operation: "CreateTokenWithIAM", Code: "UnauthorizedClientException", Status: 400}),
		refusedLive("live.identity-center-region", "Identity Center is in another region than configured", labtest.ApplicationARN, "region",
			lab.Fault{Operation: "CreateTokenWithIAM", Code: "InvalidRequestRegionException", Status: 400}),
		refusedLive("live.exchange-failed", "the application lacks a scope that Identity Center wants", labtest.ApplicationARN, "scope",
			lab.Fault{Operation: "CreateTokenWithIAM", Code: "InvalidScopeException", Status: 400}),
		refusedLive("live.enhanced-role-failed", "STS refuses the session for another reason than its rights", "role/"+enhanced, "AWS",
			lab.Fault{Operation: "AssumeRole", Code: "PackedPolicyTooLarge", Status: 400}),
		refusedLive("live.session-refused", "STS does not take the new session", "role session", "wait",
			lab.Fault{Operation: "GetCallerIdentity", Code: "InvalidClientTokenId", Status: 403}),
	}
}

// refusedLive is a live exchange that AWS refuses by a code that no configuration of the
// lab brings about.
func refusedLive(id, what, culprit, says string, fault lab.Fault) mistake {
	fault.Do, fault.Name = lab.FaultRefuse, id
	return mistake{
		id: id, what: what + "; nobody may look at it", culprit: culprit, says: says, args: blindly(),
		make: func(b *bench) { labtest.Fault(b.T, b.Lab, fault) },
		mend: func(b *bench) { b.Lab.RemoveFault(id) },
	}
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// rewordTrust puts words in the place of others in a trust policy of the application's account.
func (b *bench) rewordTrust(role, from, to string) {
	b.Helper()
	c := iam.NewFromConfig(b.admin(labtest.ApplicationAccount))
	out, err := c.GetRole(b.Context(), &iam.GetRoleInput{RoleName: &role})
	b.check(err)
	text, err := url.PathUnescape(*out.Role.AssumeRolePolicyDocument)
	b.check(err)
	text = strings.ReplaceAll(text, `": "`, `":"`)
	if !strings.Contains(text, from) {
		b.Fatalf("the trust policy of %s has no %s: %s", role, from, text)
	}
	text = strings.ReplaceAll(text, from, to)
	_, err = c.UpdateAssumeRolePolicy(b.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &text})
	b.check(err)
}

// changeIAM changes the OIDC provider of Okta.
func (b *bench) changeIAM(change func(c *iam.Client, provider *string) error) {
	b.Helper()
	provider := "arn:aws:iam::" + labtest.ApplicationAccount + ":oidc-provider/" + strings.TrimPrefix(oktaIssuer, "https://")
	b.check(change(iam.NewFromConfig(b.admin(labtest.ApplicationAccount)), &provider))
}

// What keeps a service from answering says nothing of the configuration, and is no failure.
func TestLiveOutage(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]lab.Fault{
		"throttled": {Do: lab.FaultThrottle}, "down": {Do: lab.FaultUnavailable}, "lost": {Do: lab.FaultLostAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.configure(nil)
			b.signIn("analyst")
			fault.Operation = "CreateTokenWithIAM"
			labtest.Fault(t, b.Lab, fault)
			d := b.diag("--live")
			if len(d.with("fail", "warn")) > 0 {
				t.Errorf("findings:\n%s", d)
			}
			if !strings.Contains(d.String(), "live.identity-center.unread") {
				t.Errorf("the step is not unknown:\n%s", d)
			}
		})
	}
}

// Neither keys in the environment nor the profiles have a part in the exchange.
func TestLiveIgnoresAmbientKeys(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	admin, err := b.Lab.Administrator(labtest.CenterAccount).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.environ = append(b.environ, "AWS_ACCESS_KEY_ID="+admin.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+admin.SecretAccessKey, "AWS_SESSION_TOKEN="+admin.SessionToken)
	if d := b.diag("--live"); d.String() != "" {
		t.Errorf("findings:\n%s", d)
	}
	for _, e := range labtest.Events(b.Lab, labtest.Named("CreateTokenWithIAM"), labtest.Named("AssumeRole")) {
		if !strings.Contains(e.UserIdentity.ARN, "assumed-role/tip-oidc-role/") {
			t.Errorf("%s was signed by %s", e.EventName, e.UserIdentity.ARN)
		}
	}
}
