output "role_arns" {
  description = "The services' roles; EKS Pod Identity can assume them."
  value       = { for name, it in aws_iam_role.this : name => it.arn }
}

output "configuration" {
  description = "The services' environment variables, without CONSENT_KEY."
  value       = local.configuration
}

output "consent_key_secret_arn" {
  description = "The secret that holds CONSENT_KEY."
  value       = aws_secretsmanager_secret.consent_key.arn
}

output "github_callback_url" {
  description = "Register it at GitHub as the app's callback URL."
  value       = aws_bedrockagentcore_oauth2_credential_provider.github.callback_url
}

output "provider_callback_urls" {
  description = "Register each at its provider as the app's callback URL."
  value       = { for key, it in aws_bedrockagentcore_oauth2_credential_provider.other : key => it.callback_url }
}

output "repository_urls" {
  description = "Push the images here."
  value       = { for name, it in aws_ecr_repository.this : name => it.repository_url }
}

output "function_arns" {
  description = "The functions, if zips were given."
  value       = { for name, it in aws_lambda_function.this : name => it.arn }
}

output "task_definition_arns" {
  description = "The task definitions, if images were given."
  value       = { for name, it in aws_ecs_task_definition.this : name => it.arn }
}
