package lab

import (
	"cmp"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// globalRegion is the scope of the global STS host and of S3's without a region.
const globalRegion = "us-east-1"

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
	if loopbackHost(host) || strings.HasSuffix(host, ".localhost") {
		return endpointDoor, ""
	}
	if aws, ok := strings.CutSuffix(host, h.suffix); ok {
		if kind, region := awsHost(aws); kind != unknownService {
			return kind, region
		}
	}
	if h.issuers[host] {
		return issuerHost, ""
	}
	return unknownService, ""
}

// awsHost returns the service of a host of AWS, and its region.
func awsHost(name string) (service, string) {
	for _, row := range wireServices {
		if m := row.host.FindStringSubmatch(name); m != nil {
			return row.service, cmp.Or(m[1], globalRegion)
		}
	}
	if m := s3Host.FindStringSubmatch(name); m != nil {
		return s3Service, cmp.Or(m[1], globalRegion)
	}
	return unknownService, ""
}
