package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/terminal"
)

// redirect looks whether a sign-in could listen for the browser's return. It listens for a
// moment, as a sign-in does: on 127.0.0.1, and for localhost on ::1 too.
func (s *section) redirect(ctx context.Context) {
	const check = "local.redirect"
	if ok, why := s.signsIn(); !ok {
		s.log.Skip(check, why)
		return
	}
	switch {
	case s.Login.Method == config.MethodDevice:
		s.log.Skip(check, "sign_in_method is device: no browser comes back here")
		return
	case s.login:
		s.log.Skip(check, "a sign-in is under way in another process, which has it")
		return
	}
	var taken []string
	for _, port := range append([]int{s.Login.RedirectPort}, s.Login.FallbackPorts...) {
		err := s.listen(ctx, port)
		if err == nil {
			s.log.OK(check, s.redirectURL(port)+" can be listened on"+without(taken))
			return
		}
		taken = append(taken, strconv.Itoa(port))
		if !inUse(err) && len(s.Login.FallbackPorts) == 0 {
			s.forbidden(ctx, err)
			return
		}
	}
	s.log.Found("local.port-in-use", s.redirectURL(s.Login.RedirectPort), "another program listens on "+strings.Join(taken, ", "), s.otherPort(ctx, "redirect_fallback_ports"),
		finding.Fix{Who: finding.You, Does: "or end the program that listens there", Console: s.whoListens()})
}

// forbidden says why the system does not give the port.
func (s *section) forbidden(ctx context.Context, err error) {
	s.log.Found("local.port-forbidden", s.redirectURL(s.Login.RedirectPort), innermost(err), s.otherPort(ctx, "redirect_port"))
}

func without(taken []string) string {
	if len(taken) == 0 {
		return ""
	}
	return "; " + strings.Join(taken, ", ") + " cannot"
}

// otherPort is the fix by a port that is free now; the provider must know it.
func (s *section) otherPort(ctx context.Context, key string) finding.Fix {
	const first, last = 8091, 8120 // near the usual one
	for port := first; port <= last; port++ {
		if port == s.Login.RedirectPort || slices.Contains(s.Login.FallbackPorts, port) || s.listen(ctx, port) != nil {
			continue
		}
		value := strconv.Itoa(port)
		if key == "redirect_fallback_ports" {
			value = "[" + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(append(s.Login.FallbackPorts, port))), ", "), "[]") + "]"
		}
		return finding.Fix{
			Who: finding.You, Does: "listen on a port that is free, once the identity provider has the redirect URI " + s.redirectURL(port),
			Command: s.TipCLI("configure", "idp", "--config", fmt.Sprintf(`{"%s": %s}`, key, value)),
		}
	}
	return finding.Fix{
		Who: finding.You, Does: "sign in on another device with a code, where the identity provider offers it",
		Command: s.TipCLI("configure", "idp", "--config", `{"sign_in_method": "device"}`),
	}
}

func (s *section) whoListens() string {
	port := strconv.Itoa(s.Login.RedirectPort)
	switch s.system {
	case "linux":
		return "which one it is: ss -ltnp 'sport = :" + port + "'"
	case "windows":
		return "which one it is: netstat -abno | findstr :" + port
	}
	return "which one it is: lsof -nP -iTCP:" + port + " -sTCP:LISTEN"
}

func (s *section) redirectURL(port int) string {
	return "http://" + net.JoinHostPort(s.Login.RedirectHost, strconv.Itoa(port)) + s.Login.RedirectPath
}

// listen returns why a port cannot be had. A family that this machine does not have is no
// reason.
func (s *section) listen(ctx context.Context, port int) error {
	families := map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"}
	if s.Login.RedirectHost == "127.0.0.1" {
		delete(families, "tcp6")
	}
	for network, host := range families {
		listener, err := new(net.ListenConfig).Listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case err == nil:
			_ = listener.Close() // nothing was accepted
		case inUse(err) || errors.Is(err, syscall.EACCES) || errors.Is(err, wsaEACCES):
			return err
		}
	}
	return nil
}

// Numbers of Windows, whose errors do not match the names of syscall.
const (
	wsaEACCES     = syscall.Errno(10013)
	wsaEADDRINUSE = syscall.Errno(10048)
)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaEADDRINUSE)
}

// browser looks how a sign-in would go here. That there is no browser is nothing wrong
// where nobody has asked for one: in CI, on a server and over SSH there is none.
func (s *section) browser() {
	const check = "local.browser"
	if ok, why := s.signsIn(); !ok {
		s.log.Skip(check, why)
		return
	}
	place := terminal.Detect(s.Getenv, s.root)
	method := s.Login.Method
	usesOne := method == config.MethodAuto || method == config.MethodBrowser
	switch {
	case usesOne && place.BrowserSet && s.missing() != "":
		s.log.Found("local.browser-missing", "BROWSER", s.missing()+" was not found", set("BROWSER", "set it to a browser that there is, or unset it"))
	case method == config.MethodBrowser && !place.CanOpenBrowser() && !place.BrowserSet:
		s.log.Found("local.no-browser", s.setting("sign_in_method"), "sign_in_method is browser, and this is "+place.String(), finding.Fix{
			Who: finding.You, Does: "have the surroundings decide", Command: s.TipCLI("configure", "idp", "--config", `{"sign_in_method": "auto"}`),
		})
	case s.policy() == config.SignInNever && !place.CanOpenBrowser():
		s.log.OK(check, "sign-ins do not begin by themselves here ("+place.String()+")")
	case !usesOne:
		s.log.OK(check, "not needed: sign_in_method is "+string(method))
	case place.CanOpenBrowser() || place.BrowserSet:
		s.log.OK(check, "a sign-in opens one ("+place.String()+")")
	default:
		s.log.OK(check, "none opens here ("+place.String()+"): a sign-in prints an address; tip-cli auth --device or --paste need no browser on this machine")
	}
}

// missing is the program that BROWSER names, if none of those that it names is there.
func (s *section) missing() string {
	first := ""
	for command := range strings.SplitSeq(s.Getenv("BROWSER"), string(os.PathListSeparator)) {
		words := commandWords(command)
		if len(words) == 0 {
			continue
		}
		if _, err := s.lookPath(words[0]); err == nil {
			return ""
		}
		if first == "" {
			first = words[0]
		}
	}
	return first
}
