package audit

// stacks is the service whose parameters the trail names without their values
// (CloudFormation user guide, "Logging CloudFormation API calls with CloudTrail").
const stacks = "cloudformation"

// shownOfStacks leaves out what may hold secrets: templates, and the values of
// parameters.
func shownOfStacks(m map[string]any) map[string]any {
	delete(m, "templateBody")
	list, ok := m["parameters"].([]any)
	if !ok {
		return m
	}
	keys := []any{}
	for _, one := range list {
		p, _ := one.(map[string]any)
		if key, ok := p["parameterKey"]; ok {
			keys = append(keys, key)
		}
	}
	m["parameters"] = keys
	return m
}
