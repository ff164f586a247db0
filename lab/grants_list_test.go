package lab_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// scopesOf are the grant scopes of every page.
func (o *owner) scopesOf(size int32, edits ...func(*s3control.ListAccessGrantsInput)) (scopes []string, pages int) {
	o.Helper()
	in := &s3control.ListAccessGrantsInput{AccountId: o.account, MaxResults: size}
	for _, edit := range edits {
		edit(in)
	}
	for p := s3control.NewListAccessGrantsPaginator(o.client, in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(o.Context())
		if err != nil {
			o.Fatal(err)
		}
		for _, g := range page.AccessGrantsList {
			scopes = append(scopes, strings.TrimPrefix(*g.GrantScope, "s3://"))
		}
	}
	return scopes, pages
}

func TestFiltersOfAccessGrants(t *testing.T) {
	bound := user("b/4/*")
	bound.Application = appARN
	b := start(t, silent, grants(user("b/1/*"), permitting("WRITE", group("b/2/*")), role("b/3/*"), bound, permitting("WRITE", role("b/3/*"))))
	type in = s3control.ListAccessGrantsInput
	for name, c := range map[string]struct {
		edit func(*in)
		want []string
	}{
		"none":                   {func(*in) {}, []string{"b/1/*", "b/2/*", "b/3/*", "b/4/*", "b/3/*"}},
		"users":                  {func(in *in) { in.GranteeType = "DIRECTORY_USER" }, []string{"b/1/*", "b/4/*"}},
		"groups":                 {func(in *in) { in.GranteeType = "DIRECTORY_GROUP" }, []string{"b/2/*"}},
		"IAM":                    {func(in *in) { in.GranteeType = "IAM" }, []string{"b/3/*", "b/3/*"}},
		"the analyst":            {func(in *in) { in.GranteeIdentifier = aws.String(analyst) }, []string{"b/1/*", "b/4/*"}},
		"the engineer":           {func(in *in) { in.GranteeIdentifier = aws.String(engineer) }, nil},
		"WRITE":                  {func(in *in) { in.Permission = "WRITE" }, []string{"b/2/*", "b/3/*"}},
		"READWRITE":              {func(in *in) { in.Permission = "READWRITE" }, nil},
		"scope":                  {func(in *in) { in.GrantScope = aws.String("s3://b/3/*") }, []string{"b/3/*", "b/3/*"}},
		"part of a scope":        {func(in *in) { in.GrantScope = aws.String("s3://b/3") }, nil},
		"application":            {func(in *in) { in.ApplicationArn = aws.String(appARN) }, []string{"b/4/*"}},
		"several":                {func(in *in) { in.GrantScope, in.Permission = aws.String("s3://b/3/*"), "WRITE" }, []string{"b/3/*"}},
		"several without a user": {func(in *in) { in.GranteeType, in.GranteeIdentifier = "IAM", aws.String(analyst) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := b.on(t).owner().scopesOf(0, c.edit)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("locations", func(t *testing.T) {
		o := b.on(t).owner()
		for scope, want := range map[string]int{"s3://tip-team-data": 1, "s3://": 1, "s3://tip": 0, "": 2} {
			in := &s3control.ListAccessGrantsLocationsInput{AccountId: o.account}
			if scope != "" {
				in.LocationScope = &scope
			}
			out := must[*s3control.ListAccessGrantsLocationsOutput](t)(o.client.ListAccessGrantsLocations(t.Context(), in))
			if len(out.AccessGrantsLocationsList) != want {
				t.Errorf("%q: %d locations, want %d", scope, len(out.AccessGrantsLocationsList), want)
			}
		}
	})
}

// Pages show every grant once that is there all the time, whatever goes and comes meanwhile.
func TestPagesOfAccessGrants(t *testing.T) {
	var list []world.GrantFile
	for i := range 5 {
		g := user(fmt.Sprintf("b/%d/*", i))
		g.ID = fmt.Sprint("g", i)
		list = append(list, g)
	}
	b := start(t, silent, grants(list...))
	o := b.owner()
	got, pages := o.scopesOf(2)
	if diff := cmp.Diff([]string{"b/0/*", "b/1/*", "b/2/*", "b/3/*", "b/4/*"}, got); diff != "" || pages != 3 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
	first := must[*s3control.ListAccessGrantsOutput](t)(o.client.ListAccessGrants(t.Context(), &s3control.ListAccessGrantsInput{AccountId: o.account, MaxResults: 2}))
	expect(t, answer{}, o.deleteGrant("g1")) // the last one of that page
	expect(t, answer{}, o.deleteGrant("g3"))
	expect(t, answer{}, errOf(o.createGrant("default", "b/5/*", "IAM", enhanced)))
	rest, _ := o.scopesOf(2, func(in *s3control.ListAccessGrantsInput) { in.NextToken = first.NextToken })
	if diff := cmp.Diff([]string{"b/2/*", "b/4/*", "b/5/*"}, rest); diff != "" {
		t.Errorf("behind the first page (-want +got):\n%s", diff)
	}
	for i := range 3 {
		expect(t, answer{}, errOf(o.createLocation(fmt.Sprint("s3://bucket-", i), locationRole)))
	}
	count := 0
	locations := s3control.NewListAccessGrantsLocationsPaginator(o.client, &s3control.ListAccessGrantsLocationsInput{AccountId: o.account, MaxResults: 1})
	for locations.HasMorePages() {
		page, err := locations.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count += len(page.AccessGrantsLocationsList)
	}
	if count != 5 {
		t.Errorf("%d locations", count)
	}
}

// Grants are made and deleted while others ask: every answer is of one state, and nothing races.
func TestManagementWhileOthersAsk(t *testing.T) {
	const rounds = 25
	b := start(t, silent, grants(user("b/stays/*")))
	o, p := b.owner(), b.person(analyst)
	var wg sync.WaitGroup
	for worker := range 3 {
		wg.Go(func() {
			for i := range rounds {
				made, err := o.createGrant("default", fmt.Sprintf("b/%d/%d/*", worker, i), "DIRECTORY_USER", analyst)
				if err != nil {
					t.Error(err)
					return
				}
				if err := o.deleteGrant(*made.AccessGrantId); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				out, err := b.dataAccess(p, "s3://b/stays/k", "READ")
				if err != nil || *out.MatchedGrantTarget != "s3://b/stays/*" {
					t.Errorf("%v", err)
				}
				if scopes, _ := o.scopesOf(2); len(scopes) == 0 || scopes[0] != "b/stays/*" {
					t.Errorf("grants %v", scopes)
				}
			}
		})
	}
	wg.Go(func() {
		for range rounds {
			if err := o.tag(grantsARN, "k", "v"); err != nil {
				t.Error(err)
			}
			if _, err := o.updateLocation("default", locationRole); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	if scopes, _ := o.scopesOf(0); len(scopes) != 1 {
		t.Errorf("left: %v", scopes)
	}
}

// Of many who make the same grant one succeeds.
func TestOneOfTheSame(t *testing.T) {
	b := start(t, silent, grants())
	o := b.owner()
	results := make(chan answer, 8)
	var wg sync.WaitGroup
	for range cap(results) {
		wg.Go(func() { results <- answerOf(errOf(o.createGrant("default", "b/*", "IAM", enhanced))) })
	}
	wg.Wait()
	close(results)
	count := map[string]int{}
	for a := range results {
		count[a.Code]++
	}
	if diff := cmp.Diff(map[string]int{"": 1, "AccessGrantAlreadyExists": 7}, count); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// Each management request leaves an event in the trail of the instance's account,
// a refused one, too. So do GetDataAccess and ListCallerAccessGrants, as AWS prints
// them: with the instance, and without the answer.
func TestTrailOfManagement(t *testing.T) {
	b := start(t, managedWorld)
	o := b.owner()
	calls := managementCalls()
	reads := []string{"GetAccessGrant", "ListAccessGrants", "ListTagsForResource", "GetAccessGrantsInstanceResourcePolicy"}
	writes := []string{"CreateAccessGrant", "TagResource", "UpdateAccessGrantsLocation", "DeleteAccessGrant", "DissociateAccessGrantsIdentityCenter"}
	for _, name := range append(reads, writes...) {
		expect(t, answer{}, calls[name].ask(o))
		e := b.lastEvent()
		wantRead := name[0] == 'G' || name[0] == 'L'
		if e.EventName != name || e.EventSource != "s3.amazonaws.com" || !e.ManagementEvent || e.EventCategory != "Management" || e.ReadOnly != wantRead ||
			e.RecipientAccountID != appl || e.UserIdentity.ARN != "arn:aws:iam::444455556666:user/admin" || e.ErrorCode != "" || e.AWSRegion != "eu-west-1" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	expect(t, noGrant, calls["GetAccessGrant"].ask(o))
	if e := b.lastEvent(); e.ErrorCode != "NoSuchAccessGrantError" || e.RequestParameters["accessGrantId"] != "g" || e.ResponseElements != nil {
		t.Errorf("refusal: %+v", e)
	}
	expect(t, answer{403, "AccessDenied", "*"}, calls["CreateAccessGrant"].ask(b.ownerAs(b.session(roleIn(center, "allowed")))))
	if e := b.lastEvent(); e.ErrorCode != "AccessDenied" || e.RecipientAccountID != appl || e.UserIdentity.AccountID != center {
		t.Errorf("across accounts: %+v", e)
	}
	_, err := b.dataAccess(b.session(enhanced), "s3://b/new/k", "READ", func(in *s3control.GetDataAccessInput) { in.AuditContext = aws.String("ticket 17") })
	expect(t, answer{}, err)
	if e := b.lastEvent(); e.EventName != "GetDataAccess" || e.RequestParameters["auditContext"] != "ticket 17" || !ofInstance(&e) {
		t.Errorf("data access: %+v", e)
	}
	_, err = b.dataAccess(b.session(enhanced), "s3://b/other/k", "READ", func(in *s3control.GetDataAccessInput) { in.AuditContext = aws.String("ticket 18") })
	expect(t, noPermission("READ", "s3://b/other/k"), err)
	if e := b.lastEvent(); e.ErrorCode != "AccessDenied" || e.RequestParameters["auditContext"] != "ticket 18" || !ofInstance(&e) {
		t.Errorf("refused data access: %+v", e)
	}
	_, err = b.control(b.person(analyst)).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl), AllowedByApplication: true})
	expect(t, answer{}, err)
	if e := b.lastEvent(); e.EventName != "ListCallerAccessGrants" || e.RequestParameters["allowedByApplication"] != true || e.UserIdentity.OnBehalfOf.UserID != analyst || !ofInstance(&e) {
		t.Errorf("own grants: %+v", e)
	}
}

// ofInstance reports whether an event is a management event about the Access Grants
// instance, without an answer.
func ofInstance(e *lab.Event) bool {
	want := []world.Resource{{AccountID: appl, Type: "AWS:S3::AccessGrantsInstance", ARN: grantsARN}}
	return e.ManagementEvent && e.EventCategory == "Management" && e.ReadOnly && e.ResponseElements == nil && slices.Equal(e.Resources, want)
}

// lastEvent is the newest of the trail.
func (b *bench) lastEvent() lab.Event {
	b.Helper()
	events := b.lab.Events()
	if len(events) == 0 {
		b.Fatal("no event")
	}
	return events[len(events)-1]
}
