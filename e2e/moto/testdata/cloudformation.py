"""The scenario of CloudFormation: stacks, change sets, roll-back, exports, of IAM resources."""

import json
import time

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        },
        "Path": {"Ref": "Path"},
    },
}
TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A role.",
    "Parameters": {"Path": {"Type": "String", "Default": "/tip/", "Description": "Of the role."}},
    "Resources": {"Role": ROLE},
    "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-role"}}}},
}


def body(template=None, **resources):
    made = json.loads(json.dumps(template or TEMPLATE))
    made["Resources"].update(resources)
    return json.dumps(made)


def named():
    role = json.loads(json.dumps(ROLE))
    role["Properties"]["RoleName"] = "tip-named"
    return role


def policy(arn_of_role):
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]},
            "Roles": [{"Ref": arn_of_role}],
        },
    }


def scenario(r):
    def cfn(name, operation, **given):
        return r.call(name, "cloudformation", operation, **given)

    def settled(stack):
        """Waits until nothing goes on with a stack. Of those that fail moto never says so."""
        client = r.client("cloudformation")
        for _ in range(r.patience):
            try:
                status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            except Exception:  # it is gone, or the server cannot tell
                return
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                return
            time.sleep(0.1)

    def set_settled(stack, name):
        client = r.client("cloudformation")
        for _ in range(r.patience):
            try:
                status = client.describe_change_set(StackName=stack, ChangeSetName=name)["Status"]
            except Exception:  # it is gone, or the server cannot tell
                return
            if status in ("CREATE_COMPLETE", "FAILED"):
                return
            time.sleep(0.1)

    def quietly(stack):
        """Deletes what only one of the two has made, without writing it down."""
        try:
            r.client("cloudformation").delete_stack(StackName=stack)
        except Exception:
            pass  # not there
        settled(stack)

    templates(cfn)
    stacks(cfn, settled, quietly)
    updates(cfn, settled)
    change_sets(cfn, settled, set_settled)
    exports(cfn, settled)
    failures(cfn, settled)
    protection(cfn, settled)
    ends(cfn, settled)


def templates(cfn):
    cfn("template: validate", "validate_template", TemplateBody=body())
    cfn("template: not JSON", "validate_template", TemplateBody="nonsense")
    cfn("template: no resources", "validate_template", TemplateBody='{"AWSTemplateFormatVersion":"2010-09-09"}')
    cfn("template: summary", "get_template_summary", TemplateBody=body())


def stacks(cfn, settled, quietly):
    # Each with a name of its own, as one of the two may create a stack all the same.
    cfn("stack: without capabilities", "create_stack", StackName="tip-incapable", TemplateBody=body())
    cfn("stack: named without the capability", "create_stack", StackName="tip-named", TemplateBody=body(Role=named()), Capabilities=["CAPABILITY_IAM"])
    cfn("stack: bad name", "create_stack", StackName="1 bad", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("stack: template not JSON", "create_stack", StackName="tip-nonsense", TemplateBody="nonsense")
    cfn("stack: unknown parameter", "create_stack", StackName="tip-parameter", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": "Unknown", "ParameterValue": "x"}])
    cfn("stack: reference to nothing", "create_stack", StackName="tip-reference", Capabilities=["CAPABILITY_IAM"],
        TemplateBody=body(Policy=policy("Nothing")))
    cfn("stack: unknown type", "create_stack", StackName="tip-type", TemplateBody=body(Thing={"Type": "AWS::Nothing::Thing"}), Capabilities=["CAPABILITY_IAM"])
    for stack in ("tip-incapable", "tip-named", "1 bad", "tip-nonsense", "tip-parameter", "tip-reference", "tip-type"):
        quietly(stack)
    cfn("stack: describe what is not there", "describe_stacks", StackName="tip-none")
    cfn("stack: create", "create_stack", StackName="tip-one", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": "team", "Value": "data"}])
    settled("tip-one")
    cfn("stack: create again", "create_stack", StackName="tip-one", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("stack: describe", "describe_stacks", StackName="tip-one")
    cfn("stack: list", "list_stacks", StackStatusFilter=["CREATE_COMPLETE"])
    cfn("stack: resources", "describe_stack_resources", StackName="tip-one")
    cfn("stack: list resources", "list_stack_resources", StackName="tip-one")
    cfn("stack: one resource", "describe_stack_resource", StackName="tip-one", LogicalResourceId="Role")
    cfn("stack: no such resource", "describe_stack_resource", StackName="tip-one", LogicalResourceId="Nothing")
    cfn("stack: events", "describe_stack_events", StackName="tip-one")
    cfn("stack: events of nothing", "describe_stack_events", StackName="tip-none")
    cfn("stack: template", "get_template", StackName="tip-one")
    cfn("stack: template of nothing", "get_template", StackName="tip-none")
    cfn("stack: summary", "get_template_summary", StackName="tip-one")


def updates(cfn, settled):
    cfn("update: nothing changes", "update_stack", StackName="tip-one", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    settled("tip-one")
    cfn("update: without capabilities", "update_stack", StackName="tip-one", TemplateBody=body(Policy=policy("Role")))
    settled("tip-one")
    cfn("update: a further resource", "update_stack", StackName="tip-one", TemplateBody=body(Policy=policy("Role")), Capabilities=["CAPABILITY_IAM"])
    settled("tip-one")
    cfn("update: describe", "describe_stacks", StackName="tip-one")
    cfn("update: list", "list_stacks", StackStatusFilter=["UPDATE_COMPLETE"])
    cfn("update: resources", "list_stack_resources", StackName="tip-one")
    cfn("update: unknown stack", "update_stack", StackName="tip-none", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("update: stack policy", "set_stack_policy", StackName="tip-one",
        StackPolicyBody='{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}')
    cfn("update: get stack policy", "get_stack_policy", StackName="tip-one")
    cfn("update: cancel what does not go on", "cancel_update_stack", StackName="tip-one")


def change_sets(cfn, settled, set_settled):
    cfn("change set: create a stack", "create_change_set", StackName="tip-two", ChangeSetName="first", ChangeSetType="CREATE",
        TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    set_settled("tip-two", "first")
    cfn("change set: describe", "describe_change_set", StackName="tip-two", ChangeSetName="first")
    cfn("change set: the stack meanwhile", "describe_stacks", StackName="tip-two")
    cfn("change set: list", "list_change_sets", StackName="tip-two")
    cfn("change set: same name", "create_change_set", StackName="tip-two", ChangeSetName="first", ChangeSetType="CREATE",
        TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("change set: execute", "execute_change_set", StackName="tip-two", ChangeSetName="first")
    settled("tip-two")
    cfn("change set: the stack after it", "describe_stacks", StackName="tip-two")
    cfn("change set: execute again", "execute_change_set", StackName="tip-two", ChangeSetName="first")
    cfn("change set: create what exists", "create_change_set", StackName="tip-two", ChangeSetName="second", ChangeSetType="CREATE",
        TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("change set: nothing changes", "create_change_set", StackName="tip-two", ChangeSetName="none", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    set_settled("tip-two", "none")
    cfn("change set: describe one without changes", "describe_change_set", StackName="tip-two", ChangeSetName="none")
    cfn("change set: of an unknown stack", "create_change_set", StackName="tip-none", ChangeSetName="x", ChangeSetType="UPDATE",
        TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("change set: without capabilities", "create_change_set", StackName="tip-two", ChangeSetName="incapable", TemplateBody=body(Policy=policy("Role")))
    cfn("change set: describe unknown", "describe_change_set", StackName="tip-two", ChangeSetName="unknown")
    cfn("change set: delete", "delete_change_set", StackName="tip-two", ChangeSetName="none")
    cfn("change set: delete unknown", "delete_change_set", StackName="tip-two", ChangeSetName="unknown")


def exports(cfn, settled):
    importing = {"Resources": {"Policy": policy("x")}}
    importing["Resources"]["Policy"]["Properties"].pop("Roles")
    importing["Outputs"] = {"Imported": {"Value": {"Fn::ImportValue": "tip-two-role"}}}
    cfn("export: list", "list_exports")
    cfn("export: imports of none", "list_imports", ExportName="tip-two-role")
    cfn("export: import it", "create_stack", StackName="tip-three", TemplateBody=json.dumps(importing), Capabilities=["CAPABILITY_IAM"])
    settled("tip-three")
    cfn("export: imports", "list_imports", ExportName="tip-two-role")
    cfn("export: imports of unknown", "list_imports", ExportName="unknown")
    cfn("export: delete what is imported", "delete_stack", StackName="tip-two")
    settled("tip-two")
    cfn("export: the stack after it", "describe_stacks", StackName="tip-two")
    cfn("export: delete the importer", "delete_stack", StackName="tip-three")
    settled("tip-three")


def failures(cfn, settled):
    broken = policy("Role")
    broken["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] = "Perhaps"
    cfn("failure: create", "create_stack", StackName="tip-broken", TemplateBody=body(Policy=broken), Capabilities=["CAPABILITY_IAM"])
    settled("tip-broken")
    cfn("failure: the stack after it", "describe_stacks", StackName="tip-broken")
    cfn("failure: update what was rolled back", "update_stack", StackName="tip-broken", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"])
    cfn("failure: delete it", "delete_stack", StackName="tip-broken")
    settled("tip-broken")
    cfn("failure: do nothing", "create_stack", StackName="tip-kept", TemplateBody=body(Policy=broken), Capabilities=["CAPABILITY_IAM"], OnFailure="DO_NOTHING")
    settled("tip-kept")
    cfn("failure: what is kept", "describe_stacks", StackName="tip-kept")
    cfn("failure: delete what is kept", "delete_stack", StackName="tip-kept")
    settled("tip-kept")


def protection(cfn, settled):
    cfn("protection: a stack with it", "create_stack", StackName="tip-safe", TemplateBody=body(), Capabilities=["CAPABILITY_IAM"], EnableTerminationProtection=True)
    settled("tip-safe")
    cfn("protection: delete the stack", "delete_stack", StackName="tip-safe")
    settled("tip-safe")
    cfn("protection: off", "update_termination_protection", StackName="tip-safe", EnableTerminationProtection=False)
    cfn("protection: delete the stack without it", "delete_stack", StackName="tip-safe")
    settled("tip-safe")


def ends(cfn, settled):
    for stack in ("tip-one", "tip-two"):
        cfn("end: delete " + stack, "delete_stack", StackName=stack)
        settled(stack)
        cfn("end: describe " + stack, "describe_stacks", StackName=stack)
    cfn("end: delete unknown", "delete_stack", StackName="tip-none")
