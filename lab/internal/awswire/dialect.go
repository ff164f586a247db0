package awswire

import (
	"cmp"
	"fmt"
	"net/http"
)

// dialect is how a family of services words the errors that no model has.
type dialect struct {
	validation string // code of a broken constraint
	malformed  string // code of a body that cannot be read
	binding    string // code of a header or URL part that cannot be read
	internal   string // code of an internal failure
	message    string // text of an internal failure
	tooLarge   string // code of a body over the limit
	refusals   map[VerifyKind]Error
}

const (
	textInvalidToken = "The security token included in the request is invalid."
	textExpired      = "The security token included in the request is expired"
	textMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// queryDialect is STS's, as probed; the other query services answer alike.
var queryDialect = dialect{
	validation: "ValidationError", malformed: "MalformedInput", binding: "MalformedInput", internal: "InternalFailure",
	tooLarge: "RequestEntityTooLarge",
	refusals: map[VerifyKind]Error{
		VerifyMissing:         {Code: "MissingAuthenticationToken", Status: 403, Message: "Request is missing Authentication Token"},
		VerifyIncomplete:      {Code: "IncompleteSignature", Status: 403, Message: "The request signature does not conform to AWS standards."},
		VerifyWrongService:    {Code: "SignatureDoesNotMatch", Status: 403, Message: "Credential should be scoped to correct service: '%s'. "},
		VerifyWrongRegion:     {Code: "SignatureDoesNotMatch", Status: 403, Message: "Credential should be scoped to a valid region. "},
		VerifySkewed:          {Code: "SignatureDoesNotMatch", Status: 403, Message: "Signature expired"},
		VerifyUnknownKey:      {Code: "InvalidClientTokenId", Status: 403, Message: textInvalidToken},
		VerifyTokenMismatch:   {Code: "InvalidClientTokenId", Status: 403, Message: textInvalidToken},
		VerifyExpired:         {Code: "ExpiredToken", Status: 403, Message: textExpired},
		VerifyBadSignature:    {Code: "SignatureDoesNotMatch", Status: 403, Message: textMismatch},
		VerifyPayloadMismatch: {Code: "SignatureDoesNotMatch", Status: 403, Message: textMismatch},
	},
}

// jsonDialect is that of the services on Coral with json 1.1, which answer 400;
// those with rest-json answer the same with 403.
var jsonDialect = dialect{
	validation: "ValidationException", malformed: "SerializationException", binding: "SerializationException",
	internal: "InternalFailure", tooLarge: "RequestEntityTooLargeException",
	refusals: coralRefusals(http.StatusBadRequest),
}

var restJSONDialect = dialect{
	validation: "ValidationException", malformed: "SerializationException", binding: "SerializationException",
	internal: "InternalFailure", tooLarge: "RequestEntityTooLargeException",
	refusals: coralRefusals(http.StatusForbidden),
}

func coralRefusals(status int) map[VerifyKind]Error {
	return map[VerifyKind]Error{
		VerifyMissing:         {Code: "MissingAuthenticationTokenException", Status: status, Message: "Missing Authentication Token"},
		VerifyIncomplete:      {Code: "IncompleteSignatureException", Status: status, Message: "The request signature does not conform to AWS standards."},
		VerifyWrongService:    {Code: "InvalidSignatureException", Status: status, Message: "Credential should be scoped to correct service: '%s'. "},
		VerifyWrongRegion:     {Code: "InvalidSignatureException", Status: status, Message: "Credential should be scoped to a valid region. "},
		VerifySkewed:          {Code: "InvalidSignatureException", Status: status, Message: "Signature expired"},
		VerifyUnknownKey:      {Code: "UnrecognizedClientException", Status: status, Message: textInvalidToken},
		VerifyTokenMismatch:   {Code: "UnrecognizedClientException", Status: status, Message: textInvalidToken},
		VerifyExpired:         {Code: "ExpiredTokenException", Status: status, Message: textExpired},
		VerifyBadSignature:    {Code: "InvalidSignatureException", Status: status, Message: textMismatch},
		VerifyPayloadMismatch: {Code: "InvalidSignatureException", Status: status, Message: textMismatch},
	}
}

// s3Dialect is that of S3 and S3 Control.
var s3Dialect = dialect{
	validation: "InvalidRequest", malformed: "MalformedXML", binding: "InvalidRequest", internal: "InternalError",
	message: "We encountered an internal error. Please try again.", tooLarge: "EntityTooLarge",
	refusals: map[VerifyKind]Error{
		VerifyMissing:         {Code: "AccessDenied", Status: 403, Message: "Access Denied"},
		VerifyIncomplete:      {Code: "AuthorizationHeaderMalformed", Status: 400, Message: "The authorization header that you provided is not valid."},
		VerifyWrongService:    {Code: "AuthorizationHeaderMalformed", Status: 400, Message: "The authorization header is malformed; incorrect service. This endpoint belongs to \"%s\"."},
		VerifyWrongRegion:     {Code: "AuthorizationHeaderMalformed", Status: 400, Message: "The authorization header is malformed; the region is wrong"},
		VerifySkewed:          {Code: "RequestTimeTooSkewed", Status: 403, Message: "The difference between the request time and the current time is too large."},
		VerifyUnknownKey:      {Code: "InvalidAccessKeyId", Status: 403, Message: "The AWS Access Key Id you provided does not exist in our records."},
		VerifyTokenMismatch:   {Code: "InvalidAccessKeyId", Status: 403, Message: "The AWS Access Key Id you provided does not exist in our records."},
		VerifyExpired:         {Code: "ExpiredToken", Status: 400, Message: "The provided token has expired."},
		VerifyBadSignature:    {Code: "SignatureDoesNotMatch", Status: 403, Message: "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
		VerifyPayloadMismatch: {Code: "XAmzContentSHA256Mismatch", Status: 400, Message: "The provided 'x-amz-content-sha256' header does not match what was computed."},
	},
}

// refusal is the answer to a request whose signature was refused. signingName is
// the service that the scope should have named.
func (d *dialect) refusal(v *VerifyError, signingName string) *Error {
	e, ok := d.refusals[v.Kind]
	if !ok {
		e = d.refusals[VerifyBadSignature]
	}
	e.Common = true
	e.Code = first(v.Code, e.Code)
	e.Status = cmp.Or(v.Status, e.Status)
	switch {
	case v.Message != "":
		e.Message = v.Message
	case v.Kind == VerifyWrongService:
		e.Message = fmt.Sprintf(e.Message, signingName)
	}
	return &e
}

// s3Refusal adds the elements that S3 puts beside code and message.
func s3Refusal(v *VerifyError, signingName string) *Error {
	e := s3Dialect.refusal(v, signingName)
	e.Detail = map[string]any{}
	for name, text := range v.Detail {
		e.Detail[name] = text
	}
	if v.Kind == VerifyWrongRegion && v.Region != "" {
		e.Detail["Region"] = v.Region
		if v.Message == "" && v.Got != "" {
			e.Message = fmt.Sprintf("The authorization header is malformed; the region '%s' is wrong; expecting '%s'", v.Got, v.Region)
		}
	}
	return e
}

// refusal is the answer of a service to a request whose signature was refused.
func (s *Service) refusal(v *VerifyError) *Error {
	words := s.protocol.words()
	if words == &s3Dialect {
		return s3Refusal(v, s.SigningName())
	}
	return words.refusal(v, s.SigningName())
}
