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

// anew are the fixes where a work group has to be made anew: neither Identity Center
// nor its instance can be changed. Deleting has no --recursive-delete-option: Athena
// refuses it where queries would be lost.
func (l *look) anew(instance string) []finding.Fix {
	beside := finding.Fix{
		Who: finding.DataAdmin, Does: "make another work group, with Identity Center, and give its name",
		Console: "Athena > Administration > Workgroups > Create workgroup > Authentication: IAM Identity Center",
	}
	text, ok := l.configuration(instance)
	if !ok {
		return []finding.Fix{beside}
	}
	words := []string{"athena", "create-work-group", "--name", l.name, "--configuration", text}
	if description := aws.ToString(l.group.Description); description != "" {
		words = append(words, "--description", description)
	}
	return []finding.Fix{fix("make the work group anew with the instance, which is refused while it has saved queries or a history (its tags are lost)",
		l.aws("athena", "delete-work-group", "--work-group", l.name)+" && "+l.aws(words...)), beside}
}

// configuration is that of the work group with another instance, as JSON. There is
// none for the primary one, which cannot be deleted, and without an execution role.
func (l *look) configuration(instance string) (string, bool) {
	c := *l.group.Configuration
	if l.name == "primary" || instance == "" || c.ExecutionRole == nil {
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
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return "", false
	}
	text, err = json.Marshal(given(members))
	return string(text), err == nil
}

// given drops what is null, at any depth. Numbers stay as they are written.
func given(members map[string]json.RawMessage) map[string]json.RawMessage {
	for key, text := range members {
		var inner map[string]json.RawMessage
		switch err := json.Unmarshal(text, &inner); {
		case string(text) == "null":
			delete(members, key)
		case err == nil && inner != nil:
			if again, err := json.Marshal(given(inner)); err == nil {
				members[key] = again
			}
		}
	}
	return members
}
