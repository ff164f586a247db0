package terminal

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

type environment map[string]string

func (e environment) get(name string) string { return e[name] }

func machine(files ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

const (
	osrelease = "proc/sys/kernel/osrelease"
	interop   = "proc/sys/fs/binfmt_misc/WSLInterop"
	wslKernel = "5.15.167.4-microsoft-standard-WSL2\n"
	enabled   = "enabled\ninterpreter /init\nflags: P\noffset 0\nmagic 4d5a\n"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		name  string
		goos  string
		env   environment
		files fs.FS
		want  Place
		can   bool
		words string
	}{
		{"a Linux desktop", "linux", environment{"DISPLAY": ":0"}, machine(osrelease, "6.1.0-amd64"), Place{Display: true}, true, "on a desktop"},
		{"Wayland", "linux", environment{"WAYLAND_DISPLAY": "wayland-0"}, machine(), Place{Display: true}, true, "on a desktop"},
		{"a server's console", "linux", nil, machine(), Place{}, false, "without a display"},
		{"a Mac", "darwin", nil, machine(), Place{Display: true}, true, "on a desktop"},
		{"Windows", "windows", environment{"container": "x"}, machine(), Place{Display: true}, true, "on a desktop"},
		{"a Mac over SSH", "darwin", environment{"SSH_CONNECTION": "a b c d"}, machine(), Place{SSH: true, Display: true}, false, "over SSH"},
		{"SSH with X11", "linux", environment{"SSH_CLIENT": "a b c", "DISPLAY": "localhost:10.0"}, machine(), Place{SSH: true, Display: true}, false, "over SSH"},
		{"an editor over SSH", "linux", environment{"SSH_TTY": "/dev/pts/0", "BROWSER": "helper.sh"}, machine(), Place{SSH: true, BrowserSet: true}, true, "over SSH"},
		{
			"WSL by its variable", "linux", environment{"WSL_DISTRO_NAME": "Debian"}, machine(interop, enabled),
			Place{WSL: true, Interop: true}, true, "in WSL",
		},
		{
			"WSL by its kernel", "linux", nil, machine(osrelease, wslKernel, interop+"-late", enabled),
			Place{WSL: true, Interop: true}, true, "in WSL",
		},
		{"WSL 1", "linux", nil, machine(osrelease, "4.4.0-19041-Microsoft\n"), Place{WSL: true}, false, "in WSL"},
		{"WSL that cannot start programs", "linux", environment{"WSL_INTEROP": "/run/x"}, machine(interop, "disabled\n"), Place{WSL: true}, false, "in WSL"},
		{"WSL with windows of its own", "linux", environment{"WSL_DISTRO_NAME": "Debian", "DISPLAY": ":0"}, machine(), Place{WSL: true, Display: true}, true, "in WSL"},
		{"SSH into WSL", "linux", environment{"SSH_TTY": "x"}, machine(osrelease, wslKernel, interop, enabled), Place{SSH: true, WSL: true, Interop: true}, false, "in WSL, over SSH"},
		{"Docker", "linux", nil, machine(".dockerenv", ""), Place{Container: true}, false, "in a container"},
		{"Docker on WSL", "linux", nil, machine(".dockerenv", "", osrelease, wslKernel), Place{Container: true}, false, "in a container"},
		{"Podman", "linux", nil, machine("run/.containerenv", ""), Place{Container: true}, false, "in a container"},
		{"systemd-nspawn", "linux", environment{"container": "systemd-nspawn"}, machine(), Place{Container: true}, false, "in a container"},
		{"Kubernetes", "linux", environment{"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, machine(), Place{Container: true}, false, "in a container"},
		{"ECS", "linux", environment{"ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/x"}, machine(), Place{Container: true}, false, "in a container"},
		{"CloudShell", "linux", environment{"AWS_EXECUTION_ENV": "CloudShell"}, machine(), Place{Container: true}, false, "in a container"},
		{"another execution environment", "linux", environment{"AWS_EXECUTION_ENV": "EC2"}, machine(), Place{}, false, "without a display"},
		{"a dev container", "linux", environment{"REMOTE_CONTAINERS": "true", "BROWSER": "helper.sh"}, machine(), Place{Container: true, BrowserSet: true}, true, "in a container"},
		{"a codespace over SSH", "linux", environment{"CODESPACES": "true", "SSH_CLIENT": "x"}, machine(), Place{Container: true, SSH: true}, false, "in a container, over SSH"},
		{"toolbox", "linux", environment{"DISPLAY": ":0"}, machine("run/.containerenv", ""), Place{Container: true, Display: true}, true, "in a container"},
		{"CI", "linux", environment{"CI": "true", "DISPLAY": ":99", "BROWSER": "firefox"}, machine(), Place{CI: true, Display: true, BrowserSet: true}, false, "in CI"},
		{"CI in a container", "linux", environment{"TF_BUILD": "True"}, machine(".dockerenv", ""), Place{CI: true, Container: true}, false, "in CI, in a container"},
		{"Jenkins", "linux", environment{"JENKINS_URL": "http://localhost"}, machine(), Place{CI: true}, false, "in CI"},
		{"TeamCity", "linux", environment{"TEAMCITY_VERSION": "1"}, machine(), Place{CI: true}, false, "in CI"},
		{"CodeBuild", "linux", environment{"CODEBUILD_BUILD_ID": "x:1"}, machine(), Place{CI: true}, false, "in CI"},
		{"CI said to be off", "linux", environment{"CI": "false", "DISPLAY": ":0"}, machine(), Place{Display: true}, true, "on a desktop"},
		{"blank BROWSER", "linux", environment{"BROWSER": " "}, machine(), Place{}, false, "without a display"},
	}
	for _, tt := range tests {
		got := detect(tt.goos, tt.env.get, tt.files)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if got.CanOpenBrowser() != tt.can || got.String() != tt.words {
			t.Errorf("%s: a browser %v, %q; want %v, %q", tt.name, got.CanOpenBrowser(), got, tt.can, tt.words)
		}
	}
}

// The real file system is looked at without trouble.
func TestDetectHere(t *testing.T) {
	if got := Detect(environment{"CI": "1"}.get, os.DirFS("/")); !got.CI {
		t.Errorf("Detect() = %+v", got)
	}
}

func TestWindowsBrowser(t *testing.T) {
	const mounted = "/mnt/c/Windows/System32/rundll32.exe"
	tests := []struct {
		there []string
		want  string
	}{
		{[]string{"rundll32.exe", mounted, "wslview"}, "rundll32.exe url.dll,FileProtocolHandler"},
		{[]string{mounted, "wslview"}, mounted + " url.dll,FileProtocolHandler"},
		{[]string{"wslview"}, "wslview"},
		{[]string{"cmd.exe", "explorer.exe"}, ""},
	}
	for _, tt := range tests {
		look := func(file string) (string, error) {
			for _, there := range tt.there {
				if there == file {
					return file, nil
				}
			}
			return "", errors.New("not found")
		}
		got, ok := WindowsBrowser(look)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%v: WindowsBrowser() = %q, %v; want %q", tt.there, got, ok, tt.want)
		}
	}
}
