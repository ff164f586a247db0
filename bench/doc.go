// Package bench measures whole programs: how long an answer from disk takes, and how
// much memory. It has benchmarks only, which fail if what they measure is not what they
// say, or too slow; nothing that a test could fail by.
package bench
