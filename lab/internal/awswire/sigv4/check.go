package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// check is the state of verifying one request.
type check struct {
	v         *Verifier
	r         *http.Request
	want      awswire.Scope
	s3        bool
	words     words
	now       time.Time
	rawPath   string
	params    []param
	auth      authorization
	key       []byte
	hash      string // the last line of the canonical request
	anonymous bool
}

// check verifies everything but the payload. payloadHash gives the last line of
// the canonical request; it is asked for after the access key is known.
func (v *Verifier) check(r *http.Request, want awswire.Scope, payloadHash func(*check) (string, *Error)) (*check, *Error) {
	c := &check{v: v, r: r, want: want, s3: want.Service == "s3", now: v.now().UTC(), words: commonWords{}}
	if c.s3 {
		c.words = s3Words{}
	}
	fail := c.parse()
	if fail != nil || c.anonymous {
		return c, fail
	}
	for _, step := range []func() *Error{c.checkTime, c.checkScope} {
		if fail := step(); fail != nil {
			return c, fail
		}
	}
	cred, fail := c.checkCredential()
	if fail == nil {
		fail = c.checkSignedHeaders()
	}
	if fail != nil {
		return c, fail
	}
	if c.hash, fail = payloadHash(c); fail != nil {
		return c, fail
	}
	c.key = v.keys.get(cred.SecretAccessKey, c.auth.scope)
	return c, c.checkSignature(c.hash)
}

func (c *check) accessKeyID() string { return c.auth.scope.accessKeyID }

// parse finds the signature, in the header or in the query.
func (c *check) parse() *Error {
	var rawQuery string
	c.rawPath, rawQuery = target(c.r)
	header := strings.Join(c.r.Header.Values("Authorization"), ", ")
	if len(header) > maxAuthorization || len(c.rawPath)+len(rawQuery) > maxTarget || strings.Count(rawQuery, "&") >= maxQueryParams {
		return c.tooLarge()
	}
	var err error
	if c.params, err = parseQuery(rawQuery); err != nil {
		return c.words.badQuery(err)
	}
	presigned := c.isPresigned()
	if presigned && c.s3 {
		c.words = s3Words{presigned: true}
	}
	signedV2 := c.s3 && c.hasParam("Signature")
	var fail *Error
	switch {
	case c.s3 && header != "" && presigned, signedV2 && (header != "" || presigned):
		return twoMechanisms()
	case header != "":
		fail = c.parseHeader(header)
	case presigned:
		c.auth, fail = parsePresigned(c.params, c.s3, c.words)
	case signedV2:
		return notSupported()
	default:
		c.anonymous = true
		return nil
	}
	if fail == nil && len(c.auth.signedHeaders) > maxSignedHeaders {
		fail = c.tooLarge()
	}
	c.auth.scope, _ = parseCredential(c.auth.credential)
	return fail
}

func (c *check) parseHeader(header string) (fail *Error) {
	c.auth, fail = parseHeader(header, c.words)
	c.auth.token = strings.Join(c.r.Header.Values(tokenHeader), ",")
	return fail
}

func (c *check) tooLarge() *Error {
	fail := incomplete("The request signature does not conform to AWS standards.")
	if c.s3 {
		fail.Code, fail.Status = "RequestHeaderSectionTooLarge", http.StatusBadRequest
		fail.Message = "Your request header section exceeds the maximum allowed size."
	}
	return fail
}

// isPresigned: S3 goes by X-Amz-Algorithm alone (an X-Amz-Signature without it
// is an anonymous request there); the others miss what is left out.
func (c *check) isPresigned() bool {
	if c.s3 {
		return c.hasParam("X-Amz-Algorithm")
	}
	return c.hasParam("X-Amz-Algorithm") || c.hasParam("X-Amz-Credential") || c.hasParam(signatureParam)
}

func (c *check) hasParam(name string) bool {
	return slices.ContainsFunc(c.params, func(p param) bool { return p.name == name })
}

func (c *check) param(name string) string {
	i := slices.IndexFunc(c.params, func(p param) bool { return p.name == name })
	if i < 0 {
		return ""
	}
	return c.params[i].value
}

// checkTime: the date must parse and be near, and a presigned request in its time.
func (c *check) checkTime() (fail *Error) {
	if c.auth.presigned {
		at, err := time.Parse(stampFormat, c.auth.stamp)
		if err != nil {
			return c.words.badDate(c.auth.stamp)
		}
		c.auth.at = at
		if c.s3 {
			return c.checkExpires()
		}
	} else {
		c.auth.stamp, c.auth.at, fail = readDate(c.r, c.r.Header.Get("Authorization"), c.words)
		if fail != nil {
			return fail
		}
	}
	tolerance := c.v.maxSkew(c.want.Service)
	if c.now.Sub(c.auth.at).Abs() > tolerance {
		return c.words.skewed(c.auth.at, c.now, tolerance)
	}
	return nil
}

const week = 7 * 24 * 60 * 60

// checkExpires is S3's check of X-Amz-Expires; the other services let a
// presigned request live as long as the clock skew, whatever it says.
func (c *check) checkExpires() *Error {
	seconds, err := strconv.ParseInt(c.auth.expires, 10, 64)
	switch {
	case err != nil:
		return queryError("X-Amz-Expires should be a number")
	case seconds < 0:
		return queryError("X-Amz-Expires must be non-negative")
	case seconds > week:
		return queryError("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	end := c.auth.at.Add(time.Duration(seconds) * time.Second)
	detail := map[string]string{"Expires": serverTime(end), "ServerTime": serverTime(c.now)}
	if c.auth.at.Sub(c.now) > c.v.maxSkew(c.want.Service) {
		return accessDenied(awswire.VerifySkewed, "Request is not yet valid", detail)
	}
	if seconds == 0 || c.now.After(end) {
		detail["X-Amz-Expires"] = c.auth.expires
		return accessDenied(awswire.VerifySkewed, "Request has expired", detail)
	}
	return nil
}

func (c *check) checkScope() *Error {
	scope := c.auth.scope
	if scope == (credentialScope{}) {
		return c.words.badCredential(c.auth.credential)
	}
	dateMatches := scope.date == c.auth.stamp[:len(dateFormat)]
	if scope.region != c.want.Region || scope.service != c.want.Service || scope.terminator != terminator || !dateMatches {
		return c.words.wrongScope(scope, c.auth.stamp, c.want)
	}
	return nil
}

// checkCredential: the key must exist, the token be its own, the session not over.
func (c *check) checkCredential() (Credential, *Error) {
	cred, ok := c.v.lookup(c.accessKeyID())
	if !ok || cred.SecretAccessKey == "" {
		return cred, &Error{Kind: awswire.VerifyUnknownKey, Detail: c.keyDetail()}
	}
	token := c.auth.token
	switch {
	case token == "" && cred.SessionToken != "" && c.s3:
		return cred, s3Refusal(awswire.VerifyTokenMismatch, awswire.VerifyUnknownKey, c.keyDetail())
	case !equalConstantTime(token, cred.SessionToken) && c.s3:
		return cred, s3Refusal(awswire.VerifyTokenMismatch, awswire.VerifyTokenMismatch, nil)
	case !equalConstantTime(token, cred.SessionToken):
		return cred, &Error{Kind: awswire.VerifyTokenMismatch}
	case !cred.Expires.IsZero() && !c.now.Before(cred.Expires):
		return cred, &Error{Kind: awswire.VerifyExpired}
	}
	return cred, nil
}

func (c *check) keyDetail() map[string]string {
	return map[string]string{"AWSAccessKeyId": c.accessKeyID()}
}

// checkSignedHeaders: host and whatever is sent as x-amz-* must be signed. Only
// x-amz-content-sha256 need not, as at S3: it is in the canonical request anyway.
// S3 also insists on Content-MD5, and on If-Range beside a signed Range.
func (c *check) checkSignedHeaders() *Error {
	signed := c.auth.signedHeaders
	if !slices.Contains(signed, "host") && !slices.Contains(signed, ":authority") {
		return c.words.hostNotSigned()
	}
	var missing []string
	for key := range c.r.Header {
		if !c.mustSign(key) {
			continue
		}
		if name := strings.ToLower(key); !slices.Contains(signed, name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		slices.Sort(missing)
		return c.words.notSigned(missing)
	}
	return nil
}

func (c *check) mustSign(key string) bool {
	const prefix = "X-Amz-"
	switch {
	case len(key) > len(prefix) && strings.EqualFold(key[:len(prefix)], prefix):
		return !strings.EqualFold(key, contentSHA256)
	case !c.s3:
		return false
	case strings.EqualFold(key, "If-Range"):
		return slices.Contains(c.auth.signedHeaders, "range")
	}
	return strings.EqualFold(key, "Content-Md5")
}

// checkSignature compares the signature with the one of the canonical request.
// SignedHeaders must be what AWS would write: lower case, sorted, unique.
func (c *check) checkSignature(payloadHash string) *Error {
	uri, err := canonicalURI(c.rawPath, c.s3)
	if err != nil {
		return c.words.badQuery(err)
	}
	query := canonicalQuery(c.params, c.auth.presigned)
	request := canonicalRequest(c.r, uri, query, c.auth.signedHeaders, payloadHash)
	if !strictlySorted(c.auth.signedHeaders) {
		return c.signatureMismatch(request)
	}
	if c.signatureMatches(request) {
		return nil
	}
	// S3 signs the path as it was sent, which may be encoded in another way.
	if c.s3 && c.rawPath != uri &&
		c.signatureMatches(canonicalRequest(c.r, c.rawPath, query, c.auth.signedHeaders, payloadHash)) {
		return nil
	}
	return c.signatureMismatch(request)
}

func (c *check) signatureMatches(canonicalRequest string) bool {
	return equalConstantTime(sign(c.key, c.stringToSign(canonicalRequest)), c.auth.signature)
}

func (c *check) stringToSign(canonicalRequest string) string {
	return algorithm + "\n" + c.auth.stamp + "\n" + c.auth.scope.String() + "\n" + hexSHA256([]byte(canonicalRequest))
}

func strictlySorted(names []string) bool {
	for i, name := range names {
		if name == "" || name != strings.ToLower(name) || i > 0 && names[i-1] >= name {
			return false
		}
	}
	return true
}

// signatureMismatch tells what was signed, as S3 does, with the token left out.
func (c *check) signatureMismatch(request string) *Error {
	fail := &Error{Kind: awswire.VerifyBadSignature}
	if !c.s3 {
		return fail
	}
	text := c.stringToSign(request)
	if token := c.auth.token; token != "" {
		request = strings.ReplaceAll(request, token, "REDACTED")
		request = strings.ReplaceAll(request, escape(token, false), "REDACTED")
	}
	fail.Detail = map[string]string{
		"AWSAccessKeyId":    c.accessKeyID(),
		"StringToSign":      text,
		"StringToSignBytes": spacedHex(text),
		"SignatureProvided": c.auth.signature,
		"CanonicalRequest":  request,
	}
	return fail
}

func spacedHex(text string) string {
	out := make([]byte, 0, 3*len(text))
	for i, b := range []byte(text) {
		if i > 0 {
			out = append(out, ' ')
		}
		out = hex.AppendEncode(out, []byte{b})
	}
	return string(out)
}
