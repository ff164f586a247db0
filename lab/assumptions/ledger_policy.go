package assumptions

// policies is about the evaluation of policies and about STS.
var policies = []Assumption{
	{68, "denialNamesPolicy", "An explicit denial by a managed policy is answered with the policy's ARN, where caller and resource are of one account or organization.",
		"The security blog of AWS announced it for all services in 2026, to come gradually; which services have it is not listed.", true, nil},
	{69, "packedPolicyLimit", "Session policies, ARNs of managed policies and session tags are too large when packed if they have more than 2,048 characters together, white space aside.",
		"STS packs them in a form of its own with a limit of its own, of which only a percentage is ever shown. The limit of characters stands in for it.", true, nil},
	{70, "issuerThumbprints", "The certificate of an issuer is anchored in a CA that AWS trusts, so that the thumbprints of its OIDC provider are not consulted; checked, they must hold that of the chain's last certificate.",
		"The IAM guide says when thumbprints count; whether AWS trusts the CA of a host is not known beforehand. The lab's CA is none that it could know.", "anchored", []string{"anchored", "checked"}},
	{71, "refuseFutureTokens", "STS accepts a web identity token whose iat lies ahead, if nbf and exp admit it.",
		"That iat is required is documented, and that it must not lie too far back was captured; of the future nothing is said.", false, nil},
	{72, "federatedProvider", "aws:FederatedProvider of sessions of web identities is the ARN of the OIDC provider.",
		"The IAM guide says so; one published experiment saw the issuer's URL.", "arn", []string{"arn", "issuer"}},
	{73, "severalAudiences", "Of a web identity token with several audiences and no azp, the condition key aud is the first one that the OIDC provider knows; all: it has every audience, and no operator without ForAllValues or ForAnyValue can equal it.",
		"The IAM guide has aud as a key with one value, and says nothing of tokens with several.", "known", []string{"known", "all"}},
}
