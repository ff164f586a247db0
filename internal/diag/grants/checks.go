package grants

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// The checks, in the order in which GetDataAccess needs them.
const (
	checkInstance = "grants.instance"
	checkCenter   = "grants.identity-center"
	checkSharing  = "grants.sharing"
	checkBucket   = "grants.bucket"
	checkLocation = "grants.location"
	checkRole     = "grants.location-role"
	checkTrust    = "grants.location-trust"
	checkRights   = "grants.location-rights"
	checkPolicy   = "grants.bucket-policy"
	checkGrant    = "grants.grant"
	checkScope    = "grants.scope"
	checkAnswer   = "grants.answer"
)

// noGrant is what people see of most that is wrong with grants.
const noGrant = "People see AccessDenied, \"You do not have READ permissions to the requested S3 Prefix\"."

// noRole is what people see of most that is wrong with the role of a location.
const noRole = "People see StsNotAuthorizedError, or an AccessDenied although the grant exists."

// denied is what people see when S3 refuses the credentials that were given out.
const denied = "GetDataAccess gives credentials, and S3 answers them with AccessDenied."

func fails(id, title, why string) finding.Kind {
	return finding.Kind{ID: id, Status: finding.Fail, Title: title, Why: why}
}

func warns(id, title, why string) finding.Kind {
	return finding.Kind{ID: id, Status: finding.Warn, Title: title, Why: why}
}

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return []finding.Check{
		{ID: checkInstance, Title: "Access Grants instance", Why: "Grants belong to the instance of an account and a region.", Kinds: []finding.Kind{
			fails("grants.no-instance", "there is no S3 Access Grants instance", "People see AccessGrantsInstanceNotExistsError."),
		}},
		{ID: checkCenter, Title: "association with Identity Center", Why: "Without it nobody of the directory has a grant.", Kinds: []finding.Kind{
			fails("grants.not-associated", "the instance is not associated with Identity Center", noGrant),
			fails("grants.other-identity-center", "the instance is associated with another Identity Center", noGrant),
		}},
		{ID: checkSharing, Title: "resource policy of the instance", Why: "Another account's role needs to be admitted by it.", Kinds: []finding.Kind{
			fails("grants.not-shared", "the instance does not admit the role", "People see AccessDenied, \"is not authorized to perform: s3:GetDataAccess\"."),
		}},
		{ID: checkBucket, Title: "bucket", Why: "Grants may name buckets that do not exist.", Kinds: []finding.Kind{
			fails("grants.no-bucket", "the bucket does not exist", "GetDataAccess gives credentials, and S3 answers them with NoSuchBucket."),
		}},
		{ID: checkLocation, Title: "registered location", Why: "A grant belongs to a location that holds the path.", Kinds: []finding.Kind{
			fails("grants.no-location", "no registered location holds the path", noGrant),
		}},
		{ID: checkRole, Title: "role of the location", Why: "S3 Access Grants gives out sessions of it.", Kinds: []finding.Kind{
			fails("grants.location-role-missing", "the role of the location does not exist", noRole),
		}},
		{ID: checkTrust, Title: "trust policy of the location's role", Why: "S3 Access Grants assumes the role for the person.", Kinds: []finding.Kind{
			fails("grants.trust-assume-role", "the role does not let S3 Access Grants assume it", noRole),
			warns("grants.trust-source-identity", "the role does not let S3 Access Grants set a source identity", "Grants to IAM roles and users are refused. "+noRole),
			fails("grants.trust-no-source-identity", "the role does not let S3 Access Grants set a source identity, as a grant to a role needs", noRole),
			fails("grants.trust-set-context", "the role does not let S3 Access Grants set the person's identity", noRole),
			fails("grants.trust-condition", "a condition of the role's trust policy refuses S3 Access Grants", noRole),
			fails("grants.trust-denied", "the role's trust policy denies S3 Access Grants", noRole),
		}},
		{ID: checkRights, Title: "rights of the location's role", Why: "Credentials that are given out can do no more than the role.", Kinds: []finding.Kind{
			fails("grants.location-rights-missing", "the role may not do what the grant promises", denied),
			fails("grants.location-rights-denied", "a policy denies the role what the grant promises", denied),
		}},
		{ID: checkPolicy, Title: "bucket policy", Why: "What it denies nobody has.", Kinds: []finding.Kind{
			fails("grants.bucket-policy-denies", "the bucket policy denies the location's role", denied),
		}},
		{ID: checkGrant, Title: "grants of the person", Why: "Without a grant that covers the path there are no credentials for it.", Kinds: []finding.Kind{
			fails("grants.no-grant", "the person has no grant", noGrant),
			fails("grants.not-granted", "no grant of the person covers the path", noGrant),
			fails("grants.permission-too-small", "the grant gives less than the permission", noGrant),
			fails("grants.other-application", "the grant is for another application", noGrant),
			fails("grants.part-only", "the grants cover only parts of the path", noGrant),
			fails("grants.object-only", "the grant is for one object, and not for what is below", noGrant),
		}},
		{ID: checkScope, Title: "scopes of the grants", Why: "The star at the end of a scope stands for any text, slashes or not.", Kinds: []finding.Kind{
			warns("grants.scope-too-wide", "a grant covers more buckets than it seems to", "A scope without a slash behind the bucket covers every bucket whose name begins so."),
		}},
		{ID: checkAnswer, Title: "answer of GetDataAccess", Why: "AWS decides, whatever was read.", Kinds: []finding.Kind{
			fails("grants.refused", "GetDataAccess refuses what the grants promise", "People see the same error."),
			warns("grants.unexpected", "GetDataAccess gives something else than the grants promise", "What was read here may be out of date, or incomplete."),
		}},
	}
}
