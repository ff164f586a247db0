package cloudformation_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Numbers and booleans in a policy are texts in what the service gets.
func TestBareScalarsInDocuments(t *testing.T) {
	b := start(t)
	const document = `{Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: [444455556666, !Ref Account]}, Action: sts:AssumeRole, Condition: {Bool: {aws:SecureTransport: true}}}]}`
	probe.Must(t, 0, b.create("mine", "Parameters: {Account: {Type: Number, Default: 111122223333}}\n"+strings.Replace(role(""), trust, document, 1)))
	b.status("mine", "CREATE_COMPLETE")
	text, err := url.QueryUnescape(*b.role(b.physical("mine")["R"]).Role.AssumeRolePolicyDocument)
	contains(t, probe.Must(t, text, err), `"AWS":["444455556666","111122223333"]`, `"aws:SecureTransport":"true"`)
}

// A Number that JSON would not have as one is the text that it is.
func TestOddNumbers(t *testing.T) {
	b := start(t)
	text := "Parameters: {N: {Type: Number}}\n" + role("MaxSessionDuration: !Ref N")
	for value, name := range map[string]string{"+7200": "one", "007200": "two"} {
		probe.Must(t, 0, b.create(name, text, func(in *cloudformation.CreateStackInput) { in.Parameters = parameters("N", value) }))
		b.status(name, "CREATE_COMPLETE")
		if got := *b.role(b.physical(name)["R"]).Role.MaxSessionDuration; got != 7200 {
			t.Errorf("%s: %d seconds", value, got)
		}
	}
}

// What an update takes away goes back to what it is without, and comes back at a roll-back.
func TestRemovedProperties(t *testing.T) {
	b, ctx := start(t), t.Context()
	const provider = `  P: {Type: AWS::IAM::OIDCProvider, Properties: {Url: "https://idp.example.com/x", ClientIdList: [a]%s}}` + "\n"
	thumb := strings.Repeat("a", 40)
	with, without := strings.Replace(provider, "%s", ", ThumbprintList: ["+thumb+"]", 1), strings.Replace(provider, "%s", "", 1)
	check := func(status string, seconds int32, thumbprints int) {
		t.Helper()
		b.status("mine", status)
		p, err := b.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(b.physical("mine")["P"])})
		if got := *b.role(b.physical("mine")["R"]).Role.MaxSessionDuration; got != seconds || len(probe.Must(t, p, err).ThumbprintList) != thumbprints {
			t.Errorf("%d seconds, thumbprints %v", got, p.ThumbprintList)
		}
	}
	probe.Must(t, 0, b.create("mine", role("", without)))
	check("CREATE_COMPLETE", 3600, 0)
	probe.Must(t, 0, b.update("mine", role("MaxSessionDuration: 7200", with+"  Z: {Type: AWS::IAM::RolePolicy, DependsOn: [R, P], Properties: {RoleName: none, PolicyName: p, PolicyDocument: {}}}\n")))
	check("UPDATE_ROLLBACK_COMPLETE", 3600, 0)
	probe.Must(t, 0, b.update("mine", role("MaxSessionDuration: 7200", with)))
	check("UPDATE_COMPLETE", 7200, 1)
	probe.Must(t, 0, b.update("mine", role("", without)))
	check("UPDATE_COMPLETE", 3600, 0)
}

// What must not stand twice is refused where it does, and what no service was asked for says why.
func TestRefusedByTheHandler(t *testing.T) {
	b := start(t)
	const twice = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
	for name, c := range map[string]struct{ template, want string }{
		"tags":     {role("Tags: [{Key: a, Value: b}, {Key: a, Value: c}]"), `R CREATE_FAILED Resource handler returned message: "` + twice + `" (RequestToken: `},
		"policies": {role("ManagedPolicyArns: [a, b, a]"), "R CREATE_FAILED Properties validation failed for resource R with message:\n[#/ManagedPolicyArns: array items are not unique]"},
		"roles": {"Resources: {M: {Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [a, a], PolicyDocument: " + trustless + "}}}",
			"M CREATE_FAILED Properties validation failed for resource M with message:\n[#/Roles: array items are not unique]"},
		"unsent": {role("", "  Z: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref R, PolicyName: p}}"),
			`Z CREATE_FAILED Resource handler returned message: "missing required field, PutRolePolicyInput.PolicyDocument." (RequestToken: `},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			probe.Must(t, 0, b.create(name, c.template))
			b.status(name, "ROLLBACK_COMPLETE")
			contains(t, strings.Join(b.events(name), "\n"), c.want, "")
		})
	}
	probe.Must(t, 0, b.create("mine", role("Tags: [{Key: a, Value: b}]")))
	probe.Must(t, 0, b.update("mine", role("Tags: [{Key: a, Value: b}, {Key: a, Value: c}]")))
	b.status("mine", "UPDATE_ROLLBACK_COMPLETE")
	contains(t, strings.Join(b.events("mine"), "\n"), "R UPDATE_FAILED Resource handler returned message: \""+twice, "HandlerErrorCode: InvalidRequest)")
}

// The id of an access key is an attribute, too.
func TestIdOfAnAccessKey(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", "Resources: {U: {Type: AWS::IAM::User}, K: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref U}}}\nOutputs: {Id: {Value: !GetAtt K.Id}}"))
	b.status("mine", "CREATE_COMPLETE")
	if id := b.physical("mine")["K"]; id == "" || b.outputs("mine")["Id"] != id {
		t.Errorf("%s, outputs %v", id, b.outputs("mine"))
	}
}

// A value that is not known yet is shown as AWS shows it.
func TestUnknownValueOfAChange(t *testing.T) {
	b := start(t)
	text := func(path string) string {
		return role("Path: "+path) + "  B: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref R, PolicyName: p, PolicyDocument: " + trustless + "}}\n"
	}
	probe.Must(t, 0, b.create("mine", text("/a/")))
	_, err := b.propose(text("/b/"))
	probe.Must(t, 0, err)
	out, err := b.cfn.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("mine"), ChangeSetName: aws.String("next"), IncludePropertyValues: aws.Bool(true)})
	changes := probe.Must(t, out, err).Changes
	var after []string
	for _, d := range changes[len(changes)-1].ResourceChange.Details {
		after = append(after, aws.ToString(d.Target.AfterValue))
	}
	if len(after) == 0 || after[0] != "{{changeSet:KNOWN_AFTER_APPLY}}" || changes[len(changes)-1].ResourceChange.Action != types.ChangeActionModify {
		t.Errorf("after: %q", after)
	}
}

// A service role may trust CloudFormation for some stacks only.
func TestServiceRoleOfAStack(t *testing.T) {
	b := start(t, func(w *lab.World) {
		for i := range w.Accounts {
			if a := &w.Accounts[i]; a.ID == probe.Application {
				a.Roles = append(a.Roles, world.RoleFile{
					Name: "stacks",
					Trust: probe.PolicyOf(probe.Statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"Service": "cloudformation.amazonaws.com"},
						"Condition", map[string]any{"ArnLike": map[string]any{"aws:SourceArn": "arn:aws:cloudformation:eu-west-1:444455556666:stack/mine/*"}})),
				})
			}
		}
	})
	arn := "arn:aws:iam::444455556666:role/stacks"
	with := func(in *cloudformation.CreateStackInput) { in.RoleARN = &arn }
	probe.Expect(t, invalid("Role "+arn+" is invalid or cannot be assumed"), b.create("other", tiny, with))
	probe.Must(t, 0, b.create("mine", tiny, with))
	b.status("mine", "CREATE_COMPLETE")
	_, err := b.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("mine"), RoleARN: &arn})
	probe.Expect(t, probe.Answer{}, err)
}
