resource "aws_bedrockagentcore_workload_identity" "this" {
  name                                = var.name
  allowed_resource_oauth2_return_urls = ["https://${var.domain_name}/oauth2/session-binding"]
}

resource "aws_bedrockagentcore_oauth2_credential_provider" "github" {
  name                       = "${var.name}-github"
  credential_provider_vendor = "GithubOauth2"
  oauth2_provider_config {
    github_oauth2_provider_config {
      client_id            = var.github_client_id
      client_secret_source = "EXTERNAL"
      client_secret_config {
        secret_id = var.github_client_secret_arn
        json_key  = "client_secret"
      }
    }
  }
}

resource "aws_bedrockagentcore_oauth2_credential_provider" "other" {
  for_each                   = var.oauth_providers
  name                       = "${var.name}-${each.key}"
  credential_provider_vendor = "CustomOauth2"
  oauth2_provider_config {
    custom_oauth2_provider_config {
      client_id            = each.value.client_id
      client_secret_source = "EXTERNAL"
      client_secret_config {
        secret_id = each.value.client_secret_arn
        json_key  = "client_secret"
      }
      oauth_discovery {
        authorization_server_metadata {
          issuer                 = each.value.issuer
          authorization_endpoint = each.value.authorization_endpoint
          token_endpoint         = each.value.token_endpoint
        }
      }
    }
  }
}
