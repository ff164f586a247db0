package sigv4

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// Verified is an S3 request whose signature holds. Whether the payload holds is
// known only once Body has been read to its end.
type Verified struct {
	// AccessKeyID is empty for an anonymous request.
	AccessKeyID string
	// Anonymous: the request carries no signature at all.
	Anonymous bool
	// Presigned: the signature is in the query (s3:authType REST-QUERY-STRING).
	Presigned bool
	// SignedAt is the date of the signature (s3:signatureAge counts from it).
	SignedAt time.Time
	// PayloadHash is x-amz-content-sha256 as it was signed.
	PayloadHash string
	// ContentEncoding is Content-Encoding without aws-chunked; may be empty.
	ContentEncoding string
	// ContentLength is the number of bytes that Body yields; -1 if unknown.
	ContentLength int64
	// Body is the decoded payload. A Read that fails, with anything but io.EOF,
	// is a refusal ([S3Error] maps it; an error of the connection passes through):
	// nothing that was read may then be kept. The last bytes are handed out only
	// after they, the hash, the checksums and the trailer have been checked, so a
	// reader that stops at ContentLength is safe; one that stops earlier is not.
	// It need not be closed; Close closes the request's body.
	Body io.ReadCloser

	payload *payload
}

// Trailer returns the trailers of an aws-chunked body (x-amz-checksum-*), without
// the trailer signature. It is nil before Body has returned its last byte.
func (v *Verified) Trailer() http.Header {
	if v.payload == nil {
		return nil
	}
	return v.payload.trailer()
}

// VerifyS3 checks the signature of an S3 request and opens its body. It does not
// read a body that has a length. A refusal is an *Error; see [S3Error].
func (v *Verifier) VerifyS3(r *http.Request, want awswire.Scope) (*Verified, error) {
	c, fail := v.check(r, want, (*check).payloadHash)
	var body *payload
	if fail == nil {
		body, fail = c.openPayload(r.Body)
	}
	if fail != nil {
		fail.AccessKeyID = c.accessKeyID()
		return nil, fail
	}
	return &Verified{
		AccessKeyID:     c.accessKeyID(),
		Anonymous:       c.anonymous,
		Presigned:       c.auth.presigned,
		SignedAt:        c.auth.at,
		PayloadHash:     body.mode,
		ContentEncoding: body.encoding,
		ContentLength:   body.remaining,
		Body:            body,
		payload:         body,
	}, nil
}

const contentSHA256 = "X-Amz-Content-Sha256"

// The values of x-amz-content-sha256 that are not a hash (S3 API reference,
// "Authenticating Requests: Using the Authorization Header").
const (
	unsignedPayload          = "UNSIGNED-PAYLOAD"
	streamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	streamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
)

// payloadHash is the last line of S3's canonical request: the header, for a
// presigned request also the query parameter, else UNSIGNED-PAYLOAD.
func (c *check) payloadHash() (string, *Error) {
	hash := strings.Join(c.r.Header.Values(contentSHA256), ",")
	if hash == "" && c.auth.presigned {
		if hash = c.param(contentSHA256); hash == "" {
			return unsignedPayload, nil
		}
	}
	switch hash {
	case "":
		return "", invalidRequest(awswire.VerifyIncomplete, "Missing required header for this request: x-amz-content-sha256")
	case unsignedPayload, streamingUnsignedTrailer, streamingSigned, streamingSignedTrailer:
		return hash, nil
	}
	if !isSHA256(hash) {
		return "", invalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "+
			"STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "+
			"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER "+
			"or a valid sha256 value.", "x-amz-content-sha256", hash)
	}
	return hash, nil
}

func isSHA256(hash string) bool {
	for _, c := range []byte(hash) {
		if !isHex(c) {
			return false
		}
	}
	return len(hash) == 64
}

// verifyBuffered checks a body that has been read already (S3 Control).
func (c *check) verifyBuffered(body []byte) *Error {
	payload, fail := c.openPayload(io.NopCloser(bytes.NewReader(body)))
	if fail == nil && payload.chunked {
		fail = &Error{Kind: awswire.VerifyPayloadMismatch, Code: "NotImplemented", Status: http.StatusNotImplemented,
			Message: "A header you provided implies functionality that is not implemented"}
	}
	if fail != nil {
		return fail
	}
	_, err := io.Copy(io.Discard, payload)
	if err != nil && !errors.As(err, &fail) {
		fail = incompleteBody()
	}
	return fail
}
