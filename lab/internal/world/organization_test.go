package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func organizationOf(edit func(*world.OrganizationFile)) (*world.World, error) {
	f := &world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: "111122223333"}, {ID: "444455556666"}, {ID: "777788889999"}}}
	f.Organization.Management = "111122223333"
	edit(&f.Organization)
	return world.New(f, time.Now)
}

func TestOrganizationIDs(t *testing.T) {
	w, err := organizationOf(func(o *world.OrganizationFile) { o.ID, o.Outside = "o-a1b2c3d4e5", []string{"777788889999"} })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range []string{"111122223333", "444455556666", "777788889999", "888899990000"} {
		got = append(got, w.OrganizationID(id), w.OrganizationPath(id))
	}
	want := []string{"o-a1b2c3d4e5", "o-a1b2c3d4e5/r-a1b2/", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-a1b2/", "", "", "", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	one, err := organizationOf(func(*world.OrganizationFile) {})
	if err != nil {
		t.Fatal(err)
	}
	other, err := organizationOf(func(o *world.OrganizationFile) { o.Management = "444455556666" })
	if err != nil {
		t.Fatal(err)
	}
	if a, b := one.OrganizationID("111122223333"), other.OrganizationID("111122223333"); a == b || !strings.HasPrefix(a, "o-") || len(a) != 12 {
		t.Errorf("ids made up: %q and %q", a, b)
	}
	none, err := organizationOf(func(o *world.OrganizationFile) { o.Management = "" })
	if err != nil || none.OrganizationID("111122223333") != "" {
		t.Errorf("an organization without management: %v", err)
	}
}

func TestOrganizationRefusals(t *testing.T) {
	for want, edit := range map[string]func(*world.OrganizationFile){
		`id "o-A" is not o- and 10 to 32`:           func(o *world.OrganizationFile) { o.ID = "o-A" },
		`management is missing`:                     func(o *world.OrganizationFile) { o.ID, o.Management = "o-a1b2c3d4e5", "" },
		`account "888899990000" is not in accounts`: func(o *world.OrganizationFile) { o.Outside = []string{"888899990000"} },
		`the management account is a member`:        func(o *world.OrganizationFile) { o.Outside = []string{"111122223333"} },
		`a delegated administrator of sso.amazonaws.com is a`: func(o *world.OrganizationFile) {
			o.Outside, o.DelegatedAdministrators = []string{"444455556666"}, map[string][]string{"sso.amazonaws.com": {"444455556666"}}
		},
		`the management account cannot be`: func(o *world.OrganizationFile) {
			o.DelegatedAdministrators = map[string][]string{"sso.amazonaws.com": {"111122223333"}}
		},
	} {
		if _, err := organizationOf(edit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
