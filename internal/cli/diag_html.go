package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/page"
	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// pageTarget is the file that --html names, links resolved. It refuses, before anything
// is looked at, what a page could not or should not replace.
func pageTarget(path string) (string, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", &usageError{fmt.Errorf("--html %q is a link to what is not there", path), "name a file, such as: --html diagnosis.html"}
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return "", &usageError{fmt.Errorf("--html %q is a directory", path), "name a file in it, such as: --html " + chain.Quoted(filepath.Join(path, "diagnosis.html"))}
	case err == nil && !info.Mode().IsRegular():
		return "", &usageError{fmt.Errorf("--html %q is no ordinary file", path), "name a file, such as: --html diagnosis.html"}
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
		return "", &usageError{fmt.Errorf("--html %q: there is no directory %s", path, filepath.Dir(path)), "create it, or name a file elsewhere"}
	}
	return path, nil
}

// writePage writes the report as a page that nobody else can read.
func (a *app) writePage(path string, r *finding.Report, asked *chain.Asked) error {
	path, err := pageTarget(path) // again: time has passed
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := page.Write(&text, r, a.aboutPage(asked)); err != nil {
		return err
	}
	if err := atomicfile.Write(path, []byte(text.String()), 0o600); err != nil {
		return err
	}
	a.say("Wrote %s.", visible(path))
	return nil
}

func (a *app) aboutPage(asked *chain.Asked) page.About {
	about := page.About{Version: readBuild().Version, Made: time.Now()}
	if _, name, err := a.inUse(); err == nil {
		about.Context = name
	}
	services := make([]string, len(asked.Services))
	for i, s := range asked.Services {
		services[i] = string(s)
	}
	application := asked.ApplicationARN
	if application == "" {
		c, _ := a.configNow() // what can be read of it
		application = c.TokenExchangeApplicationARN
	}
	target, token := asked.Target, ""
	if target != "" {
		target += " (" + asked.Permission + ")"
	}
	if !asked.JWT.IsZero() {
		token = "that of -j"
	}
	live := ""
	if asked.Live {
		live = "yes"
	}
	about.Asked = []page.Asked{
		{Name: "Application", Value: application}, {Name: "Services", Value: strings.Join(services, ", ")}, {Name: "Target", Value: target},
		{Name: "Work group", Value: asked.Workgroup}, {Name: "JWT", Value: token}, {Name: "Live exchange", Value: live},
		{Name: "Profile for Identity Center", Value: asked.CenterProfile}, {Name: "Profile for the roles", Value: asked.AppProfile},
	}
	return about
}
