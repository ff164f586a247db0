package main

import (
	"context"
	"flag"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labcli"
)

func TestMain(m *testing.M) {
	if strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test") { // and none of the commands below
		manyAtOnce()
	}
	testscript.Main(m, map[string]func(){
		"tip-cli": main,
		"tip-lab": func() { os.Exit(labcli.Run(context.Background(), os.Args[1:])) },
		"browser": func() { os.Exit(browser(os.Args[1:])) },
	})
}

// manyAtOnce lets more tests run at once than there are processors, unless -parallel
// says otherwise: most of the time they wait for processes.
func manyAtOnce() {
	flag.Parse()
	if atOnce := flag.Lookup("test.parallel"); atOnce.Value.String() == atOnce.DefValue {
		if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
			log.Fatal(err)
		}
	}
}

// TestScripts runs every script of testdata/script: a command or a failure each.
// The commands beside testscript's own are in harness_test.go.
func TestScripts(t *testing.T) {
	params := testscript.Params{Setup: setUp, Cmds: commands, RequireExplicitExec: true, RequireUniqueNames: true}
	if params.Dir = "testdata/script"; testing.Short() {
		params.Dir, params.Files = "", concurrent(t)
	}
	testscript.Run(t, params)
}

// concurrent are the scripts of commands that do several things at a time: they wait for
// a browser, for each other or for a signal, or serve. A race detector finds nothing in
// the others, in which one thing is done after the other.
func concurrent(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{
		"auth_*", "cancel", "exec_server", "forged_callback", "idp_down", "interrupt", "locked", "port_in_use", "recursion_two_at_once", "s3ag_cache", "serve*",
		"spent_jwt",
	} {
		found, err := filepath.Glob(filepath.Join("testdata", "script", pattern+".txtar"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no script is %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

// long marks a test that starts many processes. What a race detector could
// find in them, it finds in the others.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("many processes")
	}
}
