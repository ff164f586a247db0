// Package ptytest opens pseudo terminals for tests, on Linux (pty(7)). It is for
// tests only and is no part of the programs.
package ptytest
