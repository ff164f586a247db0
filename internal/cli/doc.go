// Package cli is the command line of tip-cli: the cobra tree, one file a
// command, output and exit codes. It decides nothing about tokens and
// credentials; internal/session does.
//
// [Run] is the whole interface. Everything that it needs of the process is in
// [Env], so that tests and the lab's demo run the real commands.
package cli
