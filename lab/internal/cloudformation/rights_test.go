package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// A stack has its caller's rights and no others; the events have IAM's words.
func TestRightsOfTheCaller(t *testing.T) {
	var deployer aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		deployer = probe.Actor(w, probe.Application, "deployer", probe.Statement("Allow", "cloudformation:*", "Resource", "*"))
	})
	b.cfn = cloudformation.NewFromConfig(b.Config(deployer))
	probe.Must(t, 0, b.create("mine", role("RoleName: people")))
	b.status("mine", "ROLLBACK_COMPLETE")
	events := strings.Join(b.events("mine"), "\n")
	contains(t, events,
		`R CREATE_FAILED Resource handler returned message: "User: arn:aws:sts::444455556666:assumed-role/deployer/probe is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::444455556666:role/people`,
		`(Service: Iam, Status Code: 403, Request ID: `, `HandlerErrorCode: AccessDenied)`)
	for _, e := range b.Lab.Events() {
		if e.EventName == "CreateRole" && e.SourceIPAddress == "cloudformation.amazonaws.com" && e.UserIdentity.ARN == "arn:aws:sts::444455556666:assumed-role/deployer/probe" {
			return
		}
	}
	t.Error("the trail does not have CreateRole as a request of CloudFormation's")
}

// service adds a role that CloudFormation may assume, if trusted, with rights of IAM.
func service(w *lab.World, name, trusted string) {
	for i := range w.Accounts {
		if a := &w.Accounts[i]; a.ID == probe.Application {
			a.Roles = append(a.Roles, world.RoleFile{
				Name:     name,
				Trust:    probe.PolicyOf(probe.Statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"Service": trusted})),
				Policies: map[string]any{"iam": probe.PolicyOf(probe.Statement("Allow", "iam:*", "Resource", "*"))},
			})
		}
	}
}

// With a service role the stack has that role's rights, of which the caller must
// be allowed to make use.
func TestServiceRole(t *testing.T) {
	var deployer, passer aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		service(w, "stacks", "cloudformation.amazonaws.com")
		service(w, "others", "ec2.amazonaws.com")
		stacks := probe.Statement("Allow", "cloudformation:*", "Resource", "*")
		deployer = probe.Actor(w, probe.Application, "deployer", stacks)
		passer = probe.Actor(w, probe.Application, "passer", stacks, probe.Statement("Allow", "iam:PassRole", "Resource", "*",
			"Condition", map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "cloudformation.amazonaws.com"}}))
	})
	with := func(role string) func(*cloudformation.CreateStackInput) {
		return func(in *cloudformation.CreateStackInput) {
			in.RoleARN = aws.String("arn:aws:iam::444455556666:role/" + role)
		}
	}
	denied := probe.Answer{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:sts::444455556666:assumed-role/deployer/probe is not authorized to perform: iam:PassRole on resource: arn:aws:iam::444455556666:role/stacks..."}
	b.cfn = cloudformation.NewFromConfig(b.Config(deployer))
	probe.Expect(t, denied, b.create("mine", role(""), with("stacks")))
	b.cfn = cloudformation.NewFromConfig(b.Config(passer))
	probe.Expect(t, invalid("Role arn:aws:iam::444455556666:role/others is invalid or cannot be assumed"), b.create("mine", role(""), with("others")))
	probe.Must(t, 0, b.create("mine", role(""), with("stacks")))
	b.status("mine", "CREATE_COMPLETE")
	if got := aws.ToString(b.stack("mine").RoleARN); got != "arn:aws:iam::444455556666:role/stacks" {
		t.Errorf("role %s", got)
	}
	// The role stays with the stack: whoever may change that needs no more.
	b.cfn = cloudformation.NewFromConfig(b.Config(deployer))
	probe.Must(t, 0, b.update("mine", role("Description: two")))
	b.status("mine", "UPDATE_COMPLETE")
	_, err := b.cfn.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("mine"), RoleARN: aws.String("arn:aws:iam::444455556666:role/stacks")})
	probe.Expect(t, denied, err)
	_, err = b.iam.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("stacks"), PolicyName: aws.String("iam")})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.iam.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("stacks")})
	probe.Expect(t, probe.Answer{}, err)
	probe.Expect(t, invalid("Role arn:aws:iam::444455556666:role/stacks is invalid or cannot be assumed"), b.delete("mine"))
}

// A template in S3 is read with the caller's rights, in each form of its URL.
func TestTemplateURL(t *testing.T) {
	var deployer aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		deployer = probe.Actor(w, probe.Application, "deployer", probe.Statement("Allow", "cloudformation:*", "Resource", "*"))
	})
	objects := s3.NewFromConfig(b.Config(b.admin))
	_, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("templates-of-mine"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	probe.Expect(t, probe.Answer{}, err)
	big := handle + strings.Repeat("# "+strings.Repeat("x", 78)+"\n", 1000)
	for key, text := range map[string]string{"a/one.yaml": big, "great.yaml": handle + strings.Repeat("#", 1_000_001)} {
		_, err = objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("templates-of-mine"), Key: &key, Body: strings.NewReader(text)})
		probe.Expect(t, probe.Answer{}, err)
	}
	const more = "\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
	validate := func(url string) error {
		_, err := b.cfn.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateURL: &url})
		return err
	}
	for url, want := range map[string]probe.Answer{
		"https://templates-of-mine.s3.eu-west-1.amazonaws.com/a/one.yaml":             {},
		"https://templates-of-mine.s3.amazonaws.com/a/one.yaml":                       {},
		"https://s3.eu-west-1.amazonaws.com/templates-of-mine/a/one.yaml":             {},
		"https://s3-eu-west-1.amazonaws.com/templates-of-mine/a/one.yaml":             {},
		b.Lab.Endpoint() + "/templates-of-mine/a/one.yaml":                            {},
		"https://templates-of-mine.s3.eu-west-1.amazonaws.com/none.yaml":              invalid("S3 error: The specified key does not exist." + more),
		"https://templates-of-mine.s3.eu-west-1.amazonaws.com/great.yaml":             invalid("Template may not exceed 1000000 bytes in size."),
		"https://templates-of-mine.s3.eu-west-1.amazonaws.com/":                       invalid("TemplateURL must reference a valid S3 object to which you have access."),
		"ftp://s3.amazonaws.com/templates-of-mine/a/one.yaml":                         invalid("TemplateURL must reference a valid S3 object to which you have access."),
		"https://templates-of-mine.s3.example.com/a/one.yaml":                         invalid("TemplateURL must reference a valid S3 object to which you have access."),
		"https://templates-of-mine.s3.eu-west-1.amazonaws.com/a/one.yaml?versionId=x": invalid("S3 error: ..."),
	} {
		t.Run(url, func(t *testing.T) { probe.Expect(t, want, validate(url)) })
	}
	b.cfn = cloudformation.NewFromConfig(b.Config(deployer))
	probe.Expect(t, invalid("S3 error: User: arn:aws:sts::444455556666:assumed-role/deployer/probe is not authorized to perform: s3:GetObject..."), validate("https://templates-of-mine.s3.eu-west-1.amazonaws.com/a/one.yaml"))
}

// Stacks are of one account and region.
func TestAccountsAndRegions(t *testing.T) {
	var other aws.CredentialsProvider
	b := start(t, func(w *lab.World) { other = probe.Administrator(w, probe.Center) })
	probe.Must(t, 0, b.create("mine", tiny))
	id := b.stack("mine").StackId
	elsewhere := b.Config(b.admin)
	elsewhere.Region = "us-east-1"
	for name, c := range map[string]*cloudformation.Client{"account": cloudformation.NewFromConfig(b.Config(other)), "region": cloudformation.NewFromConfig(elsewhere)} {
		_, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("mine")})
		probe.Expect(t, invalid("Stack with id mine does not exist"), err)
		_, err = c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: id})
		if probe.AnswerOf(err).Code == "" {
			t.Errorf("another %s sees the stack", name)
		}
		_, err = c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("mine"), TemplateBody: aws.String(tiny)})
		probe.Expect(t, probe.Answer{}, err)
	}
}
