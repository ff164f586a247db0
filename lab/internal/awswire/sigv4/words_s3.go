package sigv4

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// s3Words are S3's and S3 Control's. The header form and the query form differ
// in the code and in the beginning of the text.
type s3Words struct{ presigned bool }

func (w s3Words) malformed(kind awswire.VerifyKind, format string, args ...any) *Error {
	code, prefix := "AuthorizationHeaderMalformed", "The authorization header is malformed; "
	if w.presigned {
		code, prefix = "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; "
	}
	return &Error{Kind: kind, Code: code, Status: http.StatusBadRequest, Message: prefix + fmt.Sprintf(format, args...)}
}

func queryError(format string, args ...any) *Error {
	return &Error{Kind: awswire.VerifyIncomplete, Code: "AuthorizationQueryParametersError",
		Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func invalidArgument(message, name, value string) *Error {
	return &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidArgument", Status: http.StatusBadRequest,
		Message: message, Detail: map[string]string{"ArgumentName": name, "ArgumentValue": value}}
}

func invalidRequest(kind awswire.VerifyKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: "InvalidRequest", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func accessDenied(kind awswire.VerifyKind, message string, detail map[string]string) *Error {
	return &Error{Kind: kind, Code: "AccessDenied", Status: http.StatusForbidden, Message: message, Detail: detail}
}

func notSupported() *Error {
	return invalidRequest(awswire.VerifyIncomplete,
		"The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
}

// twoMechanisms refuses a request that carries a header and a query signature.
func twoMechanisms() *Error {
	return &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidArgument", Status: http.StatusBadRequest,
		Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, " +
			"Signature query string parameter or the Authorization header should be specified",
		Detail: map[string]string{"ArgumentName": "Authorization"}}
}

func (w s3Words) badScheme(authorization string) *Error {
	scheme, _, space := strings.Cut(authorization, " ")
	switch {
	case !space:
		return &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidArgument", Status: http.StatusBadRequest,
			Message: "Authorization header is invalid -- one and only one ' ' (space) required"}
	case scheme == "AWS" || strings.HasPrefix(scheme, "AWS4-ECDSA-P256-SHA256"):
		return notSupported()
	}
	return &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidArgument", Status: http.StatusBadRequest,
		Message: "Unsupported Authorization Type"}
}

func (w s3Words) badPart(part, _ string) *Error {
	return w.malformed(awswire.VerifyIncomplete, "the authorization component %q is malformed.", part)
}

func (w s3Words) missingParts(_ []string, _ string) *Error {
	return w.malformed(awswire.VerifyIncomplete,
		"the authorization header requires three components: Credential, SignedHeaders, and Signature.")
}

func (w s3Words) missingParams(_ []string) *Error {
	return queryError("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
		"X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
}

func (w s3Words) badAlgorithm(_ string) *Error {
	return queryError(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
}

func (w s3Words) noDate(_ string) *Error {
	return accessDenied(awswire.VerifyIncomplete, "AWS authentication requires a valid Date or x-amz-date header", nil)
}

func (w s3Words) badDate(_ string) *Error {
	if w.presigned {
		return queryError(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	return w.noDate("")
}

func (w s3Words) skewed(at, now time.Time, tolerance time.Duration) *Error {
	return &Error{Kind: awswire.VerifySkewed, Detail: map[string]string{
		"RequestTime":                stampOf(at),
		"ServerTime":                 serverTime(now),
		"MaxAllowedSkewMilliseconds": strconv.FormatInt(tolerance.Milliseconds(), 10),
	}}
}

func serverTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (w s3Words) badCredential(_ string) *Error {
	return w.malformed(awswire.VerifyIncomplete,
		`the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
}

func (w s3Words) wrongScope(got credentialScope, stamp string, want awswire.Scope) *Error {
	switch {
	case got.region != want.Region:
		e := w.malformed(awswire.VerifyWrongRegion, "the region '%s' is wrong; expecting '%s'", got.region, want.Region)
		e.Region, e.Got, e.Detail = want.Region, got.region, map[string]string{"Region": want.Region}
		return e
	case got.service != want.Service:
		e := w.malformed(awswire.VerifyWrongService, "incorrect service %q. This endpoint belongs to %q.", got.service, want.Service)
		e.Got = got.service
		return e
	case got.terminator != terminator:
		return w.malformed(awswire.VerifyIncomplete, "incorrect terminal %q. This endpoint uses %q.", got.terminator, terminator)
	case w.presigned:
		return queryError("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.",
			got.date, stamp[:len(dateFormat)])
	}
	return w.malformed(awswire.VerifyIncomplete, "Invalid credential date. Date is not the same as X-Amz-Date.")
}

func (w s3Words) hostNotSigned() *Error { return w.notSigned([]string{"host"}) }

func (w s3Words) notSigned(names []string) *Error {
	return accessDenied(awswire.VerifyBadSignature, "There were headers present in the request which were not signed",
		map[string]string{"HeadersNotSigned": strings.Join(names, ", ")})
}

func (w s3Words) badQuery(_ error) *Error {
	return &Error{Kind: awswire.VerifyIncomplete, Code: "InvalidURI", Status: http.StatusBadRequest,
		Message: "Couldn't parse the specified URI."}
}
