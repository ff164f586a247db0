// Package bench measures whole programs: how long an answer from disk takes, and how
// much memory. It has benchmarks only, and nothing that a test could fail by.
package bench
