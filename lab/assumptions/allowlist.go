package assumptions

import "slices"

// identityContextAllowList is the NotAction of the one Deny in version 12
// (October 2024) of AWSIAMIdentityCenterAllowListForIdentityContext.
var identityContextAllowList = allow(
	actions("aoss", "APIAccessAll"),
	actions("athena",
		"BatchGetNamedQuery", "BatchGetPreparedStatement", "BatchGetQueryExecution", "CreateNamedQuery", "CreatePreparedStatement",
		"DeleteNamedQuery", "DeletePreparedStatement", "GetDataCatalog", "GetDatabase", "GetNamedQuery", "GetPreparedStatement",
		"GetQueryExecution", "GetQueryResults", "GetQueryResultsStream", "GetQueryRuntimeStatistics", "GetTableMetadata", "GetWorkGroup",
		"ListDataCatalogs", "ListDatabases", "ListNamedQueries", "ListPreparedStatements", "ListQueryExecutions", "ListTableMetadata",
		"ListWorkGroups", "StartQueryExecution", "StopQueryExecution", "UpdateNamedQuery", "UpdatePreparedStatement",
	),
	actions("elasticmapreduce", "AddJobFlowSteps", "CancelSteps", "DescribeCluster", "DescribeStep", "GetClusterSessionCredentials", "ListSteps"),
	actions("es", "ESHttpDelete", "ESHttpGet", "ESHttpHead", "ESHttpPatch", "ESHttpPost", "ESHttpPut"),
	actions("glue",
		"BatchCreatePartition", "BatchDeletePartition", "BatchDeleteTable", "BatchGetPartition", "BatchUpdatePartition",
		"CreateDatabase", "CreatePartition", "CreateTable", "DeleteColumnStatisticsForPartition", "DeleteColumnStatisticsForTable",
		"DeleteDatabase", "DeletePartition", "DeleteTable", "GetColumnStatisticsForPartition", "GetColumnStatisticsForTable",
		"GetDatabase", "GetDatabases", "GetPartition", "GetPartitions", "GetTable", "GetTableVersions", "GetTables", "SearchTables",
		"UpdateColumnStatisticsForPartition", "UpdateColumnStatisticsForTable", "UpdateDatabase", "UpdatePartition", "UpdateTable",
	),
	actions("lakeformation", "GetDataAccess"),
	actions("q",
		"GetConversation", "GetTroubleshootingResults", "ListConversations", "SendMessage", "StartConversation",
		"StartTroubleshootingAnalysis", "StartTroubleshootingResolutionExplanation", "UpdateTroubleshootingCommandResult",
	),
	actions("qapps",
		"AssociateLibraryItemReview", "AssociateQAppWithUser", "CopyQApp", "CreateLibraryItem", "CreateLibraryItemReview", "CreateQApp",
		"CreateSubscriptionToken", "DeleteQApp", "DisassociateLibraryItemReview", "DisassociateQAppFromUser", "ExportQAppSessionData",
		"GetLibraryItem", "GetQApp", "GetQAppSession", "GetQAppSessionMetadata", "ImportDocument", "ImportDocumentToQApp",
		"ImportDocumentToQAppSession", "ListLibraryItems", "ListQAppSessionData", "ListQApps", "PredictProblemStatementFromConversation",
		"PredictQApp", "PredictQAppFromProblemStatement", "StartQAppSession", "StopQAppSession", "TagResource", "UpdateLibraryItem",
		"UpdateQApp", "UpdateQAppSession", "UpdateQAppSessionMetadata",
	),
	actions("qbusiness", "Chat", "ChatSync", "DeleteConversation", "ListConversations", "ListMessages", "PutFeedback"),
	actions("s3", "GetAccessGrantsInstanceForPrefix", "GetDataAccess", "ListCallerAccessGrants"),
	actions("sts", "SetContext"),
)

func actions(service string, names ...string) []string {
	full := make([]string, len(names))
	for i, name := range names {
		full[i] = service + ":" + name
	}
	return full
}

func allow(services ...[]string) []string { return slices.Concat(services...) }
