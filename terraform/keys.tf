# Two, so that the Session Binding Service, which uses the second, can't read a conversation.
resource "aws_kms_key" "data" {
  description         = "${var.name} conversations"
  enable_key_rotation = true
}

resource "aws_kms_key" "service" {
  description         = "${var.name} logs, images, and the services' configuration"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Administration"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*" }
        }
      },
    ]
  })
}

# Seals consent flows between the two services. The value is in the state.
resource "random_password" "consent_key" {
  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "consent_key" {
  name_prefix = "${var.name}-consent-key-"
  description = "Seals consent flows between the two services"
  kms_key_id  = aws_kms_key.service.arn
}

resource "aws_secretsmanager_secret_version" "consent_key" {
  secret_id     = aws_secretsmanager_secret.consent_key.id
  secret_string = random_password.consent_key.result
}
