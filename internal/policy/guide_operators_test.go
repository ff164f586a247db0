package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The examples of the page "IAM JSON policy elements: Condition operators".
func TestGuideConditionOperators(t *testing.T) {
	const key, object = "iam:CreateUser", "arn:aws:s3:::example/k"
	id := policy.Identity
	testExamples(t, []example{
		{"StringEquals", id, `"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::444455556666:user/*",
			"Condition":{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}`, []question{
			ask(allowed, "iam:CreateAccessKey", "arn:aws:iam::444455556666:user/a", "aws:PrincipalTag/job-category", "iamuser-admin"),
			ask(unanswered, "iam:CreateAccessKey", "arn:aws:iam::444455556666:user/a", "aws:PrincipalTag/job-category", "IAMUser-Admin"),
			ask(unanswered, "iam:CreateAccessKey", "arn:aws:iam::444455556666:user/a"),
			ask(unanswered, key, "arn:aws:iam::444455556666:user/a", "aws:PrincipalTag/job-category", "iamuser-admin"),
			ask(unanswered, "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/a", "aws:PrincipalTag/job-category", "iamuser-admin"),
		}},
		{"StringLike", id, `"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"StringLike":{"s3:prefix":["","home/","home/?nn/*"]}}`, []question{
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::b", "s3:prefix", ""),
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::b", "s3:prefix", "home/ann/2026/"),
			ask(unanswered, "s3:ListBucket", "arn:aws:s3:::b", "s3:prefix", "home/joann/"),
			ask(unanswered, "s3:ListBucket", "arn:aws:s3:::b", "s3:prefix", "HOME/"),
		}},
		{"StringLike with a wildcard in front", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/mail":["*@example.com","?-*"]}}`, []question{
			ask(allowed, key, "*", "aws:PrincipalTag/mail", "a@b@example.com"), ask(allowed, key, "*", "aws:PrincipalTag/mail", "@example.com"), ask(allowed, key, "*", "aws:PrincipalTag/mail", "x-"),
			ask(unanswered, key, "*", "aws:PrincipalTag/mail", "a@example.com.org"), ask(unanswered, key, "*", "aws:PrincipalTag/mail", "-x"),
		}},
		{"StringEqualsIgnoreCase", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:PrincipalTag/team":"Data"}}`, []question{
			ask(allowed, key, "*", "aws:PrincipalTag/team", "dATA"), ask(unanswered, key, "*", "aws:PrincipalTag/team", "Date"),
		}},
		{"negated matching with an absent key", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"data"}}`, []question{
			ask(allowed, key, "*"), ask(allowed, key, "*", "aws:PrincipalTag/team", "x"), ask(unanswered, key, "*", "aws:PrincipalTag/team", "data"),
		}},
		{"StringNotLike of several values", id, `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/Admin*","arn:aws:iam::*:role/Break?lass"]}}`, []question{
			ask(unanswered, key, "*", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/AdminOne"),
			ask(unanswered, key, "*", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/BreakGlass"),
			ask(forbidden, key, "*", "aws:PrincipalArn", app),
		}},
		{"NumericLessThanEquals", id, `"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"NumericLessThanEquals":{"s3:max-keys":"10"}}`, []question{
			ask(allowed, "s3:ListBucket", "arn:aws:s3:::b", "s3:max-keys", "10"), ask(allowed, "s3:ListBucket", "arn:aws:s3:::b", "s3:max-keys", "9.5"),
			ask(unanswered, "s3:ListBucket", "arn:aws:s3:::b", "s3:max-keys", "11"), ask(unanswered, "s3:ListBucket", "arn:aws:s3:::b"),
			ask(unanswered, "s3:ListBucket", "arn:aws:s3:::b", "s3:max-keys", "ten"),
		}},
		{"DateGreaterThan", id, `"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"*","Condition":{"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}}`, []question{
			ask(allowed, "iam:ListAccessKeys", "*", "aws:TokenIssueTime", "2020-01-01T00:00:02Z"),
			ask(allowed, "iam:ListAccessKeys", "*", "aws:TokenIssueTime", "1577836802"),
			ask(unanswered, "iam:ListAccessKeys", "*", "aws:TokenIssueTime", "2020-01-01T00:00:01Z"), ask(unanswered, "iam:ListAccessKeys", "*"),
		}},
		{"DateLessThan in epoch seconds", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:EpochTime":1577836800}}`, []question{
			ask(allowed, key, "*", "aws:EpochTime", "1577836799"), ask(unanswered, key, "*", "aws:EpochTime", "1577836800"),
		}},
		{"Bool", id, `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, []question{
			ask(allowed, "s3:GetObject", object, "aws:SecureTransport", "true"), ask(forbidden, "s3:GetObject", object, "aws:SecureTransport", "false"),
			ask(allowed, "s3:GetObject", object),
		}},
		{"BoolIfExists", id, `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, []question{
			ask(forbidden, key, "*"), ask(forbidden, key, "*", "aws:MultiFactorAuthPresent", "false"), ask(unanswered, key, "*", "aws:MultiFactorAuthPresent", "true"),
		}},
		{"BinaryEquals", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BinaryEquals":{"key":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}`, []question{
			ask(allowed, key, "*", "key", "BinaryValueInBase64"), ask(unanswered, key, "*", "key", "QmluYXJ5VmFsdWVJbkJhc2U2NA=="),
		}},
		{"IpAddress of both families", id, `"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}`, []question{
			ask(allowed, "iam:ListAccessKeys", "*", "aws:SourceIp", "203.0.113.255"), ask(unanswered, "iam:ListAccessKeys", "*", "aws:SourceIp", "203.0.114.0"),
			ask(allowed, "iam:ListAccessKeys", "*", "aws:SourceIp", "2001:db8:1234:5678::1"), ask(unanswered, "iam:ListAccessKeys", "*", "aws:SourceIp", "2001:db8:1234:5679::1"),
			ask(unanswered, "iam:ListAccessKeys", "*", "aws:SourceIp", "nowhere"),
		}},
		{"NotIpAddress", id, `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.7"]}}`, []question{
			ask(unanswered, key, "*", "aws:SourceIp", "203.0.113.7"), ask(forbidden, key, "*", "aws:SourceIp", "203.0.113.8"), ask(forbidden, key, "*"),
		}},
		{"ArnEquals", id, `"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:444455556666:q","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:444455556666:topic-?"}}`, []question{
			ask(allowed, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:q", "aws:SourceArn", "arn:aws:sns:eu-west-1:444455556666:topic-1"),
			ask(unanswered, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:q", "aws:SourceArn", "arn:aws:sns:eu-west-1:444455556666:topic-12"),
		}},
		{"ArnLike part by part", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:*:*:444455556666:*"}}`, []question{
			ask(allowed, key, "*", "aws:SourceArn", "arn:aws:s3:eu-west-1:444455556666:access-grants/default"),
			ask(unanswered, key, "*", "aws:SourceArn", "arn:aws:s3:a:b:444455556666:x"),
			ask(unanswered, key, "*", "aws:SourceArn", "arn:aws:s3:::444455556666:x"),
			ask(unanswered, key, "*", "aws:SourceArn", "s3:444455556666"),
		}},
		{"ArnNotLike", id, `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/team/*"}}`, []question{
			ask(unanswered, key, "*", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/team/a/b"), ask(forbidden, key, "*", "aws:PrincipalArn", app), ask(forbidden, key, "*"),
		}},
		{"IfExists", id, `"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*","m3.*"]}}`, []question{
			ask(allowed, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/*", "ec2:InstanceType", "t2.micro"),
			ask(unanswered, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/*", "ec2:InstanceType", "m5.large"),
			ask(allowed, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:444455556666:subnet/s"),
		}},
		{"Null", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"true"}}`, []question{
			ask(allowed, key, "*"), ask(unanswered, key, "*", "aws:TokenIssueTime", "2026-01-01T00:00:00Z"),
		}},
		{"several operators and values", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2019-07-16T12:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2019-07-16T15:00:00Z"},"IpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}`, []question{
			ask(allowed, key, "*", "aws:CurrentTime", "2019-07-16T13:00:00Z", "aws:SourceIp", "203.0.113.1"),
			ask(unanswered, key, "*", "aws:CurrentTime", "2019-07-16T16:00:00Z", "aws:SourceIp", "203.0.113.1"),
			ask(unanswered, key, "*", "aws:CurrentTime", "2019-07-16T13:00:00Z", "aws:SourceIp", "198.51.100.1"),
			ask(unanswered, key, "*", "aws:CurrentTime", "2019-07-16T13:00:00Z"),
		}},
	})
}

// The page "Set operators for multivalued context keys" and the examples of its
// neighbour, "Single-valued vs. multivalued context keys".
func TestGuideSetOperators(t *testing.T) {
	const run, instance = "ec2:RunInstances", "arn:aws:ec2:eu-west-1:444455556666:instance/*"
	id := policy.Identity
	tags := func(set string) string {
		return `"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*","Condition":{"` + set + `":{"aws:TagKeys":["environment","cost-center"]}}`
	}
	testExamples(t, []example{
		{"ForAllValues", id, tags("ForAllValues:StringEquals"), []question{
			ask(allowed, run, instance, "aws:TagKeys", "environment"), ask(allowed, run, instance, "aws:TagKeys", "environment|cost-center"),
			ask(unanswered, run, instance, "aws:TagKeys", "environment|dept"), ask(allowed, run, instance), ask(unanswered, run, instance, "aws:TagKeys", "Environment"),
		}},
		{"ForAllValues and Null", id, `"Effect":"Allow","Action":"ec2:RunInstances","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["environment"]},"Null":{"aws:TagKeys":"false"}}`, []question{
			ask(allowed, run, instance, "aws:TagKeys", "environment"), ask(unanswered, run, instance),
		}},
		{"ForAnyValue", id, tags("ForAnyValue:StringEquals"), []question{
			ask(allowed, run, instance, "aws:TagKeys", "dept|cost-center"), ask(unanswered, run, instance, "aws:TagKeys", "dept"), ask(unanswered, run, instance),
		}},
		{"ForAnyValue in a denial", id, `{"Effect":"Allow","Action":"ec2:*","Resource":"*"},{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["webserver"]}}}`, []question{
			ask(forbidden, run, instance, "aws:TagKeys", "environment|webserver"), ask(allowed, run, instance, "aws:TagKeys", "environment"), ask(allowed, run, instance),
		}},
		{"ForAllValues negated", id, `"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"ForAllValues:StringNotEquals":{"aws:TagKeys":"approved"}}`, []question{
			ask(unanswered, run, instance, "aws:TagKeys", "approved|x"), ask(forbidden, run, instance, "aws:TagKeys", "x|y"), ask(forbidden, run, instance),
		}},
		{"ForAnyValue negated", id, `"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"ForAnyValue:StringNotLike":{"aws:TagKeys":["team-*","env"]}}`, []question{
			ask(unanswered, run, instance, "aws:TagKeys", "team-a|env"), ask(forbidden, run, instance, "aws:TagKeys", "team-a|other"), ask(unanswered, run, instance),
		}},
		{"organization paths", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"]}}`, []question{
			ask(allowed, run, "*", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"),
			ask(unanswered, run, "*", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/"),
		}},
		{"called via", id, `"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:CalledVia":["athena.amazonaws.com"]}}`, []question{
			ask(allowed, "kms:Decrypt", "*", "aws:CalledVia", "athena.amazonaws.com|s3.amazonaws.com"), ask(unanswered, "kms:Decrypt", "*", "aws:CalledVia", "s3.amazonaws.com"), ask(unanswered, "kms:Decrypt", "*"),
		}},
		{"a multivalued key without a set operator", id, `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":["a","b"]}}`, []question{
			ask(unanswered, run, "*", "aws:TagKeys", "a|b"), ask(allowed, run, "*", "aws:TagKeys", "a"),
		}},
	})
}
