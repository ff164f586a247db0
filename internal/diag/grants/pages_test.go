package grants_test

import (
	"fmt"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// A page has a thousand grants at most: the person's may be on a later one.
func TestAllPages(t *testing.T) {
	const more = 1000
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		instance := &w.AccessGrants[0]
		mine, theirs := instance.Grants[1], instance.Grants[4]
		instance.Grants = nil
		for i := range more {
			theirs.SubPrefix = fmt.Sprintf("tip-demo-data/others/%d/*", i)
			instance.Grants = append(instance.Grants, theirs)
		}
		instance.Grants = append(instance.Grants, mine)
	}))
	c := chainTo("s3://tip-demo-data/home/analyst/")
	asAdmin(l, c)
	c.Person = &chain.Person{UserID: labtest.AnalystID, GroupsRead: true}
	if got := run(t, c)["grant"]; got != "ok" {
		t.Errorf("the grant on the second page: %s", got)
	}
}
