resource "aws_cloudwatch_log_group" "this" {
  for_each          = local.services
  name              = "/countersign/${var.name}/${each.key}"
  kms_key_id        = aws_kms_key.service.arn
  retention_in_days = var.log_retention_days
}

resource "aws_ecr_repository" "this" {
  for_each             = local.services
  name                 = "${var.name}-${each.key}"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.service.arn
  }
}

locals {
  both = merge({
    SESSION_BINDING_URL    = "https://${var.domain_name}/oauth2/session-binding"
    IDENTITY_REGION        = local.region
    WORKLOAD_IDENTITY_NAME = aws_bedrockagentcore_workload_identity.this.name
  }, var.environment)
  configuration = {
    invoke = merge(local.both, {
      GITHUB_PROVIDER_NAME = aws_bedrockagentcore_oauth2_credential_provider.github.name
      SESSION_BUCKET       = aws_s3_bucket.this["data"].id
      MODEL_ID             = var.model_id
      TURN_SECONDS         = tostring(var.turn_seconds)
    }, var.github_app == null ? {} : { GITHUB_APP = var.github_app })
    bind-session = local.both
  }
}

resource "aws_lambda_function" "this" {
  for_each         = var.zips == null ? toset([]) : local.services
  function_name    = "${var.name}-${each.key}"
  role             = aws_iam_role.this[each.key].arn
  filename         = var.zips[each.key]
  source_code_hash = filebase64sha256(var.zips[each.key])
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = 512
  timeout          = var.turn_seconds + 2
  kms_key_arn      = aws_kms_key.service.arn
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }
  environment {
    variables = merge(local.configuration[each.key], { CONSENT_KEY_SECRET = aws_secretsmanager_secret.consent_key.arn })
  }
}

# What ECS itself does to start a task: pull the image, read the consent key, write logs.
resource "aws_iam_role" "execution" {
  count       = var.images == null ? 0 : 1
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  count = var.images == null ? 0 : 1
  name  = "StartTasks"
  role  = aws_iam_role.execution[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [for it in aws_ecr_repository.this : it.arn]
      },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.consent_key.arn },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.service.arn },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for it in aws_cloudwatch_log_group.this : "${it.arn}:*"]
      },
    ]
  })
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = var.images == null ? toset([]) : local.services
  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "256"
  memory                   = "512"
  execution_role_arn       = aws_iam_role.execution[0].arn
  task_role_arn            = aws_iam_role.this[each.key].arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }
  container_definitions = jsonencode([{
    name                   = each.key
    image                  = var.images[each.key]
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    portMappings           = [{ containerPort = 8080 }]
    stopTimeout            = 30
    healthCheck            = { command = ["CMD", "/${each.key}", "health"], interval = 10, timeout = 5, startPeriod = 10 }
    environment            = [for name, value in merge(local.configuration[each.key], { AWS_REGION = local.region }) : { name = name, value = value }]
    secrets                = [{ name = "CONSENT_KEY", valueFrom = aws_secretsmanager_secret.consent_key.arn }]
    # The default drops lines when CloudWatch is slow; an audit trail must not lose any.
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = local.region
        awslogs-stream-prefix = "task"
        mode                  = "blocking"
      }
    }
  }])
}
