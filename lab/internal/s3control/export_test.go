package s3control

import "github.com/tip-cli/tip-cli/lab/internal/world"

// SessionPolicy is what limits the session for a target.
var SessionPolicy = sessionPolicy

// AddGrant adds a grant that was checked against an instance as it was.
func AddGrant(w *world.World, checked *world.AccessGrants, n *world.Grant) error {
	return (&handlers{world: w}).addGrant(checked, n)
}
