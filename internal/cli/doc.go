// Package cli is the command line of tip-cli: the cobra tree, one file a command
// and further ones named after it, output and exit codes. It decides nothing about
// tokens and credentials; internal/session does.
//
// [Run] runs a command line. Everything that it needs of the process is in [Env], so
// that tests and the lab's demo run the real commands. [Commands] and what belongs to
// it describe the tree, for the reference and the manual pages.
package cli
