package assumptions

// workGroups is about the work groups of Athena.
var workGroups = []Assumption{
	{75, "workGroupInstanceRegion", "CreateWorkGroup refuses an Identity Center instance of another region than the work group's with InvalidRequestException.",
		"The API has the form of the instance's ARN, in which there is no region; S3 Access Grants and the trusted identity propagation guides want one region. The refusal is not documented.", true, nil},
	{76, "workGroupExecutionRole", "CreateWorkGroup refuses a work group with Identity Center and without an execution role.",
		"The Athena guide says that such a work group has a service role; the API's member is optional, and the refusal is not documented.", true, nil},
}
