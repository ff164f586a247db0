// Command gendocs writes the reference of tip-cli from its commands: Markdown into
// docs/reference and manual pages into docs/man. It runs at the top of the repository.
//
//	go run ./cmd/tip-cli/gendocs
//
// The same commands always give the same files: no dates, no versions. What it does
// not write, it removes from the two folders. It is no part of tip-cli.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tip-cli/tip-cli/internal/cli"
)

func main() {
	if err := write("docs", pages()); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

// The folders below docs, which hold nothing else.
const (
	referenceFolder = "reference"
	manFolder       = "man"
)

// pages are the files by their path below docs.
func pages() map[string]string {
	root := cli.Commands()
	all := map[string]string{filepath.Join(referenceFolder, "README.md"): markdownIndex(root)}
	for _, t := range cli.Topics() {
		all[filepath.Join(referenceFolder, t.Name+".md")] = markdownTopic(t)
	}
	for _, cmd := range commands(root) {
		all[filepath.Join(referenceFolder, pageName(cmd)+".md")] = markdownPage(cmd)
	}
	for _, cmd := range append(commands(root), root) {
		all[filepath.Join(manFolder, pageName(cmd)+".1")] = manPage(cmd)
	}
	return all
}

// write makes the two folders hold exactly the pages.
func write(docs string, pages map[string]string) error {
	for _, folder := range []string{referenceFolder, manFolder} {
		if err := os.Mkdir(filepath.Join(docs, folder), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w (run it at the top of the repository)", err)
		}
	}
	for path, text := range pages {
		if err := os.WriteFile(filepath.Join(docs, path), []byte(text), 0o644); err != nil { //nolint:gosec // documentation, for everybody
			return err
		}
	}
	there, err := present(docs)
	if err != nil {
		return err
	}
	for _, path := range there {
		if _, ours := pages[path]; !ours {
			if err := os.Remove(filepath.Join(docs, path)); err != nil {
				return err
			}
		}
	}
	return nil
}

// present are the paths of the files that are in the two folders.
func present(docs string) ([]string, error) {
	var paths []string
	for _, folder := range []string{referenceFolder, manFolder} {
		entries, err := os.ReadDir(filepath.Join(docs, folder))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(paths)
	return paths, nil
}
