// Package awswire is the wire engine of the lab: it speaks AWS's protocols query,
// json 1.1, rest-json and rest-xml, driven by AWS's own service models, with the
// Input and Output structs of aws-sdk-go-v2 as the Go types.
//
// A [Service] is an [net/http.Handler] for one AWS service. [Handle] registers an
// operation: the engine routes the request to it, has the signature verified,
// decodes the input, checks it against the model's constraints in AWS's words,
// calls the handler, and encodes its output or its [Error] as that service would.
// Everything that depends on the model is worked out once, at registration: a
// model and a Go type that do not fit each other panic there, never in a request.
//
// A Service must not be changed once it serves; serving is safe for concurrent
// use. The package knows nothing about users, policies or state: who may do what
// is the handlers' business. It does not do event streams, chunked uploads or
// compressed bodies, and it holds a whole request and answer in memory.
package awswire
