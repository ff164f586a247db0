package labtest

import (
	_ "embed"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/lab"
)

//go:embed organization.yaml
var organization []byte

// Accounts that [Organization] adds.
const (
	// AdministratorAccount is a delegated administrator of IAM Identity Center.
	AdministratorAccount = "123456789012"
	// DataAccount has data that the people reach across accounts.
	DataAccount = "777788889999"
)

// Of [Organization] in [DataAccount].
const (
	// DataBucket is in the region of the world, ArchiveBucket in [ArchiveRegion].
	DataBucket    = "tip-data-lake"
	ArchiveBucket = "tip-data-archive"
	ArchiveRegion = "eu-central-1"
	// DataReaderRoleARN is of a role that [ApplicationAccount] may assume.
	DataReaderRoleARN = "arn:aws:iam::777788889999:role/tip-data-reader"
)

// Organization is an edit of the default world, for [Edit]: an organization of four
// accounts. [CenterAccount] manages it, [AdministratorAccount] administers IAM
// Identity Center in its name, [ApplicationAccount] stays as it is, and
// [DataAccount] has S3 Access Grants instances of its own in two regions, shared with
// [ApplicationAccount] by their resource policies: that of the world's region grants
// the group [Analysts] what is below reports/ in [DataBucket], that of
// [ArchiveRegion], where IAM Identity Center is not, grants [DataReaderRoleARN] the
// same in [ArchiveBucket]. What is below shared/ in either bucket is open to
// [ApplicationAccount] by the bucket policy.
func Organization(w *lab.World) {
	var more lab.World
	if err := yaml.Unmarshal(organization, &more); err != nil {
		panic(fmt.Sprintf("labtest: organization.yaml: %v", err)) // it is part of the program
	}
	w.Organization = more.Organization
	w.Accounts = append(w.Accounts, more.Accounts...)
	w.Buckets = append(w.Buckets, more.Buckets...)
	w.AccessGrants = append(w.AccessGrants, more.AccessGrants...)
}
