// Package grants is the section "grants" of a diagnosis: S3 Access Grants, from the
// instance to what the person gets for a path.
//
// What administrators may read is read with their access, what the person may with the
// person's session. It changes nothing; with --live, and a path, it has credentials
// given out for it, and drops them.
package grants

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// section is one look at S3 Access Grants.
type section struct {
	*chain.Chain
	log *finding.Log
	// account and region are those of the instance, instance its ARN.
	account, region, partition, instance string
	// target is the path in question, or "", and permission what is wanted of it.
	target     string
	permission types.Permission

	// admin reads as an administrator; nil if nobody may. person reads as the person; nil too.
	admin, person *s3control.Client
	iam           *iam.Client
	s3            *s3.Client

	read reading
	// covering is the location that holds the path, role that whose trust was looked at.
	covering *location
	role     *chain.Role
	// bucketOwned says that the bucket is of the account of the instance.
	bucketOwned bool
	// bucketHidden says that S3 refused to tell.
	bucketHidden bool
	// serves is the grant that should serve the path.
	serves *grant
	// unsure says that there may be grants that were not read.
	unsure bool
	// given and askErr are what AWS has decided about the path, both nil if it was not asked.
	given  *s3agcreds.Grant
	askErr error
}

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	s := &section{Chain: c, log: finding.NewLog(finding.AccessGrants, Checks()), target: c.Asked.Target}
	if reason := s.open(); reason != "" {
		s.skip(reason)
		return s.log.Results()
	}
	s.readAll(ctx)
	if s.checkInstance(ctx); s.log.Has("grants.no-instance") {
		s.skip("needs an instance, see grants.no-instance")
		return s.log.Results()
	}
	s.askAWS(ctx)
	s.checkCenter()
	s.checkSharing(ctx)
	if far := c.FirstFailed("regions.bucket-elsewhere"); far != "" {
		s.skip("the bucket is in another region: see " + far)
		return s.inOrder()
	}
	s.checkBucket(ctx)
	s.checkLocation(ctx)
	s.checkGrant()
	s.checkScope()
	s.checkRoles(ctx)
	s.checkAnswer()
	return s.inOrder()
}

// open says why there is nothing to look at, "" if there is.
func (s *section) open() string {
	c := s.Chain
	s.permission = types.Permission(cmp.Or(c.Asked.Permission, string(types.PermissionRead)))
	s.region, s.partition = c.Regions.Region, cmp.Or(c.Config.Partition(), "aws")
	s.account = c.GrantsAccount()
	switch {
	case !c.Asked.Wants(chain.S3):
		return "not asked for: --service s3"
	case c.HTTPErr != nil:
		return "there is no way to send requests: see the checks of this machine"
	case c.RegionsErr != nil || s.region == "":
		return "needs to know the region: see the checks of this machine"
	case c.AskedElsewhere() != "":
		return "asked in the wrong region, " + s.region + ": see " + c.AskedElsewhere()
	case s.account == "":
		return "needs to know the account: see the checks of this machine"
	case s.target != "" && s3agcreds.ValidateTarget(s.target) != nil:
		return "--target " + s3agcreds.ValidateTarget(s.target).Error()
	}
	s.instance = instanceARN(s.partition, s.region, s.account)
	s.clients()
	return ""
}

func (s *section) clients() {
	if cfg := s.Application.Config; cfg != nil {
		own := cfg.Copy()
		own.Region = s.region
		s.admin, s.iam, s.s3 = s3control.NewFromConfig(own, s3agcreds.LoopbackEndpoint), iam.NewFromConfig(own), s3.NewFromConfig(own, pathStyle)
	}
	if s.Session != nil && (s.Person == nil || s.Session.UserID == s.Person.UserID) { // else it is somebody else's
		cfg := s.Session.Config.Copy()
		cfg.Region = s.region
		s.person = s3control.NewFromConfig(cfg, s3agcreds.LoopbackEndpoint)
	}
}

// pathStyle keeps buckets out of host names where they would not resolve.
func pathStyle(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil }

func instanceARN(partition, region, account string) string {
	return "arn:" + partition + ":s3:" + region + ":" + account + ":access-grants/default"
}

// skip leaves out every check that has no result yet.
func (s *section) skip(reason string) {
	for _, c := range Checks() {
		if !s.log.Has(c.ID) {
			s.log.Skip(c.ID, reason)
		}
	}
}

// inOrder are the results in the order of the checks.
func (s *section) inOrder() []finding.Result {
	var all []finding.Result
	for _, c := range Checks() {
		for _, r := range s.log.Results() {
			if r.Check == c.ID {
				all = append(all, r)
			}
		}
	}
	return all
}

// unread says that something could not be read, and where other credentials could read
// it, which.
func (s *section) unread(check string, r *refusal.Refusal) {
	if !r.Denied && !r.Unsigned {
		s.log.Unread(check, r.Seen, nil)
		return
	}
	seen := r.Seen
	if s.Application.Account != "" && s.Application.Account != s.account {
		seen += " (the credentials are of account " + s.Application.Account + ", the instance is of account " + s.account + ")"
	}
	s.log.Unread(check, seen, r.Missing(), s.giveProfile())
}

// giveProfile is how reads become possible.
func (s *section) giveProfile() finding.Fix {
	return finding.Fix{Who: finding.DataAdmin, Does: "give a profile of the AWS config file that may read it in account " + s.account + ": --app-profile"}
}

// unopened is the refusal of who has no credentials to read with.
func (s *section) unopened(permission string) *refusal.Refusal {
	return &refusal.Refusal{Unsigned: true, Permission: permission, Seen: cmp.Or(s.Application.Reason, "there is nothing to read with")}
}

func (s *section) ourRole() string { return s.Config.IDEnhancedRoleARN }

// userID is that of the person, "" if it is not known.
func (s *section) userID() string {
	if s.Person != nil && s.Person.UserID != "" {
		return s.Person.UserID
	}
	if s.Session != nil {
		return s.Session.UserID
	}
	return ""
}

// centerARN is the Identity Center instance of the application, "" if it is not known.
func (s *section) centerARN() string {
	if s.Registration != nil && s.Registration.InstanceARN != "" {
		return s.Registration.InstanceARN
	}
	return centerOf(s.Asked.ApplicationARN)
}

// centerOf is the Identity Center instance that an application is of, "" if its ARN does
// not tell.
func centerOf(application string) string {
	before, _, _ := strings.Cut(application, ":sso:")
	parts := strings.Split(application, "/")
	if len(parts) != 3 || !strings.HasPrefix(parts[1], "ssoins-") {
		return ""
	}
	return before + ":sso:::instance/" + parts[1]
}

// bucket is that of the path, "" without one.
func (s *section) bucket() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(s.target, "s3://"), "/")
	return strings.TrimSuffix(name, "*")
}

func deref(text *string) string { return aws.ToString(text) }
