// Package e2e runs the real programs and real clients (the AWS CLI, boto3, the SDKs
// for JavaScript and Go, Chromium) against a lab over real sockets. It holds tests
// only; testdata/clients has the programs that use the clients.
//
// A client that is missing on a machine skips its tests with the reason; with
// CI=true in the environment it fails them.
package e2e
