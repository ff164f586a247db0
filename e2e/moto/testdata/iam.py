"""The scenario of IAM: roles, policies, versions, OIDC providers, users, simulation."""

ACCOUNT = "444455556666"
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
WRITE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}'
POLICY_ARN = "arn:aws:iam::%s:policy/tip/read" % ACCOUNT
AWS_POLICY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
UNKNOWN_POLICY = "arn:aws:iam::%s:policy/unknown" % ACCOUNT


def scenario(r):
    def iam(name, operation, **given):
        return r.call(name, "iam", operation, **given)

    roles(iam)
    role_policies(iam)
    managed(iam)
    attachments(iam)
    boundaries(iam)
    providers(iam)
    users(iam)
    keys(iam)
    simulation(iam)
    ends(iam)


def roles(iam):
    iam("role: create", "create_role", RoleName="tip-one", Path="/tip/", AssumeRolePolicyDocument=TRUST, Description="One.",
        MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "data"}])
    iam("role: create again", "create_role", RoleName="tip-one", AssumeRolePolicyDocument=TRUST)
    iam("role: create in other letters", "create_role", RoleName="TIP-ONE", AssumeRolePolicyDocument=TRUST)
    iam("role: create the least", "create_role", RoleName="tip-two", AssumeRolePolicyDocument=TRUST)
    iam("role: name of 65 characters", "create_role", RoleName="x" * 65, AssumeRolePolicyDocument=TRUST)
    iam("role: name with a space", "create_role", RoleName="a b", AssumeRolePolicyDocument=TRUST)
    iam("role: path without slashes", "create_role", RoleName="tip-path", Path="tip", AssumeRolePolicyDocument=TRUST)
    iam("role: session too short", "create_role", RoleName="tip-short", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=60)
    iam("role: trust policy not JSON", "create_role", RoleName="tip-bad", AssumeRolePolicyDocument="nonsense")
    iam("role: trust policy without a principal", "create_role", RoleName="tip-bad-2", AssumeRolePolicyDocument=READ)
    iam("role: trust policy with a resource", "create_role", RoleName="tip-bad-3",
        AssumeRolePolicyDocument=TRUST.replace('"Action"', '"Resource":"*","Action"'))
    iam("role: trust an unknown role", "create_role", RoleName="tip-bad-4",
        AssumeRolePolicyDocument=TRUST.replace('{"Service":"ec2.amazonaws.com"}', '{"AWS":"arn:aws:iam::%s:role/unknown"}' % ACCOUNT))
    iam("role: get", "get_role", RoleName="tip-one")
    iam("role: get in other letters", "get_role", RoleName="TIP-ONE")
    iam("role: get unknown", "get_role", RoleName="unknown")
    iam("role: list", "list_roles", PathPrefix="/tip/")
    iam("role: list nothing", "list_roles", PathPrefix="/nothing/")
    iam("role: list with a bad marker", "list_roles", PathPrefix="/tip/", Marker="nonsense")
    iam("role: list no items", "list_roles", MaxItems=0)
    iam("role: update", "update_role", RoleName="tip-one", Description="First.", MaxSessionDuration=3600)
    iam("role: update unknown", "update_role", RoleName="unknown", Description="x")
    iam("role: update description", "update_role_description", RoleName="tip-one", Description="The first.")
    iam("role: update trust", "update_assume_role_policy", RoleName="tip-one", PolicyDocument=TRUST.replace("ec2", "lambda"))
    iam("role: update trust of unknown", "update_assume_role_policy", RoleName="unknown", PolicyDocument=TRUST)
    iam("role: update trust with nonsense", "update_assume_role_policy", RoleName="tip-one", PolicyDocument="nonsense")
    iam("role: get the updated", "get_role", RoleName="tip-one")
    iam("role: tag", "tag_role", RoleName="tip-one", Tags=[{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "web"}])
    iam("role: tags", "list_role_tags", RoleName="tip-one")
    iam("role: same tag twice", "tag_role", RoleName="tip-one", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    iam("role: tag of AWS", "tag_role", RoleName="tip-one", Tags=[{"Key": "aws:x", "Value": "1"}])
    iam("role: 51 tags", "tag_role", RoleName="tip-one", Tags=[{"Key": "k%d" % i, "Value": "v"} for i in range(51)])
    iam("role: tag unknown", "tag_role", RoleName="unknown", Tags=[{"Key": "a", "Value": "1"}])
    iam("role: untag", "untag_role", RoleName="tip-one", TagKeys=["stage", "never"])
    iam("role: tags left", "list_role_tags", RoleName="tip-one")
    iam("role: instance profiles", "list_instance_profiles_for_role", RoleName="tip-one")


def role_policies(iam):
    iam("inline: put", "put_role_policy", RoleName="tip-one", PolicyName="read", PolicyDocument=READ)
    iam("inline: put over it", "put_role_policy", RoleName="tip-one", PolicyName="read", PolicyDocument=WRITE)
    iam("inline: get", "get_role_policy", RoleName="tip-one", PolicyName="read")
    iam("inline: get unknown", "get_role_policy", RoleName="tip-one", PolicyName="unknown")
    iam("inline: list", "list_role_policies", RoleName="tip-one")
    iam("inline: of unknown role", "put_role_policy", RoleName="unknown", PolicyName="read", PolicyDocument=READ)
    iam("inline: not JSON", "put_role_policy", RoleName="tip-one", PolicyName="bad", PolicyDocument="nonsense")
    iam("inline: with a principal", "put_role_policy", RoleName="tip-one", PolicyName="bad", PolicyDocument=TRUST)
    iam("inline: without a version of its own", "put_role_policy", RoleName="tip-one", PolicyName="old",
        PolicyDocument='{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}')
    iam("inline: effect unknown", "put_role_policy", RoleName="tip-one", PolicyName="bad", PolicyDocument=READ.replace("Allow", "Perhaps"))
    iam("inline: action without a service", "put_role_policy", RoleName="tip-one", PolicyName="bad", PolicyDocument=READ.replace("s3:GetObject", "GetObject"))
    iam("inline: resource that is no ARN", "put_role_policy", RoleName="tip-one", PolicyName="bad", PolicyDocument=READ.replace('"*"', '"bucket"'))
    iam("inline: delete", "delete_role_policy", RoleName="tip-one", PolicyName="old")
    iam("inline: delete again", "delete_role_policy", RoleName="tip-one", PolicyName="old")


def managed(iam):
    iam("policy: create", "create_policy", PolicyName="read", Path="/tip/", PolicyDocument=READ, Description="Reads.")
    iam("policy: create again", "create_policy", PolicyName="read", Path="/tip/", PolicyDocument=READ)
    iam("policy: not JSON", "create_policy", PolicyName="bad", PolicyDocument="nonsense")
    iam("policy: without a version of its own", "create_policy", PolicyName="old",
        PolicyDocument='{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}')
    iam("policy: with a principal", "create_policy", PolicyName="bad", PolicyDocument=TRUST)
    iam("policy: get", "get_policy", PolicyArn=POLICY_ARN)
    iam("policy: get unknown", "get_policy", PolicyArn=UNKNOWN_POLICY)
    iam("policy: get what is no ARN", "get_policy", PolicyArn="nonsense")
    iam("policy: list", "list_policies", Scope="Local")
    iam("policy: new version", "create_policy_version", PolicyArn=POLICY_ARN, PolicyDocument=WRITE)
    iam("policy: new default version", "create_policy_version", PolicyArn=POLICY_ARN, PolicyDocument=WRITE, SetAsDefault=True)
    iam("policy: versions", "list_policy_versions", PolicyArn=POLICY_ARN)
    iam("policy: get a version", "get_policy_version", PolicyArn=POLICY_ARN, VersionId="v1")
    iam("policy: get no version", "get_policy_version", PolicyArn=POLICY_ARN, VersionId="v9")
    iam("policy: delete the default version", "delete_policy_version", PolicyArn=POLICY_ARN, VersionId="v3")
    iam("policy: set the default version", "set_default_policy_version", PolicyArn=POLICY_ARN, VersionId="v1")
    iam("policy: set no default version", "set_default_policy_version", PolicyArn=POLICY_ARN, VersionId="v9")
    iam("policy: delete a version", "delete_policy_version", PolicyArn=POLICY_ARN, VersionId="v2")
    for n in (4, 5, 6):
        iam("policy: version v%d" % n, "create_policy_version", PolicyArn=POLICY_ARN, PolicyDocument=READ)
    iam("policy: a sixth version", "create_policy_version", PolicyArn=POLICY_ARN, PolicyDocument=READ)
    iam("policy: tag", "tag_policy", PolicyArn=POLICY_ARN, Tags=[{"Key": "team", "Value": "data"}])
    iam("policy: tags", "list_policy_tags", PolicyArn=POLICY_ARN)
    iam("policy: untag", "untag_policy", PolicyArn=POLICY_ARN, TagKeys=["team"])


def attachments(iam):
    iam("attach: to a role", "attach_role_policy", RoleName="tip-one", PolicyArn=POLICY_ARN)
    iam("attach: again", "attach_role_policy", RoleName="tip-one", PolicyArn=POLICY_ARN)
    iam("attach: a policy of AWS", "attach_role_policy", RoleName="tip-one", PolicyArn=AWS_POLICY)
    iam("attach: unknown policy", "attach_role_policy", RoleName="tip-one", PolicyArn=UNKNOWN_POLICY)
    iam("attach: unknown role", "attach_role_policy", RoleName="unknown", PolicyArn=POLICY_ARN)
    iam("attach: list", "list_attached_role_policies", RoleName="tip-one")
    iam("attach: entities", "list_entities_for_policy", PolicyArn=POLICY_ARN)
    held = "arn:aws:iam::%s:policy/held" % ACCOUNT
    iam("attach: create another policy", "create_policy", PolicyName="held", PolicyDocument=READ)
    iam("attach: it, too", "attach_role_policy", RoleName="tip-two", PolicyArn=held)
    iam("attach: delete the policy meanwhile", "delete_policy", PolicyArn=held)
    iam("attach: detach it", "detach_role_policy", RoleName="tip-two", PolicyArn=held)
    iam("attach: delete it", "delete_policy", PolicyArn=held)
    iam("attach: delete the role meanwhile", "delete_role", RoleName="tip-one")
    iam("detach", "detach_role_policy", RoleName="tip-one", PolicyArn=AWS_POLICY)
    iam("detach: again", "detach_role_policy", RoleName="tip-one", PolicyArn=AWS_POLICY)
    iam("detach: the other", "detach_role_policy", RoleName="tip-one", PolicyArn=POLICY_ARN)
    iam("detach: delete the policy with its versions", "delete_policy", PolicyArn=POLICY_ARN)
    for v in ("v3", "v4", "v5", "v6"):
        iam("detach: delete version " + v, "delete_policy_version", PolicyArn=POLICY_ARN, VersionId=v)


def boundaries(iam):
    iam("boundary: put", "put_role_permissions_boundary", RoleName="tip-two", PermissionsBoundary=POLICY_ARN)
    iam("boundary: unknown policy", "put_role_permissions_boundary", RoleName="tip-two", PermissionsBoundary=UNKNOWN_POLICY)
    iam("boundary: of the role", "get_role", RoleName="tip-two")
    iam("boundary: delete", "delete_role_permissions_boundary", RoleName="tip-two")
    iam("boundary: delete again", "delete_role_permissions_boundary", RoleName="tip-two")


def providers(iam):
    url = "https://login.example.com/tenant"
    arn = "arn:aws:iam::%s:oidc-provider/login.example.com/tenant" % ACCOUNT
    thumbprint = "a" * 40
    iam("oidc: create", "create_open_id_connect_provider", Url=url, ClientIDList=["one"], ThumbprintList=[thumbprint])
    iam("oidc: create again", "create_open_id_connect_provider", Url=url, ClientIDList=["one"], ThumbprintList=[thumbprint])
    iam("oidc: http", "create_open_id_connect_provider", Url="http://login.example.com", ClientIDList=["one"], ThumbprintList=[thumbprint])
    iam("oidc: without a scheme", "create_open_id_connect_provider", Url="login.example.com", ClientIDList=["one"], ThumbprintList=[thumbprint])
    iam("oidc: with a query", "create_open_id_connect_provider", Url=url + "?a=b", ClientIDList=["one"], ThumbprintList=[thumbprint])
    iam("oidc: short thumbprint", "create_open_id_connect_provider", Url="https://short.example.com", ClientIDList=["one"], ThumbprintList=["aa"])
    iam("oidc: six thumbprints", "create_open_id_connect_provider", Url="https://six.example.com", ClientIDList=["one"],
        ThumbprintList=[c * 40 for c in "abcdef"])
    iam("oidc: 101 clients", "create_open_id_connect_provider", Url="https://many.example.com", ClientIDList=["c%d" % i for i in range(101)],
        ThumbprintList=[thumbprint])
    iam("oidc: get", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    iam("oidc: get unknown", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn + "x")
    iam("oidc: add a client", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID="two")
    iam("oidc: add it again", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID="two")
    iam("oidc: remove a client", "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID="one")
    iam("oidc: remove an unknown client", "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=arn, ClientID="never")
    iam("oidc: thumbprints", "update_open_id_connect_provider_thumbprint", OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    iam("oidc: tag", "tag_open_id_connect_provider", OpenIDConnectProviderArn=arn, Tags=[{"Key": "team", "Value": "data"}])
    iam("oidc: tags", "list_open_id_connect_provider_tags", OpenIDConnectProviderArn=arn)
    iam("oidc: untag", "untag_open_id_connect_provider", OpenIDConnectProviderArn=arn, TagKeys=["team"])
    iam("oidc: get the updated", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    iam("oidc: delete", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    iam("oidc: delete again", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)


def users(iam):
    iam("user: create", "create_user", UserName="tip-person", Path="/tip/", Tags=[{"Key": "team", "Value": "data"}])
    iam("user: create again", "create_user", UserName="tip-person")
    iam("user: get", "get_user", UserName="tip-person")
    iam("user: get unknown", "get_user", UserName="unknown")
    iam("user: list", "list_users", PathPrefix="/tip/")
    iam("user: rename", "update_user", UserName="tip-person", NewUserName="tip-human")
    iam("user: tags", "list_user_tags", UserName="tip-human")
    iam("user: groups", "list_groups_for_user", UserName="tip-human")
    iam("user: inline policy", "put_user_policy", UserName="tip-human", PolicyName="read", PolicyDocument=READ)
    iam("user: get inline policy", "get_user_policy", UserName="tip-human", PolicyName="read")
    iam("user: list inline policies", "list_user_policies", UserName="tip-human")
    iam("user: attach", "attach_user_policy", UserName="tip-human", PolicyArn=AWS_POLICY)
    iam("user: attached", "list_attached_user_policies", UserName="tip-human")
    iam("user: delete meanwhile", "delete_user", UserName="tip-human")
    iam("user: detach", "detach_user_policy", UserName="tip-human", PolicyArn=AWS_POLICY)
    iam("user: delete inline policy", "delete_user_policy", UserName="tip-human", PolicyName="read")


def keys(iam):
    key = iam("key: create", "create_access_key", UserName="tip-human").get("AccessKey", {}).get("AccessKeyId", "")
    second = iam("key: a second", "create_access_key", UserName="tip-human").get("AccessKey", {}).get("AccessKeyId", "")
    iam("key: a third", "create_access_key", UserName="tip-human")
    iam("key: of unknown user", "create_access_key", UserName="unknown")
    iam("key: list", "list_access_keys", UserName="tip-human")
    iam("key: switch off", "update_access_key", UserName="tip-human", AccessKeyId=key, Status="Inactive")
    iam("key: nonsense for a status", "update_access_key", UserName="tip-human", AccessKeyId=key, Status="Off")
    iam("key: last used", "get_access_key_last_used", AccessKeyId=key)
    iam("key: another user", "create_user", UserName="tip-other")
    other = iam("key: and a key", "create_access_key", UserName="tip-other").get("AccessKey", {}).get("AccessKeyId", "")
    iam("key: delete the user meanwhile", "delete_user", UserName="tip-other")
    iam("key: delete the key", "delete_access_key", UserName="tip-other", AccessKeyId=other)
    iam("key: delete the other user", "delete_user", UserName="tip-other")
    for n, k in (("first", key), ("second", second)):
        iam("key: delete the %s" % n, "delete_access_key", UserName="tip-human", AccessKeyId=k)
    iam("key: delete unknown", "delete_access_key", UserName="tip-human", AccessKeyId="AKIAIOSFODNN7UNKNOWN")
    iam("user: delete", "delete_user", UserName="tip-human")
    iam("user: delete again", "delete_user", UserName="tip-human")


def simulation(iam):
    iam("simulate: custom", "simulate_custom_policy", PolicyInputList=[READ], ActionNames=["s3:GetObject", "s3:PutObject"])
    iam("simulate: principal", "simulate_principal_policy", PolicySourceArn="arn:aws:iam::%s:role/tip/tip-one" % ACCOUNT,
        ActionNames=["s3:GetObject", "s3:PutObject"])
    iam("simulate: context keys", "get_context_keys_for_custom_policy",
        PolicyInputList=[READ.replace('"Resource"', '"Condition":{"StringEquals":{"aws:PrincipalTag/team":"data"}},"Resource"')])


def ends(iam):
    iam("end: delete a role with a policy", "delete_role", RoleName="tip-one")
    iam("end: delete its policy", "delete_role_policy", RoleName="tip-one", PolicyName="read")
    iam("end: delete the role", "delete_role", RoleName="tip-one")
    iam("end: delete the role again", "delete_role", RoleName="tip-one")
    iam("end: delete the other role", "delete_role", RoleName="tip-two")
    iam("end: delete the policy", "delete_policy", PolicyArn=POLICY_ARN)
    iam("end: delete the policy again", "delete_policy", PolicyArn=POLICY_ARN)
