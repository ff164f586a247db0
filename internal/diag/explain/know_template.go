package explain

const fromTemplate = "CloudFormation guide: troubleshooting"

// templateErrors are of the stack of the roles.
var templateErrors = []piece{
	{
		id: "template.provider-exists", codes: []string{"EntityAlreadyExists", "EntityAlreadyExistsException"}, has: []string{"provider with url"},
		or:    &piece{has: []string{"provider with url", "already exists"}},
		title: "the account has an OIDC provider of this issuer already", means: "IAM takes one of an issuer in an account. Let the template use it, and add your client id to it.", source: "IAM guide: create an OpenID Connect provider; unfunco/terraform-aws-oidc-github issue 23",
		causes: []Cause{
			{Why: "somebody has made it before: name it", Check: "iam.provider", Command: "tip-cli configure generate-cfn-template URL AUD --existing-provider ARN"},
			{Why: "its client ids lack yours", Check: "iam.client", Command: "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ARN --client-id AUD --profile PROFILE"},
		},
	},
	{
		id: "template.role-exists", has: []string{"role with name", "already exists"},
		title: "the account has a role of this name already", means: "Names of roles are one for an account. Without names of your own CloudFormation makes some.", source: fromTemplate,
		causes: []Cause{{Why: "another stack, or an earlier try, has made the role: take another name, or none", Command: "tip-cli configure generate-cfn-template URL AUD"}},
	},
	{
		id: "template.capability", codes: []string{"InsufficientCapabilitiesException"}, or: &piece{has: []string{"requires capabilities"}},
		title: "CloudFormation wants to be told that roles may be made", means: "A template with roles takes CAPABILITY_IAM, one with names of roles CAPABILITY_NAMED_IAM.", source: fromTemplate,
		causes: []Cause{{Why: "the option is missing", Command: "aws cloudformation deploy --template-file FILE --stack-name NAME --capabilities CAPABILITY_NAMED_IAM --profile PROFILE"}},
	},
	{
		id: "template.rolled-back", has: []string{"is in rollback_complete state|is in rollback_failed state"},
		title: "the stack could not be made, and what is left of it is in the way", means: "A stack that failed when it was created can only be deleted. Its events say what had failed.", source: fromTemplate,
		causes: []Cause{
			{Why: "to see what had failed", Command: "aws cloudformation describe-stack-events --stack-name NAME --query \"StackEvents[?ResourceStatus=='CREATE_FAILED'].[LogicalResourceId,ResourceStatusReason]\" --profile PROFILE"},
			{Why: "then delete it, and deploy again", Command: "aws cloudformation delete-stack --stack-name NAME --profile PROFILE"},
		},
	},
}
