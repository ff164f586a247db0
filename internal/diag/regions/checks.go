package regions

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return []finding.Check{
		{ID: "regions.partition", Title: "partition", Why: "Nothing of the chain crosses from one partition of AWS to another.", Kinds: []finding.Kind{
			{ID: "regions.other-partition", Status: finding.Fail, Title: "the application is of another partition than the region", Why: "The partitions know nothing of each other: CreateTokenWithIAM answers InvalidClientException (invalid_client)."},
		}},
		{ID: "regions.center", Title: "region of Identity Center", Why: "An instance lives in one region, and its applications with it.", Kinds: []finding.Kind{
			{ID: "regions.center-elsewhere", Status: finding.Fail, Title: "Identity Center is in another region", Why: "Elsewhere nobody knows the application: CreateTokenWithIAM answers InvalidClientException (invalid_client) or InvalidRequestRegionException."},
			{ID: "regions.no-instance", Status: finding.Fail, Title: "no region has the Identity Center instance of the application", Why: "CreateTokenWithIAM answers InvalidClientException (invalid_client)."},
		}},
		{ID: "regions.grants", Title: "region of S3 Access Grants", Why: "An S3 Access Grants instance takes people from Identity Center in its own region only.", Kinds: []finding.Kind{
			{ID: "regions.grants-elsewhere", Status: finding.Fail, Title: "S3 Access Grants is asked in another region than Identity Center's", Why: "There it cannot be associated with Identity Center (InvalidIdentityCenterInstance), and GetDataAccess answers AccessDenied to people."},
		}},
		{ID: "regions.target", Title: "region of the bucket", Why: "S3 Access Grants gives access to buckets in its own region only.", Kinds: []finding.Kind{
			{ID: "regions.bucket-elsewhere", Status: finding.Fail, Title: "the bucket is in another region", Why: "GetDataAccess answers AccessDenied for it, or AccessGrantsInstanceNotExistsError where it is asked in the bucket's region."},
		}},
		{ID: "regions.environment", Title: "region of the environment", Why: "tip-cli goes by its configuration, and other programs by the environment.", Kinds: []finding.Kind{
			{ID: "regions.environment-differs", Status: finding.Warn, Title: "the environment names another region than the configuration", Why: "The AWS CLI and SDKs prefer it to the profile that tip-cli serves: they look for S3 Access Grants and work groups where there are none."},
		}},
	}
}
