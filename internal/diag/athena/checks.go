package athena

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return append(group(), append(results(), executionRole()...)...)
}

// group are the checks of the work group itself.
func group() []finding.Check {
	return []finding.Check{
		{ID: "athena.workgroup", Title: "work group", Why: "Queries run in it.", Kinds: []finding.Kind{
			{ID: "athena.workgroup-not-found", Status: finding.Fail, Title: "there is no such work group", Why: "StartQueryExecution answers InvalidRequestException: WorkGroup is not found."},
		}},
		{ID: "athena.state", Title: "state", Why: "A disabled work group runs no queries.", Kinds: []finding.Kind{
			{ID: "athena.workgroup-disabled", Status: finding.Fail, Title: "the work group is disabled", Why: "StartQueryExecution answers InvalidRequestException: WorkGroup is disabled."},
		}},
		{ID: "athena.identity-center", Title: "Identity Center", Why: "The work group takes people of one Identity Center instance.", Kinds: []finding.Kind{
			{ID: "athena.no-identity-center", Status: finding.Warn, Title: "the work group is not enabled for Identity Center", Why: "Its queries run with the rights of the person's role, and nobody's results are kept apart; only Lake Formation and S3 Access Grants hear of the person."},
			{ID: "athena.other-instance", Status: finding.Fail, Title: "the work group is for another Identity Center instance", Why: "It knows none of the people of yours: StartQueryExecution answers AccessDeniedException."},
		}},
	}
}

// results are the checks of where results go.
func results() []finding.Check {
	return []finding.Check{
		{ID: "athena.results", Title: "location of results", Why: "Every query writes its result to a bucket.", Kinds: []finding.Kind{
			{ID: "athena.no-results-location", Status: finding.Fail, Title: "the work group has no location for results", Why: "StartQueryExecution answers InvalidRequestException: No output location provided."},
			{ID: "athena.results-bucket-missing", Status: finding.Fail, Title: "the bucket for results does not exist", Why: "Queries fail when they write their result; the bucket is not made for you."},
			{ID: "athena.results-elsewhere", Status: finding.Fail, Title: "the bucket for results is in another region", Why: "Athena writes results only in the region of the query: it fails with: The S3 location provided to save your query results is invalid."},
		}},
		{ID: "athena.results-access", Title: "results through S3 Access Grants", Why: "A work group with Identity Center writes results in the person's name, which S3 Access Grants allows.", Kinds: []finding.Kind{
			{ID: "athena.results-without-grants", Status: finding.Fail, Title: "results are not written through S3 Access Grants", Why: "The person's session may not write to S3 itself: queries fail with AccessDenied for the location of results."},
		}},
	}
}

// executionRole are the checks of the role that Athena runs queries with.
func executionRole() []finding.Check {
	return []finding.Check{
		{ID: "athena.role", Title: "execution role", Why: "Athena runs the queries of a work group with Identity Center with this role.", Kinds: []finding.Kind{
			{ID: "athena.no-role", Status: finding.Fail, Title: "the work group has no execution role", Why: "A work group with Identity Center runs no query without one."},
			{ID: "athena.role-not-found", Status: finding.Fail, Title: "the execution role does not exist", Why: "Athena cannot assume it: queries fail with AccessDenied."},
		}},
		{ID: "athena.role-trust", Title: "trust of the execution role", Why: "Athena assumes it, and hands the identity on with it.", Kinds: []finding.Kind{
			{ID: "athena.role-not-trusting", Status: finding.Fail, Title: "the execution role does not let Athena assume it", Why: "Queries fail with AccessDenied for sts:AssumeRole."},
			{ID: "athena.role-without-context", Status: finding.Fail, Title: "the execution role does not let Athena set the identity context", Why: "Without sts:SetContext the identity is not handed on: queries fail with AccessDenied."},
		}},
	}
}
