package labtest

import "github.com/tip-cli/tip-cli/lab"

// Keys of the session of tip-notebook-role in the default world: what the platform gives AWS's notebook of S3 Access Grants.
const (
	NotebookAccessKeyID     = "ASIAI44QH8DHBEXAMPLE"
	NotebookSecretAccessKey = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
	NotebookSessionToken    = "IQoJb3JpZ2luX2VjEXAMPLETOKENOFTHENOTEBOOK"
)

// WithoutNotebook is an edit of the default world, for [Edit], that takes out
// what the notebook alone uses of Identity Center: its application, with the
// trusted token issuer, the user pool and the grant that belong to it. Edits that
// cut the world down to one issuer need it.
func WithoutNotebook(w *lab.World) {
	const application, issuer = "tip-notebook", "notebook-app"
	arn := ""
	for i := range w.IdentityCenter {
		c := &w.IdentityCenter[i]
		for _, a := range c.Applications {
			if a.Name == application {
				arn = a.ARN
			}
		}
		c.Applications = without(c.Applications, func(k int) bool { return c.Applications[k].Name == application })
		c.TrustedTokenIssuers = without(c.TrustedTokenIssuers, func(k int) bool { return c.TrustedTokenIssuers[k].Name == issuer })
	}
	w.Issuers = without(w.Issuers, func(k int) bool { return w.Issuers[k].Name == issuer })
	for i := range w.AccessGrants {
		g := &w.AccessGrants[i]
		g.Grants = without(g.Grants, func(k int) bool { return arn != "" && g.Grants[k].Application == arn })
	}
}

// without is a copy of list that lacks what drop says of an index.
func without[T any](list []T, drop func(int) bool) []T {
	var kept []T
	for i, one := range list {
		if !drop(i) {
			kept = append(kept, one)
		}
	}
	return kept
}
