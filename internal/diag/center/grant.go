package center

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// jwtBearer is the grant type of RFC 7523.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// issuer is a trusted token issuer, and what a grant says of it.
type issuer struct {
	arn, name, url string
	// claim and attribute are the mapping.
	claim, attribute string
	audiences        []string
	// gone says that the grant names it, and that it is not there.
	gone bool
}

// expectation is what the grant is held against.
type expectation struct {
	iss      string
	audience []string
	// from says whose they are: the token's, or what the configuration leads to.
	from string
	// known says that the token is its issuer's, or that it has the configured issuer and
	// client: nobody is told to trust what a stranger has written into a JWT.
	known bool
}

// expected is what the token has or, without one, what the tokens of the configured
// sign-in will have.
func (l *look) expected() expectation {
	configured := l.c.NextIssuer()
	if t := l.c.Token; t != nil && t.Issuer != "" {
		ours := t.Issuer == configured && slices.Contains(t.Audience, l.c.Login.ClientID)
		return expectation{t.Issuer, t.Audience, "the token", t.Verified || ours}
	}
	e := expectation{iss: configured, from: "the configured sign-in", known: true}
	if l.c.Login.ClientID != "" && !l.c.Asked.Foreign(&l.c.Config) && l.c.Login.Assertion == config.AssertionIDToken {
		e.audience = []string{l.c.Login.ClientID}
	}
	return e
}

func (l *look) readGrants(ctx context.Context, application string) ([]types.GrantItem, *refusal.Refusal) {
	grants, err := every(ctx, ssoadmin.NewListApplicationGrantsPaginator(l.sso, &ssoadmin.ListApplicationGrantsInput{ApplicationArn: &application}),
		func(p *ssoadmin.ListApplicationGrantsOutput) []types.GrantItem { return p.Grants })
	return grants, refusal.Of("sso:ListApplicationGrants", err)
}

// authorized are the issuers of the jwt-bearer grant, as far as the grant tells of them.
func authorized(grants []types.GrantItem) []issuer {
	var all []issuer
	for i := range grants {
		g, ok := grants[i].Grant.(*types.GrantMemberJwtBearer)
		if !ok {
			continue
		}
		for _, one := range g.Value.AuthorizedTokenIssuers {
			all = append(all, issuer{arn: aws.ToString(one.TrustedTokenIssuerArn), audiences: one.AuthorizedAudiences})
		}
	}
	return all
}

// describeIssuer reads an issuer.
func (l *look) describeIssuer(ctx context.Context, arn string) (issuer, *refusal.Refusal) {
	one := issuer{arn: arn}
	out, err := l.sso.DescribeTrustedTokenIssuer(ctx, &ssoadmin.DescribeTrustedTokenIssuerInput{TrustedTokenIssuerArn: &arn})
	if r := refusal.Of("sso:DescribeTrustedTokenIssuer", err); r != nil {
		return one, r
	}
	one.name = aws.ToString(out.Name)
	if c, ok := out.TrustedTokenIssuerConfiguration.(*types.TrustedTokenIssuerConfigurationMemberOidcJwtConfiguration); ok {
		one.url, one.claim, one.attribute = aws.ToString(c.Value.IssuerUrl), aws.ToString(c.Value.ClaimAttributePath), attribute(aws.ToString(c.Value.IdentityStoreAttributePath))
	}
	return one, nil
}

// grant looks at the grants, and with them at issuer and audience.
func (l *look) grant(ctx context.Context) {
	grants, r := l.readGrants(ctx, l.c.Asked.ApplicationARN)
	if r != nil {
		l.unread(r, "center.grant", "center.issuer", "center.audience", "center.mapping", "center.user")
		return
	}
	for i := range grants {
		l.grants = append(l.grants, string(grants[i].GrantType))
	}
	l.issuers = authorized(grants)
	if slices.Contains(l.grants, jwtBearer) {
		l.OK("center.grant", strings.Join(l.grants, ", "))
		l.issuerOf(ctx)
		return
	}
	e := l.expected()
	search := l.search(ctx, e.iss)
	l.Found("center.no-jwt-bearer", l.c.Asked.ApplicationARN, "the grants are: "+listed(l.grants), l.authorize(&e, search))
	l.skip("needs the jwt-bearer grant: see center.no-jwt-bearer", "center.issuer", "center.audience")
	l.fits(search.exact)
}

// fits says which issuer the token is judged by.
func (l *look) fits(one *issuer) {
	if one == nil {
		return
	}
	l.issuer = one
	l.c.Registration.IssuerARN, l.c.Registration.ClaimPath, l.c.Registration.AttributePath = one.arn, one.claim, one.attribute
}

// issuerOf looks for the issuer of the token among those of the grant.
func (l *look) issuerOf(ctx context.Context) {
	e := l.expected()
	if e.iss == "" {
		l.skip("needs the token's iss: see token", "center.issuer", "center.audience")
		return
	}
	var denied *refusal.Refusal
	for i := range l.issuers {
		one, r := l.describeIssuer(ctx, l.issuers[i].arn)
		switch {
		case r != nil && r.NotFound:
			l.issuers[i].gone = true
			continue
		case r != nil:
			denied = r
			continue
		}
		one.audiences = l.issuers[i].audiences
		l.issuers[i] = one
		if one.url == e.iss && l.issuer == nil {
			l.fits(&l.issuers[i])
		}
	}
	switch {
	case l.issuer != nil:
		l.OK("center.issuer", l.issuer.name+": "+l.issuer.url)
		l.audience(&e)
	case denied != nil:
		l.unread(denied, "center.issuer", "center.audience", "center.mapping", "center.user")
	default:
		l.noIssuer(ctx, &e)
		l.skip("needs the issuer: see center.issuer", "center.audience")
	}
}

// audience looks whether the grant has the token's.
func (l *look) audience(e *expectation) {
	if len(e.audience) == 0 {
		l.Skip("center.audience", "needs the token's aud: see token")
		return
	}
	if intersects(l.issuer.audiences, e.audience) {
		l.OK("center.audience", listed(l.issuer.audiences))
		return
	}
	f := fix("authorize "+e.audience[0]+" for the issuer", l.putGrant(with(l.living(), l.issuer.arn, e.audience[0])))
	switch {
	case !e.known:
		f = console(stranger, inIssuers)
	case len(l.issuer.audiences) >= mostAudiences:
		f.Command, f.Console = "", "the grant has 10 audiences for the issuer, which is the most: put it anew without those that are not used"
	}
	l.Found("center.audience-not-authorized", l.c.Asked.ApplicationARN,
		"the aud of "+e.from+" is "+listed(e.audience)+"; authorized for "+l.issuer.arn+" are "+listed(l.issuer.audiences), f)
}

// living are the issuers of the grant without those that are not there any more, which
// PutApplicationGrant would refuse.
func (l *look) living() []issuer {
	return slices.DeleteFunc(slices.Clone(l.issuers), func(one issuer) bool { return one.gone })
}
