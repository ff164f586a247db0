package center

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// createToken is the action of CreateTokenWithIAM.
const createToken = "sso-oauth:CreateTokenWithIAM"

// actor looks at the actor policy in the eyes of the application role.
func (l *look) actor(ctx context.Context) {
	out, err := l.sso.GetApplicationAuthenticationMethod(ctx, &ssoadmin.GetApplicationAuthenticationMethodInput{
		ApplicationArn: &l.c.Asked.ApplicationARN, AuthenticationMethodType: types.AuthenticationMethodTypeIam,
	})
	role := l.c.Config.OIDCRoleARN
	switch r := refusal.Of("sso:GetApplicationAuthenticationMethod", err); {
	case r != nil && r.NotFound:
		l.noMethod(role)
		return
	case r != nil:
		l.unread(r, "center.actor")
		return
	case config.AccountOf(role) == "":
		l.Skip("center.actor", "needs the application role: oidc_role_arn is not configured")
		return
	case l.noRole():
		l.Skip("center.actor", "needs the application role: see iam.application-role")
		return
	}
	text, ok := actorText(out.AuthenticationMethod)
	if !ok {
		l.Unread("center.actor", "the authentication method has no policy that can be read", nil)
		return
	}
	if _, err := policy.Parse(text, policy.Actor); err != nil {
		l.Unread("center.actor", "the actor policy cannot be judged: "+err.Error(), nil)
		return
	}
	l.judge(newActorPolicy(text), role)
}

// actorText is the JSON of the actor policy.
func actorText(m types.AuthenticationMethod) ([]byte, bool) {
	iam, ok := m.(*types.AuthenticationMethodMemberIam)
	if !ok || iam.Value.ActorPolicy == nil {
		return nil, false
	}
	text, err := iam.Value.ActorPolicy.MarshalSmithyDocument()
	return text, err == nil && json.Valid(text)
}

// noRole reports whether IAM has no role with the configured ARN: one that a policy cannot name.
func (l *look) noRole() bool {
	return slices.ContainsFunc(l.c.Failed, func(id string) bool { return id == "iam.application-role-missing" || id == "iam.application-role-arn" })
}

func (l *look) noMethod(role string) {
	f := finding.Fix{Who: finding.CenterAdmin, Does: "admit the application role", Console: "IAM Identity Center > Applications > the application > Application credentials"}
	if config.AccountOf(role) != "" && !l.noRole() {
		f = l.putActor("admit "+role, newActorPolicy([]byte(`{"Version":"2012-10-17","Statement":[]}`)).admitting(role))
	}
	l.Found("center.no-authentication-method", l.c.Asked.ApplicationARN, "there is no authentication method of the type IAM, and so no actor policy", f)
}

// putActor is the fix that puts an actor policy.
func (l *look) putActor(does string, p map[string]any) finding.Fix {
	return fix(does, l.aws("sso-admin", "put-application-authentication-method", "--application-arn", l.c.Asked.ApplicationARN,
		"--authentication-method-type", "IAM", "--authentication-method", encoded(map[string]any{"Iam": map[string]any{"ActorPolicy": p}})))
}

// judge says what the policy means for the role.
func (l *look) judge(p *actorPolicy, role string) {
	r := l.request(role)
	verdict := p.decide(r)
	at := l.c.Asked.ApplicationARN
	switch verdict.kind {
	case admitted:
		l.OK("center.actor", role+" may call "+createToken)
	case undecided:
		l.Unread("center.actor", "the actor policy has conditions that only AWS can decide: "+listed(verdict.keys), nil)
	case denied:
		l.Found("center.actor-denied", at, verdict.where+" denies "+role, l.withoutDenial(p, role))
	case refusedByCondition:
		l.Found("center.actor-condition", at, verdict.where+" names "+role+", and its condition refuses it: "+verdict.condition,
			l.putActor("admit "+role+" with a statement of its own; see whether the condition was meant to keep it out", p.admitting(role)))
	case refused:
		l.notAdmitted(p, role)
	}
}

func (l *look) notAdmitted(p *actorPolicy, role string) {
	at, f := l.c.Asked.ApplicationARN, l.putActor("admit "+role+", and keep what is there", p.admitting(role))
	if ids := p.deleted(); len(ids) > 0 {
		f.Does = "admit " + role + " in place of what was deleted"
		l.Found("center.actor-deleted", at, "it names "+listed(ids)+", the id of a role or user that was deleted, and not "+role, f)
		return
	}
	seen := "it admits " + listed(p.principals()) + ", and not " + role
	if near := p.near(role); near != "" {
		seen += " (" + near + ")"
	}
	l.Found("center.actor-not-admitted", at, seen, f)
}

// withoutDenial is the fix that takes the role out of statements that deny it by name; a
// wider one is for people to narrow.
func (l *look) withoutDenial(p *actorPolicy, role string) finding.Fix {
	p.dropDenied(role)
	switch p.decide(l.request(role)).kind {
	case admitted:
		return l.putActor("take "+role+" out of the Deny", p.with(p.living()...))
	case denied:
		return finding.Fix{
			Who: finding.CenterAdmin, Does: "narrow the Deny so that it leaves out " + role,
			Console: "IAM Identity Center > Applications > the application > Application credentials > Edit the application policy",
		}
	}
	return l.putActor("take "+role+" out of the Deny, and admit it", p.admitting(role))
}

// request is CreateTokenWithIAM as the application role asks for it.
func (l *look) request(role string) *policy.Request {
	account, name, now := config.AccountOf(role), lastPart(role), time.Now().UTC()
	return &policy.Request{
		Action: createToken, Resource: l.c.Asked.ApplicationARN,
		Principal: policy.Principal{
			ARN: role, AccountID: account,
			SessionARN: "arn:" + config.PartitionOf(role) + ":sts::" + account + ":assumed-role/" + name + "/" + config.ApplicationSessionName,
		},
		Context: policy.Context{
			"aws:PrincipalArn": {role}, "aws:PrincipalAccount": {account}, "aws:PrincipalType": {"AssumedRole"}, "aws:PrincipalIsAWSService": {"false"},
			"aws:ResourceAccount": {l.arn.account}, "aws:RequestedRegion": {l.region}, "aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"},
			"aws:CurrentTime": {now.Format(time.RFC3339)}, "aws:EpochTime": {strconv.FormatInt(now.Unix(), 10)},
		},
	}
}

// near says what a principal that resembles the role differs in.
func (p *actorPolicy) near(role string) string {
	for _, other := range p.principals() {
		switch {
		case other == role || !strings.Contains(other, ":"):
		case strings.EqualFold(other, role):
			return other + " differs in capital letters"
		case config.PartitionOf(other) != config.PartitionOf(role) && config.AccountOf(other) == config.AccountOf(role):
			return other + " is of another partition"
		case lastPart(other) == lastPart(role) && config.AccountOf(other) == config.AccountOf(role):
			return other + " has another path"
		case lastPart(other) == lastPart(role):
			return other + " is of another account"
		}
	}
	return ""
}
