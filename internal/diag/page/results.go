package page

import (
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// across is the section that is about all links rather than one.
const across = finding.Regions

// chain draws the links in order.
func (p *page) chain() {
	p.raw("<nav class=\"links card\" aria-label=\"The chain\">\n<ol class=\"chain\">\n")
	for _, s := range finding.Sections() {
		if s != across {
			p.link(s)
		}
	}
	p.raw("</ol>\n")
	if status := p.report.Worst(across); len(p.report.Of(across)) > 0 {
		p.rawf("<p class=\"across\">%s <a href=\"#%s\">%s</a> <span class=\"quiet\">across all links:</span> %s</p>\n", icon(status), string(across), across.Title(), word(status))
	}
	p.raw("</nav>\n")
}

func (p *page) link(s finding.Section) {
	of := p.report.Of(s)
	status := p.report.Worst(s)
	count := tally(of)
	if len(of) == 0 {
		count = "not looked at"
	}
	p.rawf("<li class=\"%s\"><a href=\"#%s\">%s<span class=\"name\">%s</span> <span class=\"word\">%s</span> <span class=\"count\">%s</span></a></li>\n",
		string(known(status)), string(s), icon(status), s.Title(), word(status), count)
}

// tally is what the checks of a link came to, the worst first.
func tally(of []finding.Result) string {
	var parts []string
	for _, s := range []finding.Status{finding.Fail, finding.Warn, finding.Unknown, finding.OK, finding.Skipped} {
		n := 0
		for i := range of {
			if known(of[i].Status) == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, plural(n, countWords[s][0], countWords[s][1]))
		}
	}
	const most = 2
	return strings.Join(parts[:min(most, len(parts))], ", ")
}

var countWords = map[finding.Status][2]string{
	finding.Fail: {"failed", "failed"}, finding.Warn: {"warning", "warnings"}, finding.Unknown: {"unknown", "unknown"},
	finding.OK: {"ok", "ok"}, finding.Skipped: {"skipped", "skipped"},
}

// firstOf is the index of the result to begin with.
func firstOf(r *finding.Report) int {
	for _, status := range []finding.Status{finding.Fail, finding.Warn, finding.Unknown} {
		for i := range r.Results {
			if r.Results[i].Status == status {
				return i
			}
		}
	}
	return -1
}

// begin says where to begin.
func (p *page) begin() {
	if p.first < 0 {
		if len(p.report.Results) > 0 {
			p.raw("<div class=\"begin card\"><p>Everything that was looked at is as it should be.</p></div>\n")
		}
		return
	}
	r := &p.report.Results[p.first]
	lead := map[finding.Status]string{
		finding.Fail: "Begin here: what follows may come of it", finding.Warn: "Worth mending, though it works", finding.Unknown: "What could not be looked at",
	}[r.Status]
	p.rawf("<div class=\"begin card %s\">\n<p class=\"eyebrow\">%s</p>\n<p><a href=\"#first\"><strong>%s</strong></a> <span class=\"quiet\">(%s)</span></p>\n", string(r.Status), lead, r.Title, r.Section.Title())
	if r.Culprit != "" {
		p.rawf("<p><code>%s</code></p>\n", r.Culprit)
	}
	p.raw("</div>\n")
}

// section writes all results of a link: what is wrong in full, the rest in a list.
func (p *page) section(s finding.Section) {
	if len(p.report.Of(s)) == 0 {
		return
	}
	status := p.report.Worst(s)
	p.rawf("<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s %s <span class=\"quiet\">%s</span></h2>\n", string(s), string(s), string(s), icon(status), s.Title(), word(status))
	var rest []*finding.Result
	for i := range p.report.Results {
		r := &p.report.Results[i]
		switch {
		case r.Section != s:
		case r.Status == finding.OK || r.Status == finding.Skipped:
			rest = append(rest, r)
		default:
			p.result(r, i == p.first)
		}
	}
	p.rest(rest)
	p.raw("</section>\n")
}

// result is one with what was seen, why it matters, and its fixes.
func (p *page) result(r *finding.Result, first bool) {
	id := ""
	if first {
		id = ` id="first"`
	}
	p.rawf("<details class=\"result card %s\"%s open>\n<summary>%s <span class=\"word\">%s</span> <span class=\"title\">%s</span></summary>\n<div class=\"body\">\n<dl>\n",
		string(known(r.Status)), markup{id}, icon(r.Status), word(r.Status), r.Title)
	p.row("Seen", r.Seen, false)
	p.row("Where", r.Culprit, true)
	p.row("Why it matters", r.Why, false)
	p.row("Missing permissions", strings.Join(r.Missing, ", "), true)
	p.row("Id", r.ID, true)
	p.raw("</dl>\n")
	if len(r.Fixes) > 0 {
		p.raw("<h3>How to mend it</h3>\n<ul class=\"fixes\">\n")
		for i := range r.Fixes {
			p.fix(&r.Fixes[i])
		}
		p.raw("</ul>\n")
	}
	p.raw("</div>\n</details>\n")
}

func (p *page) row(name, value string, code bool) {
	switch {
	case value == "":
	case code:
		p.rawf("<dt>%s</dt><dd><code>%s</code></dd>\n", name, value)
	default:
		p.rawf("<dt>%s</dt><dd>%s</dd>\n", name, value)
	}
}

func (p *page) fix(f *finding.Fix) {
	p.rawf("<li><span class=\"who\">%s</span> <span class=\"does\">%s</span>", string(f.Who), f.Does)
	if f.Command != "" {
		p.rawf("\n<pre tabindex=\"0\"><code>%s</code></pre>", f.Command)
	}
	if f.Console != "" {
		p.rawf("\n<p class=\"quiet\">In the console: %s</p>", f.Console)
	}
	p.raw("</li>\n")
}

// rest are the results that need nobody.
func (p *page) rest(of []*finding.Result) {
	if len(of) == 0 {
		return
	}
	ok := 0
	for _, r := range of {
		if r.Status == finding.OK {
			ok++
		}
	}
	var parts []string
	if ok > 0 {
		parts = append(parts, plural(ok, "check is in order", "checks are in order"))
	}
	if skipped := len(of) - ok; skipped > 0 {
		parts = append(parts, plural(skipped, "was skipped", "were skipped"))
	}
	p.rawf("<details class=\"rest card\">\n<summary>%s</summary>\n<ul>\n", strings.Join(parts, ", "))
	for _, r := range of {
		p.rawf("<li class=\"%s\">%s <div><strong>%s</strong> <span class=\"quiet\">(%s, %s)</span><br>%s</div></li>\n", string(r.Status), icon(r.Status), r.Title, word(r.Status), r.ID, r.Seen)
	}
	p.raw("</ul>\n</details>\n")
}
