// Package store holds the objects of the lab's S3 in memory: buckets with their
// keys in byte order, versions and delete markers, multipart uploads, and a
// limit on the bytes of all of them together.
//
// A [Store] is safe for concurrent use. Objects and parts are immutable once
// stored; a change puts a new value in place of the old one, so whoever reads an
// object keeps a consistent one. Bodies are read from the network outside every
// lock.
//
// The package knows neither HTTP nor XML, checks no rights, and does not know
// who owns a bucket: lab/internal/s3 and the world do. It writes nothing to disk:
// [Store.State] and [Store.Restore] are for who does.
package store
