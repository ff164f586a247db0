package explain

const fromAllowList = "AWS managed policy AWSIAMIdentityCenterAllowListForIdentityContext; IAM Identity Center guide: identity-enhanced sessions"

// sessionErrors are of calls with the identity-enhanced session.
var sessionErrors = []piece{
	{
		id: "session.allow-list-s3", actions: []string{"s3:Get*", "s3:List*", "s3:Put*", "s3:Delete*", "s3:Head*", "s3:Abort*", "s3:Create*"}, has: []string{"explicit deny in a session policy"},
		title:  "an identity-enhanced session may not use S3 directly",
		means:  "AWS attaches a session policy of its own to sessions that carry an identity context. It denies all but what services with identity propagation need: S3 is reached with credentials that S3 Access Grants give. No policy of yours can change it.",
		source: fromAllowList,
		causes: []Cause{
			{Why: "the program has the session's credentials and not those for S3", Command: "tip-cli exec --s3 s3://BUCKET/PREFIX -- COMMAND"},
			{Why: "no grant covers the data yet", Check: "grants.grant", Command: "tip-cli s3ag explain s3://BUCKET/PREFIX"},
		},
	},
	{
		id: "session.allow-list", has: []string{"explicit deny in a session policy"},
		title:  "this call is not among those that an identity-enhanced session may make",
		means:  "AWS attaches a session policy of its own to sessions that carry an identity context. It denies all but S3 Access Grants, Athena, Glue, Lake Formation, EMR, OpenSearch, Amazon Q and a few others. No policy of yours can change it, and it is no mistake of the set-up.",
		source: fromAllowList,
		causes: []Cause{
			{Why: "the call has nothing to do with the person's data: make it with other credentials, of an ordinary role", Command: "tip-cli exec --help"},
			{Why: "the service takes identities since a short time, and the list of the account's partition is older", Check: "iam.allow-list"},
		},
	},
	{
		id: "session.no-policy", has: []string{"because no session policy allows"},
		title:  "a session policy does not allow it",
		means:  "Credentials of S3 Access Grants are bounded by a session policy to the prefix and the permission of the grant.",
		source: "S3 guide: S3 Access Grants credentials",
		causes: []Cause{
			{Why: "the object is outside the matched prefix, or the grant is READ and something was written", Check: "grants.scope", Command: "tip-cli s3ag explain s3://BUCKET/PREFIX --permission WRITE"},
			{Why: "the program lists the whole bucket and not the prefix: give it the prefix"},
		},
	},
	{
		id: "session.boundary", has: []string{"explicit deny in a permissions boundary|because no permissions boundary allows"},
		title: "the permissions boundary of the role does not allow it", means: "A boundary is the most that a role can have, whatever its policies say.", source: "IAM guide: permissions boundaries",
		causes: []Cause{{Why: "the boundary of the identity-enhanced or the application role lacks the action", Check: "iam.services"}},
	},
	{
		id: "session.scp", has: []string{"explicit deny in a service control policy|because no service control policy allows|explicit deny in a resource control policy|because no resource control policy allows"},
		title: "a policy of the organization denies it", means: "Service and resource control policies bound whole accounts. Only the organization's administrators can change them, and diag cannot read them.", source: "AWS Organizations guide: SCPs, RCPs",
		causes: []Cause{{Why: "the organization denies the action, the region, or calls that are not from its network"}},
	},
	{
		id: "session.vpce", has: []string{"because no vpc endpoint policy allows|explicit deny in a vpc endpoint policy"},
		title: "the policy of a VPC endpoint denies it", means: "The call went through a VPC endpoint, whose policy does not let it pass.", source: "AWS PrivateLink guide: endpoint policies",
		causes: []Cause{{Why: "the endpoint's policy names certain principals, buckets or actions"}},
	},
	{
		id: "session.create-token-right", actions: []string{"sso-oauth:CreateTokenWithIAM"},
		title:  "the application role may not call CreateTokenWithIAM on the application",
		means:  "Either its own policy or the application's actor policy says no. In one account the actor policy may suffice; across accounts both must allow it.",
		source: "IAM Identity Center guide: IAM actor policies",
		causes: []Cause{
			{Why: "the role's policy lacks sso-oauth:CreateTokenWithIAM on the application's ARN, or denies it", Check: "iam.exchange"},
			{Why: "the actor policy of the application names another role", Check: "center.actor"},
		},
	},
	{
		id: "session.grants-right", actions: []string{"s3:GetDataAccess", "s3:ListCallerAccessGrants", "s3:GetAccessGrantsInstanceForPrefix"},
		title:  "the identity-enhanced role may not ask S3 Access Grants",
		means:  "This is IAM's answer, before any grant was looked at: the role needs s3:GetDataAccess on the Access Grants instance, and beside it s3:ListCallerAccessGrants and s3:GetAccessGrantsInstanceForPrefix.",
		source: "S3 guide: request access to data",
		causes: []Cause{
			{Why: "the policy of the identity-enhanced role lacks the action, or names another instance", Check: "iam.services"},
			{Why: "the instance is of another account: its resource policy must allow the role or its account", Check: "grants.sharing"},
		},
	},
	{
		id: "session.admin-read", actions: []string{"sso:*", "identitystore:*", "iam:*"},
		title:  "the credentials may not read what describes the set-up",
		means:  "That is an administrator's business and nothing that a person's session needs. diag says unknown of what it may not read.",
		source: "IAM Identity Center guide: identity-based policies",
		causes: []Cause{
			{Why: "diag reads with the ambient credentials: name a profile of the account of Identity Center, and one of the roles'", Command: "tip-cli diag --profile PROFILE --app-profile PROFILE"},
			{Why: "of an organization's instance: only the management account and the delegated administrator may read it"},
		},
	},
	{
		id: "session.athena-right", actions: []string{"athena:*", "glue:*", "lakeformation:*"},
		title: "the identity-enhanced role lacks a right for Athena, Glue or Lake Formation", means: "The role's own policy must allow the call; the person's rights to the data come on top, from Lake Formation or S3 Access Grants.", source: "Athena guide: trusted identity propagation",
		causes: []Cause{{Why: "the role's policy lacks the action or the work group's ARN", Check: "iam.services"}},
	},
}
