package explain

import (
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// longestContext is the most that AssumeRole takes as a ContextAssertion (STS API).
const longestContext = 2048

var (
	opaqueForm = lazyregexp.New(`^[A-Za-z0-9+/=_-]{40,}$`)
	keyForm    = lazyregexp.New(`^(A[KS]IA|AROA|AIDA)[A-Z0-9]{12,}$`)
	// keyLines are those of the AWS credentials file, of an environment, and of a shell.
	keyLines = lazyregexp.New(`(?im)^\s*(?:export\s+|set\s+|\$env:)?["']?(aws_access_key_id|aws_secret_access_key|aws_session_token)["']?\s*[=:]`)
)

// explainOpaque knows values of AWS by how they begin.
func explainOpaque(text string, _ Knowledge) []Explanation {
	value := strings.Join(strings.Fields(text), "")
	if keyForm().MatchString(value) {
		return []Explanation{aboutKeyID(value)}
	}
	if strings.ContainsAny(text, " \t") || !opaqueForm().MatchString(value) {
		return nil
	}
	switch {
	case strings.HasPrefix(value, "AQoJb3JpZ2luX2Vj"):
		return []Explanation{aboutContext(len(value), value != text)}
	case hasPrefix(value, "IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "FQoDYXdz", "AQoDYXdz", "AQoEXAMPLE"):
		e := aboutCredentials("a session token of STS")
		e.Facts = []Fact{{Name: "length", Value: plural(len(value), "character", "characters"), Means: "opaque; not shown"}}
		return []Explanation{e}
	}
	return nil
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func aboutContext(length int, wrapped bool) Explanation {
	e := Explanation{
		Kind: IdentityContext, ID: "context.opaque", Title: "an identity context (or an audit context) of Identity Center",
		Means: "CreateTokenWithIAM hands it out, and AssumeRole takes it as ContextAssertion beside the provider arn:aws:iam::aws:contextProvider/IdentityCenter. It is encrypted and signed by AWS: " +
			"nobody else can read who is in it, until when it is good, or whether it is the one that authorizes (sts:identity_context) or the one that is only logged (sts:audit_context). It is good for about an hour. Treat it as a secret.",
		Facts: []Fact{{Name: "length", Value: plural(length, "character", "characters"), Means: "AssumeRole takes 4 to 2048"}},
		Causes: []Cause{
			{Why: "refused with ExpiredTokenException: it is older than an hour; make the exchange again", Command: "tip-cli auth refresh-token"},
			{Why: "refused with AccessDenied for sts:SetContext: the trust policy of the role lacks that action", Check: "iam.set-context"},
			{Why: "refused as invalid: it was cut off, URL-decoded (a + became a space), or is of another partition"},
			{Why: "taken, and yet S3 Access Grants or Athena do not know the user: it is the audit context, or the application lacks the scope of the service", Check: "center.scopes"},
		},
		Source: "STS API: AssumeRole, ProvidedContexts; IAM Identity Center guide: identity-enhanced sessions",
	}
	if length > longestContext {
		e.Verdicts = append(e.Verdicts, Verdict{By: "STS (AssumeRole)", Problem: true, Says: "it is longer than 2048 characters: ValidationError"})
	}
	if wrapped {
		e.Verdicts = append(e.Verdicts, Verdict{By: "STS (AssumeRole)", Problem: true, Says: "there are line breaks in it, which must not be sent"})
	}
	return e
}

func aboutCredentials(what string) Explanation {
	return Explanation{
		Kind: Credentials, ID: "credentials.pasted", Title: what,
		Means: "Whoever has them can act with them until they expire. They are not shown here; do not paste them anywhere. If they have been seen by others: those of a role end by themselves, at the latest after an hour here, " +
			"and an administrator can revoke them sooner; a key that begins with AKIA is good until it is deleted.",
		Causes: []Cause{
			{Why: "to see whose session yours is", Command: "tip-cli whoami"},
			{Why: "to revoke the sessions of a role: IAM console > Roles > the role > Revoke sessions"},
		},
		Source: "IAM guide: temporary security credentials",
	}
}

// aboutKeyID tells ids by their prefix. They are no secrets.
func aboutKeyID(id string) Explanation {
	what := map[string][2]string{
		"AKIA": {"a long-term access key ID", "It belongs to an IAM user. Such a key carries no person's identity: calls with it are not on behalf of anybody."},
		"ASIA": {"a temporary access key ID", "It belongs to a session. Whether the session carries a person's identity it does not tell; CloudTrail does (onBehalfOf)."},
		"AROA": {"the unique id of a role", "Where it stands as principal in a policy, the role that was meant has been deleted. A new role of the same name has another id: write its ARN into the policy again."},
		"AIDA": {"the unique id of an IAM user", "Where it stands as principal in a policy, the user that was meant has been deleted."},
	}[id[:4]]
	e := Explanation{Kind: Credentials, ID: "credentials.id", Title: what[0], Means: what[1], Source: "IAM guide: unique identifiers"}
	switch id[:4] {
	case "AROA", "AIDA":
		e.Causes = []Cause{
			{Why: "the trust policy of the identity-enhanced role names something that was deleted and made again", Check: "iam.assume"},
			{Why: "so does the actor policy of the application", Check: "center.actor"},
		}
	case "ASIA":
		e.Causes = []Cause{{Why: "to see whose session yours is", Command: "tip-cli whoami"}}
	}
	return e
}

// explainKeys knows credentials in files and environments.
func explainKeys(text string, _ Knowledge) []Explanation {
	if !keyLines().MatchString(text) {
		return nil
	}
	return []Explanation{aboutCredentials("AWS credentials in a file or an environment")}
}
