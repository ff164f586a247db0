package assumptions

// Error codes that switches of sso-admin choose between.
const (
	parameterMismatch = "IdempotentParameterMismatch"
	conflict          = "ConflictException"
	validation        = "ValidationException"
	quotaExceeded     = "ServiceQuotaExceededException"
)

// center is about sso-admin and the identity store.
var center = []Assumption{
	{62, "clientTokenMismatch", "A ClientToken of sso-admin that comes again with other parameters gives IdempotentParameterMismatch.",
		"The API reference says so; the service's model has no such exception.", parameterMismatch, []string{parameterMismatch, conflict, validation}},
	{63, "applicationNamesUnique", "Two applications of an Identity Center instance cannot have the same name: the second gives ConflictException.",
		"CreateApplication has the exception; when it occurs is not documented.", true, nil},
	{64, "accessScopeQuota", "PutApplicationAccessScope answers a 26th access scope with ValidationException.",
		"The quota is documented; of the operation's documented exceptions none is about quotas.", validation, []string{validation, quotaExceeded}},
	{65, "assignmentsThroughGroups", "ListApplicationAssignmentsForPrincipal lists the assignments of the user, not those of the user's groups.",
		"Not documented of this operation. DescribeApplicationAssignment refers to it for whether a user has access, which may be meant to include groups.", false, nil},
	{66, "authorizationCodeGrant", "PutApplicationGrant refuses the authorization_code grant of a customer managed application.",
		"People report the refusal; the model has the grant, and a Terraform provider means to support it.", false, nil},
	{67, "userNameFixed", "UpdateUser changes a user name.",
		"The API reference lists no paths. SCIM renames users, and published scripts use UpdateUser for it; a third-party note says that it cannot, and a Terraform provider makes another user instead.", false, nil},
}

// scopes is about the access scopes of applications.
var scopes = []Assumption{
	{74, "scopeTargetsExist", "PutApplicationAccessScope takes AuthorizedTargets that do not exist.",
		"The API reference has their form, and a ResourceNotFoundException of the operation without saying of what.", false, nil},
}
