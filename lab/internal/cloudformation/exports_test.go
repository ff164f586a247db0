package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

const (
	handle    = "Resources: {W: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"
	exporting = handle + "Outputs: {O: {Value: one, Export: {Name: !Sub \"${AWS::StackName}-o\"}}}\n"
)

// An export serves other stacks, and stays what it is while they use it.
func TestExports(t *testing.T) {
	b, ctx := start(t), t.Context()
	const importing = handle + "Outputs: {P: {Value: !ImportValue first-o}}\n"
	probe.Must(t, 0, b.create("early", importing))
	b.status("early", "ROLLBACK_COMPLETE")
	contains(t, strings.Join(b.events("early"), "\n"), "early ROLLBACK_IN_PROGRESS No export named first-o found. Rollback requested by user.")
	probe.Must(t, 0, b.create("first", exporting))
	_, err := b.cfn.ListImports(ctx, &cloudformation.ListImportsInput{ExportName: aws.String("first-o")})
	probe.Expect(t, invalid("Export 'first-o' is not imported by any stack."), err)
	probe.Must(t, 0, b.create("second", importing))
	if diff := cmp.Diff(map[string]string{"P": "one"}, b.outputs("second")); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	imports, err := b.cfn.ListImports(ctx, &cloudformation.ListImportsInput{ExportName: aws.String("first-o")})
	if probe.Must(t, imports, err); !slices.Equal(imports.Imports, []string{"second"}) {
		t.Errorf("imports %v", imports.Imports)
	}
	exports, err := b.cfn.ListExports(ctx, &cloudformation.ListExportsInput{})
	if probe.Must(t, exports, err); len(exports.Exports) != 1 || *exports.Exports[0].Name != "first-o" || *exports.Exports[0].Value != "one" {
		t.Errorf("exports %v", exports.Exports)
	}
	for name, c := range map[string]struct{ template, want string }{
		"changed": {strings.Replace(exporting, "Value: one", "Value: two", 1), "Export first-o cannot be updated as it is in use by second"},
		"removed": {handle + "Outputs: {O: {Value: one}}", "Export first-o cannot be deleted as it is in use by second"},
	} {
		probe.Must(t, 0, b.update("first", c.template))
		b.status("first", "UPDATE_ROLLBACK_COMPLETE")
		if got := strings.Join(b.events("first"), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	probe.Must(t, 0, b.delete("first"))
	b.status("first", "DELETE_FAILED")
	contains(t, aws.ToString(b.stack("first").StackStatusReason), "Delete canceled. Cannot delete export first-o as it is in use by second.")
	probe.Must(t, 0, b.delete("second"))
	probe.Must(t, 0, b.delete("first"))
	out, err := b.cfn.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	if probe.Must(t, out, err); len(out.Stacks) != 1 || *out.Stacks[0].StackName != "early" {
		t.Errorf("%d stacks are left", len(out.Stacks))
	}
}

func TestExportNames(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("first", exporting))
	for name, c := range map[string]struct{ template, want string }{
		"taken":     {strings.Replace(exporting, `!Sub "${AWS::StackName}-o"`, "first-o", 1), "Export with name first-o is already exported by stack first."},
		"twice":     {handle + "Outputs: {O: {Value: a, Export: {Name: x}}, P: {Value: b, Export: {Name: x}}}", "Export with name x is exported twice."},
		"malformed": {handle + "Outputs: {O: {Value: a, Export: {Name: !Join [\"\", [a, \"/\"]]}}}", ""},
	} {
		err := b.create(name, c.template)
		if c.want == "" {
			probe.Expect(t, invalid("Template format error: Output O is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens."), err)
			continue
		}
		probe.Expect(t, probe.Answer{}, err)
		b.status(name, "ROLLBACK_COMPLETE")
		contains(t, strings.Join(b.events(name), "\n"), c.want)
	}
}

// More than fit on a page come on several.
func TestPages(t *testing.T) {
	b, ctx := start(t), t.Context()
	var text strings.Builder
	text.WriteString("Resources:\n")
	for i := range 120 {
		text.WriteString("  W" + strings.Repeat("a", i) + ": {Type: AWS::CloudFormation::WaitConditionHandle}\n")
	}
	probe.Must(t, 0, b.create("mine", text.String()))
	b.status("mine", "CREATE_COMPLETE")
	p := cloudformation.NewListStackResourcesPaginator(b.cfn, &cloudformation.ListStackResourcesInput{StackName: aws.String("mine")})
	var pages []int
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		pages = append(pages, len(probe.Must(t, page, err).StackResourceSummaries))
	}
	if diff := cmp.Diff([]int{100, 20}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	events := cloudformation.NewDescribeStackEventsPaginator(b.cfn, &cloudformation.DescribeStackEventsInput{StackName: aws.String("mine")})
	total := 0
	for events.HasMorePages() {
		page, err := events.NextPage(ctx)
		total += len(probe.Must(t, page, err).StackEvents)
	}
	if total != 2+3*120 {
		t.Errorf("%d events", total)
	}
}
