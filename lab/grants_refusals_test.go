package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

var (
	noInstance = answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}
	noLocation = answer{404, "NoSuchAccessGrantsLocationError", "The specified access grants location does not exist"}
	noGrant    = answer{404, "NoSuchAccessGrantError", "The specified access grant does not exist"}
	noPolicy   = answer{404, "AccessGrantsInstanceResourcePolicyNotExists", "Access Grants Instance Resource Policy does not exist"}
	badGrant   = answer{400, "InvalidAccessGrant", "The specified Access Grant is invalid"}
	badScope   = answer{400, "InvalidAccessGrantsLocation", "The specified Access Grants Location is invalid"}
	badRole    = answer{400, "InvalidIamRole", "The specified IAM Role is invalid"}
	badCenter  = answer{400, "InvalidIdentityCenterInstance", "The specified identity center instance is invalid"}
	badPolicy  = answer{400, "InvalidResourcePolicy", "The specified Resource Policy is invalid"}
	badTag     = answer{400, "InvalidTag", "This request contains a tag key or value that isn't valid..."}
	tooMany    = answer{400, "TooManyTags", "The number of tags exceeds the limit of 50 tags. Remove some tags and try again."}
	noRight    = answer{400, "InvalidRequest", "*"}
)

const (
	farCenter      = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	farApplication = "arn:aws:sso::111122223333:application/ssoins-fedcba0987654321/apl-fedcba0987654321"
)

// refusing is a world with what the refusals need.
func refusing(w *lab.World) {
	silent(w)
	far := w.IdentityCenter[0]
	far.ARN, far.IdentityStoreID, far.Region, far.TrustedTokenIssuers = farCenter, "d-0987654321", "us-east-1", nil
	far.Applications = []world.ApplicationFile{{Name: "far", ARN: farApplication}}
	w.IdentityCenter = append(w.IdentityCenter, far)
	w.Buckets = append(w.Buckets, world.BucketFile{Name: "far-away", Account: appl, Region: "us-east-1"})
	trust := policyOf(statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"Service": "access-grants.s3.amazonaws.com"}))
	addRole(w, 0, "foreign", trust, nil)
	addRole(w, 1, "elsewhere", policyOf(statement("Allow", "sts:AssumeRole", "Principal", map[string]any{"Service": "access-grants.s3.amazonaws.com"},
		"Condition", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": center}})), nil)
	grants(user("b/*"))(w)
	w.AccessGrants[0].Locations = w.AccessGrants[0].Locations[:1]
}

// manyTags are tags by number.
func manyTags(n int) []string {
	var kv []string
	for i := range n {
		kv = append(kv, fmt.Sprint("key", i), "value")
	}
	return kv
}

func TestAccessGrantsRefusals(t *testing.T) {
	b := start(t, refusing)
	long := strings.Repeat("x", 129)
	iam := types.GranteeTypeIam
	person, people := types.GranteeTypeDirectoryUser, types.GranteeTypeDirectoryGroup
	grant := func(location, subPrefix string, kind types.GranteeType, id string, edits ...func(*s3control.CreateAccessGrantInput)) func(*owner) error {
		return func(o *owner) error { return errOf(o.createGrant(location, subPrefix, kind, id, edits...)) }
	}
	location := func(scope, role string) func(*owner) error {
		return func(o *owner) error { return errOf(o.createLocation(scope, role)) }
	}
	tag := func(kv ...string) func(*owner) error { return func(o *owner) error { return o.tag(grantsARN, kv...) } }
	object := func(in *s3control.CreateAccessGrantInput) { in.S3PrefixType = types.S3PrefixTypeObject }
	application := func(arn string) func(*s3control.CreateAccessGrantInput) {
		return func(in *s3control.CreateAccessGrantInput) { in.ApplicationArn = &arn }
	}
	const unknown = "00000000-0000-4000-8000-000000000000"
	for name, c := range map[string]struct {
		ask  func(*owner) error
		want answer
	}{
		"second instance": {func(o *owner) error { return errOf(o.createInstance()) }, answer{409, "AccessGrantsInstanceAlreadyExists", "Access Grants Instance already exists"}},

		"associated twice":              {func(o *owner) error { return o.associate(instance) }, badCenter},
		"association with nobody":       {func(o *owner) error { return o.associate("arn:aws:sso:::instance/ssoins-0000000000000000") }, badCenter},
		"association in another region": {func(o *owner) error { return o.associate(farCenter) }, badCenter},
		"association with no instance":  {func(o *owner) error { return o.associate("arn:aws:sso:::x/y") }, noRight},

		"location twice":                {location("s3://", locationRole), answer{409, "AccessGrantsLocationAlreadyExistsError", "The specified access grants location already exists"}},
		"location without s3://":        {location("tip-demo-data", locationRole), badScope},
		"location with other case":      {location("S3://tip-demo-data", locationRole), badScope},
		"location in another region":    {location("s3://far-away/x*", locationRole), badScope},
		"location of no bucket":         {location("s3:///x*", locationRole), badScope},
		"location of any bucket":        {location("s3://*", locationRole), badScope},
		"location of a bad bucket":      {location("s3://Bad_Bucket/", locationRole), badScope},
		"location of two dots":          {location("s3://a..b/", locationRole), badScope},
		"location's star in the bucket": {location("s3://a*b/x*", locationRole), badScope},
		"location's star and more":      {location("s3://a*/x*", locationRole), badScope},
		"location's role unknown":       {location("s3://tip-demo-data", roleIn(appl, "nobody")), badRole},
		"location's role foreign":       {location("s3://tip-demo-data", roleIn(center, "foreign")), badRole},
		"location's role not trusting":  {location("s3://tip-demo-data", enhanced), badRole},
		"location's role trusts others": {location("s3://tip-demo-data", roleIn(appl, "elsewhere")), badRole},
		"location's role no ARN":        {location("s3://tip-demo-data", "s3-access-grants-location"), badRole},
		"location's role is a user":     {location("s3://tip-demo-data", "arn:aws:iam::444455556666:user/admin"), badRole},
		"update of no location":         {func(o *owner) error { return errOf(o.updateLocation(unknown, locationRole)) }, noLocation},
		"update to an unknown role":     {func(o *owner) error { return errOf(o.updateLocation("default", roleIn(appl, "nobody"))) }, badRole},
		"update to a role not trusting": {func(o *owner) error { return errOf(o.updateLocation("default", enhanced)) }, badRole},
		"deletion of no location":       {func(o *owner) error { return o.deleteLocation(unknown) }, noLocation},
		"deletion of one in use":        {func(o *owner) error { return o.deleteLocation("default") }, answer{400, "AccessGrantsLocationNotEmptyError", "*"}},
		"no such location": {func(o *owner) error {
			return errOf(o.client.GetAccessGrantsLocation(o.Context(), &s3control.GetAccessGrantsLocationInput{AccountId: o.account, AccessGrantsLocationId: aws.String(unknown)}))
		}, noLocation},

		"grant twice":                              {grant("default", "b/*", person, analyst), answer{409, "AccessGrantAlreadyExists", "The specified access grant already exists"}},
		"grant under no location":                  {grant(unknown, "b/*", person, analyst), noLocation},
		"grant of everything":                      {grant("default", "", person, analyst), badGrant},
		"grant of everything, star":                {grant("default", "*", person, analyst), badGrant},
		"grant of everything, stars":               {grant("default", "**", person, analyst), badGrant},
		"grant of everything, slash":               {grant("default", "/*", person, analyst), badGrant},
		"grant of no bucket":                       {grant("default", "/b/*", person, analyst), badGrant},
		"grant of a bad bucket":                    {grant("default", "Bad_Bucket/*", person, analyst), badGrant},
		"grant of a scope":                         {grant("default", "s3://b/*", person, analyst), badGrant},
		"grant in another region":                  {grant("default", "far-away/*", person, analyst), badGrant},
		"object in another region":                 {grant("default", "far-away/k", person, analyst, object), badGrant},
		"object that is a bucket":                  {grant("default", "b", person, analyst, object), badGrant},
		"object without a key":                     {grant("default", "b/", person, analyst, object), badGrant},
		"grant without a star":                     {grant("default", "b/k", person, analyst), badGrant},
		"object grant with a star":                 {grant("default", "b/k*", person, analyst, object), badGrant},
		"grant to no user":                         {grant("default", "b/new/*", person, unknown), badGrant},
		"grant to no group":                        {grant("default", "b/new/*", people, unknown), badGrant},
		"grant to a group as a user":               {grant("default", "b/new/*", person, analysts), badGrant},
		"grant to a user as a group":               {grant("default", "b/new/*", people, analyst), badGrant},
		"grant to a user by name":                  {grant("default", "b/new/*", person, analystName), badGrant},
		"grant to nobody":                          {grant("default", "b/new/*", person, ""), badGrant},
		"IAM grant to a GUID":                      {grant("default", "b/new/*", iam, analyst), badGrant},
		"IAM grant to a session":                   {grant("default", "b/new/*", iam, "arn:aws:sts::444455556666:assumed-role/r/s"), badGrant},
		"IAM grant to an account":                  {grant("default", "b/new/*", iam, "arn:aws:iam::444455556666:root"), badGrant},
		"IAM grant to a role of another partition": {grant("default", "b/new/*", iam, strings.Replace(enhanced, "arn:aws:", "arn:aws-cn:", 1)), badGrant},
		"IAM grant to no role's name":              {grant("default", "b/new/*", iam, roleIn(appl, "")), badGrant},
		"IAM grant to all roles":                   {grant("default", "b/new/*", iam, roleIn(appl, "*")), badGrant},
		"IAM grant to a group of IAM":              {grant("default", "b/new/*", iam, "arn:aws:iam::444455556666:group/g"), badGrant},
		"IAM grant with an application":            {grant("default", "b/new/*", iam, enhanced, application(appARN)), badGrant},
		"grant for no application":                 {grant("default", "b/new/*", person, analyst, application(appARN[:len(appARN)-4]+"0000")), badGrant},
		"grant for another center's":               {grant("default", "b/new/*", person, analyst, application(farApplication)), badGrant},
		"grant with another permission":            {grant("default", "b/new/*", person, analyst, func(in *s3control.CreateAccessGrantInput) { in.Permission = "ALL" }), noRight},
		"grant to another kind":                    {grant("default", "b/new/*", "ROLE", enhanced), noRight},
		"grant with another prefix type":           {grant("default", "b/new/*", person, analyst, func(in *s3control.CreateAccessGrantInput) { in.S3PrefixType = "Prefix" }), noRight},
		"deletion of no grant":                     {func(o *owner) error { return o.deleteGrant(unknown) }, noGrant},
		"no such grant": {func(o *owner) error {
			return errOf(o.client.GetAccessGrant(o.Context(), &s3control.GetAccessGrantInput{AccountId: o.account, AccessGrantId: aws.String(unknown)}))
		}, noGrant},

		"no policy to read": {func(o *owner) error {
			return errOf(o.client.GetAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.GetAccessGrantsInstanceResourcePolicyInput{AccountId: o.account}))
		}, noPolicy},
		"no policy to delete": {func(o *owner) error {
			return errOf(o.client.DeleteAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.DeleteAccessGrantsInstanceResourcePolicyInput{AccountId: o.account}))
		}, noPolicy},
		"policy that is no JSON":     {func(o *owner) error { return o.putPolicy("{") }, badPolicy},
		"policy without a principal": {func(o *owner) error { return o.putPolicy(sharing(``, "s3:GetDataAccess", `"*"`)) }, badPolicy},
		"policy for nobody": {func(o *owner) error {
			return o.putPolicy(sharing(principalOf(roleIn(center, "nobody")), "s3:GetDataAccess", `"*"`))
		}, badPolicy},
		"policy for somebody gone": {func(o *owner) error {
			return o.putPolicy(sharing(principalOf("AROAEXAMPLEID1234567X"), "s3:GetDataAccess", `"*"`))
		}, badPolicy},
		"policy for another resource": {func(o *owner) error {
			return o.putPolicy(sharing(principalOf(center), "s3:GetDataAccess", `"arn:aws:s3:::b/*"`))
		}, badPolicy},
		"policy for another instance": {func(o *owner) error {
			return o.putPolicy(sharing(principalOf(center), "s3:GetDataAccess", `["`+grantsARN+`","`+strings.Replace(grantsARN, appl, center, 1)+`"]`))
		}, badPolicy},
		"policy of a bad organization": {func(o *owner) error {
			return errOf(o.client.PutAccessGrantsInstanceResourcePolicy(o.Context(), &s3control.PutAccessGrantsInstanceResourcePolicyInput{AccountId: o.account, Policy: aws.String(sharing(principalOf(center), "s3:GetDataAccess", `"*"`)), Organization: aws.String("example.com")}))
		}, noRight},

		"tags, too many":           {tag(manyTags(51)...), tooMany},
		"tag without a key":        {tag("", "v"), badTag},
		"tag with a long key":      {tag(long, "v"), badTag},
		"tag with a long value":    {tag("k", long+long), badTag},
		"tag with a comma":         {tag("k", "a,b"), badTag},
		"tag of AWS":               {tag("aws:x", "v"), answer{400, "InvalidTags", "Tag keys cannot start with AWS reserved prefix for system tags."}},
		"tag of AWS in capitals":   {tag("AWS:x", "v"), answer{400, "InvalidTags", "Tag keys cannot start with AWS reserved prefix for system tags."}},
		"tag twice":                {tag("k", "1", "k", "2"), answer{400, "InvalidTag", "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again."}},
		"location with bad tags":   {func(o *owner) error { return errOf(o.createLocation("s3://tip-demo-data", locationRole, "k", "a,b")) }, badTag},
		"grant with bad tags":      {grant("default", "b/new/*", person, analyst, func(in *s3control.CreateAccessGrantInput) { in.Tags = tagsOf("k", "a,b") }), badTag},
		"grant with too many tags": {grant("default", "b/new/*", person, analyst, func(in *s3control.CreateAccessGrantInput) { in.Tags = tagsOf(manyTags(51)...) }), tooMany},
		"tag on no location":       {func(o *owner) error { return o.tag(grantsARN+"/location/none", "k", "v") }, noLocation},
		"tag on no grant":          {func(o *owner) error { return o.tag(grantsARN+"/grant/none", "k", "v") }, noGrant},
		"tag on a bucket":          {func(o *owner) error { return o.tag("arn:aws:s3:::tip-demo-data", "k", "v") }, noRight},
		"tag on something else":    {func(o *owner) error { return o.tag(grantsARN+"/other/x", "k", "v") }, noRight},
		"untag of no grant":        {func(o *owner) error { return o.untag(grantsARN+"/grant/none", "k") }, noGrant},
		"tags of no grant":         {func(o *owner) error { return errOf(o.tags(grantsARN + "/grant/none")) }, noGrant},
		"tags elsewhere":           {func(o *owner) error { return errOf(o.tags(strings.Replace(grantsARN, appl, center, 1))) }, noRight},

		"token of another list": {func(o *owner) error {
			return errOf(o.client.ListAccessGrants(o.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account, NextToken: aws.String("bG9jYXRpb25zIDE")}))
		}, answer{400, "InvalidRequest", "The nextToken is not valid"}},
		"token of locations": {func(o *owner) error {
			return errOf(o.client.ListAccessGrantsLocations(o.Context(), &s3control.ListAccessGrantsLocationsInput{AccountId: o.account, NextToken: aws.String("%")}))
		}, answer{400, "InvalidRequest", "The nextToken is not valid"}},
		"token of instances": {func(o *owner) error {
			return errOf(o.client.ListAccessGrantsInstances(o.Context(), &s3control.ListAccessGrantsInstancesInput{AccountId: o.account, NextToken: aws.String("x")}))
		}, answer{400, "InvalidRequest", "The nextToken is not valid"}},
		"page too long": {func(o *owner) error {
			return errOf(o.client.ListAccessGrants(o.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account, MaxResults: 1001}))
		}, noRight},
		"caller's scope without s3://": {func(o *owner) error {
			return errOf(o.client.ListCallerAccessGrants(o.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: o.account, GrantScope: aws.String("b/")}))
		}, answer{400, "InvalidRequest", "The grant scope must begin with s3://"}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, c.want, c.ask(b.on(t).owner())) })
	}
	t.Run("tags, together too many", func(t *testing.T) {
		o := b.on(t).owner()
		expect(t, answer{}, o.tag(grantsARN, manyTags(50)...))
		expect(t, tooMany, o.tag(grantsARN, "one", "more"))
		expect(t, answer{}, o.tag(grantsARN, "key0", "other"))
	})
}

func principalOf(who string) string { return `"Principal":{"AWS":"` + who + `"},` }

// sharing is a resource policy in JSON.
func sharing(principal, action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + principal + `"Action":"` + action + `","Resource":` + resource + `}]}`
}

// Without an instance there is nothing to manage but the instance itself.
func TestNoAccessGrantsInstance(t *testing.T) {
	b := start(t, refusing, func(w *lab.World) { w.AccessGrants = nil })
	for name, call := range managementCalls() {
		t.Run(name, func(t *testing.T) {
			o := b.on(t).owner()
			want := noInstance
			switch name {
			case "CreateAccessGrantsInstance", "ListAccessGrantsInstances":
				want = answer{}
			}
			if name != "CreateAccessGrantsInstance" {
				expect(t, want, call.ask(o))
			}
		})
	}
	for arn, want := range map[string]answer{farCenter: badCenter, "arn:aws:sso:::instance/ssoins-0000000000000000": badCenter, "x": noRight} {
		_, err := b.owner().createInstance(func(in *s3control.CreateAccessGrantsInstanceInput) { in.IdentityCenterArn = &arn })
		expect(t, want, err)
	}
	_, err := b.owner().createInstance(func(in *s3control.CreateAccessGrantsInstanceInput) { in.Tags = tagsOf("k", "a,b") })
	expect(t, badTag, err)
	expect(t, answer{}, managementCalls()["CreateAccessGrantsInstance"].ask(b.owner()))
}

// The quotas of an instance, lowered by the world file.
func TestAccessGrantsQuotas(t *testing.T) {
	b := start(t, silent, grants(user("b/*")), func(w *lab.World) { w.AccessGrants[0].MaxLocations, w.AccessGrants[0].MaxGrants = 3, 2 })
	o := b.owner()
	expect(t, answer{}, errOf(o.createLocation("s3://three", locationRole)))
	expect(t, answer{409, "AccessGrantsLocationsQuotaExceededError", "The access grants location quota has been exceeded. Access Grants Locations Quota: 3. Please reach out to S3 if an increase is required."},
		errOf(o.createLocation("s3://four", locationRole)))
	second := must[*s3control.CreateAccessGrantOutput](t)(o.createGrant("default", "b/2/*", "IAM", enhanced))
	if second.ApplicationArn != nil {
		t.Errorf("an IAM grant is for %s", *second.ApplicationArn)
	}
	full := answer{409, "AccessGrantsQuotaExceededError", "The access grants quota has been exceeded. Access Grants Quota: 2. Please reach out to S3 if an increase is required."}
	expect(t, full, errOf(o.createGrant("default", "b/3/*", "IAM", enhanced)))
	expect(t, answer{}, o.deleteGrant(*second.AccessGrantId))
	expect(t, answer{}, errOf(o.createGrant("default", "b/3/*", "IAM", enhanced)))
}
