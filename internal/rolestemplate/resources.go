package rolestemplate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The logical names of the resources. They and the outputs are those of the original.
const (
	providerName = "OIDCProvider"
	oidcName     = "OIDCRole"
	enhancedName = "IdEnhancedRole"
)

// contextProvider passes the identity of a person on (IAM user guide, sts:SetContext).
const contextProvider = "arn:${AWS::Partition}:iam::aws:contextProvider/IdentityCenter"

func (in *Input) template() object {
	resources := object{}
	if in.ProviderARN == "" {
		resources.add(providerName, resource("AWS::IAM::OIDCProvider", in.provider()))
	}
	resources.add(oidcName, resource("AWS::IAM::Role", in.oidcRole()))
	resources.add(enhancedName, resource("AWS::IAM::Role", in.enhancedRole()))
	return object{
		{"AWSTemplateFormatVersion", "2010-09-09"},
		{"Description", "The roles of tip-cli for trusted identity propagation"},
		{"Resources", resources},
		{"Outputs", object{
			{oidcName + "Arn", object{{"Description", "oidc_role_arn of tip-cli: trades an ID token at IAM Identity Center"}, {"Value", getAtt(oidcName, "Arn")}}},
			{enhancedName + "Arn", object{{"Description", "id_enhanced_role_arn of tip-cli: speaks for the person who signed in"}, {"Value", getAtt(enhancedName, "Arn")}}},
		}},
	}
}

func resource(kind string, properties object) object {
	return object{{"Type", kind}, {"Properties", properties}}
}

func (in *Input) provider() object {
	p := object{{"Url", in.URL}, {"ClientIdList", texts(in.Audiences)}}
	if in.Thumbprint != "" {
		p.add("ThumbprintList", list{in.Thumbprint})
	}
	return in.tagged(p)
}

// federated is who the first role trusts.
func (in *Input) federated() any {
	if in.ProviderARN != "" {
		return in.ProviderARN
	}
	return ref(providerName)
}

func (in *Input) oidcRole() object {
	p := named(in.OIDCRoleName)
	p.add("Description", "tip-cli: trades an ID token at IAM Identity Center")
	p.add("AssumeRolePolicyDocument", in.oidcTrust(in.federated()))
	application := "*"
	if in.ApplicationARN != "" {
		application = in.ApplicationARN
	}
	p.add("Policies", list{policy("exchange", allow(application, "sso-oauth:CreateTokenWithIAM"))})
	return in.tagged(p)
}

func (in *Input) oidcTrust(provider any) object {
	return document(object{
		{"Effect", "Allow"},
		{"Principal", object{{"Federated", provider}}},
		{"Action", "sts:AssumeRoleWithWebIdentity"},
		{"Condition", object{{"StringEquals", object{{in.hostPath() + ":aud", oneOrMore(in.Audiences)}}}}},
	})
}

// trustLength is how long the longer trust policy is to IAM, which does not count
// whitespace, in the partition with the longest name.
func (in *Input) trustLength() int {
	text, err := json.Marshal(in.oidcTrust("arn:aws-us-gov:iam::123456789012:oidc-provider/" + in.hostPath()))
	if err != nil {
		return 0 // there is nothing in it that JSON cannot say
	}
	return utf8.RuneCount(text)
}

func (in *Input) enhancedRole() object {
	p := named(in.EnhancedRoleName)
	p.add("Description", "tip-cli: speaks for the person who signed in")
	if in.SessionDuration != 0 {
		p.add("MaxSessionDuration", in.SessionDuration)
	}
	p.add("AssumeRolePolicyDocument", enhancedTrust())
	p.add("Policies", in.policies())
	return in.tagged(p)
}

// policies are those of the second role.
func (in *Input) policies() list {
	policies := list{}
	for _, s := range Services() {
		if slices.Contains(in.Services, s) {
			policies = append(policies, policy(string(s), in.rights(s)...))
		}
	}
	return policies
}

// rightsLength is how long they are together to IAM, as trustLength is.
func (in *Input) rightsLength() int {
	n := 0
	for _, p := range in.policies() {
		text, err := json.Marshal(settled(p.(object)[1].value))
		if err != nil {
			return 0 // there is nothing in it that JSON cannot say
		}
		n += utf8.RuneCount(text)
	}
	return n
}

// settled has values of the longest partition for the calls.
func settled(v any) any {
	switch v := v.(type) {
	case object:
		o := object{}
		for _, m := range v {
			o.add(m.key, settled(m.value))
		}
		return o
	case list:
		l := list{}
		for _, item := range v {
			l = append(l, settled(item))
		}
		return l
	case call:
		return strings.NewReplacer("${AWS::Partition}", "aws-us-gov", "${AWS::AccountId}", "123456789012").Replace(v.argument)
	}
	return v
}

// enhancedTrust lets the first role assume the second, and speak for nobody but whom
// Identity Center vouches for. The condition is in a statement of its own: at
// sts:AssumeRole, AWS does not say that the key is there.
func enhancedTrust() object {
	principal := object{{"AWS", getAtt(oidcName, "Arn")}}
	return document(
		object{{"Effect", "Allow"}, {"Principal", principal}, {"Action", "sts:AssumeRole"}},
		object{{"Effect", "Allow"}, {"Principal", principal}, {"Action", "sts:SetContext"}, {"Condition", object{
			{"ForAllValues:ArnEquals", object{{"sts:RequestContextProviders", list{sub(contextProvider)}}}},
			{"Null", object{{"sts:RequestContextProviders", "false"}}}, // for ForAllValues is true of none, too
		}}},
	)
}

func (in *Input) tagged(p object) object {
	if len(in.Tags) == 0 {
		return p
	}
	tags := list{}
	for _, t := range in.Tags {
		tags = append(tags, object{{"Key", t.Key}, {"Value", t.Value}})
	}
	p.add("Tags", tags)
	return p
}

// named begins the properties of a role.
func named(name string) object {
	if name == "" {
		return object{}
	}
	return object{{"RoleName", name}}
}

func document(statements ...object) object {
	all := list{}
	for _, s := range statements {
		all = append(all, s)
	}
	return object{{"Version", "2012-10-17"}, {"Statement", all}}
}

func policy(name string, statements ...object) object {
	return object{{"PolicyName", name}, {"PolicyDocument", document(statements...)}}
}

// allow is a statement; resource is a string, a call or a list of them.
func allow(resource any, actions ...string) object {
	return object{{"Effect", "Allow"}, {"Action", oneOrMore(actions)}, {"Resource", resource}}
}

func texts(all []string) list {
	l := list{}
	for _, s := range all {
		l = append(l, s)
	}
	return l
}

func oneOrMore(all []string) any {
	if len(all) == 1 {
		return all[0]
	}
	return texts(all)
}

// header says how to go on with the template. It has nothing of the input but what can
// stand in a comment.
func (in *Input) header(capability string) []string {
	lines := []string{
		"The roles of tip-cli for the identity provider",
		in.URL,
		"",
		"1. Deploy this in the account of the roles:",
		"     aws cloudformation deploy --template-file FILE --stack-name tip-blog-iam-stack --capabilities " + capability,
		"2. See the ARNs of the roles:",
		"     aws cloudformation describe-stacks --stack-name tip-blog-iam-stack --query 'Stacks[0].Outputs' --output table",
		"3. Let OIDCRoleArn use the application, in the account of IAM Identity Center. This",
		"   replaces the policy that the application has now:",
		"     " + in.actorCommand(),
		"4. Configure tip-cli with both ARNs, and look whether everything fits:",
		"     tip-cli configure idp",
		"     tip-cli diag",
		"",
	}
	if in.ProviderARN != "" {
		lines = append(lines, "The OIDC provider "+in.ProviderARN+" is there already. It must know the audience", "(aws iam add-client-id-to-open-id-connect-provider).", "")
	}
	return lines
}

func (in *Input) actorCommand() string {
	application := in.ApplicationARN
	if application == "" {
		application = "APPLICATION_ARN"
	}
	return fmt.Sprintf(`aws sso-admin put-application-authentication-method --application-arn %s --authentication-method-type IAM --authentication-method `+
		`'{"Iam": {"ActorPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "OIDC_ROLE_ARN"}, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"}]}}}'`,
		application)
}
