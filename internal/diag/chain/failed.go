package chain

import "slices"

// FirstFailed is the first of some ids that the sections before have found to be wrong,
// "" if none of them is.
func (c *Chain) FirstFailed(ids ...string) string {
	if i := slices.IndexFunc(ids, func(id string) bool { return slices.Contains(c.Failed, id) }); i >= 0 {
		return ids[i]
	}
	return ""
}

// Offline is why nothing can be asked at all, "" if requests can be sent: what it comes
// from is a finding of the section local.
func (c *Chain) Offline() string {
	if c.HTTPErr == nil {
		return ""
	}
	return "there is no way to send requests: see the checks of this machine"
}

// AskedElsewhere is the finding that the configured region, in which S3 Access Grants and
// work groups are looked for, is the wrong one: "" if there is none.
func (c *Chain) AskedElsewhere() string {
	if c.Config.IdentityCenterRegion == "" { // it follows the configured region
		return c.FirstFailed("regions.grants-elsewhere", "regions.center-elsewhere")
	}
	return c.FirstFailed("regions.grants-elsewhere")
}
