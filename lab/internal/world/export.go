package world

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/assumptions"
)

// Export is the world as a world file: [New] makes the same world of it. Sessions,
// tokens and the trail are not in it, nor are the objects of buckets, which the
// world does not have. It holds secrets.
func (w *World) Export() *File {
	w.mu.RLock()
	defer w.mu.RUnlock()
	f := w.exportRest(w.exportDirectory)
	f.Issuers = exportIssuers(w.issuers)
	return f
}

// exportRest is the world without its issuers, and with the directories as
// directory fills them. w.mu is held.
func (w *World) exportRest(directory func(*Instance, *InstanceFile)) *File {
	f := &File{
		Version: 1, Exported: true, Region: w.Region, Switches: w.exportSwitches(), Organization: w.exportOrganization(),
		Buckets: w.exportBuckets(), AccessGrants: w.exportAccessGrants(), WorkGroups: w.exportWorkGroups(), Stacks: w.exportStacks(),
	}
	if w.Partition != "aws" {
		f.Partition = w.Partition
	}
	for _, id := range w.accountOrder() {
		a := AccountFile{ID: id, Name: w.accounts[id], Secrets: w.exportSecrets(id)}
		w.exportIAM(&a)
		f.Accounts = append(f.Accounts, a)
	}
	arns := slices.Sorted(mapKeys(w.instances))
	f.IdentityCenter = make([]InstanceFile, len(arns))
	for i, arn := range arns {
		in, to := w.instances[arn], &f.IdentityCenter[i]
		to.Account, to.Region, to.ARN, to.IdentityStoreID = in.Account, w.elsewhere(in.Region), in.ARN, in.IdentityStoreID
		w.exportCenter(in, to)
		directory(in, to)
	}
	return f
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// accountOrder is the first account, which some things belong to, and the others by their ids.
func (w *World) accountOrder() []string {
	order := []string{w.firstAccount}
	for _, id := range slices.Sorted(mapKeys(w.accounts)) {
		if id != w.firstAccount {
			order = append(order, id)
		}
	}
	return order
}

// elsewhere is a region as the file has it: empty for the world's own.
func (w *World) elsewhere(region string) string {
	if region == w.Region {
		return ""
	}
	return region
}

// exportSwitches leaves out what is at the ledger's default.
func (w *World) exportSwitches() Switches {
	s := w.Switches
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		a, ok := assumptions.BySwitch(name)
		if ok && reflect.DeepEqual(v.Field(i).Interface(), defaultOf(v.Field(i).Type(), a.Default).Interface()) {
			v.Field(i).SetZero()
		}
	}
	return s
}

// policyValue is a policy, of which the text is kept, as a value of the file: a
// mapping if JSON of that is the very text, which [policyText] makes of it again,
// else the text.
func policyValue(text string) any {
	if text == "" {
		return nil
	}
	var doc any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return text
	}
	if again, err := jsonOf(doc); err != nil || string(again) != text {
		return text
	}
	return doc
}

// written is a time as the file has it, nil for none.
func written(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(0)
	return &t
}

func (w *World) exportSecrets(account string) []SecretFile {
	var all []SecretFile
	for _, arn := range slices.Sorted(mapKeys(w.secrets)) {
		if s := w.secrets[arn]; s.Account == account && !w.purged(s) {
			all = append(all, w.exportSecret(s))
		}
	}
	return all
}

func (w *World) exportSecret(s *Secret) SecretFile {
	f := SecretFile{
		Name: s.Name, Region: w.elsewhere(s.Region), Description: s.Description, KMSKeyID: s.KMSKeyID, Tags: s.Tags,
		Policy: policyValue(s.PolicyText), Created: written(s.Created), Changed: written(s.Changed), Accessed: written(s.Accessed),
		Deleted: written(s.Deleted), Purged: written(s.Purged),
	}
	stem := s.ARN[:strings.LastIndexByte(s.ARN, '-')]
	if f.Suffix = s.ARN[len(stem)+1:]; f.Suffix == stableID(stem)[:6] {
		f.Suffix = ""
	}
	if text, ok := s.onlyValue(); ok {
		f.Value = text
		return f
	}
	for _, v := range s.Versions {
		one := SecretVersionFile{ID: v.ID, Text: v.Text, Created: written(v.Created), Accessed: written(v.Accessed), Stages: v.Stages}
		if v.Text == nil {
			one.Binary = base64.StdEncoding.EncodeToString(v.Binary)
		}
		f.Versions = append(f.Versions, one)
	}
	return f
}

// onlyValue is the text of a secret whose versions are the one that a world file's value makes.
func (s *Secret) onlyValue() (string, bool) {
	if len(s.Versions) != 1 {
		return "", false
	}
	v := s.Versions[0]
	made := v.Text != nil && v.ID == stableUUID(s.ARN) && v.Created.Equal(s.Created) && v.Accessed.IsZero() && slices.Equal(v.Stages, []string{StageCurrent})
	if !made {
		return "", false
	}
	return *v.Text, true
}

func exportIssuers(list []*Issuer) []IssuerFile {
	var all []IssuerFile
	for _, is := range list {
		all = append(all, exportIssuer(is))
	}
	return all
}

func exportIssuer(is *Issuer) IssuerFile {
	f := IssuerFile{
		Name: is.Name, URL: is.URL, Face: is.Face, Domain: is.HostedDomain, IssParameter: is.IssParameter,
		IDTokenLifetime:      unless(is.IDTokenLifetime, time.Hour),
		RefreshTokenLifetime: unless(is.RefreshTokenLifetime, refreshLifetime(is.Face)),
		RotationGrace:        unless(is.RotationGrace, 0),
	}
	if f.Face == "plain" {
		f.Face = ""
	}
	for _, c := range is.Clients {
		one := ClientFile(c)
		usual := ClientFile{Secret: c.Secret}
		if _ = checkAuthentication(&usual, is.Face); usual.Authentication == one.Authentication {
			one.Authentication = ""
		}
		f.Clients = append(f.Clients, one)
	}
	f.People = slices.Grow(f.People, len(is.People))
	for _, p := range is.People {
		f.People = append(f.People, PersonFile(p))
	}
	for _, a := range is.APIs {
		f.APIs = append(f.APIs, APIFile(a))
	}
	return f
}

// unless is a duration in seconds, 0 if it is the default.
func unless(d, byDefault time.Duration) int {
	if d == byDefault {
		return 0
	}
	return int(d / time.Second)
}

func (w *World) exportBuckets() []BucketFile {
	var all []BucketFile
	for _, name := range slices.Sorted(mapKeys(w.buckets)) {
		b := w.buckets[name]
		all = append(all, BucketFile{
			Name: b.Name, Account: b.Account, Region: w.elsewhere(b.Region), Versioning: b.Versioning, Suspended: b.Suspended,
			Policy: policyValue(b.PolicyText), Created: written(b.Created),
		})
	}
	return all
}
