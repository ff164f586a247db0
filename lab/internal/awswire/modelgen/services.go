package main

// service names one service by its directory in botocore, with the operations
// to keep. No operations means all of them.
type service struct {
	name       string
	operations []string
}

// sets are what is generated: "lab" is what the lab offers, "test" holds models
// that only awswire's tests read.
var sets = map[string][]service{
	"lab": {
		{"sts", []string{"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"}},
		{"sso-oidc", []string{"CreateTokenWithIAM"}},
		{"s3control", []string{
			"GetDataAccess", "GetAccessGrantsInstanceForPrefix", "ListCallerAccessGrants",
			"CreateAccessGrantsInstance", "GetAccessGrantsInstance", "DeleteAccessGrantsInstance", "ListAccessGrantsInstances",
			"AssociateAccessGrantsIdentityCenter", "DissociateAccessGrantsIdentityCenter",
			"PutAccessGrantsInstanceResourcePolicy", "GetAccessGrantsInstanceResourcePolicy", "DeleteAccessGrantsInstanceResourcePolicy",
			"CreateAccessGrantsLocation", "GetAccessGrantsLocation", "UpdateAccessGrantsLocation", "DeleteAccessGrantsLocation",
			"ListAccessGrantsLocations",
			"CreateAccessGrant", "GetAccessGrant", "DeleteAccessGrant", "ListAccessGrants",
			"TagResource", "UntagResource", "ListTagsForResource",
		}},
		{"identitystore", nil},
		{"sso-admin", []string{
			"CreateInstance", "DescribeInstance", "ListInstances", "UpdateInstance", "DeleteInstance", "CreateTrustedTokenIssuer",
			"DescribeTrustedTokenIssuer", "ListTrustedTokenIssuers", "UpdateTrustedTokenIssuer", "DeleteTrustedTokenIssuer",
			"CreateApplication", "DescribeApplication", "ListApplications", "UpdateApplication", "DeleteApplication",
			"DescribeApplicationProvider", "ListApplicationProviders", "PutApplicationGrant", "GetApplicationGrant",
			"ListApplicationGrants", "DeleteApplicationGrant", "PutApplicationAuthenticationMethod", "GetApplicationAuthenticationMethod",
			"ListApplicationAuthenticationMethods", "DeleteApplicationAuthenticationMethod", "PutApplicationAccessScope",
			"GetApplicationAccessScope", "ListApplicationAccessScopes", "DeleteApplicationAccessScope",
			"PutApplicationAssignmentConfiguration", "GetApplicationAssignmentConfiguration", "CreateApplicationAssignment",
			"DescribeApplicationAssignment", "ListApplicationAssignments", "ListApplicationAssignmentsForPrincipal",
			"DeleteApplicationAssignment", "PutApplicationSessionConfiguration", "GetApplicationSessionConfiguration", "TagResource",
			"UntagResource", "ListTagsForResource",
		}},
		{"iam", []string{
			"CreateRole", "GetRole", "ListRoles", "UpdateRole", "UpdateRoleDescription", "UpdateAssumeRolePolicy", "DeleteRole",
			"TagRole", "UntagRole", "ListRoleTags", "PutRolePolicy", "GetRolePolicy", "ListRolePolicies", "DeleteRolePolicy",
			"AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies", "PutRolePermissionsBoundary",
			"DeleteRolePermissionsBoundary", "ListInstanceProfilesForRole", "CreatePolicy", "GetPolicy", "ListPolicies", "DeletePolicy",
			"CreatePolicyVersion", "GetPolicyVersion", "ListPolicyVersions", "SetDefaultPolicyVersion", "DeletePolicyVersion",
			"TagPolicy", "UntagPolicy", "ListPolicyTags", "ListEntitiesForPolicy", "CreateOpenIDConnectProvider",
			"GetOpenIDConnectProvider", "ListOpenIDConnectProviders", "DeleteOpenIDConnectProvider", "AddClientIDToOpenIDConnectProvider",
			"RemoveClientIDFromOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint", "TagOpenIDConnectProvider",
			"UntagOpenIDConnectProvider", "ListOpenIDConnectProviderTags", "SimulatePrincipalPolicy", "SimulateCustomPolicy",
			"GetContextKeysForPrincipalPolicy", "GetContextKeysForCustomPolicy", "CreateUser", "GetUser", "ListUsers", "UpdateUser",
			"DeleteUser", "TagUser", "UntagUser", "ListUserTags", "ListGroupsForUser", "CreateAccessKey", "ListAccessKeys",
			"UpdateAccessKey", "DeleteAccessKey", "GetAccessKeyLastUsed", "PutUserPolicy", "GetUserPolicy", "ListUserPolicies",
			"DeleteUserPolicy", "AttachUserPolicy", "DetachUserPolicy", "ListAttachedUserPolicies", "PutUserPermissionsBoundary",
			"DeleteUserPermissionsBoundary", "GetAccountSummary", "GetAccountAuthorizationDetails",
		}},
		{"cloudformation", []string{
			"CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "ListStacks", "DescribeStackEvents", "DescribeStackResource",
			"DescribeStackResources", "ListStackResources", "GetTemplate", "GetTemplateSummary", "ValidateTemplate", "CreateChangeSet",
			"DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "ListChangeSets", "ListExports", "ListImports",
			"CancelUpdateStack", "ContinueUpdateRollback", "RollbackStack", "UpdateTerminationProtection", "SetStackPolicy",
			"GetStackPolicy",
		}},
		{"secretsmanager", []string{
			"GetSecretValue", "BatchGetSecretValue", "DescribeSecret", "ListSecrets", "ListSecretVersionIds",
			"CreateSecret", "PutSecretValue", "UpdateSecret", "DeleteSecret", "RestoreSecret",
			"GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy", "TagResource", "UntagResource",
		}},
		{"athena", []string{"CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup", "DeleteWorkGroup", "ListWorkGroups"}},
		{"cognito-idp", []string{"InitiateAuth"}},
	},
	"test": {
		{"s3control", nil},
		{"s3", []string{
			"CreateMultipartUpload", "DeleteObjects", "GetBucketAcl", "GetObject", "HeadObject", "ListObjectsV2", "PutBucketAcl",
			"PutBucketLifecycleConfiguration", "PutObject", "PutObjectTagging", "SelectObjectContent",
		}},
		{"sso", nil},
		{"sso-oidc", nil},
		{"sts", nil},
		{"sso-admin", []string{
			"CreateApplication", "CreateTrustedTokenIssuer", "DescribeTrustedTokenIssuer", "GetApplicationAuthenticationMethod",
			"GetApplicationGrant", "ListApplicationGrants", "PutApplicationAccessScope", "PutApplicationAuthenticationMethod",
			"PutApplicationGrant", "TagResource", "UpdateTrustedTokenIssuer",
		}},
		{"identitystore", []string{
			"CreateGroup", "CreateGroupMembership", "DescribeGroup", "IsMemberInGroups", "ListGroupMembershipsForMember", "ListGroups",
		}},
		{"iam", []string{
			"AttachRolePolicy", "CreateOpenIDConnectProvider", "CreateRole", "DeleteRole", "GetOpenIDConnectProvider", "GetRole",
			"GetRolePolicy", "ListAttachedRolePolicies", "ListOpenIDConnectProviders", "ListRoles", "PutRolePolicy", "TagRole",
			"UntagRole", "UpdateAssumeRolePolicy",
		}},
		{"athena", []string{"GetQueryExecution", "GetQueryResults", "ListWorkGroups", "StartQueryExecution", "StopQueryExecution"}},
		{"lakeformation", []string{"GetDataLakeSettings", "GrantPermissions", "ListPermissions"}},
		{"secretsmanager", nil},
	},
}
