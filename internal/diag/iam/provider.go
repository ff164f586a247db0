package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// provider is the OIDC provider as IAM describes it.
type provider struct {
	clientIDs, thumbprints []string
}

func (p *provider) clients() []string {
	if p == nil {
		return nil
	}
	return p.clientIDs
}

// providerARN is what the OIDC provider for the token is called.
func (s *section) providerARN() string {
	return "arn:" + s.partition + ":iam::" + s.account + ":oidc-provider/" + s.claims.host()
}

// federated is how a trust policy names whom the token is from.
func (s *section) federated() string {
	if s.builtIn {
		return google
	}
	return s.providerARN()
}

func (s *section) lookAtProvider(ctx context.Context) {
	if s.claims.issuer == "" {
		const seen = "neither a token nor the configuration says who the issuer is"
		s.Unread(checkProvider, seen, nil)
		s.Unread(checkClient, seen, nil)
		return
	}
	arn := s.providerARN()
	out, err := s.client.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	refused := refusal.Of("iam:GetOpenIDConnectProvider", err)
	switch {
	case refused == nil:
		s.provider = &provider{clientIDs: out.ClientIDList, thumbprints: out.ThumbprintList}
		s.OK(checkProvider, arn)
		s.lookAtClient(arn)
	case refused.NotFound || refused.Code == "ValidationError" || refused.Code == "InvalidInput":
		list, _ := s.listed(ctx) // without it the nearest one stays unnamed
		s.noProvider(arn, list)
	default:
		s.unreadProvider(ctx, arn, refused)
	}
}

// unreadProvider tells from the list at least whether the provider exists.
func (s *section) unreadProvider(ctx context.Context, arn string, refused *refusal.Refusal) {
	list, unlisted := s.listed(ctx)
	switch {
	case unlisted != nil:
		s.Unread(checkProvider, refused.Seen, append(refused.Missing(), unlisted.Missing()...))
		s.Unread(checkClient, refused.Seen, refused.Missing())
	case slices.Contains(list, arn):
		s.OK(checkProvider, arn)
		s.Unread(checkClient, refused.Seen, refused.Missing())
	default:
		s.noProvider(arn, list)
	}
}

func (s *section) listed(ctx context.Context) ([]string, *refusal.Refusal) {
	out, err := s.client.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return nil, refusal.Of("iam:ListOpenIDConnectProviders", err)
	}
	var arns []string
	for _, p := range out.OpenIDConnectProviderList {
		arns = append(arns, aws.ToString(p.Arn))
	}
	return arns, nil
}

func (s *section) noProvider(arn string, list []string) {
	if s.claims.host() == google {
		s.builtIn = true
		s.OK(checkProvider, "STS knows "+google+" without an OIDC provider")
		s.Skip(checkClient, "there is no OIDC provider that could list audiences: the trust policy must")
		return
	}
	s.foundNoProvider(arn, list)
	s.Skip(checkClient, "there is no OIDC provider, see "+checkProvider)
}

func (s *section) foundNoProvider(arn string, list []string) {
	mend := finding.Fix{Who: finding.AppAdmin, Does: "tell IAM about the identity provider " + s.claims.issuer, Command: s.createProvider()}
	if u, err := url.Parse(s.claims.issuer); err != nil || u.Scheme != "https" || u.Port() != "" || u.RawQuery != "" {
		mend = finding.Fix{Who: finding.IdPAdmin, Does: "let the identity provider have an issuer that IAM takes: https, without a port and a query"}
	}
	if near := nearest(list, arn); near != "" {
		s.Found("iam.provider-mismatch", near, "the issuer is "+s.claims.issuer+", IAM has "+afterSlash(near), mend)
		return
	}
	s.Found("iam.provider-missing", arn, "account "+s.account+" has no OIDC provider for "+s.claims.issuer, mend)
}

func (s *section) createProvider() string {
	words := []string{"create-open-id-connect-provider", "--url", s.claims.issuer}
	if audience := s.claims.seenAudience(nil); audience != "" {
		words = append(words, "--client-id-list", audience)
	}
	return s.aws(words...)
}

// nearest is the provider that somebody may have meant, "" if there is none.
func nearest(list []string, arn string) string {
	for _, other := range list {
		if chain.SameIssuer(afterSlash(other), afterSlash(arn)) {
			return other
		}
	}
	return ""
}

func afterSlash(arn string) string {
	_, rest, _ := strings.Cut(arn, "/")
	return rest
}

func (s *section) lookAtClient(arn string) {
	audience, from := s.claims.seenAudience(s.provider.clientIDs), "aud"
	if s.claims.azp != "" {
		from = "azp"
	}
	switch {
	case audience == "":
		s.Unread(checkClient, s.claims.from()+" has no audience", nil)
	case slices.Contains(s.provider.clientIDs, audience):
		s.OK(checkClient, audience)
	default:
		s.Found("iam.client-missing", arn, from+" of "+s.claims.from()+" is "+audience+", the OIDC provider lists "+listOr(s.provider.clientIDs, "nothing"), finding.Fix{
			Who: finding.AppAdmin, Does: "let the OIDC provider list the client " + audience,
			Command: s.aws("add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", arn, "--client-id", audience),
		})
	}
}

func listOr(list []string, nothing string) string {
	if len(list) == 0 {
		return nothing
	}
	return strings.Join(list, ", ")
}
