package terminal

import (
	"bytes"
	"io/fs"
	"runtime"
	"strings"
)

// Place is what is known of where the program runs. The zero Place is a plain
// machine without a display.
type Place struct {
	// SSH says that the person is at another machine (SSH_CONNECTION,
	// SSH_CLIENT, SSH_TTY). A tmux that was started at the machine itself and
	// is used over SSH now looks local; a sudo that drops these variables too.
	SSH bool
	// WSL says that this is a Windows Subsystem for Linux.
	WSL bool
	// Container says that this is a container: Docker, Podman, Kubernetes,
	// ECS, AWS CloudShell, a dev container or a codespace.
	Container bool
	// CI says that a build system runs this, and nobody sits there.
	CI bool
	// Display says that windows can open here: always on macOS and Windows,
	// elsewhere with DISPLAY or WAYLAND_DISPLAY.
	Display bool
	// BrowserSet says that BROWSER names a browser. Editors set it in remote
	// sessions and codespaces to one that opens where the person is.
	BrowserSet bool
	// Interop says that this WSL can start Windows programs.
	Interop bool
}

// Detect looks where the program runs: in the environment, and in fsys, which
// is os.DirFS("/") outside of tests. It opens nothing but a few files of /proc
// and starts nothing.
func Detect(getenv func(string) string, fsys fs.FS) Place {
	return detect(runtime.GOOS, getenv, fsys)
}

func detect(goos string, getenv func(string) string, fsys fs.FS) Place {
	set := func(names ...string) bool {
		for _, name := range names {
			if getenv(name) != "" {
				return true
			}
		}
		return false
	}
	p := Place{
		SSH:        set("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"),
		CI:         inCI(getenv, set),
		Display:    goos == "darwin" || goos == "windows" || set("DISPLAY", "WAYLAND_DISPLAY"),
		BrowserSet: strings.TrimSpace(getenv("BROWSER")) != "",
	}
	p.Container = goos != "windows" && (exists(fsys, ".dockerenv", "run/.containerenv") || getenv("AWS_EXECUTION_ENV") == "CloudShell" ||
		set("KUBERNETES_SERVICE_HOST", "container", "REMOTE_CONTAINERS", "CODESPACES", "ECS_CONTAINER_METADATA_URI_V4"))
	if goos == "linux" {
		// A container on Docker Desktop has the kernel of a WSL around it.
		p.WSL = set("WSL_DISTRO_NAME", "WSL_INTEROP") || !p.Container && has(fsys, "proc/sys/kernel/osrelease", "microsoft")
		p.Interop = p.WSL && (has(fsys, "proc/sys/fs/binfmt_misc/WSLInterop", "enabled") ||
			has(fsys, "proc/sys/fs/binfmt_misc/WSLInterop-late", "enabled"))
	}
	return p
}

// inCI knows the variables of the usual build systems. CI is set by most
// (GitHub, GitLab, CircleCI, Buildkite, Travis).
func inCI(getenv func(string) string, set func(...string) bool) bool {
	switch strings.ToLower(getenv("CI")) {
	case "", "0", "false":
		return set("TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID")
	}
	return true
}

func exists(fsys fs.FS, names ...string) bool {
	for _, name := range names {
		if _, err := fs.Stat(fsys, name); err == nil {
			return true
		}
	}
	return false
}

// has reports whether a file has a word, whatever its case.
func has(fsys fs.FS, name, word string) bool {
	text, err := fs.ReadFile(fsys, name)
	return err == nil && bytes.Contains(bytes.ToLower(text), []byte(word))
}

// CanOpenBrowser reports whether a browser that is started here should appear
// before the person. In CI nobody looks. A browser named by BROWSER is
// believed. Over SSH one would open at the other machine. A WSL opens that of
// Windows ([WindowsBrowser]), or one of its own with a display; its loopback
// redirect works, because Windows forwards localhost into a WSL. A container
// opens one only where it was given a display.
func (p Place) CanOpenBrowser() bool {
	switch {
	case p.CI:
		return false
	case p.BrowserSet:
		return true
	case p.SSH:
		return false
	}
	return p.Display || p.Interop
}

// String says where in words that complete a sentence: "in a container, over SSH".
func (p Place) String() string {
	var words []string
	for _, w := range []struct {
		is   bool
		word string
	}{
		{p.CI, "in CI"}, {p.Container, "in a container"}, {p.WSL, "in WSL"}, {p.SSH, "over SSH"},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, ", ")
	case p.Display:
		return "on a desktop"
	}
	return "without a display"
}

// WindowsBrowser returns a command, in the convention of BROWSER, that opens
// an address in the browser of the Windows around a WSL, and whether there is
// one. look is exec.LookPath outside of tests.
//
// A WSL needs it: xdg-open, which package cli/browser tries first, is often
// there and fails with "Operation not supported" (aws-cli #7892, #10242). The
// order is rundll32, which takes an address with its query as it is, then
// wslview, which some distributions carry in versions that open a folder
// instead (wslu #267). Not cmd.exe, where the first & of an address ends it and
// starts a command, nor explorer.exe, which opens a folder for an address with
// a query (WSL #3832).
func WindowsBrowser(look func(file string) (string, error)) (command string, ok bool) {
	const handler = " url.dll,FileProtocolHandler"
	for _, c := range []struct{ program, arguments string }{
		{"rundll32.exe", handler},
		{"/mnt/c/Windows/System32/rundll32.exe", handler},
		{"wslview", ""},
	} {
		if _, err := look(c.program); err == nil {
			return c.program + c.arguments, true
		}
	}
	return "", false
}
