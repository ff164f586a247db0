package architecture_test

// rule says what packages may import. Paths that begin with ./ are of this
// module; * stands for one element of a path, ... for any rest, itself included.
type rule struct {
	// from are the packages that the rule is about, except those that are excepted.
	from, except []string
	// only lists everything that they may import, besides the packages below
	// themselves. std is the standard library, others are other modules.
	only []string
	// never lists what they must not import.
	never []string
	// tests says that the imports of their tests count as well.
	tests bool
	// linked says that everything they are linked with counts, at any distance.
	linked bool
	// reason is shown with every violation.
	reason string
}

const (
	std    = "std"
	others = "others"
)

// client is everything that a person's machine runs besides the lab.
var client = []string{"./cmd/tip-cli/...", "./internal/...", "./tipcreds/...", "./s3agcreds/..."}

// shared are the packages of lab/internal that serve several services. All the
// others are services.
var shared = []string{
	"./lab/internal/audit/...", "./lab/internal/authz/...", "./lab/internal/awswire/...", "./lab/internal/jwks/...",
	"./lab/internal/probe/...", "./lab/internal/tlsca/...", "./lab/internal/world/...",
}

// beside are the packages of internal/diag that are no sections.
var beside = []string{
	"./internal/diag/ambient", "./internal/diag/bucket", "./internal/diag/chain", "./internal/diag/explain", "./internal/diag/finding",
	"./internal/diag/iamrole", "./internal/diag/page", "./internal/diag/refusal",
}

// look is what every section of a diagnosis may stand on.
var look = []string{
	std, others, "./internal/config", "./internal/lazyregexp", "./internal/policy", "./internal/secret", "./internal/store", "./internal/tokensource",
	"./internal/diag/bucket", "./internal/diag/chain", "./internal/diag/finding", "./internal/diag/iamrole", "./internal/diag/refusal", "./s3agcreds", "./tipcreds",
}

var rules = []rule{
	// The two halves.
	{
		from: client, never: []string{"./lab/...", "./cmd/tip-lab/..."}, linked: true,
		reason: "the client works against AWS; what it does must not depend on the lab",
	},
	{
		from: []string{"./lab/..."}, only: []string{std, others, "./lab/...", "./internal/policy"},
		reason: "the lab judges clients; sharing their code would share their mistakes, but for the policy language (docs/decisions/0030)",
	},
	{
		from: []string{"./..."}, except: []string{"./lab/..."}, never: []string{"./lab/internal/..."}, tests: true,
		reason: "the lab is used through lab, lab/labtest and lab/assumptions",
	},

	// The public packages.
	{
		from: []string{"./tipcreds"}, only: []string{std, others},
		reason: "tipcreds is a library of its own",
	},
	{
		from: []string{"./tipcreds/..."}, except: []string{"./tipcreds"}, only: []string{std, others, "./tipcreds"},
		reason: "what goes with tipcreds stands on it, and not on each other",
	},
	{
		from: []string{"./tipcreds/rediscache"}, linked: true, never: []string{"testing/..."},
		reason: "redistest and cachetest are for tests",
	},
	{
		from: []string{"./tipcreds/rediscache/redistest"}, only: []string{std, others},
		reason: "it starts servers and knows not what for",
	},
	{
		from: []string{"./..."}, except: []string{"./tipcreds/rediscache/...", "./examples/..."}, linked: true, never: []string{"github.com/redis/..."},
		reason: "who brings Redis asks for it",
	},
	{
		from: []string{"./..."}, except: []string{"./tipcreds/tipotel/...", "./examples/..."}, linked: true, never: []string{"go.opentelemetry.io/..."},
		reason: "who brings OpenTelemetry asks for it",
	},
	{
		from: []string{"./tipcreds/tipotel"}, linked: true, never: []string{"go.opentelemetry.io/otel/sdk/...", "./lab/...", "testing/..."},
		reason: "a library reports by the API of OpenTelemetry; programs choose an SDK",
	},
	{
		from: []string{"./tipcreds/...", "./s3agcreds/..."}, except: []string{"./tipcreds/bearer"}, linked: true,
		never:  []string{"github.com/coreos/...", "github.com/go-jose/...", "golang.org/x/oauth2/..."},
		reason: "who verifies tokens asks for it",
	},
	{
		from: []string{"./s3agcreds/..."}, only: []string{std, others},
		reason: "s3agcreds is a library of its own",
	},
	{
		from: []string{"./tipcreds/...", "./s3agcreds/..."}, never: []string{"./internal/...", "./cmd/..."}, tests: true,
		reason: "what a library's tests use, its users can use",
	},
	{
		from: []string{"./tipcreds/...", "./s3agcreds/..."}, linked: true,
		never:  []string{"github.com/spf13/...", "github.com/zalando/...", "github.com/aws/aws-sdk-go-v2/config/..."},
		reason: "a credentials provider brings neither a command line nor ambient credentials",
	},

	// The examples.
	{
		from: []string{"./examples/..."}, except: []string{"./examples/s3-access-grants/local"},
		only:   []string{std, others, "./tipcreds/...", "./s3agcreds/...", "./examples/lambda/runtimeapi", "./examples/s3-access-grants/loginapi"},
		reason: "an example shows what anybody can do with the public packages",
	},
	{
		from: []string{"./examples/s3-access-grants/local"}, only: []string{std, others, "./lab", "./examples/s3-access-grants/loginapi"},
		reason: "it stands for AWS and the application, and runs the program as it is",
	},
	{
		from: []string{"./..."}, except: []string{"./examples/..."}, never: []string{"./examples/..."}, tests: true,
		reason: "examples are read and run, not imported",
	},

	// The programs.
	{
		from: []string{"./cmd/tip-cli"}, only: []string{std, "./internal/cli", "./internal/fastpath"},
		reason: "main is signals and one call",
	},
	{
		from: []string{"./cmd/tip-cli/gendocs"}, only: []string{std, others, "./internal/cli"},
		reason: "the reference is written from the commands and nothing else",
	},
	{
		from: []string{"./cmd/tip-lab/..."}, only: []string{std, others, "./lab/...", "./cmd/tip-lab/...", "./internal/cli", "./internal/transport"},
		reason: "tip-lab runs the lab, and the demo runs tip-cli's real commands",
	},
	{
		from: []string{"./..."}, except: []string{"./cmd/..."}, never: []string{"./internal/cli/..."},
		reason: "only programs run commands",
	},
	{
		from: []string{"./..."}, except: []string{"./cmd/...", "./internal/cli/..."}, never: []string{"github.com/spf13/..."},
		reason: "flags end at the commands",
	},
	{
		from: []string{"./..."}, except: []string{"./cmd/..."}, never: []string{"./cmd/..."},
		reason: "programs are run, not imported",
	},
	{
		from: []string{"./cmd/..."}, linked: true,
		never:  []string{"testing/...", "github.com/google/go-cmp/...", "go.uber.org/goleak/...", "github.com/rogpeppe/go-internal/..."},
		reason: "what only tests need is not in the programs",
	},

	// Inside the client: each package and what it stands on.
	{from: []string{"./internal/secret"}, only: []string{std}, reason: "secrets go through few hands"},
	{from: []string{"./internal/lazyregexp"}, only: []string{std}, reason: "it compiles expressions and knows not what for"},
	{from: []string{"./internal/config"}, only: []string{std, "./internal/lazyregexp"}, reason: "a configuration is data"},
	{
		from: []string{"./internal/fastpath"}, only: []string{std, "./internal/answer"},
		reason: "it runs before the rest of the program is initialized (docs/decisions/0018)",
	},
	{from: []string{"./internal/answer"}, only: []string{std}, reason: "the fast path and the ordinary one ask it, so it is as light as the former"},
	{
		from: []string{"./internal/fastpath", "./internal/answer"}, linked: true,
		never: []string{
			"strings", "bytes", "fmt", "bufio", "unicode", "reflect", "regexp/...", "encoding/json", "encoding/hex", "path/filepath", "flag", "log/...",
			"crypto/...", "net/...",
		},
		reason: "what these wait for at initialisation comes after most of the program",
	},
	{from: []string{"./internal/transport"}, only: []string{std, others}, reason: "it makes HTTP clients for everybody"},
	{from: []string{"./internal/store/atomicfile"}, only: []string{std}, reason: "it writes files and knows nothing of their content"},
	{from: []string{"./internal/awsprofile"}, only: []string{std, "./internal/lazyregexp", "./internal/store/atomicfile"}, reason: "it edits AWS config files and knows nothing of tip-cli's state"},
	{from: []string{"./internal/store"}, only: []string{std, others, "./internal/answer", "./internal/lazyregexp", "./internal/secret"}, reason: "state is kept, not judged"},
	{from: []string{"./internal/oidclogin"}, only: []string{std, others, "./internal/lazyregexp", "./internal/secret"}, reason: "sign-in knows neither AWS nor files"},
	{from: []string{"./internal/terminal"}, only: []string{std, others}, reason: "it talks to a person and knows not about what"},
	{from: []string{"./internal/rolestemplate"}, only: []string{std, "./internal/lazyregexp"}, reason: "a template is made from what it is told, and asks nobody"},
	{from: []string{"./internal/thumbprint"}, only: []string{std}, reason: "it looks at certificates by the client it is given"},
	{from: []string{"./internal/ownprocess"}, only: []string{std, "./internal/awsprofile", "./internal/store"}, reason: "it takes commands of AWS profiles apart, and runs none"},
	{from: []string{"./internal/wizard"}, only: []string{std, others}, reason: "it shows forms and knows not what for"},
	{from: []string{"./internal/shellenv"}, only: []string{std, "./internal/secret"}, reason: "it writes variables, wherever their values are from"},
	{from: []string{"./internal/childproc"}, only: []string{std, others, "./internal/terminal"}, reason: "it runs a command and knows not what for"},
	{from: []string{"./internal/credserver"}, only: []string{std, "./internal/lazyregexp", "./internal/secret", "./internal/store/atomicfile"}, reason: "it serves what a source gives, and knows not from where"},
	{from: []string{"./internal/tokensource"}, only: []string{std, "./internal/recursion", "./internal/secret"}, reason: "it runs a program, and judges no token"},
	{from: []string{"./internal/recursion"}, only: []string{std}, reason: "it reads and writes one environment variable"},
	{
		from: []string{"./internal/session"},
		only: []string{
			std, others, "./internal/answer", "./internal/config", "./internal/oidclogin", "./internal/recursion", "./internal/secret",
			"./internal/store", "./internal/tokensource", "./internal/transport", "./tipcreds", "./s3agcreds",
		},
		reason: "the flow stands on everything below the commands",
	},

	// The diagnosis.
	{from: []string{"./internal/diag/finding"}, only: []string{std}, reason: "findings are data"},
	{from: []string{"./internal/diag/refusal"}, only: []string{std, others}, reason: "it reads errors of AWS, whoever got them"},
	{
		from: []string{"./internal/diag/chain"}, only: []string{std, others, "./internal/config", "./internal/policy", "./internal/secret", "./internal/store"},
		reason: "what a diagnosis knows is data",
	},
	{
		from: []string{"./internal/diag/*"}, except: append([]string{"./internal/diag/local", "./internal/diag/live"}, beside...), only: look,
		reason: "sections look at what they are handed, and meet in the chain",
	},
	{
		from: []string{"./internal/diag/local"}, only: append([]string{"./internal/awsprofile", "./internal/ownprocess", "./internal/terminal", "./internal/transport"}, look...),
		reason: "of the sections this one knows the machine, and not the flow",
	},
	{
		from: []string{"./internal/diag/live"}, only: append([]string{"./internal/session", "./internal/transport"}, look...),
		reason: "the live exchange goes through the flow, as any other",
	},
	{
		from: []string{"./internal/diag/iamrole"}, only: []string{std, others, "./internal/diag/chain", "./internal/diag/refusal", "./internal/lazyregexp", "./internal/policy"},
		reason: "it reads and judges roles, whatever section asks",
	},
	{
		from: []string{"./internal/diag/bucket"}, only: []string{std, others, "./internal/config", "./internal/diag/refusal", "./internal/lazyregexp"},
		reason: "it asks where a bucket is, whatever section asks",
	},
	{
		from: []string{"./internal/diag/ambient"}, only: []string{std, others, "./internal/diag/chain", "./internal/diag/refusal"},
		reason: "it opens the access of a diagnosis, and looks at nothing with it",
	},
	{from: []string{"./internal/diag/page"}, only: []string{std, "./internal/diag/finding"}, reason: "a page is made of findings"},
	{from: []string{"./internal/diag/explain"}, only: []string{std, "./internal/diag/finding", "./internal/lazyregexp"}, reason: "an explanation is made from a text and a catalogue"},
	{from: []string{"./internal/diag/explain"}, linked: true, never: []string{"net", "net/http/...", "os/exec"}, reason: "explaining asks nobody"},
	{
		from: []string{"./internal/diag/..."}, except: []string{"./internal/diag"}, never: []string{"./internal/diag"},
		reason: "sections do not know each other's order",
	},
	{
		from: []string{"./..."}, except: []string{"./internal/diag/...", "./internal/cli"}, never: []string{"./internal/diag/ambient"},
		reason: "ambient credentials are for reads of a diagnosis",
	},

	// Inside the lab.
	{
		from: []string{"./lab/internal/*/..."}, except: shared,
		only: []string{
			std, others, "./lab/internal/authz", "./lab/internal/awswire", "./lab/internal/awswire/models", "./lab/internal/awswire/sigv4", "./lab/internal/jwks",
			"./internal/policy", "./lab/internal/world",
		},
		reason: "no service imports another: they meet in the world, as AWS's do",
	},
	{from: []string{"./lab/assumptions"}, only: []string{std}, reason: "the ledger is data"},
	{from: []string{"./internal/policy"}, only: []string{std}, reason: "policy evaluation is a pure function"},
	{from: []string{"./lab/internal/tlsca"}, only: []string{std}, reason: "certificates know nothing of AWS"},
	{from: []string{"./lab/internal/jwks"}, only: []string{std, others}, reason: "keys are fetched over HTTP from any issuer"},
	{
		from: []string{"./lab/internal/awswire/..."}, only: []string{std, others, "./lab/internal/awswire/..."},
		reason: "the wire engine knows neither users nor state",
	},
	{
		from: []string{"./lab/internal/world"}, only: []string{std, others, "./lab/assumptions", "./internal/policy"},
		reason: "the world is the one owner of state, and refuses bad policies when it is loaded (docs/decisions/0003)",
	},
	{
		from: []string{"./lab/internal/authz"}, only: []string{std, others, "./lab/internal/awswire", "./internal/policy", "./lab/internal/world"},
		reason: "authorization combines who calls with what the world allows",
	},
	{
		from: []string{"./lab/internal/audit"}, only: []string{std, others, "./lab/internal/awswire", "./lab/internal/s3", "./lab/internal/world"},
		reason: "the audit trail is written from what the wire engine and S3 report",
	},
	{
		from: []string{"./lab/internal/probe"}, only: []string{std, others, "./lab", "./lab/internal/world", "./lab/labtest"},
		reason: "the tests of the services meet the lab from outside",
	},
	{
		from: []string{"./..."}, except: []string{"./lab/internal/probe"}, never: []string{"./lab/internal/probe"},
		reason: "it is for tests",
	},
	{
		from: []string{"./lab/labtest"}, only: []string{std, others, "./lab"},
		reason: "anybody's tests start a lab as anybody's program does",
	},
}
