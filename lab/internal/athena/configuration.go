package athena

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// configurationOf is what a work group was given.
func configurationOf(g *world.WorkGroup) (*types.WorkGroupConfiguration, error) {
	c := &types.WorkGroupConfiguration{}
	if g.Configuration == "" {
		return c, nil
	}
	dec := json.NewDecoder(strings.NewReader(g.Configuration))
	dec.DisallowUnknownFields()
	return c, dec.Decode(c)
}

// text is a configuration as the world keeps it: the API's names, and nothing that
// was left out.
func text(c *types.WorkGroupConfiguration) (string, error) {
	whole, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	dec := json.NewDecoder(bytes.NewReader(whole))
	dec.UseNumber()
	var members map[string]any
	if err := dec.Decode(&members); err != nil {
		return "", err
	}
	given, err := json.Marshal(withoutAbsent(members))
	return string(given), err
}

// withoutAbsent drops members that are null, as those are that were left out.
func withoutAbsent(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			if v[key] = withoutAbsent(member); member == nil {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutAbsent(v[i])
		}
	}
	return value
}

// shown is a configuration as GetWorkGroup answers it, with the service's defaults.
func shown(g *world.WorkGroup) (*types.WorkGroupConfiguration, error) {
	c, err := configurationOf(g)
	if err != nil {
		return nil, err
	}
	setUnless(&c.EnforceWorkGroupConfiguration, g.Name != world.PrimaryWorkGroup)
	setUnless(&c.PublishCloudWatchMetricsEnabled, g.Name != world.PrimaryWorkGroup)
	setUnless(&c.RequesterPaysEnabled, false)
	if c.ResultConfiguration == nil {
		c.ResultConfiguration = &types.ResultConfiguration{}
	}
	c.EngineVersion = engine(c.EngineVersion)
	return c, nil
}

func setUnless(field **bool, byDefault bool) {
	if *field == nil {
		*field = &byDefault
	}
}

// newestEngine is what AUTO stands for.
const newestEngine = "Athena engine version 3"

// engine is the version that was selected, and the one that runs.
func engine(given *types.EngineVersion) *types.EngineVersion {
	selected := "AUTO"
	if given != nil && given.SelectedEngineVersion != nil {
		selected = *given.SelectedEngineVersion
	}
	effective := selected
	if selected == "AUTO" {
		effective = newestEngine
	}
	return &types.EngineVersion{SelectedEngineVersion: &selected, EffectiveEngineVersion: &effective}
}

// check refuses a configuration that Athena would refuse, as far as that is known.
func check(c *types.WorkGroupConfiguration) error {
	location := ""
	if c.ResultConfiguration != nil {
		location = aws.ToString(c.ResultConfiguration.OutputLocation)
	}
	if bucket, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/"); location != "" && (!strings.HasPrefix(location, "s3://") || bucket == "") {
		return invalid("outputLocation is not a valid S3 path.")
	}
	if m := c.ManagedQueryResultsConfiguration; m != nil && m.Enabled && location != "" {
		return invalid("ManagedQueryResultsConfiguration and ResultConfiguration cannot be set together.")
	}
	return nil
}

// center is the Identity Center instance that a new work group of an account is for,
// nil for none. It is the account's own or that of its organization.
func (h *handlers) center(c *awswire.Caller, account string, given *types.WorkGroupConfiguration) (*world.Instance, error) {
	wanted := given.IdentityCenterConfiguration
	if wanted == nil || !aws.ToBool(wanted.EnableIdentityCenter) {
		return nil, nil
	}
	i, known := h.world.Instance(aws.ToString(wanted.IdentityCenterInstanceArn))
	known = known && (i.Account == account || h.world.OfOrganization(i) && h.world.OrganizationID(account) != "")
	if !known || *h.world.Switches.WorkGroupInstanceRegion && i.Region != c.Region {
		return nil, invalid("The IAM Identity Center instance ARN is not valid.")
	}
	if *h.world.Switches.WorkGroupExecutionRole && given.ExecutionRole == nil {
		return nil, invalid("ExecutionRole is required for IAM Identity Center enabled workgroups.")
	}
	return i, nil
}
