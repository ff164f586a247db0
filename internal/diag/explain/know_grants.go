package explain

const fromGrants = "S3 API: error responses, S3 Access Grants"

// grantsErrors are of S3 Access Grants.
var grantsErrors = []piece{
	{
		id: "grants.no-grant", has: []string{"you do not have", "permissions to the requested s3 prefix"},
		title:  "no grant covers this target with this permission",
		means:  "S3 Access Grants has looked at the grants of the person, of the person's groups and of the role, and none covers all of the target. IAM has already allowed the call.",
		source: fromGrants + "; apache/hadoop pull request 6507",
		causes: []Cause{
			{Why: "there is no grant for the person or a group of theirs on this prefix", Check: "grants.grant", Command: "tip-cli s3ag explain s3://BUCKET/PREFIX"},
			{Why: "the grant has another permission: READ does not cover a write, and READ and WRITE in two grants may not make a READWRITE", Check: "grants.grant"},
			{Why: "the target is wider than the grant: s3://bucket/ where the grant is s3://bucket/prefix/*", Check: "grants.scope"},
			{Why: "the grant is bound to another application", Check: "grants.grant"},
			{Why: "the session carries no identity, so that only the role's grants count", Command: "tip-cli whoami"},
			{Why: "the application lacks the scope s3:access_grants:read_write", Check: "center.scopes"},
		},
	},
	{
		id: "grants.location-role", codes: []string{"StsNotAuthorizedError"},
		title:  "S3 Access Grants cannot get credentials of the location's role",
		means:  "There is a grant. Behind it S3 Access Grants assumes the IAM role of the location, and STS said no.",
		source: fromGrants + "; S3 guide: register a location",
		causes: []Cause{
			{Why: "the trust policy of the location role lacks sts:SetContext, which people of the directory need", Check: "grants.location-trust"},
			{Why: "it lacks sts:AssumeRole or sts:SetSourceIdentity for access-grants.s3.amazonaws.com", Check: "grants.location-trust"},
			{Why: "a condition on aws:SourceAccount or aws:SourceArn names another account or instance", Check: "grants.location-trust"},
			{Why: "the role was deleted", Check: "grants.location-role"},
		},
	},
	{
		id: "grants.sts-validation", codes: []string{"StsValidationError"},
		title: "STS does not take what S3 Access Grants asked for", means: "The time that was asked for is mostly the reason: the location role gives less.", source: fromGrants,
		causes: []Cause{{Why: "durationSeconds is above the MaxSessionDuration of the location role", Check: "grants.location-role"}},
	},
	{
		id: "grants.no-instance", codes: []string{"AccessGrantsInstanceNotExistsError"},
		title:  "there is no S3 Access Grants instance in this account and region",
		means:  "An instance is one of a region and an account, and the request names both. The account is that which owns the instance, and not the caller's.",
		source: fromGrants,
		causes: []Cause{
			{Why: "the instance is in another region: that of the bucket counts", Check: "grants.instance"},
			{Why: "the instance is of another account: name it", Check: "grants.instance", Command: "tip-cli s3ag get-data-access s3://BUCKET/PREFIX --account-id ACCOUNT"},
			{Why: "it was never created", Check: "grants.instance", Command: "aws s3control create-access-grants-instance --account-id ACCOUNT --identity-center-arn INSTANCE-ARN --region REGION --profile PROFILE"},
		},
	},
	{
		id: "grants.no-location", codes: []string{"NoSuchAccessGrantsLocationError"},
		title: "there is no such location in S3 Access Grants", means: "A location is a bucket, a prefix or s3:// with the role that reads it. Grants are made below one.", source: fromGrants,
		causes: []Cause{{Why: "it was not registered, or has another id", Check: "grants.location"}},
	},
	{
		id: "grants.no-such-grant", codes: []string{"NoSuchAccessGrantError"},
		title: "there is no such grant", means: "It has another id, or was deleted.", source: fromGrants,
		causes: []Cause{{Why: "to see those that concern you", Check: "grants.grant", Command: "tip-cli s3ag list-grants"}},
	},
	{
		id: "grants.identity-center", codes: []string{"InvalidIdentityCenterInstance", "InvalidIdentityCenterInstanceError"},
		title:  "S3 Access Grants and Identity Center do not go together",
		means:  "The Access Grants instance must be associated with the Identity Center instance, which must be in the same region (or replicated there).",
		source: fromGrants + "; S3 guide: directory identities",
		causes: []Cause{
			{Why: "the two are in different regions", Check: "regions.grants"},
			{Why: "the instance is associated with another instance, or with none", Check: "grants.identity-center"},
			{Why: "the ARN of the Identity Center instance is mistyped"},
		},
	},
	{
		id: "grants.invalid-role", codes: []string{"InvalidIamRole", "InvalidIamRoleError"},
		title: "the role is none that a location can have", means: "It must be of the account of the Access Grants instance, and exist.", source: fromGrants,
		causes: []Cause{{Why: "the role's ARN is mistyped, or of another account", Check: "grants.location-role"}},
	},
	{
		id: "grants.invalid-grant", codes: []string{"InvalidAccessGrant", "InvalidAccessGrantError", "InvalidAccessGrantsLocation", "InvalidAccessGrantsLocationError"},
		title: "the grant or the location cannot be like this", means: "The default location s3:// needs a sub-prefix; the grantee must be an id of the directory (not a name) or the ARN of a role or user; the bucket must be in the region.", source: fromGrants + "; S3 guide: create grants",
		causes: []Cause{{Why: "the grantee is a user name where the user id belongs", Command: "aws identitystore get-user-id --identity-store-id ID --alternate-identifier JSON --profile PROFILE"}, {Why: "the prefix lacks its * at the end"}},
	},
	{
		id: "grants.exists", codes: []string{"AccessGrantAlreadyExists", "AccessGrantsInstanceAlreadyExists", "AccessGrantsLocationAlreadyExistsError"},
		title: "it is there already", means: "There is one instance for an account and a region, one location for a scope, and one grant for a grantee, a scope and a permission. Nothing is broken.", source: fromGrants,
		causes: []Cause{{Why: "a set-up was run twice", Check: "grants.instance"}},
	},
	{
		id: "grants.not-empty", codes: []string{"AccessGrantsInstanceNotEmptyError", "AccessGrantsLocationNotEmptyError"},
		title: "it cannot be deleted while there is something in it", means: "Grants go before locations, locations before the instance.", source: fromGrants,
		causes: []Cause{{Why: "there are grants or locations left", Command: "aws s3control list-access-grants --account-id ACCOUNT --region REGION --profile PROFILE"}},
	},
	{
		id: "grants.resource-policy", codes: []string{"InvalidResourcePolicy", "InvalidResourcePolicyError", "AccessGrantsInstanceResourcePolicyNotExists"},
		title: "the resource policy of the Access Grants instance", means: "Other accounts reach the instance only by its resource policy, or by a share of AWS RAM.", source: fromGrants + "; S3 guide: cross-account access",
		causes: []Cause{{Why: "there is none, or it names accounts, actions or the instance wrongly", Check: "grants.sharing"}},
	},
	{
		id: "grants.quota", codes: []string{"AccessGrantsQuotaExceededError", "AccessGrantsLocationsQuotaExceededError"},
		title: "S3 Access Grants has no room left", means: "An instance has 1,000 locations and 100,000 grants.", source: fromGrants,
		causes: []Cause{{Why: "grants for each person where a group would do"}},
	},
	{
		id: "grants.denied", codes: []string{"AccessDenied", "AccessDeniedException"}, operations: []string{"GetDataAccess", "ListCallerAccessGrants", "GetAccessGrantsInstanceForPrefix"},
		title:  "S3 Access Grants refuses the call",
		means:  "Either no grant covers the target, or IAM does not let the role ask. The text of the error tells which: \"You do not have ... permissions to the requested S3 Prefix\" is the former, \"is not authorized to perform\" the latter.",
		source: fromGrants,
		causes: []Cause{
			{Why: "no grant covers the target with this permission", Check: "grants.grant", Command: "tip-cli s3ag explain s3://BUCKET/PREFIX"},
			{Why: "the policy of the identity-enhanced role lacks the action", Check: "iam.services"},
			{Why: "the instance is of another account and its resource policy does not let yours in", Check: "grants.sharing"},
		},
	},
	{
		id: "grants.kms", actions: []string{"kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt"},
		title:  "the data is encrypted with a key that the role may not use",
		means:  "S3 has let the call pass, and KMS has not. With S3 Access Grants it is the role of the location that needs the key, by its own policy and by that of the key.",
		source: "S3 guide: register a location; KMS guide: key policies",
		causes: []Cause{
			{Why: "the policy of the location role lacks kms:Decrypt, and kms:GenerateDataKey to write, on the key", Check: "grants.location-rights"},
			{Why: "the policy of the key does not let the account of the role delegate", Command: "aws kms get-key-policy --key-id KEY --profile PROFILE"},
		},
	},
	{
		id: "grants.s3-denied", codes: []string{"AccessDenied", "AccessDeniedException", "Forbidden"}, has: []string{"service: s3,|service: amazon s3;|getobject|putobject|listobjects|headobject|headbucket|deleteobject"},
		or:     &piece{actions: []string{"s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:ListBucket*", "s3:AbortMultipartUpload"}},
		title:  "S3 refuses access to the object",
		means:  "S3 does not say more than this for objects. With credentials of S3 Access Grants, what counts is the matched grant, the policy of the location's role, the bucket's policy, and its KMS key.",
		source: "S3 guide: troubleshoot access denied",
		causes: []Cause{
			{Why: "the object is outside of the grant that the credentials are for", Check: "grants.scope", Command: "tip-cli s3ag list-credentials"},
			{Why: "the program has the session's credentials and not those for S3: the session may not use S3 directly", Command: "tip-cli exec --s3 s3://BUCKET/PREFIX -- COMMAND"},
			{Why: "the policy of the location role lacks the S3 action, or kms:Decrypt and kms:GenerateDataKey for an encrypted bucket", Check: "grants.location-rights"},
			{Why: "the bucket's policy denies it", Check: "grants.bucket-policy"},
		},
	},
	{
		id: "grants.no-bucket", codes: []string{"NoSuchBucket"},
		title: "there is no such bucket", means: "Names of buckets are unique in a partition of AWS; this one is not taken, or is mistyped.", source: "S3 API: error responses",
		causes: []Cause{{Why: "a typing error in the target or in the location", Check: "grants.bucket"}},
	},
	{
		id: "grants.redirect", codes: []string{"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"},
		title: "the bucket is in another region than the request", means: "The answer names the region of the bucket. S3 Access Grants must be in the bucket's region.", source: "S3 API: error responses",
		causes: []Cause{{Why: "AWS_REGION, or the profile's region, is not that of the bucket", Check: "regions.target"}},
	},
}

// serviceErrors are of those that use the identity.
var serviceErrors = []piece{
	{
		id: "redshift.identity", has: []string{"awsidc:|identity center", "redshift|permission denied for"},
		title: "Redshift does not let the person in, or at the relation", means: "With an identity the database user is awsidc:NAME, and the groups are roles of the same form; rights are granted to these.", source: "Redshift guide: IAM Identity Center",
		causes: []Cause{{Why: "nothing was granted to the user or a role of the group"}, {Why: "the application lacks the scope redshift:connect", Check: "center.scopes"}},
	},
	{
		id: "athena.identity-center", has: []string{"identity center|identitycenter|identity-center", "workgroup|work group"},
		title: "the work group and Identity Center do not go together", means: "Whether a work group takes identities is decided when it is created. A session with an identity goes to a work group that has Identity Center enabled for the same instance.", source: "Athena guide: IAM Identity Center enabled work groups",
		causes: []Cause{
			{Why: "the work group has Identity Center enabled, and the session carries no identity", Check: "athena.identity-center", Command: "tip-cli whoami"},
			{Why: "the work group is of another instance", Check: "athena.identity-center"},
			{Why: "the user is not assigned to the work group's own application", Check: "athena.identity-center"},
		},
	},
	{
		id: "athena.output", has: []string{"unable to verify/create output bucket|no output location provided|output location"},
		title: "Athena cannot write the results", means: "A work group with Identity Center writes results through S3 Access Grants, as the person.", source: "Athena guide: query results and S3 Access Grants",
		causes: []Cause{
			{Why: "no grant lets the person write to the results' prefix", Check: "athena.results-access", Command: "tip-cli s3ag explain s3://RESULTS-BUCKET/PREFIX --permission WRITE"},
			{Why: "the work group has no location for results, or its bucket is gone", Check: "athena.results"},
		},
	},
	{
		id: "athena.no-workgroup", has: []string{"workgroup is not found|workgroup", "not found|does not exist|is not found"},
		title: "there is no such work group", means: "Work groups are of a region and an account.", source: "Athena API: GetWorkGroup",
		causes: []Cause{{Why: "a typing error, another region, or another account", Check: "athena.workgroup"}},
	},
	{
		id: "lakeformation.hidden", has: []string{"requester is not authorized to access requested resources"},
		title: "a column or a table is not there, or Lake Formation hides it", means: "Athena does not tell the two apart. Columns that the person has no grant for are as if they were not there.", source: "Lake Formation guide: data filtering; Athena guide: querying data registered with Lake Formation",
		causes: []Cause{
			{Why: "a typing error, or the wrong database: quote the name and put the database in front"},
			{Why: "there is no grant for this column for the user or a group", Command: "aws lakeformation list-permissions --principal DataLakePrincipalIdentifier=ARN --profile PROFILE"},
			{Why: "the query ran with another session than that of the person", Command: "tip-cli whoami"},
		},
	},
	{
		id: "lakeformation.insufficient", has: []string{"insufficient lake formation permission|insufficient permissions to execute the query|lake formation permission"},
		title: "Lake Formation does not let the person have this table", means: "The role may ask, and the grants of Lake Formation for the person or a group say no. Changes take up to an hour to be seen.", source: "Lake Formation guide: IAM Identity Center integration",
		causes: []Cause{
			{Why: "there is no grant for the user or a group: the principal is arn:aws:identitystore:::user/ID or group/ID", Command: "aws lakeformation list-permissions --principal DataLakePrincipalIdentifier=ARN --profile PROFILE"},
			{Why: "the application lacks the scope lakeformation:query", Check: "center.scopes"},
			{Why: "Lake Formation is not connected with Identity Center", Command: "aws lakeformation describe-lake-formation-identity-center-configuration --profile PROFILE"},
		},
	},
	{
		id: "qbusiness.anonymous", has: []string{"userid|user id|usergroups", "qbusiness|q business|identity-aware|chatsync|listconversations"},
		title: "Amazon Q Business takes the user from the session", means: "For applications with Identity Center userId and userGroups must not be sent, and the request must be signed with an identity-enhanced session.", source: "Q Business API: ChatSync",
		causes: []Cause{{Why: "the program signs with other credentials, or sends a user id", Command: "tip-cli exec -- COMMAND"}},
	},
	{
		id: "redshift.token", has: []string{"token credentials expired or invalid"},
		title: "Redshift could not exchange the JWT", means: "Redshift hands the JWT to Identity Center, which takes each once. A second connection with the same one fails though it has not expired.", source: "aws/amazon-redshift-jdbc-driver issue 146",
		causes: []Cause{
			{Why: "a pool, or a retry, has opened a second connection with the same JWT: it needs a fresh one for each", Check: "token.unspent"},
			{Why: "it has expired, or its audience or issuer is not set up", Check: "center.audience"},
		},
	},
	{
		id: "qbusiness.license", codes: []string{"LicenseNotFoundException"},
		title: "the person has no subscription to Amazon Q Business", means: "Users need a subscription of their own or by a group.", source: "Q Business API: ChatSync",
		causes: []Cause{{Why: "the user was not assigned, or not subscribed, in the application"}},
	},
}
