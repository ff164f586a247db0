// Package world is the one owner of the lab's state: accounts with their roles
// and identity providers, the Identity Center directory and its applications,
// S3 Access Grants, sessions, spent tokens and the audit trail.
//
// A world is read from one YAML document ([Parse], [File]); it is checked whole
// and refused whole. Everything is keyed by account and, where AWS does so, by
// region. A [World] is safe for concurrent use: entities that a lookup returns
// are immutable, and a change stores a new entity in place of the old one.
//
// The package serves no requests and decides no authorization; the service
// packages do, with internal/policy.
package world
