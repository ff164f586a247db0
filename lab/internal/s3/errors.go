package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// Error is an error answer of S3 (S3 API reference, "Error responses").
type Error struct {
	Code, Message string
	Status        int
	// Detail holds the elements beside Code and Message, in their order.
	Detail []Detail
	// Header holds further response headers.
	Header map[string]string
}

// Detail is an element of an [Error].
type Detail struct{ Name, Value string }

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// standard is the status and AWS's text of the codes that the package answers.
var standard = map[string]struct {
	status  int
	message string
}{
	"AccessControlListNotSupported":           {http.StatusBadRequest, "The bucket does not allow ACLs"},
	"AccessDenied":                            {http.StatusForbidden, "Access Denied"},
	"BadDigest":                               {http.StatusBadRequest, "The Content-MD5 you specified did not match what we received."},
	"BadRequest":                              {http.StatusBadRequest, "Bad Request"},
	"BucketAlreadyExists":                     {http.StatusConflict, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	"BucketAlreadyOwnedByYou":                 {http.StatusConflict, "Your previous request to create the named bucket succeeded and you already own it."},
	"BucketNotEmpty":                          {http.StatusConflict, "The bucket you tried to delete is not empty"},
	"EntityTooLarge":                          {http.StatusBadRequest, "Your proposed upload exceeds the maximum allowed size"},
	"EntityTooSmall":                          {http.StatusBadRequest, "Your proposed upload is smaller than the minimum allowed size"},
	"IllegalLocationConstraintException":      {http.StatusBadRequest, "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."},
	"IllegalVersioningConfigurationException": {http.StatusBadRequest, "The Versioning element must be specified"},
	"IncompleteBody":                          {http.StatusBadRequest, "The request body terminated unexpectedly"},
	"InsufficientStorage":                     {http.StatusInsufficientStorage, "The storage limit of the lab is reached."},
	"InternalError":                           {http.StatusInternalServerError, "We encountered an internal error. Please try again."},
	"InvalidAccessKeyId":                      {http.StatusForbidden, "The AWS Access Key Id you provided does not exist in our records."},
	"InvalidArgument":                         {http.StatusBadRequest, "Invalid Argument"},
	"InvalidBucketAclWithObjectOwnership":     {http.StatusBadRequest, "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"},
	"InvalidBucketName":                       {http.StatusBadRequest, "The specified bucket is not valid."},
	"InvalidLocationConstraint":               {http.StatusBadRequest, "The specified location-constraint is not valid"},
	"InvalidPart":                             {http.StatusBadRequest, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."},
	"InvalidPartNumber":                       {http.StatusRequestedRangeNotSatisfiable, "The requested partnumber is not satisfiable"},
	"InvalidPartOrder":                        {http.StatusBadRequest, "The list of parts was not in ascending order. Parts must be ordered by part number."},
	"InvalidRange":                            {http.StatusRequestedRangeNotSatisfiable, "The requested range is not satisfiable"},
	"InvalidRequest":                          {http.StatusBadRequest, "Invalid Request"},
	"InvalidStorageClass":                     {http.StatusBadRequest, "The storage class you specified is not valid"},
	"InvalidTag":                              {http.StatusBadRequest, "The tag provided was not a valid tag."},
	"InvalidURI":                              {http.StatusBadRequest, "Couldn't parse the specified URI."},
	"KeyTooLongError":                         {http.StatusBadRequest, "Your key is too long"},
	"MalformedPolicy":                         {http.StatusBadRequest, "Policies must be valid JSON and the first byte must be '{'"},
	"MalformedXML":                            {http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema"},
	"MetadataTooLarge":                        {http.StatusBadRequest, "Your metadata headers exceed the maximum allowed metadata size"},
	"MethodNotAllowed":                        {http.StatusMethodNotAllowed, "The specified method is not allowed against this resource."},
	"MissingContentLength":                    {http.StatusLengthRequired, "You must provide the Content-Length HTTP header."},
	"MissingRequestBodyError":                 {http.StatusBadRequest, "Request Body is empty"},
	"NoSuchBucket":                            {http.StatusNotFound, "The specified bucket does not exist"},
	"NoSuchBucketPolicy":                      {http.StatusNotFound, "The bucket policy does not exist"},
	"NoSuchKey":                               {http.StatusNotFound, "The specified key does not exist."},
	"NoSuchUpload":                            {http.StatusNotFound, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	"NoSuchVersion":                           {http.StatusNotFound, "The specified version does not exist."},
	"NotImplemented":                          {http.StatusNotImplemented, "A header you provided implies functionality that is not implemented"},
	"NotModified":                             {http.StatusNotModified, "Not Modified"},
	"PermanentRedirect":                       {http.StatusMovedPermanently, "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."},
	"PolicyTooLarge":                          {http.StatusBadRequest, "Normalized policy document exceeds the maximum allowed size of 20480 bytes."},
	"PreconditionFailed":                      {http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold"},
}

// refusal makes the standard error of a code. detail is pairs of names and values.
func refusal(code string, detail ...string) *Error {
	e := &Error{Code: code, Message: standard[code].message, Status: standard[code].status}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail = append(e.Detail, Detail{detail[i], detail[i+1]})
	}
	return e
}

// saying replaces the message.
func (e *Error) saying(message string) *Error {
	e.Message = message
	return e
}

// with adds a response header.
func (e *Error) with(name, value string) *Error {
	if e.Header == nil {
		e.Header = map[string]string{}
	}
	e.Header[name] = value
	return e
}

func invalidArgument(message, name, value string) *Error {
	return refusal("InvalidArgument", "ArgumentName", name, "ArgumentValue", value).saying(message)
}

func invalidRequest(message string) *Error { return refusal("InvalidRequest").saying(message) }

func notImplemented(header string) *Error {
	return refusal("NotImplemented", "Header", header)
}

// answer turns any error into S3's.
func (c *call) answer(err error) *Error {
	var own *Error
	var signature *sigv4.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &signature):
		return signatureError(signature)
	case errors.Is(err, store.ErrNoBucket):
		return refusal("NoSuchBucket", "BucketName", c.bucketName)
	case errors.Is(err, store.ErrNoKey):
		return refusal("NoSuchKey", "Key", c.key)
	case errors.Is(err, store.ErrNoVersion):
		return refusal("NoSuchVersion", "Key", c.key, "VersionId", c.query.Get("versionId"))
	case errors.Is(err, store.ErrNoUpload):
		return refusal("NoSuchUpload", "UploadId", c.query.Get("uploadId"))
	case errors.Is(err, store.ErrNoPart):
		return refusal("InvalidPart", "UploadId", c.query.Get("uploadId"))
	case errors.Is(err, store.ErrFull):
		return refusal("InsufficientStorage", "LimitInBytes", strconv.FormatInt(c.s.limit, 10))
	}
	return refusal("InternalError")
}

func signatureError(err *sigv4.Error) *Error {
	code, status, message := sigv4.S3Error(err)
	e := &Error{Code: code, Status: status, Message: message}
	for name, value := range err.Detail {
		e.Detail = append(e.Detail, Detail{name, value})
	}
	slices.SortFunc(e.Detail, func(a, b Detail) int { return strings.Compare(a.Name, b.Name) })
	if err.Region != "" {
		e = e.with("x-amz-bucket-region", err.Region)
	}
	return e
}

// refuse answers err, unless an answer is already under way.
func (c *call) refuse(err error) {
	e := c.answer(err)
	c.exchange.Code, c.exchange.Message = e.Code, e.Message
	if c.w.status != 0 {
		return
	}
	h := c.w.Header()
	for _, name := range []string{"Content-Length", "Content-Range", "Content-Encoding"} {
		h.Del(name)
	}
	for name, value := range e.Header {
		h.Set(name, value)
	}
	if c.r.Method == http.MethodHead || e.Status == http.StatusNotModified {
		h.Del("Content-Type")
		c.w.WriteHeader(e.Status)
		return
	}
	h.Set("Content-Type", "application/xml")
	body := e.encode(c.exchange.RequestID, c.hostID)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(e.Status)
	_, _ = c.w.Write(body) // the client has gone; there is nobody to tell
}

func (e *Error) encode(requestID, hostID string) []byte {
	var out bytes.Buffer
	element := func(name, value string) {
		out.WriteString("<" + name + ">")
		_ = xml.EscapeText(&out, []byte(value)) // a bytes.Buffer does not fail
		out.WriteString("</" + name + ">")
	}
	out.WriteString(xml.Header + "<Error>")
	element("Code", e.Code)
	element("Message", e.Message)
	for _, d := range e.Detail {
		element(d.Name, d.Value)
	}
	element("RequestId", requestID)
	element("HostId", hostID)
	out.WriteString("</Error>")
	return out.Bytes()
}
