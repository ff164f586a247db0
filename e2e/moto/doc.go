// Package moto compares the lab with moto, another emulation of AWS: the same
// boto3 scripts (testdata) run against both, and docs/moto.md lists every
// difference with its reason. It holds tests only.
//
// Where Python has no moto the tests are skipped; with CI=true in the environment
// they fail.
package moto
