package lab

import (
	"regexp"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// service is what a host name stands for.
type service int

const (
	unknownService service = iota
	endpointDoor
	issuerHost
	stsService
	oidcService
	s3ControlService
	identityStoreService
	s3Service
)

// globalRegion is the scope of the global STS host and of S3's without a region.
const globalRegion = "us-east-1"

// hostForms are AWS's host names; the group is the region, absent in global ones.
var hostForms = []struct {
	service service
	form    *regexp.Regexp
}{
	{stsService, regexp.MustCompile(`^sts(?:-fips)?(?:\.([a-z]{2}(?:-[a-z]+)+-[0-9]+))?\.(?:amazonaws\.com|api\.aws)$`)},
	{oidcService, regexp.MustCompile(`^oidc(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.(?:amazonaws\.com|api\.aws)$`)},
	{identityStoreService, regexp.MustCompile(`^identitystore(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.(?:amazonaws\.com|api\.aws)$`)},
	{s3ControlService, regexp.MustCompile(`^(?:[0-9]{12}\.)?s3-control(?:-fips)?(?:\.dualstack)?\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com$`)},
	{s3Service, regexp.MustCompile(`^(?:[a-z0-9][a-z0-9.-]*\.)?s3(?:-fips)?(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-[0-9]+))?\.amazonaws\.com$`)},
}

// hosts tells what a host name stands for.
type hosts struct {
	issuers map[string]bool
	suffix  string
}

func newHosts(w *world.World) *hosts {
	h := &hosts{issuers: map[string]bool{}}
	if w.Partition == "aws-cn" {
		h.suffix = ".cn"
	}
	for _, i := range w.Issuers() {
		for _, name := range i.Hosts() {
			if !loopbackHost(name) {
				h.issuers[name] = true
			}
		}
	}
	return h
}

// known reports whether the proxy door answers for a host.
func (h *hosts) known(host string) bool {
	s, _ := h.lookup(host)
	return s != unknownService && s != endpointDoor
}

// lookup returns the service of a host name without port, and its region.
func (h *hosts) lookup(host string) (service, string) {
	host = strings.ToLower(host)
	switch {
	case h.issuers[host]:
		return issuerHost, ""
	case loopbackHost(host), strings.HasSuffix(host, ".localhost"):
		return endpointDoor, ""
	}
	aws, ok := strings.CutSuffix(host, h.suffix)
	if !ok {
		return unknownService, ""
	}
	for _, f := range hostForms {
		if m := f.form.FindStringSubmatch(aws); m != nil {
			if m[1] == "" {
				return f.service, globalRegion
			}
			return f.service, m[1]
		}
	}
	return unknownService, ""
}
