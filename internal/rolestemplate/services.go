package rolestemplate

import "cmp"

// rights are the statements for a service: what its guide asks of a caller that works
// for a person, on the resources of this account. Who may have which data is decided by
// the service and by who the person is.
func (in *Input) rights(s Service) []object {
	switch s {
	case S3:
		return []object{allow(in.grantsInstances(), "s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix", "s3:ListCallerAccessGrants")}
	case Athena:
		return in.athena()
	case LakeFormation:
		return in.lakeFormation()
	case Redshift:
		return in.redshift()
	case QBusiness:
		return []object{allow(in.own("qbusiness", "application/*"),
			"qbusiness:Chat", "qbusiness:ChatSync", "qbusiness:ListConversations", "qbusiness:ListMessages", "qbusiness:DeleteConversation", "qbusiness:PutFeedback")}
	}
	return nil
}

// own is the ARN of a resource of the account that the template is deployed in.
func (in *Input) own(service, resource string) call {
	return in.of(service, "${AWS::AccountId}", resource)
}

// of is the ARN of a resource. A role is of no region, and the stack that makes it may be
// in another one than the data.
func (in *Input) of(service, account, resource string) call {
	return sub("arn:${AWS::Partition}:" + service + ":" + cmp.Or(in.Region, "*") + ":" + account + ":" + resource)
}

func (in *Input) grantsInstances() any {
	const instance = "access-grants/default"
	own := in.own("s3", instance)
	if len(in.GrantsAccounts) == 0 {
		return own
	}
	all := list{own}
	for _, account := range in.GrantsAccounts {
		all = append(all, in.of("s3", account, instance))
	}
	return all
}

// athena has the original's nine actions. The work group's own role reads the catalog
// and the data.
func (in *Input) athena() []object {
	return []object{
		allow(in.own("athena", "workgroup/*"),
			"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:StopQueryExecution", "athena:GetWorkGroup"),
		allow(in.own("athena", "datacatalog/*"), "athena:ListDatabases"),
		allow("*", "athena:ListDataCatalogs", "athena:ListWorkGroups"), // they know no resources
	}
}

func (in *Input) lakeFormation() []object {
	return []object{
		allow("*", "lakeformation:GetDataAccess"), // it knows no resources
		allow(list{in.own("glue", "catalog"), in.own("glue", "database/*"), in.own("glue", "table/*")},
			"glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
	}
}

// redshift is the Data API. What it knows no resources for it answers only to the person
// who asked, with the same role.
func (in *Input) redshift() []object {
	return []object{
		allow(list{in.own("redshift", "cluster:*"), in.own("redshift-serverless", "workgroup/*")},
			"redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"),
		allow("*", "redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement", "redshift-data:ListStatements"),
	}
}
