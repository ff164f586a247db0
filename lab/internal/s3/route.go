package s3

import (
	"net/http"
	"slices"
	"strings"
)

// operation is an operation of the S3 API.
type operation struct {
	name string
	// action is the IAM action that the operation needs on its bucket or object
	// (Service Authorization Reference, "Actions defined by Amazon S3");
	// versionAction replaces it where the request names a version. Further
	// actions are asked for by the handlers.
	action, versionAction string
	// tagged: the action has the condition keys s3:ExistingObjectTag/….
	tagged bool
	// anyBucket: the operation runs without an existing bucket.
	anyBucket bool
	// anyRegion: the operation is served by whatever region it is sent to.
	anyRegion bool
	// creates: the operation makes an object, and is not just a step of an upload
	// (s3:ObjectCreationOperation).
	creates bool
	// early is the limit, in bytes, of a body that has condition keys: it is read
	// and verified to its end before rights are asked for. 0 for any other body.
	early int64
	// tagSet: the body is a Tagging document.
	tagSet bool
	// streams: the handler reads the body, which is an object. Any other body is
	// read and verified to its end before the handler runs.
	streams bool
	run     func(*call) error
}

// operations by method, level (/ service, /b bucket, /b/k object), sub-resource,
// and +copy where x-amz-copy-source is sent.
var operations = map[string]*operation{
	"GET /":                  {name: "ListBuckets", action: "s3:ListAllMyBuckets", anyBucket: true, anyRegion: true, run: (*call).listBuckets},
	"PUT /b":                 {name: "CreateBucket", action: "s3:CreateBucket", anyBucket: true, anyRegion: true, early: maxConfiguration, run: (*call).createBucket},
	"HEAD /b":                {name: "HeadBucket", action: "s3:ListBucket", run: (*call).headBucket},
	"DELETE /b":              {name: "DeleteBucket", action: "s3:DeleteBucket", run: (*call).deleteBucket},
	"GET /b":                 {name: "ListObjects", action: "s3:ListBucket", run: (*call).listObjects},
	"GET /b?list-type":       {name: "ListObjectsV2", action: "s3:ListBucket", run: (*call).listObjectsV2},
	"GET /b?versions":        {name: "ListObjectVersions", action: "s3:ListBucketVersions", run: (*call).listObjectVersions},
	"GET /b?uploads":         {name: "ListMultipartUploads", action: "s3:ListBucketMultipartUploads", run: (*call).listMultipartUploads},
	"GET /b?location":        {name: "GetBucketLocation", action: "s3:GetBucketLocation", anyRegion: true, run: (*call).getBucketLocation},
	"GET /b?versioning":      {name: "GetBucketVersioning", action: "s3:GetBucketVersioning", run: (*call).getBucketVersioning},
	"PUT /b?versioning":      {name: "PutBucketVersioning", action: "s3:PutBucketVersioning", run: (*call).putBucketVersioning},
	"GET /b?policy":          {name: "GetBucketPolicy", action: "s3:GetBucketPolicy", run: (*call).getBucketPolicy},
	"PUT /b?policy":          {name: "PutBucketPolicy", action: "s3:PutBucketPolicy", run: (*call).putBucketPolicy},
	"DELETE /b?policy":       {name: "DeleteBucketPolicy", action: "s3:DeleteBucketPolicy", run: (*call).deleteBucketPolicy},
	"GET /b?acl":             {name: "GetBucketAcl", action: "s3:GetBucketAcl", run: (*call).getACL},
	"PUT /b?acl":             {name: "PutBucketAcl", action: "s3:PutBucketAcl", run: (*call).putACL},
	"POST /b?delete":         {name: "DeleteObjects", run: (*call).deleteObjects},
	"GET /b/k":               {name: "GetObject", action: "s3:GetObject", versionAction: "s3:GetObjectVersion", tagged: true, run: (*call).getObject},
	"HEAD /b/k":              {name: "HeadObject", action: "s3:GetObject", versionAction: "s3:GetObjectVersion", tagged: true, run: (*call).getObject},
	"GET /b/k?attributes":    {name: "GetObjectAttributes", action: "s3:GetObjectAttributes", versionAction: "s3:GetObjectVersionAttributes", tagged: true, run: (*call).getObjectAttributes},
	"PUT /b/k":               {name: "PutObject", action: "s3:PutObject", creates: true, streams: true, run: (*call).putObject},
	"PUT /b/k+copy":          {name: "CopyObject", action: "s3:PutObject", creates: true, run: (*call).copyObject},
	"DELETE /b/k":            {name: "DeleteObject", action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion", run: (*call).deleteObject},
	"GET /b/k?tagging":       {name: "GetObjectTagging", action: "s3:GetObjectTagging", versionAction: "s3:GetObjectVersionTagging", tagged: true, run: (*call).getObjectTagging},
	"PUT /b/k?tagging":       {name: "PutObjectTagging", action: "s3:PutObjectTagging", versionAction: "s3:PutObjectVersionTagging", tagged: true, tagSet: true, early: maxTagging, run: (*call).putObjectTagging},
	"DELETE /b/k?tagging":    {name: "DeleteObjectTagging", action: "s3:DeleteObjectTagging", versionAction: "s3:DeleteObjectVersionTagging", tagged: true, run: (*call).deleteObjectTagging},
	"GET /b/k?acl":           {name: "GetObjectAcl", action: "s3:GetObjectAcl", versionAction: "s3:GetObjectVersionAcl", tagged: true, run: (*call).getACL},
	"PUT /b/k?acl":           {name: "PutObjectAcl", action: "s3:PutObjectAcl", versionAction: "s3:PutObjectVersionAcl", tagged: true, run: (*call).putACL},
	"POST /b/k?uploads":      {name: "CreateMultipartUpload", action: "s3:PutObject", run: (*call).createMultipartUpload},
	"PUT /b/k?uploadId":      {name: "UploadPart", action: "s3:PutObject", streams: true, run: (*call).uploadPart},
	"PUT /b/k?uploadId+copy": {name: "UploadPartCopy", action: "s3:PutObject", run: (*call).uploadPartCopy},
	"GET /b/k?uploadId":      {name: "ListParts", action: "s3:ListMultipartUploadParts", run: (*call).listParts},
	"POST /b/k?uploadId":     {name: "CompleteMultipartUpload", action: "s3:PutObject", creates: true, run: (*call).completeMultipartUpload},
	"DELETE /b/k?uploadId":   {name: "AbortMultipartUpload", action: "s3:AbortMultipartUpload", run: (*call).abortMultipartUpload},
}

// Operations are the names of the operations that the package serves, in order.
func Operations() []string {
	var names []string
	for _, op := range operations {
		names = append(names, op.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// subresources are the query parameters that choose an operation of S3, offered
// here or not. Any other parameter does not.
var subresources = strings.Fields(`abac accelerate acl analytics annotation attributes cors delete encryption
	intelligent-tiering inventory legal-hold lifecycle list-type location logging metadataConfiguration
	metadataInventoryTable metadataJournalTable metadataTable metrics notification object-lock
	ownershipControls policy policyStatus publicAccessBlock renameObject replication requestPayment
	restore retention select session tagging torrent uploadId uploads versioning versions website`)

// route finds the operation. The error is answered only once the signature has
// been verified.
func (c *call) route() (*operation, error) {
	level, resource := "/", "SERVICE"
	switch {
	case c.bucketName == "" && c.key != "": // the path begins with two slashes
		return nil, refusal("InvalidURI", "URI", c.r.URL.EscapedPath())
	case c.bucketName != "" && c.key != "":
		level, resource = "/b/k", "OBJECT"
	case c.bucketName != "":
		level, resource = "/b", "BUCKET"
	}
	target := level
	switch found := c.subresources(); {
	case len(found) > 1:
		return nil, invalidArgument("Conflicting query string parameters: "+strings.Join(found, ", "), "ResourceType", found[0])
	case len(found) == 1:
		target += "?" + found[0]
	}
	if c.r.Method == http.MethodPut && level == "/b/k" && len(c.r.Header.Values("x-amz-copy-source")) > 0 &&
		operations["PUT "+target+"+copy"] != nil {
		target += "+copy"
	}
	if op := operations[c.r.Method+" "+target]; op != nil {
		return op, c.checkVersion(op)
	}
	if target != level && !offered(target) {
		return nil, refusal("NotImplemented").saying("A header or query you provided requested a function that is not implemented.")
	}
	if c.r.Method == http.MethodPost && target == level {
		return nil, refusal("NotImplemented").saying("Browser uploads with POST forms are not implemented by the lab.")
	}
	return nil, refusal("MethodNotAllowed", "Method", c.r.Method, "ResourceType", resource)
}

// subresources lists those in the query. list-type chooses ListObjectsV2 only.
func (c *call) subresources() []string {
	var found []string
	for _, name := range subresources {
		if c.query.Has(name) && (name != "list-type" || c.query.Get(name) == "2") {
			found = append(found, name)
		}
	}
	return found
}

// checkVersion refuses a versionId where it is empty or where the operation would
// ignore it.
func (c *call) checkVersion(op *operation) error {
	id := c.query.Get("versionId")
	switch {
	case !c.query.Has("versionId"):
		return nil
	case id == "":
		return invalidArgument("Version id cannot be the empty string", "versionId", id)
	case op.versionAction == "":
		return invalidArgument("This operation does not accept a version-id.", "versionId", id)
	}
	return nil
}

// offered tells whether any method of a target is.
func offered(target string) bool {
	return slices.ContainsFunc([]string{"GET", "PUT", "POST", "DELETE", "HEAD"}, func(method string) bool {
		return operations[method+" "+target] != nil
	})
}
