package tipcreds_test

import "github.com/tip-cli/tip-cli/tipcreds"

// capturedAnswers are the errors of the three calls as they are documented or were
// seen on the wire: names, statuses, headers, forms of body, and texts where known.
func capturedAnswers() []captured {
	return append(append(capturedWebIdentity(), capturedCreateToken()...), capturedAssumeRole()...)
}

func capturedWebIdentity() []captured {
	sts := func(name string, status int, code, text string, requests int) captured {
		return captured{
			name: "web identity " + name, op: webIdentityCall, status: status, body: xmlError(code), text: text,
			want: decision{Step: tipcreds.StepAssumeApplicationRole, Code: code, Status: status, Requests: requests},
		}
	}
	throttled := sts("throttled", 400, "Throttling", "Rate exceeded", 3)
	throttled.want.Throttled = true
	return []captured{
		sts("keys", 400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  "+
			"please reference AssumeRoleWithWebIdentity documentation for requirements", 2),
		sts("provider", 400, "InvalidIdentityToken",
			"No OpenIDConnect provider found in your account for https://dev-123456789.okta.com/oauth2/default", 2),
		sts("audience", 400, "InvalidIdentityToken", "Incorrect token audience", 2),
		sts("expired", 400, "ExpiredTokenException",
			"Token expired: current date/time 1767225600 must be before the expiration date/time 1767222000", 1),
		sts("expired, no space", 400, "ExpiredTokenException",
			"Token expired: current date/time 1767225600 must be before the expiration date/time1767222000", 1),
		sts("too old", 400, "ExpiredTokenException", "Token too old: 441398", 1),
		sts("expired, as documented", 400, "ExpiredToken", "Token expired", 1),
		sts("issuer unreachable", 400, "IDPCommunicationError", "x", 3),
		sts("claim rejected", 403, "IDPRejectedClaim", "x", 1),
		sts("denied", 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 1),
		sts("policy", 400, "MalformedPolicyDocument", "x", 1),
		sts("packed policy", 400, "PackedPolicyTooLarge", "Packed policy consumes 101% of allotted space, please use smaller policy.", 1),
		sts("region", 403, "RegionDisabledException", "STS is not activated in this region for account:444455556666.", 1),
		sts("duration", 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 1),
		sts("limits", 400, "ValidationError", "1 validation error detected: Value '' at 'roleSessionName' failed to satisfy constraint", 1),
		sts("no action", 400, "InvalidAction", "Could not find operation AssumeRoleWithWebIdentity for version 2011-06-15", 1),
		throttled,
		sts("internal failure", 500, "InternalFailure", "x", 3),
		sts("unavailable", 503, "ServiceUnavailable", "x", 3),
	}
}

func capturedCreateToken() []captured {
	oidc := func(name string, status int, exception, oauth, text string) captured {
		return captured{
			name: "create token " + name, op: createTokenCall, status: status, errorType: exception + coral, body: oauthBody(oauth), text: text,
			want: decision{Step: tipcreds.StepCreateToken, Code: exception, Status: status, Spent: true, Requests: 1},
		}
	}
	iam := func(name string, status int, exception, text string) captured {
		c := oidc(name, status, exception, "", text)
		c.errorType, c.body = exception, `{"Message":"TEXT"}`
		return c
	}
	adapt := func(c captured, fn func(*captured)) captured { fn(&c); return c }
	throttled := func(c *captured) { c.want.Throttled, c.want.Spent = true, false }
	inDoubt := func(c *captured) { c.want.InDoubt = true }
	forgets := func(c *captured) { c.want.ForgetsApplicationRoleKeys = true }
	refreshed := func(refused bool, requests int) func(*captured) {
		return func(c *captured) {
			c.name = "refresh: " + c.name
			c.want.Spent, c.want.InDoubt, c.want.RefreshRefused, c.want.Requests = false, false, refused, requests
		}
	}
	grant := oidc("invalid grant", 400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided")
	expired := adapt(oidc("expired", 400, "ExpiredTokenException", "expired_token", "x"), forgets)
	slow := adapt(oidc("slow down", 400, "SlowDownException", "slow_down", "x"), throttled)
	failure := adapt(oidc("server error", 500, "InternalServerException", "server_error", "x"), inDoubt)
	denied := oidc("denied", 400, "AccessDeniedException", "access_denied", "")
	unspent := func(c *captured) { c.want.Spent = false }
	signature := adapt(iam("signature", 403, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z"), unspent)
	return []captured{
		grant, expired, slow, failure, denied,
		adapt(grant, refreshed(true, 1)), adapt(expired, refreshed(true, 1)), adapt(denied, refreshed(false, 1)),
		adapt(failure, refreshed(false, 3)), adapt(slow, refreshed(false, 1)),
		oidc("request", 400, "InvalidRequestException", "invalid_request", "x"),
		oidc("client", 401, "InvalidClientException", "invalid_client", "x"),
		oidc("unauthorized client", 400, "UnauthorizedClientException", "unauthorized_client", "x"),
		oidc("grant type", 400, "UnsupportedGrantTypeException", "unsupported_grant_type", "x"),
		oidc("scope", 400, "InvalidScopeException", "invalid_scope", "x"),
		oidc("pending", 400, "AuthorizationPendingException", "authorization_pending", "x"),
		oidc("region", 400, "InvalidRequestRegionException", "invalid_request", "x"),
		iam("denied by IAM", 403, "AccessDeniedException", "User: arn:aws:sts::444455556666:assumed-role/TIPApplication/s is not "+
			"authorized to perform: sso-oauth:CreateTokenWithIAM on resource: "+application),
		signature, adapt(signature, refreshed(false, 1)),
		adapt(iam("unknown key", 403, "UnrecognizedClientException", "The security token included in the request is invalid."),
			func(c *captured) { forgets(c); unspent(c) }),
		adapt(iam("expired key", 403, "ExpiredTokenException", "The security token included in the request is expired"), forgets),
		adapt(iam("throttled", 400, "ThrottlingException", "Rate exceeded"), throttled),
		adapt(iam("throttled 429", 429, "TooManyRequestsException", "x"), throttled),
		adapt(iam("throttled 503", 503, "SlowDown", "x"), throttled),
		adapt(grant, func(c *captured) { c.name, c.errorType = "create token without the header", "" }),
		adapt(grant, func(c *captured) { c.name, c.body = "create token with the header alone", "" }),
		adapt(grant, func(c *captured) {
			c.name, c.body, c.text = "create token with the header and HTML", "<html>TEXT</html>", ""
		}),
		adapt(oidc("nameless", 403, "", "", "Forbidden"), func(c *captured) {
			c.errorType, c.body, c.want.Code, c.want.InDoubt = "", `{"message":"TEXT"}`, "UnknownError", true
		}),
		adapt(iam("request timeout", 408, "RequestTimeoutException", "x"), inDoubt),
		adapt(iam("request timeout by another name", 408, "RequestAbortedException", "x"), inDoubt),
		adapt(iam("unavailable", 503, "ServiceUnavailableException", "x"), inDoubt),
	}
}

func capturedAssumeRole() []captured {
	sts := func(name string, status int, code, text string, requests int) captured {
		return captured{
			name: "assume role " + name, op: assumeRoleCall, status: status, body: xmlError(code), text: text,
			want: decision{Step: tipcreds.StepAssumeAccessRole, Code: code, Status: status, Spent: true, Requests: requests},
		}
	}
	const caller = "User: arn:aws:sts::444455556666:assumed-role/TIPApplication/s is not authorized to perform: "
	forgets := func(c captured) captured { c.want.ForgetsApplicationRoleKeys = true; return c }
	throttled := sts("throttled", 400, "Throttling", "Rate exceeded", 3)
	throttled.want.Throttled = true
	return []captured{
		sts("denied", 403, "AccessDenied", caller+"sts:AssumeRole on resource: "+accessRole, 1),
		sts("denied context", 403, "AccessDenied", caller+"sts:SetContext on resource: "+accessRole, 1),
		sts("duration", 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.", 1),
		sts("role chaining", 400, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.", 1),
		sts("malformed", 400, "MalformedInput", "x", 1),
		sts("policy", 400, "MalformedPolicyDocument", "x", 1),
		sts("packed policy", 400, "PackedPolicyTooLarge", "Packed policy consumes 101% of allotted space, please use smaller policy.", 1),
		forgets(sts("expired context", 400, "ExpiredTokenException", "x", 1)),
		forgets(sts("expired key", 403, "ExpiredToken", "The security token included in the request is expired", 1)),
		forgets(sts("unknown key", 403, "InvalidClientTokenId", "The security token included in the request is invalid.", 1)),
		sts("signature", 403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z", 1),
		sts("scope", 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ", 1),
		sts("unsigned", 403, "MissingAuthenticationToken", "Request is missing Authentication Token", 1),
		sts("region", 403, "RegionDisabledException", "STS is not activated in this region for account:444455556666.", 1),
		throttled,
		sts("internal failure", 500, "InternalFailure", "x", 3),
	}
}
