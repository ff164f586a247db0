package cloudformation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// load reads and checks a template.
func (h *handlers) load(text string) (*template.Template, error) {
	t, err := template.Load(text, h.types)
	return t, worded(err)
}

func (h *handlers) getTemplate(_ context.Context, c *awswire.Caller, in *cloudformation.GetTemplateInput) (*cloudformation.GetTemplateOutput, error) {
	stages := []types.TemplateStage{types.TemplateStageOriginal, types.TemplateStageProcessed}
	if in.ChangeSetName != nil {
		_, set, err := h.find(c, *in.ChangeSetName, in.StackName)
		if err != nil {
			return nil, err
		}
		return &cloudformation.GetTemplateOutput{TemplateBody: &set.Input.Template, StagesAvailable: stages}, nil
	}
	if in.StackName == nil {
		return nil, invalid("You must specify either StackName or ChangeSetName")
	}
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil || ask.stack.Status == world.StackReview {
		return nil, noStackID(*in.StackName)
	}
	return &cloudformation.GetTemplateOutput{TemplateBody: &ask.stack.Input.Template, StagesAvailable: stages}, nil
}

func (h *handlers) validateTemplate(ctx context.Context, c *awswire.Caller, in *cloudformation.ValidateTemplateInput) (*cloudformation.ValidateTemplateOutput, error) {
	ask, err := h.permitAny(c, keysOf(in.TemplateURL, nil, nil, nil, nil, nil))
	if err != nil {
		return nil, err
	}
	text, err := h.templateText(ctx, ask, in.TemplateBody, in.TemplateURL)
	if err != nil {
		return nil, err
	}
	t, err := h.load(text)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ValidateTemplateOutput{Description: optional(t.Description), Parameters: []types.TemplateParameter{}}
	out.Capabilities, out.CapabilitiesReason = needed(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, types.TemplateParameter{
			ParameterKey: &p.Key, DefaultValue: p.Default, NoEcho: &p.NoEcho, Description: optional(p.Description),
		})
	}
	return out, nil
}

// needed are the capabilities that a template wants, and why.
func needed(t *template.Template) (all []types.Capability, reason *string) {
	names, because := capabilities(t)
	if len(names) == 0 {
		return nil, nil
	}
	return []types.Capability{types.Capability(names[0])}, aws.String("The following resource(s) require capabilities: [" + strings.Join(because, ", ") + "]")
}

func (h *handlers) getTemplateSummary(ctx context.Context, c *awswire.Caller, in *cloudformation.GetTemplateSummaryInput) (*cloudformation.GetTemplateSummaryOutput, error) {
	text, err := h.summarized(ctx, c, in)
	if err != nil {
		return nil, err
	}
	unknown := &tolerant{catalog: h.types}
	var known template.Types = h.types
	if in.TemplateSummaryConfig != nil && aws.ToBool(in.TemplateSummaryConfig.TreatUnrecognizedResourceTypesAsWarnings) {
		known = unknown
	}
	t, err := template.Load(text, known)
	if err != nil {
		return nil, worded(err)
	}
	return summary(t, unknown.names), nil
}

// tolerant takes note of unknown types in place of refusing them.
type tolerant struct {
	catalog
	names []string
}

// Known implements template.Types.
func (t *tolerant) Known(name string) bool {
	if !t.catalog.Known(name) {
		t.names = append(t.names, name)
	}
	return true
}

// Attribute implements template.Types.
func (t *tolerant) Attribute(name, attribute string) bool {
	return !t.catalog.Known(name) || t.catalog.Attribute(name, attribute)
}

// summarized is the text of the template that a request is about.
func (h *handlers) summarized(ctx context.Context, c *awswire.Caller, in *cloudformation.GetTemplateSummaryInput) (string, error) {
	if in.StackSetName != nil {
		return "", &awswire.Error{Code: "StackSetNotFoundException", Message: "StackSet " + *in.StackSetName + " not found"}
	}
	if in.StackName == nil {
		ask, err := h.permitAny(c, keysOf(in.TemplateURL, nil, nil, nil, nil, nil))
		if err != nil {
			return "", err
		}
		return h.templateText(ctx, ask, in.TemplateBody, in.TemplateURL)
	}
	ask, err := h.permit(c, *in.StackName, nil)
	switch {
	case err != nil:
		return "", err
	case in.TemplateBody != nil || in.TemplateURL != nil:
		return "", invalid("You can specify only one of StackName, TemplateBody and TemplateURL.")
	case ask.stack == nil:
		return "", noStackID(*in.StackName)
	case ask.stack.Status == world.StackReview:
		return "", invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
	}
	return ask.stack.Input.Template, nil
}

func summary(t *template.Template, unknown []string) *cloudformation.GetTemplateSummaryOutput {
	out := &cloudformation.GetTemplateSummaryOutput{
		Description: optional(t.Description), Version: optional(t.Version), Metadata: optional(metadata(t.Metadata)),
		Parameters: []types.ParameterDeclaration{}, // the AWS CLI looks for it
	}
	known := *t
	known.Resources = nil
	for _, r := range t.Resources {
		out.ResourceTypes = append(out.ResourceTypes, r.Type)
		if newCatalog().Known(r.Type) {
			known.Resources = append(known.Resources, r)
		}
	}
	out.Capabilities, out.CapabilitiesReason = needed(&known)
	if unknown != nil {
		out.Warnings = &types.Warnings{UnrecognizedResourceTypes: unknown}
	}
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, types.ParameterDeclaration{
			ParameterKey: &p.Key, DefaultValue: p.Default, NoEcho: &p.NoEcho, Description: optional(p.Description), ParameterType: &p.Type,
			ParameterConstraints: &types.ParameterConstraints{AllowedValues: p.AllowedValues},
		})
	}
	return out
}
