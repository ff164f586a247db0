// Package e2e runs the real programs and real clients (the AWS CLI, boto3,
// Chromium) against a lab over real sockets. It holds tests only.
//
// A client that is missing on a machine skips its tests with the reason; with
// CI=true in the environment it fails them.
package e2e
