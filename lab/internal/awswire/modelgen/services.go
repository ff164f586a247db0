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
		{"identitystore", []string{
			"DescribeUser", "ListUsers", "GetUserId", "DescribeGroup", "ListGroups", "GetGroupId",
			"ListGroupMemberships", "ListGroupMembershipsForMember", "IsMemberInGroups", "GetGroupMembershipId", "DescribeGroupMembership",
		}},
		{"secretsmanager", []string{
			"GetSecretValue", "BatchGetSecretValue", "DescribeSecret", "ListSecrets", "ListSecretVersionIds",
			"CreateSecret", "PutSecretValue", "UpdateSecret", "DeleteSecret", "RestoreSecret",
			"GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy", "TagResource", "UntagResource",
		}},
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
