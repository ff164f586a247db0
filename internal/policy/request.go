package policy

import "strings"

// Request is what a policy is evaluated against.
type Request struct {
	// Action is vendor:Operation, as sts:AssumeRole. Its case does not matter.
	Action string
	// Resource is the ARN acted on, or * for an action without a resource.
	// Policies of kind Trust have no Resource element and ignore it.
	Resource string
	// Principal is who asks.
	Principal Principal
	// Context holds the condition keys of the request.
	Context Context
	// bounded says that the principal has a permissions boundary.
	bounded bool
}

// Principal is who makes a request. The zero Principal is anonymous: only a
// wildcard names it.
type Principal struct {
	// ARN is the IAM identity: of a user, of the account's root user
	// (arn:aws:iam::111122223333:root), or, for a role session, of its role with
	// the role's path (arn:aws:iam::111122223333:role/team/App).
	ARN string
	// SessionARN is the ARN of a role session or a federated user session, such
	// as arn:aws:sts::111122223333:assumed-role/App/alice.
	SessionARN string
	// AccountID is the 12-digit account of ARN.
	AccountID string
	// Federated is the provider that vouches for an unsigned caller of
	// AssumeRoleWithWebIdentity or AssumeRoleWithSAML: the ARN of an
	// oidc-provider or saml-provider, or accounts.google.com and its like.
	Federated string
	// Service is an AWS service principal, such as access-grants.s3.amazonaws.com.
	Service string
	// CanonicalUser is the Amazon S3 canonical user ID, where one is known.
	CanonicalUser string
}

// Anonymous reports whether p is nobody in particular.
func (p Principal) Anonymous() bool { return p == Principal{} }

// root reports whether p is the root user of its account.
func (p Principal) root() bool {
	return p.SessionARN == "" && strings.HasSuffix(p.ARN, ":iam::"+p.AccountID+":root")
}

// federatedUser reports whether p is a session of GetFederationToken.
func (p Principal) federatedUser() bool {
	return strings.Contains(p.SessionARN, ":federated-user/")
}

// iam reports whether p has identity-based policies: it is an IAM user, role or
// root user of some account, not a service, a provider or nobody.
func (p Principal) iam() bool { return p.AccountID != "" }

// Context holds the condition keys of a request. Keys are compared without
// regard to case, tag keys at their end included; two keys must not differ in
// case alone (Set takes care of that).
//
// A key with no values is present and null, which is not the same as absent:
// both are null to the Null operator, make ForAllValues true and ForAnyValue
// false, and cannot resolve a variable, but only an absent key makes an
// ...IfExists operator true. Under ForAllValues and ForAnyValue a single empty
// string counts as null, too (IAM user guide, "Set operators for multivalued
// context keys"); without them it is an ordinary value, as in an s3:prefix of "".
type Context map[string][]string

// Get returns the values of key and whether it is present.
func (c Context) Get(key string) ([]string, bool) {
	if values, ok := c[key]; ok {
		return values, true
	}
	found := ""
	for k := range c {
		if len(k) == len(key) && strings.EqualFold(k, key) && (found == "" || k < found) {
			found = k
		}
	}
	if found == "" {
		return nil, false
	}
	return c[found], true
}

// Set gives key these values in place of any that it has, under whatever case.
func (c Context) Set(key string, values ...string) {
	c.Delete(key)
	c[key] = values
}

// Delete makes key absent, under whatever case it is there.
func (c Context) Delete(key string) {
	for k := range c {
		if strings.EqualFold(k, key) {
			delete(c, k)
		}
	}
}
