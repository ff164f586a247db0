// Package sigv4 verifies AWS Signature Version 4 on the server's side, so that
// the lab refuses what AWS refuses.
//
// [Verifier.Verify] serves the services whose requests are read into memory (it
// is an awswire.Verifier); [Verifier.VerifyS3] serves S3, whose bodies are
// streamed and may be aws-chunked. The canonical request is always rebuilt from
// the SignedHeaders list and from the request line as it came over the wire, so
// a caller may rewrite r.URL before or after. Checks are made in this order:
// form, time, scope (region, service, terminator, date), access key, session
// token, session end, unsigned headers, signature, payload.
//
// A Verifier is immutable but for a bounded cache of derived keys and is safe
// for concurrent use. The Body of a [Verified] belongs to one goroutine.
//
// Not done here: Signature Version 2 and 4A (both refused), S3's POST policy
// forms (they look anonymous), event-stream signing, and any authorization.
//
// Sources: "Create a signed AWS API request" in the IAM user guide;
// "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API
// reference.
package sigv4
