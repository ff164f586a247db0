package lab

import "slices"

// Door is a way into the lab.
type Door string

// The two doors.
const (
	// EndpointDoor: clients that honour AWS_ENDPOINT_URL. S3 Control clients put
	// the account into the host name, which loopback cannot carry.
	EndpointDoor Door = "endpoint"
	// ProxyDoor: unmodified clients with real host names.
	ProxyDoor Door = "proxy"
)

// Variable of an environment. An empty Value with Unset means: remove it.
type Variable struct {
	Name, Value string
	Unset       bool
}

// foreign are variables that would lead a client past the lab.
var foreign = []string{
	"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_S3_CONTROL", "AWS_ENDPOINT_URL_SSO_OIDC",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
}

// Environ returns the variables that lead clients to a door. caFile is the
// absolute path of a file with [Lab.CA].
func (l *Lab) Environ(door Door, caFile string) []Variable {
	return Environ(door, l.Endpoint(), l.Region(), caFile)
}

// Environ is [Lab.Environ] for a lab in another process.
func Environ(door Door, endpoint, region, caFile string) []Variable {
	vars := []Variable{
		{Name: "AWS_REGION", Value: region}, {Name: "AWS_DEFAULT_REGION", Value: region},
		{Name: "AWS_EC2_METADATA_DISABLED", Value: "true"},
	}
	unset := slices.Clone(foreign)
	if door == EndpointDoor {
		vars = append(vars, Variable{Name: "AWS_ENDPOINT_URL", Value: endpoint})
		unset = slices.DeleteFunc(unset, func(name string) bool { return name == "AWS_ENDPOINT_URL" })
		unset = append(unset, "HTTPS_PROXY", "https_proxy")
	} else {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
			vars = append(vars, Variable{Name: name, Value: endpoint})
		}
		for _, name := range []string{"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"} {
			vars = append(vars, Variable{Name: name, Value: caFile})
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		vars = append(vars, Variable{Name: name, Value: "localhost,127.0.0.1,::1"})
	}
	for _, name := range unset {
		vars = append(vars, Variable{Name: name, Unset: true})
	}
	return vars
}

// Apply returns environ, in the form of os.Environ, with the variables applied.
func Apply(environ []string, vars []Variable) []string {
	out := slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return slices.ContainsFunc(vars, func(v Variable) bool {
			return len(entry) > len(v.Name) && entry[len(v.Name)] == '=' && entry[:len(v.Name)] == v.Name
		})
	})
	for _, v := range vars {
		if !v.Unset {
			out = append(out, v.Name+"="+v.Value)
		}
	}
	return out
}
