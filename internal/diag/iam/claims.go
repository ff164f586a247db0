package iam

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// Claims that STS reads beside the registered ones (IAM user guide, "Pass session tags
// using AssumeRoleWithWebIdentity").
const (
	claimSourceIdentity = "https://aws.amazon.com/source_identity"
	claimTags           = "https://aws.amazon.com/tags"
	claimPrincipalTag   = claimTags + "/principal_tags/"
	claimTransitive     = claimTags + "/transitive_tag_keys"
)

// google is the issuer whose tokens STS takes without an OIDC provider in IAM.
const google = "accounts.google.com"

// sessionName is that of the application role's sessions.
const sessionName = config.ApplicationSessionName

// claims are what STS sees of a token. Without a token they are what the configuration says.
type claims struct {
	// token says that they are those of a token.
	token  bool
	issuer string
	// azp is "" if there is none.
	azp      string
	audience []string
	keys     policy.Context // sub, amr and email, as far as they are there
	source   string
	tags     map[string]string
	// transitive are the keys of the tags that the next session inherits.
	transitive []string
}

func claimsOf(c *chain.Chain) *claims {
	if t := c.Token; t != nil {
		return claimsOfToken(t)
	}
	k := &claims{issuer: c.NextIssuer(), keys: policy.Context{}}
	if c.Login.ClientID != "" && !c.Asked.Foreign(&c.Config) {
		k.audience = []string{c.Login.ClientID}
	}
	return k
}

func claimsOfToken(t *chain.Token) *claims {
	k := &claims{token: true, issuer: t.Issuer, azp: t.AuthorizedParty, audience: t.Audience, keys: policy.Context{}, tags: map[string]string{}}
	if t.Subject != "" {
		k.keys["sub"] = []string{t.Subject}
	}
	if amr := texts(t.Claims["amr"]); amr != nil {
		k.keys["amr"] = amr
	}
	if email, ok := t.Claims["email"].(string); ok {
		k.keys["email"] = []string{email}
	}
	k.source, _ = t.Claims[claimSourceIdentity].(string)
	k.readTags(t.Claims)
	return k
}

// readTags takes session tags of both forms: one nested claim, or one claim a tag.
func (k *claims) readTags(all map[string]any) {
	nested, _ := all[claimTags].(map[string]any)
	principal, _ := nested["principal_tags"].(map[string]any)
	for key, value := range principal {
		k.addTag(key, value)
	}
	for name, value := range all {
		if key, flat := strings.CutPrefix(name, claimPrincipalTag); flat {
			k.addTag(key, value)
		}
	}
	k.transitive = append(texts(nested["transitive_tag_keys"]), texts(all[claimTransitive])...)
}

func (k *claims) addTag(key string, value any) {
	if list := texts(value); len(list) == 1 && key != "" {
		k.tags[key] = list[0]
	}
}

// texts reads a string or a list of strings, nil if it is neither.
func texts(v any) []string {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	all := make([]string, 0, len(list))
	for _, entry := range list {
		one, ok := entry.(string)
		if !ok {
			return nil
		}
		all = append(all, one)
	}
	return all
}

// host is the issuer as IAM has it: without its scheme.
func (k *claims) host() string {
	_, rest, ok := strings.Cut(k.issuer, "://")
	if !ok {
		return k.issuer
	}
	return rest
}

// seenAudience is what STS takes for the audience: azp if there is one, else the first of aud
// that the OIDC provider lists, else the first.
func (k *claims) seenAudience(listed []string) string {
	if k.azp != "" {
		return k.azp
	}
	for _, audience := range k.audience {
		if slices.Contains(listed, audience) {
			return audience
		}
	}
	if len(k.audience) > 0 {
		return k.audience[0]
	}
	return ""
}

// from is where the claims stand, for people.
func (k *claims) from() string {
	if k.token {
		return "the token"
	}
	return "the configuration"
}

// webIdentityKeys are the condition keys of AssumeRoleWithWebIdentity.
func (s *section) webIdentityKeys() policy.Context {
	k, prefix := s.claims, s.claims.host()+":"
	keys := s.requestKeys()
	keys["aws:FederatedProvider"] = []string{s.federated()}
	if audience := k.seenAudience(s.provider.clients()); audience != "" {
		keys[prefix+"aud"] = []string{audience}
	}
	if k.azp != "" && len(k.audience) > 0 {
		keys[prefix+"oaud"] = k.audience
	}
	for name, values := range k.keys {
		keys[prefix+name] = values
	}
	maps.Copy(keys, k.sessionKeys(false))
	return keys
}

// unsettledKeys are the condition keys of which only a token would tell. Of Google's tokens
// STS reads further claims.
func (s *section) unsettledKeys() []string {
	prefix := s.claims.host() + ":"
	switch {
	case !s.claims.token:
		return []string{prefix, "sts:SourceIdentity", "aws:RequestTag/", "aws:TagKeys", "sts:TransitiveTagKeys"}
	case s.claims.host() == google:
		return []string{prefix}
	}
	return nil
}

// webIdentitySettled are keys that a request without credentials does not have.
var webIdentitySettled = []string{"aws:PrincipalTag/", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid", "aws:SourceIdentity", "identitystore:", "identitycenter:", "sts:RequestContext/"}

// requestKeys are condition keys that every request of tip-cli to STS has.
func (s *section) requestKeys() policy.Context {
	now := time.Now().UTC()
	keys := policy.Context{
		"sts:RoleSessionName": {sessionName}, "aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"},
		"aws:CurrentTime": {now.Format(time.RFC3339)}, "aws:EpochTime": {strconv.FormatInt(now.Unix(), 10)},
	}
	if s.c.Regions.Region != "" {
		keys["aws:RequestedRegion"] = []string{s.c.Regions.Region}
	}
	return keys
}

// chainedKeys are condition keys of what the sessions of the roles ask for: their names are
// no keys of it.
func (s *section) chainedKeys() policy.Context {
	keys := s.requestKeys()
	delete(keys, "sts:RoleSessionName")
	return keys
}

// sessionKeys are those of the source identity and the session tags; of an inheriting
// session only the transitive tags count.
func (k *claims) sessionKeys(inherited bool) policy.Context {
	keys := policy.Context{}
	if k.source != "" {
		keys["sts:SourceIdentity"] = []string{k.source}
	}
	for _, key := range slices.Sorted(maps.Keys(k.tags)) {
		if inherited && !slices.Contains(k.transitive, key) {
			continue
		}
		keys["aws:RequestTag/"+key] = []string{k.tags[key]}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], key)
	}
	if len(k.transitive) > 0 && !inherited {
		keys["sts:TransitiveTagKeys"] = k.transitive
	}
	return keys
}
