package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The pages under "Example IAM identity-based policies".
func TestGuideIdentityExamples(t *testing.T) {
	id := policy.Identity
	const (
		nikki  = "arn:aws:iam::444455556666:user/nikki"
		volume = "arn:aws:ec2:eu-west-1:444455556666:volume/vol-1"
	)
	testExamples(t, []example{
		{"based on date and time", id, `"Effect":"Allow","Action":"service-prefix:action-name","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}`, []question{
			ask(allowed, "service-prefix:action-name", "*", "aws:CurrentTime", "2020-05-01T00:00:00Z"),
			ask(unanswered, "service-prefix:action-name", "*", "aws:CurrentTime", "2020-07-01T00:00:00Z"),
			ask(unanswered, "service-prefix:action-name", "*", "aws:CurrentTime", "2020-04-01T00:00:00Z"),
		}},
		{"requested Region", id, `"Sid":"DenyAllOutsideRequestedRegions","Effect":"Deny","NotAction":["cloudfront:*","iam:*","organizations:*","route53:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}`, []question{
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/k", "aws:RequestedRegion", "eu-west-1"),
			ask(forbidden, "s3:GetObject", "arn:aws:s3:::b/k", "aws:RequestedRegion", "us-east-1"),
			ask(unanswered, "iam:GetRole", app, "aws:RequestedRegion", "us-east-1"), ask(unanswered, "IAM:getrole", app, "aws:RequestedRegion", "us-east-1"),
		}},
		{"source IP and not through a service", id, `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},"Bool":{"aws:ViaAWSService":"false"}}`, []question{
			ask(forbidden, "s3:GetObject", "arn:aws:s3:::b/k", "aws:SourceIp", "198.51.100.1", "aws:ViaAWSService", "false"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/k", "aws:SourceIp", "192.0.2.9", "aws:ViaAWSService", "false"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/k", "aws:ViaAWSService", "true"),
		}},
		{"resources outside the account", id, `"Effect":"Deny","Action":["s3:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceAccount":["111122223333"]},"ForAllValues:StringNotEquals":{"aws:CalledVia":["dataexchange.amazonaws.com"]}}`, []question{
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/k", "aws:ResourceAccount", "111122223333"),
			ask(forbidden, "s3:GetObject", "arn:aws:s3:::b/k", "aws:ResourceAccount", "444455556666"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/k", "aws:ResourceAccount", "444455556666", "aws:CalledVia", "dataexchange.amazonaws.com"),
		}},
		{"all but some without MFA", id, `"Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:EnableMFADevice","iam:GetUser","sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, []question{
			ask(unanswered, "iam:EnableMFADevice", nikki), ask(forbidden, "iam:CreateUser", nikki), ask(unanswered, "iam:CreateUser", nikki, "aws:MultiFactorAuthPresent", "true"),
		}},
		{"own access keys", id, `"Effect":"Allow","Action":["iam:*AccessKey*"],"Resource":["arn:aws:iam::444455556666:user/${aws:username}"]`, []question{
			ask(allowed, "iam:CreateAccessKey", nikki, "aws:username", "nikki"), ask(unanswered, "iam:CreateAccessKey", nikki, "aws:username", "nik"),
			ask(unanswered, "iam:CreateAccessKey", nikki), ask(unanswered, "iam:CreateAccessKey", nikki, "aws:username", "*"),
		}},
		{"attributes of a table", id, `"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":["arn:aws:dynamodb:*:*:table/table-name"],"Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["c1","c2"]},"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}`, []question{
			ask(allowed, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/table-name", "dynamodb:Attributes", "c1|c2"),
			ask(unanswered, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/table-name", "dynamodb:Attributes", "c1|c3"),
			ask(unanswered, "dynamodb:Query", "arn:aws:dynamodb:eu-west-1:444455556666:table/table-name", "dynamodb:Attributes", "c1", "dynamodb:Select", "ALL_ATTRIBUTES"),
			ask(unanswered, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/table-name/index/i", "dynamodb:Attributes", "c1"),
		}},
		{"items of a Cognito identity", id, `"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/t","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${cognito-identity.amazonaws.com:sub}"]}}`, []question{
			ask(allowed, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/t", "dynamodb:LeadingKeys", "eu-west-1:1", "cognito-identity.amazonaws.com:sub", "eu-west-1:1"),
			ask(unanswered, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/t", "dynamodb:LeadingKeys", "eu-west-1:2", "cognito-identity.amazonaws.com:sub", "eu-west-1:1"),
		}},
		{"tags of volumes", id, `"Effect":"Allow","Action":["ec2:AttachVolume","ec2:DetachVolume"],"Resource":"arn:aws:ec2:*:*:volume/*","Condition":{"StringEquals":{"aws:ResourceTag/VolumeUser":"${aws:username}"}}`, []question{
			ask(allowed, "ec2:AttachVolume", volume, "aws:ResourceTag/VolumeUser", "nikki", "aws:username", "nikki"),
			ask(unanswered, "ec2:AttachVolume", volume, "aws:ResourceTag/VolumeUser", "ann", "aws:username", "nikki"),
			ask(unanswered, "ec2:AttachVolume", volume, "aws:username", "nikki"), ask(unanswered, "ec2:AttachVolume", volume, "aws:ResourceTag/VolumeUser", "nikki"),
		}},
		{"matching principal and resource tags", id, `"Effect":"Allow","Action":["ec2:startInstances","ec2:stopInstances"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/CostCenter":"${aws:PrincipalTag/CostCenter}"}}`, []question{
			ask(allowed, "ec2:StartInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/i", "aws:ResourceTag/CostCenter", "7", "aws:PrincipalTag/CostCenter", "7"),
			ask(allowed, "ec2:StartInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/i", "aws:resourcetag/costcenter", "7", "aws:PrincipalTag/CostCenter", "7"),
			ask(unanswered, "ec2:StartInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/i", "aws:ResourceTag/CostCenter", "7", "aws:PrincipalTag/CostCenter", "8"),
			ask(unanswered, "ec2:StartInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/i"),
		}},
		{"one Region of EC2", id, `"Effect":"Allow","Action":["ec2:*"],"Resource":"*","Condition":{"StringEquals":{"ec2:Region":"us-east-2"}}`, []question{
			ask(allowed, "ec2:RunInstances", "*", "ec2:Region", "us-east-2"), ask(unanswered, "ec2:RunInstances", "*", "ec2:Region", "us-east-1"),
		}},
		{"one Region of RDS", id, `{"Effect":"Allow","Action":"rds:*","Resource":["arn:aws:rds:region:*:*"]},{"Effect":"Allow","Action":["rds:Describe*"],"Resource":["*"]}`, []question{
			ask(allowed, "rds:CreateDBInstance", "arn:aws:rds:region:444455556666:db:d"), ask(unanswered, "rds:CreateDBInstance", "arn:aws:rds:other:444455556666:db:d"),
			ask(allowed, "rds:DescribeDBInstances", "arn:aws:rds:other:444455556666:db:d"),
		}},
		{"pass a role to a service", id, `"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"cloudwatch.amazonaws.com"}}`, []question{
			ask(allowed, "iam:PassRole", app, "iam:PassedToService", "cloudwatch.amazonaws.com"), ask(unanswered, "iam:PassRole", app, "iam:PassedToService", "ec2.amazonaws.com"),
			ask(unanswered, "iam:PassRole", app),
		}},
		{"assume roles with a tag", id, `"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/UserName":"${aws:username}"}}`, []question{
			ask(allowed, "sts:AssumeRole", app, "iam:ResourceTag/UserName", "nikki", "aws:username", "nikki"), ask(unanswered, "sts:AssumeRole", app, "aws:username", "nikki"),
		}},
		{"home of a Cognito identity", id, `{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::bucket-name"],"Condition":{"StringLike":{"s3:prefix":["cognito/app/${cognito-identity.amazonaws.com:sub}/*"]}}},
			{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bucket-name/cognito/app/${cognito-identity.amazonaws.com:sub}","arn:aws:s3:::bucket-name/cognito/app/${cognito-identity.amazonaws.com:sub}/*"]}`, []question{
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::bucket-name", "s3:prefix", "cognito/app/me/x", "cognito-identity.amazonaws.com:sub", "me"),
			ask(allowed, "s3:GetObject", "arn:aws:s3:::bucket-name/cognito/app/me/x", "cognito-identity.amazonaws.com:sub", "me"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::bucket-name/cognito/app/you/x", "cognito-identity.amazonaws.com:sub", "me"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::bucket-name/cognito/app//x"),
		}},
		{"home of a federated user", id, `{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::bucket-name","Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:userid}/*"]}}},
			{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::bucket-name/home/${aws:userid}","arn:aws:s3:::bucket-name/home/${aws:userid}/*"]}`, []question{
			ask(allowed, "s3:PutObject", "arn:aws:s3:::bucket-name/home/AROAEXAMPLE:alice/k", "aws:userid", "AROAEXAMPLE:alice"),
			ask(unanswered, "s3:PutObject", "arn:aws:s3:::bucket-name/home/AROAEXAMPLE:bob/k", "aws:userid", "AROAEXAMPLE:alice"),
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::bucket-name", "s3:prefix", "home/", "aws:userid", "AROAEXAMPLE:alice"),
		}},
		{"recent MFA for deletions", id, `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":["s3:DeleteObject"],"Resource":"*","Condition":{"NumericGreaterThanIfExists":{"aws:MultiFactorAuthAge":"1800"}}}`, []question{
			ask(allowed, "s3:DeleteObject", "arn:aws:s3:::b/k", "aws:MultiFactorAuthAge", "1800"), ask(forbidden, "s3:DeleteObject", "arn:aws:s3:::b/k", "aws:MultiFactorAuthAge", "1801"),
			ask(forbidden, "s3:DeleteObject", "arn:aws:s3:::b/k"), ask(allowed, "s3:GetObject", "arn:aws:s3:::b/k"),
		}},
		{"read and write one bucket", id, `{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::bucket-name"]},{"Effect":"Allow","Action":"s3:*Object","Resource":["arn:aws:s3:::bucket-name/*"]}`, []question{
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::bucket-name"), ask(allowed, "s3:PutObject", "arn:aws:s3:::bucket-name/a/b"), ask(unanswered, "s3:PutObject", "arn:aws:s3:::bucket-names/a"),
			ask(unanswered, "s3:PutObjectAcl", "arn:aws:s3:::bucket-name/a"), ask(unanswered, "s3:GetObject", "arn:aws:s3:::bucket-name"), ask(unanswered, "s3:GetObject", "arn:aws:s3:::Bucket-name/a"),
		}},
	})
}

// The pages of the reference of the policy language.
func TestGuideElements(t *testing.T) {
	id := policy.Identity
	const object = "arn:aws:s3:::amzn-s3-demo-bucket"
	testExamples(t, []example{
		{"Action: wildcards", id, `"Effect":"Allow","Action":["iam:*AccessKey*","s3:Get?bject","xray:zap"],"Resource":"*"`, []question{
			ask(allowed, "XRAY:ZAP", "*"), ask(unanswered, "xray:[ap", "*"), ask(unanswered, "xray:@ap", "*"),
			ask(allowed, "iam:UpdateAccessKey", "*"), ask(allowed, "IAM:listaccesskeys", "*"), ask(allowed, "s3:GetObject", "*"), ask(unanswered, "s3:GetXObject", "*"), ask(unanswered, "iam:GetUser", "*"),
		}},
		{"NotAction with Allow", id, `"Effect":"Allow","NotAction":"s3:DeleteBucket","Resource":"arn:aws:s3:::*"`, []question{
			ask(allowed, "s3:PutObject", "arn:aws:s3:::b/k"), ask(unanswered, "s3:DeleteBucket", "arn:aws:s3:::b"), ask(unanswered, "iam:GetRole", app),
		}},
		{"NotAction with Allow, everything but IAM", id, `"Effect":"Allow","NotAction":"iam:*","Resource":"*"`, []question{
			ask(allowed, "ec2:RunInstances", "*"), ask(unanswered, "iam:GetRole", app),
		}},
		{"NotAction with Deny", id, `"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, []question{
			ask(forbidden, "ec2:RunInstances", "*"), ask(unanswered, "iam:GetRole", app), ask(unanswered, "ec2:RunInstances", "*", "aws:MultiFactorAuthPresent", "true"),
		}},
		{"NotResource", id, `"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::HRBucket/Payroll","arn:aws:s3:::HRBucket/Payroll/*"]`, []question{
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/2026"), ask(forbidden, "s3:GetObject", "arn:aws:s3:::HRBucket/Other"), ask(forbidden, "s3:ListBucket", "arn:aws:s3:::HRBucket"),
		}},
		{"Resource: wildcards cross colons and slashes", id, `"Effect":"Allow","Action":"*","Resource":["arn:aws:sqs:*:444455556666:queue*","arn:aws:iam::444455556666:user/div/*/x"]`, []question{
			ask(allowed, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:queue:dead"), ask(allowed, "iam:GetUser", "arn:aws:iam::444455556666:user/div/a/b/x"),
			ask(unanswered, "iam:GetUser", "arn:aws:iam::444455556666:user/div/x"), ask(allowed, "sqs:SendMessage", "arn:aws:sqs:a:b:444455556666:queue1"),
		}},
		{"Resource: case", id, `"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::444455556666:role/Admin"`, []question{
			ask(allowed, "iam:GetRole", "arn:aws:iam::444455556666:role/Admin"), ask(unanswered, "iam:GetRole", "arn:aws:iam::444455556666:role/admin"),
		}},
		{"variables with a default", id, `"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket-${aws:PrincipalTag/team, 'company-wide'}"]`, []question{
			ask(allowed, "s3:ListBucket", object+"-red", "aws:PrincipalTag/team", "red"), ask(unanswered, "s3:ListBucket", object+"-company-wide", "aws:PrincipalTag/team", "red"),
			ask(allowed, "s3:ListBucket", object+"-company-wide"), ask(unanswered, "s3:ListBucket", object+"-company-wide", "aws:PrincipalTag/team", "a|b"),
		}},
		{"variables for special characters", id, `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${*}a${?}b${$}{c}*"`, []question{
			ask(allowed, "s3:GetObject", "arn:aws:s3:::b/*a?b${c}/x"), ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/xa?b${c}"), ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/*axb${c}"),
		}},
		{"variables in conditions", id, `"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":["${aws:username}/*"]}}`, []question{
			ask(allowed, "s3:ListBucket", object, "s3:prefix", "ann/x", "aws:username", "ann"), ask(unanswered, "s3:ListBucket", object, "s3:prefix", "ann/x", "aws:username", "a*"),
			ask(unanswered, "s3:ListBucket", object, "s3:prefix", "/x"),
		}},
		{"variables of an IAM Identity Center user", id, `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/${identitystore:UserId}/*"`, []question{
			ask(allowed, "s3:GetObject", "arn:aws:s3:::b/home/1234567890-aaaa/k", "identitystore:UserId", "1234567890-aaaa"), ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/home/1234567890-aaaa/k"),
			ask(unanswered, "s3:GetObject", "arn:aws:s3:::b/home/1234567890-bbbb/k", "identitystore:UserId", "1234567890-aaaa"),
		}},
		{"attribute-based access control", id, `"Effect":"Allow","Action":"secretsmanager:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/access-project":"${aws:PrincipalTag/access-project}"},"ForAllValues:StringEquals":{"aws:TagKeys":["access-project","Name"]},"StringEqualsIfExists":{"aws:RequestTag/access-project":"${aws:PrincipalTag/access-project}"}}`, []question{
			ask(allowed, "secretsmanager:GetSecretValue", "*", "aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg"),
			ask(allowed, "secretsmanager:TagResource", "*", "aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg", "aws:TagKeys", "Name"),
			ask(unanswered, "secretsmanager:TagResource", "*", "aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg", "aws:RequestTag/access-project", "uni", "aws:TagKeys", "access-project"),
			ask(unanswered, "secretsmanager:TagResource", "*", "aws:ResourceTag/access-project", "peg", "aws:PrincipalTag/access-project", "peg", "aws:TagKeys", "cost"),
		}},
	})
}
