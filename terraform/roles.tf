# The workload can read tokens and not bind one; the Session Binding Service can bind one and not read any,
# and nothing of a conversation. AgentCore Identity reads the provider's secret with its caller's rights.
locals {
  identity = "arn:${local.partition}:bedrock-agentcore:${local.region}:${local.account}"
  providers = concat(
    [aws_bedrockagentcore_oauth2_credential_provider.github.name],
    [for it in aws_bedrockagentcore_oauth2_credential_provider.other : it.name],
  )
  vault = concat(
    [
      "${local.identity}:workload-identity-directory/default",
      "${local.identity}:workload-identity-directory/default/workload-identity/${aws_bedrockagentcore_workload_identity.this.name}",
      "${local.identity}:token-vault/default",
    ],
    [for name in local.providers : "${local.identity}:token-vault/default/oauth2credentialprovider/${name}"],
  )
  token_actions = {
    invoke       = ["bedrock-agentcore:GetWorkloadAccessTokenForUserId", "bedrock-agentcore:GetResourceOauth2Token"]
    bind-session = ["bedrock-agentcore:CompleteResourceTokenAuth"]
  }
  models = startswith(var.model_id, "arn:") ? [var.model_id] : [
    "arn:${local.partition}:bedrock:${local.region}:${local.account}:inference-profile/${var.model_id}",
    "arn:${local.partition}:bedrock:${local.region}::foundation-model/${var.model_id}",
  ]
}

resource "aws_iam_role" "this" {
  for_each    = local.services
  name_prefix = "${var.name}-"
  description = "${each.key} of Countersign"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LambdaAndEcs"
        Effect    = "Allow"
        Principal = { Service = ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"] }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "EksPodIdentity"
        Effect    = "Allow"
        Principal = { Service = "pods.eks.amazonaws.com" }
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "tokens" {
  for_each = local.services
  name     = "Tokens"
  role     = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "Tokens", Effect = "Allow", Action = local.token_actions[each.key], Resource = local.vault },
        {
          Sid    = "ProviderSecret"
          Effect = "Allow"
          Action = "secretsmanager:GetSecretValue"
          Resource = concat(
            [var.github_client_secret_arn],
            [for it in var.oauth_providers : it.client_secret_arn],
            [for name in local.providers : "arn:${local.partition}:secretsmanager:${local.region}:${local.account}:secret:bedrock-agentcore-identity!default/oauth2/${name}-??????"],
          )
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.this[each.key].arn}:*"
        },
      ],
      var.zips == null ? [] : [
        {
          Sid      = "ReadConsentKey"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = aws_secretsmanager_secret.consent_key.arn
        },
        {
          Sid      = "DecryptOwnVariablesAndConsentKey"
          Effect   = "Allow"
          Action   = "kms:Decrypt"
          Resource = aws_kms_key.service.arn
        },
      ],
      var.github_client_secret_key_arn == null ? [] : [
        { Sid = "ProviderSecretsKey", Effect = "Allow", Action = "kms:Decrypt", Resource = var.github_client_secret_key_arn },
      ],
    )
  })
}

resource "aws_iam_role_policy" "workload" {
  name = "ConversationsAndModel"
  role = aws_iam_role.this["invoke"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"]
        Resource = "${aws_s3_bucket.this["data"].arn}/*"
      },
      { Sid = "Listing", Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.this["data"].arn },
      {
        Sid       = "Encryption"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = aws_kms_key.data.arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
      },
      {
        Sid      = "TheModel"
        Effect   = "Allow"
        Action   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        Resource = local.models
      },
      {
        Sid       = "OrTheModelsOfTheProfile"
        Effect    = "Allow"
        Action    = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        Resource  = "arn:${local.partition}:bedrock:*::foundation-model/*"
        Condition = { StringEquals = { "bedrock:InferenceProfileArn" = local.models[0] } }
      },
    ]
  })
}
