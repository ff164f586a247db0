package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "version", Short: "Show the version, and what it was built from",
		Long: `Shows the version with the commit, its time, the Go version and the platform, as
the Go toolchain has written them into the program. tip-cli --version prints the
version alone.`,
		Example: `  tip-cli version
  tip-cli version --output json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error { return a.printBuild(readBuild(), f) },
	}
	f.register(cmd)
	return cmd
}

// build says what the program was built from. Fields that the toolchain did not
// record are empty.
type build struct {
	Version string `json:"version"`
	Module  string `json:"module"`
	Commit  string `json:"commit"`
	// CommitTime is that of the commit, in RFC 3339.
	CommitTime string `json:"commit_time"`
	// Modified says that the checkout held changes that are in no commit.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Cgo is whether C code may be linked in.
	Cgo bool `json:"cgo"`
}

// readBuild reads what the toolchain has recorded.
func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info)
}

func buildOf(info *debug.BuildInfo) build {
	b := build{
		Version: info.Main.Version, Module: info.Main.Path,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.CommitTime = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "CGO_ENABLED":
			b.Cgo = s.Value == "1"
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
		if b.Commit != "" {
			b.Version += "-" + b.Commit[:min(12, len(b.Commit))]
		}
	}
	return b
}

func (a *app) printBuild(b build, f format) error {
	if f == formatJSON {
		return a.printJSON(b)
	}
	commit := b.Commit
	if b.Modified {
		commit += " (and changes that are in no commit)"
	}
	cgo := "no"
	if b.Cgo {
		cgo = "yes"
	}
	rows := [][]cell{cells("tip-cli", b.Version)}
	rows[0][1].style = bold
	for _, line := range [][2]string{
		{"Commit", commit}, {"Commit time", b.CommitTime}, {"Go", b.Go}, {"Platform", b.Platform}, {"Cgo", cgo}, {"Module", b.Module},
	} {
		if line[1] != "" {
			rows = append(rows, cells(line[0], line[1]))
		}
	}
	return a.printTable(nil, rows)
}
