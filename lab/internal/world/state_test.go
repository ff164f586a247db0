package world_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// made is the world of a file, and what it exports.
func made(t *testing.T, f *world.File) *world.File {
	t.Helper()
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return w.Export()
}

// again reads a file that was written in one of the forms, at an address.
var again = map[string]func(f *world.File, from, to string) (*world.File, error){
	"yaml": func(f *world.File, from, to string) (*world.File, error) {
		text, err := f.YAML(from)
		if err != nil {
			return nil, err
		}
		return world.Parse(text, to)
	},
	"json": func(f *world.File, from, to string) (*world.File, error) {
		text, err := f.JSON(from)
		if err != nil {
			return nil, err
		}
		return world.ParseJSON(text, to)
	},
}

// What a world exports is a world that exports the same, in either form.
func TestExportIsTheInverse(t *testing.T) {
	for form, read := range again {
		t.Run(form, func(t *testing.T) {
			first := made(t, defaultFile(t))
			f, err := read(first, endpoint, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			want, err := first.JSON("")
			if err != nil {
				t.Fatal(err)
			}
			got, err := made(t, f).JSON("")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-exported +exported again):\n%s", diff)
			}
		})
	}
}
