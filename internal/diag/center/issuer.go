package center

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Quotas of the jwt-bearer grant (API reference, JwtBearerGrant and AuthorizedTokenIssuer).
const (
	mostAudiences = 10
	mostIssuers   = 10
)

// found is what a search of all issuers of the instance came to.
type found struct {
	// exact has the URL, near one that means the same; nil for none.
	exact, near *issuer
	// incomplete says why not all could be looked at.
	incomplete *refusal.Refusal
}

// search looks for a URL among all issuers of the instance.
func (l *look) search(ctx context.Context, iss string) found {
	list, err := every(ctx, ssoadmin.NewListTrustedTokenIssuersPaginator(l.sso, &ssoadmin.ListTrustedTokenIssuersInput{InstanceArn: &l.c.Registration.InstanceARN}),
		func(p *ssoadmin.ListTrustedTokenIssuersOutput) []types.TrustedTokenIssuerMetadata {
			return p.TrustedTokenIssuers
		})
	f := found{incomplete: refusal.Of("sso:ListTrustedTokenIssuers", err)}
	for _, one := range list {
		known, r := l.describeIssuer(ctx, aws.ToString(one.TrustedTokenIssuerArn))
		switch {
		case r != nil:
			f.incomplete = r
		case known.url == iss:
			f.exact = &known
		case chain.SameIssuer(known.url, iss):
			f.near = &known
		}
	}
	return f
}

// noIssuer tells of a grant without an issuer that fits.
func (l *look) noIssuer(ctx context.Context, e *expectation) {
	search := l.search(ctx, e.iss)
	seen := "the iss of " + e.from + " is " + e.iss
	wrong := slices.IndexFunc(l.issuers, func(one issuer) bool { return !one.gone && chain.SameIssuer(one.url, e.iss) })
	switch {
	case search.exact != nil:
		l.fits(search.exact)
		l.Found("center.issuer-not-authorized", l.c.Asked.ApplicationARN,
			seen+", for which there is "+search.exact.arn+"; the grant has "+l.granted(), l.authorize(e, search))
	case wrong >= 0:
		near := &l.issuers[wrong]
		search.near = near
		l.Found("center.issuer-mismatch", near.arn, seen+"; IssuerUrl is "+near.url+", "+difference(near.url, e.iss), l.authorize(e, search))
	case search.incomplete != nil:
		l.Found("center.issuer-not-authorized", l.c.Asked.ApplicationARN,
			seen+"; the grant has "+l.granted()+"; whether the instance has such an issuer is not known: "+search.incomplete.Seen, l.authorize(e, search))
	default:
		l.Found("center.no-issuer", l.c.Asked.ApplicationARN, seen+"; the grant has "+l.granted(), l.authorize(e, search))
	}
}

// granted names the issuers of the grant.
func (l *look) granted() string {
	texts := make([]string, 0, len(l.issuers))
	for i := range l.issuers {
		switch one := &l.issuers[i]; {
		case one.gone:
			texts = append(texts, one.arn+" (which was deleted)")
		case one.url == "":
			texts = append(texts, one.arn)
		default:
			texts = append(texts, one.url)
		}
	}
	return listed(texts)
}

// authorize is the fix that puts the issuer into the grant, and makes it first if there
// is none: IssuerUrl cannot be changed.
func (l *look) authorize(e *expectation, s found) finding.Fix {
	audience := ""
	if len(e.audience) > 0 {
		audience = e.audience[0]
	}
	rest := l.living()
	switch {
	case !e.known:
		return console(stranger, inIssuers)
	case e.iss == "" || audience == "" || len(rest) >= mostIssuers:
		return console("authorize the issuer for the application", inIssuers)
	case s.exact != nil:
		return fix("authorize "+s.exact.arn+" for the application", l.putGrant(with(rest, s.exact.arn, audience)))
	}
	made, does := l.putGrant(with(rest, placeholder, audience)), "make a trusted token issuer with the URL "+e.iss+" and authorize it for the application"
	if s.incomplete != nil {
		does += "; if there is one already, authorize that"
	}
	return fix(does,
		"issuer=$("+l.create(e, s.near)+") && "+strings.ReplaceAll(made, placeholder, `'"$issuer"'`))
}

// stranger is said in place of a command that a JWT of unknown origin would have a part in.
const stranger = "see first whether the token is from an identity provider and for an application that you trust: its signature is not verified"

// Places of the console.
const (
	inIssuers = "IAM Identity Center > Settings > Authentication > Trusted token issuers, then Applications > the application > Trusted token issuers"
	inUsers   = "IAM Identity Center > Users"
)

func console(does, where string) finding.Fix {
	return finding.Fix{Who: finding.CenterAdmin, Does: does, Console: where}
}

// placeholder stands for the ARN of an issuer that is still to be made, inside of what
// is quoted for the shell.
const placeholder = "{{issuer}}"

// create makes a trusted token issuer and prints its ARN. The mapping is that of the
// one that it is to replace, or what most have.
func (l *look) create(e *expectation, like *issuer) string {
	claim, attribute := "email", "emails.value"
	if like != nil {
		claim, attribute = like.claim, like.attribute
	} else if t := l.c.Token; t != nil && t.Claims["email"] == nil && t.Claims["preferred_username"] != nil {
		claim, attribute = "preferred_username", "userName"
	}
	settings := map[string]any{"OidcJwtConfiguration": map[string]string{
		"IssuerUrl": e.iss, "ClaimAttributePath": claim, "IdentityStoreAttributePath": attribute, "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
	}}
	return l.aws("sso-admin", "create-trusted-token-issuer", "--instance-arn", l.c.Registration.InstanceARN, "--name", nameFor(e.iss),
		"--trusted-token-issuer-type", "OIDC_JWT", "--trusted-token-issuer-configuration", encoded(settings), "--query", "TrustedTokenIssuerArn", "--output", "text")
}

// nameFor is a name for an issuer that no other has: its host and a part of the hash of its URL.
func nameFor(iss string) string {
	sum := sha256.Sum256([]byte(iss))
	host := "issuer"
	if u, err := url.Parse(iss); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	allowed := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+=,.@_-", r) {
			return r
		}
		return '-'
	}
	name := strings.TrimLeft(strings.Map(allowed, host), "-") // it must not look like an option
	return name[:min(len(name), 200)] + "-" + hex.EncodeToString(sum[:3])
}

// putGrant is the command that puts the jwt-bearer grant with these issuers.
func (l *look) putGrant(issuers []issuer) string {
	list := make([]map[string]any, len(issuers))
	for i := range issuers {
		list[i] = map[string]any{"TrustedTokenIssuerArn": issuers[i].arn, "AuthorizedAudiences": issuers[i].audiences}
	}
	return l.aws("sso-admin", "put-application-grant", "--application-arn", l.c.Asked.ApplicationARN, "--grant-type", jwtBearer,
		"--grant", encoded(map[string]any{"JwtBearer": map[string]any{"AuthorizedTokenIssuers": list}}))
}

// with is the issuers with an audience more for one of them, which is added if it is new.
func with(issuers []issuer, arn, audience string) []issuer {
	all := slices.Clone(issuers)
	for i := range all {
		if all[i].arn == arn {
			all[i].audiences = append(slices.Clone(all[i].audiences), audience)
			return all
		}
	}
	return append(all, issuer{arn: arn, audiences: []string{audience}})
}

// difference says what tells two URLs apart that [chain.SameIssuer] takes for one.
func difference(got, want string) string {
	switch {
	case strings.Contains(got, chain.WellKnown) && !strings.Contains(want, chain.WellKnown):
		return "with " + chain.WellKnown + " behind it, which Identity Center appends itself"
	case got == want+"/":
		return "with a slash at the end that the token does not have"
	case got+"/" == want:
		return "without the slash at the end that the token has"
	case strings.EqualFold(got, want):
		return "in other letters: case counts"
	}
	return "which is not the same to the letter"
}
