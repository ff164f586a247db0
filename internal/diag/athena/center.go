package athena

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// enabled reports whether the work group is one with Identity Center.
func (l *look) enabled() bool {
	c := l.group.Configuration.IdentityCenterConfiguration
	return c != nil && aws.ToBool(c.EnableIdentityCenter)
}

// center looks at the Identity Center instance of the work group.
func (l *look) center() {
	wanted := ""
	if l.c.Registration != nil {
		wanted = l.c.Registration.InstanceARN
	}
	if !l.enabled() {
		l.Found("athena.no-identity-center", l.arn(), "EnableIdentityCenter is not set, so that people are known by the role "+l.c.Config.IDEnhancedRoleARN+" only", l.anew(wanted)...)
		return
	}
	if foreign := l.c.FirstFailed("regions.no-instance", "regions.other-partition"); foreign != "" {
		l.Skip("athena.identity-center", "the application is not one of here: see "+foreign)
		return
	}
	have := aws.ToString(l.group.Configuration.IdentityCenterConfiguration.IdentityCenterInstanceArn)
	switch {
	case wanted == "":
		l.Unread("athena.identity-center", "the work group is for "+have+"; of which instance the application is, is not known: see center", nil)
	case have != wanted:
		l.Found("athena.other-instance", l.arn(), "the work group is for "+have+", the application is of "+wanted, l.anew(wanted)...)
	default:
		l.OK("athena.identity-center", have)
	}
}

// anew are the fixes where another work group is needed: neither Identity Center nor
// its instance can be changed. The first leaves the old one as it is, so that nothing is
// lost if Athena refuses the new one.
func (l *look) anew(instance string) []finding.Fix {
	text, ok := l.configuration(instance)
	if !ok {
		return []finding.Fix{{
			Who: finding.DataAdmin, Does: "make another work group, with Identity Center, and give its name",
			Console: "Athena > Administration > Workgroups > Create workgroup > Authentication: IAM Identity Center",
		}}
	}
	name := beside(l.name)
	fixes := []finding.Fix{fix("make another work group beside it, "+name+", with the instance and without its tags; then give that name, and look again: policies may name the old one only",
		l.create(name, text))}
	if l.name == "primary" { // which cannot be deleted
		return fixes
	}
	return append(fixes, fix("if the name must stay, and the other could be made: delete it and make it anew. Its tags and the assignments to its application at Identity Center are lost, "+
		"and, if Athena refuses the new one, the work group as well; with saved queries or a history it is not deleted",
		l.aws("athena", "delete-work-group", "--work-group", l.name)+" && "+l.create(l.name, text)))
}

// besideSuffix tells the new work group from the old.
const besideSuffix = "-identity-center"

// longestName is that of a work group.
const longestName = 128

// beside is a name for a work group that takes the place of another.
func beside(name string) string {
	return name[:min(len(name), longestName-len(besideSuffix))] + besideSuffix
}

// create makes a work group with the description of the one that there is.
func (l *look) create(name, configuration string) string {
	words := []string{"athena", "create-work-group", "--name", name, "--configuration", configuration}
	if description := aws.ToString(l.group.Description); description != "" {
		words = append(words, "--description", description)
	}
	return l.aws(words...)
}

// configuration is that of the work group with another instance, as JSON. There is
// none without an execution role.
func (l *look) configuration(instance string) (string, bool) {
	c := *l.group.Configuration
	if instance == "" || c.ExecutionRole == nil {
		return "", false
	}
	c.IdentityCenterConfiguration = &types.IdentityCenterConfiguration{EnableIdentityCenter: aws.Bool(true), IdentityCenterInstanceArn: &instance}
	if c.QueryResultsS3AccessGrantsConfiguration == nil {
		c.QueryResultsS3AccessGrantsConfiguration = throughGrants(nil)
	}
	if c.EngineVersion != nil { // what runs is answered and not asked for
		c.EngineVersion = &types.EngineVersion{SelectedEngineVersion: c.EngineVersion.SelectedEngineVersion}
	}
	return encoded(&c)
}

// throughGrants has results written through S3 Access Grants, otherwise as before.
func throughGrants(before *types.QueryResultsS3AccessGrantsConfiguration) *types.QueryResultsS3AccessGrantsConfiguration {
	after := &types.QueryResultsS3AccessGrantsConfiguration{CreateUserLevelPrefix: aws.Bool(true)}
	if before != nil && before.CreateUserLevelPrefix != nil {
		after.CreateUserLevelPrefix = before.CreateUserLevelPrefix
	}
	after.EnableS3AccessGrants, after.AuthenticationType = aws.Bool(true), types.AuthenticationTypeDirectoryIdentity
	return after
}

// encoded is a structure of the API as JSON, without what it does not have.
func encoded(value any) (string, bool) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", false
	}
	text, err = json.Marshal(given(text))
	return string(text), err == nil
}

// given drops members that are null, at any depth. Numbers stay as they are written.
func given(text json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	var list []json.RawMessage
	var rest any
	switch {
	case json.Unmarshal(text, &members) == nil && members != nil:
		for key, member := range members {
			if members[key] = given(member); string(member) == "null" {
				delete(members, key)
			}
		}
		rest = members
	case json.Unmarshal(text, &list) == nil && list != nil:
		for i := range list {
			list[i] = given(list[i])
		}
		rest = list
	default:
		return text
	}
	if again, err := json.Marshal(rest); err == nil {
		return again
	}
	return text
}
