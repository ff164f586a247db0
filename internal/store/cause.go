package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// bare drops the paths from an error of the file system: they are those of
// temporary files, or said already.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// operation is like bare, and keeps the name of what was attempted.
func operation(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	case errors.As(err, &link):
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}

// remedy is what to do about some errors of the operating system.
type remedy struct {
	errs []error
	text string
}

// causeOf returns what to do about an error of a write, or "" if nothing particular
// is known about it.
func causeOf(err error) string {
	for _, r := range remedies {
		if slices.ContainsFunc(r.errs, func(e error) bool { return errors.Is(err, e) }) {
			return r.text
		}
	}
	return ""
}
