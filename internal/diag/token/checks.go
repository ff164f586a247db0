package token

import "github.com/tip-cli/tip-cli/internal/diag/finding"

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return append(append(formChecks(), partyChecks()...), timeChecks()...)
}

func fails(id, title, why string) finding.Kind {
	return finding.Kind{ID: "token." + id, Status: finding.Fail, Title: title, Why: why}
}

func formChecks() []finding.Check {
	return []finding.Check{
		{ID: "token.present", Title: "token", Why: "STS and Identity Center get it from you.", Kinds: []finding.Kind{
			fails("no-token", "there is no token", "tip-cli would have to open a browser: where it may not, tools say that credentials cannot be had, and tip-cli exits with code 3."),
			fails("other-configuration", "the stored token was made for another configuration", "tip-cli does not use it, and wants a sign-in first."),
		}},
		{ID: "token.form", Title: "form", Why: "AWS takes a signed JWT in its compact form.", Kinds: []finding.Kind{
			fails("malformed", "the token is not a JWT", "STS says InvalidIdentityToken, Identity Center invalid_grant."),
			fails("encrypted", "the token is encrypted or nested", "AWS cannot read it: STS says InvalidIdentityToken, Identity Center invalid_grant."),
			fails("too-long", "the token is longer than STS takes", "STS takes 20000 characters and says ValidationError beyond that: often groups or roles fill the token."),
		}},
		{ID: "token.kind", Title: "kind of token", Why: "Not every JWT of a provider is for AWS.", Kinds: []finding.Kind{
			fails("access-token", "the token is an access token that AWS does not take", "Without the client in aud, STS says InvalidIdentityToken (\"Incorrect token audience\") and Identity Center invalid_grant: the ID token is wanted."),
			fails("other-kind", "the token is a token for another purpose", "Logout tokens and proofs of possession say nothing of who has signed in: Identity Center says invalid_grant."),
		}},
		{ID: "token.claims", Title: "claims", Why: "STS and Identity Center want iss, sub, aud, exp and iat, each of the right type.", Kinds: []finding.Kind{
			fails("missing-claim", "a claim is missing", "STS says InvalidIdentityToken, Identity Center invalid_grant or invalid_request."),
			fails("bad-claim", "a claim has a value that it cannot have", "STS wants timestamps as integers and names as texts, and says InvalidIdentityToken otherwise; Identity Center says invalid_grant."),
		}},
		{ID: "token.algorithm", Title: "algorithm", Why: "Identity Center takes RS256 and no other.", Kinds: []finding.Kind{
			fails("not-rs256", "the token is not signed with RS256", "STS may take it, and Identity Center then says invalid_grant: it takes RS256 only."),
			fails("unsigned", "the token is not signed", "Anybody could have written it: STS says InvalidIdentityToken, Identity Center invalid_grant."),
		}},
		{ID: "token.signature", Title: "signature", Why: "AWS verifies it with the keys that the issuer publishes.", Kinds: []finding.Kind{
			fails("unknown-key", "the token is signed with a key that the issuer does not publish", "STS says \"Couldn't retrieve verification key from your identity provider\" or InvalidIdentityToken, Identity Center invalid_grant."),
			fails("bad-signature", "the signature is wrong", "Somebody else made or changed it: STS says InvalidIdentityToken, Identity Center invalid_grant."),
		}},
	}
}

func partyChecks() []finding.Check {
	return []finding.Check{
		{ID: "token.issuer", Title: "issuer (iss)", Why: "AWS finds the provider and the trusted token issuer by it, letter by letter.", Kinds: []finding.Kind{
			fails("other-issuer", "the token is from another issuer", "STS says \"No OpenIDConnect provider found in your account\", Identity Center invalid_grant: a trailing slash is enough."),
		}},
		{ID: "token.audience", Title: "audience (aud)", Why: "IAM and Identity Center both have a list of audiences that they take.", Kinds: []finding.Kind{
			fails("other-audience", "the token is for another client", "STS says InvalidIdentityToken (\"Incorrect token audience\"), Identity Center invalid_grant."),
		}},
		{ID: "token.party", Title: "authorized party (azp)", Why: "Where it is there, STS takes it in the place of aud.", Kinds: []finding.Kind{
			fails("other-party", "the token was issued to another client", "STS takes azp in the place of aud, and says InvalidIdentityToken (\"Incorrect token audience\") though aud is right."),
		}},
	}
}

func timeChecks() []finding.Check {
	return []finding.Check{
		{ID: "token.expiry", Title: "expiry (exp)", Why: "AWS takes no token after it.", Kinds: []finding.Kind{
			fails("expired", "the token has expired", "STS says ExpiredTokenException (\"Token expired\"), Identity Center invalid_grant or expired_token."),
		}},
		{ID: "token.issued", Title: "time of issue (iat)", Why: "STS minds when a token was made.", Kinds: []finding.Kind{
			fails("issued-in-future", "the token was issued in the future", "The clock of this machine or of the provider is wrong: STS says InvalidIdentityToken, Identity Center invalid_grant."),
			{ID: "token.too-old", Status: finding.Warn, Title: "the token was issued more than a day ago", Why: "STS refuses old tokens though they have not expired, with ExpiredTokenException (\"Token too old\"); where it draws the line is not documented."},
		}},
		{ID: "token.not-before", Title: "beginning (nbf)", Why: "AWS takes no token before it.", Kinds: []finding.Kind{
			fails("not-yet-valid", "the token is not valid yet", "STS says InvalidIdentityToken, Identity Center invalid_grant, until the time has come."),
		}},
		{ID: "token.unspent", Title: "not used before", Why: "Identity Center takes each JWT once.", Kinds: []finding.Kind{
			fails("spent", "the token was exchanged before", "Identity Center takes each JWT once and says invalid_grant the second time, though STS takes it again."),
		}},
	}
}
