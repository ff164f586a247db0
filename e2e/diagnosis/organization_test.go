package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

const dataLake = "s3://" + labtest.DataBucket + "/reports/"

// organization is a bench in an organization, with the profiles delegated and data of
// administrators of the accounts that it adds.
func organization(t *testing.T) *bench {
	t.Helper()
	b := reader(t, labtest.Organization)
	for profile, account := range map[string]string{"delegated": labtest.AdministratorAccount, "data": labtest.DataAccount} {
		b.lesser(account, profile)
	}
	return b
}

// A delegated administrator of Identity Center reads as well as the management account
// does, and data of another account is found to be well by whoever may read there.
func TestOrganization(t *testing.T) {
	b := organization(t)
	healthy := func(d *diagnosis, except ...string) {
		t.Helper()
		if all := d.String(); d.code != 0 || strings.Count(all, "\n") != len(except) {
			t.Errorf("exit code %d, not only %v:\n%s", d.code, except, all)
		}
		for _, r := range d.with("fail", "warn", "unknown") {
			if !strings.Contains(strings.Join(except, " "), r.ID) {
				t.Errorf("%s: %s", r.ID, r.Seen)
			}
		}
	}
	healthy(b.diagAs("--profile", "delegated", "--app-profile", "app", "--target", reports, "--live"))
	b.configure(map[string]any{"s3ag_account_id": labtest.DataAccount})
	data := b.diagAs("--profile", "delegated", "--app-profile", "data", "--target", dataLake, "--live")
	healthy(data, "iam.account.unread")
	for check, r := range data.of("grants") {
		if r.Status != "ok" {
			t.Errorf("%s: %s: %s", check, r.Status, r.Seen)
		}
	}
	application := b.diagAs("--profile", "delegated", "--app-profile", "app", "--target", dataLake, "--live")
	for _, section := range []string{"iam", "center", "regions"} {
		for check, r := range application.of(section) {
			if r.Status != "ok" && r.Status != "skipped" {
				t.Errorf("%s: %s: %s", check, r.Status, r.Seen)
			}
		}
	}
	for check, r := range application.of("grants") {
		if r.Status == "fail" || r.Status == "unknown" && (len(r.Missing) != 1 || !strings.Contains(r.Seen, labtest.DataAccount)) {
			t.Errorf("%s: %s, missing %v: %s", check, r.Status, r.Missing, r.Seen)
		}
	}
}

// Data in a region without Identity Center is not for people, and profiles of the wrong
// accounts are called so.
func TestOrganizationMistaken(t *testing.T) {
	b := organization(t)
	b.configure(map[string]any{"s3ag_account_id": labtest.DataAccount})
	far := b.diagAs("--profile", "delegated", "--app-profile", "app", "--target", "s3://"+labtest.ArchiveBucket+"/reports/")
	if r := far.of("regions")["regions.target"]; r.ID != "regions.bucket-elsewhere" || !strings.Contains(r.Seen, labtest.ArchiveRegion) || len(far.with("fail")) != 1 {
		t.Errorf("another region: %s: %s\n%s", r.ID, r.Seen, far)
	}
	swapped := b.diagAs("--profile", "app", "--app-profile", "delegated", "--target", dataLake)
	if r := swapped.of("iam")["iam.account"]; r.ID != "iam.wrong-account" || !strings.Contains(r.Seen, labtest.AdministratorAccount) || len(swapped.with("fail")) != 1 {
		t.Errorf("--app-profile of a third account: %s: %s\n%s", r.ID, r.Seen, swapped)
	}
	if r := swapped.of("center")["center.application"]; r.Status != "unknown" || !strings.Contains(r.Seen, "are of account "+labtest.ApplicationAccount) {
		t.Errorf("--profile of another account: %s: %s", r.Status, r.Seen)
	}
}
