// Command floor reads a file and prints it: the least that a Go program can take to
// answer from disk. The benchmarks measure tip-cli against it.
package main

import "os"

func main() {
	text, err := os.ReadFile(os.Args[1]) //nolint:gosec // whoever measures names the file
	if err != nil {
		os.Exit(1) //nolint:forbidigo // a program
	}
	if _, err := os.Stdout.Write(text); err != nil {
		os.Exit(1) //nolint:forbidigo // a program
	}
}
