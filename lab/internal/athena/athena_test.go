package athena_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// What CreateWorkGroup is given GetWorkGroup answers, with the service's defaults.
func TestRoundTrip(t *testing.T) {
	b := start(t)
	given := withCenter()
	given.ResultConfiguration = &types.ResultConfiguration{
		OutputLocation: aws.String("s3://tip-team-data/x/"), ExpectedBucketOwner: aws.String(probe.Application),
		EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionOption: types.EncryptionOptionSseS3},
		AclConfiguration:        &types.AclConfiguration{S3AclOption: types.S3AclOptionBucketOwnerFullControl},
	}
	given.QueryResultsS3AccessGrantsConfiguration = &types.QueryResultsS3AccessGrantsConfiguration{
		EnableS3AccessGrants: aws.Bool(true), CreateUserLevelPrefix: aws.Bool(true), AuthenticationType: types.AuthenticationTypeDirectoryIdentity,
	}
	given.BytesScannedCutoffPerQuery, given.EnforceWorkGroupConfiguration = aws.Int64(8070450532247928832), aws.Bool(false)
	given.EngineConfiguration = &types.EngineConfiguration{
		MaxConcurrentDpus: aws.Int32(20), AdditionalConfigs: map[string]string{"a": ""}, Classifications: []types.Classification{{Name: aws.String("spark")}},
	}
	probe.Expect(t, probe.Answer{}, b.create("new", given, func(in *athena.CreateWorkGroupInput) {
		in.Description, in.Tags = aws.String("New"), []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}}
	}))
	got := b.get(t, "new")
	want := *given
	want.PublishCloudWatchMetricsEnabled, want.RequesterPaysEnabled = aws.Bool(true), aws.Bool(false)
	want.EngineVersion = &types.EngineVersion{SelectedEngineVersion: aws.String("AUTO"), EffectiveEngineVersion: aws.String("Athena engine version 3")}
	if diff := cmp.Diff(&want, got.Configuration, same); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	text, err := b.Lab.Export()
	if strings.Contains(string(probe.Must(t, text, err)), "Properties:") {
		t.Error("the export has a member that was left out")
	}
	if *got.Description != "New" || got.State != types.WorkGroupStateEnabled || got.CreationTime == nil || got.CreationTime.IsZero() {
		t.Errorf("work group %+v", got)
	}
	if arn := aws.ToString(got.IdentityCenterApplicationArn); !strings.HasPrefix(arn, "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-") {
		t.Errorf("application %q", arn)
	}
}

// Every account has a work group primary in every region, which can be changed and
// neither made nor deleted.
func TestPrimary(t *testing.T) {
	b := start(t)
	if g := b.get(t, "primary"); g.State != types.WorkGroupStateEnabled || *g.Configuration.EnforceWorkGroupConfiguration || g.IdentityCenterApplicationArn != nil {
		t.Errorf("primary: %+v", g)
	}
	probe.Expect(t, invalid("primary workGroup could not be created"), b.create("primary", nil))
	probe.Expect(t, invalid("primary workGroup could not be deleted"), b.drop("primary"))
	probe.Expect(t, probe.Answer{}, b.update("primary", nil, func(in *athena.UpdateWorkGroupInput) {
		in.State, in.Description = types.WorkGroupStateDisabled, aws.String("Closed")
	}))
	if g := b.get(t, "primary"); g.State != types.WorkGroupStateDisabled || *g.Description != "Closed" {
		t.Errorf("primary, closed: %+v", g)
	}
	elsewhere, err := b.GetWorkGroup(t.Context(), &athena.GetWorkGroupInput{WorkGroup: aws.String("primary")}, func(o *athena.Options) { o.Region = "us-east-1" })
	if probe.Must(t, elsewhere, err).WorkGroup.State != types.WorkGroupStateEnabled {
		t.Error("primary is closed in another region")
	}
}

// An update changes what it names, and takes away what it says.
func TestUpdate(t *testing.T) {
	b := start(t)
	probe.Expect(t, probe.Answer{}, b.update(theirs, &types.WorkGroupConfigurationUpdates{
		BytesScannedCutoffPerQuery: aws.Int64(10_000_000), EnforceWorkGroupConfiguration: aws.Bool(false),
		ResultConfigurationUpdates: &types.ResultConfigurationUpdates{ExpectedBucketOwner: aws.String(probe.Application)},
	}))
	c := b.get(t, theirs).Configuration
	if *c.BytesScannedCutoffPerQuery != 10_000_000 || *c.EnforceWorkGroupConfiguration || *c.ResultConfiguration.OutputLocation != "s3://tip-team-data/athena/" ||
		*c.ResultConfiguration.ExpectedBucketOwner != probe.Application || *c.ExecutionRole != role || !*c.IdentityCenterConfiguration.EnableIdentityCenter {
		t.Errorf("configuration %+v", c)
	}
	probe.Expect(t, probe.Answer{}, b.update(theirs, &types.WorkGroupConfigurationUpdates{
		RemoveBytesScannedCutoffPerQuery:        aws.Bool(true),
		ResultConfigurationUpdates:              &types.ResultConfigurationUpdates{RemoveOutputLocation: aws.Bool(true), RemoveExpectedBucketOwner: aws.Bool(true)},
		ManagedQueryResultsConfigurationUpdates: &types.ManagedQueryResultsConfigurationUpdates{Enabled: aws.Bool(true)},
	}))
	c = b.get(t, theirs).Configuration
	if c.BytesScannedCutoffPerQuery != nil || c.ResultConfiguration.OutputLocation != nil || c.ResultConfiguration.ExpectedBucketOwner != nil || !c.ManagedQueryResultsConfiguration.Enabled {
		t.Errorf("configuration %+v", c)
	}
	probe.Expect(t, invalid("ManagedQueryResultsConfiguration and ResultConfiguration cannot be set together."), b.update(theirs, &types.WorkGroupConfigurationUpdates{
		ResultConfigurationUpdates: &types.ResultConfigurationUpdates{OutputLocation: aws.String("s3://tip-team-data/")},
	}))
	if c := b.get(t, theirs).Configuration; c.ResultConfiguration.OutputLocation != nil {
		t.Error("a refused update has changed something")
	}
}

func TestRefusals(t *testing.T) {
	b := start(t)
	tags := func(keys ...string) func(*athena.CreateWorkGroupInput) {
		return func(in *athena.CreateWorkGroupInput) {
			for _, key := range keys {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String("v")})
			}
		}
	}
	center := func(arn string) *types.WorkGroupConfiguration {
		c := withCenter()
		c.IdentityCenterConfiguration.IdentityCenterInstanceArn = &arn
		return c
	}
	withoutRole := withCenter()
	withoutRole.ExecutionRole = nil
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"exists":           {b.create(theirs, nil), "WorkGroup is already created"},
		"name":             {b.create("a b", nil), "1 validation error detected..."},
		"no such instance": {b.create("n", center("arn:aws:sso:::instance/ssoins-ffffffffffffffff")), "The IAM Identity Center instance ARN is not valid."},
		"no instance":      {b.create("n", &types.WorkGroupConfiguration{ExecutionRole: aws.String(role), IdentityCenterConfiguration: &types.IdentityCenterConfiguration{EnableIdentityCenter: aws.Bool(true)}}), "The IAM Identity Center instance ARN is not valid."},
		"no role":          {b.create("n", withoutRole), "ExecutionRole is required for IAM Identity Center enabled workgroups."},
		"form of role":     {b.create("n", &types.WorkGroupConfiguration{ExecutionRole: aws.String("arn:aws:iam::444455556666:user/somebody")}), "1 validation error detected..."},
		"location":         {b.create("n", results("https://tip-team-data/")), "outputLocation is not a valid S3 path."},
		"bare location":    {b.create("n", results("s3:///x")), "outputLocation is not a valid S3 path."},
		"cutoff":           {b.create("n", &types.WorkGroupConfiguration{BytesScannedCutoffPerQuery: aws.Int64(9_999_999)}), "1 validation error detected..."},
		"tag twice":        {b.create("n", nil, tags("a", "a")), "Duplicate tag keys are not allowed: a"},
		"reserved tag":     {b.create("n", nil, tags("aws:x")), "*"},
		"update nobody":    {b.update("nobody", nil), "WorkGroup is not found."},
		"delete nobody":    {b.drop("nobody"), "WorkGroup is not found."},
		"get nobody": {func() error {
			_, err := b.GetWorkGroup(t.Context(), &athena.GetWorkGroupInput{WorkGroup: aws.String("nobody")})
			return err
		}(), "WorkGroup is not found."},
		"page": {func() error {
			_, err := b.ListWorkGroups(t.Context(), &athena.ListWorkGroupsInput{NextToken: aws.String("x")})
			return err
		}(), "The NextToken is not valid."},
	} {
		t.Run(name, func(t *testing.T) { probe.Expect(t, invalid(test.want), test.err) })
	}
}

// Lists have pages, and primary among the others.
func TestListAndQuota(t *testing.T) {
	b := start(t, func(w *lab.World) {
		for i := range 998 {
			w.WorkGroups = append(w.WorkGroups, world.WorkGroupFile{Name: fmt.Sprintf("group-%03d", i), Account: probe.Application})
		}
	})
	var names []string
	pages := athena.NewListWorkGroupsPaginator(b.Client, &athena.ListWorkGroupsInput{MaxResults: aws.Int32(49)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		for _, g := range probe.Must(t, page, err).WorkGroups {
			names = append(names, *g.Name)
		}
	}
	if len(names) != 1000 || names[0] != "group-000" || names[998] != "primary" || names[999] != theirs {
		t.Errorf("%d names, the last %v", len(names), names[len(names)-2:])
	}
	probe.Expect(t, invalid("The number of WorkGroups has reached the limit of 1000."), b.create("one-more", nil))
	probe.Expect(t, probe.Answer{}, b.update("primary", nil, func(in *athena.UpdateWorkGroupInput) { in.Description = aws.String("Changed") }))
	probe.Expect(t, probe.Answer{}, b.drop(theirs)) // so that primary is the last
	probe.Expect(t, probe.Answer{}, b.create("one-less", nil))
	text, err := b.Lab.Export()
	if err := b.Lab.Import(probe.Must(t, text, err)); err != nil {
		t.Error(err)
	}
	probe.Expect(t, probe.Answer{}, b.drop("group-000"))
	probe.Expect(t, probe.Answer{}, b.create("one-more", nil))
}

// Each operation needs its permission on the work group, those that set an execution
// role iam:PassRole on that.
func TestDenied(t *testing.T) {
	const arn = "arn:aws:athena:eu-west-1:444455556666:workgroup/"
	allowed := map[string]aws.CredentialsProvider{}
	var nobody, tagger aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) {
		nobody = probe.Actor(w, probe.Application, "nobody")
		for _, action := range []string{"CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup", "DeleteWorkGroup"} {
			allowed[action] = probe.Actor(w, probe.Application, action, probe.Statement("Allow", "athena:"+action, "Resource", arn+"own"))
		}
		allowed["ListWorkGroups"] = probe.Actor(w, probe.Application, "lister", probe.Statement("Allow", "athena:ListWorkGroups", "Resource", "*"))
		tagger = probe.Actor(w, probe.Application, "tagger", probe.Statement("Allow", "athena:*", "Resource", "*",
			"Condition", map[string]any{"StringEquals": map[string]any{"aws:RequestTag/team": "data"}}))
		w.WorkGroups = append(w.WorkGroups, world.WorkGroupFile{Name: "own", Account: probe.Application})
	})
	calls := map[string]func(c *athena.Client, name string) error{
		"CreateWorkGroup": func(c *athena.Client, name string) error {
			_, err := c.CreateWorkGroup(context.Background(), &athena.CreateWorkGroupInput{Name: &name})
			return err
		},
		"GetWorkGroup": func(c *athena.Client, name string) error {
			_, err := c.GetWorkGroup(context.Background(), &athena.GetWorkGroupInput{WorkGroup: &name})
			return err
		},
		"UpdateWorkGroup": func(c *athena.Client, name string) error {
			_, err := c.UpdateWorkGroup(context.Background(), &athena.UpdateWorkGroupInput{WorkGroup: &name})
			return err
		},
		"DeleteWorkGroup": func(c *athena.Client, name string) error {
			_, err := c.DeleteWorkGroup(context.Background(), &athena.DeleteWorkGroupInput{WorkGroup: &name})
			return err
		},
		"ListWorkGroups": func(c *athena.Client, _ string) error {
			_, err := c.ListWorkGroups(context.Background(), nil)
			return err
		},
	}
	denied := func(who, action, resource string) probe.Answer {
		text := "User: arn:aws:sts::444455556666:assumed-role/" + who + "/probe is not authorized to perform: " + action
		if resource != "" {
			text += " on resource: " + resource
		}
		return probe.Answer{Status: 400, Code: "AccessDeniedException", Message: text + " because no identity-based policy allows the " + action + " action"}
	}
	for _, action := range []string{"CreateWorkGroup", "GetWorkGroup", "UpdateWorkGroup", "ListWorkGroups", "DeleteWorkGroup"} {
		call, resource := calls[action], arn+"own"
		if action == "ListWorkGroups" {
			resource = ""
		}
		probe.Expect(t, denied("nobody", "athena:"+action, resource), call(athena.NewFromConfig(b.Config(nobody)), "own"))
		own := athena.NewFromConfig(b.Config(allowed[action]))
		if action != "CreateWorkGroup" {
			probe.Expect(t, probe.Answer{}, call(own, "own"))
		}
		if resource != "" {
			probe.Expect(t, denied(action, "athena:"+action, arn+"other"), call(own, "other"))
		}
	}
	_, err := athena.NewFromConfig(b.Config(allowed["CreateWorkGroup"])).CreateWorkGroup(t.Context(), &athena.CreateWorkGroupInput{Name: aws.String("own"), Configuration: withCenter()})
	probe.Expect(t, denied("CreateWorkGroup", "iam:PassRole", role), err)
	_, err = athena.NewFromConfig(b.Config(tagger)).CreateWorkGroup(t.Context(), &athena.CreateWorkGroupInput{Name: aws.String("tagged"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}}})
	probe.Expect(t, probe.Answer{}, err)
}

// Which role is passed, and which Identity Center is meant, depends on the account.
func TestForeignThings(t *testing.T) {
	const account = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	var center aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		own := w.IdentityCenter[0]
		own.Account, own.ARN, own.IdentityStoreID, own.AccountInstance = probe.Application, account, "d-0987654321", true
		own.Users, own.Groups, own.TrustedTokenIssuers, own.Applications = nil, nil, nil, nil
		w.IdentityCenter = append(w.IdentityCenter, own)
		center = probe.Administrator(w, probe.Center)
	})
	other := &bench{b.Bench, athena.NewFromConfig(b.Config(center))}
	given := func(instance, account string) *types.WorkGroupConfiguration {
		c := withCenter()
		c.IdentityCenterConfiguration.IdentityCenterInstanceArn = &instance
		c.ExecutionRole = aws.String("arn:aws:iam::" + account + ":role/tip-athena-role")
		return c
	}
	crossed := probe.Answer{Status: 400, Code: "AccessDeniedException", Message: "Cross-account pass role is not allowed."}
	probe.Expect(t, crossed, b.create("new", given(instance, probe.Center)))
	probe.Expect(t, crossed, b.update(theirs, &types.WorkGroupConfigurationUpdates{ExecutionRole: aws.String("arn:aws:iam::111122223333:role/any")}))
	probe.Expect(t, invalid("The IAM Identity Center instance ARN is not valid."), other.create("new", given(account, probe.Center)))
	probe.Expect(t, probe.Answer{}, other.create("new", given(instance, probe.Center)))
	probe.Expect(t, probe.Answer{}, b.create("new", given(account, probe.Application)))
}

// What a work group is tagged with decides who may change it.
func TestResourceTags(t *testing.T) {
	var tagged aws.CredentialsProvider
	b := start(t, func(w *lab.World) {
		tagged = probe.Actor(w, probe.Application, "tagged", probe.Statement("Allow", "athena:*", "Resource", "*",
			"Condition", map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/team": "data"}}))
		w.WorkGroups = append(w.WorkGroups, world.WorkGroupFile{Name: "own", Account: probe.Application, Tags: map[string]string{"team": "data"}})
	})
	who := &bench{b.Bench, athena.NewFromConfig(b.Config(tagged))}
	probe.Expect(t, probe.Answer{}, who.update("own", nil))
	probe.Expect(t, probe.Answer{}, who.drop("own"))
	for _, err := range []error{who.update("own", nil), who.drop(theirs), who.update("primary", nil)} {
		probe.Expect(t, probe.Answer{Status: 400, Code: "AccessDeniedException", Message: "*"}, err)
	}
}

// A world file with a work group that Athena would not have is refused.
func TestWorldFiles(t *testing.T) {
	for name, test := range map[string]struct {
		group world.WorkGroupFile
		want  string
	}{
		"name":          {world.WorkGroupFile{Name: "a b"}, "the name has 1 to 128"},
		"twice":         {world.WorkGroupFile{Name: theirs}, "has a work group of that name"},
		"account":       {world.WorkGroupFile{Name: "n", Account: "999999999999"}, "is not in accounts"},
		"region":        {world.WorkGroupFile{Name: "n", Region: "Atlantis"}, "is not the name of a region"},
		"instance":      {world.WorkGroupFile{Name: "n", Configuration: map[string]any{"IdentityCenterConfiguration": map[string]any{"EnableIdentityCenter": true}}}, "no Identity Center instance"},
		"application":   {world.WorkGroupFile{Name: "n", Application: "x"}, "the work group has no Identity Center"},
		"text":          {world.WorkGroupFile{Name: "n", Configuration: "x"}, "a mapping of the API's names is wanted"},
		"unknown key":   {world.WorkGroupFile{Name: "n", Configuration: map[string]any{"ExecutionRoles": "x"}}, "ExecutionRoles"},
		"location":      {world.WorkGroupFile{Name: "n", Configuration: map[string]any{"ResultConfiguration": map[string]any{"OutputLocation": "https://x"}}}, "outputLocation is not a valid S3 path"},
		"type of a key": {world.WorkGroupFile{Name: "n", Configuration: map[string]any{"ExecutionRole": []any{1}}}, "ExecutionRole"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.group.Account == "" {
				test.group.Account = probe.Application
			}
			_, err := lab.Start(t.Context(), lab.Options{Edit: func(w *lab.World) { w.WorkGroups = append(w.WorkGroups, test.group) }})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// What was changed is in an export, and in the trail.
func TestExportAndTrail(t *testing.T) {
	b := start(t)
	probe.Expect(t, probe.Answer{}, b.create("new", withCenter()))
	probe.Expect(t, probe.Answer{}, b.drop(theirs))
	text, err := b.Lab.Export()
	exported := string(probe.Must(t, text, err))
	if !strings.Contains(exported, "name: new") || strings.Contains(exported, "name: "+theirs) {
		t.Error("the export does not have what was changed")
	}
	events := labtest.Events(b.Lab, labtest.Named("CreateWorkGroup"))
	if len(events) != 1 || events[0].EventSource != "athena.amazonaws.com" || events[0].ReadOnly || events[0].RequestParameters["name"] != "new" {
		t.Errorf("events %+v", events)
	}
}

// TestForeignClients: all operations with boto3 and the AWS CLI.
func TestForeignClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			var p aws.CredentialsProvider
			b := probe.Start(t, func(w *lab.World) { p = probe.Administrator(w, probe.Application) })
			f := b.On(t).Foreign(kind, "athena", p)
			f.Call("", "CreateWorkGroup", "Name", "new", "Description", "New", "Tags", []probe.Members{{"Key": "a", "Value": "b"}}, "Configuration", probe.Members{
				"ExecutionRole":               role,
				"IdentityCenterConfiguration": probe.Members{"EnableIdentityCenter": true, "IdentityCenterInstanceArn": instance},
			})
			f.Call("InvalidRequestException", "CreateWorkGroup", "Name", "new")
			f.Call("", "UpdateWorkGroup", "WorkGroup", "new", "State", "DISABLED", "ConfigurationUpdates", probe.Members{
				"ResultConfigurationUpdates": probe.Members{"OutputLocation": "s3://tip-team-data/new/"},
			})
			g, _ := f.Call("", "GetWorkGroup", "WorkGroup", "new")["WorkGroup"].(probe.Members)
			configuration, _ := g["Configuration"].(probe.Members)
			if diff := cmp.Diff([]any{"DISABLED", "New", role, probe.Members{"OutputLocation": "s3://tip-team-data/new/"}},
				[]any{g["State"], g["Description"], configuration["ExecutionRole"], configuration["ResultConfiguration"]}); diff != "" {
				t.Errorf("work group (-want +got):\n%s", diff)
			}
			if list, _ := f.Call("", "ListWorkGroups")["WorkGroups"].([]any); len(list) != 3 {
				t.Errorf("%d work groups", len(list))
			}
			f.Call("", "DeleteWorkGroup", "WorkGroup", "new", "RecursiveDeleteOption", true)
			f.Call("InvalidRequestException", "GetWorkGroup", "WorkGroup", "new")
		})
	}
}
