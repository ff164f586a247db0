package sigv4

import (
	"errors"
	"maps"
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// Error is a refusal in S3's terms. [Verifier.VerifyS3] and the Body it hands out
// return it; it unwraps to an *awswire.VerifyError. It holds no secret.
type Error struct {
	Kind awswire.VerifyKind
	// Code and Status are S3's; empty and 0 mean the standard ones of Kind.
	Code   string
	Status int
	// Message is AWS's text; empty means the standard one of Kind.
	Message string
	// Region is the region that should have been signed for, if that is known.
	Region string
	// Got is the region or the service that was signed for instead.
	Got string
	// AccessKeyID is the key that signed or claims to, if the request names one.
	AccessKeyID string
	// Detail holds the elements that S3 puts beside Code and Message.
	Detail map[string]string
}

// Error implements error.
func (e *Error) Error() string { return e.verifyError().Error() }

// Unwrap returns the refusal as an *awswire.VerifyError.
func (e *Error) Unwrap() error { return e.verifyError() }

func (e *Error) verifyError() *awswire.VerifyError {
	return &awswire.VerifyError{Kind: e.Kind, Region: e.Region, Got: e.Got, Message: e.Message,
		Code: e.Code, Status: e.Status, Detail: maps.Clone(e.Detail)}
}

// s3Answer is S3's standard answer to a kind.
type s3Answer struct {
	code    string
	status  int
	message string
}

var s3Answers = map[awswire.VerifyKind]s3Answer{
	awswire.VerifyMissing:         {"AccessDenied", http.StatusForbidden, "Access Denied"},
	awswire.VerifyIncomplete:      {"AuthorizationHeaderMalformed", http.StatusBadRequest, "The authorization header you provided is invalid."},
	awswire.VerifyWrongService:    {"AuthorizationHeaderMalformed", http.StatusBadRequest, `The authorization header is malformed; incorrect service. This endpoint belongs to "s3".`},
	awswire.VerifyWrongRegion:     {"AuthorizationHeaderMalformed", http.StatusBadRequest, "The authorization header is malformed; the region is wrong"},
	awswire.VerifySkewed:          {"RequestTimeTooSkewed", http.StatusForbidden, "The difference between the request time and the current time is too large."},
	awswire.VerifyUnknownKey:      {"InvalidAccessKeyId", http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	awswire.VerifyTokenMismatch:   {"InvalidAccessKeyId", http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	awswire.VerifyExpired:         {"ExpiredToken", http.StatusBadRequest, "The provided token has expired."},
	awswire.VerifyBadSignature:    {"SignatureDoesNotMatch", http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	awswire.VerifyPayloadMismatch: {"XAmzContentSHA256Mismatch", http.StatusBadRequest, "The provided 'x-amz-content-sha256' header does not match what was computed."},
}

// s3Refusal is the refusal of a kind with the standard answer of another.
func s3Refusal(kind, as awswire.VerifyKind, detail map[string]string) *Error {
	answer := s3Answers[as]
	return &Error{Kind: kind, Code: answer.code, Status: answer.status, Message: answer.message, Detail: detail}
}

// S3Error maps a refusal to S3's answer: the code and message of the XML error
// and the HTTP status. An *Error may carry a code of its own (see the words in
// words_s3.go and the body errors); else the kind decides:
//
//	Missing          AccessDenied                  403
//	Incomplete       AuthorizationHeaderMalformed  400
//	WrongService     AuthorizationHeaderMalformed  400
//	WrongRegion      AuthorizationHeaderMalformed  400
//	Skewed           RequestTimeTooSkewed          403
//	UnknownKey       InvalidAccessKeyId            403
//	TokenMismatch    InvalidAccessKeyId            403
//	Expired          ExpiredToken                  400
//	BadSignature     SignatureDoesNotMatch         403
//	PayloadMismatch  XAmzContentSHA256Mismatch     400
//
// Codes carried by an *Error: AuthorizationQueryParametersError 400, InvalidRequest
// 400, InvalidArgument 400, AccessDenied 403 (expired or early presigned request,
// unsigned headers, no date), InvalidAccessKeyId 403 (token left out), BadDigest
// 400, InvalidDigest 400, InvalidChunkSizeError 400, IncompleteBody 400,
// MalformedTrailerError 400, InvalidURI 400, RequestHeaderSectionTooLarge 400,
// MissingContentLength 411, NotImplemented 501 (a chunked body at S3 Control). An
// error that is no refusal is InternalError 500.
func S3Error(err error) (code string, status int, message string) {
	kind, message := awswire.VerifyKind(0), ""
	var own *Error
	var plain *awswire.VerifyError
	switch {
	case errors.As(err, &own):
		kind, code, status, message = own.Kind, own.Code, own.Status, own.Message
	case errors.As(err, &plain):
		kind, code, status, message = plain.Kind, plain.Code, plain.Status, plain.Message
	}
	answer, ok := s3Answers[kind]
	if !ok {
		return "InternalError", http.StatusInternalServerError, "We encountered an internal error. Please try again."
	}
	if code == "" {
		code, status = answer.code, answer.status
	}
	if message == "" {
		message = answer.message
	}
	return code, status, message
}
